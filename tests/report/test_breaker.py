"""The circuit breaker in a result: where it held, by what, on which bars, and what a halt is called."""

import json

import pytest

from framework.report.breaker import holds, why
from framework.report.finding import Severity
from framework.report.payload import chart_data
from framework.report.sections import breaker_rows
from framework.report.tearsheet import render
from framework.types import BreakerCause, BreakerEvent, Notice, TradingState
from tests.report.records import bars, make_record, make_result, small_result

ACTIVE, REDUCE_ONLY, HALTED = TradingState
SERIES = bars([100.0] * 10)
PANEL = make_record([SERIES]).panel


def trip(row, after=REDUCE_ONLY, cause=BreakerCause.DAILY_LOSS, value=250_000, limit=200_000, before=ACTIVE):
    """At the close of a row."""
    return BreakerEvent(int(PANEL.close_time[row]), before, after, cause, value, limit)


def end(row, before=REDUCE_ONLY, cause=BreakerCause.NEW_SESSION):
    """At the open of a row."""
    return BreakerEvent(int(PANEL.time[row]), before, ACTIVE, cause, 0, 0)


def of(*events, **more):
    return make_result(make_record([SERIES], breaker_events=events, **more))


def test_a_daily_loss_holds_from_its_close_to_the_next_open():
    (one,) = holds(of(trip(2), end(3)).record)
    assert (REDUCE_ONLY, 2, 2) == (one.state, one.first_row, one.last_row)


def test_a_halt_without_an_end_holds_to_the_last_bar():
    (one,) = holds(of(trip(4, HALTED, BreakerCause.DRAWDOWN)).record)
    assert (HALTED, 4, 9, None) == (one.state, one.first_row, one.last_row, one.ended)


def test_a_halt_while_only_reducing_is_a_stretch_of_its_own():
    events = (
        trip(2),
        trip(2, HALTED, BreakerCause.DRAWDOWN, before=REDUCE_ONLY),
        end(6, HALTED, BreakerCause.RESET_DUE),
    )
    assert [(REDUCE_ONLY, 2, 2), (HALTED, 2, 5)] == [
        (one.state, one.first_row, one.last_row) for one in holds(of(*events).record)
    ]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (trip(2), "daily loss, ₹2,500.00 of ₹2,000.00"),
        (trip(2, HALTED, BreakerCause.RUNAWAY, 31, 30)._replace(instrument=0), "runaway orders, 31 of 30 in ABC"),
        (trip(2, cause=BreakerCause.CONSECUTIVE_LOSSES, value=5, limit=5), "losses in a row, 5 of 5"),
        (end(3), "the next session"),
    ],
)  # fmt: skip
def test_a_cause_is_told_with_what_was_reached_and_its_limit(event, words):
    assert words == why(of().record, event)


def test_a_halt_is_a_finding_with_its_date_and_how_much_came_after():
    (finding,) = [one for one in of(trip(4, HALTED, BreakerCause.DRAWDOWN)).findings if "halted" in one.text]
    # The closes of rows 4 to 9 of ten are under it.
    assert Severity.WARNING is finding.severity
    assert (
        "Trading was halted on 2024-01-05 by the drawdown, ₹2,500.00 of ₹2,000.00: 60.0 % of the run could only "
        "reduce positions."
    ) == finding.text


def test_of_several_halts_the_first_is_told_and_the_others_counted():
    halt = [trip(1, HALTED, BreakerCause.DRAWDOWN), end(3, HALTED, BreakerCause.RESET_DUE)]
    result = of(*halt, trip(7, HALTED, BreakerCause.DRAWDOWN))
    assert any("₹2,000.00 (the first of 2 halts): 50.0 %" in one.text for one in result.findings)


def test_a_breakers_notice_carries_the_day_of_the_bar_that_tripped_it():
    """A daily bar closes as the next day begins."""
    notice = Notice(int(PANEL.close_time[2]), "daily_loss", "a loss of ₹2,500.00 reached 2%")
    assert "2024-01-03: a loss of ₹2,500.00 reached 2%." in [one.text for one in of(notices=[notice]).findings]


def test_the_table_tells_state_cause_bar_length_and_end():
    assert [
        ("reduce only", "daily loss, ₹2,500.00 of ₹2,000.00", "2024-01-03", "1", "the next session, 2024-01-04"),
        ("halted", "drawdown, ₹2,500.00 of ₹2,000.00", "2024-01-05", "6", "still holds"),
    ] == breaker_rows(of(trip(2), end(3), trip(4, HALTED, BreakerCause.DRAWDOWN)))


def test_the_chart_gets_stretches_of_accounted_bars():
    record = make_record([SERIES], first_row=2, breaker_events=(trip(2), end(3), trip(4, HALTED)))
    assert [[0, 0, "reduce only"], [2, 7, "halted"]] == chart_data(make_result(record))["holds"]


def test_json_tells_the_stretches_in_rupees():
    assert [
        {
            "state": "halted", "cause": "drawdown", "first": "2024-01-05", "last": "2024-01-10",
            "holds_at_the_end": True, "value": 2500.0, "limit": 2000.0,
        }
    ] == json.loads(of(trip(4, HALTED, BreakerCause.DRAWDOWN)).to_json())["breaker"]  # fmt: skip


def test_a_run_without_a_trip_has_no_section():
    assert 'id="breaker"' not in render(small_result())
    assert 'id="breaker"' in render(of(trip(2), end(3)))
