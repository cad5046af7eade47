"""The store: one SQLite file of prices, what is known about them, and what was run. The only SQL of the project."""

from framework.store.records import CorporateAction, DataIssue, RunRow, SaveCount, SeriesInfo, SweepInfo, SweepRow
from framework.store.store import DEFAULT_PATH, Store, open_store

__all__ = [
    "DEFAULT_PATH",
    "CorporateAction",
    "DataIssue",
    "RunRow",
    "SaveCount",
    "SeriesInfo",
    "Store",
    "SweepInfo",
    "SweepRow",
    "open_store",
]
