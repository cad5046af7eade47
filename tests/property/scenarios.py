"""Random runs of the whole core: panels with gaps, halts and ties, decisions or explicit orders, every setting."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from framework import Verdict
from framework.engines import event
from framework.engines.rows import PRICE_NAMES, DecisionArrays
from framework.exchange import SimulatedExchange
from framework.session import Session
from framework.types import (
    Bars,
    CancelRequest,
    Instrument,
    OrderRequest,
    Panel,
    Record,
    Rule,
    Settings,
    Validity,
)
from framework.types.actions import Action
from framework.types.deadlines import NEVER, Deadlines
from framework.types.setting_values import Charges
from framework.types.tariff import Tariff
from tests.contract.market import DAY_NS, HOUR_NS, MONDAY, NAN, time_of

STYLES = ("signals", "allocate", "on_bar")
TARGETS = (NAN, NAN, NAN, 0.0, 1.0, 1.0, -1.0, 0.5, -0.5, 0.3, 0.75, -0.99)
OFFSETS = (NAN, NAN, NAN, NAN, 0.0, 1.0, -1.0, 2.0, -2.0, 5.0, -5.0)
DISTANCES = (NAN, NAN, 0.5, 1.0, 3.0, 8.0, 40.0)


@dataclass(frozen=True, repr=False)
class Scenario:
    """Everything that a run depends on; its repr is what one needs to see of a failure."""

    panel: Panel
    settings: Settings
    style: str
    decisions: DecisionArrays | None = None
    requests: dict[int, list[Any]] = field(default_factory=dict)
    strict: bool = False
    """A risk rule of the user's own is asked too."""

    def _repr_pretty_(self, printer, cycle) -> None:
        printer.text(repr(self))

    def __repr__(self) -> str:
        lines = [f"{self.style}, {self.panel.timeframe}, strict={self.strict}"]
        chosen = self.settings.model_dump()
        usual = Settings().model_dump()
        lines.append(str({name: value for name, value in chosen.items() if value != usual[name]}))
        if self.panel.deadlines is not None:
            lines.append(f"deadlines {[array.tolist() for array in self.panel.deadlines]}")
        for i, instrument in enumerate(self.panel.instruments):
            lines.append(str(instrument))
            for row in range(len(self.panel)):
                bar = [float(getattr(self.panel, name)[row, i]) for name in ("open", "high", "low", "close", "volume")]
                said = () if self.decisions is None else zip(self.decisions._fields, self.decisions, strict=True)
                cells = {
                    n: float(grid[row, i]) for n, grid in said if grid is not None and grid[row, i] == grid[row, i]
                }
                asked = [tuple(request)[1:] for request in self.requests.get(row, ()) if request.instrument == i]
                lines.append(f"  {row} day {self.panel.session[row]} {bar} {cells or ''} {asked or ''}")
        return "\n".join(lines)


class Grudging(Rule):
    """Allows two thirds of every third order and refuses every seventh, by what the order is: no memory."""

    def pre_order(self, order, state):
        mood = order.decided_at // 3_600_000_000_000 % 24 + order.instrument + abs(order.quantity)
        if mood % 7 == 0:
            return Verdict(0, "seventh")
        return Verdict(int(order.quantity * 2 / 3), "third") if mood % 3 == 0 else Verdict(order.quantity)


class Watched:
    """One run, with Session and exchange at hand at every close."""

    def __init__(self, scenario: Scenario, look=None, last_row: int | None = None) -> None:
        self.scenario = scenario
        self.session: Session | None = None
        self.exchange: SimulatedExchange | None = None
        self._look = look
        self.record = self._run(last_row)

    def _run(self, last_row: int | None) -> Record:
        watched, original = self, event.SimulatedExchange

        class Exchange(original):  # type: ignore[misc, valid-type]
            def __init__(self, *given) -> None:
                super().__init__(*given)
                watched.exchange = self

        def on_bar(session: Session, row: int):
            watched.session = session
            if watched._look is not None:
                watched._look(watched, row)
            return scenario.requests.get(row, ())

        scenario = self.scenario
        event.SimulatedExchange = Exchange
        try:
            return event.run(
                scenario.panel,
                scenario.settings,
                decisions=scenario.decisions,
                on_bar=on_bar,
                style=scenario.style,
                last_row=last_row,
                rules=[Grudging()] if scenario.strict else (),
            )
        finally:
            event.SimulatedExchange = original


# ------------------------------------------------------------------ panels

GAPS = (0, 0, 0, 0, 1, -1, 2, -3, 9, -9, 25, -20)
BODIES = (0, 1, -1, 2, -2, 4, -4)
WICKS = (0, 0, 1, 2, 6)
VOLUMES = (1000, 1000, 40, 7, 0, NAN)
THERE = (True, True, True, True, True, True, True, False)


def cells(draw, values, *shape: int) -> np.ndarray:
    """An array of some of ``values``; one draw of bytes, which is fast and shrinks towards the first value."""
    size = int(np.prod(shape))
    drawn = np.frombuffer(draw(st.binary(min_size=size, max_size=size)), dtype=np.uint8)
    return np.array(values)[drawn % len(values)].reshape(shape)


@st.composite
def columns(draw, rows: int, *, whole: bool):
    """[rows, 5] of open, high, low, close, volume for one instrument; NaN where it has no bar."""
    step, price = draw(st.sampled_from([1.0, 0.05, 0.37])), draw(st.sampled_from([100, 40, 1000]))
    moves = [cells(draw, values, rows).tolist() for values in (GAPS, BODIES, WICKS, WICKS, VOLUMES, THERE)]
    grid = np.full((rows, 5), NAN)
    for row, (gap, body, above, below, volume, there) in enumerate(zip(*moves, strict=True)):
        opens = max(price + gap, 3)
        price = max(opens + body, 3)
        high, low = max(opens, price) + above, max(min(opens, price) - below, 1)
        if there or whole:
            grid[row] = [*(round(x * step, 2) for x in (opens, high, low, price)), volume]
    return grid


FACTORS = (1.0, 5.0, 2.0, 1.5, 1.1, 4 / 3, 0.1, 0.5)
DIVIDENDS = (0.0, 0.0, 1.0, 0.37, 12.0)


@st.composite
def corporate_actions(draw, days: int):
    """None at all for most instruments, else one to three within these days; the prices know nothing of them."""
    if draw(st.sampled_from([True, True, True, True, False])):
        return []
    kinds = st.tuples(st.integers(0, days), st.sampled_from(FACTORS), st.sampled_from(DIVIDENDS))
    drawn = draw(st.lists(kinds, min_size=1, max_size=3))
    return [Action(MONDAY + day, f"action {number}", *said) for number, (day, *said) in enumerate(drawn)]


@st.composite
def panels(draw, max_rows: int = 40, *, actions: bool = False):
    """One to four instruments, five to forty bars, daily or a few bars a session; every row has some bar."""
    count = draw(st.sampled_from([1, 1, 2, 2, 3, 4]))
    rows = draw(st.integers(5, max_rows))
    per_session = draw(st.sampled_from([0, 0, 2, 3, 5]))
    whole = draw(st.integers(0, count - 1))
    series = []
    for index in range(count):
        values = draw(columns(rows, whole=index == whole))
        tick, lot = draw(st.sampled_from([0.0, 0.0, 0.05, 0.25])), draw(st.sampled_from([1, 1, 1, 5]))
        bars = bars_of(Instrument("ABCD"[index], tick=tick, lot=lot), values, per_session)
        series.append(bars.with_actions(draw(corporate_actions(rows // max(per_session, 1)))) if actions else bars)
    return Panel.from_bars(series), per_session


def bars_of(instrument: Instrument, values: np.ndarray, per_session: int) -> Bars:
    there = np.flatnonzero(np.isfinite(values[:, 3]))
    times = [time_of(int(row), per_session) for row in there]
    return Bars.from_arrays(instrument, "1h" if per_session else "1d", times, *values[there].T)


# ------------------------------------------------------------------ settings and decisions

DATED = Charges(
    plan="made_up:CNC",
    regimes=(
        (MONDAY + 2, Tariff(25_000, 150, 0, 100_000, 90_000, 3_450, 100, 0, 18_000_000, 0, 0)),
        (MONDAY + 6, Tariff(500_000, 700, 10, 0, 250_000, 3_250, 50, 15_000, 18_000_000, 1, 1_850)),
        (MONDAY + 15, Tariff(0, 0, 2_000, 100_000, 100_000, 3_070, 100, 15_000, 18_000_000, 1, 1_850)),
    ),
)
"""Everything that can be levied, changing on two days: brokerage by rate with a cap reached early, then flat."""
APART = DATED._replace(
    others=(
        ((MONDAY + 4, Tariff(stt_sell_e8=1_000)),),
        ((MONDAY - 9, Tariff(30_000, 0, 500)), (MONDAY + 4, Tariff()), (MONDAY + 11, Tariff(0, 0, 0, 0, 0, 100_000))),
    ),
    of=(("A", 0), ("B", 2), ("C", 1), ("D", 2)),
)
"""The same, with two more tables of other days for other instruments."""

DISTANCE_TEXTS = st.sampled_from([None, None, "2%", "5%", "rs:1.5", "60%"])


OTHER_LIMITS = {
    "restricted": ("B", "A"),
    "max_age": (0, 1),
    "max_jump": ("3%", "rs:1.5"),
    "price_band": ("2%", "rs:1"),
    "max_orders_per_day": (1, 2, 5),
    "max_positions": (1, 2),
    "max_order_quantity": (7, 20),
    "max_sector_value": ("30%", "1500"),
    "max_gross_exposure": ("50%", "2000"),
    "max_strategy_value": ("40%", "rs:1000"),
    "max_consecutive_losses": (1, 2),
    "max_drawdown": ("2%", "rs:60", "10%"),
}


@st.composite
def limits_of_other_kinds(draw):
    """None of them in two runs of three, up to four at once in the third."""
    if draw(st.sampled_from([True, True, False])):
        return {}
    names = draw(st.lists(st.sampled_from(sorted(OTHER_LIMITS)), min_size=1, max_size=4, unique=True))
    return {name: draw(st.sampled_from(OTHER_LIMITS[name])) for name in names} | {
        "sectors": {"S": ["A", "C"], "T": ["B"]},
        "breaker_reset": draw(st.sampled_from([None, 1, 2, 3])),
        "on_trip": draw(st.sampled_from(["hold", "flatten"])),
    }


@st.composite
def settings_of_all_kinds(draw):
    pick = lambda *values: draw(st.sampled_from(values))  # noqa: E731 - one word in twenty lines
    sizing = pick("fixed:10", "fixed:25", "value:3000", "equity:95%", "equity:40%", "risk:1%", "measured")
    if sizing == "measured":
        sizing = pick("volatility:15%", "volatility:60%", "kelly:50%", "kelly:100%", "equal_risk:95%", "margin:90%")
    return Settings(
        capital=pick(100_000, 2_000, 777.77),
        sizing=sizing,
        volatility_bars=pick(2, 5),
        kelly_cap=pick(0.25, 1.0),
        kelly_after=pick(1, 1, 3),
        kelly_start=pick(0.1, 0.6),
        allotment=None if sizing.startswith("equal_risk") else pick(None, None, 0.5, 1.0),
        charges=pick("none", "percent:0.1", "flat:20", "percent:0.0333+flat:1.11", DATED, APART),
        slippage=pick("none", "bps:10", "bps:137", "ticks:1", "ticks:2.5"),
        protection_bps=pick(0, 0, 0, 20, 500),
        fill_at=pick("next_open", "next_open", "next_open", "same_close"),
        reenter=pick("any_bar", "new_signal"),
        reuse_proceeds=pick(None, True, False),
        rebalance=pick("on_signal", "on_signal", "on_change", "every_bar", "band:2", "band:10"),
        leverage=pick(1, 2),
        long_margin=pick(None, None, None, 0.2, 0.5),
        short_margin=pick(1.0, 0.3, 0.1 if sizing.startswith("margin") else 0.0, 1.5),
        volume_cap=pick(None, None, 0.1, 0.5),
        validity=pick("DAY", "GTC"),
        limit_follow=draw(st.booleans()),
        exits={
            "stop_loss": draw(DISTANCE_TEXTS),
            "take_profit": draw(DISTANCE_TEXTS),
            "trail": draw(DISTANCE_TEXTS),
            "time_exit": pick(None, None, None, 1, 2, 4),
            "active_from": pick("entry_bar", "entry_bar", "next_bar"),
            "both": pick("stop", "target"),
        },
        limits={
            "max_order_value": pick(None, None, 1_500, 80),
            "max_position_value": pick(None, None, 2_500),
            "max_daily_loss": pick(None, None, "1%", "rs:25"),
            **draw(limits_of_other_kinds()),
        },
    )


@st.composite
def products(draw, panel: Panel, per_session: int):
    """(product, panel): mostly none; else delivery, or deadlines: a square-off each session, contracts that expire."""
    product = draw(st.sampled_from([None, None, None, None, "CNC", "NRML", "MIS", "MIS"]))
    if product in {None, "CNC"} or (product == "MIS" and not per_session):
        return (None if product == "MIS" else product), panel
    days, count = np.unique(panel.session), len(panel.instruments)
    square_off = np.full((days.shape[0], count), NEVER)
    if product == "MIS":
        halves = cells(draw, range(2 * per_session + 3), days.shape[0], count)
        square_off = days[:, None] * DAY_NS + 4 * HOUR_NS + halves * (HOUR_NS // 2)
    ends = [NEVER, NEVER, int(days[0]) - 1, *(int(day) for day in days)]
    last = np.array([draw(st.sampled_from(ends)) for _ in range(count)], dtype=np.int64)
    closes = np.array([panel.close_time[panel.session == day].max() for day in days])
    over = np.maximum(square_off.max(axis=1), closes)  # no bar of a session comes after it is over
    return product, replace(panel, deadlines=Deadlines(days, square_off, last, over))


@st.composite
def decision_arrays(draw, panel: Panel, style: str):
    shape = panel.close.shape
    target = cells(draw, TARGETS, *shape)
    if style == "allocate":
        return DecisionArrays(target / shape[1])
    given = {}
    for name in PRICE_NAMES:
        if not draw(st.booleans()):
            continue
        if name in {"limit", "trigger"}:
            prices = panel.close + cells(draw, OFFSETS, *shape) * draw(st.sampled_from([1.0, 0.05, 0.013]))
            given[name] = np.where(prices > 0, prices, NAN)
        else:
            given[name] = cells(draw, DISTANCES, *shape)
    return DecisionArrays(target, **given)


@st.composite
def request_lists(draw, panel: Panel):
    rows, count = panel.close.shape
    there = np.isfinite(panel.close)
    last = panel.close[np.maximum.accumulate(np.where(there, np.arange(rows)[:, None], 0), axis=0), np.arange(count)]
    kinds = ("none", "none", "order", "order", "two", "cancel")
    offsets = (NAN, NAN, NAN, 0.0, 1.0, -1.0, 3.0, -3.0)
    columns_drawn = [
        cells(draw, values, rows, 2).tolist()
        for values in (kinds, range(count), range(1, 31), (1, -1), offsets, offsets, ("DAY", "GTC"), ("", "", "x"))
    ]
    asked: dict[int, list[Any]] = {}
    for row in range(rows):
        for which in range(2):
            kind, i, lots, side, above, beyond, validity, label = (column[row][which] for column in columns_drawn)
            if kind == "cancel":
                asked.setdefault(row, []).append(CancelRequest(i, label))
            elif kind == "two" or (kind == "order" and which == 0):
                price = float(last[row, i])
                limit, trigger = (p if p > 0 else NAN for p in (price + above, price + beyond))
                units = side * lots * panel.instruments[i].lot
                asked.setdefault(row, []).append(OrderRequest(i, units, limit, trigger, Validity(validity), label))
    return asked


@st.composite
def scenarios(draw, styles: tuple[str, ...] = STYLES, max_rows: int = 40, *, actions: bool = False):
    panel, per_session = draw(panels(max_rows, actions=actions))
    style = draw(st.sampled_from(styles))
    product, panel = draw(products(panel, per_session))
    settings = draw(settings_of_all_kinds()).model_copy(update={"product": product})
    strict = draw(st.sampled_from([False, False, True]))
    if style == "on_bar":
        return Scenario(panel, settings, style, requests=draw(request_lists(panel)), strict=strict)
    return Scenario(panel, settings, style, draw(decision_arrays(panel, style)), strict=strict)


def changed(scenario: Scenario, **others: Any) -> Scenario:
    return replace(scenario, **others)
