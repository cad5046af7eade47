"""A strategy that is broken on a day while everything looks healthy: the day's report finds it, and no good day."""

import datetime as dt

import numpy as np
import pytest

from framework.cli.journal_rebuild import ledger_of
from framework.cli.run import trade_recorded
from framework.live.day_silence import silence_of_day
from framework.live.hours import day_of, session_of
from framework.live.silence import SILENT, USUAL
from framework.market.calendar import Calendar
from framework.store import open_store
from framework.store.account_files import journal_path
from framework.types import Bars, Instrument
from tests.live.market import opens_of, write_deployment

SYMBOLS = ("NSE:AAA", "NSE:BBB")
LAST = dt.date(2015, 1, 30)
SESSIONS = 25
FASTEST = float("inf")
SIGNALS = '''
"""Long below its average of 20 bars, flat above."""
import talib as ta
import numpy as np

from framework import Bars, Signals, Strategy


class Below(Strategy):
    """Says something only where the price crosses."""

    def signals(self, bars: Bars) -> Signals:
        average = ta.SMA(bars.close, 20) FLAW
        return Signals.long_flat(enter=bars.close < average * 0.995, leave=bars.close > average * 1.005)
'''
COUNTING = '''
"""Buys each 40th bar, sells 20 bars later, by a count of its own."""
from framework import Strategy


class Counts(Strategy):
    """Remembers how many bars it has seen."""

    def on_bar(self, ctx):
        n = ctx.state["n"] = ctx.state.get("n", 0) + 1
        FLAW
        for symbol in ctx.symbols:
            if n % 40 == 0 and not ctx.position(symbol):
                ctx.buy(10, symbol)
            elif n % 40 == 20 and ctx.position(symbol) > 0:
                ctx.sell(ctx.position(symbol), symbol)
'''


def sessions_before(last, count):
    days = [day for day in Calendar.load("NSE").session_days() if day <= session_of(last)]
    return [day_of(int(day)) for day in days[-count:]]


def fill(path, *, missing="", minutes=(1, 5)):
    """Minute bars of both symbols on 25 sessions; ``missing``: a symbol without bars on the last day."""
    days = sessions_before(LAST, SESSIONS)
    for length in minutes:
        generator = np.random.default_rng(3)
        with open_store(path) as store:
            for symbol in SYMBOLS:
                kept = days[:-1] if symbol == missing else days
                time = np.concatenate([opens_of(day, length) for day in kept])
                close = np.round(100 * np.exp(np.cumsum(generator.normal(0, 0.002, len(time)))) / 0.05) * 0.05
                opened = np.r_[close[0], close[:-1]]
                instrument = Instrument(symbol.split(":")[1], "NSE", tick=0.05, timezone="Asia/Kolkata")
                store.save_bars(
                    Bars.from_arrays(
                        instrument, f"{length}m", time, opened, np.maximum(opened, close), np.minimum(opened, close),
                        close, np.full(len(time), 10_000.0),
                    )
                )  # fmt: skip
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder, name, text, flaw, timeframe="1m", symbols=SYMBOLS):
    """Deployment of a strategy's file, its flaw put in."""
    (folder / f"{name}.py").write_text(text.replace("FLAW", flaw))
    settings = {"sizing": "fixed:10"} if text is SIGNALS else {}
    return write_deployment(folder / "deployments", ("one", f"./{name}.py", list(symbols), timeframe, settings))


def verdict(db, traded, deployment):
    """Verdict on the last day of what was traded, held against what is deployed."""
    trade_recorded(traded, db, (LAST, LAST), FASTEST)
    ledger = ledger_of(journal_path(db, "paper"), "paper")
    (found,) = silence_of_day(ledger, deployment, db, session_of(LAST)).values()
    return found


@pytest.mark.parametrize("text", [SIGNALS, COUNTING], ids=["signals", "on_bar"])
def test_a_healthy_day_is_usual(folder, text):
    db = fill(folder / "market.sqlite", minutes=(1,))
    deployment = written(folder, "good", text, "" if text is SIGNALS else "pass")
    found = verdict(db, deployment, deployment)
    assert (USUAL, SESSIONS - 1) == (found.verdict, found.sessions)


def test_an_indicator_of_nan_is_found(folder):
    db = fill(folder / "market.sqlite", minutes=(1,))
    traded = written(folder, "flawed", SIGNALS, "* np.nan")
    found = verdict(db, traded, written(folder, "good", SIGNALS, ""))
    assert SILENT == found.verdict
    assert "signals 0" in found.text


def test_a_symbol_that_was_dropped_is_found(folder):
    db = fill(folder / "market.sqlite", missing=SYMBOLS[1], minutes=(1,))
    deployment = written(folder, "good", SIGNALS, "")
    found = verdict(db, deployment, deployment)
    assert SILENT == found.verdict
    assert f"bars of {SYMBOLS[1]}" in {one.what for one in found.counts}


def test_another_timeframe_is_found(folder):
    db = fill(folder / "market.sqlite")
    traded = written(folder, "good", SIGNALS, "", "5m")
    found = verdict(db, traded, written(folder, "good", SIGNALS, ""))
    assert SILENT == found.verdict
    assert "bars" in {one.what for one in found.counts}


def test_a_state_that_is_lost_is_found(folder):
    db = fill(folder / "market.sqlite", minutes=(1,))
    traded = written(folder, "flawed", COUNTING, 'ctx.state["n"] = 0')
    found = verdict(db, traded, written(folder, "good", COUNTING, "pass"))
    assert SILENT == found.verdict
    assert "orders" in {one.what.split(" of ")[0].split(" from ")[0] for one in found.counts}
