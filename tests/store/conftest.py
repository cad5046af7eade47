"""Fixtures of the store's tests: real SQLite files, small files written by hand."""

from __future__ import annotations

import pytest

from framework.store import open_store
from framework.store.importing import ImportOptions, import_files


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "market.sqlite") as opened:
        yield opened


@pytest.fixture
def take(store, tmp_path):
    """Import a file written on the spot, with options as keywords; gives its summary."""

    def take_file(name, content, **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return import_files(store, [path], ImportOptions(**options))[0]

    return take_file


@pytest.fixture
def rows(store):
    """Plain SQL rows of the store."""

    def query(sql, *values):
        return store.connection.execute(sql, values).fetchall()

    return query
