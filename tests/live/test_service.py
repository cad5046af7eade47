"""A service manager hears ready after reconciliation, alive while all is well, and gets a unit that it can read."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from framework.live.service_notice import ServiceNotice, keep_told
from framework.live.service_unit import ServiceUnit, crontab_text, quoted
from framework.live.virtual_loop import run_virtual
from tests.live.runner_process import ROOT, RunnerProcess, made_market


@pytest.fixture
def manager(tmp_path):
    """A datagram socket that hears notices, and its address."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(path))
        line.settimeout(30)
        yield line, str(path)


def heard(line):
    """Everything that has been said by now."""
    line.setblocking(False)
    found = []
    try:
        while True:
            found.append(line.recv(4096).decode())
    except BlockingIOError:
        return found


def test_a_notice_arrives_and_nobody_is_no_error(manager, tmp_path):
    line, path = manager
    assert ServiceNotice({"NOTIFY_SOCKET": path}, 1).send("READY=1")
    assert ["READY=1"] == heard(line)
    assert not ServiceNotice({}, 1).send("READY=1")
    assert not ServiceNotice({"NOTIFY_SOCKET": str(tmp_path / "gone")}, 1).send("READY=1")


def test_an_abstract_address_is_one_too():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(f"\0tulya-test-{os.getpid()}")
        assert ServiceNotice({"NOTIFY_SOCKET": f"@tulya-test-{os.getpid()}"}, 1).send("WATCHDOG=1")
        assert ["WATCHDOG=1"] == heard(line)


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({}, 0.0),
    ],
)
def test_the_watchdog_is_this_process_alone(environment, seconds):
    assert seconds == ServiceNotice(environment, 7).watchdog_s


def test_alive_is_said_three_times_in_a_watchdogs_patience_and_not_while_something_ails(manager):
    line, path = manager
    notice = ServiceNotice({"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "30000000"}, 7)

    async def story():
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(
            keep_told(notice, lambda: loop.time() >= 5, lambda: "the feed" if 40 <= loop.time() < 70 else "")
        )
        said = []
        for until in (4, 39, 69, 100):
            await asyncio.sleep(until - loop.time())
            said.append([one.partition("\n")[0] for one in heard(line)])
        task.cancel()
        return said

    before, well, ailing, again = run_virtual(story())
    assert [] == before
    assert ["READY=1", *["WATCHDOG=1"] * 4] == well
    assert ["STATUS=the feed"] == ailing
    assert ["WATCHDOG=1", "STATUS=trading", "WATCHDOG=1", "WATCHDOG=1"] == again


def test_a_runner_says_ready_alive_and_stopping(manager, tmp_path):
    line, path = manager
    database = made_market(tmp_path)
    with RunnerProcess(tmp_path, database, "paper", NOTIFY_SOCKET=path, WATCHDOG_USEC="300000") as runner:
        first = line.recv(4096).decode()
        assert ("READY=1", "active") == (first.partition("\n")[0], runner.entries("state")[-1]["after"])
        assert ["WATCHDOG=1"] * 5 == [line.recv(4096).decode() for _ in range(5)]
        runner.process.send_signal(signal.SIGTERM)
        runner.ended()
    assert "STOPPING=1" == heard(line)[-1]


def test_a_loop_that_hangs_says_nothing(manager, tmp_path):
    line, path = manager
    database = made_market(tmp_path)
    with RunnerProcess(tmp_path, database, "drill-mute", NOTIFY_SOCKET=path, WATCHDOG_USEC="300000") as runner:
        while line.recv(4096).decode() != "WATCHDOG=1":
            pass
        runner.process.send_signal(signal.SIGSTOP)
        heard(line)
        line.settimeout(1.0)
        with pytest.raises(TimeoutError):
            line.recv(4096)
        runner.process.send_signal(signal.SIGCONT)


# ---------------------------------------------------------------------- the unit


def unit(user="", folder=Path("/srv/my trades")):
    words = [sys.executable, "-m", "framework", "run", str(folder / "deployments" / "morning 100%.yaml")]
    return ServiceUnit("morning", "paper", words, folder, folder / "data" / "market.sqlite", folder / "logs", user)


def test_a_unit_is_a_notify_service_that_is_watched_restarted_and_not_after_a_halt():
    lines = unit().text().splitlines()
    wanted = {"Type=notify", "WatchdogSec=60", "Restart=on-failure", "RestartPreventExitStatus=5", "UMask=0077",
              "NoNewPrivileges=yes", "WantedBy=default.target"}  # fmt: skip
    assert set() == wanted - set(lines)
    assert not [line for line in lines if line.startswith(("User=", "ProtectSystem="))]
    system = unit("trader").text().splitlines()
    assert {"User=trader", "ProtectSystem=strict", "WantedBy=multi-user.target"} <= set(system)
    assert 'ReadWritePaths="/srv/my trades/data" "/srv/my trades/logs" "/srv/my trades"' in system


@pytest.mark.parametrize(
    ("word", "expected"),
    [("plain", "plain"), ("a b", '"a b"'), ("100%", '"100%%"'), ("$HOME", '"$$HOME"'), ('say "x"', '"say \\"x\\""')],
)
def test_words_are_quoted_as_systemd_reads_them(word, expected):
    assert expected == quoted(word)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
@pytest.mark.parametrize("user", ["", "root"])
def test_systemd_itself_finds_nothing_to_say_about_the_unit(user, tmp_path):
    folder = tmp_path / "my trades"
    folder.mkdir()
    file = tmp_path / "tulya-morning.service"
    file.write_text(unit(user, folder).text())
    done = subprocess.run(["systemd-analyze", "verify", str(file)], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "tulya-morning" in line]
    assert [] == ours


def test_the_crontab_goes_by_the_exchanges_clock_and_escapes_per_cent():
    lines = crontab_text(["/usr/bin/python3", "-m", "framework"], "morning", "paper", Path("/srv/my 100%")).splitlines()
    assert "CRON_TZ=Asia/Kolkata" == lines[0]
    jobs = [line for line in lines[1:] if not line.startswith("#")]
    assert 4 == len(jobs)
    assert all("cd '/srv/my 100\\%' && /usr/bin/python3 -m framework " in job for job in jobs)
    assert not [job for job in jobs if "%" in job.replace("\\%", "")], "cron takes a bare % for the end of the line"


def test_install_prints_the_unit_and_writes_a_users_own_once(tmp_path):
    made_market(tmp_path)
    home = tmp_path / "home"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(home), "TULYA_DB": str(tmp_path / "m.sqlite")}

    def tulya(*words):
        return subprocess.run(
            [sys.executable, "-m", "framework", "service", *words],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    shown = tulya("install", "--user", "morning", "--print", "--replay", "2015-01-05")
    assert (0, "") == (shown.returncode, shown.stderr)
    assert "--replay 2015-01-05 --speed 1" in shown.stdout
    assert not home.exists()
    assert 0 == tulya("install", "--user", "morning", "--replay", "2015-01-05").returncode
    file = home / ".config" / "systemd" / "user" / "tulya-morning.service"
    assert shown.stdout == file.read_text()
    other = tulya("install", "--user", "morning", "--replay", "2015-01-06")
    assert 1 == other.returncode
    assert "is there and says something else" in other.stderr
    assert "drill morning" in tulya("crontab", "morning").stdout
