"""The store: one SQLite file of prices, what is known about them, and what was run. The only SQL of the project.

The public names are handed on lazily: the runner takes the account's journal from here, and no numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framework.store.records import CorporateAction as CorporateAction
    from framework.store.records import DataIssue as DataIssue
    from framework.store.records import RunRow as RunRow
    from framework.store.records import SaveCount as SaveCount
    from framework.store.records import SeriesInfo as SeriesInfo
    from framework.store.records import SweepInfo as SweepInfo
    from framework.store.records import SweepRow as SweepRow
    from framework.store.store import DEFAULT_PATH as DEFAULT_PATH
    from framework.store.store import Store as Store
    from framework.store.store import open_store as open_store

PUBLIC = {
    "DEFAULT_PATH": "framework.store.store",
    "CorporateAction": "framework.store.records",
    "DataIssue": "framework.store.records",
    "RunRow": "framework.store.records",
    "SaveCount": "framework.store.records",
    "SeriesInfo": "framework.store.records",
    "Store": "framework.store.store",
    "SweepInfo": "framework.store.records",
    "SweepRow": "framework.store.records",
    "open_store": "framework.store.store",
}
"""Public name → the module that defines it."""

__all__ = [*PUBLIC]  # noqa: PLE0604 - the names are strings


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(PUBLIC[name]), name)
    globals()[name] = value
    return value
