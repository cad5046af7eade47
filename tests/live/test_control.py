"""Commands of a person: files that are there whole, obeyed once, answered in the journal, kept for the next start."""

import asyncio
import json
import os
import signal

import pytest

from framework.live.control import (
    CommandName,
    ControlSource,
    clear_switches,
    done,
    kill_wanted,
    read_commands,
    switch_of,
    write_command,
)
from framework.live.threads import NoThreads
from framework.live.virtual_loop import run_virtual
from tests.live.runner_process import RunnerProcess, made_market, wait_for


def left(folder, name=CommandName.HALT, now=1, unique="a", **arguments):
    return write_command(folder, name, arguments, now=now, unique=unique)


def test_a_command_is_read_back_as_it_was_given(tmp_path):
    ident = left(tmp_path, CommandName.FLATTEN, symbol="NSE:SBIN", text="ausgewählt – ₹")
    (command,) = read_commands(tmp_path)
    assert ("flatten", {"symbol": "NSE:SBIN", "text": "ausgewählt – ₹"}, ident) == command[:3]
    done(command)
    assert [] == read_commands(tmp_path)


def test_commands_come_in_the_order_of_their_time_not_of_their_names(tmp_path):
    left(tmp_path, CommandName.HALT, now=20, unique="a")
    left(tmp_path, CommandName.RESUME, now=3, unique="z")
    assert ["resume", "halt"] == [one.name for one in read_commands(tmp_path)]


def test_folder_and_file_are_private_under_any_umask(tmp_path):
    before = os.umask(0)
    try:
        left(tmp_path / "m-paper.run")
    finally:
        os.umask(before)
    folder = tmp_path / "m-paper.run" / "control"
    (file,) = folder.iterdir()
    modes = [one.stat().st_mode & 0o777 for one in (folder.parent, folder, file)]
    assert [0o700, 0o700, 0o600] == modes


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"name": "halt"}', '{"name": "halt", "arguments": 5}', "\0" * 20_000]
)
def test_a_file_that_is_no_command_is_put_aside_and_told(tmp_path, text):
    left(tmp_path, now=5)
    (tmp_path / "control" / "0000-x.json").write_text(text)
    assert ["unreadable", "halt"] == [one.name for one in read_commands(tmp_path)]
    assert ["halt"] == [one.name for one in read_commands(tmp_path)]
    assert (tmp_path / "control" / "0000-x.refused").exists()


def test_a_link_is_no_command(tmp_path):
    left(tmp_path)
    (file,) = (tmp_path / "control").iterdir()
    (tmp_path / "control" / "0000-link.json").symlink_to(file)
    assert ["unreadable", "halt"] == [one.name for one in read_commands(tmp_path)]


def test_half_a_file_under_another_name_is_not_looked_at(tmp_path):
    (tmp_path / "control").mkdir()
    (tmp_path / "control" / ".0001-x.part").write_text('{"name": "ha')
    assert [] == read_commands(tmp_path)


def test_kill_is_more_than_halt_and_both_stay_until_they_are_cleared(tmp_path):
    assert (None, False) == (switch_of(tmp_path), kill_wanted(tmp_path))
    (tmp_path / "HALT").touch()
    assert (CommandName.HALT, False) == (switch_of(tmp_path), kill_wanted(tmp_path))
    (tmp_path / "KILL").touch()
    assert (CommandName.KILL, True) == (switch_of(tmp_path), kill_wanted(tmp_path))
    clear_switches(tmp_path)
    assert (None, False) == (switch_of(tmp_path), kill_wanted(tmp_path))


def test_the_source_tells_each_command_once_and_a_switch_when_it_appears(tmp_path):
    async def story():
        source = ControlSource(tmp_path, NoThreads())
        told = [[one.name for one in await source.waiting()]]
        left(tmp_path, CommandName.REDUCE)
        source.signal(CommandName.HALT, "SIGUSR1")
        told += [[one.name for one in await source.waiting()], [one.name for one in await source.waiting()]]
        (tmp_path / "HALT").touch()
        told += [[one.name for one in await source.waiting()], [one.name for one in await source.waiting()]]
        await source.resumed()
        (tmp_path / "HALT").touch()
        return [*told, [one.name for one in await source.waiting()]]

    assert [[], ["halt", "reduce"], [], ["halt"], [], ["halt"]] == run_virtual(story())


def test_the_source_looks_again_and_again(tmp_path):
    async def story():
        source, found = ControlSource(tmp_path, NoThreads(), 0.2), []
        asyncio.get_running_loop().call_later(1.0, left, tmp_path)

        async def listen():
            async for one in source.commands():
                found.append(one.name)
                return

        await listen()
        return found, asyncio.get_running_loop().time()

    found, at = run_virtual(story())
    assert ["halt"] == found
    assert 1.0 <= at <= 1.21


# ---------------------------------------------------------------------- a runner in a process of its own


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    return folder, made_market(folder)


def states(runner):
    return [(one["after"], one["cause"]) for one in runner.entries("state")]


def test_a_runner_obeys_answers_and_ends(market):
    folder, database = market
    with RunnerProcess(folder, database, "paper") as runner:
        wait_for(lambda: len(runner.entries("returned")) >= 42, 60)
        assert (0, "the account is reduce_only") == said(runner.tulya("reduce"))
        assert (0, "the account is halted") == said(runner.tulya("halt", "--text", "lunch"))
        assert (0, "the account was halted already") == said(runner.tulya("halt"))
        assert (0, "the account is active") == said(runner.tulya("resume", "--yes"))
        code, answer = said(runner.tulya("flatten", "BBB"))
        assert (0, "leaving resting NSE:BBB +10") == (code, answer)
        code, answer = said(runner.tulya("flatten", "NSE:NONE"))
        assert (5, "refused: no strategy trades NSE:NONE; they trade NSE:AAA, NSE:BBB") == (code, answer)
        code, answer = said(runner.tulya("account", "deposit", "1000"))
        assert 0 == code
        assert answer.startswith("resting: cash is ")
        code, answer = said(runner.tulya("account", "withdraw", "99999999"))
        assert (5, True) == (code, answer.startswith("refused: resting can spend "))
        (runner.run_folder / "HALT").touch()
        wait_for(lambda: ("halted", "person") == states(runner)[-1])
        assert (0, "the account is active") == said(runner.tulya("resume", "--yes"))
        assert not (runner.run_folder / "HALT").exists()
        runner.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: ("halted", "person") == states(runner)[-1])
        code, answer = said(runner.tulya("stop"))
        assert (0, "the run ends; what rests at the broker stays there") == (code, answer)
        code, report = runner.ended()
        assert (5, "halted", "stopped by a person: tulya") == (code, report["state"], report["ended"])
        by = [one["arguments"].get("by") for one in runner.entries("command") if one["name"] == "halt"]
        assert ["tulya", "tulya", "file HALT", "SIGUSR1"] == by
        deposits = [one["input"] for one in runner.entries("input") if '"deposit"' in json.dumps(one["input"])]
        assert 1 == len(deposits)


def said(outcome):
    code, document = outcome
    return code, document["answer"] if isinstance(document, dict) else document


def test_without_a_runner_a_halt_waits_for_the_next_start_and_a_flatten_is_refused(market):
    folder, database = market
    with RunnerProcess(folder, database, "drill-waits", speed="max") as before:
        before.process.kill()
        before.process.wait()
        code, document = before.tulya("halt")
        assert (0, None, None) == (code, document["runner"], document["answer"])
        code, words = before.tulya("flatten")
        assert 1 == code
        assert "no runner of account drill-waits lives" in words
    with RunnerProcess(folder, database, "drill-waits", speed="max") as runner:
        code, report = runner.ended(60)
        assert (5, "halted") == (code, report["state"])
        assert [] == runner.entries("sending"), "it was halted before it traded"
        assert [] == list((runner.run_folder / "control").iterdir())


def test_a_command_is_carried_out_once_though_the_process_dies_before_its_file_is_gone(market):
    folder, database = market
    account = "drill-once"
    write_command(database.with_name(f"m-{account}.run"), CommandName.DEPOSIT, {"paise": "100000"}, now=1, unique="d")
    with RunnerProcess(folder, database, account, speed="max", TULYA_FAILPOINT="command_durable:1") as dies:
        assert -signal.SIGKILL == dies.process.wait(60)
        assert 1 == len(read_commands(dies.run_folder))
    with RunnerProcess(folder, database, account, speed="max") as runner:
        code, _ = runner.ended(60)
        assert 0 == code
        deposits = [one for one in runner.entries("input") if '"deposit"' in json.dumps(one["input"])]
        assert (1, 1) == (len(deposits), len(runner.entries("command")))
        assert [] == read_commands(runner.run_folder)
