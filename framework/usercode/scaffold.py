"""Start a new strategy: a file that works and a test that keeps it honest."""

from __future__ import annotations

import keyword
import os
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from framework.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

STRATEGY = '''"""{title}: say here in one line what it does and why that should earn money."""

import talib as ta
from pydantic import Field

from framework import Bars, Signals, Strategy


class {cls}(Strategy):
    """Long from a new high until a new low.

    This is a working example; put your own idea in its place.
    """

    period: int = Field(20, ge=2, le=250, description="bars")

    def signals(self, bars: Bars) -> Signals:
        """Target 1 at the highest close of the period, 0 at the lowest."""
        highest = ta.MAX(bars.close, self.period)
        lowest = ta.MIN(bars.close, self.period)
        return Signals.long_flat(
            enter=bars.close >= highest,  # the first bars have no highest yet (NaN) and compare false
            leave=bars.close <= lowest,
            columns={{"highest": highest, "lowest": lowest}},
        )
'''

TEST = '''"""{cls}: it decides, within its bounds, and never from a bar that had not happened yet."""

from pathlib import Path

import numpy as np
import pytest

from framework import Bars, backtest
from framework.causality.check import check_signals
from framework.errors import ConfigError
from framework.usercode.find import find_strategy

{cls} = find_strategy(f"{{Path(__file__).resolve().parent}}/{relative}:{cls}")


def random_walk(seed: int, rows: int = 600) -> Bars:
    """Daily bars around a random walk, the same for the same seed."""
    noise = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(noise.normal(0, 0.015, rows)))
    open_ = close * np.exp(noise.normal(0, 0.005, rows))
    high, low = np.maximum(open_, close) * 1.004, np.minimum(open_, close) * 0.996
    day = 86_400 * 10**9
    return Bars.from_arrays("WALK", "1d", (np.arange(rows) + 15_000) * day, open_, high, low, close)


@pytest.mark.parametrize("seed", range(3))
def test_no_later_bar_changes_an_earlier_decision(seed):
    outcome = check_signals({cls}(), [random_walk(seed)], mode="every-bar")
    assert outcome.verdict == "passed", str(outcome)


@pytest.mark.parametrize("seed", range(3))
def test_it_enters_and_leaves_on_a_random_walk(seed):
    target = {cls}().signals(random_walk(seed)).target
    assert {{0.0, 1.0}} <= set(target[np.isfinite(target)])


def test_a_backtest_of_it_trades_and_passes_the_check():
    result = backtest({cls}(), random_walk(0), capital=100_000, charges="percent:0.1")
    assert len(result.fills) > 2
    assert result.causality.verdict == "passed"


def test_it_stays_out_while_there_is_too_little_history():
    target = {cls}().signals(random_walk(0, rows=5)).target
    assert not np.isfinite(target).any()


def test_it_decides_the_same_at_a_fifth_of_the_prices():
    assert check_signals({cls}(), [random_walk(0)]).scale_changes == 0


def test_a_misspelt_parameter_is_refused_with_the_right_name():
    with pytest.raises(ConfigError, match="did you mean 'period'"):
        {cls}.from_settings({{"perod": 10}})
'''


class Names(NamedTuple):
    """Names of a strategy: its file's stem and its class."""

    stem: str
    cls: str


def new_strategy(name: str, folder: Path) -> list[Path]:
    """Write ``folder/name.py`` and its pytest file; the paths written, strategy first.

    The test goes to ``tests`` beside a folder called ``strategies`` where there is one, else beside the strategy.
    Raises ``ConfigError`` for a name that cannot be used and rather than overwrite a file.
    """
    stem, cls = checked_name(name)
    strategy = folder / f"{stem}.py"
    tests = folder.resolve().parent / "tests"
    test = (tests if folder.resolve().name == "strategies" and tests.is_dir() else folder) / f"test_{stem}.py"
    for path in (strategy, test):
        if path.exists():
            msg = f"{path} exists already and is left as it is; choose another name than {name!r}"
            raise ConfigError(msg)
    relative = os.path.relpath(strategy.resolve(), test.resolve().parent).replace(os.sep, "/")
    title = stem.replace("_", " ").capitalize()
    for path, template in ((strategy, STRATEGY), (test, TEST)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template.format(title=title, cls=cls, relative=relative), encoding="utf-8")
    return [strategy, test]


def checked_name(name: str) -> Names:
    """``my idea``, ``my-idea``, ``my_idea`` and ``MyIdea`` → (my_idea, MyIdea); ``ConfigError`` if it cannot be one."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    stem = re.sub(r"[\s\-]+", "_", words).lower()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", stem) or keyword.iskeyword(stem):
        msg = f"{name!r} cannot name a strategy; use letters, digits and _, beginning with a letter, such as my_idea"
        raise ConfigError(msg)
    if stem.startswith("test_"):
        msg = f"{name!r} would be taken for a test; choose a name that does not begin with test"
        raise ConfigError(msg)
    if find_spec(stem) is not None:
        msg = f"{name!r} is the name of a Python module, which the strategy would hide; use another, such as my_{stem}"
        raise ConfigError(msg)
    cls = name.strip() if name.strip().isidentifier() and name.strip()[0].isupper() else ""
    return Names(stem, cls.replace("_", "") or "".join(word.capitalize() for word in stem.split("_")))
