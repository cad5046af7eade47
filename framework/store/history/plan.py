"""Plan of an edit: shown first, carried out only while the store is as it was then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.errors import DataError
from framework.store.history import edits, log

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from framework.store.history.edits import Effect, Work


class Plan(NamedTuple):
    """Work that was shown and not done yet."""

    make: Callable[[], Work]
    """Makes the work anew from what is stored."""
    work: Work
    effects: tuple[Effect, ...]

    def moved(self) -> int:
        """Bars that come, go, or get other values."""
        return sum(effect.removed + effect.restored + effect.added for effect in self.effects)


def carry_out(connection: sqlite3.Connection, plan: Plan) -> int:
    """Do it in the transaction of the caller; ``DataError`` where the store has changed since. Returns its number."""
    work = plan.make()
    if edits.effects(connection, work) != plan.effects:
        raise DataError("another program changed these bars meanwhile; nothing was done, look again and decide anew")
    import_id = log.begin(connection, work, plan.moved())
    edits.carry_out(connection, work, import_id)
    if work.undoes is not None:
        connection.execute("DELETE FROM data_issues WHERE import_id = ? AND finding = 0", (work.undoes,))
        log.mark_undone(connection, work.undoes, import_id)
    return import_id
