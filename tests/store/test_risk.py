"""What runs and accounts risked, and the breaker's events: kept, replaced for runs, only ever appended for accounts."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.store.records import BreakerRow, Owner, RiskRow
from framework.types import BreakerCause, BreakerEvent, TradingState
from framework.types.breaker import state_of

ACTIVE, REDUCE_ONLY, HALTED = TradingState
DAY = RiskRow("2026-11-23", 100_000, 40_000, -500, 700, 0.7, 60_000, ACTIVE)
LOSS = BreakerRow(
    BreakerEvent(1_700_000_000_123_456_789, ACTIVE, REDUCE_ONLY, BreakerCause.DAILY_LOSS, 500, 400), "NSE:M&M"
)
RESET = BreakerRow(
    BreakerEvent(1_700_000_001_000_000_000, REDUCE_ONLY, ACTIVE, BreakerCause.COMMAND, 0, 0),
    who="me",
    why="looked at it",
)


def test_what_a_run_risked_comes_back_and_is_replaced_when_it_is_kept_again(store):
    store.save_risk("r1", [DAY, DAY._replace(session="2026-11-24", state=HALTED)], [LOSS])
    store.save_risk("r2", [DAY], [])
    assert [DAY, DAY._replace(session="2026-11-24", state=HALTED)] == store.risk_metrics(Owner("r1"))
    assert [LOSS] == store.breaker_events(Owner("r1"))
    store.save_risk("r1", [DAY], [LOSS, LOSS])
    assert ([DAY], [LOSS, LOSS]) == (store.risk_metrics(Owner("r1")), store.breaker_events(Owner("r1")))
    assert ([DAY], []) == (store.risk_metrics(Owner("r2")), store.breaker_events(Owner("r2")))
    named = "SELECT account FROM {} WHERE account <> ''"
    for table in ("risk_metrics", "circuit_breaker_events"):
        assert [] == store.connection.execute(named.format(table)).fetchall()


def test_an_accounts_events_are_appended_and_never_changed_or_deleted(store):
    store.append_breaker_event("paper", LOSS)
    store.append_breaker_event("paper", RESET)
    store.append_breaker_event("live", LOSS)
    assert [LOSS, RESET] == store.breaker_events(Owner(account="paper"))
    assert [LOSS] == store.breaker_events(Owner(account="live"))
    for statement in ("UPDATE circuit_breaker_events SET value = 0", "DELETE FROM circuit_breaker_events"):
        with pytest.raises(sqlite3.IntegrityError, match="of an account are never"):
            store.connection.execute(statement)
    assert [LOSS, RESET] == store.breaker_events(Owner(account="paper"))


EVENT = {"time_ns": 1, "state_before": "active", "state_after": "halted", "cause": "drawdown", "value": 1, "bound": 1}
METRICS = dict.fromkeys(RiskRow._fields, 1) | {"session": "2026-11-23", "state": "active"}


@pytest.mark.parametrize(
    ("table", "row", "wrong"),
    [
        ("circuit_breaker_events", EVENT | {"account": "a"}, {"account": ""}),
        ("circuit_breaker_events", EVENT | {"account": "a"}, {"run_id": "r"}),
        ("circuit_breaker_events", EVENT | {"account": "a"}, {"state_after": "stopped"}),
        ("circuit_breaker_events", EVENT | {"account": "a"}, {"cause": "command"}),  # by whom, and why?
        ("circuit_breaker_events", EVENT | {"account": "a"}, {"cause": "command", "who": "me"}),
        ("risk_metrics", METRICS | {"run_id": "r"}, {"session": "23.11.2026"}),
        ("risk_metrics", METRICS | {"run_id": "r"}, {"exposure_paise": -1}),
        ("risk_metrics", METRICS | {"run_id": "r"}, {"account": "a"}),
    ],
)
def test_the_tables_refuse_what_makes_no_sense(store, table, row, wrong):
    def insert(values):
        marks = ", ".join("?" * len(values))
        store.connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))  # noqa: S608

    with pytest.raises(sqlite3.IntegrityError):
        insert(row | wrong)
    insert(row)


def test_the_tables_can_be_read_in_plain_sql(store):
    store.save_risk("r1", [DAY], [LOSS])
    query = (
        "SELECT datetime(time_ns / 1000000000, 'unixepoch'), cause, equity_paise / 100.0 FROM circuit_breaker_events "
        "JOIN risk_metrics USING (run_id)"
    )
    assert [("2023-11-14 22:13:20", "daily_loss", 1000.0)] == store.connection.execute(query).fetchall()


def event(time, before, after, cause=BreakerCause.DAILY_LOSS):
    return BreakerEvent(time, before, after, cause, 0, 0)


NEW = BreakerCause.NEW_SESSION


@pytest.mark.parametrize(
    ("events", "now", "expected"),
    [
        ([], 10, ACTIVE),
        ([event(5, ACTIVE, REDUCE_ONLY)], 5, REDUCE_ONLY),
        ([event(5, ACTIVE, REDUCE_ONLY)], 4, ACTIVE),
        ([event(5, ACTIVE, REDUCE_ONLY), event(6, REDUCE_ONLY, ACTIVE, NEW)], 9, ACTIVE),
        ([event(5, ACTIVE, HALTED), event(6, HALTED, ACTIVE, BreakerCause.COMMAND)], 9, ACTIVE),
        # A daily loss and a drawdown that did not see each other: the stricter one stands, whichever was first.
        ([event(5, ACTIVE, HALTED), event(5, ACTIVE, REDUCE_ONLY)], 9, HALTED),
        ([event(5, ACTIVE, REDUCE_ONLY), event(5, ACTIVE, HALTED)], 9, HALTED),
        # The new session that ends a daily loss does not end a halt.
        ([event(5, ACTIVE, HALTED), event(6, REDUCE_ONLY, ACTIVE, NEW)], 9, HALTED),
        # A command is obeyed whatever it believed.
        ([event(5, ACTIVE, HALTED), event(6, REDUCE_ONLY, ACTIVE, BreakerCause.COMMAND)], 9, ACTIVE),
        ([event(5, HALTED, HALTED)], 9, HALTED),
    ],
)
def test_the_state_of_an_account_is_the_fold_of_its_events(events, now, expected):
    assert expected is state_of(events, now)


EVENTS = st.lists(
    st.builds(
        event,
        st.integers(0, 9),
        st.sampled_from(TradingState),
        st.sampled_from(TradingState),
        st.sampled_from(BreakerCause),
    ),
    max_size=8,
)


@given(EVENTS)
def test_only_a_command_or_an_end_written_for_the_state_loosens_it(events):
    strictness = [ACTIVE, REDUCE_ONLY, HALTED].index
    for count in range(len(events)):
        before, after = state_of(events[:count], 9), state_of(events[: count + 1], 9)
        if strictness(after) < strictness(before):
            assert events[count].cause is BreakerCause.COMMAND or events[count].before is before
