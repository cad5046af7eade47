"""Square-off moments by the calendar and the table, margins by the table, and deadlines that outlive the run."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from framework import Result, Settings, backtest
from framework.errors import ConfigError
from framework.market.product_table import ProductTable
from framework.market.products import with_product
from framework.strategy import Strategy
from framework.types import Agreement, Bars, Instrument, Panel, Signals
from framework.types.deadlines import NEVER
from framework.types.setting_values import SquareOff

INDIA = ZoneInfo("Asia/Kolkata")
MINUTE_NS = 60 * 10**9


class AlwaysIn(Strategy):
    """Long whenever it may be."""

    def signals(self, bars: Bars) -> Signals:
        return Signals(target=np.full(len(bars), 1.0))


def minutes(day: str, start: str, count: int, **others) -> Bars:
    """Bars of five minutes from a local time on."""
    first = round(datetime.fromisoformat(f"{day}T{start}").replace(tzinfo=INDIA).timestamp()) * 10**9
    time = first + np.arange(count) * 5 * MINUTE_NS
    given = {"symbol": "INFY", "exchange": "NSE", "timezone": "Asia/Kolkata", **others}
    return Bars.from_arrays(Instrument(**given), "5m", time, *[np.full(count, 100.0)] * 4)


def closing(bars: Bars, **chosen) -> str:
    """When positions in these bars are closed, local time."""
    _, panel = with_product(Settings(product="MIS", **chosen), Panel.from_bars([bars]))
    assert panel.deadlines is not None
    (moment,) = panel.deadlines.square_off[0].tolist()
    return f"{datetime.fromtimestamp(moment / 1e9, INDIA):%H:%M}"


@pytest.mark.parametrize(
    ("day", "kind", "hours", "expected"),
    [
        ("2020-02-03", "", "", "15:10"),
        ("2020-03-23", "share", "", "15:10"),  # halted from 09:58 to 10:58
        ("2018-11-07", "share", "", "18:10"),  # Muhurat, 17:30 to 18:30
        ("2024-03-02", "share", "", "12:10"),  # a Saturday of two windows, the last one to 12:30
        ("2021-02-24", "share", "", "16:40"),  # after the outage until 17:00
        ("2026-08-03", "share", "cas", "15:05"),  # the closing auction begins at 15:15
        ("2026-08-03", "share", "other", "15:10"),
        ("2026-08-03", "", "", "15:05"),  # nobody said which: the earlier
        ("2026-07-31", "share", "cas", "15:10"),
        ("2026-07-31", "index_future", "", "15:20"),
        ("2026-08-03", "index_future", "fno", "15:20"),  # of 15:40
    ],
)
def test_the_time_is_that_of_the_day_and_of_the_class(day, kind, hours, expected):
    assert expected == closing(minutes(day, "09:15", 3, kind=kind, hours=hours))


@pytest.mark.parametrize(
    ("day", "given", "expected"),
    [
        ("2020-02-03", "15:15", "15:15"),
        ("2020-02-03", "15:30", "15:30"),  # the close itself is still within
        ("2020-02-03", "15:31", "15:10"),  # beyond it, the table's minutes
        ("2020-02-03", "9:15", "15:10"),  # and before anything could have been held
        ("2018-11-07", "15:15", "18:10"),  # Muhurat in the evening
        ("2018-11-07", "30m", "18:00"),
        ("2026-08-03", "15:15", "15:15"),
        ("2026-08-03", "15:20", "15:05"),  # after the auction has begun, of a class that nobody said
    ],
)
def test_a_time_that_was_given_goes_before_the_table_where_the_session_has_it(day, given, expected):
    assert expected == closing(minutes(day, "09:15", 3), square_off=given)


def test_without_an_exchange_the_zone_of_india_means_nse():
    assert "15:10" == closing(minutes("2020-02-03", "09:15", 3, exchange=""))


@pytest.mark.parametrize(
    ("bars", "sentence"),
    [
        (minutes("2027-02-03", "09:15", 3), "2027-02-03 is unknown to the calendar of NSE.*; or --square-off 15:15"),
        (minutes("2020-02-02", "09:15", 3), "is not a session of NSE .*; or --square-off 15:15"),
        (minutes("2012-01-07", "11:15", 3), "its hours are not in the table.*; or --square-off 15:15"),
        (minutes("2020-02-03", "09:15", 3, exchange="NYSE"), r"NYSE:INFY \(NYSE\) are not known here; --square-off"),
    ],
)
def test_what_is_not_known_is_a_sentence_that_says_how_to_give_it(bars, sentence):
    with pytest.raises(ConfigError, match=sentence):
        closing(bars)
    assert "14:00" == closing(bars, square_off="14:00")


def test_days_that_only_feed_the_indicators_are_not_asked_about():
    early, late = minutes("2012-01-07", "11:15", 3), minutes("2020-02-03", "09:15", 3)
    names = ("time", "open", "high", "low", "close")
    both = [np.concatenate([getattr(early, name), getattr(late, name)]) for name in names]
    panel = Panel.from_bars([Bars.from_arrays(early.instrument, "5m", *both)])
    _, due = with_product(Settings(product="MIS"), panel, first_row=3)
    assert due.deadlines is not None
    assert NEVER == due.deadlines.square_off[0, 0]
    assert NEVER > due.deadlines.square_off[1, 0]


@pytest.mark.parametrize("text", ["15:15", "09:05", "20m", "0m"])
def test_a_square_off_reads_and_writes_the_same(text):
    assert text == str(SquareOff.parse(text))


@pytest.mark.parametrize("text", ["25:00", "15:60", "15", "m", "-5m", "3.15pm"])
def test_a_square_off_that_is_no_time_is_refused(text):
    with pytest.raises(ConfigError, match="is not understood; write a time such as 15:15, or 20m before the close"):
        Settings.of(square_off=text)


def test_rows_that_contradict_each_other_are_named():
    row = {"broker": "any", "classes": ["cas"], "minutes": 10, "valid_from": None, "valid_to": None, "source": "here"}
    with pytest.raises(ConfigError, match="square_off of any cas: the rows … to … and … to … overlap"):
        ProductTable.model_validate({"square_off": [row, row], "margins": []})


def test_a_brokers_row_goes_before_the_row_of_any():
    row = {"broker": "any", "classes": ["cas"], "minutes": 10, "valid_from": None, "valid_to": None, "source": "here"}
    table = ProductTable.model_validate(
        {"square_off": [row, {**row, "broker": "upstox", "minutes": 15}], "margins": []}
    )
    day = date(2024, 1, 1)
    assert [10, 15, 15] == [table.minutes(name, "cas", day) for name in ("", "upstox", "upstox_api")]
    assert table.minutes("", "fno", day) is None


def test_a_kept_run_keeps_its_deadlines_and_every_engine_comes_to_the_same(tmp_path):
    bars = minutes("2020-02-03", "14:30", 12)
    result = backtest(AlwaysIn(), bars, product="MIS", charges="percent:0.1", causality="off", verify=True)
    assert ["signal", "square_off"] == [str(one.reason) for one in result.record.settlements]
    assert result.verification is not None
    assert Agreement.IDENTICAL == result.verification.comparisons[0].agreement
    assert "knows no products, but product is MIS" in result.verification.comparisons[1].detail
    again = Result.load(result.save(tmp_path / "run"))
    assert result == again
    assert again.record.panel.deadlines is not None
    assert "MIS" == again.settings.product
