"""The sample prices against an independent reading of the package's files."""

from __future__ import annotations

import csv
import gzip
from datetime import date

import pytest

from framework.store.sample import load_sample, sample_files


def seconds(text):
    """UTC seconds of a date such as 1/31/1999."""
    month, day, year = (int(part) for part in text.split("/"))
    return (date(year, month, day).toordinal() - date(1970, 1, 1).toordinal()) * 86_400


@pytest.fixture
def loaded(store):
    return load_sample(store)


@pytest.mark.parametrize(("symbol", "folder"), [("SP500", "sp500"), ("NASDAQ", "nasdaq")])
def test_every_row_of_the_package_is_stored_raw(store, loaded, symbol, folder):
    path = next(path for sample, path in sample_files().items() if sample.symbol == symbol)
    with gzip.open(path, "rt") as file:
        expected = [
            (seconds(row["Date"]), *(float(row[name]) for name in ("Open", "High", "Low", "Close", "Volume")))
            for row in csv.DictReader(file)
        ]
    bars = store.load_bars(symbol)
    columns = [getattr(bars, name).tolist() for name in ("open", "high", "low", "close", "volume")]
    assert expected == list(zip((bars.time // 10**9).tolist(), *columns, strict=True))
    assert 5031 == len(bars)


def test_the_second_time_there_is_nothing_to_do(store, loaded):
    assert 2 == len(loaded)
    assert [] == load_sample(store)


def test_samples_that_were_loaded_before_there_were_currencies_are_given_theirs(store, loaded):
    store.connection.execute("UPDATE instruments SET currency = NULL")
    assert "INR" == store.load_bars("SP500").instrument.currency
    assert [] == load_sample(store)
    assert "USD" == store.load_bars("SP500").instrument.currency


def test_what_was_deleted_is_loaded_again(store, loaded):
    store.connection.execute("DELETE FROM ohlc_data WHERE symbol = 'SP500' AND timestamp < 1000000000")
    (summary,) = load_sample(store)
    assert summary.new > 0
    assert 5031 == len(store.load_bars("SP500"))


def test_the_samples_are_named_and_have_no_defects(store, loaded):
    names = store.connection.execute(
        "SELECT symbol, name, timezone, currency FROM instruments ORDER BY symbol"
    ).fetchall()
    assert [
        ("NASDAQ", "NASDAQ Composite", "America/New_York", "USD"),
        ("SP500", "S&P 500", "America/New_York", "USD"),
    ] == names
    assert [] == store.issues()
