"""The code in docs/strategies.md runs as it stands, and does what the page says."""

import contextlib
import io
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from typer.testing import CliRunner

from framework import Context, Panel, Settings, Strategy
from framework.causality.check import check_allocate, check_signals
from framework.engines.context import BarContext
from framework.engines.event import run
from framework.errors import ConfigError
from tests.walks import random_walk

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page():
    """Everything the page defines, and what it printed; run once, from top to bottom."""
    module = ModuleType("page_of_strategies")
    sys.modules[module.__name__] = module  # pydantic looks annotations up here
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for block in re.finditer(r"```python\n(.*?)```", PAGE, re.DOTALL):
            first_line = PAGE[: block.start(1)].count("\n")
            code = "\n" * first_line + block[1]  # so that an error names the page's own line
            exec(compile(code, str(ROOT / "docs" / "strategies.md"), "exec"), vars(module))  # noqa: S102 - it is the test
    yield vars(module) | {"printed": printed.getvalue()}
    del sys.modules[module.__name__]


def test_the_page_prints_what_it_says_it_prints(page):
    lines = page["printed"].splitlines()
    assert re.fullmatch(r"Signals\(1000 bars, \d+ targets, \[\]\)", lines[0])
    assert re.fullmatch(r"passed \(\d+ of \d+ decisions, \d+ cuts\)", lines[1])
    assert re.match(r"leak: bar \S+ of WALK: target [01] with the later bars, keep \(NaN\) without them", lines[2])
    assert lines[3] == "RSI(period=10, oversold=30.0, overbought=70.0)"


def test_every_strategy_of_the_page_but_the_clairvoyant_is_causal(page):
    defined = [each for each in page.values() if isinstance(each, type) and issubclass(each, Strategy)]
    own = {each.__name__: each for each in defined if each.__module__ == "page_of_strategies"}
    assert {"Breakout", "TwoAverages", "BreakoutWithStops", "HourlyTrend", "Clairvoyant"} <= own.keys()
    for name, cls in own.items():
        if cls.style() == "signals":
            bars = random_walk(3000, timeframe="1m")
            verdict = check_signals(cls(), [bars]).verdict
            assert verdict == ("leak" if name == "Clairvoyant" else "passed"), name
            assert name == "Clairvoyant" or np.isfinite(cls().signals(bars).target).any(), name
    panel = Panel.from_bars([random_walk(400, seed, f"S{seed}") for seed in range(3)])
    assert check_allocate(own["Strongest"](), panel).verdict == "passed"


def test_the_weekly_example_decides_on_mondays(page):
    panel = Panel.from_bars([random_walk(400, seed, f"S{seed}") for seed in range(3)])
    decided = np.flatnonzero(np.isfinite(page["Strongest"]().allocate(panel)).all(axis=1))
    days = panel.session[decided].astype("datetime64[D]").astype(object)
    assert {day.weekday() for day in days} == {0}


def test_the_on_bar_example_buys_the_dip_and_sells_at_the_high(page):
    panel = Panel.from_bars([random_walk(800, seed=3)])
    context = BarContext(panel)
    dip = page["BuyTheDip"]()
    record = run(panel, Settings(), on_bar=lambda session, row: context.ask(dip, session, row), style="on_bar")
    labels = [done.label for done in record.settlements]
    assert labels[:2] == ["dip", "out"]
    assert record.settlements[1].gross_paise > 0


def test_parameters_are_refused_as_the_page_says(page):
    with pytest.raises(ConfigError, match="TwoAverages: fast = 60 must be below slow = 50"):
        page["TwoAverages"](fast=60)


def test_the_commands_of_the_page_exist():
    from framework.cli.app import app

    for words in (["strategies"], ["new", "strategy"], ["backtest"]):
        assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0


def test_the_table_of_ctx_names_everything_it_has():
    table = PAGE[PAGE.index("| `ctx.` |") : PAGE.index("`strategies/grid.py` is a longer")]
    has = {name for name in (*vars(Context), *Context.__annotations__) if not name.startswith("_")}
    missing = {name for name in has if not re.search(rf"[`.]{name}[`(.]", table)}
    assert set() == missing
    money = {"equity", "cash", "buying_power", "instruments", "positions", "closes", "time", "state"}
    assert {name for name in money if f".{name}`" not in table} == set()
