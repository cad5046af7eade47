"""Files as people have them: each shape is read as what it is, or named for what it is."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import sqlite3
import zipfile

import numpy as np
import pandas as pd
import pytest

PRICES = "open, high, low, close"


def stored(rows):
    return rows(
        "SELECT symbol, exchange, timeframe, open, high, low, close, volume FROM ohlc_data ORDER BY 1, timestamp"
    )


def date_of(rows, symbol):
    (found,) = rows("SELECT date(timestamp, 'unixepoch') FROM ohlc_data WHERE symbol = ?", symbol)
    return found[0]


def test_nses_full_bhavcopy_with_deliverables_is_read(take, rows):
    text = (
        "SYMBOL, SERIES, DATE1, PREV_CLOSE, OPEN_PRICE, HIGH_PRICE, LOW_PRICE, LAST_PRICE, CLOSE_PRICE, AVG_PRICE, "
        "TTL_TRD_QNTY, TURNOVER_LACS, NO_OF_TRADES, DELIV_QTY, DELIV_PER\n"
        "AB&C, EQ, 02-Jan-2024, 9.00, 10.00, 12.00, 9.50, 11.10, 11.00, 10.80, 1234, 0.13, 21, 600, 48.62\n"
        "ABBOND, N2, 02-Jan-2024, 1000, 1001, 1002, 1000, 1001, 1001, 1001, 5, 0.05, 1, -, -\n"
    )
    summary = take("sec_bhavdata_full_02012024.csv", text, exchange="NSE")
    assert ("NSE full bhavcopy", 2, "") == (summary.format, summary.new, summary.error)
    assert [
        ("AB&C", "NSE", "1d", 10.0, 12.0, 9.5, 11.0, 1234.0),
        ("ABBOND-N2", "NSE", "1d", 1001.0, 1002.0, 1000.0, 1001.0, 5.0),
    ] == stored(rows)
    assert "2024-01-02" == date_of(rows, "AB&C")


NSE_ROW = {
    "CH_SYMBOL": "ABC", "CH_SERIES": "EQ", "CH_TIMESTAMP": "2024-01-02", "CH_OPENING_PRICE": 10,
    "CH_TRADE_HIGH_PRICE": 12.5, "CH_TRADE_LOW_PRICE": 9.5,
    "CH_CLOSING_PRICE": 11, "CH_TOT_TRADED_QTY": 1234, "CH_ISIN": "INE000000001",
}  # fmt: skip


@pytest.mark.parametrize("wrapped", [[NSE_ROW], {"data": [NSE_ROW], "meta": {"n": 1}}, {"a": {"data": [NSE_ROW]}}])
def test_nses_history_in_json_is_read(take, rows, wrapped):
    summary = take("history.json", json.dumps(wrapped), exchange="NSE")
    assert ("NSE JSON", 1, "") == (summary.format, summary.new, summary.error)
    assert [("ABC", "NSE", "1d", 10.0, 12.5, 9.5, 11.0, 1234.0)] == stored(rows)


def test_nsepythons_csv_of_that_history_is_read(take, rows):
    text = ",".join(NSE_ROW) + "\n" + ",".join(map(str, NSE_ROW.values())) + "\n"
    assert 1 == take("equity_history.csv", text, exchange="NSE").new
    assert [("ABC", "NSE", "1d", 10.0, 12.5, 9.5, 11.0, 1234.0)] == stored(rows)


def test_the_history_of_an_index_in_nses_json_is_read_and_has_no_volume_to_lack(take, rows):
    row = {
        "EOD_INDEX_NAME": "NIFTY 50", "EOD_TIMESTAMP": "02-JAN-2024", "EOD_OPEN_INDEX_VAL": 100,
        "EOD_HIGH_INDEX_VAL": 103, "EOD_LOW_INDEX_VAL": 99, "EOD_CLOSE_INDEX_VAL": 102,
    }  # fmt: skip
    assert 1 == take("index.json", json.dumps({"data": {"indexCloseOnlineRecords": [row]}}), exchange="NSE").new
    assert [("NIFTY 50", "NSE", "1d", 100.0, 103.0, 99.0, 102.0, None)] == stored(rows)
    assert [] == rows("SELECT reason FROM data_issues WHERE kind = 'no_volume'")


def test_a_share_without_volume_is_still_told(take, rows):
    take("abc.csv", f"date,{PRICES.replace(' ', '')}\n2024-01-02,10,12,9,11\n", exchange="NSE")
    assert [("the source has no volume",)] == rows("SELECT reason FROM data_issues WHERE kind = 'no_volume'")


def test_the_day_of_all_indices_by_niftyindices_is_read_with_the_day_first(take, rows):
    text = (
        "Index Name,Index Date,Open Index Value,High Index Value,Low Index Value,Closing Index Value,Points Change,"
        "Change(%),Volume,Turnover (Rs. Cr.),P/E,P/B,Div Yield\n"
        "Nifty 50,02-01-2024,100.5,103,99,102,1.5,.9,1000,20.1,22.1,3.6,1.3\n"
        "Nifty Bank,02-01-2024,-,-,-,200,1,1,-,-,-,-,-\n"
    )
    summary = take("ind_close_all_02012024.csv", text, exchange="NSE")
    assert (1, 1, "") == (summary.new, summary.refused, summary.error)
    assert "2024-01-02" == date_of(rows, "Nifty 50")


def test_niftyindices_history_is_read_under_its_index_name(take, rows):
    text = '"Index Name","Date","Open","High","Low","Close"\n"NIFTY 50","02 Jan 2024","100","103","99","102"\n'
    assert 1 == take("NIFTY 50_Data.csv", text, exchange="NSE").new
    assert [("NIFTY 50", "NSE", "1d", 100.0, 103.0, 99.0, 102.0, None)] == stored(rows)


# 1704166200 is 2024-01-02 03:30 UTC, 09:00 in India; NSE opens at 03:45 UTC, 1704167100.
TRADING_VIEW = (
    "time,open,high,low,close,Volume,Volume MA\n1704167100,10,12,9,11,100,NaN\n1704253500,11,12,10,11,100,1\n"
)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("NSE_INFY, 1D.csv", ("INFY", "NSE")),
        ("NSE_INFY, 1D_3f4a5.csv", ("INFY", "NSE")),
        ("NSE_DLY_INFY, 1D (1).csv", ("INFY", "NSE")),
        ("BSE_M&M, D.csv", ("M&M", "BSE")),
        ("BINANCE_BTCUSDT, 1D.csv", ("BTCUSDT", "")),
    ],
)
def test_tradingviews_export_has_its_symbol_and_exchange_in_the_files_name(take, rows, name, key):
    summary = take(name, TRADING_VIEW)
    assert ("", 2) == (summary.error, summary.new)
    assert [(*key, "1d", "2024-01-02"), (*key, "1d", "2024-01-03")] == rows(
        "SELECT symbol, exchange, timeframe, date(timestamp, 'unixepoch') FROM ohlc_data ORDER BY timestamp"
    )


def test_metatraders_export_is_read(take, rows):
    text = (
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
        "2024.01.02\t10:00:00\t1.1\t1.3\t1.0\t1.2\t55\t7\t2\n2024.01.02\t10:05:00\t1.2\t1.3\t1.1\t1.2\t44\t8\t2\n"
    )
    summary = take("EURUSD.csv", text)
    assert ("MetaTrader", ("5m",), 2) == (summary.format, summary.timeframes, summary.new)
    assert [("EURUSD", "", "5m", 1.1, 1.3, 1.0, 1.2, 7.0), ("EURUSD", "", "5m", 1.2, 1.3, 1.1, 1.2, 8.0)] == stored(
        rows
    )


def workbook(**sheets):
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


HEADINGS = ["Date", "Open", "High", "Low", "Close", "Volume"]


def test_an_excel_file_is_read_whatever_its_ending(take, rows):
    lines = [
        HEADINGS,
        [pd.Timestamp("2024-01-02").to_pydatetime(), 10, 12.25, 9, 11.1, 5],
        ["2024-01-03", "1,234.5", 1300, 1200, 1250, None],
    ]
    content = workbook(Prices=lines, Empty=[])
    assert (2, "") == (take("abc.xlsx", content).new, take("abc.csv", content).error)
    assert [
        ("ABC", "", "1d", 10.0, 12.25, 9.0, 11.1, 5.0),
        ("ABC", "", "1d", 1234.5, 1300.0, 1200.0, 1250.0, None),
    ] == stored(rows)


def test_a_workbook_of_several_sheets_is_told(take):
    line = ["2024-01-02", 1, 1, 1, 1, 1]
    error = take("abc.xlsx", workbook(One=[HEADINGS, line], Two=[HEADINGS, line])).error
    assert "2 of its sheets have cells, 'One', 'Two'; one is understood" in error


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_a_text_in_any_unicode_is_read(take, rows, encoding):
    text = "Date\tOpen\tHigh\tLow\tClose\n2024-01-02\t10\t12\t9\t11\n"
    assert (1, "") == (take("abc.csv", text.encode(encoding)).new, "")
    assert [("ABC", "", "1d", 10.0, 12.0, 9.0, 11.0, None)] == stored(rows)


def sqlite_bytes(tmp_path):
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE prices (a)")
    connection.close()
    return path.read_bytes()


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def parquet():
    buffer = io.BytesIO()
    pd.DataFrame({"a": [1]}).to_parquet(buffer)
    return buffer.getvalue()


def test_what_is_no_table_is_named(take, tmp_path):
    contents = {
        "a SQLite database": sqlite_bytes(tmp_path),
        "a zip archive": zipped(a="x"),
        "a gzip archive": gzip.compress(b"x"),
        "a Parquet file": parquet(),
        "an old Excel file (.xls)": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100),
        "a Python pickle": pickle.dumps(np.arange(3)),
        "a PDF": b"%PDF-1.7\n",
        "a web page": b"\n<!DOCTYPE html><html><body>Access denied</body></html>",
    }
    for what, content in contents.items():
        assert f"cannot be read: it is {what}" in take("abc.csv", content).error


# ------------------------------------------------------------------ numbers

COMMA = "Date;Open;High;Low;Close;Volume\n2024-01-02;100,25;1.101,5;99,75;100,5;1.000\n"


def test_a_decimal_comma_is_a_decimal(take, rows):
    take("abc.csv", COMMA)
    assert [("ABC", "", "1d", 100.25, 1101.5, 99.75, 100.5, 1000.0)] == stored(rows)


@pytest.mark.parametrize(
    ("cell", "value"), [("1,234.5", 1234.5), ("1,23,456.50", 123456.5), ("12,34,567", 1234567.0), ("1,234", 1234.0)]
)
def test_groups_of_digits_are_read_when_the_last_has_three(take, rows, cell, value):
    take("abc.csv", f'Date,Open,High,Low,Close\n2024-01-02,"{cell}","{cell}","{cell}","{cell}"\n')
    assert [value] == [row[3] for row in stored(rows)]


@pytest.mark.parametrize("cell", ["1,23,45", "1,234,5", "12,3,456"])
def test_other_groups_are_no_number(take, cell):
    summary = take("abc.csv", f'Date,Open,High,Low,Close\n2024-01-02,"{cell}",1000000,1,10\n2024-01-03,1,1,1,1\n')
    assert (1, 1) == (summary.new, summary.refused)


def test_columns_that_mix_both_ways_of_writing_numbers_are_refused(take, rows):
    error = take("abc.csv", "Date;Open;High;Low;Close\n2024-01-02;100,25;101.50;99,75;100,5\n").error
    assert "open '100,25' has a decimal comma and high '101.50' a decimal point" in error
    assert [] == stored(rows)


# ------------------------------------------------------------------ told


def test_rounding_noise_is_mended_and_told(take, rows):
    # The open is one bit above 101, the high is 101: both are 101.
    summary = take("abc.csv", "Date,Open,High,Low,Close\n2024-01-02,101.00000000000001,101,100,100.5\n")
    assert (1, 0) == (summary.new, summary.refused)
    assert ("1 bar whose range failed by rounding alone was mended, the first in line 2",) == summary.notes
    assert [("ABC", "", "1d", 101.0, 101.0, 100.0, 100.5, None)] == stored(rows)


def test_a_high_that_is_wrong_by_more_than_rounding_is_refused(take):
    summary = take("abc.csv", "Date,Open,High,Low,Close\n2024-01-02,101.0000001,101,100,100.5\n")
    assert (0, 1, "its one row was refused") == (summary.new, summary.refused, summary.empty)


def test_columns_that_are_left_aside_are_told(take):
    text = "Date,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits\n2024-01-02,10,12,9,11,10.5,5,0.5,0\n"
    (note,) = take("abc.csv", text).notes
    assert note.startswith(
        "left aside: Adj Close, Dividends, Stock Splits; open, high, low and close are taken as they"
    )


@pytest.mark.parametrize(
    ("text", "reason"), [("", "it has headings and no rows"), ("x,1,1,1,1\n" * 2, "all its 2 rows")]
)
def test_a_file_of_which_nothing_is_taken_says_so(take, text, reason):
    assert take("abc.csv", "Date,Open,High,Low,Close\n" + text).empty.startswith(reason)


def minutes(first, count):
    day = [
        f"2024-01-0{day} {time:%H:%M:%S}"
        for day in (2, 3, 4)
        for time in pd.date_range(f"2024-01-01 {first}", periods=count, freq="min")
    ]
    return "time,open,high,low,close,volume\n" + "".join(f"{text},10,11,9,10,5\n" for text in day)


def test_minutes_that_are_stamped_at_their_end_are_told_by_the_session_table(take, rows):
    # NSE trades from 09:15 to 15:30: 375 minutes, the first stamped 09:16 and the last 15:30 where the end is written.
    take("ABC.csv", minutes("09:16", 375), exchange="NSE")
    ((reason,),) = rows("SELECT reason FROM data_issues WHERE kind = 'end_stamps'")
    assert reason.startswith("the bars are stamped at their end: 3 of 3 sessions run from 09:16 to 15:30")


def test_minutes_that_are_stamped_at_their_open_are_not(take, rows):
    take("ABC.csv", minutes("09:15", 375), exchange="NSE")
    assert [] == rows("SELECT reason FROM data_issues WHERE kind = 'end_stamps'")


def test_one_minute_of_a_share_does_not_end_the_file_of_the_others(take, rows):
    text = "symbol,time,open,high,low,close\n" + "".join(
        f"{symbol},2024-01-02 {clock}:00,10,11,9,10\n"
        for symbol, clock in (("B", "10:07"), ("A", "09:15"), ("A", "09:16"))
    )
    assert (3, "") == ((summary := take("minutes.csv", text, exchange="NSE")).new, summary.error)
    assert [("A", "1m"), ("B", "1m")] == rows("SELECT DISTINCT symbol, timeframe FROM ohlc_data ORDER BY 1")
