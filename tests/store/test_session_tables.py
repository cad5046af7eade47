"""Gaps in NSE and BSE series are found by the shipped session table, without any imported list."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from framework.store.session_tables import SessionTables

OPEN = 9 * 60 + 15
HEAD = "Date,Open,High,Low,Close,Volume\n"


def days_csv(*texts):
    return HEAD + "".join(f"{text},10,11,9,10.5,100\n" for text in texts)


def minutes_csv(days, step):
    """Bars of ``step`` minutes: {date: [minutes of the day]}."""
    lines = [
        f"{day} {at // 60:02}:{at % 60:02}:00,10,11,9,{10 + row % 7 / 10},100\n"
        for row, (day, at) in enumerate((day, at) for day, listed in days.items() for at in listed)
    ]
    return HEAD + "".join(lines)


def full(step, first=OPEN, last=15 * 60 + 30):
    return list(range(first, last, step))


@pytest.fixture
def found(take, store):
    def look(text, **options):
        take("x.csv", text, symbol="X", **options)
        issues = store.connection.execute(
            "SELECT kind, reason FROM data_issues ORDER BY kind, first_timestamp"
        ).fetchall()
        return [(kind, reason) for kind, reason in issues if kind != "late_start"]

    return look


# Wednesday 2024-10-30 … Wednesday 2024-11-06; Muhurat on Friday 2024-11-01, a holiday on none of them
WEEK = ["2024-10-29", "2024-10-30", "2024-10-31", "2024-11-01", "2024-11-04", "2024-11-05", "2024-11-06"]


@pytest.mark.parametrize("exchange", ["NSE", "BSE"])
def test_a_missing_day_is_found_without_a_session_list(found, exchange):
    kept = [day for day in WEEK if day not in {"2024-11-01", "2024-11-05"}]
    assert [
        ("missing_session", f"no bars on 2024-11-01 (muhurat): 1 session by the session table of {exchange}"),
        ("missing_session", f"no bars on 2024-11-05: 1 session by the session table of {exchange}"),
    ] == found(days_csv(*kept), exchange=exchange)


def test_a_holiday_and_a_weekend_are_no_gap(found):
    assert [] == found(
        days_csv("2024-01-19", "2024-01-20", "2024-01-23", "2024-01-24", "2024-01-25", "2024-01-29"), exchange="NSE"
    )


def test_bars_on_a_holiday_are_named(found):
    days = [str(day) for day in np.arange("2024-01-01", "2024-01-31", dtype="datetime64[D]") if np.is_busday(day)]
    sessions = [day for day in days if day != "2024-01-26"] + ["2024-01-20"]
    assert [("unlisted_session", "bars on 2024-01-22, which is no session by the session table of NSE")] == found(
        days_csv(*sorted(sessions)), exchange="NSE"
    )


def test_an_imported_list_goes_before_the_table(take, found):
    take(
        "sessions.csv",
        "date,kind\n" + "".join(f"{day},regular\n" for day in WEEK if day != "2024-11-05"),
        exchange="NSE",
    )
    assert [] == found(days_csv(*(day for day in WEEK if day != "2024-11-05")), exchange="NSE")


def test_muhurat_with_all_its_bars_is_complete_and_a_morning_without_bars_is_short(found):
    days = {day: full(5) for day in WEEK} | {"2024-11-01": full(5, 18 * 60, 19 * 60), "2024-11-05": full(5, 11 * 60)}
    assert [
        (
            "short_session",
            ("2024-11-05 has 54 bars from 11:00 to 15:25, by the session table of NSE it has 75 from 09:15 to 15:25"),
        )
    ] == found(minutes_csv(days, 5), exchange="NSE", timezone="Asia/Kolkata")


def test_half_of_muhurat_is_short_by_the_table_although_few_bars_are_usual_on_no_day(found):
    days = {day: full(5) for day in WEEK} | {"2024-11-01": full(5, 18 * 60, 18 * 60 + 20)}
    ((kind, reason),) = found(minutes_csv(days, 5), exchange="NSE", timezone="Asia/Kolkata")
    told = (
        "2024-11-01 (muhurat) has 4 bars from 18:00 to 18:15, by the session table of NSE it has 12 from 18:00 to 18:55"
    )
    assert ("short_session", told) == (kind, reason)


def test_the_break_of_a_recovery_test_is_no_gap_and_a_hole_beside_it_is_one(found):
    week = ["2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01", "2024-03-04"]
    saturday = full(1, OPEN, 600) + full(1, 690, 750)
    days = {day: full(1) for day in week[:4]} | {"2024-03-02": saturday, "2024-03-04": full(1)}
    assert [] == found(minutes_csv(days, 1), exchange="NSE", timezone="Asia/Kolkata")
    days["2024-03-04"] = full(1, OPEN, 700) + full(1, 740)
    assert [("gap", "no bars on 2024-03-04 between 11:39 and 12:20")] == found(
        minutes_csv(days, 1).replace(",100\n", ",200\n"), exchange="BSE", timezone="Asia/Kolkata"
    )


@pytest.mark.parametrize(("last", "klass"), [(15 * 60 + 15, "cas"), (15 * 60 + 30, "other"), (15 * 60 + 40, "fno")])
def test_the_class_of_a_series_is_read_from_its_last_bars_after_august_2026(found, last, klass):
    week = ["2026-08-03", "2026-08-04", "2026-08-05", "2026-08-06", "2026-08-07"]
    days = {day: full(5, OPEN, last) for day in week}
    assert [] == found(minutes_csv(days, 5), exchange="NSE", timezone="Asia/Kolkata")


def test_a_share_that_keeps_the_old_hours_after_the_auction_began_is_judged_by_its_own_class(found):
    days = {f"2026-08-0{day}": full(5) for day in range(3, 8)} | {"2026-08-10": full(5, OPEN, 15 * 60)}
    ((kind, reason),) = found(minutes_csv(days, 5), exchange="NSE", timezone="Asia/Kolkata")
    assert "short_session" == kind
    assert reason.endswith("has 69 bars from 09:15 to 14:55, by the session table of NSE it has 75 from 09:15 to 15:25")


def test_days_after_the_tables_end_are_not_judged(found, monkeypatch):
    monkeypatch.setattr("framework.store.importing.options.today", lambda: 21_000)  # in June 2027
    assert [] == found(days_csv("2026-12-30", "2026-12-31", "2027-01-01", "2027-01-09"), exchange="NSE")


def test_other_exchanges_have_no_table():
    assert SessionTables().calendar_for("", None) is None  # type: ignore[arg-type]  # not looked at
    assert SessionTables().calendar_for("NYSE", None) is None  # type: ignore[arg-type]  # not looked at


def test_sessions_whose_hours_are_unknown_are_not_judged_by_their_bars(found):
    week = ["2012-09-03", "2012-09-04", "2012-09-05", "2012-09-06", "2012-09-07", "2012-09-10"]
    days = {day: full(5) for day in week[:5]} | {"2012-09-08": full(5, 660, 700), "2012-09-10": full(5)}
    assert date(2012, 9, 8).weekday() == 5
    assert [] == found(minutes_csv(days, 5), exchange="NSE", timezone="Asia/Kolkata")
