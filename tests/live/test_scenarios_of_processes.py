"""Acceptance scenarios about whole processes, by their numbers; see ``test_scenarios.py``."""

import json
import os
import socket
import subprocess
import sys
import time

from adapters.paper.control import PaperControl
from framework.types.orders import OrderRequest
from tests.live.runner_process import DAY, ROOT, STRATEGY, RunnerProcess, made_market, wait_for
from tests.live.scenario import play

RESTING = 40
BREAKING = '''

import asyncio
import time
from pathlib import Path

from adapters.paper.broker import PaperBroker
from framework.session.account import Account

PLACE, PLACED = PaperBroker.place, []
MONEY = ("mark", "equity_paise", "spendable_paise")


def raising(*_):
    raise ZeroDivisionError("profit and loss cannot be counted")


async def place(self, order):
    """The 42nd order is at the broker when the loop hangs, with more to come, and money cannot be counted meanwhile."""
    outcome = await PLACE(self, order)
    PLACED.append(order)
    if len(PLACED) == 42:
        whole = {name: getattr(Account, name) for name in MONEY}
        for name in MONEY:
            setattr(Account, name, raising)
        Path("HANGS").touch()
        began = time.monotonic()
        while time.monotonic() < began + 60 and not Path("WAKES").exists():
            time.sleep(0.02)
        self.clock._began += time.monotonic() - began  # the replayed day stands meanwhile: no price becomes old
        for name in MONEY:
            setattr(Account, name, whole[name])
    return outcome


PaperBroker.place = place
'''


def placed(runner):
    """Orders that the runner has let out."""
    return sum(one["request"] == "place" for one in runner.entries("sending"))


def test_30_a_kill_passes_a_loop_that_hangs_amid_its_orders_and_a_profit_that_raises(tmp_path):
    sooner = STRATEGY.replace("n == 2", "n == 1").replace("n == 3", "n == 2").replace("int = 40", "int = 60")
    database = made_market(tmp_path, sooner + BREAKING)
    with RunnerProcess(tmp_path, database) as runner:
        door = PaperControl(runner.run_folder / "broker.sock")
        wait_for((tmp_path / "HANGS").exists, 60, runner.process)
        assert (RESTING, 2) == (len(door.orders()), len(door.positions()))
        before = placed(runner)
        began = time.monotonic()
        code, said = runner.tulya("kill", "--yes", "--flatten")
        assert time.monotonic() - began <= 10.0
        assert (0, True, RESTING) == (code, said["flat"], len(said["cancelled"])), said
        assert ([], []) == (door.orders(), list(door.positions()))
        (tmp_path / "WAKES").touch()
        wait_for(lambda: any(one["cause"] == "kill" and one["after"] == "halted" for one in runner.entries("state")))
        time.sleep(1.0)
        assert before == placed(runner) == 2 + RESTING  # nor when it wakes
        assert [] == door.orders()


def test_30_a_kill_amid_orders_that_still_leave_stops_them_within_a_second(tmp_path):
    sooner = STRATEGY.replace("n == 3", "n == 1").replace("int = 40", "int = 55")
    database = made_market(tmp_path, sooner, orders_per_second=1)
    with RunnerProcess(tmp_path, database, speed=10) as runner:
        wait_for(lambda: placed(runner) > 10, 60, runner.process)
        killing = subprocess.Popen(
            [sys.executable, "-m", "framework", "kill", "--yes", "--account", runner.account, "--json"],
            cwd=tmp_path, env=runner.environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        file = runner.run_folder / "KILL"
        wait_for(file.exists)
        time.sleep(max(file.stat().st_mtime + 1.0 - time.time(), 0.0))
        after_a_second = placed(runner)
        out, _ = killing.communicate(timeout=60)
        said = json.loads(out)
        assert (0, True) == (killing.returncode, said["flat"]), said
        assert said["seconds"] <= 10.0
        time.sleep(1.0)
        assert after_a_second == placed(runner) < 55
        assert [] == PaperControl(runner.run_folder / "broker.sock").orders()


CANARY = "eyJ0eXAiOiJKV1QifQ.canary-of-a-live-token"
WATCHED = '''
import json
import socket
import sys

seen = {"reached": [], "families": [], "read": []}


def watch(event, values):
    """What leaves a process leaves through one of these."""
    if event in {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}:
        seen["reached"].append(repr(values[1:] if event in {"socket.connect", "socket.sendto"} else values[0]))
    elif event == "socket.__new__":
        seen["families"].append(int(values[1]))
    elif event in {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"}:
        seen["reached"].append(f"{event} {values[0]}")
    elif event == "open" and str(values[0]).endswith(("token.json", ".netrc")):
        seen["read"].append(values[0])


sys.addaudithook(watch)
from framework.cli import main

code = 0
try:
    main()
except SystemExit as end:
    code = end.code
during = {name: list(found) for name, found in seen.items()}
with socket.socket(socket.AF_INET) as control:  # the watch sees what it is there for
    control.connect_ex(("127.0.0.1", 9))
json.dump({"code": code, "during": during, "control": seen["reached"], "modules": sorted(sys.modules)}, sys.stderr)
'''
ORDER_HOST_WAYS = frozenset({
    "http.client", "urllib.request", "urllib3", "requests", "httpx", "httpcore", "aiohttp", "websocket", "websockets",
    "upstox_client", "grpc", "smtplib", "ftplib", "xmlrpc.client",
})  # fmt: skip
"""Modules by which Python programs speak to a host."""


def test_32_a_paper_run_beside_live_credentials_has_no_way_to_an_order_host(tmp_path):
    made_market(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "trading.yaml").write_text("secrets:\n  upstox_token: ${UPSTOX_ACCESS_TOKEN}\n")
    for place in (tmp_path / ".upstox", tmp_path / "data"):
        place.mkdir(exist_ok=True)
        (place / "token.json").write_text(json.dumps({"access_token": CANARY}))
    (tmp_path / ".netrc").write_text(f"machine api.upstox.com login AB1234 password {CANARY}\n")
    environment = {
        **os.environ, "TULYA_DB": "m.sqlite", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path),
        "UPSTOX_ACCESS_TOKEN": CANARY,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, "run", "morning", "--replay", DAY, "--speed", "max", "--json"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    found = json.loads(done.stderr)
    assert (0, 2) == (found["code"], json.loads(done.stdout)["fills"])
    assert {"reached": [], "families": [], "read": []} == {**found["during"], "families": outside(found["during"])}
    assert [repr((("127.0.0.1", 9),))] == found["control"]
    modules = found["modules"]
    assert ["paper"] == sorted({one.split(".")[1] for one in modules if one.startswith("adapters.")})
    assert [] == [one for one in modules if one in ORDER_HOST_WAYS]
    written = [one for one in tmp_path.rglob("*") if one.is_file() and "token" not in one.name and one.name != ".netrc"]
    assert len(written) > 3
    assert [] == [one.name for one in written if CANARY.encode() in one.read_bytes()]


def outside(during):
    """Families of sockets that reach beyond this machine."""
    return [one for one in during["families"] if one != socket.AF_UNIX]


def test_32_an_exit_recorded_is_an_exit_sent():
    """Stops, targets of zero and a person's flatten: each is at the broker as it is in the journal."""

    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(100.0)  # a stop follows
        await stand.minute(100.0)
        await stand.minute(100.0)
        stand.say("flatten", by="a person")
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert (0, 0) == (stand.held(), stand.held(instrument=1))
        recorded = [
            (one["approved"]["tag"], one["approved"]["order"]["quantity"])
            for body in stand.entries("input")
            for each in body["commands"]
            for name, one in each.items()
            if name == "Submit" and one["approved"]["order"]["reduces"]
        ]
        sent = [(one["tag"], one["quantity"]) for one in stand.entries("sending") if one["request"] == "place"]
        there = {(one.tag, one.order.quantity) for one in stand.paper.books.orders(stand.clock.now())}
        assert len(recorded) >= 4
        assert [] == [one for one in recorded if one not in sent or one not in there]

    plans = {0: (OrderRequest(0, 100), OrderRequest(1, 50)), 2: (OrderRequest(0, -40),)}
    play(scenario, {"alpha": plans}, stop_loss="5%")
