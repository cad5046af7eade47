"""Where a result comes from: its hashes are of what was run, also when they are looked at later."""

import hashlib
from importlib.metadata import version

import numpy as np

from framework import Bars, Panel, Signals, Strategy, backtest
from framework.run.provenance import provenance, provenance_later
from framework.types.deferred import DeferredFacts
from tests.walks import random_walk


class Holds(Strategy):
    """Long from the second bar on."""

    def signals(self, bars: Bars) -> Signals:
        return Signals(np.r_[np.nan, np.ones(len(bars) - 1)])


def sha256_of(panel: Panel) -> str:
    """By hand: the instruments (but their currency) and the timeframe, then seven arrays row by row."""
    text = repr((panel.instruments, panel.timeframe)).replace(", currency='INR'", "").encode()
    arrays = (panel.time, panel.open, panel.high, panel.low, panel.close, panel.volume, panel.factor)
    return hashlib.sha256(text + b"".join(np.array(array).tobytes() for array in arrays)).hexdigest()


def test_prices_are_hashed_at_the_first_look_and_the_hash_is_of_what_was_run():
    close = np.array([100.0, 101.0, 102.0])
    bars = Bars.from_arrays("AAA", "1d", np.arange(3) * 86_400_000_000_000, close, close, close, close)
    run = sha256_of(Panel.from_bars([bars]))
    result = backtest(Holds(), bars, causality="off")
    assert isinstance(result.provenance, DeferredFacts)
    close[:] = 1.0
    assert run == result.provenance["data_sha256"]


def test_several_instruments_with_gaps_are_hashed_row_by_row():
    panel = Panel.from_bars([random_walk(90, symbol="BBB")[5:], random_walk(60)])
    assert sha256_of(panel) == provenance(Holds(), panel)["data_sha256"]


def test_prices_that_somebody_can_still_write_to_are_hashed_at_once():
    given = Panel.from_bars([random_walk(9)])
    loose = Panel(
        instruments=given.instruments, timeframe="1d",
        **{name: getattr(given, name).copy() for name in (
            "time", "open", "high", "low", "close", "volume", "factor", "session", "close_time"
        )},
    )  # fmt: skip
    facts = provenance_later(Holds(), loose)
    loose.close[:] = 1.0
    assert sha256_of(given) == facts["data_sha256"]


def test_versions_are_those_of_the_installed_libraries():
    facts = provenance(Holds(), Panel.from_bars([random_walk(9)]))
    assert [version(name) for name in ("numpy", "TA-Lib", "pydantic")] == [
        facts[name] for name in ("numpy", "TA-Lib", "pydantic")
    ]
    names = ["created", "command", "style", "strategy_sha256", "data_sha256", "tulya", "python"]
    assert [*names, "numpy", "TA-Lib", "pydantic"] == list(facts)


def test_a_class_with_another_method_has_another_source():
    """As in a notebook: there is no file, the class is the same object, and its method is not."""

    def long(self, bars):
        return Signals(np.ones(len(bars)))

    def flat(self, bars):
        return Signals(np.zeros(len(bars)))

    panel = Panel.from_bars([random_walk(9)])
    idea = type("Idea", (Strategy,), {"signals": long, "__module__": "nowhere"})
    before = provenance(idea(), panel)["strategy_sha256"]
    assert before == provenance(idea(), panel)["strategy_sha256"]
    idea.signals = flat
    assert before != provenance(idea(), panel)["strategy_sha256"]
