"""The page as text: what stands in it, and that nothing a user named can run in it."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from framework.report import payload
from framework.report.panes import panes
from framework.report.payload import as_script, chart_data
from framework.report.sections import costs, monthly
from framework.report.tearsheet import render
from framework.types import Causality, CausalityVerdict, Instrument
from tests.report.records import DAY, MINUTE, Trade, bars, make_record, make_result, small_result


class Reader(HTMLParser):
    """Tags with their attributes, the text outside scripts, and the scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.scripts, self._inside = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self._inside = tag
            self.scripts.append("") if tag == "script" else None

    def handle_endtag(self, tag):
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts[-1] += data
        elif not self._inside:
            self.words.append(data)


EVIL = "<script>alert('M&M')</script>"


@pytest.fixture(scope="module")
def page():
    return render(small_result())


@pytest.fixture(scope="module")
def read(page):
    return Reader(page)


def test_says_the_headline_first_then_charts_then_tables_then_provenance(page):
    marks = (
        *('class="cards"', 'class="verdict', 'class="findings"', 'id="equity-chart"', 'id="price-chart"'),
        *("Monthly returns", "Statistics", 'id="trips"', "<h2>Costs", "Orders held back", "<h2>Settings", "Provenance"),
    )
    places = [page.index(mark, page.index("<body>")) for mark in marks]
    assert places == sorted(places)


def test_asks_the_network_for_nothing(read):
    for tag, attributes in read.tags:
        for name in ("src", "href", "action", "data"):
            assert not re.match(r"\s*(https?:|//)", attributes.get(name) or ""), (tag, attributes)
    assert not [one for one in read.tags if one[0] in {"iframe", "object", "embed", "base"}]


def test_its_policy_allows_its_own_scripts_and_no_other(read):
    policy = next(a["content"] for tag, a in read.tags if a.get("http-equiv") == "Content-Security-Policy")
    allowed = set(re.findall(r"'(sha256-[^']+)'", policy))
    kinds = [a.get("type") for tag, a in read.tags if tag == "script"]
    running = [text for text, kind in zip(read.scripts, kinds, strict=True) if kind is None]
    hashes = {"sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in running}
    assert allowed == hashes
    assert policy.startswith("default-src 'none';")
    assert "unsafe-eval" not in policy


def test_nothing_a_user_named_can_run():
    record = make_record(
        [bars([100, 101, 102, 103], Instrument(EVIL, "NSE"))],
        [Trade(0, 1, 10, 100.0)],
        columns={EVIL: {EVIL: np.arange(4.0)}},
    )
    leak = Causality(CausalityVerdict.LEAK, finding=EVIL)
    text = render(
        make_result(
            record,
            strategy=EVIL,
            parameters={EVIL: EVIL},
            causality=leak,
            data_issues=(EVIL,),
            provenance={EVIL: EVIL},
            run_id=EVIL,
        )
    )
    assert EVIL not in text
    assert "<script>alert" not in text
    assert len(Reader(text).scripts) == 4  # data, plotly, charts, page
    assert json.loads(Reader(text).scripts[0])["instruments"][0]["symbol"] == EVIL


def test_json_in_a_script_cannot_end_it():
    text = as_script({"a": "</script><!--&\u2028"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": "</script><!--&\u2028"}


def test_rupees_stand_in_indian_grouping_and_every_finding_is_told(read, page):
    words = " ".join(read.words)
    assert "₹1,00,054.80" in words
    assert all(one.text in words for one in small_result().findings)
    assert "round_trips.csv" in page


def test_arrays_are_read_back_as_they_were():
    data = chart_data(small_result())
    equity = np.frombuffer(base64.b64decode(data["equity"]["d"]), "<f8")
    assert equity[-1] == 100_054.80
    one = data["instruments"][0]
    assert (
        np.frombuffer(base64.b64decode(one["close"]["d"]), "<f4").tolist()
        == small_result().record.panel.close[:, 0].tolist()
    )
    assert data["marks"][0][1] == [4, 106.0, -10, data["reasons"].index("take_profit")]
    assert data["trips"][0][0] == [1, 4, 100.0, 106.0, 57.94]


def test_an_instrument_with_gaps_says_which_rows_it_has():
    record = make_record([bars([10, 11, 12, 13], "A"), bars([20, 21], "B", step=2 * DAY)], [Trade(1, 2, 1, 20.0)])
    data = chart_data(make_result(record))
    first, second = data["instruments"]
    assert (first["symbol"], second["symbol"]) == ("B", "A")  # most fills first
    assert np.frombuffer(base64.b64decode(first["rows"]["d"]), "<u4").tolist() == [0, 2]
    assert "rows" not in second
    assert data["marks"][0] == [[1, 20.0, 1, 0]]


def test_times_are_wall_clock_of_the_exchange():
    series = bars([100, 101], Instrument("ABC", timezone="Asia/Kolkata"), "1m", "2024-01-01T03:45", step=MINUTE)
    data = chart_data(make_result(make_record([series])))
    minutes = np.frombuffer(base64.b64decode(data["time"]["d"]), "<i4")
    assert str(np.datetime64(int(minutes[0]), "m")) == "2024-01-01T09:15"


def test_what_does_not_fit_is_left_out_by_name(monkeypatch):
    monkeypatch.setattr(payload, "BUDGET_BYTES", 100)
    trades = [Trade(1, 1, 1, 10.0), Trade(0, 1, 1, 10.0), Trade(1, 2, -1, 11.0)]
    record = make_record([bars([10, 11, 12], name) for name in ("A", "B", "C")], trades)
    data = chart_data(make_result(record))
    assert data["marks"] == [[[1, 10.0, 1, 0], [2, 11.0, -1, 0]]]
    assert len(data["trips"][0]) == 1
    assert [one["symbol"] for one in data["instruments"]] == ["B"]
    assert data["leftOut"] == ["A", "C"]


def columns_of(**columns):
    close = np.linspace(100, 120, 50)
    return make_record([bars(close)], columns={"ABC": columns})


def test_averages_lie_on_the_price_and_oscillators_below_with_their_levels():
    record = columns_of(
        sma_20=np.linspace(99, 119, 50), rsi=np.linspace(20, 80, 50), macd=np.linspace(-2, 3, 50), atr=np.full(50, 2.0)
    )
    price, *below = panes(record, {"period": 14, "oversold": 30.0, "overbought": 70.0})
    assert price.columns == ("sma_20",)
    assert [pane.columns for pane in below] == [("rsi",), ("macd", "atr")]
    assert below[0].levels == (("oversold", 30.0), ("overbought", 70.0))
    assert below[1].levels == ()


def test_an_oscillator_of_a_cheap_stock_stays_off_its_price():
    record = make_record([bars(np.linspace(45, 55, 50))], columns={"ABC": {"rsi": np.linspace(30, 70, 50)}})
    price, below = panes(record, {})
    assert price.columns == ()
    assert below.columns == ("rsi",)


def test_columns_without_a_number_are_not_drawn():
    assert panes(columns_of(empty=np.full(50, np.nan)), {}) == [("price", (), ())]


def test_a_run_without_columns_has_the_price_alone():
    assert panes(make_record([bars([1.5, 2, 3])]), {}) == [("price", (), ())]


def test_monthly_returns_run_from_month_end_to_month_end():
    """Held 1,000 units from the open of 2 January (100): 31 January 110, 29 February 99, 31 March 108.9."""
    closes = [100.0] + [110.0] * 30 + [99.0] * 29 + [108.9] * 31
    rows = monthly(make_result(make_record([bars(closes)], [Trade(0, 1, 1000, 100.0)])))
    assert len(rows) == 1
    assert rows[0].year == 2024
    assert [cell.text for cell in rows[0].months[:4]] == ["10.0", "−10.0", "10.0", "–"]
    assert rows[0].total.text == "8.9"
    assert rows[0].benchmark.text == "8.9"
    assert (rows[0].months[0].heat, rows[0].months[1].heat) == (100, -100)


def test_one_session_has_no_monthly_returns():
    assert monthly(make_result(make_record([bars([100])]))) == []


def test_costs_add_up_from_gross_to_net():
    trades = [Trade(0, 1, 10, 100.0, 21.0), Trade(0, 2, -10, 109.0, 21.09, unslipped=110.0)]
    result = make_result(make_record([bars([100, 110, 109])], trades, charges="percent:0.1+flat:20", slippage="bps:5"))
    assert costs(result) == [
        ("Gross profit", "₹100.00", "100.0 %"),
        ("Charges, 0.1 % of value", "−₹2.09", "−2.1 %"),
        ("Charges, ₹20.00 on 2 orders", "−₹40.00", "−40.0 %"),
        ("Slippage, bps:5", "−₹10.00", "−10.0 %"),
        ("Net profit, open positions included", "₹47.91", "47.9 %"),
    ]


def test_costs_of_a_loss_have_no_share():
    trades = [Trade(0, 1, 10, 100.0), Trade(0, 2, -10, 90.0)]
    assert costs(make_result(make_record([bars([100, 90, 90])], trades)))[0] == ("Gross profit", "−₹100.00", "–")


def test_a_report_is_the_page_and_the_round_trips_beside_it(tmp_path):
    path = small_result().report(tmp_path / "deep" / "tearsheet.html", quantstats=False)
    assert sorted(one.name for one in path.parent.iterdir()) == ["round_trips.csv", "tearsheet.html"]
    assert path.read_text(encoding="utf-8") == render(small_result())


def test_the_page_of_many_instruments_stays_below_25_megabytes():
    rng = np.random.default_rng(7)
    names = [f"S{number:02d}" for number in range(47)]
    series = [bars(100 * np.exp(np.cumsum(rng.normal(0, 0.01, 5_300))), name, spread=0.01) for name in names]
    columns = {name: {f"c{number}": np.arange(5_300.0) for number in range(12)} for name in names}
    assert len(render(make_result(make_record(series, columns=columns))).encode()) < 25_000_000
