"""A strategy that does something else than it was tested to do is found within a session; a usual day is not."""

from collections import Counter

import numpy as np
import pytest

from framework.live.activity import BARS, ORDERS, QUIET, SIGNALS, ActivityCell
from framework.live.silence import SILENT, TOO_FEW, USUAL, judge

SYMBOLS = ("NSE:AAA", "NSE:BBB")
HOURS = (9, 10, 11, 12, 13, 14, 15)


def activity(generator, *, signals=12.0, symbols=SYMBOLS, bars=60, hours=HOURS):
    """A made-up day: bars as the clock has them, signals by chance, an order for each third of them."""
    found = Counter()
    found[ActivityCell(QUIET, "", -1)] = int(generator.integers(40, 110)) + 60 * (len(HOURS) - len(hours))
    for symbol in symbols:
        for hour in hours:
            given = int(generator.poisson(signals / len(HOURS)))
            for kind, count in ((BARS, bars), (SIGNALS, given), (ORDERS, given // 3)):
                for cell in (ActivityCell(kind, symbol, -1), ActivityCell(kind, "", hour), ActivityCell(kind, "", -1)):
                    found[cell] += count
    return found


@pytest.fixture
def usual():
    generator = np.random.default_rng(5)
    return [activity(generator) for _ in range(40)]


def test_an_ordinary_day_is_usual_but_for_the_share_that_is_allowed(usual):
    generator = np.random.default_rng(6)
    silent = sum(judge(activity(generator), usual).verdict == SILENT for _ in range(400))
    assert silent <= 400 * 0.12  # one in 41 is what the days themselves promise, for days drawn once


def test_fewer_than_twenty_sessions_say_nothing(usual):
    found = judge(usual[0], usual[:19])
    assert (TOO_FEW, 19) == (found.verdict, found.sessions)
    assert "20 are needed" in found.text
    assert USUAL == judge(usual[0], usual[:20]).verdict


def test_no_signal_at_all_is_silent_and_said_with_what_is_usual(usual):
    found = judge(activity(np.random.default_rng(7), signals=0.0), usual)
    assert SILENT == found.verdict
    whole = next(one for one in found.counts if one.what == "signals")
    low = min(one[ActivityCell(SIGNALS, "", -1)] for one in usual)
    assert (0, low) == (whole.counted, whole.usual_low)
    assert f"signals 0, usually {low}" in found.text


def test_a_dropped_symbol_is_silent(usual):
    found = judge(activity(np.random.default_rng(7), symbols=SYMBOLS[:1]), usual)
    assert SILENT == found.verdict
    assert "bars of NSE:BBB" in {one.what for one in found.counts}


def test_another_timeframe_is_silent(usual):
    found = judge(activity(np.random.default_rng(7), bars=12, signals=12.0), usual)
    assert SILENT == found.verdict
    assert "bars" in {one.what for one in found.counts}


def test_a_strategy_that_stops_at_noon_is_silent_in_the_hours_after(usual):
    generator = np.random.default_rng(7)
    day = activity(generator, hours=HOURS[:3])
    for symbol in SYMBOLS:  # bars go on
        for hour in HOURS[3:]:
            for cell in (ActivityCell(BARS, symbol, -1), ActivityCell(BARS, "", hour), ActivityCell(BARS, "", -1)):
                day[cell] += 60
    found = judge(day, usual)
    assert SILENT == found.verdict
    assert [QUIET] == [one.what for one in found.counts if one.what.startswith("bars")]


def test_a_strategy_that_cannot_stop_is_outside_too(usual):
    found = judge(activity(np.random.default_rng(7), signals=200.0), usual)
    assert SILENT == found.verdict


def test_a_share_says_how_often_a_usual_day_may_be_called_silent(usual):
    strict, lax = (judge(usual[0], usual, share) for share in (0.0, 0.5))
    assert lax.bound < strict.bound
