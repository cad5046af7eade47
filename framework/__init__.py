"""Tulya: write a strategy once; backtest, paper and live then make the same decisions.

The public names are handed on lazily: importing a strategy loads no engine.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from framework.version import __version__

if TYPE_CHECKING:
    from framework.backtest import backtest as backtest
    from framework.indicators import crossed_above as crossed_above
    from framework.indicators import crossed_below as crossed_below
    from framework.report.result import Result as Result
    from framework.strategy import Context as Context
    from framework.strategy import Strategy as Strategy
    from framework.sweeps import sweep as sweep
    from framework.types import Bars as Bars
    from framework.types import Instrument as Instrument
    from framework.types import Panel as Panel
    from framework.types import Rule as Rule
    from framework.types import Settings as Settings
    from framework.types import Signals as Signals
    from framework.types import Verdict as Verdict

PUBLIC = {
    "Bars": "framework.types",
    "Context": "framework.strategy",
    "Instrument": "framework.types",
    "Panel": "framework.types",
    "Result": "framework.report.result",
    "Rule": "framework.types",
    "Settings": "framework.types",
    "Signals": "framework.types",
    "Strategy": "framework.strategy",
    "Verdict": "framework.types",
    "backtest": "framework.backtest",
    "crossed_above": "framework.indicators",
    "crossed_below": "framework.indicators",
    "sweep": "framework.sweeps",
}
"""Public name → the module that defines it."""

__all__ = [*PUBLIC, "__version__"]  # noqa: PLE0604 - the names are strings; a test pins them


class _Package(ModuleType):
    """Python hangs a module on its package once it is imported; ``framework.backtest`` stays the function."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in PUBLIC and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        msg = f"module 'framework' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
