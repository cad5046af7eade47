"""nautilus_trader: its backtest engine, a strategy that sends market orders in ``on_bar``.

A market order that a bar calls for fills at that bar's close. So it is given the opens as bars of one price, and at
each the signal of the bar before: the same fills. The answer marks what is held at the last close, as the others do.
"""

from __future__ import annotations

import nautilus_trader
import numpy as np
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.model.currencies import INR
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

from bench.peers.measuring import Answer, Job, Work, measure
from bench.workloads import OVERBOUGHT, OVERSOLD, PERIODS, SETS, UNITS

NSE = Venue("NSE")
STEP = {"a": "DAY", "c": "DAY", "b": "MINUTE", "d": "MINUTE"}


class Flips(Strategy):
    """One instrument's signals: +1 buys when flat, −1 sells what is held."""

    def __init__(self, instrument: InstrumentId, bars: BarType, signals: list[int], number: int) -> None:
        super().__init__(StrategyConfig(order_id_tag=f"{number:03}"))
        self.instrument, self.bars, self.signals = instrument, bars, signals
        self.units = Quantity.from_int(UNITS)
        self.row, self.held, self.fills = 0, False, 0

    def on_start(self) -> None:
        """Ask for the bars."""
        self.subscribe_bars(self.bars)

    def on_bar(self, _bar: Bar) -> None:
        """Send what the bar before asked for."""
        signal = self.signals[self.row]
        self.row += 1
        if signal > 0 and not self.held:
            self.held = True
            self.submit_order(self.order_factory.market(self.instrument, OrderSide.BUY, self.units))
        elif signal < 0 and self.held:
            self.held = False
            self.submit_order(self.order_factory.market(self.instrument, OrderSide.SELL, self.units))

    def on_order_filled(self, _event: object) -> None:
        """Count a fill."""
        self.fills += 1


def prepare(job: Job) -> Work:
    """The work of a job."""
    open_, close, rsi = (np.atleast_2d(job.array(name).T).T for name in ("open", "close", "rsi"))
    time_ns = job.array("time").tolist()
    instruments = [
        Equity(
            InstrumentId(Symbol(f"S{at:03}"), NSE),
            Symbol(f"S{at:03}"),
            INR,
            2,
            Price(0.01, 2),
            Quantity.from_int(1),
            0,
            0,
        )
        for at in range(open_.shape[1])
    ]
    types = [BarType.from_str(f"{one.id}-1-{STEP[job.workload]}-LAST-EXTERNAL") for one in instruments]
    volume = Quantity.from_int(1_000_000)

    def bars_of(column: int) -> list[Bar]:
        prices = [Price(price, 2) for price in open_[:, column].tolist()]
        return [
            Bar(types[column], price, price, price, price, volume, at, at)
            for price, at in zip(prices, time_ns, strict=True)
        ]

    bars = [bars_of(column) for column in range(len(types))]

    def one(values: np.ndarray, low: float, high: float) -> Answer:
        signals = np.zeros(values.shape, dtype=np.int8)
        signals[1:][values[:-1] < low] = 1
        signals[1:][values[:-1] > high] = -1
        engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True), run_analysis=False))
        engine.add_venue(NSE, OmsType.NETTING, AccountType.CASH, [Money(int(job.capital), INR)], base_currency=INR)
        flips = []
        for column, instrument in enumerate(instruments):
            engine.add_instrument(instrument)
            engine.add_data(bars[column], sort=column == len(types) - 1)
            flips.append(Flips(instrument.id, types[column], signals[:, column].tolist(), column))
        engine.add_strategies(flips)
        engine.run()
        cash = float(engine.cache.account_for_venue(NSE).balance_total(INR))
        held = np.array([flip.held for flip in flips])
        fills = sum(flip.fills for flip in flips)
        engine.dispose()
        return {
            "round trips": (fills - int(held.sum())) // 2,
            "fills": fills,
            "final equity": cash + float(UNITS * close[-1][held].sum()),
        }

    def work() -> Answer:
        if job.workload != "d":
            return one(rsi, OVERSOLD, OVERBOUGHT)
        total = {"round trips": 0.0, "final equity": 0.0}
        for at in job.sets:
            found = one(rsi[:, [PERIODS.index(SETS[at].period)]], SETS[at].low, SETS[at].high)
            total = {name: value + found[name] for name, value in total.items()}
        return total

    return work


if __name__ == "__main__":
    measure(prepare, nautilus_trader.__version__)
