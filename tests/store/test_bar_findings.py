"""Findings in intraday series and bad ticks: hours, grid, silences inside a session, and single prices far outside."""

from __future__ import annotations

import numpy as np
import pytest

from framework.types.intake.spikes import spikes

HEADING = "timestamp,open,high,low,close,volume\n"
SESSIONS = ("2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10")
"""Ordinary sessions of NSE, 09:15 to 15:30."""


def clocks(step, *, begin=9 * 60 + 15, end=15 * 60 + 30):
    return [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(begin, end, step)]


def bars(opens_of, days=SESSIONS):
    return HEADING + "".join(f"{day} {clock},100,101,99,100,10\n" for day in days for clock in opens_of(day))


@pytest.fixture
def found(take, store):
    """Findings of one import by kind."""

    def look(text, exchange="NSE", **options):
        summary = take("X.csv", text, exchange=exchange, **options)
        assert not summary.error, summary.error
        return {issue.kind: issue.reason for issue in store.issues(["X"]) if not issue.line}

    return look


def without(*missing, step, day="2024-01-04"):
    return lambda one: [clock for clock in clocks(step) if one != day or clock not in missing]


def with_(*more, step, day="2024-01-04"):
    return lambda one: sorted([*clocks(step), *(more if one == day else ())])


@pytest.mark.parametrize("step", [1, 5, 15, 60])
def test_whole_sessions_have_no_findings_in_any_timeframe(found, step):
    assert {} == found(bars(lambda _: clocks(step)))


@pytest.mark.parametrize(
    ("step", "missing", "said"),
    [
        (1, clocks(1, begin=11 * 60, end=11 * 60 + 30), "no bars on 2024-01-04 between 10:59 and 11:30"),
        (5, clocks(5, begin=11 * 60, end=11 * 60 + 30), "no bars on 2024-01-04 between 10:55 and 11:30"),
        (15, ["11:00", "11:15"], "no bars on 2024-01-04 between 10:45 and 11:30"),
        (60, ["11:15"], "no bars on 2024-01-04 between 10:15 and 12:15"),
    ],
)
def test_half_an_hour_without_bars_inside_a_session_is_a_gap_in_every_timeframe(found, step, missing, said):
    assert said == found(bars(without(*missing, step=step)))["gap"]


@pytest.mark.parametrize(("step", "missing"), [(1, clocks(1, begin=660, end=689)), (5, clocks(5, begin=660, end=685))])
def test_less_than_half_an_hour_is_no_gap(found, step, missing):
    assert "gap" not in found(bars(without(*missing, step=step)))


def test_a_market_s_lunch_is_no_gap_where_no_hours_are_known(found):
    lunch = [*clocks(5, begin=9 * 60, end=11 * 60 + 30), *clocks(5, begin=12 * 60 + 30, end=15 * 60)]
    assert "gap" not in found(bars(lambda _: lunch), exchange="TSE", timezone="Asia/Tokyo")


@pytest.mark.parametrize("odd", ["09:07", "09:14", "15:30", "15:45"])
def test_bars_outside_the_exchange_s_hours_are_told(found, odd):
    said = found(bars(with_(odd, step=1)))["outside_hours"]
    assert f"1 bar opens outside the hours of the session table of NSE; the first on 2024-01-04 at {odd}" == said


def test_hourly_bars_of_the_clock_touch_the_session_and_are_off_its_grid(found):
    said = found(bars(lambda _: clocks(60, begin=9 * 60, end=15 * 60 + 30)))
    assert "outside_hours" not in said
    assert (
        "49 of 49 bars open off the grid that begins with their session; the first on 2024-01-02 at 09:00"
        in said["off_grid"]
    )


def test_stamps_off_the_grid_are_told_with_the_first_and_without_hours_too(found):
    odd = lambda day: [*clocks(5, end=12 * 60), *(["12:03", "12:08"] if day == "2024-01-04" else ["12:00", "12:05"])]  # noqa: E731 - a table of clocks
    assert (
        "2 of 245 bars open off the grid that begins with their session; the first on 2024-01-04 at 12:03"
        == found(bars(odd))["off_grid"]
    )


def test_the_grid_of_most_bars_counts_where_no_hours_are_known(found):
    odd = lambda day: [*clocks(5, end=12 * 60), *(["12:03", "12:08"] if day == "2024-01-04" else ["12:00", "12:05"])]  # noqa: E731 - a table of clocks
    said = found(bars(odd), exchange="BINANCE", timezone="UTC")["off_grid"]
    assert "2 of 245 bars open off the grid of the others" in said


def wandering(count=60):
    """Bars of about 1 % range around 100."""
    close = 100 + np.sin(np.arange(count))
    open_ = np.roll(close, 1)
    return [open_, np.maximum(open_, close) + 0.2, np.minimum(open_, close) - 0.2, close]


@pytest.mark.parametrize(("price", "index", "value", "size"), [("high", 1, 120.0, 0.17), ("low", 2, 80.0, -0.21)])
def test_one_wild_price_is_a_spike_and_told_with_its_distance(price, index, value, size):
    table = wandering()
    table[index][30] = value
    found = spikes(*table)
    # By hand: 120 above a neighbourhood of 101.2 at most is ln(120 / 101.2) = 0.170; 80 below one of 98.6 is −0.209.
    assert [30] == found.rows.tolist()
    assert size == pytest.approx(found.size[0], abs=0.02)


def test_a_wild_day_a_shift_of_level_and_a_wild_market_are_no_spikes():
    calm = wandering()
    assert 0 == spikes(*calm).rows.size
    body = [column.copy() for column in wandering()]
    body[1][30], body[3][30] = 120.0, 119.0  # it closed up there: the body reaches to the high
    assert 0 == spikes(*body).rows.size
    level = [column.copy() for column in wandering()]
    for column in level:
        column[30:] *= 0.5
    assert 0 == spikes(*level).rows.size
    wild = [column.copy() for column in wandering()]
    wild[1] *= 1.03
    wild[2] *= 0.97
    wild[1][30] = 112.0  # 8 % above, where a bar ranges over 7 %
    assert 0 == spikes(*wild).rows.size
    assert 0 == spikes(*(column[:2] for column in calm)).rows.size


def test_a_spike_is_a_finding_of_the_import(take, store):
    open_, high, low, close = wandering()
    high[30] = 120.0
    days = np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]")
    text = "Date,Open,High,Low,Close\n" + "".join(
        f"{day},{o},{h},{lo},{c}\n" for day, o, h, lo, c in zip(days, open_, high, low, close, strict=True)
    )
    take("X.csv", text)
    ((when, reason),) = [(issue.first_ns, issue.reason) for issue in store.issues(["X"]) if issue.kind == "spike"]
    assert np.datetime64("2024-01-31") == np.datetime64(when, "ns")
    assert "the high of 2024-01-31, 120, is 1" in reason
    assert "above its open and close and the bars around it" in reason
