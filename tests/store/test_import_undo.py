"""Imports taken back: the store is as it was before, to the bit; deletions, renames and merges the same way."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.errors import DataError
from framework.store import open_store
from framework.store.importing import ImportOptions, import_files

HEADING = "Date,Open,High,Low,Close,Volume\n"
FIRST = HEADING + "2024-01-02,10,11,9,10,5\n2024-01-03,10,11,9,10.5,5\n"
SECOND = HEADING + "2024-01-03,10,11,9,10.6,7\n2024-01-04,11,12,10,11,5\n"
BARS = (
    "SELECT symbol, exchange, timeframe, timestamp, open, high, low, close, volume FROM ohlc_data ORDER BY 1, 2, 3, 4"
)
FACTS = (
    "SELECT symbol, exchange, name, isin, tick_size, lot_size, timezone FROM instruments ORDER BY 1, 2",
    "SELECT symbol, exchange, timestamp, kind, factor, terms, dividend FROM corporate_actions ORDER BY 1, 2, 3, 4",
    "SELECT exchange, timestamp, kind, windows, evidence, note FROM trading_sessions ORDER BY 1, 2",
    "SELECT symbol, exchange, timeframe, kind, reason FROM data_issues ORDER BY 1, 2, 3, 4, 5",
)


@pytest.fixture
def state(rows):
    """Every bar and fact that a user can see, as plain rows."""
    return lambda: [rows(query) for query in (BARS, *FACTS)]


def undo(store, import_id):
    return store.carry_out(store.planned_undo(str(import_id)))


def test_bars_that_an_import_brought_go_and_those_it_replaced_have_their_old_values(take, store, rows):
    take("a.csv", FIRST, symbol="A")
    second = take("b.csv", SECOND, symbol="A", replace=True)
    assert [10.0, 10.6, 11.0] == [row[7] for row in rows(BARS)]
    plan = store.planned_undo(str(second.import_id))
    assert [(1, 1, 0, 2)] == [(one.removed, one.restored, one.added, one.left) for one in plan.effects]
    store.carry_out(plan)
    assert [(10.0, 5.0), (10.5, 5.0)] == [(row[7], row[8]) for row in rows(BARS)]


def test_a_plan_changes_nothing(take, store, state):
    take("a.csv", FIRST, symbol="A")
    before = state()
    store.planned_undo("1")
    store.planned_deletion("A")
    store.planned_renaming("A", "NSE:A")
    assert before == state()


def test_the_first_import_is_taken_back_after_the_second_and_not_before(take, store, state):
    empty = state()
    first, second = take("a.csv", FIRST, symbol="A"), take("b.csv", SECOND, symbol="A", replace=True)
    with pytest.raises(DataError, match=r"import 2 \(b.csv\) changed the same 1d bars of A afterwards.*data undo 2"):
        store.planned_undo(str(first.import_id))
    undo(store, second.import_id)
    undo(store, first.import_id)
    assert empty == state()


def test_an_undo_is_undone_in_its_turn(take, store, state):
    take("a.csv", FIRST, symbol="A")
    take("b.csv", SECOND, symbol="A", replace=True)
    full = state()
    third, fourth = undo(store, 2), undo(store, 1)
    with pytest.raises(DataError, match=r"import 4 .* changed the same"):
        store.planned_undo(str(third))
    undo(store, fourth)
    undo(store, third)
    assert full == state()


def test_what_is_taken_back_is_not_taken_back_twice(take, store):
    take("a.csv", FIRST, symbol="A")
    undo(store, "last")
    with pytest.raises(DataError, match=r"taken back already, by import 2; tulya data undo 2 puts it into force again"):
        store.planned_undo("1")
    with pytest.raises(DataError, match="no import that could be taken back"):
        store.planned_undo("last")
    with pytest.raises(DataError, match=r"no import '99'; the latest: 2, 1"):
        store.planned_undo("99")


def test_a_wrong_time_zone_is_forgotten_with_the_import(take, store, rows):
    minutes = "timestamp,open,high,low,close\n" + "".join(f"2024-01-02 09:{m},1,1,1,1\n" for m in (15, 20, 25, 30))
    take("m.csv", minutes, symbol="M", timezone="America/New_York")
    undo(store, "last")
    summary = take("m.csv", minutes, symbol="M", timezone="Asia/Kolkata")
    assert ("Asia/Kolkata", 4) == (summary.timezone, summary.new)
    assert [("Asia/Kolkata",)] == rows("SELECT timezone FROM instruments")


def test_lists_of_actions_and_sessions_are_taken_back_with_what_they_changed(take, store, state):
    take("one.csv", "symbol,ex_date,factor,kind\nA,2024-01-03,2,split\n")
    before = state()
    take("two.csv", "symbol,ex_date,factor,kind\nA,2024-01-03,3,split\nA,2024-05-02,5,bonus\n")
    take("nse_days.csv", "date,kind\n2024-01-02,regular\n2024-01-03,muhurat\n")
    assert before != state()
    undo(store, 3)
    undo(store, 2)
    assert before == state()


def test_a_list_that_a_later_one_changed_waits_for_it(take, store):
    take("one.csv", "symbol,ex_date,factor,kind\nA,2024-01-03,2,split\n")
    take("two.csv", "symbol,ex_date,factor,kind\nA,2024-01-03,3,split\n")
    with pytest.raises(DataError, match=r"import 2 \(two.csv\) changed the same corporate actions of A"):
        store.planned_undo("1")


def test_an_undo_takes_all_of_an_import_or_nothing(take, store, state):
    take("a.csv", FIRST, symbol="A")
    plan = store.planned_undo("1")
    before = state()
    store.connection.execute(
        "CREATE TRIGGER stuck BEFORE DELETE ON ohlc_data WHEN OLD.timestamp = 1704240000 "
        "BEGIN SELECT RAISE(ABORT, 'stuck'); END"
    )
    with pytest.raises(sqlite3.Error, match="stuck"):
        store.carry_out(plan)
    assert before == state()
    assert [1] == [row.import_id for row in store.imports()]


def test_a_plan_is_not_carried_out_on_other_bars_than_were_shown(take, store, state):
    take("a.csv", FIRST, symbol="A")
    plan = store.planned_deletion("A")
    take("b.csv", SECOND, symbol="A")
    before = state()
    with pytest.raises(DataError, match="another program changed these bars meanwhile; nothing was done"):
        store.carry_out(plan)
    assert before == state()


def test_snapshots_follow_what_is_taken_back(tmp_path):
    path = tmp_path / "days.csv"
    days = np.arange("1980-01-01", "2015-01-01", dtype="datetime64[D]")
    path.write_text(HEADING + "".join(f"{day},10,11,9,10,5\n" for day in days))
    with open_store(tmp_path / "large.sqlite") as store:
        import_files(store, [path], ImportOptions(symbol="A"))
        assert 12_784 == len(store.load_bars("A"))
        (tmp_path / "b.csv").write_text(SECOND)
        import_files(store, [tmp_path / "b.csv"], ImportOptions(symbol="A"))
        assert 12_786 == len(store.load_bars("A"))
        undo(store, "last")
        assert 12_784 == len(store.load_bars("A"))


def test_a_symbol_is_deleted_by_timeframe_by_import_and_whole(take, store, rows, state):
    minutes = "timestamp,open,high,low,close\n" + "".join(f"2024-01-02 09:{m},1,1,1,1\n" for m in (15, 20, 25, 30))
    take("a.csv", FIRST, symbol="A")
    take("m.csv", minutes, symbol="A")
    take("b.csv", SECOND, symbol="A", replace=True)
    whole = state()
    store.carry_out(store.planned_deletion("A", "5m"))
    assert ["1d"] * 3 == [row[2] for row in rows(BARS)]
    store.carry_out(store.planned_deletion("A", None, "3"))
    assert [10.0, 10.5] == [row[7] for row in rows(BARS)]
    number = store.carry_out(store.planned_deletion("A"))
    assert [[]] * 2 == state()[:2]
    for back in (number, number - 1, number - 2):
        undo(store, back)
    assert whole[:2] == state()[:2]


def test_what_an_import_did_not_touch_is_not_deleted_by_its_number(take, store):
    take("a.csv", FIRST, symbol="A")
    take("b.csv", SECOND, symbol="B")
    with pytest.raises(DataError, match=r"import 2 moved no bars of A; tulya data imports A lists those that did"):
        store.planned_deletion("A", None, "2")
    with pytest.raises(DataError, match="A has no 5m bars; it has 1d"):
        store.planned_deletion("A", "5m")


def test_a_renamed_symbol_takes_everything_along_and_back(take, store, state):
    take("a.csv", FIRST + "2024-01-05,1,2,3,4,5\n", symbol="OLD", exchange="NSE", timezone="Asia/Kolkata")
    take("one.csv", "symbol,exchange,ex_date,factor,kind\nOLD,NSE,2024-01-03,2,split\n")
    before = state()
    number = store.carry_out(store.planned_renaming("OLD", "NEW"))
    assert ["NSE:NEW"] == [f"{info.exchange}:{info.symbol}" for info in store.series()]
    assert ["NEW"] == [action.symbol for action in store.corporate_actions("NEW")]
    assert {"bad_range"} == {issue.kind for issue in store.issues(["NEW"]) if issue.line}
    assert "Asia/Kolkata" == store.instrument("NEW").timezone
    undo(store, number)
    assert before == state()


def test_an_import_is_taken_back_under_the_name_that_its_symbol_has_now(take, store, rows):
    take("a.csv", FIRST, symbol="A")
    take("b.csv", SECOND, symbol="A", replace=True)
    store.carry_out(store.planned_renaming("A", "NSE:B"))
    assert [("B", "NSE")] * 2 == [row.series[0].key[:2] for row in store.imports("B")]
    undo(store, 2)
    assert [("B", "NSE", 10.0), ("B", "NSE", 10.5)] == [(*row[:2], row[7]) for row in rows(BARS)]


def test_a_rename_to_a_name_in_use_or_an_unknown_exchange_is_refused_with_the_way_out(take, store):
    take("a.csv", FIRST, symbol="A")
    take("b.csv", SECOND, symbol="A", exchange="NSE")
    with pytest.raises(DataError, match=r"NSE:A has bars of its own; tulya data merge :A NSE:A puts the two together"):
        store.planned_renaming(":A", "NSE:A")
    with pytest.raises(DataError, match=r"exchange 'NES' is unknown; the nearest: NSE.*--new-exchange"):
        store.planned_renaming(":A", "NES:A")
    assert ("A", "NES") == store.planned_renaming(":A", "NES:A", new_exchange=True).work.names[1]
    with pytest.raises(DataError, match="character 2 is a control character"):
        store.planned_renaming(":A", "B\x1b[2J")


def test_one_share_under_two_names_becomes_one_and_two_again(take, store, rows, state):
    take("a.csv", FIRST, symbol="INFY")
    take("b.csv", SECOND, symbol="INFY", exchange="NSE")
    before = state()
    plan = store.planned_merge(":INFY", "NSE:INFY")
    assert ("1 1d bars differ: those of NSE:INFY are taken",) == plan.work.remarks
    number = store.carry_out(plan)
    assert [("NSE", 10.0), ("NSE", 10.6), ("NSE", 11.0)] == [(row[1], row[7]) for row in rows(BARS)]
    undo(store, number)
    assert before == state()
    store.carry_out(store.planned_merge(":INFY", "NSE:INFY", replace=True))
    assert [10.0, 10.5, 11.0] == [row[7] for row in rows(BARS)]


def test_two_copies_of_one_share_in_two_zones_are_not_merged(take, store):
    def minutes(zone, exchange):
        text = "timestamp,open,high,low,close\n" + "".join(f"2024-01-02 09:{m},1,1,1,1\n" for m in (15, 20, 25, 30))
        take("m.csv", text, symbol="A", timezone=zone, exchange=exchange)

    minutes("Asia/Kolkata", "NSE")
    minutes("UTC", "BSE")
    with pytest.raises(DataError, match=r"BSE:A is stored in UTC and NSE:A in Asia/Kolkata: one of them was imported"):
        store.planned_merge("BSE:A", "NSE:A")


def test_an_import_from_before_the_record_says_so(take, store):
    take("a.csv", FIRST, symbol="A")
    store.connection.execute("UPDATE data_imports SET recorded = 0")
    with pytest.raises(DataError, match=r"older than the record of what imports bring.*tulya data delete SYMBOL"):
        store.planned_undo("1")


def test_bars_saved_from_python_are_an_import_too(take, store, state):
    take("a.csv", FIRST, symbol="A")
    before = state()
    bars = store.load_bars("A")
    store.save_bars(
        type(bars).from_arrays(
            bars.instrument, "1d", bars.time, bars.open, bars.high, bars.low, np.array([9.5, 9.5]), bars.volume
        ),
        replace=True,
    )
    assert before != state()
    undo(store, "last")
    assert before == state()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.dictionaries(*[st.integers(0, 30), st.integers(1, 4)], min_size=1), st.booleans()), max_size=5
    )
)
def test_any_imports_taken_back_in_reverse_leave_every_state_that_was(tmp_path_factory, imports):
    folder = tmp_path_factory.mktemp("undo")
    with open_store(folder / "m.sqlite") as store:
        states, numbers = [], []
        for index, (bars, replace) in enumerate(imports):
            states.append(store.connection.execute(BARS).fetchall())
            text = HEADING + "".join(
                f"2024-01-{day + 1:02d},{price},{price},{price},{price},{index}\n" for day, price in bars.items()
            )
            (folder / "f.csv").write_text(text)
            (summary,) = import_files(
                store, [folder / "f.csv"], ImportOptions(symbol="A", timeframe="1d", replace=replace)
            )
            numbers.append(summary.import_id)
        for before, number in zip(reversed(states), reversed(numbers), strict=True):
            undo(store, number)
            assert before == store.connection.execute(BARS).fetchall()
