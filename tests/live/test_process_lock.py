"""One runner an account: the lock of its folder."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from framework.errors import ConfigError
from framework.live.process_lock import ProcessLock, held_by

ROOT = Path(__file__).resolve().parents[2]
NINE_FIFTEEN = 1_764_560_700_000_000_000
"""2025-12-01 03:45 UTC."""
HOLDS = """
import sys, time
from pathlib import Path
from framework.errors import ConfigError
from framework.live.process_lock import ProcessLock
try:
    lock = ProcessLock(Path(sys.argv[1]), 1_764_560_700_000_000_000)
except ConfigError as error:
    print(error, flush=True)
    sys.exit(1)
print("mine", flush=True)
time.sleep(60)
"""

LOOKS = """
import sys
from pathlib import Path
from framework.live.process_lock import held_by
print("looks", flush=True)
while True:
    held_by(Path(sys.argv[1]))
"""


def started(folder):
    return subprocess.Popen([sys.executable, "-c", HOLDS, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "market-paper.run"


def test_a_second_start_is_refused_within_a_second_with_process_and_time(folder):
    with ProcessLock(folder, NINE_FIFTEEN):
        began = time.monotonic()
        with pytest.raises(
            ConfigError, match=rf"process {os.getpid()} \(since 2025-12-01 03:45:00 UTC\) runs this account already"
        ):
            ProcessLock(folder, NINE_FIFTEEN)
        assert time.monotonic() - began < 1
        assert f"process {os.getpid()} (since 2025-12-01 03:45:00 UTC)" == held_by(folder)
    assert "" == held_by(folder)
    ProcessLock(folder, NINE_FIFTEEN).release()


def test_a_look_at_the_lock_refuses_nobody(folder):
    ProcessLock(folder, NINE_FIFTEEN).release()
    looks = subprocess.Popen([sys.executable, "-c", LOOKS, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        looks.stdout.readline()
        for _ in range(100):
            ProcessLock(folder, NINE_FIFTEEN).release()
    finally:
        looks.kill()
        looks.wait()


def test_after_kill_9_the_next_start_succeeds(folder):
    for _ in range(3):
        holder = started(folder)
        assert "mine\n" == holder.stdout.readline()
        assert f"process {holder.pid} (" in held_by(folder)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    ProcessLock(folder, NINE_FIFTEEN).release()


def test_of_fifty_simultaneous_starts_one_lives(folder):
    starts = [started(folder) for _ in range(50)]
    try:
        said = [start.stdout.readline() for start in starts]
        assert 1 == said.count("mine\n")
        assert 49 == sum("runs this account already" in one for one in said)
    finally:
        for start in starts:
            start.kill()
        for start in starts:
            start.wait()


def test_only_the_owner_sees_the_folder_and_the_file_whatever_the_umask(folder):
    before = os.umask(0)
    try:
        with ProcessLock(folder, NINE_FIFTEEN):
            assert (0o700, 0o600) == tuple(stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "lock"))
    finally:
        os.umask(before)


def test_a_link_in_the_place_of_the_lock_is_not_followed(folder, tmp_path):
    folder.mkdir()
    (tmp_path / "mine").write_text("mine")
    (folder / "lock").symlink_to(tmp_path / "mine")
    with pytest.raises(ConfigError, match="cannot be opened"):
        ProcessLock(folder, NINE_FIFTEEN)
    assert "mine" == (tmp_path / "mine").read_text()
