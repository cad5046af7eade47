"""The log of a run says what its journal says, entry by entry, and so do the tables that follow from the journal."""

import json
import os
import sqlite3
import subprocess
import sys

import pytest

from framework.journal.entries import KINDS
from framework.store.account_files import journal_path
from framework.store.journal_reader import JournalReader
from tests.live.runner_process import ROOT, RunnerProcess, made_market


@pytest.fixture(scope="module")
def halted(tmp_path_factory):
    """A run that was halted before it began: its folder, database and journal entries."""
    folder = tmp_path_factory.mktemp("market")
    database = made_market(folder)
    with RunnerProcess(folder, database, "paper", speed="max", TULYA_FAILPOINT="moment_passed:10") as first:
        first.process.wait(60)
    (folder / "m-paper.run" / "HALT").touch()
    with RunnerProcess(folder, database, "paper", speed="max") as runner:
        code, report = runner.ended(90)
    assert (5, "halted") == (code, report["state"])
    with JournalReader(journal_path(database, "paper")) as reader:
        entries = [json.loads(line) for line in reader.lines()]
    return folder, database, entries


def tulya(halted, *words):
    folder, database, _ = halted
    done = subprocess.run(
        [sys.executable, "-m", "framework", *words], cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "TULYA_DB": str(database), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return done.stdout


def logged(halted, *words):
    return json.loads(tulya(halted, "logs", "--limit", "0", "--json", *words))["lines"]


def test_every_line_has_the_number_of_the_entry_that_it_is_of(halted):
    *_, entries = halted
    for line in logged(halted):
        entry = entries[int(line["seq"])]
        assert line["text"].startswith(f"{entry['kind']}: ")
        assert entry["kind"] in KINDS
        assert entry["body"].get("tag", "") == line.get("order", "")
        assert ("morning", "paper") == (line["deployment"], line["account"])


def test_a_halt_is_an_error_and_the_levels_filter(halted):
    errors = logged(halted, "--level", "ERROR")
    assert errors
    assert all("→ halted" in line["text"] for line in errors)
    assert [] == logged(halted, "--since", "2099-01-01")
    assert {"morning-2"} == {line["run"] for line in logged(halted, "--run", "morning-2")}


def test_lines_of_one_order_are_found_by_its_tag(halted):
    *_, entries = halted
    tag = next(one["body"]["tag"] for one in entries if one["kind"] in {"denied", "sending"})
    assert {tag} == {line["order"] for line in logged(halted, "--order", tag)}


def test_the_tables_have_the_lines_of_the_log_and_the_errors_apart(halted):
    _, database, _ = halted
    tulya(halted, "journal", "rebuild")
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "SELECT seq, level, kind || ': ' || text, run, tag FROM application_logs ORDER BY seq"
        ).fetchall()
        errors = connection.execute("SELECT seq FROM error_logs ORDER BY seq").fetchall()
    lines = [(int(one["seq"]), one["level"], one["text"], one["run"], one.get("order", "")) for one in logged(halted)]
    assert sorted(lines) == [row for row in rows if row in lines]
    assert [(row[0],) for row in rows if row[1] == "ERROR"] == errors
    assert len(errors) == len(logged(halted, "--level", "ERROR"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--since", "soon"], "write 10m, 2h or 1d"),
        (["--level", "LOUD"], "there are DEBUG, INFO"),
        (["--dir", "nowhere"], "there is no log nowhere"),
    ],
)
def test_what_is_not_understood_is_said_with_the_way_out(halted, words, said):
    folder, *_ = halted
    done = subprocess.run(
        [sys.executable, "-m", "framework", "logs", *words], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert 1 == done.returncode
    assert said in done.stderr
