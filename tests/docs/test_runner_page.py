"""The runner's page has the entries of the journal as they are."""

from pathlib import Path

from framework.journal.account_entries import ACCOUNT_KINDS
from framework.journal.entry_table import entry_table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "runner.md"


def test_the_table_of_entries_is_that_of_their_classes():
    assert entry_table() in PAGE.read_text("utf-8"), entry_table()


def test_the_table_names_every_kind_of_an_account_once():
    rows = [line.split("|")[1].strip(" `") for line in entry_table().splitlines()[2:]]
    assert len(rows) == len(set(rows))
    assert set(ACCOUNT_KINDS) < set(rows)
