"""Finished runs: a bundle beside the database and a row in it; found again by id, by its beginning, or ``last``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.errors import DataError
from framework.report.risk_days import breaker_rows, risk_days
from framework.store import RunRow, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from framework.report.result import Result


def bundle_folder(db: Path, run_id: str) -> Path:
    """Where the bundle of a run lies: ``runs/<run_id>`` beside the database."""
    return db.parent / "runs" / run_id


def keep(result: Result, db: Path) -> Path:
    """Save bundle, risk and row; returns the bundle's folder. The row comes last, so it never lacks the others."""
    folder = bundle_folder(db, result.run_id)
    result.save(folder)
    panel, record = result.record.panel, result.record
    facts, days, events = result.to_dict(), risk_days(record), breaker_rows(record)
    with open_store(db) as store:
        store.save_risk(result.run_id, days, events)
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
            )
        )
    return folder


def keep_verification(result: Result, db: Path) -> None:
    """Keep what other engines made of a run that is kept already: in its bundle and in its row."""
    with open_store(db) as store:
        row = store.run(result.run_id)
        result.save(db.parent / row.bundle_path)
        store.save_run(row._replace(verification=str(result.verification or "")))


def find(run: str, db: Path) -> Result:
    """The kept result of a run; ``DataError`` when its bundle is gone."""
    from framework.report.result import Result

    with open_store(db, create=False) as store:
        row = store.run(run)
    folder = db.parent / row.bundle_path
    if not (folder / "result.json").is_file():
        msg = f"run {row.run_id} is in the database but its bundle {folder} is gone; run the backtest again"
        raise DataError(msg)
    return Result.load(folder)
