"""Speed only: the compiled engine, the kernel's loop over arrays, compiled by numba, with a Record at the end.

It decides and fills like the event engine, down to the bit; tests compare every order, fill and equity value.
"""

from __future__ import annotations

import math
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.engines.kernel import layout
from framework.engines.kernel.layout import Bar, Curves, State
from framework.engines.kernel.to_records import (
    actions_of,
    breaker_events_of,
    notices_of,
    orders_of,
    settlements_of,
)
from framework.engines.volatility import with_volatility
from framework.rules import targets
from framework.rules.sizing import WEIGHT
from framework.session.intents import rebalance_code
from framework.session.review import is_named, sector_numbers
from framework.session.sizer import SIZINGS
from framework.types.deferred import Deferred
from framework.types.panel import actions_within
from framework.types.record import Record
from framework.types.tariff import Tariff

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from framework.engines.rows import DecisionArrays
    from framework.types import Distance, Limits, Panel, Settings
    from framework.types.actions import Due
    from framework.types.settings import RunSettings

NAN_FIELDS = (
    "average", "ignored_target", "stop", "take_profit", "trail", "extreme",
    "entry_stop", "entry_take_profit", "entry_trail",
)  # fmt: skip
MINUS_ONE_FIELDS = ("stop_id", "target_id", "dp_day", "squared_off", "sector", "entered_row")
DEPOSITS = ("cash_paise", "equity_paise", "session_start_paise", "peak_paise")
EMPTY = np.empty((0, 0))
EMPTY.setflags(write=False)
NO_DEADLINES = (np.empty(0, np.int64), np.empty((0, 0), np.int64), np.empty(0, np.int64))
_in_order = itemgetter(*(layout.PARAMS.names or ()))
STEPS = 20
"""Times the loop comes up for air, so that progress is shown and Ctrl-C is heard."""
INITIAL_ORDERS = 65_536
"""Orders there is room for from the beginning: memory that is only taken when it is written to."""
INITIAL_NOTICES = 256
"""The same of notices and of the breaker's events."""
STRETCH = 100_000
"""Bars × instruments that it runs through at least before: less than a tenth of a second."""


def run(
    panel: Panel,
    settings: RunSettings,
    *,
    decisions: DecisionArrays,
    style: str = "signals",
    first_row: int = 0,
    last_row: int | None = None,
    progress: Callable[[int], None] | None = None,
    compiled: bool = True,
) -> Record:
    """Run decisions over panel rows [first_row, last_row) and hand back the record; see ``engines.event.run``.

    ``compiled=False`` interprets the very same functions: slow, and what coverage can see.
    """
    from framework.engines.numba_cache import entry

    last = len(panel) if last_row is None else last_row
    rows = last - first_row
    decisions = with_volatility(decisions, panel, settings, style)
    bar, params = bar_of(panel, decisions), params_of(settings, style, len(panel.instruments))
    if not compiled:
        params = params.view(np.recarray)
    due = actions_within(panel, settings, first_row, last)
    state = new_state(panel, settings, rows, due, records=not compiled)
    curves = Curves(*(np.empty(rows, dtype=np.int64) for _ in range(3)))
    loop = entry("run_rows", compiled=compiled)
    row, step = first_row, max(rows // STEPS, STRETCH // len(panel.instruments), 1)
    while row < last:
        stopped = loop(state, params, bar, row, min(row + step, last), curves, first_row)
        if stopped == row:
            state = with_room(state)
        row = stopped
        if progress is not None:
            progress(row - first_row)
    account = state.account[0]
    events = breaker_events_of(state.events[: account["events"]])
    return Record(
        engine="compiled",
        panel=panel,
        settings=settings,
        first_row=first_row,
        settlements=Deferred(state.settlements[: account["settlements"]], settlements_of),
        orders=Deferred(state.orders[: account["orders"]], orders_of),
        notices=notices_of(state.notices[: account["notices"]], events, panel.instruments, settings),
        equity_paise=curves.equity,
        cash_paise=curves.cash,
        exposure_paise=curves.exposure,
        positions=tuple(state.books["quantity"].tolist()),
        targets=decisions.target,
        actions=actions_of(state.actions, due, panel.time),
        breaker_events=events,
    )


def bar_of(panel: Panel, decisions: DecisionArrays) -> Bar:
    """The panel's and the strategy's arrays, read-only and C-contiguous, so that one signature serves every run."""
    prices = (panel.open, panel.high, panel.low, panel.close, panel.volume)
    answers = [EMPTY if array is None else array for array in decisions]
    due = NO_DEADLINES if panel.deadlines is None else panel.deadlines[:3]
    clocks = (panel.time, panel.close_time, panel.session, panel.ends_session)
    arrays: list[Any] = [*clocks, *prices, *answers, *due]
    return Bar(*(frozen(array) for array in arrays))


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """The array as the kernel takes it, read-only and C-contiguous: a view where it can be, else a copy."""
    flags = array.flags
    if flags.c_contiguous and not flags.writeable:
        return array
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def params_of(settings: Settings, style: str, instruments: int) -> NDArray[np.void]:
    """Settings as the plain numbers that the loop reads."""
    weights = style == "allocate"
    exits = settings.exits
    stop, target, trail = _distance(exits.stop_loss), _distance(exits.take_profit), _distance(exits.trail)
    limits = settings.limits
    loss = _distance(limits.max_daily_loss)
    values = {
        "sizing_kind": WEIGHT if weights else SIZINGS[settings.sizing.kind],
        "sizing_amount": float(settings.sizing.amount),
        "kelly_cap": settings.kelly_cap,
        "kelly_start": settings.kelly_start,
        "kelly_after": settings.kelly_after,
        "allotment": float(settings.allotment or 1.0 / instruments),
        "bps": float(settings.slippage.bps),
        "ticks": float(settings.slippage.ticks),
        "protection_bps": float(settings.protection_bps),
        "long_margin": settings.long_share,
        "short_margin": float(settings.short_share),
        "volume_cap": float(settings.volume_cap or math.nan),
        "band_points": float(settings.band_points),
        "stop_amount": stop[0],
        "stop_percent": stop[1],
        "target_amount": target[0],
        "target_percent": target[1],
        "trail_amount": trail[0],
        "trail_percent": trail[1],
        "loss_amount": loss[0],
        "loss_percent": loss[1],
        "max_order_value": float(settings.limits.max_order_value or math.inf),
        "max_position_value": float(settings.limits.max_position_value or math.inf),
        "time_exit": settings.exits.time_exit or 0,
        "rebalance": (rebalance := rebalance_code(settings, weights=weights)),
        "repeats": rebalance == targets.ON_SIGNAL,
        "validity": layout.GTC if settings.validity == "GTC" else layout.DAY,
        "weights": weights,
        "reuse_proceeds": weights if settings.reuse_proceeds is None else settings.reuse_proceeds,
        "new_signal": settings.reenter == "new_signal",
        "limit_follow": settings.limit_follow,
        "next_bar_exits": settings.exits.active_from == "next_bar",
        "target_first": settings.exits.both == "target",
        "same_close": settings.fill_at == "same_close",
        "delivery": settings.product == "CNC",
        **_limits(limits),
    }
    return np.array([_in_order(values)], dtype=layout.PARAMS)


def _limits(limits: Limits) -> dict[str, float | bool]:
    """The limits that only ``kernel.risk`` asks."""
    values: dict[str, float | bool] = {
        "max_orders": limits.max_orders_per_day or 0,
        "max_positions": limits.max_positions or 0,
        "max_quantity": limits.max_order_quantity or 0,
        "max_losses": limits.max_consecutive_losses or 0,
        "breaker_reset": limits.breaker_reset or 0,
        "flattens": limits.on_trip == "flatten",
    }
    amounts = {
        "jump": limits.max_jump,
        "price": limits.price_band,
        "sector": limits.max_sector_value,
        "gross": limits.max_gross_exposure,
        "strategy": limits.max_strategy_value,
    }
    for name, limit in {**amounts, "drawdown": limits.max_drawdown}.items():
        values[f"{name}_amount"], values[f"{name}_percent"] = _distance(limit)
    counts = values["max_orders"] + values["max_positions"] + values["max_quantity"] + len(limits.restricted)
    values["limited"] = counts > 0 or any(limit is not None for limit in amounts.values())
    tripping = (limits.max_daily_loss, limits.max_drawdown, limits.max_consecutive_losses)
    values["watches"] = any(limit is not None for limit in tripping)
    return values


def _distance(given: Distance | None) -> tuple[float, bool]:
    return (math.nan, False) if given is None else (float(given.amount), given.percent)


def new_state(panel: Panel, settings: Settings, rows: int, due: Sequence[Due] = (), *, records: bool = False) -> State:
    """An account with its deposit and nothing else. ``records``: fields are attributes in plain Python too."""
    count = len(panel.instruments)
    room = layout.ORDERS_PER_ROW * count
    orders = room + min(rows * count // 4, INITIAL_ORDERS)
    notices, ids = room + INITIAL_NOTICES, layout.OPEN_ORDERS * count
    state = State(
        account=np.empty(1, layout.ACCOUNT),
        books=np.empty(count, layout.BOOK),
        orders=np.empty(orders, layout.ORDER),
        settlements=np.empty(orders, layout.SETTLEMENT),
        notices=np.empty(notices, layout.NOTICE),
        events=np.empty(notices, layout.EVENT),
        increases=np.empty(2 * count, layout.INCREASE),
        open_ids=np.empty((count, layout.OPEN_ORDERS), np.int64),
        resting=np.empty(ids, np.int64),
        arrivals=np.empty(2 * ids, np.int64),
        queue=np.empty(2 * ids, np.int64),
        done_with_bar=np.empty(2 * ids, np.int64),
        cancels=np.empty(2 * ids, np.int64),
        intents=np.empty(count),
        held=np.empty(count, np.int64),
        tariffs=tariffs_of(settings),
        actions=due_rows(panel, due),
    )
    open_account(state, panel, settings)
    if records:
        arrays: list[Any] = [array.view(np.recarray) if array.dtype.names else array for array in state]
        return State(*arrays)
    return state


def tariffs_of(settings: Settings) -> NDArray[np.void]:
    """Tariffs of fills, table after table; see ``State.tariffs``."""
    rows: list[tuple[int, ...]] = []
    for days, rates in settings.charges.tables:
        rows += [(day, *tariff) for day, tariff in zip((layout.EVER, *days[1:]), rates, strict=True)]
        rows.append((layout.NEVER, *Tariff()))
    return np.array(rows, dtype=layout.TARIFF)


def first_tariffs(settings: Settings, panel: Panel) -> NDArray[np.int64]:
    """Row of each instrument's first tariff, int64[N]."""
    lengths = [len(days) + 1 for days, _ in settings.charges.tables]
    begins = np.cumsum([0, *lengths[:-1]])
    rows: NDArray[np.int64] = begins[settings.charges.numbers(panel.instruments)]
    return rows


def due_rows(panel: Panel, due: Sequence[Due]) -> NDArray[np.void]:
    """Corporate actions with the row at whose open each takes effect: the first one on or after its ex-date."""
    rows = np.zeros(len(due), dtype=layout.ACTION)
    if not due:
        return rows
    rows["row"] = np.searchsorted(panel.session, [one.ex_day for one in due])
    rows["instrument"] = [one.instrument for one in due]
    rows["factor"] = [one.action.factor for one in due]
    rows["dividend"] = [one.action.dividend for one in due]
    return rows


def open_account(state: State, panel: Panel, settings: Settings) -> None:
    """Begin with the deposit and nothing else; what a former run left in the other arrays is never read."""
    limits, books = settings.limits, state.books
    _fill(state.account, _FIRST_DESK)
    for name in DEPOSITS:
        state.account[name] = settings.capital_paise
    _fill(books, _FIRST_BOOK)
    state.intents.fill(0.0)
    state.actions["applied"] = False
    books["tick"] = [instrument.tick for instrument in panel.instruments]
    books["lot"] = [instrument.lot for instrument in panel.instruments]
    if settings.charges.of:
        books["tariff"] = first_tariffs(settings, panel)
    if limits.restricted:
        books["restricted"] = [is_named(instrument, limits.restricted) for instrument in panel.instruments]
    if limits.sectors:
        books["sector"] = sector_numbers(panel.instruments, limits.sectors)


def _fill(rows: NDArray[np.void], row: NDArray[np.void]) -> None:
    """Make all rows that one, byte by byte: numpy copies records field by field, which takes twenty times as long."""
    rows.view(np.uint8).reshape(rows.shape[0], -1)[:] = row.view(np.uint8)


def _first_book() -> NDArray[np.void]:
    """The one instrument that every account begins with: charged by the first table, not restricted, in no sector."""
    book = np.zeros(1, layout.BOOK)
    for name in NAN_FIELDS:
        book[name] = math.nan
    for name in MINUS_ONE_FIELDS:
        book[name] = -1
    book["scale"] = 1.0
    return book


_FIRST_DESK = np.zeros(1, layout.ACCOUNT)
_FIRST_BOOK = _first_book()


def with_room(state: State) -> State:
    """The same state with those growing arrays twice as long that one more bar might not find room in."""
    account, room = state.account[0], layout.ORDERS_PER_ROW * state.books.shape[0]
    grown = {}
    for name in ("orders", "settlements", "notices", "events"):
        array, used = getattr(state, name), int(account[name])
        if used + room > array.shape[0]:
            longer = np.empty(2 * array.shape[0], array.dtype).view(type(array))
            longer[:used] = array[:used]
            grown[name] = longer
    return state._replace(**grown)
