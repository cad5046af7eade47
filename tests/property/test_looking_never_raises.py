"""Looking at a finished run: every part of its report, whatever happened in the run."""

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.backtest import backtest
from framework.report.tearsheet import render
from framework.strategy import Strategy
from framework.types import Bars, Instrument, Signals
from framework.types.actions import Action

DAY_NS = 86_400_000_000_000
FIRST = 18_600
"""2020-12-04: a day for which every plan has rates."""
ROWS = 40


def said(targets: list[float]) -> Strategy:
    """A strategy of a table of targets, whatever the bars are."""

    class Said(Strategy):
        """Long, short and flat by a table."""

        def signals(self, bars: Bars) -> Signals:
            return Signals(target=np.array(targets[: len(bars)]))

    return Said()


actions = st.builds(
    Action,
    st.integers(FIRST + 1, FIRST + ROWS - 1),
    st.sampled_from(["split", "consolidation", "dividend"]),
    st.sampled_from([0.001, 0.1, 0.3, 1.0, 1.5, 2.0, 10.0]),
    st.sampled_from([0.0, 0.0, 1.25, 40.0]),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([1.0, 1.0, -1.0, 0.0, np.nan, 0.5]), min_size=ROWS, max_size=ROWS),
    st.lists(actions, max_size=3, unique_by=lambda one: one.ex_day),
    st.sampled_from(["upstox:CNC", "zero:CNC", "percent:0.1", "none"]),
    st.sampled_from(["fixed:9", "fixed:1", "equity:95%", "value:3000"]),
    st.sampled_from([None, "5%"]),
    st.integers(0, 2**31),
)
def test_no_part_of_a_report_ever_raises(targets, events, charges, sizing, stop, seed):
    rng = np.random.default_rng(seed)
    close = np.round(200 * np.exp(np.cumsum(rng.normal(0, 0.08, ROWS))), 2)
    opened = np.round(close * np.exp(rng.normal(0, 0.03, ROWS)), 2)
    high, low = np.maximum(opened, close), np.minimum(opened, close)
    time = (FIRST + np.arange(ROWS)) * DAY_NS
    bars = Bars.from_arrays(Instrument("ABC", "NSE"), "1d", time, opened, high, low, close, np.full(ROWS, 1e4))
    given = {"charges": charges, "sizing": sizing, "capital": 1e5, "causality": "off"}
    given |= {"stop_loss": stop} if stop else {}
    run = backtest(said(targets), bars.with_actions(events), **given)
    shown = [str(run), run._repr_html_(), run.to_json(), render(run), run.fills.to_csv(), run.round_trips.to_csv()]
    assert all(shown)
    run.plot()
    told = json.loads(run.to_json())
    booked = sum(one.charges_paise for one in run.record.settlements)
    if charges.endswith("CNC"):
        assert booked == sum(round(100 * year["exact"]) for year in told["charges_by_year"])
        assert {0.0} == {year["unexplained"] for year in told["charges_by_year"]} or not booked
