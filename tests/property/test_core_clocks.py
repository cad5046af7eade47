"""No fill before its decision: random panels of different clocks are refused in words, or keep to it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework import Bars, Panel
from framework.engines import compiled, event
from framework.engines.rows import DecisionArrays
from framework.errors import ConfigError, DataError
from framework.types import Instrument, OrderRequest, Record, Settings
from framework.types.orders import NAN
from tests.contract.market import MONDAY
from tests.property.scenarios import cells

MINUTE = 60 * 10**9
DAY = 1440 * MINUTE
IST = 330 * MINUTE
CLOSES_AT = (15 * 60 + 30) * MINUTE
"""The session ends at 15:30, whatever a bar's length: its last bar is shorter."""
STYLES = ("signals", "allocate", "on_bar")


@dataclass(frozen=True)
class Clock:
    """When one instrument's bars open, from midnight of its session's date, and how long each of them really is."""

    first: int
    step: int
    last: int
    """Opens before this."""

    def opens(self) -> list[int]:
        return [minute * MINUTE for minute in range(self.first, self.last, self.step)]


@dataclass(frozen=True)
class Given:
    """A random run."""

    series: list[Bars] | None
    """None where one of them could not even be made."""
    told: str
    true_close: dict[tuple[int, int], int]
    """(instrument, open) → when that bar was really over."""
    style: str
    settings: Settings
    seed: int


STARTS = (9 * 60 + 15, 9 * 60 + 15, 9 * 60 + 15, 9 * 60, 9 * 60 + 30)


@st.composite
def runs(draw):
    names = "ABC"[: draw(st.sampled_from([1, 2, 2, 3]))]
    usual = Clock(draw(st.sampled_from(STARTS)), draw(st.sampled_from([60, 60, 30, 120, 240])), 15 * 60 + 30)
    days = draw(st.integers(1, 4))
    series, closes, told = [], {}, ""
    for i, name in enumerate(names):
        kind = draw(st.sampled_from(["usual"] * 5 + ["staggered"] * 3 + ["other"]))
        step = draw(st.sampled_from([60, 30])) if kind == "other" else usual.step
        clock = usual if kind == "usual" else Clock(draw(st.sampled_from(STARTS)), step, 15 * 60 + 30)
        called = draw(st.sampled_from([clock.step] * 7 + [max(clock.step, 60)]))  # half-hours that are called hours
        ends = draw(st.sampled_from([days] * 4 + [max(days - 1, 1)]))
        early = draw(st.sampled_from([0, 0, 0, 1, 3]))
        opens = []
        for day in range(ends):
            today = clock.opens()
            today = today[: max(len(today) - early, 1)] if day == ends - 1 else today
            there = cells(draw, (True,) * 9 + (False,), len(today))
            midnight = (MONDAY + day) * DAY - IST
            for moment, is_there in zip(today, there.tolist(), strict=True):
                if is_there:
                    opens.append(midnight + moment)
                    closes[i, midnight + moment] = midnight + min(moment + clock.step * MINUTE, CLOSES_AT)
        if draw(st.sampled_from([False] * 7 + [True])):  # a candle that was fetched while it formed
            odd = (MONDAY + draw(st.integers(0, days - 1))) * DAY - IST + (10 * 60 + 7) * MINUTE
            if odd not in opens:
                opens = sorted([*opens, odd])
                closes[i, odd] = odd + clock.step * MINUTE
        if not opens:
            opens = [MONDAY * DAY - IST + 12 * 60 * MINUTE]
            closes[i, opens[0]] = opens[0] + clock.step * MINUTE
        steps = cells(draw, (0, 1, -1, 2, -2, 5, -5), len(opens), 2)
        close = np.maximum(100.0 + np.cumsum(steps[:, 0]), 20.0)
        open_ = np.maximum(close + steps[:, 1], 20.0)
        try:
            series.append(
                Bars.from_arrays(
                    Instrument(name, "NSE", timezone="Asia/Kolkata"),
                    f"{called}m",
                    np.array(opens),
                    open_,
                    np.maximum(open_, close) + 1,
                    np.minimum(open_, close) - 1,
                    close,
                )
            )
        except DataError as error:
            told = str(error)
            break
    stop, target = draw(st.sampled_from([None, "2%", "rs:1"])), draw(st.sampled_from([None, "2%"]))
    exits = {"stop_loss": stop, "take_profit": target}
    settings = Settings(
        capital=100_000,
        sizing=draw(st.sampled_from(["fixed:10", "equity:95%"])),
        fill_at=draw(st.sampled_from(["next_open", "next_open", "next_open", "same_close"])),
        validity=draw(st.sampled_from(["DAY", "GTC"])),
        exits=exits | {"active_from": draw(st.sampled_from(["entry_bar", "next_bar"]))},
    )
    style, seed = draw(st.sampled_from(STYLES)), draw(st.integers(0, 1 << 16))
    return Given(None if told else series, told, closes, style, settings, seed)


def said_in_words(text: str) -> bool:
    """It names two bars, what is wrong with them and the way out."""
    return ("overlap" in text and "→" in text and ("leave it out" in text or "timeframe=" in text)) or (
        "All bars of a run lie on one grid" in text and text.count(" of NSE:") >= 2
    )


def made(series: list[Bars]) -> tuple[Panel | None, str]:
    """The panel, or why there is none."""
    try:
        return Panel.from_bars(series), ""
    except (DataError, ConfigError) as error:
        return None, str(error)


def decisions_of(given_run: Given, panel: Panel) -> DecisionArrays:
    noise = np.random.default_rng(given_run.seed)
    target = noise.choice([NAN, NAN, 0.0, 1.0, -1.0, 0.5], panel.close.shape)
    if given_run.style == "allocate":
        return DecisionArrays(target / target.shape[1])
    limit = np.where(noise.random(target.shape) < 0.3, panel.close + noise.choice([-2.0, 1.0], target.shape), NAN)
    return DecisionArrays(target, limit=limit)


def records_of(given_run: Given, panel: Panel) -> list[Record]:
    """The same run by every engine that can run it."""
    settings, style = given_run.settings, given_run.style
    if style == "on_bar":
        noise = np.random.default_rng(given_run.seed)

        def on_bar(_session, _row):
            i, side = int(noise.integers(len(panel.instruments))), int(noise.choice([-3, 2]))
            return [OrderRequest(i, side)] if noise.random() < 0.6 else []

        return [event.run(panel, settings, on_bar=on_bar, style=style)]
    decisions = decisions_of(given_run, panel)
    records = [
        event.run(panel, settings, decisions=decisions, style=style),
        compiled.run(panel, settings, decisions=decisions, style=style, compiled=False),
    ]
    backtrader = pytest.importorskip("framework.engines.backtrader")
    with suppress(ConfigError):  # what backtrader has no words for, said before anything runs
        records.append(backtrader.run(panel, settings, decisions=decisions, style=style))
    return records


@given(runs())
def test_every_random_panel_is_refused_or_nothing_fills_before_it_was_decided(given_run: Given):
    if given_run.series is None:
        assert said_in_words(given_run.told), given_run.told
        return
    panel, refused = made(given_run.series)
    if panel is None:
        timeframes = {bars.timeframe for bars in given_run.series}
        assert said_in_words(refused) or (len(timeframes) > 1 and "one run has one timeframe" in refused), refused
        return
    row_of = {int(close): row for row, close in enumerate(panel.close_time)}
    for record in records_of(given_run, panel):
        orders = {each.order.order_id: each.order for each in record.orders}
        for booked in record.settlements:
            fill, order = booked.fill, orders[booked.fill.order_id]
            if booked.simulated.at_close:
                continue
            assert order.decided_at <= fill.time, (record.engine, order, fill)
            if order.protective and order.decided_at == fill.time:
                continue  # in its entry's own bar
            decided = row_of.get(order.decided_at)
            assert decided is not None or order.protective, (record.engine, order, fill)
            if decided is None:
                continue
            # What was known at that close was over, by the true lengths of the bars, as the bar of the fill opened.
            for i in range(len(panel.instruments)):
                over = given_run.true_close.get((i, int(panel.time[decided])))
                assert over is None or over <= fill.time, (record.engine, order, fill)
