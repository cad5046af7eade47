"""Which files are understood, each by a small one written by hand."""

# ruff: noqa: E501 - the lines of a file stand as they are in it

from __future__ import annotations

import gzip
import io
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BARS = "SELECT symbol, exchange, timeframe, timestamp, open, high, low, close, volume FROM ohlc_data ORDER BY 1, 2, 4"
JAN_1_2024 = 1_704_067_200  # Monday, 00:00 UTC

YFINANCE = """Date,Open,High,Low,Close,Adj Close,Volume
2024-01-01,10.0,12.0,9.0,11.0,10.5,1000
2024-01-02,11.0,13.0,10.0,12.0,11.5,2000
"""
YFINANCE_TODAY = """Price,Close,High,Low,Open,Volume
Ticker,GOOG,GOOG,GOOG,GOOG,GOOG
Date,,,,,
2024-01-01,11.0,12.0,9.0,10.0,1000
2024-01-02,12.0,13.0,10.0,11.0,2000
"""
KAGGLE = """Date,Symbol,Series,Prev Close,Open,High,Low,Last,Close,VWAP,Volume,Turnover,Trades,Deliverable Volume,%Deliverble
2024-01-01,M&M,EQ,9.5,10.0,12.0,9.0,11.1,11.0,10.8,1000,1.08e9,,,
2024-01-02,M&M,EQ,11.0,11.0,13.0,10.0,12.1,12.0,11.8,2000,2.36e9,17,5,0.0025
"""
UDIFF = """TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,XpryDt,FininstrmActlXpryDt,StrkPric,OptnTp,\
FinInstrmNm,OpnPric,HghPric,LwPric,ClsPric,LastPric,PrvsClsgPric,UndrlygPric,SttlmPric,OpnIntrst,ChngInOpnIntrst,\
TtlTradgVol,TtlTrfVal,TtlNbOfTxsExctd,SsnId,NewBrdLotQty,Rmks,Rsvd1,Rsvd2,Rsvd3,Rsvd4
2024-01-01,2024-01-01,CM,NSE,STK,1594,INE009A01021,INFY,EQ,,,,,INFOSYS LIMITED,10.00,12.00,9.00,11.00,11.10,9.50,,11.00,,,\
1000,10800.00,17,F1,1,,,,,
2024-01-01,2024-01-01,CM,NSE,STK,9999,INE906B07CB9,NHAI,N2,,,,,NHAI 8.3% 2027,1100.00,1100.00,1090.00,1095.00,1095.00,\
1094.00,,1095.00,,,50,54750.00,3,F1,1,,,,,
"""
OLD_BHAVCOPY = """SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP,TOTALTRADES,ISIN,
INFY,EQ,10,12,9,11,11.1,9.5,1000,10800,01-JAN-2024,17,INE009A01021,
INFY,BL,10.5,10.5,10.5,10.5,10.5,10.4,500000,5250000,01-JAN-2024,1,INE009A01021,
BAJAJ-AUTO,BE,20,22,19,21,21,20,5,100,01-JAN-2024,2,INE917I01010,
"""
UPSTOX = {
    "status": "success",
    "data": {
        "candles": [
            ["2023-10-19T15:20:00+05:30", 11.0, 13.0, 10.0, 12.0, 2000, 0],
            ["2023-10-19T15:15:00+05:30", 10.0, 12.0, 9.0, 11.0, 1000, 0],
        ]
    },
}
FIRST, SECOND = (10.0, 12.0, 9.0, 11.0, 1000.0), (11.0, 13.0, 10.0, 12.0, 2000.0)


def two(symbol, exchange=""):
    return [(symbol, exchange, "1d", JAN_1_2024, *FIRST), (symbol, exchange, "1d", JAN_1_2024 + 86_400, *SECOND)]


def test_yfinance_takes_the_raw_close_and_the_symbol_from_the_files_name(take, rows):
    summary = take("goog.csv", YFINANCE)
    assert two("GOOG") == rows(BARS)
    assert ("yfinance", "the file's name", ("1d",), 2) == (
        summary.format, summary.symbol_reason, summary.timeframes, summary.new,
    )  # fmt: skip


def test_yfinance_of_today_has_three_lines_of_headings(take, rows):
    summary = take("prices.csv", YFINANCE_TODAY)
    assert two("GOOG") == rows(BARS)
    assert "the file's headings" == summary.symbol_reason


def test_the_symbol_said_goes_before_the_files_name(take, rows):
    take("goog.csv", YFINANCE, symbol="GOOGL", timeframe="1d")
    assert two("GOOGL") == rows(BARS)


def test_kaggles_nse_set_takes_the_official_close(take, rows):
    summary = take("MM.csv", KAGGLE)
    assert two("M&M") == rows(BARS)
    assert "Kaggle NSE" == summary.format


def test_a_udiff_bhavcopy_says_exchange_isin_name_and_zone(take, rows, store):
    summary = take("BhavCopy_NSE_CM_0_0_0_20240101_F_0000.csv", UDIFF)
    bond = ("NHAI-N2", "NSE", "1d", JAN_1_2024, 1100.0, 1100.0, 1090.0, 1095.0, 50.0)
    assert [("INFY", "NSE", "1d", JAN_1_2024, *FIRST), bond] == rows(BARS)
    assert ("NSE UDiFF bhavcopy", "Asia/Kolkata") == (summary.format, summary.timezone)
    assert [("INFOSYS LIMITED", "INE009A01021", "Asia/Kolkata")] == rows(
        "SELECT name, isin, timezone FROM instruments WHERE symbol = 'INFY'"
    )
    assert "NSE:INFY" == str(store.instrument("INFY"))


def test_an_old_bhavcopy_keeps_block_deals_apart_and_takes_be_for_the_share(take, rows):
    take("cm01JAN2024bhav.csv", OLD_BHAVCOPY)
    assert [
        ("BAJAJ-AUTO", "", "1d", JAN_1_2024, 20.0, 22.0, 19.0, 21.0, 5.0),
        ("INFY", "", "1d", JAN_1_2024, *FIRST),
        ("INFY-BL", "", "1d", JAN_1_2024, 10.5, 10.5, 10.5, 10.5, 500_000.0),
    ] == rows(BARS)


def test_of_two_series_of_one_share_on_one_day_eq_is_taken_wherever_it_stands(take, rows):
    text = "SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,TOTTRDQTY,TIMESTAMP\n"
    text += "A,BE,1,1,1,1,1,01-JAN-2024\nA,EQ,2,2,2,2,2,01-JAN-2024\n"
    summary = take("cm.csv", text)
    assert [(2.0,)] == rows("SELECT close FROM ohlc_data")
    assert (1, 1) == (summary.new, summary.refused)


def test_upstox_candles_come_newest_first_with_their_offset(take, rows):
    summary = take("NSE_EQ_INFY.json", json.dumps(UPSTOX), symbol="INFY")
    at_1515 = 1_697_708_700  # 2023-10-19 09:45 UTC
    assert [("INFY", "", "5m", at_1515, *FIRST), ("INFY", "", "5m", at_1515 + 300, *SECOND)] == rows(BARS)
    assert ("Asia/Kolkata", "offset +05:30 in the data") == (summary.timezone, summary.timezone_reason)


def test_daily_upstox_candles_are_dates_not_evenings_before(take, rows):
    candles = [["2024-01-02T00:00:00+05:30", *SECOND, 0], ["2024-01-01T00:00:00+05:30", *FIRST, 0]]
    take("INFY.json", json.dumps({"status": "success", "data": {"candles": candles}}))
    assert two("INFY") == rows(BARS)


def test_generic_headings_in_any_case_order_and_separator(take, rows):
    take("x.csv", "Low;HIGH;close;Open;Vol;Ticker;DateTime\n9;12;11;10;1000;NIFTY 50;2024-01-01 09:15\n"
         "10;13;12;11;2000;NIFTY 50;2024-01-01 09:16\n", exchange="NSE")  # fmt: skip
    at_0915 = JAN_1_2024 + 3 * 3600 + 45 * 60
    assert [("NIFTY 50", "NSE", "1m", at_0915, *FIRST), ("NIFTY 50", "NSE", "1m", at_0915 + 60, *SECOND)] == rows(BARS)


def test_date_and_time_side_by_side_are_joined(take, rows):
    take("x.csv", "Date,Time,Open,High,Low,Close\n20240101,09:15,1,1,1,1\n20240101,09:16,1,1,1,1\n")
    assert [(JAN_1_2024 + 33_300,), (JAN_1_2024 + 33_360,)] == rows("SELECT timestamp FROM ohlc_data ORDER BY 1")


def test_headings_that_nobody_knows_are_mapped(take, rows):
    text = "When,A,B,C,ClsPric\n2024-01-01,10,12,9,11\n2024-01-02,11,13,10,12\n"
    mapping = {"time": "When", "open": "A", "high": "B", "low": "C", "close": "clspric"}
    take("x.csv", text, mapping=mapping)
    assert [row[:8] for row in two("X")] == [row[:8] for row in rows(BARS)]


def test_headings_that_lack_a_price_are_answered_with_what_there_is(take):
    summary = take("x.csv", "Date,Price\n2024-01-01,10\n")
    assert summary.error.startswith(
        "no heading for open, high, low, close; the file has Date, Price; name them with --map"
    )


def test_a_mapped_heading_that_is_not_there_is_answered_with_the_nearest(take):
    summary = take("x.csv", YFINANCE, mapping={"close": "Adj Clos"})
    assert "the file has no heading 'Adj Clos'; the nearest: Adj Close" in summary.error
    summary = take("x.csv", YFINANCE, mapping={"clos": "Close"})
    assert "did you mean close?" in summary.error


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".csv.zip", ".parquet", ".utf8-bom.csv", ".crlf.csv"])
def test_the_same_bars_in_every_container(take, rows, ending):
    buffer = io.BytesIO()
    if ending == ".csv.zip":
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("inside.csv", YFINANCE)
    elif ending == ".parquet":
        columns = list(zip(*(line.split(",") for line in YFINANCE.splitlines()[1:]), strict=True))
        names = YFINANCE.splitlines()[0].split(",")
        cells = {
            name: pa.array([float(cell) for cell in column])
            for name, column in zip(names[1:], columns[1:], strict=True)
        }
        pq.write_table(pa.table({"Date": pa.array(columns[0]).cast(pa.date32()), **cells}), buffer)
    content = {
        ".csv": YFINANCE.encode(),
        ".csv.gz": gzip.compress(YFINANCE.encode()),
        ".utf8-bom.csv": YFINANCE.encode("utf-8-sig"),
        ".crlf.csv": YFINANCE.replace("\n", "\r\n").encode(),
    }.get(ending, buffer.getvalue())
    take(f"goog{ending}", content)
    assert two("GOOG") == rows(BARS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", b""),
        ("x.csv", b"\n\n"),
        ("x.csv.gz", b"no gzip"),
        ("x.csv.zip", b"no zip"),
        ("x.parquet", b"PAR1 but no more"),
        ("x.json", b'{"status": "error"}'),
        ("x.json", b"not json"),
        ("x.csv", bytes(range(256))),
    ],
)
def test_a_file_that_cannot_be_read_is_told_and_leaves_nothing_behind(take, rows, name, content):
    summary = take(name, content)
    assert summary.error
    assert [(0,)] == rows("SELECT (SELECT count(*) FROM ohlc_data) + (SELECT count(*) FROM data_imports)")


def test_thousands_separators_and_spaces_are_numbers(take, rows):
    text = 'Date,Open,High,Low,Close,Volume\n2024-01-01," 1,010.50 ","1,23,456.00",1000,+1020,"12,34,567"\n'
    take("x.csv", text)
    assert [(1010.5, 123_456.0, 1000.0, 1020.0, 1_234_567.0)] == rows(
        "SELECT open, high, low, close, volume FROM ohlc_data"
    )


def test_an_empty_volume_is_none_and_not_zero(take, rows):
    take("x.csv", "Date,Open,High,Low,Close,Volume\n2024-01-01,1,1,1,1,\n2024-01-02,1,1,1,1,0\n")
    assert [(None,), (0.0,)] == rows("SELECT volume FROM ohlc_data ORDER BY timestamp")


def test_a_list_of_corporate_actions_is_recognised(take, store, rows):
    take("INFY.csv", YFINANCE.replace("2024-01-02", "2024-01-02"))
    text = "symbol,ex_date,factor,kind,terms\n"
    text += "INFY,2018-09-04,2.0,bonus,1:1\nINFY,when,2,split,\nINFY,2018-09-05,0,split,\n"
    summary = take("actions.csv", text)
    assert ("corporate actions", 1, 2) == (summary.format, summary.new, summary.refused)
    (action,) = store.corporate_actions("INFY")
    assert ("bonus", 2.0, "1:1", 1_536_019_200 * 10**9) == (action.kind, action.factor, action.terms, action.ex_date_ns)
    assert [(3, "bad_time"), (4, "bad_action")] == rows("SELECT line, kind FROM data_issues WHERE file = 'actions.csv'")
    assert 0 == take("actions.csv", text).new


def test_session_lists_are_recognised_and_add_to_each_other(take, rows):
    take("nse_days.csv", "date,weekday,kind,evidence\n2024-11-01,Fri,,prices\n2024-11-04,Mon,regular,prices\n")
    take("nse_special.csv", "date,weekday,kind,windows_ist,note\n2024-11-01,Fri,muhurat,18:00-19:00,evening\n")
    assert [
        ("NSE", "2024-11-01", "muhurat", "18:00-19:00", "prices"),
        ("NSE", "2024-11-04", "regular", "", "prices"),
    ] == rows("SELECT exchange, date(timestamp, 'unixepoch'), kind, windows, evidence FROM trading_sessions")


@pytest.mark.parametrize("first", ["", "Unnamed: 0", "index"])
def test_an_index_without_a_name_is_the_time(take, rows, first):
    text = YFINANCE.replace("Date", first, 1).replace("Adj Close", "Extra")
    take("goog.csv", text, symbol="GOOG")
    assert two("GOOG") == rows(BARS)
