"""PaperBroker over history is the event backtest: same fills, same cash, order by order."""

import asyncio

import numpy as np
import pytest

from adapters.paper.broker import PaperBroker
from adapters.paper.ledger import PaperBook
from framework.broker.book import BrokerFill, BrokerOrderState
from framework.broker.port import OrderAccepted, OutgoingCancel, OutgoingChange, OutgoingOrder
from framework.engines.event import run
from framework.engines.rows import DecisionArrays, bar_closings, bar_openings, decided
from framework.live.clock import ReplayClock
from framework.market.products import with_product
from framework.session import Session
from framework.types import Bars, Fill, Instrument, Panel, Settings, Settlement
from framework.types.events import (
    Accepted,
    Cancel,
    Cancelled,
    Changed,
    Expired,
    Filled,
    Refused,
    Revalue,
    SessionEnds,
    Submit,
    Surprise,
)
from framework.types.record import NOT_SIMULATED
from framework.types.setting_values import SquareOff


def random_panel(seed: int, bars: int = 300, instruments: int = 3) -> Panel:
    rng = np.random.default_rng(seed)
    series = []
    for number in range(instruments):
        close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, bars)))
        open_ = close * np.exp(rng.normal(0, 0.01, bars))
        high = np.maximum(open_, close) * (1 + rng.uniform(0, 0.02, bars))
        low = np.minimum(open_, close) * (1 - rng.uniform(0, 0.02, bars))
        time = np.arange(bars, dtype=np.int64) * 86_400_000_000_000
        kept = rng.uniform(size=bars) > 0.05
        columns = (time, open_, high, low, close, rng.integers(1, 1000, bars).astype(float))
        series.append(Bars.from_arrays(f"S{number}", "1d", *(column[kept] for column in columns)))
    return Panel.from_bars(series)


def random_targets(panel: Panel, seed: int) -> DecisionArrays:
    rng = np.random.default_rng(seed)
    return DecisionArrays(rng.choice([np.nan, np.nan, np.nan, 0.0, 0.5, 1.0, -1.0], size=panel.close.shape))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "choices",
    [
        {"charges": "percent:0.1+flat:20", "slippage": "bps:5"},
        {"stop_loss": "3%", "take_profit": "5%", "trail": "4%", "charges": "percent:0.1"},
        {"stop_loss": "3%", "active_from": "next_bar", "time_exit": 7, "volume_cap": 0.5},
        {"fill_at": "same_close", "stop_loss": "4%", "take_profit": "4%", "slippage": "bps:2"},
    ],
)
def test_paper_over_history_fills_and_books_like_the_event_backtest(seed, choices):
    panel, settings = random_panel(seed), Settings.of(sizing="equity:60%", capital=1_000_000, **choices)
    assert_paper_is_the_backtest(panel, settings, random_targets(panel, seed + 100))


def assert_paper_is_the_backtest(panel: Panel, settings: Settings, decisions: DecisionArrays) -> None:
    expected = run(panel, settings, decisions=decisions)
    broker = PaperBroker([PaperBook("t", panel.instruments, settings)], ReplayClock(0))
    host = PaperHost(Session(panel.instruments, settings), broker)
    asyncio.run(host.trade(panel, decisions))

    account = broker.books.by_name["t"].ledger.account
    assert len(expected.settlements) > 20
    assert [booked._replace(simulated=NOT_SIMULATED) for booked in expected.settlements] == host.settlements
    assert expected.cash_paise[-1] == account.cash_paise
    assert expected.positions == tuple(account.quantity)


class PaperHost:
    """A runner in small: what follows from each event is carried out before the next one is asked for."""

    def __init__(self, session: Session, broker: PaperBroker):
        self.session, self.broker = session, broker
        self.symbols = [str(one) for one in session.instruments]
        self.settlements: list[Settlement] = []
        self.ids: dict[int, str] = {}

    async def take(self, event) -> None:
        outcome = self.session.handle(event)
        self.settlements += [fact for fact in outcome.facts if isinstance(fact, Settlement)]
        assert not any(isinstance(fact, Surprise) for fact in outcome.facts)
        for command in outcome.commands:
            await self.carry_out(command)

    async def carry_out(self, command) -> None:
        if isinstance(command, Submit):
            order = command.approved.order
            outgoing = OutgoingOrder(command.approved, self.session.instruments[order.instrument], "CNC", "t")
            self.ids[order.order_id] = (await self.broker.place(outgoing)).broker_id
            await self.take(Accepted(self.session.moment, order.order_id))
            return
        tag, broker_id = f"t{command.order_id:08d}", self.ids[command.order_id]
        if isinstance(command, Cancel):
            outcome = await self.broker.cancel(OutgoingCancel(tag, broker_id))
        else:
            change = OutgoingChange(tag, broker_id, command.quantity, command.trigger, command.limit)
            outcome = await self.broker.change(change)
        assert isinstance(outcome, OrderAccepted), "the simulated exchange answers at once: no race is lost"
        for news in self.broker.drain():
            await self.take(self.answer(news))

    def answer(self, news):
        """The input that a piece of news is."""
        order_id, moment = int(news.tag[-8:]), self.session.moment
        if isinstance(news, BrokerFill):
            fill = Fill(order_id, self.symbols.index(news.symbol), news.quantity, news.price, news.time)
            return Filled(moment, news.fill_id, fill, news.at_open)
        return {
            BrokerOrderState.OPEN: Changed(moment, order_id),
            BrokerOrderState.CANCELLED: Cancelled(moment, order_id, news.reason),
            BrokerOrderState.EXPIRED: Expired(moment, order_id),
            BrokerOrderState.REFUSED: Refused(moment, order_id, news.reason, time=news.time),
        }[news.state]

    async def hear(self, told) -> None:
        async for news in told:
            await self.take(self.answer(news))

    async def trade(self, panel: Panel, decisions: DecisionArrays) -> None:
        last = len(panel)
        columns = bar_openings(panel, 0, last), bar_closings(panel, 0, last), decided(panel, decisions, 0, last)
        for opening, closing, answer in zip(*columns, strict=True):
            await self.take(opening)
            await self.hear(self.broker.trade_bar("t", closing.row))
            await self.take(closing)
            await self.take(answer)
            if self.session.settings.fill_at == "same_close":
                await self.hear(self.broker.fill_at_close("t", closing.row))
                await self.take(Revalue(closing.moment))
            if opening.deadline is not None and opening.ends_session:
                await self.take(SessionEnds(closing.moment))
                await self.hear(self.broker.close_out("t", closing.row))
                await self.take(Revalue(closing.moment))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("protection", [0, 15, 60])
@pytest.mark.parametrize("choices", [{"product": "MIS", "long_margin": 0.2}, {"product": "CNC"}])
def test_paper_keeps_products_and_market_protection_as_the_backtest_does(seed, protection, choices):
    """Hours of one session a day; slippage is now within and now beyond the protection, volume is scarce."""
    daily = random_panel(seed, instruments=2)
    stamps = (np.arange(len(daily)) // 6) * 86_400_000_000_000 + (np.arange(len(daily)) % 6 + 4) * 3_600_000_000_000
    names = ("open", "high", "low", "close", "volume")
    series = [
        Bars.from_arrays(one, "1h", stamps[rows], *(getattr(daily, name)[rows, i] for name in names))
        for i, one in enumerate(daily.instruments)
        for rows in [daily.rows_of(i)]
    ]
    settings = Settings.of(
        sizing="equity:60%", capital=1_000_000, slippage="bps:20", protection_bps=protection, volume_cap=0.9, **choices
    )
    panel = Panel.from_bars(series)
    if settings.product == "MIS":
        settings, panel = with_product(settings.model_copy(update={"square_off": SquareOff.parse("08:30")}), panel)
    assert_paper_is_the_backtest(panel, settings, random_targets(panel, seed))


def test_its_repr_tells_cash_and_resting_orders():
    book = PaperBook("t", [Instrument("S0")], Settings(capital=5_000))
    broker = PaperBroker([book], ReplayClock(0))
    assert repr(broker) == "PaperBroker(by bars, PaperLedger(t: cash ₹5,000.00, 0 resting orders))"
