"""``tulya day`` and ``tulya journal rebuild`` on the command line: what they print, and how they refuse."""

import json

import pytest

from framework.store import open_store
from tests.live.hand_day import store_hand_day, write_hand_deployment


@pytest.fixture
def traded(tmp_path, monkeypatch, tulya):
    """The day that is worked out by hand, run by the command; what that printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TULYA_DB", str(store_hand_day(tmp_path / "market.sqlite")))
    write_hand_deployment(tmp_path)
    done = tulya("run", "morning", "--replay", "2015-01-05", "--speed", "max", "--json")
    assert 0 == done.code
    return json.loads(done.out)


def test_a_run_names_the_page_of_its_day_and_has_written_the_tables(traded, tmp_path):
    assert ["reports/paper/2015-01-05.html"] == traded["reports"]
    assert (tmp_path / "reports" / "paper" / "2015-01-05.html").is_file()
    with open_store(tmp_path / "market.sqlite") as store:
        rows = store.account_rows("daily_performance", "paper")
    assert [2_795, 2_795] == [row.net_paise for row in rows]


def test_the_day_is_printed_with_the_figures_worked_out_by_hand(traded, tulya, tmp_path):
    done = tulya("day", "2015-01-05", "--out", "pages/day.html")
    assert (0, "") == (done.code, done.err)
    lines = [line.split() for line in done.out.splitlines()]
    assert ["hand", "2", "2", "0", "1", "1", "₹2.05", "₹27.95", "₹1,00,027.95"] in lines
    assert ["09:20:00", "hand", "NSE:HAND", "SELL", "10", "104", "₹1.04", "₹30.00", "order"] in lines
    assert (tmp_path / "pages" / "day.html").is_file()


def test_the_deployment_that_traded_last_is_found_by_its_name(traded, tulya):
    by_name = tulya("day", "2015-01-05", "--deployment", "morning", "--json")
    by_itself = tulya("day", "2015-01-05", "--account", "paper", "--json")
    assert by_name.out == by_itself.out
    assert "morning" == json.loads(by_name.out)["deployment"]


def test_without_its_file_the_header_names_the_strategy(traded, tulya, tmp_path):
    (tmp_path / "deployments" / "morning.yaml").unlink()
    document = json.loads(tulya("day", "2015-01-05", "--json").out)
    assert "" == document["deployment"]
    assert ["./scripted.py:Scripted"] == [one["strategy"] for one in document["strategies"]]
    assert 27.95 == document["net"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("day", "5th"), "day '5th' is not understood"),
        (("day", "2015-01-06"), "no bar of 2015-01-06; it has 2015-01-05 to 2015-01-05"),
        (("day", "2015-01-05", "--account", "other"), "there is no journal"),
        (("day", "2015-01-05", "--deployment", "mornin"), "did you mean morning?"),
        (("journal", "rebuild", "--account", "other"), "there is no journal"),
    ],
)
def test_what_cannot_be_reported_is_one_sentence(traded, tulya, words, sentence):
    done = tulya(*words)
    assert 1 == done.code
    assert "" == done.out
    assert sentence in done.err


def test_a_rebuild_after_a_run_finds_every_row_there(traded, tulya):
    (account,) = json.loads(tulya("journal", "rebuild", "--json").out)["accounts"]
    assert {(0, 0)} == {(one["added"], one["removed"]) for one in account["tables"].values()}
    assert 2 == account["tables"]["paper_orders"]["rows"]


def test_a_rebuild_without_any_journal_says_which_command_writes_one(tulya, tmp_path, monkeypatch):
    monkeypatch.setenv("TULYA_DB", str(tmp_path / "market.sqlite"))
    done = tulya("journal", "rebuild")
    assert 1 == done.code
    assert "tulya run DEPLOYMENT writes one" in done.err
