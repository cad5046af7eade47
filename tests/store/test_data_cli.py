"""``tulya data`` as a user meets it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from framework.cli.data import app
from framework.errors import ConfigError, DataError
from framework.store import open_store

ROOT = Path(__file__).resolve().parents[2]
TEXT = "Date,Open,High,Low,Close,Volume\n" + "".join(
    f"2024-01-{day:02d},{100 + day},{102 + day},{99 + day},{101 + day},{1000 * day}\n" for day in range(1, 13)
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setenv("TULYA_DB", str(tmp_path / "market.sqlite"))
    (tmp_path / "goog.csv").write_text(TEXT)

    def command(*arguments, code=0):
        result = CliRunner().invoke(app, list(arguments))
        if isinstance(result.exception, DataError | ConfigError):
            raise result.exception
        assert code == result.exit_code, result.output
        return result.stdout

    return command


def test_the_line_that_scripts_rely_on_imports(run):
    output = run("import", "goog.csv", "--symbol", "GOOG", "--timeframe", "1d", "--json")
    (summary,) = json.loads(output)["files"]
    assert (12, 12, 0, ["GOOG"], ["1d"]) == tuple(
        summary[name] for name in ("rows_read", "new", "refused", "symbols", "timeframes")
    )


@pytest.mark.parametrize(("words", "currency"), [((), "INR"), (("--currency", "usd"), "USD")])
def test_an_import_says_the_currency_and_without_a_word_it_is_rupees(run, tmp_path, words, currency):
    run("import", "goog.csv", "--symbol", "GOOG", "--timeframe", "1d", *words)
    with open_store(tmp_path / "market.sqlite") as store:
        bars = store.load_bars("GOOG")
        assert currency == bars.instrument.currency
        store.save_bars(bars)
        assert currency == store.load_bars("GOOG").instrument.currency


def test_a_second_import_that_says_a_currency_changes_only_that(run, tmp_path):
    run("import", "goog.csv", "--symbol", "GOOG", "--timeframe", "1d")
    run("import", "goog.csv", "--symbol", "GOOG", "--timeframe", "1d", "--currency", "USD")
    run("import", "goog.csv", "--symbol", "GOOG", "--timeframe", "1d")
    with open_store(tmp_path / "market.sqlite") as store:
        assert ("USD", 12) == (store.load_bars("GOOG").instrument.currency, len(store.load_bars("GOOG")))


def test_the_summary_says_what_was_assumed(run):
    output = run("import", "goog.csv")
    assert "GOOG (from the file's name); timeframe 1d (from the usual step between bars); time zone UTC" in output
    assert "0 new rows; everything in it was already stored" in run("import", "goog.csv")


def test_refused_rows_do_not_fail_the_command_but_are_said(run, tmp_path):
    (tmp_path / "bad.csv").write_text(TEXT + "2024-01-20,1,2,3,4,5\n")
    assert "1 bad_range" in run("import", "bad.csv")
    (issue,) = json.loads(run("show", "BAD", "--issues", "--json"))["issues"]
    assert ("bad_range", "bad.csv", 14, "high 2.0 is below low 3.0") == tuple(
        issue[name] for name in ("kind", "file", "line", "reason")
    )
    assert "high 2.0 is below low 3.0 (1d, bad.csv line 14)" in run("show", "BAD", "--issues")
    assert "Nothing" in run("show", "BAD", "--issues", "--to", "2024-01-19")


def test_a_symbol_of_which_nothing_was_kept_still_shows_its_issues(run, tmp_path):
    (tmp_path / "none.csv").write_text("Date,Open,High,Low,Close\n2024-01-01,1,2,3,4\nsoon,1,1,1,1\n1,2\n")
    run("import", "none.csv", "--timeframe", "1d", code=1)
    lines = [issue["line"] for issue in json.loads(run("show", "NONE", "--issues", "--json"))["issues"]]
    assert [2, 3, 4] == sorted(lines)


def test_a_file_that_cannot_be_read_is_exit_code_1_and_the_others_are_kept(run, tmp_path):
    (tmp_path / "broken.csv").write_text("a,b\n1,2\n")
    output = run("import", "broken.csv", "goog.csv", code=1)
    assert "broken.csv: not read: no heading for time, open, high, low, close" in output
    assert "GOOG" in run("list")


def test_a_file_that_is_not_there_and_flags_that_clash_are_sentences(run):
    with pytest.raises(DataError, match=r"nothing\.csv does not exist"):
        run("import", "nothing.csv")
    with pytest.raises(ConfigError, match="exclude each other"):
        run("import", "goog.csv", "--dayfirst", "--monthfirst")
    with pytest.raises(ConfigError, match="time zone 'Asia/Calcuta' is unknown"):
        run("import", "goog.csv", "--timezone", "Asia/Calcuta")
    with pytest.raises(ConfigError, match="timeframe 'yearly' is not understood"):
        run("import", "goog.csv", "--timeframe", "yearly")


def test_list_and_show(run):
    run("import", "goog.csv")
    assert "holds no 1m bars yet" in run("list", "--timeframe", "1m")
    (series,) = json.loads(run("list", "--json"))["series"]
    assert ("GOOG", "1d", 12) == (series["symbol"], series["timeframe"], series["bars"])
    shown = json.loads(run("show", "GOOG", "--first", "1", "--last", "1", "--json"))["rows"]
    assert [(1_704_067_200, 101.0), (1_705_017_600, 112.0)] == [(row["timestamp"], row["open"]) for row in shown]
    table = run("show", "GOOG", "--first", "2", "--last", "2")
    assert "2024-01-01" in table
    assert "…" in table
    assert "2024-01-12" in table
    assert "2024-01-05" not in table
    with pytest.raises(DataError, match="the nearest: GOOG"):
        run("show", "GOGO")


def test_issues_of_intraday_bars_are_told_in_the_exchanges_time(run, tmp_path):
    rows = "".join(f"2020-01-02 09:{minute}:00,10,11,9,10\n" for minute in range(15, 30))
    text = f"Date,Open,High,Low,Close\n{rows}2020-01-02 09:30:00,1,2,3,4\n"
    (tmp_path / "minutes.csv").write_text(text)
    run("import", "minutes.csv", "--symbol", "M", "--timeframe", "1m", "--timezone", "Asia/Kolkata")
    told = run("show", "M", "--issues")
    assert "from (Asia/Kolkata)" in told
    assert "2020-01-02 09:30" in told


def test_a_long_file_name_is_not_broken_in_a_pipe(run, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    name = "BhavCopy_NSE_CM_0_0_0_20240108_F_0000_and_more.csv"
    (tmp_path / name).write_text(TEXT)
    lines = run("import", name, "--symbol", "GOOG").splitlines()
    assert [["12", "12"]] == [line.split()[1:3] for line in lines if line.strip().startswith(f"{name} ")]


def test_an_empty_list_of_issues_says_so(run):
    run("import", "goog.csv")
    assert "Nothing was refused and nothing looks wrong in GOOG" in run("show", "GOOG", "--issues")


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
def test_an_export_imports_as_it_was(run, tmp_path, ending):
    minutes = "".join(f"2024-01-01 09:{minute},1.25,2.5,1,{2 + minute / 1000},\n" for minute in range(15, 59))
    (tmp_path / "minutes.csv").write_text("time,open,high,low,close,volume\n" + minutes)
    run("import", "goog.csv", "minutes.csv", "--timezone", "Asia/Kolkata")
    for symbol, frame in (("GOOG", "1d"), ("MINUTES", "1m")):
        run("export", symbol, f"out.{ending}", "--timeframe", frame)
        (summary,) = json.loads(run("import", f"out.{ending}", "--json"))["files"]
        assert (0, 0, 0) == (summary["new"], summary["conflicting"], summary["refused"])
        assert summary["unchanged"] == summary["rows_read"] > 0


def test_an_export_without_a_known_ending_is_refused(run):
    run("import", "goog.csv")
    with pytest.raises(DataError, match=r"use \.csv, \.csv\.gz or \.parquet"):
        run("export", "GOOG", "out.xlsx")


def test_a_plot_is_one_file_that_needs_no_network(run, tmp_path):
    run("import", "goog.csv")
    assert "10 of 12 bars drawn in reports/data/GOOG_1d.html" in run("plot", "GOOG", "--last", "10")
    page = (tmp_path / "reports/data/GOOG_1d.html").read_text()
    assert "candlestick" in page
    assert "<script src=" not in page


def test_the_sample_is_loaded_once(run):
    assert "SP500" in run("sample")
    assert "are already in" in run("sample")


def test_every_command_has_a_help_page_with_an_example():
    for command in ("import", "sample", "list", "show", "plot", "export"):
        result = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "140"})
        assert 0 == result.exit_code
        assert f"tulya data {command}" in result.stdout


def test_as_a_process_an_error_is_one_sentence_and_exit_code_1(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "framework", "data", "show", "SP50", "--db", tmp_path / "m.sqlite"],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "TULYA_CONFIG": ""},
    )  # fmt: skip
    assert 1 == result.returncode
    assert "" == result.stdout
    assert result.stderr.startswith("tulya: there is no database")
    assert 1 == result.stderr.count("\n")


ACTIONS = "symbol,ex_date,factor,dividend,terms\nGOOG,2024-01-05,5,,5:1\nGOOG,2024-01-09,,2.5,interim\n"


def test_splits_and_dividends_are_imported_and_listed(run, tmp_path):
    (tmp_path / "actions.csv").write_text(ACTIONS)
    run("import", "goog.csv", "actions.csv")
    listed = json.loads(run("actions", "GOOG", "--json"))["actions"]
    assert [("2024-01-05", "", 5.0, 0.0), ("2024-01-09", "dividend", 1.0, 2.5)] == [
        (one["ex_date"], one["kind"], one["factor"], one["dividend"]) for one in listed
    ]
    told = run("actions").splitlines()
    assert ["GOOG", "2024-01-05", "5", "5:1"] == told[-3].split()
    assert ["GOOG", "2024-01-09", "dividend", "2.5", "interim"] == told[-2].split()
    (tmp_path / "plain.csv").write_text("Symbol,Ex-Date,Dividend\nGOOG,2024-01-11,4\n")
    run("import", "plain.csv")
    assert 3 == len(json.loads(run("actions", "--json"))["actions"])


def test_a_list_of_actions_is_asked_for_where_there_is_none(run):
    run("import", "goog.csv")
    assert "No corporate actions of GOOG are stored. Import a list" in run("actions", "GOOG")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("GOOG,2024-01-05,0,", "factor '0' is no number above 0"),
        ("GOOG,2024-01-05,,-1", "dividend '-1' is no number of rupees per share"),
        ("GOOG,2024-01-05,,nan", "dividend 'nan' is no number"),
        ("GOOG,2024-01-05,,", "neither a factor nor a dividend is given"),
        (",2024-01-05,2,", "the symbol is missing"),
    ],
)
def test_a_row_that_is_no_action_is_refused_with_its_reason(run, tmp_path, row, reason):
    (tmp_path / "actions.csv").write_text(
        f"symbol,ex_date,factor,dividend\n{row}\nGOOG,2024-01-08,,1\nGOOG,2024-01-08,,2\n"
    )
    summary = json.loads(run("import", "actions.csv", "--json"))["files"][0]
    assert (3, 1, 2) == (summary["rows_read"], summary["new"], summary["refused"])
    with sqlite3.connect(tmp_path / "market.sqlite") as connection:
        reasons = [text for (text,) in connection.execute("SELECT reason FROM data_issues ORDER BY line")]
    assert reasons[0].startswith(reason)
    assert "the file has another dividend of GOOG on that day; make one row of the two" == reasons[1]


def test_imports_are_listed_shown_before_they_are_taken_back_and_taken_back(run):
    run("import", "goog.csv")
    (listed,) = json.loads(run("imports", "--json"))["imports"]
    assert ("goog.csv", 12) == (listed["file"], listed["series"][0]["brought"])
    with pytest.raises(
        ConfigError, match=r"Undo of import 1 \(goog.csv\): 12 bars go. Nobody can be asked here; add --yes"
    ):
        run("undo", "1")
    assert "12 bars" in run("show", "GOOG")
    assert "tulya data undo 2 takes it back" in run("undo", "last", "--yes")
    assert "taken back by 2" in run("imports")
    done = json.loads(run("undo", "2", "--yes", "--json"))
    assert ("undo", 12) == (done["action"], done["series"][0]["added"])


def test_a_symbol_is_renamed_merged_and_deleted_from_the_command_line(run):
    run("import", "goog.csv")
    run("import", "goog.csv", "--exchange", "NASDAQ")
    assert "12 bars go" in run("merge", ":GOOG", "NASDAQ:GOOG", "--yes")
    assert "12 bars move to NYSE:ABC" in run("rename", "GOOG", "NYSE:ABC", "--yes")
    assert "Delete the 1d bars of NYSE:ABC: 12 bars go." in run("delete", "ABC", "-t", "1d", "--yes")
    assert "holds no prices yet" in run("list")
