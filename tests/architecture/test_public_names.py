"""What `framework` offers is pinned: a name that appears or goes is a decision, not an accident."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import framework

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = [
    "Bars",
    "Context",
    "Instrument",
    "Panel",
    "Result",
    "Rule",
    "Settings",
    "Signals",
    "Strategy",
    "Verdict",
    "__version__",
    "backtest",
    "crossed_above",
    "crossed_below",
    "sweep",
]


def test_the_public_names_are_these():
    assert EXPECTED == sorted(framework.__all__)
    assert EXPECTED == dir(framework)


def test_every_public_name_can_be_had():
    for name in EXPECTED:
        assert getattr(framework, name) is not None


def test_a_public_name_stays_what_it_is_when_its_module_was_imported_first():
    program = (
        "import framework.sweeps\nfrom framework import backtest, sweep\nprint(callable(backtest), callable(sweep))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "True True\n" == done.stdout


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'framework' has no attribute 'Trade'"):
        framework.Trade  # noqa: B018


def test_importing_a_strategy_loads_no_engine_and_no_report():
    program = (
        "import sys\nfrom strategies.buy_and_hold import BuyAndHold\n"
        "heavy = ('framework.engines', 'framework.report', 'framework.store')\n"
        "print(sorted(name for name in sys.modules if name.startswith(heavy)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout


def test_the_version_is_the_packages_version():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert declared == framework.__version__
