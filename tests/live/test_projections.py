"""Tables that follow from an account's journal: what a person works out of the day, whole or not at all."""

import math
import sqlite3

import pytest

from framework.cli.journal_rebuild import ledger_of
from framework.cli.run import trade_recorded
from framework.errors import DataError
from framework.journal.account_entries import ExternalFill, RunnerState, StateChanged
from framework.live.ledger import AccountLedger, Noted
from framework.live.projections import external_positions, external_rows, projections
from framework.live.state_rows import breaker_rows
from framework.store import open_store
from framework.store.account_files import journal_path
from framework.store.account_rows import TABLES
from framework.store.records import Owner
from framework.types import TradingState
from framework.types.breaker import BreakerCause
from tests.live.hand_day import SYMBOL, store_hand_day, write_hand_deployment
from tests.live.market import DAYS, SYMBOLS, fill_store, write_deployment

FASTEST = float("inf")
OPEN_NS = 1_420_429_500_000_000_000
"""2015-01-05 09:15 in India."""
MINUTE_NS = 60_000_000_000


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def traded(deployment, db, days=(DAYS[0], DAYS[0])):
    """The account's tables after a replay of these days."""
    trade_recorded(deployment, db, days, FASTEST)
    return projections(ledger_of(journal_path(db, deployment.account), deployment.account))


@pytest.fixture
def hand(folder):
    return traded(write_hand_deployment(folder), store_hand_day(folder / "market.sqlite"))


def test_orders_and_executions_are_those_worked_out_by_hand(hand):
    bought, sold = hand["paper_orders"]
    assert ("BUY", 10, 10, "filled", 10, "MARKET", SYMBOL) == (
        bought.side, bought.requested, bought.quantity, bought.state, bought.filled, bought.order_type, bought.symbol
    )  # fmt: skip
    assert OPEN_NS + 2 * MINUTE_NS == bought.decided_ns == bought.sent_ns
    assert OPEN_NS + 5 * MINUTE_NS == sold.decided_ns
    first, second = hand["paper_executions"]
    assert ("BUY", 10, 101.0, 101_000, 101, 0, 10) == (
        first.side, first.quantity, first.price, first.value_paise, first.charges_paise, first.gross_paise,
        first.position,
    )  # fmt: skip
    assert ("SELL", 10, 104.0, 104_000, 104, 3_000, 0) == (
        second.side, second.quantity, second.price, second.value_paise, second.charges_paise, second.gross_paise,
        second.position,
    )  # fmt: skip
    assert [OPEN_NS + 2 * MINUTE_NS, OPEN_NS + 5 * MINUTE_NS] == [first.time_ns, second.time_ns]


def test_the_round_trip_the_day_and_the_month_have_the_profit_worked_out_by_hand(hand):
    (trip,) = hand["trade_journal"]
    assert ("long", 10, 101.0, 104.0, 3_000, 205, 2_795) == (
        trip.side, trip.quantity, trip.entry_price, trip.exit_price, trip.gross_paise, trip.charges_paise,
        trip.net_paise,
    )  # fmt: skip
    own, account = sorted(hand["daily_performance"], key=lambda row: row.session_name == "")
    for row in (own, account):
        assert ("2015-01-05", 2, 2, 1, 1, 3_000, 205, 2_795) == (
            row.day, row.orders, row.fills, row.trips, row.wins, row.gross_paise, row.charges_paise, row.net_paise
        )  # fmt: skip
        assert (10_000_000, 10_002_795) == (row.begins_paise, row.equity_paise)
        assert (0.0, 375) == (row.order_to_trade, row.rows_decided)
    month = next(row for row in hand["monthly_performance"] if not row.session_name)
    assert ("2015-01", 1, 2_795) == (month.month, month.days, month.net_paise)
    (risk,) = hand["risk_metrics"]
    assert ("2015-01-05", 10_002_795, 0, 2_795, 0, "active") == (
        risk.session, risk.equity_paise, risk.exposure_paise, risk.daily_pnl_paise, risk.drawdown_paise, risk.state
    )  # fmt: skip


def test_requests_of_on_bar_are_signals_and_the_last_bar_is_the_quote(hand):
    buy, sell = hand["trading_signals"]
    assert [("order", 10, OPEN_NS + MINUTE_NS), ("order", -10, OPEN_NS + 4 * MINUTE_NS)] == [
        (one.kind, one.quantity, one.bar_ns) for one in (buy, sell)
    ]
    (quote,) = hand["market_quotes"]
    assert (SYMBOL, 105.0, 105.0, OPEN_NS + 374 * MINUTE_NS) == (quote.symbol, quote.close, quote.open, quote.bar_ns)
    assert [] == hand["paper_positions"]


def test_a_position_that_is_held_stands_at_its_last_close(folder):
    strategy = write_hand_deployment(folder)
    (folder / "scripted.py").write_text((folder / "scripted.py").read_text().replace("n == 5", "n == 999"))
    (held,) = traded(strategy, store_hand_day(folder / "market.sqlite"))["paper_positions"]
    assert (SYMBOL, 10, 101.0, 105.0, 101_000, 105_000, 4_000) == (
        held.symbol, held.quantity, held.average_price, held.last_price, held.cost_paise, held.value_paise,
        held.unrealised_paise,
    )  # fmt: skip


def test_a_loss_on_the_second_day_is_that_days_and_the_month_has_both(folder):
    db = store_hand_day(folder / "market.sqlite", DAYS[:2])
    deployment = write_hand_deployment(folder)
    script = (folder / "scripted.py").read_text()
    (folder / "scripted.py").write_text(script.replace("n == 5", "n == 376"))  # sold at the second day's open of 100
    rows = traded(deployment, db, DAYS[:2])
    first, second = [row for row in rows["daily_performance"] if not row.session_name]
    assert (3_899, 10_003_899) == (first.net_paise, first.equity_paise)  # 10 × 4 rupees up, 1.01 rupee of charges
    assert second.begins_paise == first.equity_paise
    (month,) = [row for row in rows["monthly_performance"] if not row.session_name]
    assert (2, second.equity_paise, first.net_paise + second.net_paise) == (
        month.days, month.equity_paise, month.net_paise
    )  # fmt: skip


def write_tables(db, rows, account="paper"):
    with open_store(db) as store:
        return store.rebuild_account(account, rows)


def read_tables(db, account="paper"):
    with open_store(db) as store:
        return {table: store.account_rows(table, account) for table in TABLES}


def test_tables_written_twice_have_the_same_rows_with_the_same_stamps(folder):
    db = fill_store(folder / "market.sqlite")
    settings = {"stop_loss": "1%", "charges": "percent:0.05"}
    rows = traded(write_deployment(folder / "deployments", ("one", "rsi", SYMBOLS, "1m", settings)), db)
    assert rows["stop_loss_orders"]
    write_tables(db, rows)
    connection = sqlite3.connect(db)
    connection.execute("UPDATE paper_orders SET created_at = 1, updated_at = 2")
    connection.commit()
    written = read_tables(db)
    again = write_tables(db, rows)
    assert written == read_tables(db)
    assert {table: sorted(map(repr, rows[table])) for table in TABLES} == {
        table: sorted(map(repr, written[table])) for table in TABLES
    }
    assert {(0, 0)} == {(change.added, change.removed) for change in again.values()}
    assert [(1, 2)] == connection.execute("SELECT DISTINCT created_at, updated_at FROM paper_orders").fetchall()


def test_what_the_journal_does_not_tell_is_taken_away_and_a_persons_event_stays(folder, hand):
    db = folder / "market.sqlite"
    write_tables(db, hand)
    connection = sqlite3.connect(db)
    connection.execute(
        "INSERT INTO circuit_breaker_events "
        "(account, time_ns, state_before, state_after, cause, value, bound, who, why) "
        "VALUES ('paper', 1, 'active', 'halted', 'command', 0, 0, 'me', 'holiday')"
    )
    connection.execute("UPDATE paper_orders SET quantity = 7 WHERE order_id = 1")
    connection.execute("DELETE FROM daily_performance")
    connection.commit()
    changes = write_tables(db, hand)
    assert (2, 1, 1) == changes["paper_orders"]
    assert (2, 2, 0) == changes["daily_performance"]
    kept = "SELECT account, why FROM circuit_breaker_events"
    assert [("paper", "holiday")] == connection.execute(kept).fetchall()


def test_one_row_that_a_table_refuses_leaves_every_table_as_it_was(folder, hand):
    db = folder / "market.sqlite"
    write_tables(db, hand)
    before = read_tables(db)
    wrong = hand["market_quotes"][0]._replace(close=-1.0)
    with pytest.raises(DataError, match="no table of it was changed"):
        write_tables(db, {**hand, "paper_orders": [], "market_quotes": [wrong]})
    assert before == read_tables(db)


def test_two_accounts_do_not_touch_each_other(folder, hand):
    db = folder / "market.sqlite"
    write_tables(db, hand)
    write_tables(db, hand, "other")
    before = read_tables(db)
    write_tables(db, dict.fromkeys(TABLES, ()), "other")
    assert before == read_tables(db)
    assert not any(read_tables(db, "other").values())


def test_the_rows_have_the_columns_of_their_tables(folder, hand):
    with open_store(folder / "market.sqlite") as store:
        for table, kind in TABLES.items():
            found = store.connection.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
            names = {name for (name,) in found}
            assert names - {"account", "run_id", "id", "created_at", "updated_at"} == set(kind._fields)


def test_a_breaker_that_trips_is_an_event_that_tulya_risk_reads(folder):
    db = fill_store(folder / "market.sqlite")
    settings = {"max_daily_loss": "0.1%", "charges": "percent:0.05"}
    rows = traded(write_deployment(folder / "deployments", ("one", "rsi", SYMBOLS, "1m", settings)), db)
    write_tables(db, rows)
    with open_store(db) as store:
        (tripped, *_) = store.breaker_events(Owner(account="paper"))
        (day,) = store.risk_metrics(Owner(account="paper"))
    assert (TradingState.ACTIVE, TradingState.REDUCE_ONLY, BreakerCause.DAILY_LOSS) == tripped.event[1:4]
    assert TradingState.REDUCE_ONLY is day.state
    assert tripped.event.value >= tripped.event.limit > 0


def state(seq, before, after, cause, text=""):
    return Noted(seq, seq * 1_000, StateChanged(RunnerState(before), RunnerState(after), cause, text))


def test_states_of_the_runner_are_events_and_phases_of_a_run_are_none():
    ledger = AccountLedger()
    ledger.entries[StateChanged] = [
        state(3, "starting", "reconciling", "reconciling"),
        state(4, "reconciling", "active", "reconciled"),
        state(9, "active", "reduce_only", "feed_mute", "no bar for 60 s"),
        state(12, "reduce_only", "halted", "person", "lunch"),
        state(13, "halted", "stopped", "signal SIGTERM"),
        state(15, "starting", "reconciling", "reconciling"),
        state(16, "reconciling", "halted", "reconciled"),
        state(20, "halted", "active", "person", "back"),
    ]
    assert [
        (9, "active", "reduce_only", "surprise", "", "feed_mute: no bar for 60 s"),
        (12, "reduce_only", "halted", "command", "person", "person: lunch"),
        (20, "halted", "active", "command", "person", "person: back"),
    ] == [(row.seq, row.state_before, row.state_after, row.cause, row.who, row.why) for row in breaker_rows(ledger)]


def test_executions_of_nobody_are_rows_without_a_session_and_add_up_to_its_position():
    ledger = AccountLedger()
    fills = [ExternalFill("E1", SYMBOL, "CNC", 30, 12.5, 7), ExternalFill("E2", SYMBOL, "CNC", -10, math.nan, 9)]
    ledger.entries[ExternalFill] = [Noted(5 + place, 1, fill) for place, fill in enumerate(fills)]
    ledger.folded.external[SYMBOL, "CNC"] = 20
    bought, sold = external_rows(ledger)
    assert ("", "BUY", 30, 12.5, 37_500, 30) == (
        bought.session_name, bought.side, bought.quantity, bought.price, bought.value_paise, bought.position
    )  # fmt: skip
    assert ("SELL", 10, None, 0, 20) == (sold.side, sold.quantity, sold.price, sold.value_paise, sold.position)
    (held,) = external_positions(ledger)
    assert (6, SYMBOL, "CNC", 20, None) == (held.seq, held.symbol, held.product, held.quantity, held.average_price)


def test_a_strategy_without_a_bar_on_a_day_stands_in_the_accounts_sum_with_its_last_equity(folder):
    db = fill_store(store_hand_day(folder / "market.sqlite"), days=DAYS[:2])
    write_hand_deployment(folder)
    deployment = write_deployment(
        folder / "deployments",
        ("hand", "./scripted.py:Scripted", [SYMBOL], "1m", {"charges": "percent:0.1"}),
        ("rsi", "rsi", SYMBOLS, "1m", {}),
    )
    rows = traded(deployment, db, DAYS[:2])
    second = {row.strategy: row for row in rows["daily_performance"] if row.day == "2015-01-06"}
    assert {"rsi", ""} == set(second)
    assert second["rsi"].equity_paise + 10_002_795 == second[""].equity_paise
    assert second["rsi"].net_paise == second[""].net_paise
    first, last = rows["risk_metrics"]
    assert [first.equity_paise, last.equity_paise] == [
        row.equity_paise for row in rows["daily_performance"] if not row.session_name
    ]
    assert last.daily_pnl_paise == second[""].net_paise
    month = {row.strategy: row for row in rows["monthly_performance"]}
    assert (1, 2, 2) == tuple(month[name].days for name in ("./scripted.py:Scripted", "rsi", ""))
    assert last.equity_paise == month[""].equity_paise
