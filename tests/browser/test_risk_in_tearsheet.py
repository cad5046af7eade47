"""What risk did, as a browser shows it: orders held back, the breaker's shades, the run without limits."""

from dataclasses import replace

import numpy as np
import pytest

from framework.report.tearsheet import render
from framework.types import (
    BreakerCause,
    BreakerEvent,
    Instrument,
    Order,
    OrderRecord,
    OrderState,
    OrderType,
    Reason,
    TradingState,
    Verdict,
    WithoutRisk,
)
from tests.report.records import Trade, bars, make_record, make_result

pytestmark = pytest.mark.browser
ROWS = 400


def limited_result():
    """A hundred and fifty orders shrunk, a day under reduce only, a halt from the 300th close on."""
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(4).normal(0, 0.01, ROWS)))
    series = [bars(closes, Instrument("A&B", "NSE"))]
    panel = make_record(series).panel
    active, reduce_only, halted = TradingState
    events = [
        BreakerEvent(int(panel.close_time[120]), active, reduce_only, BreakerCause.DAILY_LOSS, 900_000, 800_000),
        BreakerEvent(int(panel.time[121]), reduce_only, active, BreakerCause.NEW_SESSION, 0, 0),
        BreakerEvent(int(panel.close_time[300]), active, halted, BreakerCause.DRAWDOWN, 2_100_000, 2_000_000),
    ]
    orders = [
        OrderRecord(
            Order(n, 0, 10, OrderType.MARKET, Reason.SIGNAL, False, int(panel.close_time[n])),
            10 + n,
            Verdict(10, "<max> order_value"),
            OrderState.FILLED,
            10,
            int(panel.time[n + 1]),
        )
        for n in range(1, 151)
    ]
    trades = [Trade(0, 20, 100, 100.0), Trade(0, 320, -100, 100.0)]
    result = make_result(make_record(series, trades, orders=orders, breaker_events=events))
    unlimited = WithoutRisk(result.record.equity_paise * 2, fills=9, charges_paise=7, engine="event")
    return replace(result, without_risk=unlimited)


@pytest.fixture(scope="module")
def risky(tmp_path_factory):
    path = tmp_path_factory.mktemp("risky") / "tearsheet.html"
    path.write_text(render(limited_result()), encoding="utf-8")
    return path


def equity(page, what):
    return page.ask(f"document.getElementById('equity-chart').{what}")


def test_the_breaker_is_shaded_and_the_run_without_limits_drawn(page, risky):
    page.open(risky)
    assert page.errors == []
    shades = "layout.shapes.filter(shape => shape.type === 'rect')"
    assert [[119.5, 120.5], [299.5, 399.5]] == equity(page, f"{shades}.map(shape => [shape.x0, shape.x1])")
    amber, red = equity(page, f"{shades}.map(shape => shape.fillcolor)")
    assert amber != red
    assert 4 == equity(page, "data.length")
    readout = page.ask("document.getElementById('equity-readout').textContent")
    assert "Without limits" in readout
    assert "Breaker halted" in readout


def test_the_tables_tell_reasons_stretches_and_both_runs(page, risky):
    page.open(risky)
    assert 2 == page.ask("document.querySelectorAll('#breaker tbody tr').length")
    assert 6 == page.ask("document.querySelectorAll('#without-risk tbody tr').length")
    assert "<max> order value" == page.ask("document.querySelector('#held-back tbody td').textContent")
    page.ask("document.querySelector('#held-back details').open = true")
    assert 100 == page.ask("document.querySelectorAll('#held-back details tbody tr').length")
    assert "The other 50 are in" in page.ask("document.querySelector('#held-back details p').textContent")


@pytest.mark.parametrize("dark", [False, True])
def test_on_a_phone_nothing_is_wider_than_the_page(page, risky, dark):
    page.size(375, dark=dark, phone=True)
    page.open(risky)
    page.ask("document.querySelector('#held-back details').open = true")
    assert 375 == page.ask("document.documentElement.scrollWidth")
    assert page.errors == []
