"""Rows of ``application_logs`` and ``error_logs``: the log's lines that an account's journal tells of."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from framework.journal.account_entries import RunStarted
from framework.live.journal_log import LEVELS, line_of
from framework.store.account_rows import ApplicationLogRow

if TYPE_CHECKING:
    from framework.live.ledger import AccountLedger

ERRORS = frozenset({"ERROR", "CRITICAL"})
"""Levels of ``error_logs``."""


def log_rows(ledger: AccountLedger) -> list[ApplicationLogRow]:
    """Every line, by its entry."""
    rows, run = list[ApplicationLogRow](), ""
    for noted in sorted((one for kind in LEVELS for one in ledger.entries[kind]), key=lambda one: one.seq):
        if isinstance(noted.body, RunStarted):
            run = noted.body.run
        line = line_of(noted.body)
        if line is not None:
            level, kind, session, tag, symbol, text = line
            name = logging.getLevelName(level)
            rows.append(ApplicationLogRow(noted.seq, noted.at, name, kind, run, session, tag, symbol, text))
    return rows
