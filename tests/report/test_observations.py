"""What the statistics look at: session closes, the benchmark, costs."""

from dataclasses import replace

import numpy as np
import pytest

from framework.report.benchmark import buy_and_hold
from framework.report.observations import observe, session_rows
from framework.types import Instrument
from tests.report.records import DAY, MINUTE, Trade, bars, make_record


def test_on_daily_bars_the_deposit_is_the_first_close_and_returns_run_from_close_to_close():
    record = make_record([bars([100, 110, 99])], [Trade(0, 1, 1000, 100.0)])
    seen = observe(record)
    assert [0, 1, 2] == session_rows(record).tolist()
    assert [0.1, -0.1] == pytest.approx(seen.returns.tolist())


def test_intraday_returns_are_of_sessions_and_the_first_session_counts():
    """Two sessions of three minutes; ₹1,00,000 in units bought at 100: closes 101, 102 | 103, 105.06."""
    days = [
        bars([100, 101, 102], Instrument("ABC", timezone="Asia/Kolkata"), "1m", "2024-01-01T03:45", step=MINUTE),
        bars([103, 104, 105.06], Instrument("ABC", timezone="Asia/Kolkata"), "1m", "2024-01-02T03:45", step=MINUTE),
    ]
    joined = days[0].from_arrays(
        days[0].instrument,
        "1m",
        *(np.concatenate([getattr(day, name) for day in days]) for name in ("time", "open", "high", "low", "close")),
    )
    record = make_record([joined], [Trade(0, 1, 1000, 100.0)])
    seen = observe(record)
    assert [0, 2, 5] == session_rows(record).tolist()
    assert [0.02, 0.03] == pytest.approx(seen.returns.tolist())
    assert ["2024-01-01", "2024-01-01", "2024-01-02"] == [str(np.datetime64(int(day), "D")) for day in seen.sessions]


def test_rows_before_the_accounted_range_are_left_out():
    record = make_record([bars([50, 60, 100, 110])], [Trade(0, 3, 1000, 100.0)], first_row=2)
    assert [0.1] == pytest.approx(observe(record).returns.tolist())


def test_charges_of_the_first_bar_count_in_the_first_return():
    """Filled at the very close that decided: ₹500 of charges on ₹1,00,000, then 10 %."""
    record = make_record([bars([100, 110])], [Trade(0, 0, 1000, 100.0, 500.0, at_open=False)], fill_at="same_close")
    assert [0.095] == pytest.approx(observe(record).returns.tolist())


def test_years_are_calendar_time_between_the_first_and_the_last_close():
    assert observe(make_record([bars([10, 20], step=365 * DAY)])).years == pytest.approx(365 / 365.25)


def test_slippage_is_what_the_fills_lost_against_the_bars():
    trades = [Trade(0, 1, 10, 101.0, unslipped=100.0), Trade(0, 2, -10, 101.0, unslipped=102.0)]
    seen = observe(make_record([bars([100, 102, 103])], trades))
    assert seen.slippage == pytest.approx(20.0)
    assert (seen.bought, seen.sold) == (1010.0, 1010.0)


def test_the_benchmark_buys_at_the_next_open_and_is_cash_until_then():
    """₹1,00,000 at the open of 102 (the close before): worth closes / 102 from there."""
    record = make_record([bars([50, 102, 104, 51])], first_row=1)
    assert [100_000, 100_000 * 104 / 102, 50_000] == pytest.approx(buy_and_hold(record).tolist())


def test_the_benchmark_gives_each_instrument_its_part_when_it_first_opens():
    """B opens a day later than A and misses a bar: its part is cash at first, then keeps its last mark."""
    one = bars([10, 10, 20, 20, 20], "A")
    other = bars([5, 10], "B", start="2024-01-03", step=2 * DAY)
    record = make_record([one, other], capital=200.0)
    assert [200, 200, 300, 300, 400] == pytest.approx(buy_and_hold(record).tolist())


def test_the_benchmark_of_an_instrument_that_never_opens_again_is_cash():
    record = make_record([bars([10, 20, 40], "A"), bars([7], "B")], capital=200.0)
    assert [200, 300, 500] == pytest.approx(buy_and_hold(record).tolist())


@pytest.mark.parametrize("kept", [True, False], ids=["bars at hand", "bars taken from the tables"])
@pytest.mark.parametrize("first_row", [0, 3, 59])
def test_the_benchmark_adds_one_instrument_after_the_other_to_the_last_bit(kept, first_row):
    """Plain Python adds in the panel's order; some instruments miss bars and others do not."""
    rng = np.random.default_rng(7)
    walks = [np.round(100 + np.cumsum(rng.normal(0, 1, 60)), 2) for _ in range(40)]
    series = [bars(walk, f"S{number:02}") for number, walk in enumerate(walks[:-2])]
    series += [bars(walk[::2], f"S{38 + number}", step=2 * DAY) for number, walk in enumerate(walks[-2:])]
    record = make_record(series, first_row=first_row, capital=1_000_000.0)
    if not kept:
        record = replace(record, panel=replace(record.panel))
        assert () == record.panel.series
    panel, part = record.panel, 1_000_000.0 / 40
    expected = []
    for row in range(first_row, 60):
        total = 0.0
        for column in range(40):
            opened = [at for at in range(first_row + 1, 60) if panel.close[at, column] > 0]
            marked = [at for at in opened if at <= row]
            total += part / panel.open[opened[0], column] * panel.close[marked[-1], column] if marked else part
        expected.append(total)
    assert expected == buy_and_hold(record).tolist()
    rows = np.array([0, len(expected) - 1])
    assert [expected[row] for row in rows] == buy_and_hold(record, rows).tolist()
