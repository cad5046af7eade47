"""``tulya run``: the runner, over recorded days; the composition root that knows the paper broker."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli.options import AsJson, Database
from framework.errors import ConfigError, TulyaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from framework.journal.account_entries import RunnerState
    from framework.journal.account_fold import FoldedAccount
    from framework.live.assembly import RecordedStrategy
    from framework.live.deployment import Deployment
    from framework.live.replay_run import ReplayRun
    from framework.live.runner import RunnerReport

FASTEST = "max"
TEXT = "text"
LONGEST_WRITE_S = 10.0
"""Seconds that an entry may wait for the disk before the service manager hears of it."""
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
    account: Annotated[
        str | None, typer.Option("--account", help="Another account than the file's.", metavar="NAME")
    ] = None,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="A strategy that has changed takes over what it holds and what rests.")
    ] = False,
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING, ERROR or CRITICAL.")] = "INFO",
    log_format: Annotated[str, typer.Option(help="Lines of logs/application.log: json or text.")] = "json",
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Trade a deployment on paper, with the code that trades live.

    Every input, order and answer goes into the account's journal beside the market database, before anything is sent.
    A run that was cut off goes on where it was when the same command is given again. Days that the journal has already
    begin a new journal; the old one is kept under another name, and a person's halt holds in the new one too.

    Exit codes: 0 ended in good order · 1 an error, in one sentence · 5 the account is halted.

    Examples:
    - tulya run deployments/morning.yaml --replay 2015-01-05 --speed max
    - tulya run morning --replay 2015-01-05..2015-01-09 --speed 60 --json
    """
    from framework.config.settings_file import database_path
    from framework.deployments.deployment_file import find_deployment
    from framework.live.deployment import on_account
    from framework.log import ProgramLog

    if log_format not in {TEXT, "json"}:
        raise ConfigError(f"--log-format {log_format!r} is none; write json or text")
    chosen = on_account(find_deployment(deployment), account)
    if replay is None:
        raise ConfigError(
            f"{chosen.file}: its feed is {chosen.feed.kind}; name the days: --replay 2015-01-05, or "
            "--replay 2015-01-05..2015-01-09"
        )
    days = days_of(replay)
    with ProgramLog(level=log_level, json_lines=log_format != TEXT):
        document = trade_recorded(chosen, database_path(db), days, speed_of(speed), adopt=adopt)
    document["reports"] = reported(chosen, database_path(db), document["days"])
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))
    else:
        show(document)
    if document["state"] == "halted":
        raise typer.Exit(HALTED_EXIT_CODE)


def reported(deployment: Deployment, db: Path, days: Sequence[str]) -> list[str]:
    """End of a run, whatever ended it: the account's tables and a page for each day; an error leaves the run as it is.

    The pages that were written.
    """
    from framework.cli.day import write_days

    try:
        pages = write_days(db, deployment, [date.fromisoformat(day) for day in days])
    except (TulyaError, OSError) as error:
        typer.echo(f"tulya: the day's report was not written: {error}", err=True)
        return []
    return [str(page) for page in pages]


def days_of(text: str) -> tuple[date, date]:
    """First and last day of ``2015-01-05`` or ``2015-01-05..2015-01-09``."""
    first, _, last = text.partition("..")
    try:
        days = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError as error:
        raise ConfigError(
            f"--replay {text!r} is no day ({error}); write 2015-01-05, or 2015-01-05..2015-01-09"
        ) from None
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
    deployment: Deployment, db: Path, days: tuple[date, date], speed: float, *, adopt: bool = False
) -> dict[str, Any]:
    """Run it to its end, from the account's lock to its last entry; what came of it, by its journal.

    ``adopt``: what is held may be taken over by a strategy that has changed.
    """
    from time import time_ns

    from framework.live.assembly import recorded_strategies
    from framework.live.process_lock import ProcessLock
    from framework.store.account_files import journal_path, run_folder

    recorded = recorded_strategies(deployment, db, *days)
    with ProcessLock(run_folder(db, deployment.account), time_ns()):
        report = _trade(deployment, db, recorded, speed, adopt=adopt)
    return document_of(deployment, recorded, journal_path(db, deployment.account), report)


def _trade(
    deployment: Deployment, db: Path, recorded: Sequence[RecordedStrategy], speed: float, *, adopt: bool
) -> RunnerReport:
    from framework.live.changed_sessions import refuse_changes
    from framework.live.control import POLL_S, VIRTUAL_POLL_S, CommandName, ControlSource
    from framework.live.journal_thread import JournalInline, JournalThread
    from framework.live.replay_run import assemble_replay
    from framework.live.service_notice import ServiceNotice, keep_told
    from framework.live.threads import NoThreads, PoolThreads
    from framework.live.virtual_loop import run_virtual
    from framework.log import log_context
    from framework.store.account_files import journal_path, run_folder

    path, folder = journal_path(db, deployment.account), run_folder(db, deployment.account)
    paper = folder / "paper-broker.sqlite"
    rules = {one.deployed.session: one.rules for one in recorded}
    days = sessions_of(recorded)
    database, folded, over = _opened(deployment, path, paper, days, rules)
    refuse_changes(folded.sessions, [(one.deployed.name, one.header()) for one in recorded], adopt=adopt)
    run_name = f"{deployment.name}-{database.runs() + 1}"
    database.begin_run(run_name)
    fastest = speed == float("inf")

    async def trade() -> RunnerReport:
        writer = JournalInline(database) if fastest else JournalThread(database)
        threads = NoThreads() if fastest else PoolThreads(1)
        control = ControlSource(folder, threads, VIRTUAL_POLL_S if fastest else POLL_S)
        run = assemble_replay(
            deployment,
            recorded,
            folded,
            writer,
            run=run_name,
            days=days,
            speed=1.0 if fastest else speed,
            make_broker=lambda some, clock: paper_broker(deployment, some, clock, paper),
            control=control,
            held_over=over,
            disk=database,
        )
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError, ValueError, RuntimeError):
            for name in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(name, run.runner.stop, f"signal {name.name}")
            loop.add_signal_handler(signal.SIGUSR1, control.signal, CommandName.HALT, "SIGUSR1")
        notice = ServiceNotice(os.environ, os.getpid())
        told = asyncio.create_task(keep_told(notice, *health_of(run, writer))) if notice.is_wanted else None
        with second_door(run.broker, folder):
            try:
                return await run.runner.run()
            finally:
                notice.send("STOPPING=1")
                if told is not None:
                    told.cancel()
                await run.broker.close()
                await writer.close()
                threads.close()

    with log_context(run=run_name, deployment=deployment.name, account=deployment.account):
        return run_virtual(trade()) if fastest else asyncio.run(trade())


def _opened(
    deployment: Deployment, path: Path, paper: Path, days: Sequence[date], rules: dict[str, Any]
) -> tuple[Any, FoldedAccount, dict[str, RunnerState]]:
    """Journal that a replay of these days goes on with, and its fold; another one is set aside, books and all.

    With the causes of the one that was set aside which hold over.
    """
    from framework.journal.account_entries import AccountHeader
    from framework.live.account_journal import folded_account, held_over, replay_plan, set_aside
    from framework.store.journal_database import JournalDatabase

    stage = str(deployment.stage)
    header = AccountHeader(deployment.account, stage)
    database = JournalDatabase(path, deployment.account, stage)
    folded = folded_account(database.lines(), header, rules)
    plan = replay_plan(folded, [day.isoformat() for day in days], deployment.name)
    over: dict[str, RunnerState] = {}
    if not plan.goes_on:
        over = held_over(folded)
        for cause, state in over.items():
            text = f"{state} ({cause}), as the journal that is set aside has it; tulya resume, then run again"
            typer.echo(f"tulya: account {deployment.account} stays {text}", err=True)
        database.close()
        set_aside(path, [paper])
        database = JournalDatabase(path, deployment.account, stage)
        folded = folded_account(database.lines(), header, rules)
    elif not folded.entries and paper.exists():
        set_aside(paper)  # books whose journal is gone
    return database, folded, over


def health_of(run: ReplayRun, writer: Any) -> tuple[Callable[[], bool], Callable[[], str]]:
    """Questions of the service manager: is the account reconciled, and what ails (loop, writer, feed)?"""
    from framework.journal.account_entries import RunnerState
    from framework.live.market_watch import FEED_SILENT

    states = run.runner.states

    def is_ready() -> bool:
        return states.state not in {RunnerState.STARTING, RunnerState.RECONCILING}

    def ailing() -> str:
        if writer.failed:
            return "the journal cannot be written"
        if writer.waited_s() > LONGEST_WRITE_S:
            return f"the journal has waited {writer.waited_s():.0f} s for the disk"
        silent = {FEED_SILENT, "feed_down"} & states.demands.keys()
        return f"the feed: {', '.join(sorted(silent))}" if silent else ""

    return is_ready, ailing


@contextmanager
def second_door(broker: Any, folder: Path) -> Iterator[None]:
    """Door to the paper broker for another process, for as long as the run lasts."""
    from adapters.paper.door import PaperDoor
    from framework.live.process_lock import socket_in

    with socket_in(folder) as path:
        door = PaperDoor(broker, path)
        try:
            yield
        finally:
            door.close()


def sessions_of(recorded: Sequence[RecordedStrategy]) -> list[date]:
    """Days that any strategy has recorded bars of, rising."""
    epoch = date(1970, 1, 1).toordinal()
    found = {int(day) for one in recorded for day in one.prepared.panel.session[one.prepared.first_row :].tolist()}
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
        partial_fill=paper.partial_fills,
        lost_reply=paper.lost_answers,
        doubled_news=paper.doubled_answers,
        reordered_news=paper.reordered_answers,
    )


def document_of(
    deployment: Deployment, recorded: Sequence[RecordedStrategy], path: Path, report: RunnerReport
) -> dict[str, Any]:
    """Result of a run as its journal has it: ``--json`` prints it."""
    from framework.live.journal_records import read_records
    from framework.report import frames

    records = read_records(path, recorded)
    strategies: dict[str, dict[str, Any]] = {
        one.deployed.name: {
            "orders": sum(order.verdict.quantity != 0 for order in record.orders),
            "fills": len(record.settlements),
            "charges": sum(settled.charges_paise for settled in record.settlements) / 100,
            "final_equity": (record.equity_paise[-1] if len(record.equity_paise) else record.settings.capital_paise)
            / 100,
            "order_rows": frames.order_rows(record),
            "fill_rows": [row._asdict() for row in frames.fill_rows(record)],
        }
        for one, record in zip(recorded, records, strict=True)
    }
    return {
        "deployment": deployment.name,
        "account": deployment.account,
        "days": [day.isoformat() for day in sessions_of(recorded)],
        "orders": sum(one["orders"] for one in strategies.values()),
        "fills": sum(one["fills"] for one in strategies.values()),
        "charges": round(sum(one["charges"] for one in strategies.values()), 2),
        "final_equity": round(sum(one["final_equity"] for one in strategies.values()), 2),
        "state": str(report.state),
        "ended": report.cause,
        "journal": str(path),
        "journal_hash": report.journal_hash,
        "journal_entries": report.entries,
        "strategies": strategies,
    }


def show(document: dict[str, Any]) -> None:
    """The same as a table."""
    from framework.cli.tables import new_table, print_table
    from framework.types.rupees import rupees

    table = new_table()
    table.add_column("strategy", no_wrap=True)
    for heading in ("orders", "fills", "charges", "final equity"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, one in [*document["strategies"].items(), ("account", document)]:
        table.add_row(
            name, f"{one['orders']:,}", f"{one['fills']:,}", rupees(one["charges"]), rupees(one["final_equity"])
        )
    typer.echo(f"Deployment {document['deployment']}, {', '.join(document['days'])}")
    print_table(table)
    typer.echo(f"State       {document['state']} ({document['ended']})")
    typer.echo(
        f"Journal     {document['journal']}, {document['journal_entries']:,} entries, {document['journal_hash']}"
    )
    for page in document["reports"]:
        typer.echo(f"Report      {page}")
