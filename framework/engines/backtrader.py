"""The same decisions through backtrader's Cerebro and its broker: an engine to choose, and the independent check.

Fills, commissions, cash, positions, average prices and equity are backtrader's own. What to order is decided in
``backtrader_orders`` (that file says with what of ours), what cannot be expressed is refused in ``backtrader_scope``.

What backtrader is told so that its words mean what docs/execution.md says:

- ``coc``, ``coo`` off: a market order fills at the next bar's open (row 1). ``checksubmit`` off: orders meet cash at
  their fill. ``shortcash``: a short sale adds its proceeds to cash and its value counts negative.
- ``slip_open``: market orders slip too. ``slip_match``, ``slip_out``: a slipped price may lie outside the bar.
- ``Broker``: limit orders do not slip (row 3), a stop-limit in the bar that triggers it slips up to its limit (row 7);
  slipped prices go on the tick grid; a resting order waits where its instrument has no bar (row 2), instead of being
  tried at the old one; of two exits the one that the open meets comes first (row 11).
- Protective exits are sent at the close of the entry's bar: our ``active_from: next_bar``.
"""

from __future__ import annotations

import warnings
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.engines.backtrader_orders import Desk
from framework.engines.backtrader_scope import refuse, refuse_actions
from framework.engines.rows import bar_rows
from framework.engines.volatility import with_volatility
from framework.errors import ConfigError
from framework.rules.prices import within_limit
from framework.types.orders import Fill, OrderType
from framework.types.panel import actions_within
from framework.types.record import Record, Settlement, SimulatedFill
from framework.types.setting_values import RATE_SCALE

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its source has "\s" in plain strings
        import backtrader as bt
except ImportError as error:
    msg = "the backtrader engine needs backtrader, which is not installed; pip install 'tulya[backtrader]'"
    raise ConfigError(msg) from error

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from framework.engines.backtrader_book import Sent
    from framework.engines.rows import DecisionArrays
    from framework.types import Panel, Settings
    from framework.types.settings import RunSettings

FIRST_DAY = 719_163.0
"""backtrader's number of 1970-01-01."""
MINUTES = 1_440
ON_GRID = Decimal("1e-6")
KINDS = {
    OrderType.MARKET: bt.Order.Market, OrderType.LIMIT: bt.Order.Limit, OrderType.STOP: bt.Order.Stop,
    OrderType.STOP_LIMIT: bt.Order.StopLimit,
}  # fmt: skip


class Feed(bt.feed.DataBase):  # type: ignore[misc]  # backtrader has no types
    """One column of the panel. Rows are numbered by minutes, so that no time zone or rounding comes between."""

    params = (("rows", ()), ("prices", ()))

    def start(self) -> None:
        """Begin at the first bar."""
        super().start()
        self._bars = iter(zip(self.p.rows, *self.p.prices, strict=True))

    def _load(self) -> bool:
        bar = next(self._bars, None)
        if bar is None:
            return False
        lines = self.lines
        lines.datetime[0] = FIRST_DAY + bar[0] / MINUTES
        lines.open[0], lines.high[0], lines.low[0], lines.close[0] = bar[1:]
        lines.volume[0] = lines.openinterest[0] = 0.0
        return True


class Commission(bt.CommInfoBase):  # type: ignore[misc]  # backtrader has no types
    """A fraction of the value and a flat sum per fill."""

    params = (("flat", 0.0), ("stocklike", True), ("commtype", bt.CommInfoBase.COMM_PERC), ("percabs", True))

    def _getcommission(self, size: float, price: float, pseudoexec: bool) -> float:  # noqa: ARG002 - its signature
        return float(abs(size) * self.p.commission * price + self.p.flat)


class BacktraderBroker(bt.brokers.BackBroker):  # type: ignore[misc]  # backtrader has no types
    """backtrader's broker with the few changes that the module's text lists; it reports every fill at once."""

    def prepare(self, run: _Run, ticks: float) -> None:
        """Say to whom fills are reported, and a slippage in ticks: each instrument has its own."""
        self._run = run
        self._ticks = ticks
        self._now = 0.0
        self._tick = 0.0
        self._unslipped = float("nan")
        self._triggers_within = float("nan")
        """Limit of a stop-limit order that has not triggered before this bar; NaN = of another order."""

    def next(self) -> None:
        """Serve the orders of one row."""
        self._now = max(data.datetime[0] for data in self.cerebro.datas if len(data))
        self._run.row = round((self._now - FIRST_DAY) * MINUTES)
        super().next()

    def _try_exec(self, order: Any) -> None:
        data = order.data
        if data.datetime[0] < self._now or self._sibling_first(order):
            return
        self._tick = self._run.tick(order)
        if self._ticks:
            self.p.slip_fixed = self._ticks * self._tick
        self._unslipped = float("nan")
        waits = order.exectype == bt.Order.StopLimit and not order.triggered
        self._triggers_within = order.created.pricelimit if waits else float("nan")
        super()._try_exec(order)

    def _sibling_first(self, order: Any) -> bool:
        """Row 11: its sibling fills at the open and it does not."""
        sibling = self._run.sibling(order)
        if sibling is None or not sibling.alive():
            return False
        start = order.data.open[0]
        return self._at_open(sibling, start) and not self._at_open(order, start)

    @staticmethod
    def _at_open(order: Any, start: float) -> bool:
        below = order.isbuy() == (order.exectype == bt.Order.Limit)  # a buy limit or a sell stop waits for lower prices
        return bool(start <= order.created.price if below else start >= order.created.price)

    def _slip_up(self, pmax: float, price: float, doslip: bool = True, lim: bool = False) -> float:  # noqa: FBT002 - its signature
        self._unslipped = price
        if lim and not self._triggers_within > 0.0:
            return price
        slipped = max(price, self._on_grid(super()._slip_up(pmax, price, doslip, lim), ROUND_CEILING))
        return within_limit(slipped, self._triggers_within, 1)

    def _slip_down(self, pmin: float, price: float, doslip: bool = True, lim: bool = False) -> float:  # noqa: FBT002 - its signature
        self._unslipped = price
        if lim and not self._triggers_within > 0.0:
            return price
        slipped = min(price, self._on_grid(super()._slip_down(pmin, price, doslip, lim), ROUND_FLOOR))
        return within_limit(slipped, self._triggers_within, -1)

    def _on_grid(self, price: float, rounding: str) -> float:
        """Backtrader knows no tick: decimals put a slipped price on the grid, against us."""
        if not self._tick or price == self._unslipped:
            return price
        tick = Decimal(repr(self._tick))
        steps = Decimal(price) / tick
        nearest = steps.to_integral_value(ROUND_HALF_EVEN)
        if abs(steps - nearest) > ON_GRID:
            nearest = steps.to_integral_value(rounding)
        return float(nearest * tick)

    def notify(self, order: Any) -> None:
        """Report what became of an order, in the sequence in which it became."""
        super().notify(order)
        if order.status == order.Completed:
            unslipped = self._unslipped if self._unslipped == self._unslipped else order.executed.price
            self._run.filled(order, unslipped, self.positions[order.data], self.cash)
        elif order.status == order.Margin:
            self._run.refused(order)
        elif order.status == order.Canceled:
            self._run.cancelled(order)


class Follower(bt.Strategy):  # type: ignore[misc]  # backtrader has no types
    """A strategy that asks the desk at every row, also before every feed has begun."""

    params = (("run", None), ("progress", None))

    def prenext(self) -> None:
        """Some feed has not begun."""
        self.next()

    def next(self) -> None:
        """One row is complete."""
        run, progress = self.p.run, self.p.progress
        run.close_bar(self)
        if progress is not None and run.row % max(len(run.bars) // 100, 1) == 0:
            progress(run.row + 1)


class _Run:
    """One run: what connects desk, feeds and broker, and what the record is made of."""

    def __init__(
        self, panel: Panel, settings: Settings, decisions: DecisionArrays, first_row: int, last_row: int
    ) -> None:
        self.panel = panel
        self.desk = Desk(panel, settings, self)
        self.row = 0
        """The row that is served, counted from the first; the broker sets it."""
        self.bars = list(bar_rows(panel, first_row, last_row))
        self.settlements: list[Settlement] = []
        self.account = np.full((len(self.bars), 3), np.nan)
        """Equity, cash and exposure in rupees at each close."""
        self.feeds: dict[int, Any] = {}
        self._decisions = list(decisions.rows(first_row, last_row))
        self._follower: Any = None
        self._orders: dict[int, Any] = {}
        """Order id → backtrader's order, of those that may still fill."""
        self._siblings: dict[int, int] = {}

    # ------------------------------------------------------------------ orders, as the desk sees backtrader

    def send(self, sent: Sent, sibling: Sent | None) -> None:
        """Place an order with backtrader."""
        order = sent.order
        place = self._follower.buy if order.quantity > 0 else self._follower.sell
        price = order.limit if order.type is OrderType.LIMIT else order.trigger
        others: dict[str, Any] = {} if order.type is OrderType.MARKET else {"price": price}
        if order.type is OrderType.STOP_LIMIT:
            others["plimit"] = order.limit
        if sibling is not None:
            others["oco"] = self._orders[sibling.order.order_id]
            self._siblings[order.order_id] = sibling.order.order_id
            self._siblings[sibling.order.order_id] = order.order_id
        self._orders[order.order_id] = place(
            data=self.feeds[order.instrument], size=abs(order.quantity), exectype=KINDS[order.type], sent=sent, **others
        )

    def take_back(self, sent: Sent) -> None:
        """Cancel an order that backtrader still has."""
        order = self._orders.pop(sent.order.order_id, None)
        if order is not None:
            self._follower.cancel(order)

    # ------------------------------------------------------------------ what the broker asks and reports

    def tick(self, order: Any) -> float:
        """The price grid of an order's instrument; 0 = none."""
        sent: Sent = order.info.sent
        return self.panel.instruments[sent.order.instrument].tick

    def sibling(self, order: Any) -> Any:
        """The other exit of a position, or None."""
        return self._orders.get(self._siblings.get(order.info.sent.order.order_id, 0))

    def filled(self, order: Any, unslipped: float, position: Any, cash: float) -> None:
        """Book an execution as backtrader reports it."""
        sent: Sent = order.info.sent
        done, i, row = order.executed, sent.order.instrument, self.bars[self.row]
        self._orders.pop(sent.order.order_id, None)
        quantity = round(done.size)
        fill = Fill(sent.order.order_id, i, quantity, done.price, row.time)
        closed = sum(abs(part.closedvalue) for part in done.exbits)
        self.settlements.append(
            Settlement(
                fill=fill,
                reason=sent.order.reason,
                reduces=any(part.closed for part in done.exbits),
                value_paise=_paise(done.price * abs(quantity)),
                charges_paise=_paise(done.comm),
                cost_out_paise=_paise(closed),
                gross_paise=_paise(done.pnl),
                position=round(position.size),
                cash_paise=_paise(cash),
                simulated=SimulatedFill(unslipped, unslipped == row.open[i]),
            )
        )
        self.desk.filled(sent, done.price, position.price, row.time)

    def refused(self, order: Any) -> None:
        """Cash did not cover it."""
        self._orders.pop(order.info.sent.order.order_id, None)
        self.desk.refused(order.info.sent, self.bars[self.row].time)

    def cancelled(self, order: Any) -> None:
        """It was taken back, by us or by its sibling's fill."""
        self._orders.pop(order.info.sent.order.order_id, None)
        self.desk.cancelled(order.info.sent, self.bars[self.row].time)

    def close_bar(self, follower: Any) -> None:
        """Keep backtrader's account at this close and let the desk decide."""
        self._follower, row, broker = follower, self.bars[self.row], follower.broker
        held = [(broker.getposition(self.feeds[i]).size, self.feeds[i]) for i in self.feeds if len(self.feeds[i])]
        exposure = sum(abs(size) * feed.close[0] for size, feed in held if size)
        self.account[self.row] = broker.getvalue(), broker.getcash(), exposure
        self.desk.close_bar(row, self._decisions[self.row])


def run(
    panel: Panel,
    settings: RunSettings,
    *,
    decisions: DecisionArrays,
    style: str = "signals",
    first_row: int = 0,
    last_row: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Record:
    """Run decisions over panel rows [first_row, last_row); ``ConfigError`` on what backtrader cannot express.

    ``progress`` is called with the number of rows done, about a hundred times.
    """
    refuse(settings, decisions, style)
    refuse_actions(actions_within(panel, settings, first_row, len(panel) if last_row is None else last_row), panel)
    decisions = with_volatility(decisions, panel, settings, style)
    last = len(panel) if last_row is None else last_row
    one = _Run(panel, settings, decisions, first_row, last)
    if one.bars:
        _drive(one, settings, first_row, last, progress)
    account = _filled_forward(one.account)
    return Record(
        engine="backtrader",
        panel=panel,
        settings=settings,
        first_row=first_row,
        settlements=tuple(one.settlements),
        orders=one.desk.records(),
        notices=tuple(one.desk.notices),
        equity_paise=account[:, 0],
        cash_paise=account[:, 1],
        exposure_paise=account[:, 2],
        positions=tuple(book.position for book in one.desk.books),
        targets=decisions.target,
    )


def _drive(one: _Run, settings: Settings, first: int, last: int, progress: Callable[[int], None] | None) -> None:
    """Set Cerebro up and let it run."""
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker = broker = BacktraderBroker(
        cash=settings.capital, checksubmit=False, coc=False, coo=False, shortcash=True
    )
    broker.prepare(one, settings.slippage.ticks)
    charges, slippage = settings.charges, settings.slippage
    broker.addcommissioninfo(Commission(commission=charges.rate_e8 / RATE_SCALE, flat=charges.flat_paise / 100))
    broker.set_slippage_perc(slippage.bps / 10_000, slip_open=True, slip_limit=True, slip_match=True, slip_out=True)
    panel = one.panel
    for i in range(len(panel.instruments)):
        rows = np.flatnonzero(np.isfinite(panel.close[first:last, i]))
        if rows.size:
            prices = [getattr(panel, name)[first:last, i][rows].tolist() for name in ("open", "high", "low", "close")]
            one.feeds[i] = Feed(rows=rows.tolist(), prices=prices)
            cerebro.adddata(one.feeds[i], name=str(i))
    cerebro.addstrategy(Follower, run=one, progress=progress)
    cerebro.run()


def _filled_forward(account: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole paise by row; a row in which nothing had a bar has the account of the row before."""
    known = np.where(np.isnan(account[:, 0]), 0, np.arange(account.shape[0]))
    return np.rint(account[np.maximum.accumulate(known)] * 100).astype(np.int64)


def _paise(rupees: float) -> int:
    return round(rupees * 100)
