"""The same strategies as a backtrader user would write them, to compare with. It imports nothing of ours.

What backtrader had to be told so that its words mean what docs/execution.md says, and why:

- ``coc=False`` (default): cheat-on-close would fill at the deciding close. ``coo`` and ``cheat_on_open`` off (default):
  a market order that ``next`` places fills at the next bar's open (row 1).
- ``shortcash=True`` (default): a short sale adds its proceeds to cash and its value counts negative, as in our ledger.
  backtrader blocks nothing for a short, we do (M8): where shorts are compared, the account is large enough.
- ``checksubmit=False``: orders are checked at the fill only. With the default, an order of this bar lies in a queue
  until the next one, where ``cancel`` does not find it; the two protective exits of a short are charged to cash one
  after the other as if both would fill; and an order that it refuses still takes its cost from the next one of the same
  bar. One instrument without exits meets none of that: there it is switched on and compared. For two, ``check_cash``
  does the same in the script.
- ``slip_open=True``: otherwise market orders, which fill at the open, would not slip at all.
  ``slip_out=True``: otherwise a slipped price is capped at the bar's high or low; ours may lie outside, only the
  unslipped one may not. ``slip_match`` and ``slip_limit`` (defaults) only say what happens at that cap.
- ``Broker`` below: backtrader slips a limit order that the open betters, even beyond its limit. A limit never pays more
  than its limit, so ours do not slip (row 3).
- ``commission=0.001`` with ``percabs=True`` (default of ``setcommission``): a fraction of each fill's value.
- ``stdstats=False``: no observers. They change nothing and cost time.
- Feeds carry one bar a date for every date of the run, because a stop or limit order of backtrader is tried again at an
  old bar when its feed has none (row 2 says it waits).

What the script does itself:

- A reversal is two orders, the close and the opening, each charged (S10). Reductions go out before entries (S16).
- Protective exits are submitted when the entry is notified, which is after its bar, so they are active from the next
  bar: our ``active_from: next_bar``. The stop is submitted before the target and backtrader serves orders in that
  sequence, so a bar that reaches both fills the stop (row 12). They are cancelled before a market exit is submitted
  (row 10), else backtrader would fill both and turn the position round.
- A DAY entry is cancelled in ``next`` after the one bar it had; ``valid=`` would need that bar's date beforehand.
- A stop or target sets what is wanted to 0, so any later signal enters anew (S12). Otherwise the same signal twice
  orders once (S1), also after a refusal at the decision (one at the fill asks again, M6). A user's ``if not
  self.position: buy`` says the same but for that last point:
  ``ask_again`` switches it on.

What can not be made equal, and is tested as a difference or left out:

- A bar that opens beyond the target and falls to the stop: backtrader looks at each order with the whole bar in hand
  and fills the stop; we fill the target at the open, because the open comes first (row 11).
- An order that adds to a position whose stop is gapped through at the same open: backtrader fills both, since a script
  can not act within a bar; our exit takes the intent, and so the order, with it (S12).
- Cash that covers part of an order: backtrader refuses it, ours shrinks to whole lots (R3).
- Stop-limit orders whose limit lies short of the trigger (row 7b): after a gap backtrader fills at the limit whenever
  the range holds it, we only if the close is at or better; after a trigger within the bar it wants, beside that close,
  a close beyond the open, we do not. With the limit on the marketable side (row 7) both fill alike.
- Exits active in the entry bar (rows 13 and 14), trailing exits measured from a fill (row 15), volume caps.
"""

import csv
import gzip
import warnings
from datetime import date, datetime, time
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the import of backtrader, and nothing else: "\s" in plain strings and the like
    import backtrader as bt

COMMISSION = 0.001
"""Of the value of every fill."""


class Prices(NamedTuple):
    """Daily prices of one symbol."""

    date: list
    open: list
    high: list
    low: list
    close: list


class Execution(NamedTuple):
    """One fill; the quantity is signed, the commission ≥ 0."""

    date: date
    symbol: str
    quantity: int
    price: float
    commission: float


class Outcome(NamedTuple):
    """Fills in sequence, (date, account value) at every close, (deciding date, symbol) of what cash refused."""

    executions: list
    equity: list
    refused: list


def sample(name):
    """Daily prices that the package arch carries, ``sp500`` or ``nasdaq``, 1999 to 2018; arch is not imported."""
    folder = Path(find_spec("arch").submodule_search_locations[0]) / "data" / name
    with gzip.open(folder / f"{name}.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    days = [datetime.strptime(row["Date"], "%m/%d/%Y").date() for row in rows]  # noqa: DTZ007 - a date has no zone
    return Prices(days, *[[float(row[column]) for row in rows] for column in ("Open", "High", "Low", "Close")])


# ---------------------------------------------------------------------- indicators


def rsi(closes, period=14):
    """Wilder's RSI. Seeded as he and TA-Lib do: the first averages are plain means of the first ``period`` changes."""
    values = [None] * len(closes)
    gain = loss = 0.0
    for i, (before, now) in enumerate(pairwise(closes), start=1):
        up, down = max(now - before, 0.0), max(before - now, 0.0)
        if i <= period:
            gain, loss = gain + up / period, loss + down / period
        else:
            gain, loss = (gain * (period - 1) + up) / period, (loss * (period - 1) + down) / period
        if i >= period:
            values[i] = 100 * gain / (gain + loss)
    return values


def ema(values, period, first):
    """Exponential average with weight 2 / (period + 1), None before ``first``; there, the mean of ``period`` values."""
    averages = [None] * len(values)
    for i in range(first, len(values)):
        if i == first:
            averages[i] = sum(values[i - period + 1 : i + 1]) / period
        else:
            averages[i] = averages[i - 1] + (values[i] - averages[i - 1]) * 2 / (period + 1)
    return averages


def macd_histogram(closes, fast=12, slow=26, signal=9):
    """EMA(fast) − EMA(slow), less the EMA(signal) of that.

    As TA-Lib seeds it: both averages start at bar slow − 1, each from the mean of its own last closes.
    """
    start = slow - 1
    fasts, slows = ema(closes, fast, start), ema(closes, slow, start)
    macd = [None] * start + [f - s for f, s in zip(fasts[start:], slows[start:], strict=True)]
    signals = ema(macd, signal, start + signal - 1)
    return [None if s is None else m - s for m, s in zip(macd, signals, strict=True)]


# ---------------------------------------------------------------------- what is wanted at each close


def rsi_wants(closes, above=0.0):
    """1 where RSI(14) < 30, ``above`` where it is > 70 (0 = out, −1 = short), None = keep."""
    return [None if r is None else 1.0 if r < 30 else above if r > 70 else None for r in rsi(closes)]


def macd_wants(closes):
    """1 where the histogram turns positive, 0 where it turns negative, None = keep."""
    wants = [None]
    for before, now in pairwise(macd_histogram(closes)):
        known = before is not None
        wants.append(1.0 if known and before <= 0 < now else 0.0 if known and before >= 0 > now else None)
    return wants


# ---------------------------------------------------------------------- backtrader


class Feed(bt.feed.DataBase):
    """Plain lists as a data feed."""

    params = (("prices", None),)

    def start(self):
        super().start()
        self._row = 0

    def _load(self):
        prices = self.p.prices
        if self._row == len(prices.date):
            return False
        self.lines.datetime[0] = bt.date2num(datetime.combine(prices.date[self._row], time()))
        for name in ("open", "high", "low", "close"):
            getattr(self.lines, name)[0] = getattr(prices, name)[self._row]
        self.lines.volume[0] = self.lines.openinterest[0] = 0.0
        self._row += 1
        return True


class Broker(bt.brokers.BackBroker):
    """backtrader's broker, whose limit orders do not slip."""

    def _slip_up(self, pmax, price, doslip=True, lim=False):
        return super()._slip_up(pmax, price, doslip=doslip and not lim, lim=lim)

    def _slip_down(self, pmin, price, doslip=True, lim=False):
        return super()._slip_down(pmin, price, doslip=doslip and not lim, lim=lim)


class Book:
    """What the script remembers of one feed."""

    def __init__(self):
        self.bars = 0
        self.wanted = 0.0
        self.entry = None
        self.stop = None
        self.target = None
        self.stopped_out = False


class Script(bt.Strategy):
    """Follows ``wants`` (name → a number or None for each bar) with a fixed size and optional stop and target."""

    params = (
        ("wants", None),
        ("size", 10),
        ("stop_loss", None),  # fraction of the average fill price
        ("take_profit", None),
        ("entry", "market"),  # or limit, or stop
        ("offset", 0.0),  # of such an entry from the close: a limit lies behind it, a stop ahead
        ("day", True),  # an entry has one bar; False: it rests
        ("check_cash", False),  # at the deciding close, what checksubmit is for
        ("ask_again", False),  # after a refusal
    )

    def __init__(self):
        self.sorted = sorted(self.datas, key=lambda data: data._name)
        self.books = {data._name: Book() for data in self.datas}
        self.executions, self.equity, self.refused = [], [], []

    def notify_order(self, order):
        data, book = order.data, self.books[order.data._name]
        if order.status == order.Margin:
            # An order that met the check at its submission and fails at its fill is asked for again (M6).
            self.refuse(book, bt.num2date(order.created.dt).date(), data._name, again=self.p.check_cash)
        if order.status != order.Completed:
            return
        done = order.executed
        self.executions.append(
            Execution(bt.num2date(done.dt).date(), data._name, round(done.size), done.price, done.comm)
        )
        if order in (book.stop, book.target):
            book.wanted = 0.0
            book.stopped_out = True
        elif order == book.entry:
            self.protect(data, book)

    def prenext(self):
        self.next()

    def next(self):
        fresh = [data for data in self.sorted if len(data) > self.books[data._name].bars]
        self.free_cash = self.broker.getcash()
        for data in fresh:
            self.decide(data, self.books[data._name])
        for data in fresh:
            self.reduce(data, self.books[data._name])
        for data in fresh:
            self.increase(data, self.books[data._name])
        self.equity.append((max(data.datetime.date(0) for data in fresh), self.broker.getvalue()))

    def decide(self, data, book):
        book.bars = len(data)
        position = self.getposition(data).size
        if position == 0:
            book.stopped_out = False
        if book.entry is not None and book.entry.alive() and self.p.day:
            self.cancel(book.entry)
            book.wanted = 0.0
        want = self.p.wants[data._name][len(data) - 1]
        book.is_new = want is not None and want != book.wanted and not book.stopped_out
        if book.is_new:
            book.wanted = want
        book.desired = int(self.p.size * book.wanted)

    def reduce(self, data, book):
        position = self.getposition(data).size
        side = 1 if position > 0 else -1
        keep = max(side * book.desired, 0)
        if position == 0 or side * position <= keep:
            return
        stop, target = book.stop, book.target
        self.cancel_exits(book)
        self.order(data, side * keep - position)
        self.free_cash += (position - side * keep) * data.close[0] * (1 - COMMISSION * side)
        if keep and stop is not None:
            self.place_exits(data, book, side * keep, stop.created.price, target.created.price)

    def increase(self, data, book):
        if not book.is_new:
            return
        if book.entry is not None and book.entry.alive():
            self.cancel(book.entry)
        position = self.getposition(data).size
        change = book.desired if position * book.desired < 0 else book.desired - position
        if change * book.desired <= 0:
            return
        side = 1 if change > 0 else -1
        close = data.close[0]
        cost = change * close * (1 + COMMISSION * side)
        if self.p.check_cash and cost > self.free_cash:
            self.refuse(book, data.datetime.date(0), data._name)
            return
        self.free_cash -= cost
        if self.p.entry == "limit":
            book.entry = self.order(data, change, bt.Order.Limit, close * (1 - side * self.p.offset))
        elif self.p.entry == "stop":
            book.entry = self.order(data, change, bt.Order.Stop, close * (1 + side * self.p.offset))
        else:
            book.entry = self.order(data, change)

    def refuse(self, book, day, name, *, again=False):
        self.refused.append((day, name))
        if again or self.p.ask_again:
            book.wanted = 0.0

    def protect(self, data, book):
        """A stop and a target for the whole position, at percentages of its average fill price."""
        self.cancel_exits(book)
        position = self.getposition(data)
        if self.p.stop_loss is None or position.size == 0:
            return
        side = 1 if position.size > 0 else -1
        stop = position.price * (1 - side * self.p.stop_loss)
        target = position.price * (1 + side * self.p.take_profit)
        self.place_exits(data, book, position.size, stop, target)

    def place_exits(self, data, book, position, stop, target):
        book.stop = self.order(data, -position, bt.Order.Stop, stop)
        book.target = self.order(data, -position, bt.Order.Limit, target, oco=book.stop)

    def cancel_exits(self, book):
        for order in (book.stop, book.target):
            if order is not None:
                self.cancel(order)
        book.stop = book.target = None

    def order(self, data, quantity, kind=bt.Order.Market, price=None, **others):
        send = self.buy if quantity > 0 else self.sell
        return send(data=data, size=abs(quantity), exectype=kind, price=price, **others)


def run(prices, wants, *, cash=100_000.0, slippage=0.0, checksubmit=False, broker=Broker, **script):
    """Run ``Script`` over symbol → ``Prices`` with symbol → wants; ``slippage`` is a fraction, commission is 0.1 %."""
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker = broker(cash=cash, checksubmit=checksubmit, coc=False, coo=False, shortcash=True)
    cerebro.broker.setcommission(commission=COMMISSION)
    if slippage:
        cerebro.broker.set_slippage_perc(slippage, slip_open=True, slip_limit=True, slip_match=True, slip_out=True)
    for name in sorted(prices):
        cerebro.adddata(Feed(prices=prices[name]), name=name)
    cerebro.addstrategy(Script, wants=wants, **script)
    (strategy,) = cerebro.run()
    return Outcome(strategy.executions, strategy.equity, strategy.refused)


class OneStopLimit(bt.Strategy):
    """One stop-limit order, placed at the first bar."""

    params = (("side", 1), ("trigger", 0.0), ("limit", 0.0))

    def __init__(self):
        self.prices = []

    def notify_order(self, order):
        if order.status == order.Completed:
            self.prices.append(order.executed.price)

    def next(self):
        if len(self) == 1:
            place = self.buy if self.p.side > 0 else self.sell
            place(size=1, exectype=bt.Order.StopLimit, price=self.p.trigger, plimit=self.p.limit)


def stop_limit(side, trigger, limit, bar):
    """Price of a stop-limit order in one bar, by backtrader's own broker; None = it did not fill."""
    cerebro = bt.Cerebro(stdstats=False)
    days = [date(2024, 1, 1), date(2024, 1, 2)]
    columns = zip((100.0,) * 4, map(float, bar), strict=True)
    cerebro.adddata(Feed(prices=Prices(days, *[list(column) for column in columns])))
    cerebro.addstrategy(OneStopLimit, side=side, trigger=trigger, limit=limit)
    prices = cerebro.run()[0].prices
    return prices[0] if prices else None
