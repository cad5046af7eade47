"""Seconds of a position without its resting stop, worked out by hand."""

from types import SimpleNamespace

from framework.live.ledger import Noted, RestingStop
from framework.live.protection_time import unprotected_seconds

S = 1_000_000_000
FIRST, LAST = 1_000 * S, 2_000 * S


def fill(at_s, position, *, told_s=None, reduces=False, seq=0):
    told = at_s if told_s is None else told_s
    booked = SimpleNamespace(fill=SimpleNamespace(instrument=0, time=at_s * S), position=position, reduces=reduces)
    return Noted(seq, told * S, booked), "F"


def session(fills, stops, by_bars=(), stop_loss="1%"):
    """As much of a session's ledger as the figure reads."""
    exits = SimpleNamespace(stop_loss=stop_loss, trail=None)
    return SimpleNamespace(
        symbols=("NSE:AAA",),
        fills=fills,
        stops=[RestingStop(at * S, order_id, 0, units) for at, order_id, units in stops],
        by_bars=set(by_bars),
        folded=SimpleNamespace(header=SimpleNamespace(settings=SimpleNamespace(exits=exits))),
    )


def test_it_counts_from_the_fill_to_the_stop_and_from_the_stops_end_to_flat():
    ledger = session([fill(1_100, 10), fill(1_500, 0, reduces=True)], [(1_103, 2, 10), (1_490, 2, 0)])
    assert 3.0 + 10.0 == unprotected_seconds(ledger, FIRST, LAST)


def test_a_stop_for_fewer_units_than_are_held_is_none():
    ledger = session([fill(1_100, 10), fill(1_200, 20), fill(1_500, 0, reduces=True)], [(1_100, 2, 10), (1_260, 2, 20)])
    assert 60.0 == unprotected_seconds(ledger, FIRST, LAST)


def test_two_stops_count_together_and_a_short_position_as_a_long_one():
    ledger = session([fill(1_100, -20)], [(1_110, 2, 12), (1_150, 3, 8)])
    assert 50.0 == unprotected_seconds(ledger, FIRST, LAST)


def test_only_the_days_own_time_counts():
    ledger = session([fill(500, 10)], [])
    assert 1_000.0 == unprotected_seconds(ledger, FIRST, LAST)


def test_by_bars_a_position_begins_when_its_fill_is_told():
    ledger = session([fill(1_100, 10, told_s=1_160, seq=7)], [(1_160, 2, 10)], by_bars={7})
    assert 0.0 == unprotected_seconds(ledger, FIRST, LAST)
    assert 60.0 == unprotected_seconds(session(ledger.fills, [(1_160, 2, 10)]), FIRST, LAST)


def test_by_bars_an_exit_within_its_entrys_bar_leaves_nothing_held():
    fills = [fill(1_100, 10, told_s=1_160, seq=7), fill(1_100, 0, told_s=1_160, reduces=True, seq=8)]
    assert 0.0 == unprotected_seconds(session(fills, [(1_160, 2, 10), (1_160, 2, 0)], by_bars={7, 8}), FIRST, LAST)


def test_a_strategy_without_stops_is_not_counted():
    assert 0.0 == unprotected_seconds(session([fill(1_100, 10)], [], stop_loss=None), FIRST, LAST)
