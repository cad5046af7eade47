"""The journal's disk runs short of room (F48), and its write-ahead log grows (F52)."""

import pytest

from framework.types.orders import GTC, OrderRequest
from tests.live.scenario import play

MB, MIB = 1_000_000, 1024 * 1024


def entry(k):
    return (OrderRequest(0, 10 + k, limit=95.0, validity=GTC),)


class Disk:
    """Room that a test names."""

    def __init__(self, free=500 * MB, log=64 * MIB):
        self.free, self.log, self.asked = free, log, 0

    def free_bytes(self):
        self.asked += 1
        if self.free is None:
            raise OSError(5, "Input/output error")
        return self.free

    def wal_bytes(self):
        return self.log


def disk_of(stand, disk):
    stand.runner._disk._disk = disk
    return disk


def causes(stand):
    return {cause: str(state) for cause, state in stand.runner.states.demands.items()}


@pytest.mark.parametrize("free", [500 * MB - 1, None])
def test_a_disk_with_little_room_left_only_reduces_and_is_told_until_there_is_room_again(free):
    async def scenario(stand):
        disk = disk_of(stand, Disk())
        await stand.minute(100.0)
        assert ({}, "active") == (causes(stand), stand.state)
        disk.free = free
        for _ in range(3):
            await stand.minute(100.0)
        assert ({"disk_low": "reduce_only"}, 1) == (causes(stand), stand.findings().count("disk_low"))
        sent = len(stand.places())
        disk.free = 500 * MB
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert ({}, "active") == (causes(stand), stand.state)
        assert len(stand.places()) > sent
        disk.free = free
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert 2 == stand.findings().count("disk_low")

    play(scenario, {"alpha": {k: entry(k) for k in range(8)}})


def test_the_word_of_a_person_makes_no_room():
    async def scenario(stand):
        disk_of(stand, Disk(free=0))
        await stand.minute(100.0)
        stand.say("resume", by="a person")
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert {"disk_low": "reduce_only"} == causes(stand)

    play(scenario, {"alpha": {}})


def test_a_restart_with_room_lifts_it():
    async def scenario(stand):
        disk_of(stand, Disk(free=0))
        await stand.minute(100.0)
        await stand.minute(100.0)
        await stand.crash()
        stand.start()
        disk_of(stand, Disk())
        await stand.minute(100.0)
        assert {} == causes(stand)

    play(scenario, {"alpha": {}})


def test_a_large_write_ahead_log_is_told_once_and_again_after_it_was_small():
    async def scenario(stand):
        disk = disk_of(stand, Disk(log=64 * MIB + 1))
        for _ in range(3):
            await stand.minute(100.0)
        assert (["wal_large"], {}) == (stand.findings(), causes(stand))
        disk.log = 0
        await stand.minute(100.0)
        disk.log = 70 * MIB
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert ["wal_large"] * 2 == stand.findings()
        assert "70 MiB" in stand.entries("finding")[-1]["text"]
        assert disk.asked <= 8, "once a minute"

    play(scenario, {"alpha": {}})


def test_without_a_disk_nobody_looks():
    async def scenario(stand):
        await stand.minute(100.0)
        assert [] == stand.findings()

    play(scenario, {"alpha": {}})


def test_a_replay_looks_at_the_disk_of_its_journal(tmp_path, monkeypatch):
    from framework.cli.run import trade_recorded
    from framework.live import disk_watch
    from tests.live.market import DAYS, fill_store
    from tests.live.test_changed_sessions import BUYS, deployed

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(disk_watch, "LEAST_FREE_BYTES", 10**18)
    (tmp_path / "buys.py").write_text(BUYS)
    db = fill_store(tmp_path / "market.sqlite")
    document = trade_recorded(deployed(db), db, (DAYS[0], DAYS[0]), float("inf"))
    assert ("reduce_only", 0) == (document["state"], document["fills"])
