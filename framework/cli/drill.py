"""``tulya drill``: the kill switch tried for real, on paper, against a runner whose loop hangs."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from framework.cli import UNANSWERED_EXIT_CODE
from framework.cli.control import JournalAnswers, RunPlace, place_of
from framework.cli.options import AsJson, Database, counted
from framework.errors import BrokerError, ConfigError, DataError
from framework.live.control import CommandName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from adapters.paper.control import PaperControl
    from framework.live.deployment import Deployment

BLOCK_S = 60
"""Seconds that the loop would hang if nobody freed it."""
LOOK_S, END_S = 0.05, 30.0


class DrillReport(NamedTuple):
    """Report of a drill."""

    account: str
    day: str
    seconds: float
    """From the start of the killing process to flat, seen twice."""
    flat: bool
    orders: int
    """Cancelled."""
    positions: int
    """Left."""
    stored: bool
    """The drill's own runner has noted it, so that tulya status shows it."""


def drill_command(
    deployment: Annotated[str, typer.Argument(help="File of a deployment, or its name in ./deployments.")],
    day: Annotated[str | None, typer.Option("--day", help="Recorded day; default the last one.", metavar="DAY")] = None,
    speed: Annotated[float, typer.Option(help="Speed of the replay until it holds something.", min=1.0)] = 600.0,
    patience: Annotated[
        float, typer.Option("--timeout", help="Seconds until it must hold something.", min=1.0)
    ] = 120.0,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Try the kill switch: replay a day in an account of its own, block its loop, kill it flat, and measure the time.

    The account is called drill-ACCOUNT; the deployment's own is not touched. tulya status shows the last drill.

    Exit codes: 0 flat, seen twice · 1 an error, or the day brought no order and no position · 8 not flat.

    Examples:
    - tulya drill morning
    - tulya drill deployments/morning.yaml --day 2015-01-05 --json
    """
    from framework.config.settings_file import database_path
    from framework.deployments.deployment_file import find_deployment
    from framework.store.account_files import DRILL_ACCOUNT

    chosen = find_deployment(deployment)
    database = database_path(db)
    wanted = day or last_day(chosen, database)
    place = place_of(database, f"{DRILL_ACCOUNT}{chosen.account}"[:40])
    report = drill(chosen, database, place, wanted, speed=speed, patience=patience)
    if as_json:
        typer.echo(json.dumps(report._asdict(), ensure_ascii=False))
    else:
        how = f"flat after {report.seconds:.1f} s" if report.flat else f"NOT FLAT after {report.seconds:.1f} s"
        typer.echo(f"{chosen.name} on {report.day}, in account {report.account}, its loop blocked: {how}")
        typer.echo(f"{counted(report.orders, 'order')} cancelled, {counted(report.positions, 'position')} left")
    if not report.flat:
        raise typer.Exit(UNANSWERED_EXIT_CODE)


def last_day(deployment: Deployment, database: Path) -> str:
    """Last day that every symbol of a deployment has bars of; ``DataError`` without one."""
    from datetime import UTC, datetime

    from framework.store import open_store
    from framework.types import Timeframe

    wanted = {(one.timeframe, symbol) for one in deployment.strategies for symbol in one.symbols}
    with open_store(database, create=False) as store:
        ends = [
            series.last_ns
            for series in store.series()
            for timeframe, symbol in wanted
            if symbol in {series.symbol, f"{series.exchange}:{series.symbol}"}
            and series.timeframe in {timeframe, "1m", Timeframe.parse(timeframe).name}
        ]
    if not ends:
        raise DataError(f"{database} has no bars of {deployment.name}'s symbols; name a day with --day, or import them")
    return f"{datetime.fromtimestamp(min(ends) // 1_000_000_000, UTC):%Y-%m-%d}"


def drill(
    deployment: Deployment, database: Path, place: RunPlace, day: str, *, speed: float, patience: float
) -> DrillReport:
    """Do it: a runner of its own, its loop blocked, a kill in a third process, its measure in the runner's journal."""
    from adapters.paper.control import PaperControl
    from framework.live.control import write_command
    from framework.live.process_lock import socket_in

    if place.runner:
        raise ConfigError(f"a drill of this account is under way: {place.runner}")
    place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # the door to the broker is looked for there at once
    _clean(place.folder)
    write_command(place.folder, CommandName.RESUME, {"by": "drill"}, now=time.time_ns(), unique=secrets.token_hex(4))
    with _runner(deployment, database, place, day, speed) as child, socket_in(place.folder) as path:
        door = PaperControl(path)
        _wait(child, lambda: _holds_something(door), patience, day)
        answers = JournalAnswers(place.journal)
        _tell(place, answers, CommandName.BLOCK_LOOP, {"seconds": str(BLOCK_S)})
        began = time.monotonic()
        killed = _kill(database, place)
        seconds = time.monotonic() - began
        (place.folder / "UNBLOCK").touch(mode=0o600)
        report = DrillReport(
            place.account,
            day,
            round(seconds, 3),
            bool(killed["flat"]),
            len(killed["cancelled"]),
            len(killed["fills"]),
            stored=False,
        )
        measure = {
            "seconds": repr(report.seconds),
            "orders": str(report.orders),
            "positions": str(report.positions),
            "at": str(time.time_ns()),
        }
        stored = report.flat and _tell(place, answers, CommandName.DRILL_ENDED, measure) == "noted"
    _clean(place.folder)
    return report._replace(stored=stored)


def _clean(folder: Path) -> None:
    """Switches and commands of an earlier drill: the account exists for drills, so nobody's halt is lifted here."""
    from framework.live.control import FOLDER, HALT_FILE, KILL_FILE, UNBLOCK_FILE

    for name in (HALT_FILE, KILL_FILE, UNBLOCK_FILE):
        (folder / name).unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        for left in (folder / FOLDER).iterdir():
            left.unlink()


@contextmanager
def _runner(
    deployment: Deployment, database: Path, place: RunPlace, day: str, speed: float
) -> Iterator[subprocess.Popen[str]]:
    """The drill's runner in a process of its own, which is ended whatever happens."""
    words = [
        "run",
        str(deployment.file),
        "--replay",
        day,
        "--speed",
        f"{speed:g}",
        "--account",
        place.account,
        "--json",
    ]
    child = subprocess.Popen(  # noqa: S603 - this program itself
        [sys.executable, "-m", "framework", *words],
        env={**os.environ, "TULYA_DB": str(database), "TULYA_LOGS": str(place.folder / "logs")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.communicate(timeout=END_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()


def _wait(child: subprocess.Popen[str], there: Callable[[], bool], patience: float, day: str) -> None:
    """Wait until the drill's runner holds something to be killed; ``DataError`` where it never does."""
    until = time.monotonic() + patience
    while not there():
        if child.poll() is not None:
            said = (child.stderr.read() if child.stderr else "").strip().removeprefix("tulya: ")
            raise DataError(said or f"{day} brought no order and no position that lasts; try another --day")
        if time.monotonic() >= until:
            raise DataError(f"{day} brought no order and no position in {patience:g} s; try another --day, or --speed")
        time.sleep(LOOK_S)


def _holds_something(door: PaperControl) -> bool:
    try:
        return bool(door.positions())
    except BrokerError:
        return False


def _tell(place: RunPlace, answers: JournalAnswers, name: CommandName, arguments: dict[str, str]) -> str | None:
    """Give the drill's runner a command and wait for its answer; ``DataError`` without one where it matters."""
    from framework.live.control import write_command

    ident = write_command(place.folder, name, arguments, now=time.time_ns(), unique=secrets.token_hex(4))
    answer = answers.wait(ident, END_S)
    if name is CommandName.BLOCK_LOOP and (answer is None or answer.startswith("refused")):
        raise DataError(f"the drill's runner did not block its loop: {answer or 'no answer'}")
    return answer


def _kill(database: Path, place: RunPlace) -> dict[str, Any]:
    """``tulya kill --yes --flatten`` as a person would give it."""
    done = subprocess.run(  # noqa: S603 - this program itself
        [sys.executable, "-m", "framework", "kill", "--yes", "--flatten", "--account", place.account, "--json"],
        env={**os.environ, "TULYA_DB": str(database)},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        raise DataError(f"tulya kill failed: {done.stderr.strip()}") from None
