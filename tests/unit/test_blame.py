"""An exception inside a user's own method becomes one sentence that says where to look."""

import numpy as np
import pytest

from framework import Bars, Strategy, backtest
from framework.errors import ConfigError, StrategyError

DAY, MINUTE = 86_400_000_000_000, 60_000_000_000


class Divides(Strategy):
    def signals(self, bars):
        return 1 // (len(bars) - len(bars))


class Weighs(Strategy):
    def allocate(self, panel):
        return {"A": 1}["B"]


class Acts(Strategy):
    def on_bar(self, ctx):
        if ctx.row == 2:
            raise RuntimeError


class Configures(Strategy):
    def signals(self, bars):
        msg = "mine"
        raise ConfigError(msg)


def flat(step=DAY, zone="UTC"):
    from framework import Instrument

    start = 0 if step == DAY else 1_472_615_100_000_000_000  # 2016-08-31 03:45 UTC, 09:15 in India
    ones = np.full(4, 100.0)
    timeframe = "1d" if step == DAY else "1m"
    return Bars.from_arrays(
        Instrument("AAA", timezone=zone), timeframe, start + np.arange(4) * step, ones, ones, ones, ones
    )


def line_of(method):
    """Line of the method's first statement."""
    return method.__code__.co_firstlineno + 1


def test_signals_is_blamed_with_file_line_error_and_symbol():
    with pytest.raises(StrategyError) as caught:
        backtest(Divides(), flat())
    where = f"{__file__}, line {line_of(Divides.signals)}"
    said = "ZeroDivisionError: integer division or modulo by zero"
    assert f"{where}: Divides.signals raised {said} (on the bars of AAA)" == str(caught.value)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_allocate_is_blamed_with_its_symbols():
    with pytest.raises(StrategyError) as caught:
        backtest(Weighs(), flat())
    where = f"{__file__}, line {line_of(Weighs.allocate)}"
    assert f"{where}: Weighs.allocate raised KeyError: 'B' (on the panel of AAA)" == str(caught.value)


def test_on_bar_is_blamed_with_the_time_of_its_bar():
    said = r"Acts\.on_bar raised RuntimeError: no message"
    with pytest.raises(StrategyError, match=rf"{said} \(at the bar of 1970-01-03\)"):
        backtest(Acts(), flat())
    with pytest.raises(StrategyError, match=r"\(at the bar of 2016-08-31 09:17 IST\)"):
        backtest(Acts(), flat(MINUTE, "Asia/Kolkata"))


def test_an_error_that_tulya_raised_is_left_as_it_is():
    with pytest.raises(ConfigError, match=r"^mine$"):
        backtest(Configures(), flat())
