"""The paper broker's books outlive its process: killed at any event, it goes on as if nothing had been."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import numpy as np
import pytest

from adapters.paper.broker import PaperBroker
from adapters.paper.ledger import PaperBook
from adapters.paper.storage import PaperFile
from framework.broker.port import OrderUnknown
from framework.engines.event import run
from framework.errors import BrokerError, DataError, InvariantError
from framework.live.clock import ReplayClock
from framework.live.virtual_loop import run_virtual
from framework.session import Session
from framework.types import Settings
from framework.types.orders import LIMIT, MARKET
from framework.types.record import NOT_SIMULATED
from tests.adapters.paper_host import PaperHost, random_panel, random_targets
from tests.broker.driver import INSTRUMENTS
from tests.broker.paper_driver import ListStorage, PaperDriver

ROOT = Path(__file__).resolve().parents[2]


class KilledHost(PaperHost):
    """Its broker's process is killed after random events, and started anew from what was kept."""

    def __init__(self, session, panel, settings, seed):
        self.storage = ListStorage()
        self.books = [PaperBook("t", panel.instruments, settings)]
        self.random = np.random.default_rng(seed)
        self.heard: set[str] = set()
        self.kills = 0
        super().__init__(session, self.start())

    def start(self) -> PaperBroker:
        return PaperBroker(self.books, ReplayClock(0), storage=self.storage)

    async def hear(self, step, row):
        killed = True
        while killed:
            killed = False
            async for news in getattr(self.broker, step)("t", row):
                if repr(news) in self.heard:
                    continue  # told again after the kill
                self.heard.add(repr(news))
                if self.random.uniform() < 0.2:
                    killed = True
                    self.kills += 1
                    self.broker = self.start()
                await self.take(self.answer(news))
                if killed:
                    break


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "choices",
    [
        {"stop_loss": "3%", "take_profit": "5%", "trail": "4%", "charges": "percent:0.1", "slippage": "bps:5"},
        {"stop_loss": "3%", "active_from": "next_bar", "volume_cap": 0.5, "validity": "GTC"},
        {"fill_at": "same_close", "stop_loss": "4%", "take_profit": "4%"},
    ],
)
def test_killed_at_any_event_it_still_is_the_event_backtest(seed, choices):
    panel, decisions = random_panel(seed, bars=80), random_targets(random_panel(seed, bars=80), seed + 100)
    settings = Settings.of(sizing="equity:60%", capital=1_000_000, **choices)
    expected = run(panel, settings, decisions=decisions)
    host = KilledHost(Session(panel.instruments, settings), panel, settings, seed)
    asyncio.run(host.trade(panel, decisions))
    assert host.kills > 5
    assert [booked._replace(simulated=NOT_SIMULATED) for booked in expected.settlements] == host.settlements
    assert expected.cash_paise[-1] == host.broker.books.by_name["t"].ledger.account.cash_paise


def test_a_bar_from_before_the_latest_one_is_refused_and_says_what_to_do():
    async def story():
        async with PaperDriver(lockstep=True).opened() as d:
            await d.trade(100.0)
            row = d.paper.books.bars("alpha").row
            with pytest.raises(InvariantError, match=r"later bars than the one of 5 ns; .* account of its own"):
                async for _ in d.paper.trade_bar("alpha", row._replace(time=5)):
                    pass

    run_virtual(story())


def test_a_bar_that_its_host_left_in_the_middle_is_traded_to_its_end_with_the_next_one():
    async def story():
        async with PaperDriver(lockstep=True).opened() as d:
            for _ in range(3):
                await d.rest(10, MARKET)
            minute = 60 * 10**9
            row = None
            await d.trade(100.0)  # all three fill
            for _ in range(3):
                await d.rest(-10, MARKET)
            row = d.paper.books.bars("alpha").row
            left = d.paper.trade_bar("alpha", row._replace(time=row.time + minute, close_time=row.close_time + minute))
            await anext(left)
            await d.trade(101.0)
            assert [10, 10, 10, -10, -10, -10] == [fill.quantity for fill in await d.fills()]
            assert [100.0] * 3 == [fill.price for fill in (await d.fills())[:3]]

    run_virtual(story())


# ---------------------------------------------------------------------- the file


def test_the_file_keeps_entries_in_their_order(tmp_path):
    storage = PaperFile(tmp_path / "paper-broker.sqlite")
    for number in range(5):
        storage.append(f"entry {number}", durable=number % 2 == 0)
    storage.close()
    again = PaperFile(tmp_path / "paper-broker.sqlite")
    assert [f"entry {number}" for number in range(5)] == list(again.entries())
    again.close()


def test_a_second_process_on_the_same_file_is_refused(tmp_path):
    first = PaperFile(tmp_path / "paper-broker.sqlite")
    with pytest.raises(DataError, match="in use"):
        PaperFile(tmp_path / "paper-broker.sqlite")
    first.close()


def test_a_file_of_another_format_is_refused(tmp_path):
    connection = apsw.Connection(str(tmp_path / "other.sqlite"))
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(DataError, match="format 7, this program knows 1"):
        PaperFile(tmp_path / "other.sqlite")


def test_what_is_no_database_is_refused(tmp_path):
    (tmp_path / "text").write_text("no database, but long enough to look like one " * 30)
    with pytest.raises(DataError, match="cannot be opened"):
        PaperFile(tmp_path / "text")


PROGRAM = """
import asyncio, os, signal, sys
from pathlib import Path
from adapters.paper.storage import PaperFile
from tests.broker.paper_driver import PaperDriver
from framework.types.orders import LIMIT, MARKET

async def story():
    d = PaperDriver(lockstep=sys.argv[2] == "bars")
    d.storage = PaperFile(Path(sys.argv[1]))
    async with d.opened():
        await d.rest(10, LIMIT, limit=90.0)
        await d.rest(20, MARKET)
        await d.trade(100.0)
        print(len(await d.fills()), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

from framework.live.virtual_loop import run_virtual
run_virtual(story())
"""


@pytest.mark.parametrize("how", ["bars", "ticks"])
def test_what_was_accepted_and_filled_outlives_kill_9(tmp_path, how):
    file = tmp_path / "paper-broker.sqlite"
    child = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(file), how],
        cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert (-signal.SIGKILL, "1\n") == (child.returncode, child.stdout), child.stderr

    async def story():
        d = PaperDriver(lockstep=how == "bars")
        d.storage = PaperFile(file)
        async with d.opened():
            assert [(10, 0), (20, 20)] == [(order.quantity, order.filled) for order in (await d.snapshot()).orders]
            assert {("NSE:A", "MIS"): 20} == await d.positions()
            await d.wait(120.0)  # its clock begins anew, and the market does not go back
            await d.trade(90.0)
            assert {("NSE:A", "MIS"): 30} == await d.positions()

    run_virtual(story())


# ---------------------------------------------------------------------- what cannot be trusted


def kept_texts() -> list[str]:
    """Entries of a day with one fill."""
    driver = PaperDriver(lockstep=True)

    async def story():
        async with driver.opened() as d:
            await d.rest(10, MARKET)
            await d.trade(100.0)

    run_virtual(story())
    return driver.storage.texts


def reopened(texts: list[str], names=("alpha", "beta")) -> PaperBroker:
    storage = ListStorage()
    storage.texts = texts
    settings = Settings.of(capital=10_000_000, volume_cap=1.0)
    return PaperBroker([PaperBook(name, INSTRUMENTS, settings) for name in names], ReplayClock(0), storage=storage)


def test_a_past_that_this_programs_rules_do_not_tell_is_refused():
    texts = kept_texts()
    (place,) = (number for number, text in enumerate(texts) if "BrokerFill" in text)
    entry = json.loads(texts[place])
    entry["NewsDecided"]["news"]["BrokerFill"]["price"] = 100.05
    texts[place] = json.dumps(entry, separators=(",", ":"), sort_keys=True)
    with pytest.raises(DataError, match="written by another version"):
        reopened(texts)


def test_entries_of_a_strategy_that_is_not_traded_are_refused():
    texts = kept_texts()
    assert reopened(texts).books.net() == {("NSE:A", "MIS"): 10}
    with pytest.raises(DataError, match="is of book 'alpha', which is not traded now"):
        reopened(texts, names=("beta",))


class FullDisk(ListStorage):
    """It takes so many entries, then none."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def append(self, text, *, durable):
        if len(self.texts) >= self.room:
            msg = "the disk is full"
            raise BrokerError(msg)
        super().append(text, durable=durable)


def test_an_order_that_cannot_be_kept_is_unknown_and_not_in_the_book():
    async def story():
        d = PaperDriver(lockstep=True)
        d.storage = FullDisk(1)
        async with d.opened():
            await d.rest(10, LIMIT, limit=90.0)
            tag, outcome = await d.send(10, LIMIT, limit=90.0)
            assert isinstance(outcome, OrderUnknown)
            assert "disk is full" in outcome.cause
            assert () == await d.broker.find(tag)

    run_virtual(story())


def test_an_event_that_cannot_be_kept_is_not_told_and_the_broker_stops():
    async def story():
        d = PaperDriver(lockstep=True)
        d.storage = FullDisk(2)  # the order, the bar
        async with d.opened():
            await d.rest(10, MARKET)
            with pytest.raises(BrokerError, match="disk is full"):
                await d.trade(100.0)
            with pytest.raises(BrokerError, match="the paper broker stopped"):
                await d.broker.snapshot()
            d.storage.room = 99
            await d.reopen()
            assert () == (await d.snapshot()).fills

    run_virtual(story())
