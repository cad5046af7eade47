"""``tulya risk``: which limits are in force, what an order would meet, what the breaker did, and how to reset it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli.options import AsJson, Database
from framework.cli.risk_check import check_command
from framework.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

    from framework.store.records import BreakerRow, Owner, RiskRow
    from framework.types import BreakerEvent

app = typer.Typer(
    no_args_is_help=True,
    help="Limits in force, what an order would meet, what the circuit breaker did.",
    rich_markup_mode="markdown",
)
SHOWN_SESSIONS = 20

Run = Annotated[str | None, typer.Argument(metavar="RUN", help="Run id, its unique beginning, or last (default).")]
Account = Annotated[str | None, typer.Option("--account", help="A paper or live account instead of a run.")]


@app.command("show")
def show_command(run: Run = None, account: Account = None, db: Database = None, as_json: AsJson = False) -> None:
    """Show every limit in force here with its meaning, and the state of an account or of a run.

    Limits are those of the configuration; a run keeps its own: tulya runs show RUN

    Examples:
    - tulya risk show
    - tulya risk show --account paper --json
    """
    from framework.config.settings_file import load_config

    config = load_config()
    groups = {"limits": listed(config.run.limits), "live": listed(config.live)}
    state = _state(_database(db), run, account)
    if as_json:
        typer.echo(
            json.dumps({**groups, "risk_rules": list(config.risk_rules), "state": state}, ensure_ascii=False, indent=2)
        )
        return
    from framework.cli.tables import new_table, print_table

    headings = {"limits": "Decisions, in every run (run.limits)", "live": "Sending, to a broker (live)"}
    for name, limits in groups.items():
        table = new_table()
        for heading in (headings[name], "value", "of what"):
            table.add_column(heading, no_wrap=True)
        for limit in limits:
            table.add_row(limit["name"], "none" if limit["value"] is None else str(limit["value"]), limit["meaning"])
        print_table(table)
        typer.echo()
    typer.echo(f"Rules of your own: {', '.join(config.risk_rules) or 'none'}")
    typer.echo(_state_text(state))


app.command("check")(check_command)


@app.command("events")
def events_command(run: Run = None, account: Account = None, db: Database = None, as_json: AsJson = False) -> None:
    """List what the circuit breaker of a run or an account did, oldest first.

    Examples:
    - tulya risk events last
    - tulya risk events --account paper
    """
    path = _database(db)
    owner, _, events = _kept(path, run, account)
    if as_json:
        typer.echo(
            json.dumps({**_whose(owner), "events": list(map(event_facts, events))}, ensure_ascii=False, indent=2)
        )
        return
    if not events:
        typer.echo(f"{_named(owner)}: the circuit breaker did nothing.")
        return
    from framework.cli.tables import new_table, print_table

    table = new_table()
    daily = _is_daily(owner, path)
    for heading in ("session" if daily else "time (UTC)", "from", "to", "because of"):
        table.add_column(heading, no_wrap=True)
    for heading in ("reached", "of"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("symbol", "by", "why"):
        table.add_column(heading, no_wrap=True)
    for row in events:
        event = row.event
        table.add_row(
            _session(event) if daily else _moment(event.time)[:16],
            str(event.before), str(event.after), _words(event.cause),
            *(_amount(event.cause, amount) for amount in (event.value, event.limit)), row.symbol, row.who, row.why,
        )  # fmt: skip
    print_table(table)


@app.command("metrics")
def metrics_command(
    run: Run = None,
    account: Account = None,
    last: Annotated[int | None, typer.Option(help="So many sessions. \\[20; with --json all]", min=1)] = None,
    worst: Annotated[
        bool, typer.Option("--worst", help="Those with the greatest losses first, not the newest.")
    ] = False,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show what was at stake at each session's close: equity, exposure, profit, drawdown, buying power, state.

    Examples:
    - tulya risk metrics last
    - tulya risk metrics last --worst --last 5
    """
    owner, metrics, _ = _kept(_database(db), run, account)
    count = last or (len(metrics) if as_json else SHOWN_SESSIONS)
    chosen = sorted(metrics, key=lambda row: row.daily_pnl_paise)[:count] if worst else metrics[-count:]
    if as_json:
        typer.echo(
            json.dumps({**_whose(owner), "sessions": list(map(metric_facts, chosen))}, ensure_ascii=False, indent=2)
        )
        return
    if not metrics:
        typer.echo(f"{_named(owner)}: nothing is kept of it.")
        return
    from framework.cli.tables import new_table, print_table
    from framework.report.wording import percent
    from framework.types.rupees import rupees

    table = new_table()
    table.add_column("session", no_wrap=True)
    for heading in ("equity", "gross exposure", "day's profit", "drawdown", "drawdown %", "buying power"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for row in chosen:
        amounts = (row.equity_paise, row.exposure_paise, row.daily_pnl_paise, row.drawdown_paise)
        table.add_row(
            row.session, *(rupees(amount / 100) for amount in amounts), percent(row.drawdown_percent),
            rupees(row.buying_power_paise / 100), _plain(row.state),
        )  # fmt: skip
    print_table(table)
    if len(chosen) < len(metrics):
        typer.echo(f"{len(chosen)} of {len(metrics):,} sessions; --last N shows more, --json all")


@app.command("reset")
def reset_command(
    why: Annotated[str, typer.Option("--why", help="Your reason; it is kept with the event.")],
    account: Annotated[str, typer.Option("--account", help="Whose breaker.")] = "paper",
    who: Annotated[str | None, typer.Option("--who", help="Who says so; default your login name.")] = None,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Set an account's circuit breaker back to active. It appends an event with who, when and why; nothing is deleted.

    Example:
    - tulya risk reset --account paper --why "a bad price, checked against the exchange"
    """
    from framework.run.history import reset_breaker
    from framework.store import open_store

    if not why.strip():
        raise ConfigError('--why is empty; say why it is safe to go on, as --why "the feed is repaired"')
    with open_store(_database(db), create=False) as store:
        before = reset_breaker(store, account, who or _login(), why.strip(), _now_ns())
    appended = str(before) != "active"
    if as_json:
        printed = {"account": account, "before": str(before), "after": "active", "appended": appended}
        typer.echo(json.dumps(printed, ensure_ascii=False))
    elif appended:
        typer.echo(
            f"Account {account} was {_plain(before)} and is active again. See tulya risk events --account {account}"
        )
    else:
        typer.echo(f"Account {account} is active: there is nothing to reset, and nothing was written.")


def listed(limits: BaseModel) -> list[dict[str, Any]]:
    """Every limit with its value and its meaning, in its own order."""
    from framework.types import Limits
    from framework.types.setting_option import declared

    values = limits.model_dump(mode="json")
    meaning = {setting.name: setting.meaning for setting in declared(Limits)} if isinstance(limits, Limits) else {}
    return [
        {
            "name": name,
            "value": values[name] if values[name] not in ([], {}) else None,
            "meaning": meaning.get(name, field.description),
        }
        for name, field in type(limits).model_fields.items()
    ]


def event_facts(row: BreakerRow) -> dict[str, Any]:
    """An event as JSON values: money in rupees."""
    from framework.report.breaker import IN_PAISE

    event, scale = row.event, 100 if row.event.cause in IN_PAISE else 1
    return {
        "time": _moment(event.time), "before": str(event.before), "after": str(event.after), "cause": str(event.cause),
        "value": event.value / scale, "limit": event.limit / scale,
        "symbol": row.symbol, "who": row.who, "why": row.why,
    }  # fmt: skip


def metric_facts(row: RiskRow) -> dict[str, Any]:
    """A session as JSON values: money in rupees."""
    money = {
        name.removesuffix("_paise"): value / 100 for name, value in row._asdict().items() if name.endswith("_paise")
    }
    return {"session": row.session, **money, "drawdown_percent": row.drawdown_percent, "state": str(row.state)}


def _kept(db: Path, run: str | None, account: str | None) -> tuple[Owner, list[RiskRow], list[BreakerRow]]:
    """Owner, its sessions and its breaker events."""
    from framework.run.history import risk_of
    from framework.store import open_store
    from framework.store.records import Owner

    _one_of_them(run, account)
    if account is None:
        return risk_of(run or "last", db)
    owner = Owner(account=account)
    with open_store(db, create=False) as store:
        return owner, store.risk_metrics(owner), store.breaker_events(owner)


def _state(db: Path, run: str | None, account: str | None) -> dict[str, Any] | None:
    """The state of an account now, or of a run at its end; None where nothing was run yet."""
    from framework.store import open_store

    _one_of_them(run, account)
    if run is None and account is None:
        if not db.is_file():
            return None
        with open_store(db, create=False) as store:
            if not store.runs(1):
                return None
    owner, metrics, events = _kept(db, run, account)
    if owner.account:
        from framework.types.breaker import state_of

        state = state_of((row.event for row in events), _now_ns())
    else:
        state = metrics[-1].state
    latest = event_facts(events[-1]) if events else None
    return {
        **_whose(owner),
        "state": str(state),
        "last_event": latest,
        "last_session": metric_facts(metrics[-1]) if metrics else None,
    }


def _state_text(state: dict[str, Any] | None) -> str:
    if state is None:
        return "State: no run is kept yet."
    from framework.types.rupees import rupees

    whose = f"account {state['account']}" if "account" in state else f"run {state['run']} at its end"
    event, day = state["last_event"], state["last_session"]
    lines = [f"State of {whose}: {_plain(state['state'])}"]
    if event is not None:
        lines.append(
            f"Last change: {event['before']} to {event['after']} by {event['cause']} at {event['time'][:16]} UTC"
        )
    if day is not None:
        lines.append(
            f"Last session {day['session']}: equity {rupees(day['equity'])}, gross exposure {rupees(day['exposure'])}, "
            f"day's profit {rupees(day['daily_pnl'])}, drawdown {day['drawdown_percent']:.2f} %, "
            f"buying power {rupees(day['buying_power'])}"
        )
    return "\n".join(lines)


def _one_of_them(run: str | None, account: str | None) -> None:
    if run is not None and account is not None:
        raise ConfigError(f"give a run ({run}) or an account ({account}), not both")


def _whose(owner: Owner) -> dict[str, str]:
    return {"account": owner.account} if owner.account else {"run": owner.run_id}


def _named(owner: Owner) -> str:
    return f"Account {owner.account}" if owner.account else f"Run {owner.run_id}"


def _words(cause: Any) -> str:
    from framework.report.breaker import WORDS

    return WORDS[cause]


def _amount(cause: Any, amount: int) -> str:
    from framework.report.breaker import IN_PAISE
    from framework.types.rupees import rupees

    return rupees(amount / 100) if cause in IN_PAISE else f"{amount:,}" if amount else ""


def _plain(state: Any) -> str:
    return str(state).replace("_", " ")


def _moment(time_ns: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).isoformat(sep=" ").removesuffix("+00:00")


def _is_daily(owner: Owner, db: Path) -> bool:
    """True for a run over daily bars, whose events have a day and no time of day."""
    from framework.store import open_store
    from framework.types import Timeframe

    if owner.account:
        return False
    with open_store(db, create=False) as store:
        return Timeframe.parse(store.run(owner.run_id).timeframe).dated


def _session(event: BreakerEvent) -> str:
    """The day of a daily bar: it closes, and trips, at the midnight that ends its day."""
    from framework.cli.tables import date_of

    return date_of(event.time if str(event.after) == "active" else event.time - 1)


def _now_ns() -> int:
    import time

    return time.time_ns()


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, in a container
        raise ConfigError("who you are is not known here; say it with --who") from None


def _database(flag: Path | None) -> Path:
    from framework.config.settings_file import database_path

    return database_path(flag)
