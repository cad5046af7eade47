"""The tearsheet as a browser shows it: quiet, offline, drawn, light and dark, on a phone, with a year of minutes."""

import numpy as np
import pytest

from framework.report.quantstats_page import write_page
from framework.report.tearsheet import render
from framework.types import Instrument
from tests.report.records import MINUTE, Trade, bars, make_record, make_result

pytestmark = pytest.mark.browser

DAILY = 2_500
SESSION = 375
SESSIONS = 250


def walk(count, seed=5, step=0.01):
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, step, count)))


def daily_result():
    """Two instruments, forty round trips each, an oscillator and an average."""
    series, trades, columns = [], [], {}
    for column, symbol in enumerate(("A&B", "<C>")):
        closes = walk(DAILY, column)
        series.append(bars(closes, Instrument(symbol, "NSE"), spread=0.2))
        opens = np.concatenate([closes[:1], closes[:-1]])
        for row in range(50, DAILY - 50, 60):
            trades += [Trade(column, row, 10, opens[row], 1.0), Trade(column, row + 20, -10, opens[row + 20], 1.0)]
        columns[symbol] = {"rsi": 50 + 20 * np.sin(np.arange(DAILY) / 9), "sma_20": closes * 1.01}
    return make_result(
        make_record(series, trades, columns=columns, charges="percent:0.1"),
        parameters={"period": 14, "oversold": 35.0, "overbought": 65.0},
    )


def minute_result():
    """A year of minute bars, 93,750 of them, with 1,500 fills."""
    starts = np.datetime64("2024-01-01T03:45", "ns").astype(np.int64) + np.arange(SESSIONS) * 1440 * MINUTE
    time = (starts[:, None] + np.arange(SESSION) * MINUTE).ravel()
    closes = walk(time.shape[0], step=0.0005)
    opens = np.concatenate([closes[:1], closes[:-1]])
    one = bars([1.5], Instrument("NIFTY 50", "NSE", timezone="Asia/Kolkata"), "1m").from_arrays(
        Instrument("NIFTY 50", "NSE", timezone="Asia/Kolkata"),
        "1m",
        time,
        opens,
        np.maximum(opens, closes) + 0.01,
        np.minimum(opens, closes) - 0.01,
        closes,
    )
    rows = range(100, time.shape[0] - 100, 62)
    trades = [Trade(0, row, 10 if number % 2 == 0 else -10, opens[row]) for number, row in enumerate(rows)]
    return make_result(make_record([one], trades, columns={"NIFTY 50": {"rsi": 50 + 0 * closes}}))


@pytest.fixture(scope="module")
def daily(tmp_path_factory):
    path = tmp_path_factory.mktemp("daily") / "tearsheet.html"
    path.write_text(render(daily_result()), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def minutes(tmp_path_factory):
    path = tmp_path_factory.mktemp("minutes") / "tearsheet.html"
    path.write_text(render(minute_result()), encoding="utf-8")
    return path


COUNT = "document.querySelectorAll({!r}).length"


def count(page, selector):
    return page.ask(COUNT.format(selector))


def box(page, selector):
    """Left, top, width and height of an element, scrolled to the middle of the window."""
    return page.ask(
        f"(() => {{ const e = document.querySelector({selector!r}); e.scrollIntoView({{block: 'center'}});"
        " const b = e.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; })()"
    )


def press(page, text):
    """Click one of the price chart's range buttons."""
    buttons = "[...document.querySelectorAll('.ranges[data-chart=price] button')]"
    page.ask(f"{buttons}.find(button => button.textContent === {text!r}).click()")


def quiet(page, path):
    """No console error, no policy violation, no request but for the file itself."""
    assert page.errors == []
    assert {url for url in page.requests if not url.startswith("data:")} == {path.as_uri()}


def view(page):
    """First and last row that the price chart shows."""
    return [int(row) for row in page.ask("document.getElementById('price-chart').dataset.drawn").split("-")]


def candles(page):
    return page.ask("document.getElementById('price-chart').data[0].x.length")


def test_charts_are_drawn_and_the_console_is_silent(page, daily):
    page.open(daily)
    quiet(page, daily)
    for chart in ("#equity-chart", "#price-chart"):
        _, _, width, height = box(page, f"{chart} .main-svg")
        assert width > 800
        assert height > 300
    assert count(page, "#equity-chart .scatterlayer .trace path.js-line") == 3
    assert count(page, "#price-chart .trace.boxes path.box") == candles(page)
    assert candles(page) > 200
    assert count(page, "#price-chart .points path") > 4
    assert count(page, "#price-chart .trace.scatter path.js-line") >= 2
    assert "oversold 35" in page.ask("document.getElementById('price-chart').textContent")


def test_hovering_reads_the_bar(page, daily):
    page.open(daily)
    left, top, width, height = box(page, "#price-chart")
    readout = "document.getElementById('price-readout').textContent"
    at_rest = page.ask(readout)
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=left + width / 2, y=top + height / 3)
    text = page.ask(readout)
    assert text != at_rest
    assert page.ask("document.querySelector('#price-chart .crosshair').style.display") == "block"
    assert "sma_20" in text
    assert "rsi" in text
    quiet(page, daily)


def test_another_instrument_and_a_round_trip_can_be_picked(page, daily):
    page.open(daily)
    page.ask("document.getElementById('symbol').value = '1'")
    page.ask("document.getElementById('symbol').dispatchEvent(new Event('change'))")
    assert page.ask("document.getElementById('symbol').selectedOptions[0].textContent").startswith("A&B")
    page.ask("document.querySelector('#trips tbody tr').click()")
    first, last = view(page)
    assert first <= 50
    assert last >= 70
    assert last - first < 200
    quiet(page, daily)


def test_round_trips_sort_by_number_both_ways(page, daily):
    page.open(daily)
    nets = "[...document.querySelectorAll('#trips tbody tr')].map(row => Number(row.cells[8].dataset.value))"
    button = "document.querySelectorAll('#trips thead button')[8].click()"
    page.ask(button)
    rising = page.ask(nets)
    assert rising == sorted(rising)
    assert len(set(rising)) > 10
    page.ask(button)
    assert page.ask(nets) == sorted(rising, reverse=True)
    assert count(page, "th[aria-sort=descending]") == 1


def test_the_best_round_trip_of_all_comes_first_though_it_is_not_among_the_first_by_entry(page, tmp_path):
    """Five hundred round trips of one share, 1, 2, 3 … rupees of profit: the last one is the best."""
    closes = np.full(2_000, 100.0)
    trades = []
    for number in range(500):
        row = 4 * number + 2
        trades += [Trade(0, row, 1, 100.0), Trade(0, row + 1, -1, 100.0 + number / 10)]
    path = tmp_path / "tearsheet.html"
    path.write_text(render(make_result(make_record([bars(closes, spread=60)], trades))), "utf-8")
    page.open(path)
    nets = "[...document.querySelectorAll('#trips tbody tr')].map(row => Number(row.cells[8].dataset.value))"
    button = "document.querySelectorAll('#trips thead button')[8].click()"
    assert 200 == len(page.ask(nets))
    page.ask(button)
    assert [0, 10, 20] == page.ask(nets)[:3]
    page.ask(button)
    assert [4990, 4980, 4970] == page.ask(nets)[:3]
    assert 200 == len(page.ask(nets))


def test_the_equity_axis_can_be_logarithmic(page, daily):
    page.open(daily)
    kind = "document.getElementById('equity-chart').layout.yaxis.type"
    assert page.ask(kind) == "linear"
    page.ask("document.getElementById('log').click()")
    assert page.ask(kind) == "log"
    assert page.ask("document.getElementById('log').getAttribute('aria-pressed')") == "true"
    assert count(page, "#equity-chart .ytick text") >= 2
    quiet(page, daily)


def background(page):
    return page.ask("getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize(("dark", "expected"), [(False, "rgb(246, 246, 243)"), (True, "rgb(16, 20, 24)")])
def test_follows_the_systems_theme_and_its_button_changes_it(page, daily, dark, expected):
    page.size(1280, dark=dark)
    page.open(daily)
    line = "document.getElementById('equity-chart').data[1].line.color"
    before = page.ask(line)
    assert background(page) == expected
    page.ask("document.getElementById('theme').click()")
    assert background(page) != expected
    assert page.ask(line) != before
    quiet(page, daily)


def test_a_phone_scrolls_tables_in_their_boxes_and_never_the_page_sideways(page, daily):
    page.size(375, 800, phone=True)
    page.open(daily)
    assert page.ask("document.documentElement.scrollWidth") == 375
    assert page.ask("document.scrollingElement.scrollWidth <= innerWidth")
    assert page.ask("document.querySelector('.scroll .months').scrollWidth") > 375
    _, _, width, _ = box(page, "#price-chart .main-svg")
    assert 250 < width < 375
    quiet(page, daily)


def test_a_year_of_minutes_opens_aggregated_and_zooms_to_single_bars(page, minutes):
    assert minutes.stat().st_size < 15_000_000
    assert page.open(minutes) < 30
    press(page, "All")
    assert view(page) == [0, SESSION * SESSIONS - 1]
    assert candles(page) <= 1_500
    assert page.ask("document.getElementById('equity-chart').data[1].x.length") <= 3_000
    assert "Each candle is" in page.ask("document.getElementById('price-status').textContent")
    left, top, width, height = box(page, "#price-chart")
    for _ in range(3):
        page.drag(left + width * 0.45, left + width * 0.52, top + height * 0.3)
    first, last = view(page)
    assert 0 < first < last < SESSION * SESSIONS - 1
    assert last - first < 400
    assert candles(page) == last - first + 1
    press(page, "+")
    assert view(page)[1] - view(page)[0] < last - first
    quiet(page, minutes)


def test_the_candles_of_a_bucket_keep_its_open_high_low_and_close(page, minutes):
    page.open(minutes)
    press(page, "All")
    panel = minute_result().record.panel
    candle = "document.getElementById('price-chart').data[0]"
    drawn = [page.ask(f"{candle}.{name}") for name in ("open", "high", "low", "close")]
    step = int(page.ask("Number(document.getElementById('price-status').textContent.match(/is (\\d+) bars/)[1])"))
    for index in (0, 7, len(drawn[0]) - 1):
        rows = slice(index * step, (index + 1) * step)
        expected = [
            panel.open[rows, 0][0],
            panel.high[rows, 0].max(),
            panel.low[rows, 0].min(),
            panel.close[rows, 0][-1],
        ]
        assert [values[index] for values in drawn] == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
def test_quantstats_page_is_as_quiet(page, tmp_path):
    path = tmp_path / "quantstats.html"
    assert write_page(daily_result(), path) is None
    page.open(path)
    quiet(page, path)
    assert count(page, "svg") > 5
