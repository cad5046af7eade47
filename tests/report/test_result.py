"""The result as a person and as a program meets it."""

import json
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from framework.errors import ConfigError
from framework.report.stats import STATS
from framework.types import Causality, CausalityVerdict, Instrument
from tests.report.records import MINUTE, Trade, bars, make_record, make_result, small_result


@pytest.fixture
def result():
    return small_result()


def test_prints_as_an_aligned_table_with_units(result):
    text = str(result)
    assert text == repr(result)
    assert text.splitlines()[0] == "test (period=14, level=30.0)"
    assert "ABC · 1d · 2024-01-01 to 2024-01-10, 10 bars · event engine" in text
    assert "Final equity                ₹1,00,054.80" in text
    assert "Win rate                           50.00 %" in text
    assert "Causality   passed" in text
    assert "Fill rule   market orders fill at the next bar's open" in text
    assert "! Only 2 round trips" in text


def test_html_escapes_what_users_named():
    html = small_result(strategy="<script>alert(1)</script>", parameters={"x": "<b>"})._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "&lt;b&gt;" in html


def test_statistics_have_their_units_in_their_names(result):
    assert list(result.stats) == [stat.key for stat in STATS]
    for name in ("CAGR [%]", "Sharpe", "Max. drawdown [%]", "Max. drawdown duration [days]", "Final equity [₹]"):
        assert name in result.stats


def test_every_statistic_is_defined_once_with_formula_and_source():
    assert len({stat.key for stat in STATS}) == len(STATS)
    assert all(stat.formula and stat.source for stat in STATS)


def test_statistics_worked_by_hand(result):
    """1,00,054.80 at the end; net 57.94 and −42.12 closed; highest 1,00,059.00, then lowest 1,00,015.82."""
    stats = result.stats
    assert stats["Final equity [₹]"] == 100_054.80
    assert stats["Net profit [₹]"] == 54.80
    assert stats["Total return [%]"] == pytest.approx(0.0548)
    assert stats["CAGR [%]"] == pytest.approx(100 * (1.000548 ** (365.25 / 9) - 1))
    assert stats["Max. drawdown [%]"] == pytest.approx(100 * (1 - 100_015.82 / 100_059))
    assert stats["Max. drawdown duration [days]"] == 6.0  # from 4 January to the end
    assert stats["Round trips"] == 2.0
    assert stats["Open round trips"] == 1.0
    assert stats["Win rate [%]"] == 50.0
    assert stats["Profit factor"] == pytest.approx(57.94 / 42.12)
    assert stats["Expectancy [₹]"] == pytest.approx((57.94 - 42.12) / 2)
    assert stats["Best round trip [%]"] == pytest.approx(5.794)
    assert stats["Worst round trip [%]"] == pytest.approx(-3.9)
    assert stats["Average holding [days]"] == 2.5
    assert stats["Charges [₹]"] == 5.20
    assert stats["Time in market [%]"] == 70.0  # flat at the closes of rows 0, 4 and 7
    assert stats["Benchmark return [%]"] == pytest.approx(6.0)  # bought at 100, last close 106


def test_a_risk_free_rate_lowers_sharpe(result):
    assert small_result(risk_free=0.06).stats["Sharpe"] < result.stats["Sharpe"]


def test_fills_have_the_columns_and_times_of_the_contract(result):
    first = result.fills_rows()[0]
    assert first._fields == ("time", "symbol", "side", "quantity", "price", "charges", "reason")
    assert first == ("2024-01-02", "ABC", "BUY", 10, 100.0, "1.00", "signal")
    assert list(result.fills.columns) == list(first._fields)
    assert result.fills["charges"].sum() == pytest.approx(5.20)


def test_saved_fills_read_back_to_the_same_prices(tmp_path):
    price = 100.1 + 0.2
    record = make_record([bars([100, 101, 102])], [Trade(0, 1, 3, price, 0.5), Trade(0, 2, -3, 101.0)])
    path = make_result(record).save_fills(tmp_path / "deep" / "fills.csv")
    lines = path.read_text().splitlines()
    assert lines[0] == "time,symbol,side,quantity,price,charges,reason"
    assert lines[1] == f"2024-01-02,ABC,BUY,3,{price!r},0.50,signal"
    assert lines[2] == "2024-01-03,ABC,SELL,3,101.0,0.00,signal"


def test_intraday_fills_carry_the_exchanges_offset():
    kolkata = Instrument("ABC", "NSE", timezone="Asia/Kolkata")
    series = bars([100, 101, 102], kolkata, "1m", "2024-01-01T03:45", step=MINUTE)
    result = make_result(make_record([series], [Trade(0, 1, 1, 100.0)]))
    assert result.fills_rows()[0].time == "2024-01-01T09:16:00+05:30"
    assert str(result.equity.index.tz) == "Asia/Kolkata"


def test_equity_drawdown_and_benchmark_are_series_by_time(result):
    assert result.equity.index[0] == pd.Timestamp("2024-01-01")
    assert result.equity.iloc[-1] == 100_054.80
    assert result.drawdown.between(0, 100).all()
    assert result.drawdown.max() == pytest.approx(result.stats["Max. drawdown [%]"])
    assert result.benchmark.iloc[-1] == pytest.approx(106_000)


def test_round_trips_are_a_frame_in_rupees(result):
    frame = result.round_trips
    assert [57.94, -42.12, 38.98] == frame["net"].tolist()
    assert [False, False, True] == frame["open"].tolist()
    assert frame["entry_time"][0] == pd.Timestamp("2024-01-02")


def test_json_is_one_object_with_the_promised_names(result):
    told = json.loads(result.to_json())
    assert told["run_id"] == "20240101-0000-test-0000"
    assert told["engine"] == "event"
    assert told["final_equity"] == 100_054.80
    assert told["round_trips_closed"] == 2
    assert told["round_trips_open"] == 1
    assert told["causality"] == "passed"
    assert told["causality_detail"]["decisions"] == 4
    assert told["symbols"] == ["ABC"]
    assert told["capital"] == 100_000.0
    assert (told["first"], told["last"]) == ("2024-01-01", "2024-01-10")
    assert told["stats"]["Round trips"] == 2.0
    assert told["findings"][0]["severity"] == "warning"
    assert told["settings"]["charges"] == "percent:0.1"


def test_a_leak_is_the_word_leak_in_json():
    leak = Causality(CausalityVerdict.LEAK, finding="ABC")
    assert json.loads(small_result(causality=leak).to_json())["causality"] == "leak"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "record",
    [
        make_record([bars([100])]),
        make_record([bars([100, 101, 102])]),
        make_record([bars([100, 100, 100])], [Trade(0, 1, 10, 100.0)]),
        make_record([bars([100, 110, 120])], [Trade(0, 1, 10, 100.0), Trade(0, 2, -10, 110.0)]),
        make_record([bars([100, 100, 40, 60])], [Trade(0, 1, 20, 100.0)], capital=1000.0),
        make_record([bars([100, 101, 102])], first_row=3),
    ],
    ids=["one bar", "no fills", "zero variance", "no losses", "ruin", "no rows"],
)
def test_every_edge_has_an_answer_and_json_has_no_nan(record, tmp_path):
    result = make_result(record)
    assert str(result)
    assert "NaN" not in result.to_json()
    assert all(value is None or math.isfinite(value) for value in result.to_dict()["stats"].values())
    assert type(result).load(result.save(tmp_path / "bundle")) == result
    assert result.report(tmp_path / "tearsheet.html", quantstats=False).stat().st_size > 1_000_000


def test_plot_draws_equity_drawdown_candles_and_fills(result):
    names = [trace.name for trace in result.plot().data]
    assert ["equity", "buy and hold", "drawdown", "ABC", "buy", "sell"] == names


def test_plot_of_many_bars_aggregates_candles_without_losing_the_extremes():
    closes = 100 + np.sin(np.arange(9_000) / 50) * 20
    chart = make_result(make_record([bars(closes)])).plot("ABC")
    candles = next(trace for trace in chart.data if trace.type == "candlestick")
    assert len(candles.close) <= 2_000
    assert max(candles.high) == pytest.approx(closes.max() + 1, abs=0.01)
    assert candles.close[-1] == closes[-1]


def test_plot_of_a_run_without_a_row_is_empty_but_there():
    chart = make_result(make_record([bars([100, 101])], first_row=2)).plot()
    assert not [trace for trace in chart.data if trace.type == "candlestick"]


def test_plot_of_an_unknown_symbol_names_those_there_are(result):
    with pytest.raises(ConfigError, match="'XYZ' is not in this run; it has ABC"):
        result.plot("XYZ")


def test_numbers_printing_and_saving_need_no_heavy_library(tmp_path):
    program = (
        "import sys; from tests.report.records import small_result; from pathlib import Path; r = small_result();"
        f"r.stats, str(r), r.to_json(), r.fills_rows(), r.save(Path({str(tmp_path / 'b')!r}));"
        "print([name for name in ('pandas', 'plotly', 'quantstats', 'matplotlib', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
