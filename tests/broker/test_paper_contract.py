"""The paper broker keeps the broker's contract, by bars and by ticks."""

from framework.live.virtual_loop import run_virtual
from tests.broker.contract import BrokerContract
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
