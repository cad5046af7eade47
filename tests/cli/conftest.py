"""Run the command line in this process, as a user would: words in; exit code, stdout and stderr out."""

import sys
from typing import NamedTuple

import pytest

from framework.cli import main


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def tulya(monkeypatch, capsys):
    def run(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["tulya", *words])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def sample_database(tmp_path_factory):
    from framework.store import open_store
    from framework.store.sample import load_sample

    path = tmp_path_factory.mktemp("sample") / "market.sqlite"
    with open_store(path) as store:
        load_sample(store)
    return path


@pytest.fixture
def home(tmp_path, monkeypatch, sample_database):
    """An empty working directory with the sample prices in data/market.sqlite."""
    monkeypatch.chdir(tmp_path)
    for variable in ("TULYA_DB", "TULYA_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "market.sqlite").write_bytes(sample_database.read_bytes())
    return tmp_path
