"""``tulya calendar``: what is printed, and what is said of days that the table does not know."""

import json
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest


def lines_of(text):
    return {line.split()[0]: " ".join(line.split()) for line in text.splitlines() if line}


def test_a_month_has_a_line_for_each_day_and_says_why_there_is_no_session(tulya):
    done = tulya("calendar", "show", "2026-11")
    assert (0, "") == (done.code, done.err)
    lines = lines_of(done.out)
    assert 30 == sum(1 for line in lines if re.match(r"2026-11-\d\d", line))
    assert "2026-11-02 Mon session 09:15–15:15 09:15–15:30 09:15–15:40" == lines["2026-11-02"]
    assert (
        "2026-11-08 Sun muhurat 18:15–19:15 18:15–19:15 18:15–19:15 Sunday; hours not confirmed" == lines["2026-11-08"]
    )
    assert "2026-11-24 Tue Guru Nanak Jayanti" == lines["2026-11-24"]
    assert "2026-11-01 Sun weekend" == lines["2026-11-01"]
    assert "20 sessions; hours of continuous trading, Asia/Kolkata" == lines["20"]


def test_a_month_of_one_class_as_json(tulya):
    found = json.loads(tulya("calendar", "show", "2026-08", "--class", "cas", "--json").out)
    assert ("NSE", "Asia/Kolkata", 31) == (found["exchange"], found["timezone"], len(found["days"]))
    third = found["days"][2]
    assert ("2026-08-03", True, "regular", ["cas"]) == (
        third["date"], third["session"], third["kind"], list(third["classes"]),
    )  # fmt: skip
    (window,) = third["classes"]["cas"]["windows"]
    assert ("09:15", "15:15", 6 * 3600 * 10**9) == (
        window["start"],
        window["end"],
        window["end_ns"] - window["start_ns"],
    )


def test_a_day_shows_its_windows_bars_and_settlement(tulya):
    done = tulya("calendar", "show", "2024-03-02")
    assert "NSE 2024-03-02 Saturday: test session" in done.out
    assert "09:15–10:00, 11:30–12:30   bars: 105 of 1m, 21 of 5m" in done.out
    assert "settles on a day that is not known here" in done.out
    auction = tulya("calendar", "show", "2026-08-04", "--class", "cas").out
    assert "15:20–15:25  auction orders (limit and market orders)" in auction
    assert "settles 2026-08-05" in auction
    assert "no session (special holiday); the next one is 2024-01-23" in tulya("calendar", "show", "2024-01-22").out
    assert "hours not known" not in tulya("calendar", "show", "2012-01-07").out
    assert "not known" in tulya("calendar", "show", "2012-01-07").out


def test_a_day_as_json_counts_the_bars(tulya):
    found = json.loads(tulya("calendar", "show", "2026-11-23", "--json").out)
    assert {"cas": 360, "other": 375, "fno": 385} == {
        name: each["bars"]["1m"] for name, each in found["classes"].items()
    }
    assert "2026-11-25" == found["settlement"]
    closed = json.loads(tulya("calendar", "show", "2026-11-24", "--json").out)
    assert (False, "Guru Nanak Jayanti", None) == (closed["session"], closed["closed"], closed["settlement"])
    assert json.loads(tulya("calendar", "show", "2012-01-07", "--json").out)["classes"]["other"]["windows"] is None


def test_the_next_session_is_after_today_or_after_a_day(tulya):
    assert "NSE 2026-11-25 Wednesday: session" in tulya("calendar", "next", "--after", "2026-11-23").out
    assert "BSE 2026-11-25" in tulya("calendar", "next", "--after", "2026-11-23", "--exchange", "BSE").out
    today = datetime.now(ZoneInfo("Asia/Kolkata")).date()
    done = tulya("calendar", "next", "--json")
    if done.code:  # after the end of the table
        assert "unknown" in done.err
    else:
        assert json.loads(done.out)["date"] > f"{today}"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "2027-01"), "date 2027-01-01 is unknown to the calendar of NSE: its table goes from"),
        (("show", "2027-03-01"), "a row of holidays for 2027"),
        (("next", "--after", "2026-12-31"), "the session of NSE after 2026-12-31 is unknown"),
        (("show", "November"), "'November' is neither a month nor a day; write YYYY-MM or YYYY-MM-DD"),
        (("show", "2026-13"), "'2026-13' is neither a month nor a day"),
        (("show", "2026-11", "--class", "mcx"), "--class 'mcx' is unknown to NSE; it has cas, other, fno"),
        (("show", "2026-11", "--exchange", "NYSE"), "exchange 'NYSE' has no session table; known are BSE, NSE"),
    ],
)  # fmt: skip
def test_what_is_unknown_or_mistyped_is_one_sentence_and_exit_1(tulya, words, told):
    done = tulya("calendar", *words)
    assert (1, "") == (done.code, done.out)
    assert told in done.err
