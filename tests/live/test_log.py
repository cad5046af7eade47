"""The log: ids in every line, no secret in any, and nothing that goes wrong with it reaches the caller."""

import base64
import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from framework import log
from framework.errors import ConfigError
from framework.log import ProgramLog, hide, log_context, logger, redacted

ROOT = Path(__file__).resolve().parents[2]


def alone():
    """Without the handlers that pytest hangs on every logger: they raise."""
    root = logging.getLogger("tulya")
    root.handlers = [one for one in root.handlers if isinstance(one, log._Gate)]


def lines(folder):
    return [json.loads(line) for line in (folder / "application.log").read_text("utf-8").splitlines()]


def test_every_line_carries_the_ids_of_its_context(tmp_path):
    with ProgramLog(tmp_path, console=False), log_context(run="morning-1", deployment="morning"):
        logger("runner").info("one of %d", 2)
        with log_context(order="ty00000001"):
            logger().warning("two")
        logger().info("three", extra={"ids": {"seq": "7"}})
    first, second, third = lines(tmp_path)
    assert ("INFO", "one of 2", "morning-1", "morning") == tuple(
        first[name] for name in ("level", "text", "run", "deployment")
    )
    assert ("ty00000001", "morning-1") == (second["order"], second["run"])
    assert ("7", None) == (third["seq"], third.get("order"))


def test_ids_are_those_of_the_thread_that_logs(tmp_path):
    def work(name):
        with log_context(order=name):
            for _ in range(50):
                logger().info(name)

    with ProgramLog(tmp_path, console=False):
        threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    found = lines(tmp_path)
    assert 200 == len(found)
    assert all(line["text"] == line["order"] for line in found)


CANARIES = [
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ", "token {} was used"),
    ("canary-bearer-0123456789", "Authorization: Bearer {}"),
    ("canarytoken123456", "GET /v2/login?access_token={}&x=1"),
    ("canarysecret98765", "{{'client_secret': '{}'}}"),
    ("canarykey0001", 'api_key="{}"'),
    ("canarypassword!", "password={}"),
    ("314159", "totp: {}"),
    ("123456789:AAcanaryBotTokenOfThirtyLettersXYZ01", "https://api.telegram.org/bot{}/send"),
    ("user:canarypass", "https://{}@example.org/"),
    ("canarycode55", "code={}"),
]


@pytest.mark.parametrize(("secret", "text"), CANARIES)
def test_what_looks_like_a_secret_is_hidden(secret, text, tmp_path):
    assert secret not in redacted(text.format(secret))
    with ProgramLog(tmp_path, console=False):
        logger().info("%s", text.format(secret))
        try:
            raise ValueError(text.format(secret))  # noqa: TRY301 - its traceback is the point
        except ValueError:
            logger().exception("it failed")
    written = (tmp_path / "application.log").read_text("utf-8")
    assert secret not in written
    assert "it failed" in written


@pytest.mark.parametrize(
    "text",
    ["place order 7 (tag tyabc00000007) NSE:SBIN +10", "code: 200", "the key is missing", "bound 0.05", "key 5"],
)
def test_ordinary_words_stay(text):
    assert text == redacted(text)


def test_a_known_secret_is_hidden_in_every_spelling(tmp_path):
    secret = "sésame/öffne dich+1"
    hide(secret)
    spelled = [secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()]
    with ProgramLog(tmp_path, console=False):
        for one in spelled:
            logger().info("x%sy", one)
        logger().info("in an id", extra={"ids": {"order": secret}})
    written = (tmp_path / "application.log").read_text("utf-8")
    assert [] == [one for one in spelled if one.rstrip("=") in written]


def test_an_argument_that_cannot_be_a_text_is_lost_and_raises_nothing(tmp_path):
    class Broken:
        def __str__(self):
            raise RuntimeError

    with ProgramLog(tmp_path, console=False) as program_log:
        alone()
        logger().info("%s", Broken())
        logger().info("%d", "no number")
        logger().info("afterwards")
    assert (2, ["afterwards"]) == (program_log.lost, [line["text"] for line in lines(tmp_path)])


def test_a_full_disk_costs_lines_and_raises_nothing(tmp_path):
    (tmp_path / "application.log").symlink_to("/dev/full")
    with ProgramLog(tmp_path, console=False) as program_log:
        for _ in range(20):
            logger().error("x" * 10_000)
    assert program_log.lost > 0


def test_a_rotation_that_fails_costs_lines_and_raises_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "LARGEST_BYTES", 500)
    (tmp_path / "application.log.1").mkdir()
    (tmp_path / "application.log.1" / "in the way").touch()
    with ProgramLog(tmp_path, console=False) as program_log:
        for _ in range(20):
            logger().error("x" * 100)
    assert program_log.lost > 0


@pytest.mark.parametrize("how", ["os.close(2)", "sys.stderr.close()", "sys.stderr = None"])
def test_a_closed_stderr_ends_nothing(tmp_path, how):
    program = (
        f"import os, sys; {how}\n"
        "from pathlib import Path\nfrom framework.log import ProgramLog, logger\n"
        "with ProgramLog(Path(sys.argv[1]), console=True):\n    logger().error('still here')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert 0 == done.returncode
    assert ["still here"] == [line["text"] for line in lines(tmp_path)]


def test_a_disk_that_hangs_does_not_make_the_caller_wait(tmp_path):
    with ProgramLog(tmp_path, console=False) as program_log:
        slow = program_log._handlers[0]
        released = threading.Event()
        slow.emit = lambda record: released.wait(10)
        alone()
        began = time.perf_counter()
        for _ in range(log.MOST_WAITING + 1000):
            logger().info("tick")
        took = time.perf_counter() - began
        released.set()
    assert program_log.lost >= 900
    assert took < 5.0


def test_the_file_rotates_five_times_and_is_private(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "LARGEST_BYTES", 2_000)
    before = os.umask(0)
    try:
        with ProgramLog(tmp_path / "logs", console=False):
            for number in range(200):
                logger().info("line %03d %s", number, "x" * 60)
    finally:
        os.umask(before)
    files = sorted(one.name for one in (tmp_path / "logs").glob("application.log*") if not one.name.endswith(".lock"))
    assert ["application.log", *(f"application.log.{n}" for n in range(1, 6))] == files
    assert {0o600} == {one.stat().st_mode & 0o777 for one in (tmp_path / "logs").iterdir()}
    assert 0o700 == (tmp_path / "logs").stat().st_mode & 0o777
    assert all(one.stat().st_size <= 2_000 for one in (tmp_path / "logs").iterdir())


def test_several_processes_rotate_one_log_without_losing_a_line(tmp_path):
    program = (
        "import sys; from pathlib import Path\nfrom framework import log\nlog.LARGEST_BYTES = 20_000\n"
        "with log.ProgramLog(Path(sys.argv[1]), console=False) as one:\n"
        "    for n in range(150):\n        log.logger().info('%s-%03d', sys.argv[2], n)\n"
        "assert one.lost == 0, one.lost\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    children = [
        subprocess.Popen([sys.executable, "-c", program, tmp_path, name], env=environment) for name in ("a", "b", "c")
    ]
    assert [0, 0, 0] == [one.wait(60) for one in children]
    found = [
        json.loads(line)["text"]
        for file in tmp_path.glob("application.log*")
        for line in file.read_text("utf-8").splitlines()
    ]
    assert sorted(f"{name}-{n:03d}" for name in "abc" for n in range(150)) == sorted(found)


def test_an_unknown_level_is_named_with_those_there_are(tmp_path):
    with pytest.raises(ConfigError, match="DEBUG, INFO, WARNING, ERROR, CRITICAL"):
        ProgramLog(tmp_path, level="LOUD")


def test_a_lower_level_than_the_chosen_one_is_not_written(tmp_path):
    with ProgramLog(tmp_path, level="warning", console=False):
        logger().info("no")
        logger().warning("yes")
    assert ["yes"] == [line["text"] for line in lines(tmp_path)]
    alone()
    assert [] == logging.getLogger("tulya").handlers
