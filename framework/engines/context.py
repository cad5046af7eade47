"""Context of ``on_bar``: history up to now, the account, and the list of its requests."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from framework.errors import StrategyError, TulyaError
from framework.rules.money import LARGEST_QUANTITY
from framework.types.actions import in_force
from framework.types.orders import NAN, CancelRequest, OrderRequest, Validity
from framework.types.timeframe import SECOND_NS, Timeframe
from framework.usercode.blame import strategy_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from framework.session import Session
    from framework.strategy import Strategy
    from framework.types import Bars, Panel, Portfolio
    from framework.types.adjustment import Basis


class BarContext:
    """``framework.strategy.Context`` over a panel. One per run; the engine moves it on bar by bar."""

    def __init__(self, panel: Panel, basis: Basis = "none") -> None:
        """``basis``: what the prices are adjusted for at each bar, by the actions known then."""
        self.state: dict[str, Any] = {}
        self._panel = panel
        self._symbols = panel.symbols
        self._column = {symbol: column for column, symbol in enumerate(panel.symbols)}
        self._printed = self._bars = panel.bars()
        self._basis = basis
        self._ex_rows: list[int] = []
        """Rows at which an ex-date has newly come, rising; the bars are adjusted anew there."""
        if panel.actions and basis != "none":
            days = {due.ex_day for due in in_force(panel.actions, int(panel.session[0]), int(panel.session[-1]))}
            self._ex_rows = sorted(set(panel.session.searchsorted(sorted(days)).tolist()))
        self._stretch = -1
        self._known: list[NDArray[np.int64]] = [
            panel.space.keep(panel.rows_of(column)) for column in range(len(panel.symbols))
        ]
        self._row = 0
        self._session: Session | None = None
        self._requests: list[OrderRequest | CancelRequest] = []

    def ask(self, strategy: Strategy, session: Session, row: int) -> list[OrderRequest | CancelRequest]:
        """Let the strategy act at this row's close and return what it asked for."""
        self._session, self._row, self._requests = session, row, []
        try:
            strategy.on_bar(self)
        except TulyaError:
            raise
        except Exception as error:  # whatever a user's own code raises
            raise strategy_error(error, strategy, "on_bar", f"at the bar of {self._when()}") from error
        return self._requests

    @property
    def row(self) -> int:
        """Number of the bar just completed."""
        return self._row

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol of the run."""
        return self._symbols

    @property
    def portfolio(self) -> Portfolio:
        """The account, marked at this close."""
        return self._running().portfolio()

    def bars(self, symbol: str | None = None) -> Bars:
        """History of one instrument up to and including this bar."""
        column = self._find(symbol)
        return self._adjusted(column).until(int(self._known[column].searchsorted(self._row, side="right")))

    def _adjusted(self, column: int) -> Bars:
        """The bars of one instrument in terms of the shares of this row: no later ex-date is known."""
        if not self._ex_rows:
            return self._bars[column]
        stretch = bisect_right(self._ex_rows, self._row)
        if stretch != self._stretch:
            end = self._ex_rows[stretch] if stretch < len(self._ex_rows) else len(self._panel)
            known = [int(rows.searchsorted(end)) for rows in self._known]
            self._bars = [bars[:rows].adjusted(self._basis) for bars, rows in zip(self._printed, known, strict=True)]
            self._stretch = stretch
        return self._bars[column]

    def position(self, symbol: str | None = None) -> int:
        """Signed units held."""
        return self._running().account.quantity[self._find(symbol)]

    def working(self, symbol: str | None = None) -> dict[str, int]:
        """Label → signed units still unfilled."""
        unfilled: dict[str, int] = {}
        for order in self._running().working(self._find(symbol)):
            if not order.order.protective and not order.cancelling:
                unfilled[order.order.label] = unfilled.get(order.order.label, 0) + order.remaining
        return unfilled

    def buy(
        self,
        quantity: int,
        symbol: str | None = None,
        *,
        limit: float | None = None,
        stop: float | None = None,
        validity: str = "DAY",
        label: str = "",
    ) -> None:
        """Ask to buy; see ``Context.buy``."""
        self._ask_for(1, quantity, symbol, limit, stop, validity, label)

    def sell(
        self,
        quantity: int,
        symbol: str | None = None,
        *,
        limit: float | None = None,
        stop: float | None = None,
        validity: str = "DAY",
        label: str = "",
    ) -> None:
        """Ask to sell; see ``Context.sell``."""
        self._ask_for(-1, quantity, symbol, limit, stop, validity, label)

    def cancel(self, label: str | None = None, symbol: str | None = None) -> None:
        """Take back working orders of this instrument."""
        self._requests.append(CancelRequest(self._find(symbol), label or ""))

    def _ask_for(
        self,
        side: int,
        quantity: int,
        symbol: str | None,
        limit: float | None,
        stop: float | None,
        validity: str,
        label: str,
    ) -> None:
        column = self._find(symbol)
        lot = self._running().instruments[column].lot
        if not _is_whole(quantity) or quantity < 1 or quantity % lot:
            msg = (
                f"quantity {quantity!r} of {self._symbols[column]} must be a whole number of lots of {lot}, one or more"
            )
            raise StrategyError(msg)
        if quantity > LARGEST_QUANTITY:
            msg = (
                f"quantity {quantity:,} of {self._symbols[column]} is too large: an order has at most "
                f"{LARGEST_QUANTITY:,} units; a price or a distance of almost nothing divides into such a size"
            )
            raise StrategyError(msg)
        for name, price in (("limit", limit), ("stop", stop)):
            if price is not None and not 0.0 < price < float("inf"):
                msg = f"{name} {price!r} of an order for {self._symbols[column]} must be a finite price above 0 rupees"
                raise StrategyError(msg)
        if validity not in set(Validity):
            msg = f"validity {validity!r} is not one of {', '.join(Validity)}"
            raise StrategyError(msg)
        self._requests.append(
            OrderRequest(
                column,
                side * int(quantity),
                NAN if limit is None else float(limit),  # numpy's own float is none that a checkpoint can hold
                NAN if stop is None else float(stop),
                Validity(validity),
                label,
            )
        )

    def _when(self) -> str:
        """Time of the bar just completed: its date, intraday with the exchange's own time."""
        time = int(self._panel.time[self._row])
        if Timeframe.parse(self._panel.timeframe).dated:
            return str(datetime.fromtimestamp(time // SECOND_NS, UTC).date())
        zone = ZoneInfo(self._panel.instruments[0].timezone)
        return f"{datetime.fromtimestamp(time // SECOND_NS, zone):%Y-%m-%d %H:%M %Z}"

    def _running(self) -> Session:
        if self._session is None:
            msg = "the context has no bar yet; it is only valid inside on_bar"
            raise StrategyError(msg)
        return self._session

    def _find(self, symbol: str | None) -> int:
        if symbol is None:
            if len(self._symbols) == 1:
                return 0
            msg = f"this run has {len(self._symbols)} instruments; name one of {', '.join(self._symbols[:5])}"
            raise StrategyError(msg)
        if symbol not in self._column:
            msg = f"{symbol!r} is not in this run; it has {', '.join(self._symbols[:10])}"
            raise StrategyError(msg)
        return self._column[symbol]


def _is_whole(quantity: object) -> bool:
    """True of a number of units without a fraction, in whatever type; NaN, infinity and texts are none."""
    try:
        return bool(int(quantity) == quantity)  # type: ignore[call-overload] # whatever a strategy hands over
    except (TypeError, ValueError, OverflowError):
        return False
