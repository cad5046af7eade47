"""``tulya why`` and ``why-not`` answer from the journal of an account as they answer from a backtest's."""

import json
import os
import subprocess
import sys

import pytest

from framework.live.journal_explanation import merged
from framework.run.explanation import Link
from tests.live.runner_process import ROOT, SYMBOLS, RunnerProcess, made_market

SESSION_DIGITS = 8


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    """A finished run: a function that asks ``tulya`` about it."""
    folder = tmp_path_factory.mktemp("market")
    database = made_market(folder)
    with RunnerProcess(folder, database, "paper", speed="max") as runner:
        runner.ended(90)

    def tulya(*words):
        done = subprocess.run(
            [sys.executable, "-m", "framework", *words], cwd=folder, capture_output=True, text=True, check=False,
            env={**os.environ, "TULYA_DB": str(database), "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return tulya


def told(outcome):
    code, out, err = outcome
    assert 0 == code, err
    return json.loads(out)


def test_an_order_is_explained_from_its_bar_to_its_fill_with_its_way_to_the_broker(account):
    found = told(account("why", "1", "--json"))
    links = [link["what"] for link in found["links"]]
    assert ["bar", "request", "rules", "order", "sent", "outcome", "answer", "fill", "charges", "end"] == links
    entries = [link["entry"] for link in found["links"]]
    assert sorted(entries) == entries
    assert "journal account paper" == found["source"]
    assert f"buy 10 {SYMBOLS[0]}" in found["subject"]


def test_a_tag_names_the_order_too(account):
    by_number = told(account("why", "2", "--json"))
    tag = next(link["text"] for link in by_number["links"] if link["what"] == "sent").partition("tag ")[2].split(")")[0]
    assert "00000002" == tag[-SESSION_DIGITS:]
    assert by_number == told(account("why", tag, "--json"))


def test_an_order_that_expired_is_told_so_for_people(account):
    code, out, _ = account("why", "3")
    assert 0 == code
    assert "it ended expired" in out
    assert "Entries of journal account paper" in out


def test_a_bar_without_an_order_is_explained(account):
    found = told(account("why-not", "AAA", "2015-01-05T10:15", "--json"))
    assert "on_bar asked for nothing of it" == found["answer"]
    found = told(account("why-not", SYMBOLS[0], "2015-01-05T09:16:30", "--json"))
    assert "tulya why 1" == found["answer"].split("see ")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["why", "99"], "has no order 99; "),
        (["why", "soon"], "is no tag of account paper and no number"),
        (["why", "1", "--session", "nobody"], "has no session 'nobody'; it has ty"),
        (["why-not", "INFY", "2015-01-05T10:15"], "trades INFY; they trade NSE:AAA, NSE:BBB"),
        (["why-not", "AAA", "2015-01-05"], "write a moment, such as 2015-01-05T10:15"),
        (["why", "1", "--account", "other"], "there is no journal"),
    ],
)
def test_what_cannot_be_found_is_named_with_what_can(account, words, said):
    code, _, err = account(*words)
    assert 1 == code
    assert said in err


def test_links_of_the_way_stand_at_their_places_and_those_without_an_entry_stay():
    links = [Link("bar", 3, ""), Link("columns", None, ""), Link("order", 5, ""), Link("fill", 9, "")]
    way = [Link("sent", 6, ""), Link("outcome", 7, "")]
    assert ["bar", "columns", "order", "sent", "outcome", "fill"] == [one.what for one in merged(links, way)]
