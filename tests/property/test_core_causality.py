"""Nothing that was decided, filled or accounted for depends on what came later, on a second run, or on a bystander."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from framework.engines.rows import DecisionArrays
from framework.types import Instrument, Panel, Record, Settings
from framework.types.deadlines import NEVER, Deadlines
from framework.types.setting_values import Sizing
from tests.contract.market import NAN
from tests.property.scenarios import Scenario, Watched, bars_of, changed, columns, panels, scenarios


def fixed(order) -> tuple:
    """What of an order is settled when it is decided; a protective one may be moved, any reduction shortened."""
    moving = () if order.protective else (order.limit, order.trigger, order.reason, order.validity)
    return (order.order_id, order.instrument, order.type, order.reduces, order.decided_at, order.label, repr(moving))


def known_at(record: Record, row: int) -> dict:
    """Everything in a record that was known at the close of a row."""
    closing, opening = int(record.panel.close_time[row]), int(record.panel.time[row])
    return {
        "fills": [booked for booked in record.settlements if booked.fill.time <= opening],
        "equity": record.equity_paise[: row + 1].tolist(),
        "cash": record.cash_paise[: row + 1].tolist(),
        "exposure": record.exposure_paise[: row + 1].tolist(),
        # What happens at a fill carries the time of its bar's open: the next bar may open as this one closes.
        "notices": [n for n in record.notices if n.time <= (closing if n.code == "daily_loss" else opening)],
        "orders": [
            (fixed(o.order), o.requested, o.verdict)
            for o in record.orders
            if o.order.decided_at < closing + (0 if o.order.protective else 1)
        ],
    }


def shuffled_after(scenario: Scenario, row: int, seed: int) -> Scenario:
    """The same up to a row; after it other prices, holes, volumes, decisions and orders on the same times."""
    noise, panel = np.random.default_rng(seed), scenario.panel
    later = slice(row + 1, None)
    order = noise.permutation(len(panel) - row - 1)
    factor = float(noise.choice([0.5, 1.0, 3.0]))
    arrays = {}
    for name in ("open", "high", "low", "close"):
        arrays[name] = getattr(panel, name).copy()
        arrays[name][later] = arrays[name][later][order] * factor
    arrays["volume"] = panel.volume.copy()
    arrays["volume"][later] = panel.volume[later][order] * noise.choice([0.01, 1, 100])
    decisions = None
    if scenario.decisions is not None:
        grids = [None if grid is None else grid.copy() for grid in scenario.decisions]
        for grid in grids:
            if grid is not None:
                grid[later] = grid[later][noise.permutation(len(order))]
        decisions = DecisionArrays(*grids)
    requests = {r: asked for r, asked in scenario.requests.items() if r <= row}
    return changed(scenario, panel=replace(panel, **arrays), decisions=decisions, requests=requests)


@given(scenarios(), st.integers(0, 1000), st.integers(0, 1000))
def test_another_future_changes_nothing_up_to_now(scenario: Scenario, cut: int, seed: int):
    row = cut % (len(scenario.panel) - 1)
    assert known_at(Watched(scenario).record, row) == known_at(Watched(shuffled_after(scenario, row, seed)).record, row)


@given(scenarios(), st.integers(0, 1000))
def test_a_run_that_stops_at_a_row_is_the_beginning_of_the_whole(scenario: Scenario, cut: int):
    row = cut % (len(scenario.panel) - 1)
    whole, part = Watched(scenario).record, Watched(scenario, last_row=row + 1).record
    assert known_at(whole, row) == known_at(part, row)
    assert len(part.equity_paise) == row + 1
    # What was over then is over in the same way.
    ended = {o.order.order_id: o for o in part.orders if o.ended_at}
    for o in whole.orders:
        if o.order.order_id in ended:
            before = ended[o.order.order_id]
            assert (before.state, before.filled, before.ended_at, before.why) == (o.state, o.filled, o.ended_at, o.why)


@given(scenarios(), st.integers(0, 1000))
def test_prices_that_end_at_a_row_are_the_beginning_of_the_whole(scenario: Scenario, cut: int):
    """The same with the later rows gone altogether: then only the end of the last session is not yet known."""
    row = cut % (len(scenario.panel) - 1)
    panel = scenario.panel[: row + 1]
    grids = scenario.decisions and DecisionArrays(*[None if g is None else g[: row + 1] for g in scenario.decisions])
    short = changed(scenario, panel=panel, decisions=grids)
    whole, part = known_at(Watched(scenario).record, row), known_at(Watched(short).record, row)
    if scenario.panel.ends_session[row] != panel.ends_session[-1]:
        # Whether DAY orders expired, and so what the last close decides, depends on whether the session goes on, and
        # so does what is closed with it.
        del whole["orders"], part["orders"]
        if scenario.settings.fill_at == "same_close" or panel.deadlines is not None:
            return
    assert whole == part


@given(scenarios())
def test_the_same_twice_is_the_same_record(scenario: Scenario):
    first, second = Watched(scenario).record, Watched(scenario).record
    assert first.settlements == second.settlements
    assert repr(first.orders) == repr(second.orders)
    assert first.notices == second.notices
    assert first.positions == second.positions
    for name in ("equity_paise", "cash_paise", "exposure_paise"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


@st.composite
def with_a_bystander(draw):
    """A scenario, and the same one with an instrument that is never asked for, first or last in the order."""
    scenario = draw(scenarios(styles=("signals", "on_bar")))
    update = {"allotment": 0.5}
    if scenario.settings.sizing.kind == "equal_risk":  # a part of all that is measured: a bystander has its part
        update["sizing"] = Sizing.parse("equity:95%")
    scenario = changed(scenario, settings=scenario.settings.model_copy(update=update))
    panel = scenario.panel
    extra = draw(columns(len(panel), whole=True))
    symbol = draw(st.sampled_from(["0", "Z"]))
    per_session = 0 if panel.timeframe == "1d" else int(np.unique(panel.session, return_counts=True)[1].max())
    added = bars_of(Instrument(symbol), extra, per_session)
    added = replace(added, time=panel.time, session=panel.session, close_time=panel.close_time)
    wider = Panel.from_bars([*panel.bars(), added])
    shift = 1 if symbol == "0" else 0
    if panel.deadlines is not None:
        days, moments, last, over = panel.deadlines
        at = 0 if shift else last.shape[0]
        wider = replace(
            wider,
            deadlines=Deadlines(days, np.insert(moments, at, moments[:, 0], axis=1), np.insert(last, at, NEVER), over),
        )
    grids = None
    if scenario.decisions is not None:
        grids = DecisionArrays(
            *[None if g is None else np.insert(g, 0 if shift else g.shape[1], NAN, axis=1) for g in scenario.decisions]
        )
    asked = {
        row: [request._replace(instrument=request.instrument + shift) for request in requests]
        for row, requests in scenario.requests.items()
    }
    charges = scenario.settings.charges
    if charges.of:
        charges = charges._replace(of=(*charges.of, (symbol, 0)))
    settings = scenario.settings.model_copy(update={"charges": charges})
    changes = {"panel": wider, "decisions": grids, "requests": asked, "settings": settings}
    return scenario, changed(scenario, **changes, strict=False), shift


@given(with_a_bystander())
def test_an_instrument_that_is_never_traded_changes_nothing(pair):
    scenario, wider, shift = pair
    alone = Watched(changed(scenario, strict=False)).record
    beside = Watched(wider).record
    assert list(alone.settlements) == [
        booked._replace(fill=booked.fill._replace(instrument=booked.fill.instrument - shift))
        for booked in beside.settlements
    ]
    assert [fixed(o.order) for o in alone.orders] == [
        fixed(o.order._replace(instrument=o.order.instrument - shift)) for o in beside.orders
    ]
    np.testing.assert_array_equal(alone.equity_paise, beside.equity_paise)


@given(panels())
def test_nothing_asked_is_nothing_done(given_panel):
    panel, _ = given_panel
    record = Watched(Scenario(panel, Settings(), "on_bar")).record
    assert (record.settlements, record.orders, record.notices) == ((), (), ())
    assert set(record.equity_paise.tolist()) == {10_000_000}
