"""``tulya runs`` and ``tulya report``: a run is kept, found again and compared."""

import json
import re
import webbrowser

import pytest

from framework import backtest


@pytest.fixture
def runs(tulya, home):
    """Ids of two runs, oldest first."""
    ids = []
    for period in ("10", "14"):
        done = tulya("backtest", "rsi", "--symbols", "SP500", "--set", f"period={period}", "--json")
        ids.append(json.loads(done.out)["run_id"])
    return ids


def test_runs_are_listed_newest_first(tulya, runs):
    listed = [row["run_id"] for row in json.loads(tulya("runs", "list", "--json").out)["runs"]]
    assert set(runs) == set(listed)
    table = tulya("runs", "list").out
    assert all(run_id in table for run_id in runs)


def test_a_run_of_a_notebook_stands_in_the_list_when_it_is_kept(tulya, home):
    backtest("rsi", "SP500")
    kept = backtest("rsi", "SP500", keep=True)
    listed = [row["run_id"] for row in json.loads(tulya("runs", "list", "--json").out)["runs"]]
    assert [kept.run_id] == listed
    assert kept.run_id in tulya("runs", "show", "last").out


def test_report_takes_the_page_to_the_browser(tulya, home, runs, monkeypatch):
    shown = []
    monkeypatch.setattr(webbrowser, "open", lambda page: shown.append(page) or True)
    done = tulya("report", "last", "--out", "reports/again", "--open")
    assert (0, [(home / "reports" / "again" / "tearsheet.html").as_uri()]) == (done.code, shown)


def test_an_empty_list_says_how_to_start(tulya, home):
    assert "No runs yet. Start with: tulya backtest rsi --symbols SP500\n" == tulya("runs", "list").out


def test_a_run_is_shown_again_as_it_was(tulya, home):
    first = json.loads(tulya("backtest", "macd", "--symbols", "NASDAQ", "--json").out)
    again = json.loads(tulya("runs", "show", "last", "--json").out)
    assert first == again
    assert first["run_id"] in tulya("runs", "show", first["run_id"][:18]).out


def test_comparing_shows_what_differs_and_every_statistic(tulya, runs):
    out = tulya("runs", "compare", *runs).out
    assert "--set period" in out
    assert "Max. drawdown [%]" in out
    assert "charges" not in out.split("Final equity")[0]  # both ran without: no difference


def test_comparing_cuts_nothing_off_and_writes_numbers_as_the_result_does(tulya, runs):
    lines = tulya("runs", "compare", *runs).out.splitlines()
    rows = {line[:32].strip(): line[32:].split() for line in lines}
    assert all(run_id in lines[0] for run_id in runs)
    assert "Max. drawdown duration [days]" in rows
    (final,) = [row for name, row in rows.items() if name.startswith("Final equity")]
    assert all(value.startswith("₹1,") and value.count(",") == 2 for value in final)  # ₹1,08,430.13 and the like
    assert all(value.isdigit() for value in rows["Round trips"])


def test_the_list_groups_dollars_as_everything_else_does(tulya, runs):
    equity = tulya("runs", "list").out.splitlines()[1].split()[5]
    assert re.fullmatch(r"\$\d\d\d,\d\d\d\.\d\d", equity)


def test_the_help_names_the_folder_it_writes_to(tulya):
    assert "reports/RUN/tearsheet.html" in "".join(tulya("report", "--help").out.split())


def test_the_tearsheet_of_a_kept_run(tulya, home, runs):
    done = tulya("report", runs[0], "--out", "reports/again")
    assert (0, f"Tearsheet   {'reports/again/tearsheet.html'}\n") == (done.code, done.out)
    assert runs[0] in (home / "reports" / "again" / "tearsheet.html").read_text("utf-8")


def test_a_bundle_that_is_gone_is_named(tulya, home, runs):
    import shutil

    shutil.rmtree(home / "data" / "runs" / runs[0])
    done = tulya("report", runs[0])
    assert 1 == done.code
    assert f"its bundle data/runs/{runs[0]} is gone; run the backtest again" in done.err


def test_the_charges_of_a_run_stand_beside_those_of_its_contract_notes(tulya, home):
    tulya("backtest", "rsi", "--symbols", "SP500", "--charges", "zero:CNC", "--from", "2010-01-01")
    told = json.loads(tulya("runs", "charges", "last", "--json").out)
    assert "zero:CNC" == told["charges"]
    for row in told["years"]:
        parts = sum(row[name] for name in ("brokerage", "stt", "exchange", "sebi", "stamp", "gst", "dp"))
        assert row["exact"] == pytest.approx(parts)
        assert row["difference"] == pytest.approx(row["contract_note"] - row["exact"])
        assert abs(row["difference"]) < 10  # half a rupee a note
    lines = tulya("runs", "charges", "last").out.splitlines()
    assert ["year", "all"] == [lines[0].split()[0], lines[-1].split()[0]]
    assert len(told["years"]) + 2 == len(lines)


def test_a_run_without_a_plan_has_no_charges_to_compare(tulya, runs):
    assert "was charged none, no broker's plan such as upstox:CNC" in tulya("runs", "charges", "last").err
