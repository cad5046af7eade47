"""The paper broker keeps the broker's contract, by bars and by ticks."""

from adapters.paper.behaviour import PaperBehaviour
from framework.live.one_cancels_other import OneCancelsOther
from framework.live.virtual_loop import run_virtual
from tests.broker.contract import BrokerContract
from tests.broker.driver import A
from tests.broker.paper_driver import PaperDriver


class TestPaperByBars(BrokerContract):
    def make_driver(self):
        return PaperDriver(lockstep=True)

    def run(self, whole):
        run_virtual(whole)


class TestPaperByTicks(BrokerContract):
    def make_driver(self):
        return PaperDriver(lockstep=False)

    def run(self, whole):
        run_virtual(whole)


class PairsDriver(PaperDriver):
    """A broker that holds no pairs, behind the decorator that does; the market goes on at a price that was reached."""

    def connect(self) -> None:
        super().connect()
        self.broker = OneCancelsOther(self.paper, self.clock, patience_ns=300 * 10**9)

    async def trade(self, price, instrument=A, units=None) -> None:
        await super().trade(price, instrument, units)
        self.broker.see_price(str(instrument), price, price)
        if self.broker._tasks:
            await self.wait(1.0)
            await super().trade(price, instrument, units)


class TestPairsBehindTheDecorator(BrokerContract):
    def make_driver(self):
        return PairsDriver(lockstep=False, behaviour=PaperBehaviour(one_cancels_other=False))

    def run(self, whole):
        run_virtual(whole)
