"""The second door: another process sees and ends what rests at the paper broker, while the runner's loop hangs."""

import asyncio
import json
import socket
import stat
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread

import pytest

from adapters.paper.control import PaperControl
from adapters.paper.door import PaperDoor
from framework.broker.book import BrokerOrder, BrokerOrderState
from framework.errors import BrokerError
from framework.live.virtual_loop import run_virtual
from framework.types.orders import LIMIT, MARKET
from tests.broker.driver import B
from tests.broker.paper_driver import PaperDriver

ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def behind_a_door(tmp_path, *, lockstep=True):
    """A paper account with its door: (driver, control)."""
    async with PaperDriver(lockstep=lockstep).opened() as d:
        door = PaperDoor(d.paper, tmp_path / "broker.sock")
        try:
            yield d, PaperControl(tmp_path / "broker.sock")
        finally:
            door.close()


def play(story, tmp_path, **how):
    async def whole():
        async with behind_a_door(tmp_path, **how) as (d, control):
            await story(d, control)

    run_virtual(whole())


@pytest.mark.parametrize("lockstep", [True, False])
def test_it_lists_orders_and_positions(tmp_path, lockstep):
    async def story(d, control):
        resting = await d.rest(10, LIMIT, limit=90.0)
        await d.rest(-20, MARKET, instrument=1)
        await d.trade(50.0, B)
        assert [(resting.tag, "NSE:A", 10, "open")] == [
            (one["tag"], one["symbol"], one["quantity"], one["state"]) for one in control.orders()
        ]
        assert [{"symbol": "NSE:B", "product": "MIS", "quantity": -20}] == control.positions()

    play(story, tmp_path, lockstep=lockstep)


@pytest.mark.parametrize("lockstep", [True, False])
def test_it_cancels_one_and_all_and_the_news_say_so(tmp_path, lockstep):
    async def story(d, control):
        names = [await d.rest(10, LIMIT, limit=90.0) for _ in range(3)]
        await d.news()
        assert [names[1].tag] == control.cancel(names[1].tag)
        assert [names[0].tag, names[2].tag] == control.cancel_all()
        assert [] == control.orders()
        told = await d.told(BrokerOrder)
        assert {one.tag for one in names} == {news.tag for news in told if news.state is BrokerOrderState.CANCELLED}
        await d.trade(90.0)
        assert {} == await d.positions()

    play(story, tmp_path, lockstep=lockstep)


@pytest.mark.parametrize("lockstep", [True, False])
def test_it_leaves_every_position_and_the_fills_are_nobodys(tmp_path, lockstep):
    async def story(d, control):
        await d.rest(10, MARKET)
        await d.rest(-30, MARKET, instrument=1, strategy="beta")
        await d.trade(100.0)
        await d.trade(50.0, B)
        fills = control.flatten()
        assert [("NSE:A", -10, 100.0, ""), ("NSE:B", 30, 50.0, "")] == [
            (fill["symbol"], fill["quantity"], fill["price"], fill["tag"]) for fill in fills
        ]
        assert [] == control.positions()
        assert {} == await d.positions()

    play(story, tmp_path, lockstep=lockstep)


def test_it_answers_while_the_event_loop_hangs(tmp_path):
    async def story(d, control):
        for _ in range(40):
            await d.rest(10, LIMIT, limit=90.0)
        took = []

        def kill():
            began = time.monotonic()
            cancelled = control.cancel_all()
            took.append((len(cancelled), time.monotonic() - began))

        thread = Thread(target=kill)
        thread.start()
        time.sleep(1.5)  # noqa: ASYNC251 - the loop hangs: that is the test
        assert 40 == took[0][0]
        assert took[0][1] < 1.0
        thread.join()
        assert [] == control.orders()

    play(story, tmp_path)


def test_a_request_that_it_does_not_know_is_an_error_and_the_door_stays_open(tmp_path):
    async def story(d, control):
        for line in (b"no json\n", b"[]\n", b"{}\n", b'{"do": "place"}\n'):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
                other.settimeout(5)
                other.connect(str(tmp_path / "broker.sock"))
                other.sendall(line)
                assert list(json.loads(other.makefile().readline())) == ["error"]
        with pytest.raises(BrokerError, match="refused place: there is no request 'place'"):
            control._ask({"do": "place"})
        assert [] == control.orders()

    play(story, tmp_path)


def test_without_a_broker_the_control_says_so(tmp_path):
    with pytest.raises(BrokerError, match=r"does not answer at .*; is its run alive"):
        PaperControl(tmp_path / "broker.sock").orders()


def test_the_door_is_the_owners_alone_and_a_dead_one_is_replaced(tmp_path):
    (tmp_path / "broker.sock").write_text("left by a killed process")

    async def story(d, control):
        assert 0o600 == stat.S_IMODE((tmp_path / "broker.sock").stat().st_mode)
        assert [] == control.orders()

    play(story, tmp_path)
    assert not (tmp_path / "broker.sock").exists()


def test_a_path_that_is_too_long_for_a_socket_is_reached_all_the_same(tmp_path):
    deep = tmp_path / ("a folder with a long name " * 8).strip()
    deep.mkdir()

    async def story(d, control):
        names = await d.rest(10, LIMIT, limit=90.0)
        assert [names.tag] == [one["tag"] for one in control.orders()]

    play(story, deep)
    with pytest.raises(BrokerError, match="does not answer"):
        PaperControl(deep / "gone" / "broker.sock").orders()


def test_the_control_loads_next_to_nothing():
    program = (
        "import sys\nimport adapters.paper.control\n"
        "print(sorted(n for n in sys.modules if n.startswith(('framework.', 'adapters.', 'numpy', 'asyncio'))))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "['adapters.paper', 'adapters.paper.control', 'framework.errors', 'framework.version']\n" == done.stdout


def test_the_broker_loads_no_heavy_library():
    program = (
        "import sys\nimport adapters.paper.broker\n"
        "print([n for n in ('numpy', 'pandas', 'pydantic', 'numba', 'framework.engines') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout


def test_it_also_works_in_real_time(tmp_path):
    async def whole():
        async with behind_a_door(tmp_path) as (d, control):
            names = await d.rest(10, LIMIT, limit=90.0)
            assert [names.tag] == await asyncio.to_thread(control.cancel_all)
            await asyncio.sleep(0.1)
            assert [BrokerOrderState.CANCELLED] == [one.state for one in d.heard if isinstance(one, BrokerOrder)]

    asyncio.run(whole())
