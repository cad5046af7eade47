"""Every row is either stored or named, whatever the file holds."""

from __future__ import annotations

import csv
import io
import math
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.store import open_store
from framework.store.importing import ImportOptions, import_files

GOOD = "2024-01-01,10,12,9,11,1000"
HEADING = "Date,Open,High,Low,Close,Volume"


@pytest.mark.parametrize(
    ("row", "kind", "reason"),
    [
        ("2024-01-02,abc,12,9,11,1", "bad_price", "open 'abc' is not a number"),
        ("2024-01-02,10,12,9,,1", "bad_price", "close is empty or NaN"),
        ("2024-01-02,NaN,12,9,11,1", "bad_price", "open is empty or NaN"),
        ("2024-01-02,10,inf,9,11,1", "bad_price", "high inf is not finite"),
        ("2024-01-02,10,1e999,9,11,1", "bad_price", "high inf is not finite"),
        ("2024-01-02,10,12,0,11,1", "bad_price", "low 0 is not above 0"),
        ("2024-01-02,-10,12,9,11,1", "bad_price", "open -10 is not above 0"),
        ("2024-01-02,10,9,12,11,1", "bad_range", "high 9.0 is below low 12.0"),
        ("2024-01-02,10,12,9,12.5,1", "bad_range", "close 12.5 lies outside low 9.0 … high 12.0"),
        ("2024-01-02,8.5,12,9,11,1", "bad_range", "open 8.5 lies outside low 9.0 … high 12.0"),
        ("2024-01-02,10,12,9,11,-1", "bad_volume", "volume '-1' is not a number ≥ 0"),
        ("2024-01-02,10,12,9,11,lots", "bad_volume", "volume 'lots' is not a number ≥ 0"),
        ("2024-01-02,10,12,9,11,inf", "bad_volume", "volume 'inf' is not a number ≥ 0"),
        ("2024-02-30,10,12,9,11,1", "bad_time", "time '2024-02-30' is not a date or time that is understood"),
        (",10,12,9,11,1", "bad_time", "time '' is not a date"),
        ("2024-01-02,10,12,9", "bad_row", "4 cells where the heading has 6"),
        ("2024-01-02,10,12,9,11,1,2,3", "bad_row", "8 cells where the heading has 6"),
        ("2024-01-01,10,12,9,10.5,1000", "duplicate", "the time occurs before, in line 2, with other values"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_its_neighbours_are_kept(take, rows, row, kind, reason):
    summary = take("x.csv", f"{HEADING}\n{GOOD}\n\n{row}\n2024-01-03,10,12,9,11,1\n")
    assert (3, 2, 1) == (summary.rows_read, summary.new, summary.refused)
    ((file, line, found_kind, found_reason),) = rows(
        "SELECT file, line, kind, reason FROM data_issues WHERE finding = 0"
    )
    assert ("x.csv", 4, kind) == (file, line, found_kind)
    assert reason in found_reason
    assert [(2,)] == rows("SELECT count(*) FROM ohlc_data")


def test_a_row_that_repeats_another_is_no_issue(take, rows):
    summary = take("x.csv", f"{HEADING}\n{GOOD}\n{GOOD}\n")
    assert (2, 1, 1, 0) == (summary.rows_read, summary.new, summary.unchanged, summary.refused)
    assert [] == rows("SELECT * FROM data_issues WHERE finding = 0")


def test_lines_are_counted_past_line_breaks_in_quoted_cells(take, rows):
    text = f'{HEADING},Note\n{GOOD},"two\nlines"\n2024-01-02,x,12,9,11,1,plain\n2024-01-03,10,12,9\n'
    take("x.csv", text)
    assert [(4, "bad_price"), (5, "bad_row")] == rows(
        "SELECT line, kind FROM data_issues WHERE finding = 0 ORDER BY line"
    )


def test_a_row_without_a_symbol_is_refused(take, rows):
    summary = take("x.csv", "Symbol,Date,Open,High,Low,Close\n,2024-01-01,1,1,1,1\nA,2024-01-01,1,1,1,1\n")
    assert (1, 1) == (summary.new, summary.refused)
    assert [(2, "no_symbol")] == rows("SELECT line, kind FROM data_issues WHERE kind = 'no_symbol'")


def test_a_minute_that_a_clock_change_repeats_is_refused(take, rows):
    text = "time,open,high,low,close\n2024-11-03 01:30,1,1,1,1\n2024-11-03 03:30,1,1,1,1\n2024-11-03 03:31,1,1,1,1\n"
    summary = take("x.csv", text, timezone="America/New_York", timeframe="1m")
    assert (2, 1) == (summary.new, summary.refused)
    assert (
        "repeated or skipped by a clock change" in rows("SELECT reason FROM data_issues WHERE kind = 'bad_time'")[0][0]
    )


def test_a_file_of_nothing_but_bad_rows_is_imported_and_says_so(take, rows):
    summary = take("x.csv", f"{HEADING}\nx,x,x,x,x,x\ny,y,y,y,y,y\n")
    assert (2, 0, 2, "") == (summary.rows_read, summary.new, summary.refused, summary.error)
    assert [(2,)] == rows("SELECT count(*) FROM data_issues")


def test_a_heading_alone_is_a_file_of_no_rows(take):
    summary = take("x.csv", f"{HEADING}\n")
    assert (0, 0, "") == (summary.rows_read, summary.new, summary.error)


CELLS = st.one_of(
    st.floats(0.01, 1e6).map(lambda value: f"{value:.2f}"),
    st.sampled_from(
        ["", "-", "nan", "0", "-5", "inf", "1e400", "abc", "1,234.5", " 7 ", "٣", "1e5", "0x10", '"', "'", "é", "\x00"]
    ),
)
DAYS = st.one_of(
    st.integers(0, 15).map(lambda day: str(date(2024, 1, 1) + timedelta(days=day))),
    st.sampled_from(["", "2024-02-30", "soon", "01-Jan-2024", "2024-01-05 00:00:00", "20240106"]),
)
ROWS = st.lists(st.tuples(DAYS, CELLS, CELLS, CELLS, CELLS, CELLS), max_size=25)


def sound(cells):
    """An independent reading of the rule: four finite prices above 0 in order, and a volume that is empty or ≥ 0."""
    empty = {"", "-", "nan"}

    def number(cell):
        text = cell.strip().replace(",", "")
        if not text.isascii() or text.startswith("0x") or "_" in text:
            return math.nan
        try:
            return float(text)
        except ValueError:
            return math.nan

    opened, high, low, close = (number(cell) for cell in cells[1:5])
    volume = 0.0 if cells[5].strip() in empty else number(cells[5])
    days = {"01-Jan-2024": "2024-01-01", "2024-01-05 00:00:00": "2024-01-05", "20240106": "2024-01-06"}
    day = days.get(cells[0], cells[0])
    dated = day.startswith("2024-01-")
    known = not any(math.isnan(price) for price in (opened, high, low, close))
    ordered = known and 0 < low <= min(opened, close) and max(opened, close) <= high < math.inf
    return day if dated and ordered and 0 <= volume < math.inf else None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_every_row_is_stored_or_named(tmp_path_factory, given_rows):
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(HEADING.split(","))
    writer.writerows(given_rows)
    folder = tmp_path_factory.mktemp("rows")
    path = folder / "x.csv"
    path.write_text(buffer.getvalue())
    with open_store(folder / "market.sqlite") as store:
        (summary,) = import_files(store, [path], ImportOptions(symbol="X", timeframe="1d"))
        stored = store.connection.execute("SELECT count(*) FROM ohlc_data").fetchone()[0]
        named = store.connection.execute("SELECT line FROM data_issues WHERE line IS NOT NULL").fetchall()
    assert "" == summary.error
    expected_days = [sound(cells) for cells in given_rows]
    good_lines = [line for line, day in enumerate(expected_days, start=2) if day]
    assert len(given_rows) == summary.rows_read == summary.new + summary.unchanged + summary.refused
    assert len({day for day in expected_days if day}) == stored == summary.new
    assert summary.refused == len(named) == len(set(named))
    assert set(range(2, 2 + len(given_rows))) - set(good_lines) <= {line for (line,) in named}
