"""Runs of the golden answers: five hundred small markets with settings and decisions of every kind, made from a number.

Nothing here is drawn by hypothesis, numpy's generators or ``random``'s choices, which may differ from version to
version: only ``random.Random(number).random()``, whose sequence Python guarantees, sums, products and ``round``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.engines import compiled, event
from framework.engines.rows import DecisionArrays
from framework.types import Bars, CancelRequest, Instrument, OrderRequest, Panel, Settings
from framework.types.actions import Action
from framework.types.deadlines import NEVER, Deadlines
from framework.types.orders import Validity
from framework.types.setting_values import Charges
from framework.types.tariff import Tariff

if TYPE_CHECKING:
    from framework.types import Record

RUNS = 500
NAN = float("nan")
DAY_NS, HOUR_NS, MONDAY = 86_400 * 10**9, 3_600 * 10**9, 19_723
LAW = Charges(
    plan="made_up:CNC",
    regimes=(
        (MONDAY + 2, Tariff(25_000, 150, 0, 100_000, 90_000, 3_450, 100, 0, 18_000_000, 0, 0)),
        (MONDAY + 9, Tariff(500_000, 700, 10, 0, 250_000, 3_250, 50, 15_000, 18_000_000, 1, 1_850)),
        (MONDAY + 20, Tariff(0, 0, 2_000, 100_000, 100_000, 3_070, 100, 15_000, 18_000_000, 1, 1_850)),
    ),
)
"""Everything that can be levied on a fill, changing on two days."""


@dataclass(frozen=True)
class GoldenRun:
    """A market, the choices, and what the strategy said."""

    number: int
    panel: Panel
    settings: Settings
    style: str
    decisions: DecisionArrays | None = None
    requests: dict[int, list[Any]] = field(default_factory=dict)
    first_row: int = 0

    def by_event(self) -> Record:
        """The event engine's record."""
        if self.decisions is None:
            return event.run(
                self.panel,
                self.settings,
                on_bar=lambda _session, row: self.requests.get(row, ()),
                style=self.style,
                first_row=self.first_row,
            )
        given: dict[str, Any] = {"decisions": self.decisions, "style": self.style, "first_row": self.first_row}
        return event.run(self.panel, self.settings, **given)

    def by_kernel(self, *, machine_code: bool) -> Record | None:
        """The kernel's, None of a strategy that it does not run."""
        if self.decisions is None:
            return None
        given: dict[str, Any] = {"decisions": self.decisions, "style": self.style, "first_row": self.first_row}
        return compiled.run(self.panel, self.settings, **given, compiled=machine_code)

    def __str__(self) -> str:
        sizes = f"{len(self.panel.instruments)} × {len(self.panel)} {self.panel.timeframe}"
        return f"{self.style}, {sizes}, {self.settings.product or 'any'}, {self.settings.sizing}"


class Draw:
    """One run's luck."""

    def __init__(self, number: int) -> None:
        self._random = Random(1_000_003 * (number + 1)).random

    def below(self, count: int) -> int:
        """A whole number 0 … count − 1."""
        return int(self._random() * count)

    def of(self, *values: Any) -> Any:
        """One of them."""
        return values[self.below(len(values))]

    def chance(self, share: float) -> bool:
        """True so often."""
        return self._random() < share


def golden_run(number: int) -> GoldenRun:
    """The run of a number; the same for ever."""
    draw = Draw(number)
    style = draw.of("signals", "signals", "signals", "allocate", "allocate", "on_bar")
    per_session = draw.of(0, 0, 0, 3, 6)
    panel = _panel(draw, per_session)
    product, panel = _product(draw, panel, per_session)
    settings = _settings(draw, panel, style).model_copy(update={"product": product})
    first_row = draw.of(0, 0, 0, 5)
    if style == "on_bar":
        return GoldenRun(number, panel, settings, style, requests=_requests(draw, panel), first_row=first_row)
    return GoldenRun(number, panel, settings, style, _decisions(draw, panel, style), first_row=first_row)


# ---------------------------------------------------------------------- markets


def _panel(draw: Draw, per_session: int) -> Panel:
    """One to four instruments of 20 to 80 bars; the first has all of them, the others may miss some."""
    count, rows = draw.of(1, 1, 2, 3, 4), 20 + draw.below(61)
    series = []
    for i in range(count):
        instrument = Instrument("ABCD"[i], tick=draw.of(0.0, 0.0, 0.05, 0.25), lot=draw.of(1, 1, 1, 5))
        step, price = draw.of(1.0, 0.05, 0.37), draw.of(100, 60, 1000)
        wild, gaps = draw.of(1, 1, 3), draw.of(0.0, 0.0, 0.1)
        bars = []
        for row in range(rows):
            opens = max(price + wild * draw.of(0, 0, 0, 1, -1, 3, -3, 9, -9), 3)
            price = max(opens + wild * draw.of(0, 1, -1, 2, -2, 4, -4), 3)
            high, low = max(opens, price) + draw.of(0, 0, 1, 2, 6), max(min(opens, price) - draw.of(0, 0, 1, 2, 6), 1)
            volume = draw.of(1000.0, 1000.0, 60.0, 9.0, 0.0, NAN)
            if i == 0 or not draw.chance(gaps):
                prices = [round(x * step, 2) for x in (opens, high, low, price)]
                bars.append((time_of(row, per_session), *prices, volume))
        columns = zip(*bars, strict=True)
        made = Bars.from_arrays(instrument, "1h" if per_session else "1d", *(list(column) for column in columns))
        series.append(made.with_actions(_actions(draw, rows // max(per_session, 1))))
    return Panel.from_bars(series)


def time_of(row: int, per_session: int) -> int:
    """Open of a bar: a day each, or hours from 04:00 UTC on."""
    if not per_session:
        return (MONDAY + row) * DAY_NS
    return (MONDAY + row // per_session) * DAY_NS + (4 + row % per_session) * HOUR_NS


def _actions(draw: Draw, days: int) -> list[Action]:
    if not draw.chance(0.25):
        return []
    return [
        Action(MONDAY + day, "made up", draw.of(1.0, 5.0, 2.0, 1.5, 0.1, 0.5), draw.of(0.0, 0.0, 1.0, 12.0))
        for day in sorted({draw.below(days + 1) for _ in range(1 + draw.below(3))})
    ]


def _product(draw: Draw, panel: Panel, per_session: int) -> tuple[str | None, Panel]:
    """None mostly; delivery; intraday with a square-off each session; contracts that expire."""
    product = draw.of(None, None, None, None, "CNC", "NRML", "MIS", "MIS")
    if product in {None, "CNC"} or (product == "MIS" and not per_session):
        return (None if product == "MIS" else product), panel
    days, count = np.unique(panel.session), len(panel.instruments)
    square_off = np.full((days.shape[0], count), NEVER)
    if product == "MIS":
        for day in range(days.shape[0]):
            for i in range(count):
                half_hours = draw.below(2 * per_session + 3)
                square_off[day, i] = days[day] * DAY_NS + 4 * HOUR_NS + half_hours * (HOUR_NS // 2)
    ends = [NEVER if draw.chance(0.5) else int(days[draw.below(days.shape[0])]) for _ in range(count)]
    closes = np.array([panel.close_time[panel.session == day].max() for day in days])
    over = np.maximum(square_off.max(axis=1), closes)
    return product, replace(panel, deadlines=Deadlines(days, square_off, np.array(ends, dtype=np.int64), over))


# ---------------------------------------------------------------------- choices


def _settings(draw: Draw, panel: Panel, style: str) -> Settings:
    sizing = draw.of(
        "fixed:10", "fixed:25", "value:3000", "equity:95%", "equity:95%", "equity:40%", "risk:1%", "volatility:15%",
        "volatility:60%", "kelly:50%", "equal_risk:95%", "margin:90%",
    )  # fmt: skip
    stop = draw.of(None, None, "2%", "5%", "rs:1.5", "60%")
    chosen = {
        "capital": draw.of(100_000, 2_000, 777.77),
        "sizing": sizing,
        "volatility_bars": draw.of(2, 5),
        "kelly_after": draw.of(1, 3),
        "kelly_start": draw.of(0.1, 0.6),
        "allotment": None if sizing.startswith("equal_risk") else draw.of(None, None, 0.5, 1.0),
        "charges": draw.of("none", "percent:0.1", "flat:20", "percent:0.0333+flat:1.11", LAW),
        "slippage": draw.of("none", "bps:10", "bps:137", "ticks:1"),
        "protection_bps": draw.of(0, 0, 0, 20, 500),
        "fill_at": draw.of("next_open", "next_open", "next_open", "same_close"),
        "reenter": draw.of("any_bar", "any_bar", "new_signal"),
        "reuse_proceeds": draw.of(None, None, True, False),
        "rebalance": draw.of("on_signal", "on_signal", "on_change", "every_bar", "band:5"),
        "leverage": draw.of(1, 2) if style == "allocate" else 1,
        "long_margin": draw.of(None, None, None, 0.2, 0.5),
        "short_margin": draw.of(1.0, 1.0, 0.3, 0.1),
        "volume_cap": draw.of(None, None, None, 0.1, 0.5),
        "validity": draw.of("DAY", "GTC"),
        "limit_follow": draw.chance(0.2),
        "adjust": draw.of("splits", "splits", "total", "none"),
        "exits": {
            "stop_loss": stop,
            "take_profit": draw.of(None, None, "2%", "5%", "rs:1.5"),
            "trail": draw.of(None, None, None, "3%", "rs:2"),
            "time_exit": draw.of(None, None, None, 1, 4),
            "active_from": draw.of("entry_bar", "entry_bar", "next_bar"),
            "both": draw.of("stop", "stop", "target"),
        },
        "limits": _limits(draw),
    }
    return Settings(**chosen)


def _limits(draw: Draw) -> dict[str, Any]:
    limits: dict[str, Any] = {
        "max_order_value": draw.of(None, None, None, 1_500, 30_000),
        "max_position_value": draw.of(None, None, None, 2_500),
        "max_daily_loss": draw.of(None, None, None, "1%", "rs:25"),
    }
    if not draw.chance(0.35):
        return limits
    others: dict[str, tuple[Any, ...]] = {
        "restricted": ("B", "A"),
        "max_age": (0, 1),
        "max_jump": ("3%", "rs:1.5"),
        "price_band": ("2%", "rs:1"),
        "max_orders_per_day": (1, 2, 5),
        "max_positions": (1, 2),
        "max_order_quantity": (7, 20),
        "max_sector_value": ("30%", "rs:1500"),
        "max_gross_exposure": ("50%", "rs:2000"),
        "max_strategy_value": ("40%", "rs:1000"),
        "max_consecutive_losses": (1, 2),
        "max_drawdown": ("2%", "rs:60", "10%"),
    }
    names = sorted(others)
    limits |= {name: draw.of(*others[name]) for name in sorted({names[draw.below(len(names))] for _ in range(3)})}
    return limits | {
        "sectors": {"S": ["A", "C"], "T": ["B"]},
        "breaker_reset": draw.of(None, 1, 3),
        "on_trip": draw.of("hold", "flatten"),
    }


# ---------------------------------------------------------------------- what the strategy says


def _decisions(draw: Draw, panel: Panel, style: str) -> DecisionArrays:
    rows, count = panel.close.shape
    seldom = draw.of(0.0, 0.0, 0.6, 0.9)
    target = np.full((rows, count), NAN)
    for row in range(rows):
        for i in range(count):
            said = draw.of(NAN, NAN, 0.0, 1.0, 1.0, -1.0, 0.5, -0.5, 0.3)
            target[row, i] = NAN if draw.chance(seldom) else said
    if style == "allocate":
        return DecisionArrays(target / count)
    beside: dict[str, np.ndarray] = {}
    for name in ("stop", "take_profit", "trail", "limit", "trigger"):
        if not draw.chance(0.35):
            continue
        grid = beside[name] = np.full((rows, count), NAN)
        unit = draw.of(1.0, 0.05)
        for row in range(rows):
            for i in range(count):
                if name in {"limit", "trigger"}:
                    price = float(panel.close[row, i]) + unit * draw.of(NAN, NAN, 0.0, 1.0, -1.0, 2.0, -2.0, 5.0, -5.0)
                    grid[row, i] = price if price > 0 else NAN
                else:
                    grid[row, i] = draw.of(NAN, NAN, 0.5, 1.0, 3.0, 8.0, 40.0)
    return DecisionArrays(target, **beside)


def _requests(draw: Draw, panel: Panel) -> dict[int, list[Any]]:
    """Explicit orders and cancels; prices from the instrument's last close."""
    rows, count = panel.close.shape
    last, asked = [NAN] * count, dict[int, list[Any]]()
    for row in range(rows):
        for i in range(count):
            close = float(panel.close[row, i])
            last[i] = close if close > 0 else last[i]
        for _ in range(draw.of(0, 0, 1, 1, 2)):
            i, label = draw.below(count), draw.of("", "", "x")
            if draw.chance(0.15):
                asked.setdefault(row, []).append(CancelRequest(i, label))
                continue
            above, beyond = (draw.of(NAN, NAN, 0.0, 1.0, -1.0, 3.0, -3.0) for _ in range(2))
            limit, trigger = (price if price > 0 else NAN for price in (last[i] + above, last[i] + beyond))
            units = draw.of(1, -1) * (1 + draw.below(30)) * panel.instruments[i].lot
            validity = draw.of(Validity.DAY, Validity.GTC)
            asked.setdefault(row, []).append(OrderRequest(i, units, limit, trigger, validity, label))
    return asked
