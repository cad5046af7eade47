"""A made-up market for tests of the runner: minute bars of a few shares on real sessions of the NSE."""

import datetime as dt
from pathlib import Path

import numpy as np
import yaml

from framework.deployments.deployment_file import read_deployment
from framework.deployments.template import StrategyChoice, deployment_text
from framework.pretrade.facts import Ceilings
from framework.store import open_store
from framework.types import Bars, Instrument, Settings
from framework.usercode.find import find_strategy

IST = dt.timezone(dt.timedelta(hours=5, minutes=30))
MINUTE_NS = 60_000_000_000
DAYS = (dt.date(2015, 1, 5), dt.date(2015, 1, 6), dt.date(2015, 1, 7))
CEILINGS = Ceilings(100_000_000.0, 10)
SYMBOLS = ("NSE:AAA", "NSE:BBB", "NSE:CCC")


def opens_of(day, minutes):
    first = dt.datetime.combine(day, dt.time(9, 15), IST)
    return int(first.timestamp()) * 1_000_000_000 + np.arange(0, 375, minutes, dtype=np.int64) * 60 * 1_000_000_000


def fill_store(path: Path, symbols=SYMBOLS, days=DAYS, seed=7, minutes=1, gaps=0.0):
    """Prices that move enough for RSI to turn a few times a day; ``gaps``: share of bars that did not trade."""
    generator = np.random.default_rng(seed)
    with open_store(path) as store:
        for symbol in symbols:
            exchange, name = symbol.split(":")
            time = np.concatenate([opens_of(day, minutes) for day in days])
            if gaps:
                kept = generator.random(len(time)) >= gaps
                kept[[0, -1]] = True
                time = time[kept]
            close = np.round(100 * np.exp(np.cumsum(generator.normal(0, 0.004, len(time)))) / 0.05) * 0.05
            opened = np.r_[close[0], close[:-1]]
            high = np.round(np.maximum(opened, close) * 1.002 / 0.05) * 0.05
            low = np.round(np.minimum(opened, close) * 0.998 / 0.05) * 0.05
            high, low = np.maximum(high, np.maximum(opened, close)), np.minimum(low, np.minimum(opened, close))
            instrument = Instrument(name, exchange, tick=0.05, timezone="Asia/Kolkata")
            volume = np.full(len(time), 10_000.0)
            bars = Bars.from_arrays(instrument, f"{minutes}m", time, opened, high, low, close, volume)
            store.save_bars(bars)
    return path


def write_deployment(folder: Path, *strategies, name="morning", account="paper", paper=(), send=()):
    """A deployment of strategies, each (name, strategy, symbols, timeframe, settings by name[, parameters]).

    ``paper``: how its broker behaves, by name; ``send``: limits on sending, by name.
    """
    document = None
    for one in strategies:
        label, strategy, symbols, timeframe, settings, *rest = one
        chosen = find_strategy(strategy).from_settings(rest[0] if rest else {})
        choice = StrategyChoice(
            strategy, chosen, list(symbols), timeframe, Settings.of(capital=100_000.0, **settings), "hold", "hold", ()
        )
        written = yaml.safe_load(deployment_text(name, account, choice, CEILINGS))
        written["strategies"][0]["name"] = label
        if document is None:
            document = written
        else:
            document["strategies"] += written["strategies"]
    document["paper"] |= dict(paper)
    document["send"] |= dict(send)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    return read_deployment(file)
