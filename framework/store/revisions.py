"""Speed only: revision of a series, a random name of its state, by which a snapshot is known to be what is stored.

Any change of a bar, by any program, takes the name away: triggers on ``ohlc_data`` do that in the transaction of the
change, so a rollback brings the name back with the rows. Names are never used again: a restored backup has the name
of its own rows, another file has other names. A name counts only under the schema version and the epoch it was given
in. The schema version rises with every CREATE and DROP, hence also when the triggers were away for a while; the
epoch, in ``PRAGMA user_version``, stays behind when a file is rebuilt from an (edited) dump. Only a program that
switches triggers off as such would go unseen.
"""

from __future__ import annotations

import secrets
import sqlite3
from typing import TYPE_CHECKING

from framework.store.database import BUSY_TIMEOUT_MS

if TYPE_CHECKING:
    from framework.types.intake.records import SeriesKey

HELD = (
    "SELECT revision FROM series_revisions JOIN pragma_schema_version s JOIN pragma_user_version u "
    "WHERE symbol = ? AND exchange = ? AND timeframe = ? AND schema = s.schema_version AND epoch = u.user_version"
)
GIVE = (
    "INSERT OR REPLACE INTO series_revisions (symbol, exchange, timeframe, revision, schema, epoch) "
    "SELECT ?, ?, ?, ?, s.schema_version, u.user_version FROM pragma_schema_version s JOIN pragma_user_version u"
)
OWN_TRIGGERS = 4
"""Ours on ``ohlc_data``: three that take names away, one that sets ``updated_at``."""
TRIGGERS = (
    "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ohlc_data' "
    "AND name IN ('series_revisions_insert', 'series_revisions_update', 'series_revisions_delete')"
)


def held(connection: sqlite3.Connection, key: SeriesKey) -> bytes | None:
    """The name of the present state, if it has one."""
    row = connection.execute(HELD, key).fetchone()
    return None if row is None else row[0]


def give(connection: sqlite3.Connection, key: SeriesKey) -> bytes | None:
    """Name the state that this transaction has read.

    None where that cannot be now: another program writes or has written since, the file is read-only, or it has lost
    its triggers. A reader does not wait for that.
    """
    if connection.execute(TRIGGERS).fetchone()[0] < 3:  # noqa: PLR2004 - insert, update, delete
        return None
    revision = secrets.token_bytes(16)
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            connection.execute(f"PRAGMA user_version = {1 + secrets.randbelow((1 << 31) - 1)}")
        connection.execute(GIVE, (*key, revision))
    except sqlite3.OperationalError:
        return None
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return revision


def give_written(connection: sqlite3.Connection, key: SeriesKey) -> bytes | None:
    """Name the state that this transaction wrote; None where triggers of others may have changed what it wrote."""
    query = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ohlc_data'"
    if connection.execute(query).fetchone()[0] != OWN_TRIGGERS:
        return None
    return give(connection, key)
