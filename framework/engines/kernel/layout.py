"""Layout of the loop's records: one per instrument, per order and per fill, and one for the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.types.tariff import Tariff

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPEN_ORDERS = 16
"""Most orders one instrument can have open at a time; a run of targets needs a handful."""
ORDERS_PER_ROW = 10
"""Most orders one instrument can open within one bar, and most fills."""

MARKET, LIMIT, STOP, STOP_LIMIT = 0, 1, 2, 3
DAY, GTC = 0, 1
PARKED, WORKING, FILLED, CANCELLED, EXPIRED, REFUSED = 0, 1, 2, 3, 4, 5
SIGNAL, REBALANCE, STOP_LOSS, TAKE_PROFIT, TRAILING_STOP, TIME_EXIT = 0, 1, 2, 3, 4, 5
RISK, SQUARE_OFF, EXPIRY = 6, 7, 8
CORPORATE_ACTION = 9
"""Of a settlement without an order: a consolidation left less than one share."""
NOTICE_REFUSED_FILL, NOTICE_CASH, NOTICE_TRIP, NOTICE_SQUARE_OFF, NOTICE_EXPIRY = 0, 1, 2, 3, 4

BOOK = np.dtype(
    [
        # What every bar of a held instrument asks comes first and lies together.
        ("quantity", np.int64), ("mark_paise", np.int64), ("desired", np.int64), ("open_orders", np.int64),
        ("stop_id", np.int64), ("target_id", np.int64),
        ("leaving", np.bool_), ("protect_due", np.bool_), ("within_bar", np.bool_), ("restricted", np.bool_),
        ("tick", np.float64), ("lot", np.int64),
        ("average", np.float64), ("cost_paise", np.int64), ("entry_charges_paise", np.int64),
        ("intent_before", np.float64), ("full_units", np.int64),
        ("ignored_target", np.float64), ("leaving_reason", np.int64),
        ("stop", np.float64), ("take_profit", np.float64), ("trail", np.float64),
        ("entry_stop", np.float64), ("entry_take_profit", np.float64), ("entry_trail", np.float64),
        ("extreme", np.float64), ("bars_held", np.int64), ("dp_day", np.int64),
        ("running_paise", np.int64), ("tariff", np.int64), ("squared_off", np.int64), ("scale", np.float64),
        ("sector", np.int64), ("counted_session", np.int64), ("in_session", np.int64),
        ("entered_row", np.int64), ("entered_at", np.float64), ("first_touch", np.bool_),
    ],
    align=True,
)  # fmt: skip
"""One instrument; see ``session.instrument_state`` and ``Account``. Order ids are row numbers, −1 = none; ``tariff``
is the row of the latest tariff asked for, ``squared_off`` the latest session whose square-off was carried out,
``sector`` one of the limits' sectors, −1 = none, ``in_session`` counts its orders of ``counted_session``,
``entered_row`` is the latest row with an entry inside the bar, at ``entered_at`` unslipped, NaN = several of them."""

ORDER = np.dtype(
    [
        ("instrument", np.int64), ("quantity", np.int64), ("type", np.int64), ("reason", np.int64),
        ("reduces", np.bool_), ("decided_at", np.int64), ("limit", np.float64), ("trigger", np.float64),
        ("validity", np.int64), ("protective", np.bool_), ("within_bar_from", np.float64),
        ("requested", np.int64), ("verdict_quantity", np.int64), ("verdict_why", np.int64),
        ("state", np.int64), ("filled", np.int64), ("ended_at", np.int64), ("why", np.int64),
        ("reserved_paise", np.int64), ("filled_paise", np.int64), ("cancelling", np.bool_), ("needs_flat", np.bool_),
        ("worst", np.float64),
        # The exchange's side of the same order.
        ("resting", np.bool_), ("x_type", np.int64), ("x_limit", np.float64), ("x_trigger", np.float64),
        ("x_within", np.float64), ("x_remaining", np.int64), ("x_side", np.int64), ("triggered", np.bool_),
        ("from_next_bar", np.bool_),
    ],
    align=True,
)  # fmt: skip
"""One order; see ``framework.session.instrument_state.WorkingOrder`` and the exchange's ``_Resting``."""

SETTLEMENT = np.dtype(
    [
        ("order", np.int64), ("instrument", np.int64), ("quantity", np.int64), ("price", np.float64),
        ("time", np.int64), ("unslipped", np.float64), ("at_open", np.bool_), ("at_close", np.bool_),
        ("reason", np.int64), ("reduces", np.bool_), ("value_paise", np.int64), ("charges_paise", np.int64),
        ("cost_out_paise", np.int64), ("gross_paise", np.int64), ("position", np.int64), ("cash_paise", np.int64),
    ],
    align=True,
)  # fmt: skip
"""One booked fill; see ``framework.types.Settlement``."""

NOTICE = np.dtype([("time", np.int64), ("code", np.int64), ("a", np.int64), ("b", np.int64)], align=True)
"""Something to tell: a is an order, paise or the number of a breaker's event, b is unused or an instrument."""

EVENT = np.dtype(
    [
        ("time", np.int64), ("before", np.int64), ("after", np.int64), ("cause", np.int64), ("value", np.int64),
        ("limit", np.int64), ("instrument", np.int64),
    ],
    align=True,
)  # fmt: skip
"""One change of the trading state; see ``framework.types.BreakerEvent``."""

ACCOUNT = np.dtype(
    [
        ("now", np.int64), ("session", np.int64), ("session_start_paise", np.int64), ("equity_paise", np.int64),
        ("cash_paise", np.int64), ("marks_paise", np.int64), ("exposure_paise", np.int64), ("shorts_paise", np.int64),
        ("reserved_paise", np.int64), ("held", np.int64), ("state", np.int64), ("below_zero", np.bool_),
        ("orders", np.int64), ("settlements", np.int64), ("notices", np.int64), ("resting", np.int64),
        ("resting_day", np.int64), ("arrivals", np.int64), ("done_with_bar", np.int64), ("increases", np.int64),
        ("cancels", np.int64), ("exits", np.int64),
        ("closed", np.int64), ("won", np.int64), ("won_paise", np.int64), ("lost_paise", np.int64),
        ("losses", np.int64), ("deadline", np.int64), ("over", np.int64), ("next_action", np.int64),
        ("peak_paise", np.int64), ("halted_for", np.int64), ("events", np.int64),
        ("first_row", np.int64),
    ],
    align=True,
)  # fmt: skip
"""The account and every counter. marks, exposure and shorts are the sums over all positions; ``exits`` counts the
open reductions that are no protective ones, ``closed`` to ``losses`` are ``framework.session.trip_stats.Trips``,
``peak_paise`` and ``halted_for`` the breaker's (``framework.session.breaker``), ``first_row`` is the run's,
``deadline`` is the row of the session's deadlines, ``over`` the latest session that is over when this bar closes."""

INCREASE = np.dtype(
    [
        ("instrument", np.int64), ("quantity", np.int64), ("type", np.int64), ("limit", np.float64),
        ("trigger", np.float64), ("worst", np.float64), ("reason", np.int64),
    ],
    align=True,
)  # fmt: skip
"""Increase that a decision wants; see ``framework.session.intents.Increase``."""


TARIFF = np.dtype([("day", np.int64), *((name, np.int64) for name in Tariff._fields)], align=True)
"""``framework.types.Tariff`` with its first day, days since 1970-01-01."""
EVER, NEVER = -(1 << 62), 1 << 62
"""Days before and after all others."""


ACTION = np.dtype(
    [
        ("row", np.int64), ("instrument", np.int64), ("factor", np.float64), ("dividend", np.float64),
        ("applied", np.bool_), ("before", np.int64), ("after", np.int64), ("cash_paise", np.int64),
    ],
    align=True,
)  # fmt: skip
"""A corporate action and the row at whose open it is due, then what it did; see ``framework.types.record``."""


class State(NamedTuple):
    """Everything that changes, as arrays. ``orders``, ``settlements``, ``notices``, ``events`` grow between rows."""

    account: NDArray[np.void]
    books: NDArray[np.void]
    orders: NDArray[np.void]
    settlements: NDArray[np.void]
    notices: NDArray[np.void]
    events: NDArray[np.void]
    increases: NDArray[np.void]
    open_ids: NDArray[np.int64]
    """int64[N, OPEN_ORDERS]: open orders of each instrument, oldest first."""
    resting: NDArray[np.int64]
    """Orders at the exchange, in the order they came."""
    arrivals: NDArray[np.int64]
    queue: NDArray[np.int64]
    done_with_bar: NDArray[np.int64]
    cancels: NDArray[np.int64]
    """Cancels that Session gave and the exchange has not carried out yet."""
    intents: NDArray[np.float64]
    """Intents of all instruments, side by side: a row of targets is compared with many at once."""
    held: NDArray[np.int64]
    """Instruments with a position, rising; ``account.held`` of them."""
    tariffs: NDArray[np.void]
    """``TARIFF`` rows, which do not change: table after table, each from day ``EVER`` on and closed by ``NEVER``."""
    actions: NDArray[np.void]
    """``ACTION`` rows in the order they take effect; what they did is written into them."""


PARAMS = np.dtype(
    [
        ("sizing_kind", np.int64), ("sizing_amount", np.float64), ("allotment", np.float64),
        ("kelly_cap", np.float64), ("kelly_start", np.float64), ("kelly_after", np.int64),
        ("bps", np.float64), ("ticks", np.float64),
        ("protection_bps", np.float64), ("long_margin", np.float64), ("short_margin", np.float64),
        ("volume_cap", np.float64),
        ("band_points", np.float64), ("stop_amount", np.float64), ("stop_percent", np.bool_),
        ("target_amount", np.float64), ("target_percent", np.bool_), ("trail_amount", np.float64),
        ("trail_percent", np.bool_), ("loss_amount", np.float64), ("loss_percent", np.bool_),
        ("max_order_value", np.float64), ("max_position_value", np.float64), ("time_exit", np.int64),
        ("rebalance", np.int64), ("repeats", np.bool_),
        ("validity", np.int64), ("weights", np.bool_), ("reuse_proceeds", np.bool_),
        ("new_signal", np.bool_), ("limit_follow", np.bool_), ("next_bar_exits", np.bool_),
        ("target_first", np.bool_), ("same_close", np.bool_), ("delivery", np.bool_),
        ("limited", np.bool_), ("jump_amount", np.float64), ("jump_percent", np.bool_), ("price_amount", np.float64),
        ("price_percent", np.bool_), ("max_orders", np.int64), ("max_positions", np.int64),
        ("max_quantity", np.int64), ("sector_amount", np.float64), ("sector_percent", np.bool_),
        ("gross_amount", np.float64), ("gross_percent", np.bool_), ("strategy_amount", np.float64),
        ("strategy_percent", np.bool_), ("watches", np.bool_), ("max_losses", np.int64),
        ("drawdown_amount", np.float64), ("drawdown_percent", np.bool_), ("breaker_reset", np.int64),
        ("flattens", np.bool_),
    ],
    align=True,
)  # fmt: skip
"""Settings as plain numbers; NaN or infinity where there is none, 0 for no time exit or count. ``limited``: some limit
is set that is asked in ``risk.limited``; ``watches``: the breaker is judged at closes; ``repeats``: a target that is
said again asks for its size."""

Params = Any
"""One record of PARAMS: passed on as a single pointer."""


class Curves(NamedTuple):
    """Curves of the account in paise: int64[R], its values at the closes of a run."""

    equity: NDArray[np.int64]
    cash: NDArray[np.int64]
    exposure: NDArray[np.int64]


class Bar(NamedTuple):
    """The panel's arrays, float64[T, N], int64[T], bool[T], and the strategy's; empty where it never gives a price."""

    time: NDArray[np.int64]
    close_time: NDArray[np.int64]
    session: NDArray[np.int64]
    ends_session: NDArray[np.bool_]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    target: NDArray[np.float64]
    stop: NDArray[np.float64]
    take_profit: NDArray[np.float64]
    trail: NDArray[np.float64]
    limit: NDArray[np.float64]
    trigger: NDArray[np.float64]
    volatility: NDArray[np.float64]
    deadline_days: NDArray[np.int64]
    """``framework.types.deadlines.Deadlines``; empty where there are none, and so are the next two."""
    square_off: NDArray[np.int64]
    last_session: NDArray[np.int64]
