"""``tulya status``: an account on one screen, from its journal."""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self

import typer

from framework.cli.control import Account, place_of
from framework.cli.options import AsJson, Database

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Group

    from framework.cli.control import RunPlace
    from framework.journal.account_entries import DrillEnded
    from framework.live.account_status import AccountStatus, OpenOrderStatus, StatusFold
    from framework.store.journal_reader import JournalFollower, JournalReader
    from framework.types import RiskRule

REFRESH_S = 1.0
WIDTH = 140
"""Columns where no terminal says how many there are."""


def status_command(
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Stay, and show each change, until Ctrl-C.")] = False,
    account: Account = None,
    shock: Annotated[float, typer.Option(help="Move against every position, per cent.", min=0.0, max=100.0)] = 10.0,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show an account: state and its causes, strategies, positions, orders, ages, exposure, today's counts, last drill.

    Everything comes from the journal, so it is right after a crash, too. Exposure is the loss if the process died now
    and every price moved by --shock against what is held, counting only what rests at the broker.

    Exit codes: 0 shown · 1 an error, or no journal.

    Examples:
    - tulya status
    - tulya status --watch --account paper
    - tulya status --json
    """
    place = place_of(db, account)
    with Screen(place, db) as screen:
        if as_json:
            typer.echo(json.dumps(screen.document(shock), ensure_ascii=False, allow_nan=False, indent=2))
        elif watch:
            _watch(screen, shock)
        else:
            from rich.console import Console

            console = Console(highlight=False, markup=False)
            console.width = console.width if console.is_terminal else max(console.width, WIDTH)
            console.print(screen.rendered(shock))


class LastDrill(NamedTuple):
    """The last drill of an account, and the account that it was done in."""

    account: str
    drill: DrillEnded


class Screen:
    """Screen of one account, which follows its journal."""

    def __init__(self, place: RunPlace, db: Path | None) -> None:
        """``JournalError`` where there is no journal."""
        from framework.live.account_status import StatusFold
        from framework.store.journal_reader import JournalReader

        self._place = place
        self._db = db
        self._reader: JournalReader = JournalReader(place.journal)
        self._follower: JournalFollower = self._reader.follow()
        self._fold: StatusFold = StatusFold(rules_of(self._reader))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()

    def status(self) -> AccountStatus:
        """Status at this moment."""
        while found := self._follower.new():
            for entry in found:
                self._fold.take(entry.text)
        return self._fold.status()

    def names(self) -> dict[str, str]:
        """Names of the strategies in their deployment, by session; what is not found there has none."""
        from framework.deployments.deployment_file import find_deployment
        from framework.errors import TulyaError
        from framework.live.deployment import session_name

        status = self._fold.status()
        try:
            deployment = find_deployment(status.deployment)
        except TulyaError:
            return {}
        return {session_name(status.account, deployment.name, one.name): one.name for one in deployment.strategies}

    def drill(self) -> LastDrill | None:
        """The last drill: this account's own, or that of the account beside it that exists for drills."""
        from framework.cli.control import place_of as place
        from framework.store.account_files import DRILL_ACCOUNT

        own = self._fold.status().drill
        if own is not None:
            return LastDrill(self._place.account, own)
        beside = place(self._db, f"{DRILL_ACCOUNT}{self._place.account}"[:40])
        found = last_drill(beside.journal)
        return None if found is None else LastDrill(beside.account, found)

    def document(self, shock: float) -> dict[str, Any]:
        """The screen as ``--json`` prints it."""
        status, names, drill = self.status(), self.names(), self.drill()
        exposure = self._fold.exposure(shock)
        now = self._now(status)
        return {
            "account": status.account,
            "stage": status.stage,
            "deployment": status.deployment,
            "run": status.run,
            "replayed": list(status.replayed),
            "runner": self._place.runner or None,
            "alive": bool(self._place.runner),
            "state": str(status.state),
            "causes": status.causes,
            "ended": status.ended or None,
            "switches": self._switches(),
            "ages_s": {
                "entry": _age(now, status.at),
                "state": _age(now, status.changed_at),
                "reconciled": _age(now, status.reconciled_at),
                "written": self._written_s(),
            },
            "strategies": [
                {
                    "name": names.get(one.session, one.strategy),
                    **one._asdict(),
                    "symbols": list(one.symbols),
                    "equity": one.equity_paise / 100,
                    "last_bar_age_s": _age(now, one.last_bar),
                }
                for one in status.strategies
            ],
            "symbols": [{"symbol": one.symbol, "last_bar_age_s": _age(now, one.last_bar)} for one in status.symbols],
            "positions": [
                {**_finite(one._asdict()), "strategy": names.get(one.session, "")} for one in status.positions
            ],
            "orders": [order_row(one, names) for one in status.orders],
            "unknown": [one.tag for one in status.unknown],
            "absent": [one.tag for one in status.absent],
            "today": {**status.today._asdict(), "day": status.today.day.isoformat()},
            "exposure": {
                "shock_percent": shock,
                "rupees": exposure.paise / 100,
                "unprotected": [_finite(one._asdict()) for one in exposure.losses],
                "without_price": list(exposure.unknown),
            },
            "questions": [one._asdict() for one in status.questions],
            "findings": [one._asdict() for one in status.findings],
            "drill": None if drill is None else {"account": drill.account, **drill.drill._asdict()},
            "entries": status.entries,
            "journal": str(self._place.journal),
            "problem": status.problem or None,
        }

    def _now(self, status: AccountStatus) -> int:
        """Moment that ages are measured from: of a replay its own latest, else the machine's."""
        return status.at if status.replayed else time.time_ns()

    def _written_s(self) -> float:
        """Seconds since the journal was written to, by the machine's clock."""
        journal = self._place.journal
        files = (journal, journal.with_name(journal.name + "-wal"))
        return round(max(time.time() - max(one.stat().st_mtime for one in files if one.exists()), 0.0), 1)

    def _switches(self) -> list[str]:
        from framework.live.control import HALT_FILE, KILL_FILE

        return [name for name in (HALT_FILE, KILL_FILE) if (self._place.folder / name).exists()]

    def rendered(self, shock: float) -> Group:
        """The screen for a terminal."""
        from framework.cli.status_screen import screen_of

        self._place = place_of(self._db, self._place.account)
        return screen_of(self.document(shock))


def _watch(screen: Screen, shock: float) -> None:
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False, markup=False)
    with Live(screen.rendered(shock), console=console, refresh_per_second=4, screen=console.is_terminal) as live:
        while True:
            time.sleep(REFRESH_S)
            live.update(screen.rendered(shock))


def rules_of(reader: JournalReader) -> dict[str, Sequence[RiskRule]]:
    """Risk rules of the user's own by session, from the deployment that the journal names; ``ConfigError`` without."""
    from framework.cli.journal_replay import sessions_with_rules
    from framework.deployments.deployment_file import find_deployment
    from framework.live.deployment import session_name
    from framework.usercode.find import find_rule

    wanted = set(sessions_with_rules(line for line in reader.lines() if b'"kind":"header"' in line or _is_first(line)))
    if not wanted:
        return {}
    name = next(json.loads(line)["body"]["deployment"] for line in reader.lines() if b'"kind":"run"' in line)
    deployment = find_deployment(name)
    return {
        session: [find_rule(rule)() for rule in one.risk_rules]
        for one in deployment.strategies
        if (session := session_name(reader.account, deployment.name, one.name)) in wanted
    }


def _is_first(line: bytes) -> bool:
    return b'"kind":"account"' in line


def last_drill(journal: Path) -> DrillEnded | None:
    """The last drill that a journal tells of; None without one, or without a journal."""
    from framework.journal.account_entries import DrillEnded
    from framework.journal.errors import JournalError
    from framework.store.journal_reader import JournalReader

    found = None
    try:
        with JournalReader(journal) as reader:
            for line in reader.lines():
                if b'"kind":"drill"' in line:
                    found = DrillEnded(**json.loads(line)["body"])
    except JournalError:
        return None
    return found


def order_row(order: OpenOrderStatus, names: dict[str, str]) -> dict[str, Any]:
    """An order as ``--json`` prints it."""
    row = _finite(order._asdict())
    return {**row, "steps": [step._asdict() for step in order.steps], "strategy": names.get(order.session, "")}


def _age(now: int, moment: int) -> float | None:
    return round(max(now - moment, 0) / 1e9, 1) if moment else None


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN."""
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
