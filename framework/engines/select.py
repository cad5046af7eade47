"""Selects an engine by name; errors when it is missing or cannot run this strategy."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from framework.engines import event, no_bar
from framework.engines.rows import PRICE_NAMES
from framework.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from framework.engines.event import RunRecorder
    from framework.engines.rows import DecisionArrays
    from framework.session import Session
    from framework.types import Panel, Record, RiskRule
    from framework.types.orders import CancelRequest, OrderRequest
    from framework.types.record import Notice
    from framework.types.settings import RunSettings

WORTH_IMPORTING = 400_000
"""Bars × instruments from which importing numba (0.7 s) is quicker than interpreting them."""
WORTH_COMPILING = 8_000_000
"""… from which even compiling first (about half a minute) is."""
INSTALL = "pip install 'tulya[research]'"
_log = logging.getLogger(__name__)
ENGINES = ("auto", "event", "compiled", "backtrader")


def run_engine(
    name: str,
    panel: Panel,
    settings: RunSettings,
    *,
    decisions: DecisionArrays | None = None,
    on_bar: Callable[[Session, int], Sequence[OrderRequest | CancelRequest]] | None = None,
    style: str = "signals",
    first_row: int = 0,
    last_row: int | None = None,
    rules: Sequence[RiskRule] = (),
    columns: dict[str, dict[str, NDArray[np.float64]]] | None = None,
    recorder: RunRecorder | None = None,
    progress: Callable[[int], None] | None = None,
) -> Record:
    """Run a named engine; the record keeps what it takes to run it through another one, and the columns for plots.

    ``recorder`` looks on in the event engine, the only one that goes input by input.

    Raises ``ConfigError`` when there is no such engine, it is not installed, or it cannot express the run.
    """
    chosen = chosen_engine(name, style=style, rules=rules, cells=panel.close.size, recorded=recorder is not None)
    if chosen == "event":
        record = event.run(
            panel,
            settings,
            decisions=decisions,
            on_bar=on_bar,
            style=style,
            first_row=first_row,
            last_row=last_row,
            rules=rules,
            recorder=recorder,
            progress=progress,
        )
    else:
        record = import_module(f"framework.engines.{chosen}").run(
            panel,
            settings,
            decisions=decisions,
            style=style,
            first_row=first_row,
            last_row=last_row,
            progress=progress,
        )
    lost: tuple[Notice, ...] = ()
    if style == "allocate" and decisions is not None:
        last = len(panel) if last_row is None else last_row
        lost = no_bar.weights_told(panel, settings, decisions.target, first_row, last)
    elif style == "on_bar":
        lost = no_bar.orders_told(record)
    given = {} if decisions is None else {name: getattr(decisions, name) for name in PRICE_NAMES}
    return replace(
        record,
        style=style,
        notices=(*record.notices, *lost),
        prices={name: array for name, array in given.items() if array is not None},
        rules=tuple(type(rule).__name__ for rule in rules),
        columns=columns or {},
    )


@cache
def _advise() -> None:
    """Say once why a long run takes its time, and let the engine be compiled for the next one."""
    from framework.engines.numba_cache import compile_beside, has_numba

    if not has_numba():
        _log.warning("The engine is not compiled, so this runs bar by bar; %s makes long runs much faster", INSTALL)
        return
    compile_beside()
    _log.warning("The event engine runs this bar by bar; the compiled one, equal and faster, is made beside it once")


def chosen_engine(name: str, *, style: str, rules: Sequence[RiskRule], cells: int = 0, recorded: bool = False) -> str:
    """The engine that a name means for a run of this many bars times instruments.

    ``auto`` takes the compiled engine where it saves time: not for a small run, which would wait for numba's import,
    nor before its machine code is kept, unless the run is so long that compiling first is quicker. A run that it would
    have saved time lets it be compiled beside (``tulya warmup`` waits for it).
    """
    if name not in ENGINES:
        msg = f"engine {name!r} is not one of {', '.join(ENGINES)}"
        raise ConfigError(msg)
    if recorded and name not in {"auto", "event"}:
        msg = f"the {name} engine writes no journal, for it does not go input by input; use --engine event"
        raise ConfigError(msg)
    if name == "auto" and not recorded and style != "on_bar" and not rules and cells >= WORTH_IMPORTING:
        from framework.engines.numba_cache import has_numba, is_cached

        if has_numba() and (cells >= WORTH_COMPILING or is_cached()):
            return "compiled"
        _advise()
    if name in {"auto", "event"}:
        return "event"
    if style == "on_bar":
        msg = (
            f"the {name} engine runs strategies that decide in arrays, and on_bar() acts bar by bar; use --engine event"
        )
        raise ConfigError(msg)
    if rules:
        own = ", ".join(type(rule).__name__ for rule in rules)
        msg = f"the {name} engine cannot ask a risk rule of your own ({own}); use --engine event"
        raise ConfigError(msg)
    if name == "compiled":
        from framework.engines.numba_cache import require_numba

        require_numba("--engine compiled")
    return name
