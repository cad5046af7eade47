"""Records of a run's strategies out of the account's journal, in the form that every report of a backtest takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.errors import DataError
from framework.journal.account_fold import fold_account
from framework.store.journal_reader import JournalReader
from framework.types.record import Record
from framework.types.settings import RunSettings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from framework.journal.account_fold import FoldedAccount, FoldedSession
    from framework.journal.session_records import SessionRecords
    from framework.live.assembly import RecordedStrategy
    from framework.types import Panel


def read_records(path: Path, recorded: Sequence[RecordedStrategy]) -> list[Record]:
    """Record of each strategy by its journal; ``DataError`` where it has no session of that name."""
    rules = {one.deployed.session: one.rules for one in recorded}
    with JournalReader(path) as reader:
        account = fold_account(reader.lines(), rules, records=True)
    return [record_of(account, one) for one in recorded]


def record_of(account: FoldedAccount, recorded: RecordedStrategy) -> Record:
    """Record of one strategy over the rows that it was prepared with."""
    folded = account.sessions.get(recorded.deployed.session)
    if folded is None or folded.records is None:
        msg = f"the journal has no session {recorded.deployed.session} of strategy {recorded.deployed.name}"
        raise DataError(msg)
    panel, first = recorded.prepared.panel, recorded.prepared.first_row
    return _record(folded, folded.records, panel, first)


def record_of_session(folded: FoldedSession, panel: Panel) -> Record:
    """Record of a session over all of its rows, which ``panel`` has; ``DataError`` where the fold kept no records."""
    if folded.records is None:
        msg = f"session {folded.header.name} was folded without its records"
        raise DataError(msg)
    return _record(folded, folded.records, panel, 0)


def _record(folded: FoldedSession, records: SessionRecords, panel: Panel, first: int) -> Record:
    since = int(panel.time[first]) if first < len(panel) else 0
    marks = [mark for mark in records.marks if mark.time >= since]
    columns = np.array([mark[1:] for mark in marks], dtype=np.int64).reshape(len(marks), 3)
    return Record(
        engine="paper",
        panel=panel,
        settings=RunSettings(folded.header.settings),
        first_row=first,
        settlements=tuple(records.settlements),
        orders=records.every_order(folded.session),
        notices=tuple(records.notices),
        equity_paise=columns[:, 0].copy(),
        cash_paise=columns[:, 1].copy(),
        exposure_paise=columns[:, 2].copy(),
        positions=tuple(folded.session.account.quantity),
        targets=None,
        breaker_events=tuple(records.breaker_events),
        actions=tuple(records.actions),
        style=folded.header.style,
    )
