"""Lists of instruments: parsed to the paisa, refused by name, compared with what was known, lent to stored prices."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import DataError
from framework.market.instruments import HEADINGS, read_instruments
from framework.market.listing import Listing
from framework.store import listings, open_store
from framework.store.database import transaction
from framework.types import Bars, Instrument
from tests.store.upstox_file import ROWS, cash, contract, expiry_ms, index, many, write

FRIDAY, SATURDAY = date(2026, 11, 20), date(2026, 11, 21)


@pytest.fixture
def read(tmp_path):
    """Listings by name and refusals of some rows."""

    def read_rows(*rows):
        done = read_instruments(write(tmp_path / "list.json.gz", list(rows)))
        assert done.rows == len(done.listings) + len(done.refused)
        return {(listing.segment, listing.symbol): listing for listing in done.listings}, done.refused

    return read_rows


@pytest.fixture
def keep(store, tmp_path):
    """Import rows as the list of a day."""

    def keep_rows(rows, on=FRIDAY):
        done = read_instruments(write(tmp_path / "list.json.gz", rows))
        with transaction(store.connection):
            return listings.save(store.connection, done.listings, on)

    return keep_rows


def daily(instrument, closes=(100.0, 101.0, 102.0)):
    close = np.array(closes)
    day = np.array(["2026-10-28", "2026-10-29", "2026-10-30"], dtype="datetime64[D]").astype("datetime64[ns]")
    return Bars.from_arrays(instrument, "1d", day.astype(np.int64), close, close, close, close)


def test_a_share_has_every_fact_in_our_units(read):
    found, refused = read(*ROWS)
    assert [] == refused
    assert (
        Listing(
            symbol="M&M",
            exchange="NSE",
            segment="NSE_EQ",
            broker_key="NSE_EQ|INE101A01026",
            kind="share",
            name="MAHINDRA & MAHINDRA LTD",
            isin="INE101A01026",
            series="EQ",
            tick=0.1,
            lot=1,
            freeze_quantity=100_000,
            equity_oriented=True,
            closing_auction=True,
        )
        == found["NSE_EQ", "M&M"]
    )


def test_every_segment_is_understood(read):
    found, _ = read(*ROWS)
    assert {
        ("NSE_EQ", "INFY"): "share", ("NSE_EQ", "M&M"): "share", ("NSE_EQ", "BAJAJ-AUTO"): "share",
        ("NSE_EQ", "NIFTYBEES"): "fund", ("NSE_EQ", "NHAI-N1"): "bond", ("NSE_EQ", "PENNY"): "share",
        ("BSE_EQ", "INFY"): "share", ("NSE_INDEX", "NIFTY 50"): "index", ("BSE_INDEX", "SENSEX"): "index",
        ("NSE_FO", "NIFTY FUT 23 NOV 26"): "future", ("NSE_FO", "NIFTY 24000 CE 23 NOV 26"): "option",
        ("NSE_FO", "NIFTY 24000 PE 23 NOV 26"): "option", ("NSE_FO", "INFY FUT 23 NOV 26"): "future",
        ("BSE_FO", "SENSEX FUT 26 NOV 26"): "future", ("NCD_FO", "USDINR FUT 26 NOV 26"): "future",
        ("MCX_FO", "CRUDEOIL FUT 18 DEC 26"): "future",
    } == {key: listing.kind for key, listing in found.items()}  # fmt: skip
    call = found["NSE_FO", "NIFTY 24000 CE 23 NOV 26"]
    assert (date(2026, 11, 23), 24_000.0, "CE", "NIFTY", "INDEX", 65, 1_800) == (
        call.expiry, call.strike, call.option_type, call.underlying, call.underlying_kind, call.lot,
        call.freeze_quantity,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("paise", "rupees"), [(5.0, 0.05), (10.0, 0.1), (1.0, 0.01), (0.25, 0.0025), (100.0, 1.0), (35, 0.35), (7.0, 0.07)]
)
def test_paise_become_exactly_the_rupees_one_would_write(read, paise, rupees):
    found, _ = read(cash("X", "INE009A01021", "X", tick=paise))
    assert rupees == found["NSE_EQ", "X"].tick


@pytest.mark.parametrize(
    ("isin", "series", "kind", "oriented"),
    [
        ("INE009A01021", "EQ", "share", True),
        ("IN9155A01020", "EQ", "share", True),
        ("INF204KB14I2", "EQ", "fund", None),
        ("INE906B07CB9", "N1", "bond", False),
        ("IN0020230010", "GS", "bond", False),
    ],
)
def test_what_pays_the_tax_of_shares_is_read_from_the_isin_and_unknown_for_funds(read, isin, series, kind, oriented):
    found, _ = read(cash("X", isin, "X", series=series))
    assert [(kind, oriented)] == [(listing.kind, listing.equity_oriented) for listing in found.values()]


def test_an_expiry_is_the_day_in_india(read):
    row = contract("NIFTY FUT", "1", "2026-11-23")
    early = {**row, "instrument_key": "NSE_FO|2", "expiry": expiry_ms("2026-11-22") + 1_000}  # 00:00:00 of the 23rd
    written = {**row, "instrument_key": "NSE_FO|3", "expiry": "2026-11-23"}
    done, refused = read(row, early, written)
    assert [] == refused
    assert {date(2026, 11, 23)} == {listing.expiry for listing in done.values()}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"tick_size": -1}, "tick -1 is not between 0 and 10,000,000"),
        ({"tick_size": "five"}, "tick 'five' is not a number"),
        ({"tick_size": True}, "tick True is not a number"),
        ({"tick_size": float("nan")}, "tick nan is not between"),
        ({"tick_size": float("inf")}, "tick inf is not between"),
        ({"lot_size": 0}, "lot 0 is not a whole number of at least 1"),
        ({"lot_size": 1.5}, "lot 1.5 is not a whole number"),
        ({"lot_size": 10**30}, "lot 1000000000000000000000000000000 is not between"),
        ({"isin": "INE00"}, "isin 'INE00' is not two letters"),
        ({"isin": 5}, "isin 5 is not a text"),
        ({"trading_symbol": ""}, "symbol is missing"),
        ({"trading_symbol": "  "}, "symbol is blank"),
        ({"trading_symbol": "A\x00B"}, "symbol 'A\\x00B' is not a printable text"),
        ({"trading_symbol": "\ud800"}, "symbol '\\ud800' is not a printable text"),
        ({"exchange": None}, "exchange is missing"),
        ({"instrument_key": None}, "instrument_key is missing"),
        ({"segment": []}, "segment is missing"),
        ({"segment": {"a": 1}}, "segment and instrument_key are not both texts"),
        ({"cas_eligible": "maybe"}, "closing_auction 'maybe' is neither true nor false"),
        ({"instrument_type": "FUT"}, "expiry is missing; a future needs one"),
        ({"instrument_type": "CE", "expiry": 1_795_000_000_000}, "an option needs a strike above 0"),
        ({"instrument_type": "FUT", "expiry": 1e300}, "is not milliseconds since 1970, before 2100"),
        ({"instrument_type": "FUT", "expiry": "soon"}, "expiry 'soon' is not a date such as 2026-11-24"),
    ],
)
def test_a_bad_row_is_named_with_its_reason_and_the_rest_is_taken(read, change, reason):
    found, (refused,) = read(ROWS[1], {**ROWS[0], **change})
    assert {("NSE_EQ", "M&M")} == set(found)
    assert 2 == refused.row
    assert reason in refused.reason


def test_a_key_that_comes_twice_counts_once(read):
    found, (refused,) = read(ROWS[0], {**ROWS[0], "trading_symbol": "OTHER"})
    assert {("NSE_EQ", "INFY")} == set(found)
    assert (2, "NSE_EQ|INE009A01021 is already on row 1") == (refused.row, refused.reason)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["FUT", "CE", "NSE_EQ"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A store for many examples."""
    with open_store(tmp_path_factory.mktemp("any") / "any.sqlite") as opened:
        yield opened


@given(st.sampled_from(ROWS), st.dictionaries(st.sampled_from(sorted({k for row in ROWS for k in row})), VALUES))
def test_any_value_in_any_field_is_a_named_refusal_or_an_instrument_that_can_be_stored(kept, row, changes):
    path = kept.path.with_name("any.json")
    path.write_bytes(json.dumps([{**row, **changes}]).encode())
    done = read_instruments(path)
    assert 1 == len(done.listings) + len(done.refused)
    assert all(refusal.reason for refusal in done.refused)
    with transaction(kept.connection):
        saved = listings.save(kept.connection, done.listings, FRIDAY)
        assert len(done.listings) == saved.new + saved.changed + saved.unchanged
        for listing in done.listings:
            assert listing.symbol in {
                known.listing.symbol for known in listings.find(kept.connection, listing.broker_key)
            }


@given(VALUES)
def test_any_row_is_a_named_refusal_or_an_instrument(tmp_path_factory, row):
    path = tmp_path_factory.getbasetemp() / "row.json"
    path.write_bytes(json.dumps([row]).encode())
    (refused,) = read_instruments(path).refused
    assert refused.reason


@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused_with_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.bin"
    path.write_bytes(content)
    with pytest.raises(DataError):
        read_instruments(path)


CELLS = st.text(max_size=12) | st.sampled_from(["NSE", "5", "0.05", "1e400", "-1", "2026-11-24", "CE", "yes", "nan"])


@given(st.lists(st.lists(CELLS, min_size=len(HEADINGS), max_size=len(HEADINGS)), max_size=3))
def test_any_cell_of_a_csv_is_a_named_refusal_or_an_instrument_that_can_be_stored(kept, rows):
    path = kept.path.with_name("any.csv")
    with path.open("w", encoding="utf-8", errors="ignore", newline="") as file:
        csv.writer(file).writerows([list(HEADINGS), *rows])
    done = read_instruments(path)
    assert done.rows == len(done.listings) + len(done.refused) <= len(rows)
    with transaction(kept.connection):
        saved = listings.save(kept.connection, done.listings, FRIDAY)
    assert len(done.listings) == saved.new + saved.changed + saved.unchanged


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"[]" * 1000, mtime=0)[:20], "damaged gz file"),
        (b"[1, 2", "no readable JSON"),
        (b"{}", "holds one JSON object"),
        (b"[" * 100_000, "no readable JSON"),
        (b"[" + b"9" * 5_000 + b"]", "no readable JSON"),
        (b"\xff\xfe\x00a", "neither JSON nor a CSV"),
        (b"", "has no column symbol"),
    ],
    ids=["half a gz", "half a list", "an object", "too deep", "too long a number", "UTF-16", "nothing"],
)
def test_a_file_that_is_no_list_is_refused_whole(tmp_path, content, message):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_instruments(path)


def test_a_plain_csv_is_read_by_its_headings_in_rupees(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "Symbol,Exchange,Series,ISIN,Tick Size,Lot,equity_oriented,closing-auction,Colour\n"
        "GOLDBEES,NSE,EQ,INF204KB17I5,0.01,1,no,,blue\n"
        "M&M,NSE,EQ,INE101A01026,0.10,1,,yes,red\n"
        "BAD,NSE,EQ,INE101A01026,ten,1,,,\n"
        "LONG,NSE,EQ,,0.05,1,,,red,more\n"
        "\n"
    )
    done = read_instruments(path)
    assert (("Colour",), "CSV", 4) == (done.ignored, done.format, done.rows)
    assert [
        ("GOLDBEES", "fund", 0.01, False, None), ("M&M", "share", 0.1, True, True),
    ] == [(x.symbol, x.kind, x.tick, x.equity_oriented, x.closing_auction) for x in done.listings]  # fmt: skip
    assert [
        (4, "BAD", "tick 'ten' is not a number"), (5, "LONG", "10 values stand under 9 headings"),
    ] == [tuple(refusal) for refusal in done.refused]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("symbol,exchange,lot_sise", "heading 'lot_sise' is unknown; did you mean 'lot_size'\\?"),
        ("symbol,exchnge", "did you mean 'exchange'"),
        ("symbol,lot", r"no column exchange \(or say --exchange NSE\)"),
        ("exchange,lot", "no column symbol; it has exchange, lot; known headings are symbol, exchange"),
        ("symbol,ticker,exchange", "two columns for symbol; the second is 'ticker'"),
    ],
)
def test_an_unknown_heading_is_answered_with_the_nearest(tmp_path, head, message):
    path = tmp_path / "mine.csv"
    path.write_text(head + "\n")
    with pytest.raises(DataError, match=message):
        read_instruments(path)


def test_a_csv_adds_to_an_instrument_that_the_broker_lists(keep, store, tmp_path):
    keep(ROWS)
    path = tmp_path / "mine.csv"
    path.write_text("symbol,exchange,equity_oriented\nNIFTYBEES,NSE,yes\n")
    with transaction(store.connection):
        saved = listings.save(store.connection, read_instruments(path).listings, FRIDAY)
    assert (0, 1, 0, []) == (saved.new, saved.changed, saved.unchanged, saved.changes)
    (known,) = listings.find(store.connection, "NSE:NIFTYBEES")
    assert ("NSE_EQ|INF204KB14I2", "fund", 0.01, True) == (
        known.listing.broker_key, known.listing.kind, known.listing.tick, known.listing.equity_oriented,
    )  # fmt: skip


def test_a_later_list_changes_what_it_newly_says_and_every_change_has_its_day(keep, store):
    first = keep(ROWS)
    assert (16, 0, 0, []) == (first.new, first.changed, first.unchanged, first.changes)
    again = keep(ROWS)
    assert (0, 0, 16, []) == (again.new, again.changed, again.unchanged, again.changes)
    later = [
        {**ROWS[0], "tick_size": 50.0, "name": None},
        {**ROWS[9], "lot_size": 75},
        index("Nifty Bank", "BANKNIFTY"),
    ]
    saved = keep(later, SATURDAY)
    assert (1, 2, 0) == (saved.new, saved.changed, saved.unchanged)
    assert [
        ("NSE_EQ|INE009A01021", "INFY", "NSE", "tick", "0.1", "0.5"),
        ("NSE_FO|54452", "NIFTY FUT 23 NOV 26", "NSE", "lot", "65", "75"),
    ] == [tuple(change) for change in saved.changes]
    (known,) = listings.find(store.connection, "NSE:INFY")
    assert ("INFOSYS LIMITED", 0.5, SATURDAY) == (known.listing.name, known.listing.tick, known.listed_on)
    assert [("2026-11-21", "tick", "0.1", "0.5")] == listings.changes(store.connection, known)


def test_a_list_older_than_what_is_known_is_refused(keep):
    keep(ROWS, SATURDAY)
    with pytest.raises(DataError, match="known from a list of 2026-11-21, and this one is said to be of 2026-11-20"):
        keep(ROWS, FRIDAY)


def test_a_token_that_was_given_to_another_contract_forgets_the_old_one(keep, store):
    keep([contract("NIFTY 24000 CE", "1", "2026-11-23", kind="CE", strike=24_000.0)])
    keep([contract("INFY FUT", "1", "2026-12-29", lot=400, of=("INFY", "EQUITY"))], SATURDAY)
    (known,) = listings.find(store.connection, "NSE_FO|1")
    assert ("INFY FUT", "future", None, None, 400) == (
        known.listing.symbol, known.listing.kind, known.listing.strike, known.listing.option_type, known.listing.lot,
    )  # fmt: skip
    with pytest.raises(DataError):
        listings.find(store.connection, "NIFTY 24000 CE")


@pytest.mark.parametrize("symbol", ["M&M", "BAJAJ-AUTO", "INFY"])
def test_stored_prices_keep_their_bars_and_get_tick_and_lot(keep, store, symbol):
    bars = daily(Instrument(symbol, "NSE", timezone="Asia/Kolkata"))
    store.save_bars(bars)
    assert (0.0, 1) == store.load_bars(f"NSE:{symbol}").instrument[2:4]
    assert [f"NSE:{symbol}"] == keep(ROWS).series
    after = store.load_bars(f"NSE:{symbol}")
    assert np.array_equal(bars.close, after.close)
    tick = {"BAJAJ-AUTO": 0.5}.get(symbol, 0.1)
    assert (
        Instrument(symbol, "NSE", tick, 1, "Asia/Kolkata", "share", "", "cas", "EQ", equity_oriented=True)
        == after.instrument
    )
    assert [] == keep(ROWS, SATURDAY).series


def test_prices_that_come_after_the_list_get_tick_and_lot_too(keep, store):
    keep(ROWS)
    store.save_bars(daily(Instrument("NIFTY FUT 23 NOV 26", "NSE")))
    contract = (0.1, 65, "Asia/Kolkata", "index_future", "2026-11-23", "fno")
    assert contract == store.load_bars("NIFTY FUT 23 NOV 26").instrument[2:8]
    store.save_bars(daily(Instrument("INFY", "NSE", tick=0.05)))
    assert 0.05 == store.load_bars("INFY").instrument.tick  # what was said with the prices


def test_prices_of_no_exchange_and_of_unlisted_names_stay_as_they_were(keep, store):
    store.save_bars(daily(Instrument("INFY")))
    store.save_bars(daily(Instrument("OTHER", "NSE")))
    assert [] == keep(ROWS).series
    assert Instrument("INFY") == store.load_bars("INFY").instrument


def test_searching_finds_symbol_name_and_isin_the_likeliest_first(keep, store):
    keep(ROWS)

    def found(text, segment=None):
        return [str(known.listing) for known in listings.search(store.connection, text, segment)]

    assert ["BSE:INFY", "NSE:INFY", "NSE:INFY FUT 23 NOV 26"] == found("infy")
    assert ["NSE:INFY"] == found("INFY", "NSE_EQ")
    assert ["NSE:M&M"] == found("mahindra")
    assert ["NSE:M&M"] == found("M&M")
    assert ["NSE:BAJAJ-AUTO"] == found("INE917I01010")
    assert ["NSE:INFY", "NSE:INFY FUT 23 NOV 26"] == found("NSE:infy")
    assert "NSE:NIFTY 50" == found("nifty 50")[0]
    assert [] == found("100%'; DROP TABLE instruments; --")


def test_what_is_not_listed_is_answered_with_the_nearest(keep, store):
    with pytest.raises(DataError, match="no list was imported; tulya instruments import FILE"):
        listings.find(store.connection, "INFY")
    keep(ROWS)
    with pytest.raises(DataError, match="no instrument 'BAJAJ-AUTP' in the lists; the nearest: BAJAJ-AUTO"):
        listings.find(store.connection, "BAJAJ-AUTP")


def test_a_hundred_thousand_rows_are_read_and_kept(tmp_path):
    path = write(tmp_path / "complete.json.gz", many(100_000))
    done = read_instruments(path)
    with open_store(tmp_path / "market.sqlite") as store, transaction(store.connection):
        saved = listings.save(store.connection, done.listings, FRIDAY)
    assert (100_000, 0) == (saved.new, len(done.refused))
