"""What decides and what sends orders loads in a blink: a live process takes neither pandas nor numba nor pydantic."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "numpy", "pandas", "pydantic", "numba", "llvmlite", "pyarrow", "arch", "scipy", "plotly", "typer", "rich", "jinja2",
    "talib", "yaml", "sqlite3",
    "framework.engines", "framework.report", "framework.store", "framework.market", "framework.config",
)  # fmt: skip
LIGHT = ["session", "pretrade", "broker", "exchange", "rules", "journal"]


def loaded(module):
    """Of HEAVY, what a fresh interpreter has after it imported every file of a room."""
    program = (
        "import sys, pkgutil, importlib\n"
        f"room = importlib.import_module({module!r})\n"
        "for one in pkgutil.iter_modules(getattr(room, '__path__', []), room.__name__ + '.'):\n"
        "    importlib.import_module(one.name)\n"
        f"print(sorted(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("room", LIGHT)
def test_a_room_of_the_live_path_loads_no_heavy_library(room):
    if not list((ROOT / "framework").glob(f"{room}*")):
        pytest.skip(f"there is no room {room} yet")
    assert "[]" == loaded(f"framework.{room}")


def test_the_nouns_load_numpy_and_pydantic_only_for_those_that_have_arrays_or_settings():
    program = (
        "import sys\n"
        "from framework.types import Approved, Fill, Instrument, Order, Portfolio, Position, TradingState, Verdict\n"
        f"print(sorted(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout


def test_the_check_sees_a_heavy_library():
    assert "['numpy']" == loaded("framework.indicators").replace(", 'talib'", "")


def test_every_name_of_the_nouns_can_be_had_and_no_other():
    import framework.types

    assert sorted(framework.types.PUBLIC) == dir(framework.types)
    for name in framework.types.__all__:
        assert getattr(framework.types, name) is not None
    with pytest.raises(AttributeError, match=r"module 'framework\.types' has no attribute 'Trade'"):
        framework.types.Trade  # noqa: B018
