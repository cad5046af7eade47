"""Finished runs: a bundle beside the database and a row in it; found again by id, by its beginning, or ``last``."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from framework.draft import sweep_drafts
from framework.errors import DataError, TulyaError, sentence_of
from framework.report.bundle import DOCUMENT
from framework.report.risk_days import breaker_rows, risk_days
from framework.store import RunRow, open_store
from framework.store.records import BreakerRow, Owner
from framework.types import BreakerCause, BreakerEvent, TradingState
from framework.types.breaker import state_of

if TYPE_CHECKING:
    from pathlib import Path

    from framework.report.result import Result
    from framework.store import Store
    from framework.store.records import RiskRow


def bundle_folder(db: Path, run_id: str) -> Path:
    """Folder of a run's bundle: ``runs/<run_id>`` beside the database."""
    return db.parent / "runs" / run_id


def keep(result: Result, db: Path) -> Path:
    """Save bundle, risk and row; returns the bundle's folder. The row comes last, so it never lacks the others.

    What an earlier run could not list, because the database was locked or the program was killed, is listed too.
    """
    folder = bundle_folder(db, result.run_id)
    sweep_drafts(folder.parent)
    result.save(folder)
    with open_store(db) as store:
        _list(result, folder, store, db)
        adopt(store, db)
    return folder


def kept_or_why(result: Result, db: Path) -> str:
    """Keep the run; a finished result is not lost to what goes wrong: the reason is returned, '' when all went well."""
    try:
        keep(result, db)
    except (TulyaError, OSError) as error:
        why = sentence_of(error)
        if (folder := bundle_folder(db, result.run_id) / DOCUMENT).is_file():
            return f"not listed: {why}. Its bundle is {folder.parent}; the next run that can be kept lists it too"
        return f"not kept: {why}"
    return ""


def adopt(store: Store, db: Path) -> None:
    """List every bundle beside the database that is in no row yet.

    One that cannot be read is left as it is.
    """
    folder, listed = bundle_folder(db, ""), store.run_ids()
    names = sorted(entry.parent.name for entry in folder.glob(f"*/{DOCUMENT}")) if folder.is_dir() else []
    for name in names:
        if name in listed:
            continue
        with suppress(TulyaError, OSError):
            result = _loaded(folder / name)
            if result.run_id == name:
                _list(result, folder / name, store, db)


def _loaded(folder: Path) -> Result:
    from framework.report.result import Result

    return Result.load(folder)


def _list(result: Result, folder: Path, store: Store, db: Path) -> None:
    """Write a run's risk and its row."""
    panel, record, facts = result.record.panel, result.record, result.to_dict()
    store.save_risk(result.run_id, risk_days(record), breaker_rows(record))
    store.save_run(
        RunRow(
            run_id=result.run_id,
            strategy=result.strategy,
            parameters=result.parameters,
            settings=facts["settings"],
            symbols=tuple(str(instrument) for instrument in panel.instruments),
            timeframe=panel.timeframe,
            first_ns=int(panel.time[record.first_row]),
            last_ns=int(panel.time[-1]),
            engine=record.engine,
            capital_paise=record.settings.capital_paise,
            final_equity_paise=int(record.equity_paise[-1]),
            round_trips_closed=facts["round_trips_closed"],
            round_trips_open=facts["round_trips_open"],
            causality=facts["causality"],
            stats=facts["stats"],
            provenance=dict(result.provenance),
            bundle_path=str(folder.relative_to(db.parent)),
            verification="" if result.verification is None else str(result.verification),
            created_at=_created(result),
        )
    )


def _created(result: Result) -> int:
    """UTC seconds at which the run was made; 0 where it does not say."""
    made = result.provenance.get("created", "")
    return int(datetime.fromisoformat(made).timestamp()) if made else 0


def keep_verification(result: Result, db: Path) -> None:
    """Keep what other engines made of a run that is kept already: in its bundle and in its row."""
    with open_store(db) as store:
        row = store.run(result.run_id)
        result.save(db.parent / row.bundle_path)
        store.save_run(row._replace(verification=str(result.verification or "")))


def find(run: str, db: Path) -> Result:
    """The kept result of a run; ``DataError`` when its bundle is gone."""
    with open_store(db, create=False) as store:
        row = store.run(run)
    folder = db.parent / row.bundle_path
    if not (folder / DOCUMENT).is_file():
        msg = f"run {row.run_id} is in the database but its bundle {folder} is gone; run the backtest again"
        raise DataError(msg)
    return _loaded(folder)


def risk_of(run: str, db: Path) -> tuple[Owner, list[RiskRow], list[BreakerRow]]:
    """Risk by session and breaker events of a kept run; computed now if they were not kept."""
    with open_store(db, create=False) as store:
        owner = Owner(run_id=store.run(run).run_id)
        metrics, events = store.risk_metrics(owner), store.breaker_events(owner)
    if metrics:
        return owner, metrics, events
    record = find(owner.run_id, db).record
    metrics, events = risk_days(record), breaker_rows(record)
    with open_store(db) as store:
        store.save_risk(owner.run_id, metrics, events)
    return owner, metrics, events


def reset_breaker(store: Store, account: str, who: str, why: str, now_ns: int) -> TradingState:
    """Set an account's trading state to active by appending a command; returns what it was. Active: nothing to do."""
    events = store.breaker_events(Owner(account=account))
    state = state_of((row.event for row in events), now_ns)
    if state is not TradingState.ACTIVE:
        event = BreakerEvent(now_ns, state, TradingState.ACTIVE, BreakerCause.COMMAND, 0, 0)
        store.append_breaker_event(account, BreakerRow(event, who=who, why=why))
    return state
