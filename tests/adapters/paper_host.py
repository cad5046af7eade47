"""A runner in small around the paper broker by bars, and random markets for it."""

import numpy as np

from adapters.paper.broker import PaperBroker
from framework.broker.book import BrokerFill, BrokerOrderState
from framework.broker.port import OrderAccepted, OutgoingCancel, OutgoingChange, OutgoingOrder
from framework.engines.rows import DecisionArrays, bar_closings, bar_openings, decided
from framework.session import Session
from framework.types import Bars, Fill, Panel, Settlement
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
from framework.types.panel import actions_within


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

    async def hear(self, step: str, row) -> None:
        """A step of a bar: ``trade_bar``, ``fill_at_close`` or ``close_out``."""
        async for news in getattr(self.broker, step)("t", row):
            await self.take(self.answer(news))

    async def trade(self, panel: Panel, decisions: DecisionArrays) -> None:
        last = len(panel)
        columns = bar_openings(panel, 0, last), bar_closings(panel, 0, last), decided(panel, decisions, 0, last)
        actions = list(actions_within(panel, self.session.settings, 0, last))
        for opening, closing, answer in zip(*columns, strict=True):
            while actions and actions[0].ex_day <= opening.session:
                self.broker.carry_action("t", actions.pop(0))
            await self.take(opening)
            await self.hear("trade_bar", closing.row)
            await self.take(closing)
            await self.take(answer)
            if self.session.settings.fill_at == "same_close":
                await self.hear("fill_at_close", closing.row)
                await self.take(Revalue(closing.moment))
            if opening.deadline is not None and opening.ends_session:
                await self.take(SessionEnds(closing.moment))
                await self.hear("close_out", closing.row)
                await self.take(Revalue(closing.moment))
