"""The shared NSE files: all of them import, and the defects that their README lists are found and named.

Three of the files hold the same symbols, so each is imported under an exchange tag of its own. What no file can show
is not asserted: rows that were dropped or moved before the files were made (zero prices, pre-open rows, repeated rows,
stamps at the end of the minute), survivorship, and a symbol that means another company than it seems to.
"""

from __future__ import annotations

from datetime import date

import pytest

from framework.store import open_store
from framework.store.importing import ImportOptions, import_files

pytestmark = [pytest.mark.shared, pytest.mark.slow, pytest.mark.xdist_group("shared_nse")]  # one import for all

LISTS = ("corporate_actions_2000_2021.csv", "nse_special_sessions.csv", "nse_trading_sessions_2000_2026.csv")
FILES = {
    "daily_raw_2000_2021.parquet": "RAW",
    "daily_adjusted_2000_2021.parquet": "ADJUSTED",
    "daily_eod2_2010_2023_gpl3.parquet": "EOD2",
    "index_1min_2012_2016.parquet": "NSE",
    "stocks_1min_2014_2015.parquet": "NSE",
    "stocks_5min_2016_2020.parquet": "NSE",
}
RAW, ADJUSTED, EOD2, INDEX, MINUTE, FIVE = FILES
SECONDS_PER_DAY = 86_400


class Imported:
    """One database with every file, and what was said about each."""

    def __init__(self, store, summaries):
        self.store = store
        self.summaries = {summary.path.name: summary for summary in summaries}

    def named(self, file, kind, symbol=None):
        """{(symbol, date of the issue's last bar)} and the reasons, of one kind in one file."""
        query = "SELECT symbol, first_timestamp, last_timestamp, reason FROM data_issues WHERE file = ? AND kind = ?"
        return [row for row in self.store.connection.execute(query, (file, kind)) if symbol in {None, row[0]}]

    def days(self, file, kind, symbol=None):
        """Days that the issues of a kind cover, {(symbol, ISO date)}; for one symbol {ISO date}."""
        covered = set()
        for name, first, last, _ in self.named(file, kind, symbol):
            covered |= {(name, iso(day)) for day in range(first // SECONDS_PER_DAY, last // SECONDS_PER_DAY + 1)}
        return covered if symbol is None else {day for _, day in covered}


def iso(day):
    return date.fromordinal(date(1970, 1, 1).toordinal() + day).isoformat()


@pytest.fixture(scope="session")
def nse(shared_folder, tmp_path_factory):
    with open_store(tmp_path_factory.mktemp("nse") / "market.sqlite") as store:
        summaries = import_files(store, [shared_folder / name for name in LISTS], ImportOptions())
        for name, tag in FILES.items():
            options = ImportOptions(exchange=tag, timezone="Asia/Kolkata", new_exchange=True)
            summaries += import_files(store, [shared_folder / name], options)
        yield Imported(store, summaries)


def test_every_row_of_every_file_is_kept(nse):
    counts = {name: (s.rows_read, s.new, s.refused, s.conflicting) for name, s in nse.summaries.items()}
    rows = {
        "corporate_actions_2000_2021.csv": 88, "nse_special_sessions.csv": 29,
        "nse_trading_sessions_2000_2026.csv": 6713,
        RAW: 224_580, ADJUSTED: 224_580, EOD2: 244_183, INDEX: 706_245, MINUTE: 672_281, FIVE: 290_455,
    }  # fmt: skip
    expected = {name: (count, count, 0, 0) for name, count in rows.items()}
    expected["nse_trading_sessions_2000_2026.csv"] = (6713, 6713, 0, 0)
    assert expected == counts


def test_timeframes_are_read_from_the_times(nse):
    frames = {name: nse.summaries[name].timeframes for name in FILES}
    assert {RAW: ("1d",), ADJUSTED: ("1d",), EOD2: ("1d",), INDEX: ("1m",), MINUTE: ("1m",), FIVE: ("5m",)} == frames


def test_the_first_minute_of_a_day_is_a_quarter_past_nine_in_india(nse):
    first = nse.store.connection.execute(
        "SELECT min(time_ist) FROM ohlc_data_ist WHERE symbol = 'NIFTY 50' AND timeframe = '1m'"
    ).fetchone()[0]
    assert "2013-01-01 09:15:00" == first


@pytest.mark.parametrize("file", [RAW, ADJUSTED])
@pytest.mark.parametrize("symbol", ["GAIL", "INDUSINDBK", "KOTAKBANK", "SHREECEM"])
def test_daily_shares_without_rows_for_a_year_are_gaps(nse, file, symbol):
    days = nse.days(file, "gap", symbol)
    assert {"2000-11-01", "2001-01-15", "2001-06-29"} <= days
    assert "2001-07-02" not in days


@pytest.mark.parametrize("file", [RAW, ADJUSTED])
def test_demergers_and_the_like_remain_as_jumps(nse, file):
    jumps = {(symbol, iso(last // SECONDS_PER_DAY)) for symbol, _, last, _ in nse.named(file, "jump")}
    known = {("RELIANCE", "2006-01-18"), ("ZEEL", "2006-12-18"), ("ZEEL", "2007-02-12"), ("GRASIM", "2017-07-19")}
    assert known <= jumps


def test_every_listed_split_and_bonus_is_found_in_the_raw_file_and_none_in_the_adjusted_one(nse):
    listed = set(nse.store.connection.execute("SELECT symbol, timestamp FROM corporate_actions").fetchall())
    raw = {(symbol, last) for symbol, _, last, reason in nse.named(RAW, "jump") if "not adjusted for" in reason}
    assert 88 == len(listed)
    assert listed == raw
    assert set() == {symbol for symbol, _, _, reason in nse.named(ADJUSTED, "jump") if "listed for the day" in reason}


def test_jumps_of_the_adjusted_file_are_few(nse):
    assert len(nse.named(ADJUSTED, "jump")) <= 12


def test_sessions_missing_for_all_symbols_of_the_third_source(nse):
    missing = nse.days(EOD2, "missing_session")
    symbols = {info.symbol: info for info in nse.store.series(timeframe="1d") if info.exchange == "EOD2"}
    for text in ("2019-10-27", "2020-02-01", "2020-11-14", "2022-05-11"):
        stamp = (date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()) * SECONDS_PER_DAY * 10**9
        alive = {name for name, info in symbols.items() if info.first_ns < stamp < info.last_ns}
        if text == "2022-05-11":  # the indices do have this one
            alive = {name for name in alive if not name.startswith("NIFTY")}
        assert len(alive) > 60
        assert {symbol for symbol, day in missing if day == text} == alive


def test_actions_that_the_third_source_did_not_adjust_are_jumps(nse):
    jumps = {(symbol, iso(last // SECONDS_PER_DAY)): reason for symbol, _, last, reason in nse.named(EOD2, "jump")}
    not_adjusted = {
        ("BPCL", "2012-07-13"), ("HCLTECH", "2015-03-19"), ("ONGC", "2011-02-08"),
        ("TCS", "2018-05-31"), ("WIPRO", "2010-06-15"),
    }  # fmt: skip
    assert not_adjusted == {key for key, reason in jumps.items() if "not adjusted for" in reason}
    assert "near a split or bonus of factor 2" in jumps["DABUR", "2010-09-08"]
    for wrongly_adjusted in (("DRREDDY", "2011-03-17"), ("NTPC", "2015-03-20"), ("ZEEL", "2014-03-03")):
        assert "no corporate action is listed" in jumps[wrongly_adjusted]
    for wrong_way in (("TECHM", "2015-03-19"), ("TITAN", "2011-06-23")):
        assert "does not explain it" in jumps[wrong_way]
    assert ("ADANIENT", "2015-06-03") in jumps


def test_indices_of_the_third_source_start_late(nse):
    starts = {symbol: iso(first // SECONDS_PER_DAY) for symbol, first, _, _ in nse.named(EOD2, "late_start")}
    expected = {
        "NIFTY 50": "2015-11-09", "NIFTY BANK": "2015-11-09", "NIFTY PRIVATE BANK": "2016-03-14",
        "NIFTY MIDCAP 100": "2018-04-02", "NIFTY SMALLCAP 100": "2018-04-02",
    }  # fmt: skip
    assert expected == {symbol: starts[symbol] for symbol in expected}


def test_missing_evenings_of_the_indices(nse):
    assert {"2012-11-13", "2013-11-03", "2015-11-11"} == nse.days(INDEX, "missing_session", "NIFTY BANK")
    assert {"2013-11-03", "2015-11-11"} == nse.days(INDEX, "missing_session", "NIFTY 50")


def test_short_days_of_the_indices(nse):
    assert {"2013-05-11", "2014-03-22", "2014-10-23", "2016-08-31"} <= nse.days(INDEX, "short_session", "NIFTY 50")
    assert {"2013-05-11", "2014-03-22", "2014-10-23"} <= nse.days(INDEX, "short_session", "NIFTY BANK")
    reasons = [reason for *_, reason in nse.named(INDEX, "short_session", "NIFTY 50")]
    assert any("2016-08-31" in reason and "to 13:58" in reason for reason in reasons)
    assert any("2014-10-23" in reason and "muhurat" in reason for reason in reasons)


def test_the_last_minute_that_the_bank_index_lacks(nse):
    ((symbol, first, last, reason),) = nse.named(INDEX, "early_end")
    assert "NIFTY BANK" == symbol
    assert ("2015-08", "2015-0") == (iso(first // SECONDS_PER_DAY)[:7], iso(last // SECONDS_PER_DAY)[:6])
    assert "sessions end before the usual 15:29 bar" in reason


def test_volume_that_the_minute_shares_do_not_have(nse):
    assert {"WIPRO", "ULTRACEMCO", "UPL", "ZEEL", "YESBANK", "VOLTAS", "UNIONBANK"} == {
        symbol for symbol, *_ in nse.named(MINUTE, "no_volume")
    }


def test_sessions_that_the_minute_shares_lack(nse):
    expected = {"2015-01-08", "2015-01-09", "2015-01-12", "2015-01-13", "2015-02-04", "2015-02-05", "2015-02-06"}
    expected |= {f"2015-02-{day:02d}" for day in (9, 10, 11, 12, 13, 16)} | {"2015-04-21"}
    weekends = {"2015-01-10", "2015-01-11", "2015-02-07", "2015-02-08", "2015-02-14", "2015-02-15"}
    for info in nse.store.series(timeframe="1m"):
        if not info.symbol.startswith("NIFTY"):
            assert expected == nse.days(MINUTE, "missing_session", info.symbol) - weekends


def test_the_bonus_of_federal_bank_is_a_jump(nse):
    (jump,) = nse.named(MINUTE, "jump", "FEDERALBNK")
    assert "2015-07-03 opens at" in jump[3]
    assert "after a close of 154.15" in jump[3]
    assert "near a split or bonus of factor 2" in jump[3]


def test_halts_that_were_filled_forward(nse):
    filled = {}
    for symbol, _, last, reason in nse.named(FIVE, "filled_forward"):
        filled[symbol, iso(last // SECONDS_PER_DAY)] = reason
    for symbol in ("BANDHANBNK", "EQUITAS", "HDFCLIFE", "ICICIPRULI", "MGL"):
        assert filled[symbol, "2020-03-13"].startswith("11 bars without volume")
        assert "09:25 … 10:15" in filled[symbol, "2020-03-13"]
        assert (symbol, "2020-03-23") in filled
    assert filled["EQUITAS", "2017-07-10"].startswith("16 bars without volume")


def test_listing_days_start_late_and_with_three_filled_bars(nse):
    for info in nse.store.series(timeframe="5m"):
        listing = iso(info.first_ns // 10**9 // SECONDS_PER_DAY)
        shorts = [reason for *_, reason in nse.named(FIVE, "short_session", info.symbol)]
        assert any(reason.startswith(listing) and "from 09:40" in reason for reason in shorts)
        fills = [reason for *_, reason in nse.named(FIVE, "filled_forward", info.symbol)]
        assert any(reason.startswith("3 bars") and f"{listing} 09:45 … 09:55" in reason for reason in fills)


def test_muhurat_evenings_have_twelve_bars(nse):
    reasons = [reason for *_, reason in nse.named(FIVE, "short_session") if "muhurat" in reason]
    assert len(reasons) >= 10
    assert all("has 12 bars" in reason for reason in reasons)


def test_a_year_of_the_adjusted_file_loads_as_the_file_has_it(nse, shared_folder):
    import pandas as pd

    frame = pd.read_parquet(shared_folder / ADJUSTED)
    expected = frame[(frame["symbol"] == "M&M") & (frame["date"].astype(str).str[:4] == "2015")]
    bars = nse.store.load_bars("ADJUSTED:M&M", start=date(2015, 1, 1), end=date(2015, 12, 31))
    assert expected["close"].tolist() == bars.close.tolist()
    assert expected["volume"].tolist() == bars.volume.tolist()
    assert expected["date"].astype(str).tolist() == [str(day) for day in bars.time.astype("M8[ns]").astype("M8[D]")]
