"""The price grid and lots by date: both sides of every boundary, worked by hand from the exchanges' rules."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import ConfigError, DataError
from framework.market import tables
from framework.market.lots import LotTable, freeze_of, lot_of
from framework.market.ticks import TickTable, slab_of, tick_of, tick_table


@pytest.mark.parametrize(
    ("price", "on", "kind", "tick"),
    [
        (100, "2024-06-09", "share", 0.05),
        (100, "2024-06-10", "share", 0.01),
        (249.99, "2024-06-10", "share", 0.01),
        (250, "2024-06-10", "share", 0.05),
        (30_000, "2025-04-14", "share", 0.05),
        (30_000, "2025-04-15", "share", 5.0),
        (249.99, "2025-04-15", "share", 0.01),
        (250, "2025-04-15", "share", 0.05),
        (1_000, "2025-04-15", "share", 0.05),
        (1_000.05, "2025-04-15", "share", 0.10),
        (5_000, "2026-11-22", "share", 0.10),
        (5_000.1, "2026-11-22", "share", 0.50),
        (10_000, "2026-11-22", "share", 0.50),
        (10_000.5, "2026-11-22", "share", 1.0),
        (20_000, "2026-11-22", "share", 1.0),
        (20_001, "2026-11-22", "share", 5.0),
        (100, "2000-01-03", "share", 0.05),
        (100, "2024-06-10", "fund", 0.05),
        (2_000, "2025-04-14", "share_future", 0.05),
        (2_000, "2025-04-15", "share_future", 0.10),
        (15_000, "2025-04-15", "index_future", 0.05),
        (15_000.05, "2025-04-15", "index_future", 0.10),
        (30_000, "2025-04-15", "index_future", 0.10),
        (30_000.1, "2025-04-15", "index_future", 0.20),
        (50_000, "2025-04-14", "index_future", 0.05),
        (200, "2025-11-02", "share_option", 0.05),
        (200, "2025-11-03", "share_option", 0.01),
        (250, "2025-11-03", "share_option", 0.05),
        (24_000, "2026-11-22", "index_option", 0.05),
    ],
)
def test_the_tick_follows_kind_date_and_price(price, on, kind, tick):
    assert tick == tick_of(price, date.fromisoformat(on), kind)


@given(
    st.floats(min_value=0.01, max_value=1e7),
    st.floats(min_value=0.01, max_value=1e7),
    st.dates(date(1995, 1, 1), date(2100, 1, 1)),
    st.sampled_from(tick_table().kinds),
)
def test_every_price_and_day_has_a_tick_and_a_dearer_one_has_no_finer(one, other, on, kind):
    low, high = sorted((one, other))
    assert 0 < tick_of(low, on, kind) <= tick_of(high, on, kind)


@pytest.mark.parametrize("price", [math.nan, math.inf, -math.inf, 0, -1])
def test_what_is_no_price_has_no_tick(price):
    with pytest.raises(DataError, match="is no price"):
        tick_of(price, date(2026, 1, 1))


def test_a_kind_without_ticks_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match="no tick 'bond'; there are share, fund, share_future"):
        tick_of(100, date(2026, 1, 1), "bond")


def test_the_slab_says_in_words_where_it_ends():
    assert ["below 250", "up to 1,000", "above"] == [
        str(slab_of(price, date(2026, 1, 1), "share")) for price in (1, 500, 90_000)
    ]


def row(first, last, **more):
    return {"kind": "share", "of": "share", "valid_from": first, "valid_to": last, "slabs": [{"tick": 0.05}],
            "source": "test", **more}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(None, date(2020, 1, 1)), row(date(2020, 1, 1), None)], "ticks of share: the rows … to 2020-01-01 and"),
        ([row(None, None), row(date(2020, 1, 1), None)], "overlap"),
        ([row(None, date(2020, 1, 1)), row(date(2020, 1, 3), None)], "there is none; fill the gap"),
        ([row(date(2020, 1, 2), date(2020, 1, 1))], "ends before it begins"),
        ([row(None, None, slabs=[{"below": 5, "tick": 1}])], "only the last has no bound"),
        ([row(None, None, slabs=[{"tick": 1}, {"tick": 2}])], "slabs must ascend"),
        ([row(None, None, slabs=[{"below": 1, "up_to": 2, "tick": 1}, {"tick": 2}])], "not both"),
        ([row(None, None, slabs=[{"tick": 0}])], "greater than 0"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused_by_its_rows(rows, message):
    with pytest.raises((ConfigError, ValueError), match=message):
        TickTable.model_validate({"rows": rows})


def test_a_table_in_the_users_folder_goes_first_and_an_edit_is_seen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert 0.05 == tick_of(500, date(2026, 1, 1))
    own = tmp_path / "config" / "market" / "ticks.yaml"
    own.parent.mkdir(parents=True)
    text = "rows: [{kind: share, of: share, valid_from: null, valid_to: null, slabs: [{tick: 0.25}], source: mine}]"
    own.write_text(text)
    assert 0.25 == tick_of(500, date(2026, 1, 1))
    own.write_text(text.replace("0.25", "0.5"))
    assert 0.5 == tick_of(500, date(2026, 1, 1))
    own.write_text("rows: [")
    with pytest.raises(ConfigError, match=r"config/market/ticks\.yaml cannot be read"):
        tick_of(500, date(2026, 1, 1))


def test_the_shipped_tables_are_found_from_the_package():
    assert (tables.SHIPPED / "market" / "ticks.yaml").is_file()


@pytest.mark.parametrize(
    ("symbol", "listed", "lot"),
    [
        ("NIFTY", "2019-06-03", 75),
        ("NIFTY", "2021-01-01", 50),
        ("NIFTY", "2024-03-31", 50),
        ("NIFTY", "2024-04-01", 25),
        ("NIFTY", "2024-10-31", 25),
        ("NIFTY", "2024-11-01", 75),
        ("NIFTY", "2025-12-31", 75),
        ("NIFTY", "2026-01-01", 65),
        ("BANKNIFTY", "2026-01-01", 30),
        ("BANKNIFTY", "2020-01-01", None),
        ("FINNIFTY", "2026-06-01", 60),
        ("MIDCPNIFTY", "2026-06-01", 120),
        ("SENSEX", "2024-12-31", 10),
        ("SENSEX", "2025-01-01", 20),
        ("RELIANCE", "2026-01-01", None),
    ],
)
def test_the_lot_of_an_index_contract_by_the_day_it_was_listed(symbol, listed, lot):
    assert lot == lot_of(symbol, date.fromisoformat(listed))


def test_the_freeze_quantity_is_known_from_its_day_on():
    assert [None, 1800] == [freeze_of("NIFTY", day) for day in (date(2026, 8, 2), date(2026, 8, 3))]


def test_two_lots_on_one_day_are_refused():
    lot = {"symbol": "X", "valid_from": None, "valid_to": None, "lot": 5, "source": "test"}
    with pytest.raises(ConfigError, match="lots of X: the rows … to … and … to … overlap"):
        LotTable.model_validate({"lots": [lot, lot]})
