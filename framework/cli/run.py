"""``tulya run``: the runner, over recorded days; the composition root that knows the paper broker."""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli.options import AsJson, Database
from framework.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.journal.account_fold import FoldedAccount
    from framework.live.assembly import RecordedStrategy
    from framework.live.deployment import Deployment
    from framework.live.replay_run import ReplayRun
    from framework.live.runner import RunnerReport

FASTEST = "max"
HALTED_EXIT_CODE = 5


def run_command(
    deployment: Annotated[str, typer.Argument(help="File of a deployment, or its name in ./deployments.")],
    replay: Annotated[
        str | None,
        typer.Option("--replay", help="Recorded days: 2015-01-05, or 2015-01-05..2015-01-09.", metavar="DAYS"),
    ] = None,
    speed: Annotated[
        str, typer.Option("--speed", help="1 = as it was, 60 = a minute a second, max.", metavar="FACTOR")
    ] = "1",
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Trade a deployment on paper, with the code that trades live.

    Every input, order and answer goes into the account's journal beside the market database, before anything is sent.
    A run that was cut off goes on where it was when the same command is given again. Days that the journal has already
    begin a new journal; the old one is kept under another name.

    Exit codes: 0 ended in good order · 1 an error, in one sentence · 5 the account is halted.

    Examples:
    tulya run deployments/morning.yaml --replay 2015-01-05 --speed max

    tulya run morning --replay 2015-01-05..2015-01-09 --speed 60 --json
    """
    from framework.config.settings_file import database_path
    from framework.deployments.deployment_file import find_deployment

    chosen = find_deployment(deployment)
    if replay is None:
        raise ConfigError(
            f"{chosen.file}: its feed is {chosen.feed.kind}; name the days: --replay 2015-01-05, or "
            "--replay 2015-01-05..2015-01-09"
        )
    days = days_of(replay)
    run, report = trade_recorded(chosen, database_path(db), days, speed_of(speed))
    document = document_of(run, report, chosen, days)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))
    else:
        show(document)
    if document["state"] == "halted":
        raise typer.Exit(HALTED_EXIT_CODE)


def days_of(text: str) -> tuple[date, date]:
    """First and last day of ``2015-01-05`` or ``2015-01-05..2015-01-09``."""
    first, _, last = text.partition("..")
    try:
        days = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError as error:
        raise ConfigError(f"--replay {text!r} is no day ({error}); write 2015-01-05, or 2015-01-05..2015-01-09") from None
    if days[0] > days[1]:
        raise ConfigError(f"--replay {text!r} ends before it begins; swap the two days")
    return days


def speed_of(text: str) -> float:
    """Factor of ``--speed``; infinity for ``max``."""
    if text == FASTEST:
        return float("inf")
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0.0 < factor < float("inf"):
        raise ConfigError(f"--speed {text!r} is no factor above 0; write 1, 60, or max")
    return factor


def trade_recorded(
    deployment: Deployment, db: Path, days: tuple[date, date], speed: float
) -> tuple[ReplayRun, RunnerReport]:
    """Run it to its end, from the account's lock to its last entry."""
    from framework.live.assembly import recorded_strategies
    from framework.live.process_lock import ProcessLock
    from framework.store.account_files import run_folder

    recorded = recorded_strategies(deployment, db, *days)
    with ProcessLock(run_folder(db, deployment.account)):
        return _trade(deployment, db, recorded, days, speed)


def _trade(
    deployment: Deployment,
    db: Path,
    recorded: Sequence[RecordedStrategy],
    days: tuple[date, date],
    speed: float,
) -> tuple[ReplayRun, RunnerReport]:
    from framework.journal.account_entries import AccountHeader
    from framework.live.account_journal import folded_account, replay_plan, set_aside
    from framework.live.journal_thread import JournalInline, JournalThread
    from framework.live.virtual_loop import run_virtual
    from framework.store.account_files import journal_path, run_folder
    from framework.store.journal_database import JournalDatabase

    path, stage = journal_path(db, deployment.account), str(deployment.stage)
    paper = run_folder(db, deployment.account) / "paper-broker.sqlite"
    header = AccountHeader(deployment.account, stage)
    rules = {one.deployed.session: one.rules for one in recorded}
    replayed = sessions_of(recorded)
    database = JournalDatabase(path, deployment.account, stage)
    folded = folded_account(database.lines(), header, rules)
    plan = replay_plan(folded, [day.isoformat() for day in replayed], deployment.name)
    if not plan.goes_on:
        database.close()
        set_aside(path, [paper])
        database = JournalDatabase(path, deployment.account, stage)
        folded = folded_account(database.lines(), header, rules)
    number = database.head()[0]
    run_name = f"{deployment.name}-{number}"
    database.begin_run(run_name)
    fastest = speed == float("inf")

    async def trade() -> tuple[ReplayRun, RunnerReport]:
        writer = JournalInline(database) if fastest else JournalThread(database)
        run = _assembled(deployment, recorded, folded, writer, run_name, replayed, 1.0 if fastest else speed, paper)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError, ValueError, RuntimeError):
                loop.add_signal_handler(name, run.runner.stop, f"signal {name.name}")
        try:
            report = await run.runner.run()
        finally:
            await run.broker.close()
            await writer.close()
        return run, report

    return run_virtual(trade()) if fastest else asyncio.run(trade())


def _assembled(  # noqa: PLR0913, PLR0917
    deployment: Deployment,
    recorded: Sequence[RecordedStrategy],
    folded: FoldedAccount,
    writer: Any,
    run_name: str,
    days: Sequence[date],
    speed: float,
    paper: Path,
) -> ReplayRun:
    from framework.live.replay_run import assemble_replay

    return assemble_replay(
        deployment,
        recorded,
        folded,
        writer,
        run=run_name,
        days=days,
        speed=speed,
        make_broker=lambda some, clock: paper_broker(deployment, some, clock, paper),
        make_gate=lambda traded, journal, names, clock: gatekeeper(deployment, traded, journal, names, clock),
    )


def sessions_of(recorded: Sequence[RecordedStrategy]) -> list[date]:
    """Days that any strategy has recorded bars of, rising."""
    epoch = date(1970, 1, 1).toordinal()
    found = {
        int(day)
        for one in recorded
        for day in one.prepared.panel.session[one.prepared.first_row :].tolist()
    }
    return [date.fromordinal(day + epoch) for day in sorted(found)]


def paper_broker(deployment: Deployment, recorded: Sequence[RecordedStrategy], clock: Any, file: Path) -> Any:
    """The paper broker of a deployment, with a book for each strategy and what its file holds."""
    from random import Random

    from adapters.paper.broker import PaperBroker
    from adapters.paper.ledger import PaperBook
    from adapters.paper.storage import PaperFile

    books = [PaperBook(one.deployed.session, one.prepared.panel.instruments, one.prepared.settings) for one in recorded]
    paper = deployment.paper
    return PaperBroker(
        books,
        clock,
        behaviour_of(paper),
        lockstep=paper.broker == "bars",
        random=Random(paper.seed),  # noqa: S311 - faults need no cryptography
        storage=PaperFile(file),
    )


def behaviour_of(paper: Any) -> Any:
    """Behaviour of the paper broker as the deployment's file has it."""
    from adapters.paper.behaviour import PaperBehaviour

    latency, jitter = round(paper.latency_ms * 1e6), round(paper.jitter_ms * 1e6)
    return PaperBehaviour(
        request_ns=(latency, latency + jitter),
        news_ns=(latency, latency + jitter),
        refused=paper.rejects,
        partial_fills=paper.partial_fills,
        lost_reply=paper.lost_answers,
        doubled_news=paper.doubled_answers,
        reordered_news=paper.reordered_answers,
    )


def gatekeeper(
    deployment: Deployment, traded: Sequence[Any], journal: Any, names: Any, clock: Any
) -> Any:  # pragma: no cover - replaced below
    """See ``live.gatekeeper``."""
