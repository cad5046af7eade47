"""The session table: hours by class and date, what it does not know, and a user's rows before the shipped ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import ConfigError, DataError
from framework.market import tables
from framework.market.calendar import Calendar, NoSessionError, UnknownSessionError
from framework.market.calendar_files import known_exchanges

NSE, BSE = Calendar.load("NSE"), Calendar.load("BSE")
INDIA = ZoneInfo("Asia/Kolkata")
SESSIONS = NSE.sessions(NSE.first, NSE.last)
days = st.dates(date(2000, 1, 4), date(2026, 12, 30))
sessions = st.sampled_from(SESSIONS)


def hours(day, klass="other"):
    return [str(window) for window in NSE.session(day, klass).windows]


def last_open(day, klass, timeframe="1m"):
    moment = int(NSE.bar_opens(day, timeframe, klass)[-1]) // 10**9
    return f"{datetime.fromtimestamp(moment, UTC).astimezone(INDIA):%H:%M}"


def phases(day, klass):
    return {window.phase: str(window) for window in NSE.session(day, klass).phases}


def test_a_sunday_of_the_budget_is_a_session_and_a_monday_after_a_trading_saturday_is_none():
    assert (True, False, True) == tuple(map(NSE.is_session, ("2026-02-01", "2024-01-22", "2024-01-20")))
    assert "special holiday" == NSE.why_closed("2024-01-22")


def test_muhurat_of_2025_has_sixty_minutes_in_the_afternoon():
    opens = NSE.bar_opens("2025-10-21", "1m")
    assert (60, 12) == (opens.shape[0], NSE.bars_in("2025-10-21", "5m"))
    assert (
        "2025-10-21 13:45" == f"{datetime.fromtimestamp(int(opens[0]) // 10**9, UTC).astimezone(INDIA):%Y-%m-%d %H:%M}"
    )


@pytest.mark.parametrize(
    ("day", "klass", "last", "bars"),
    [
        ("2026-08-04", "cas", "15:14", 360), ("2026-08-04", "other", "15:29", 375), ("2026-08-04", "fno", "15:39", 385),
        ("2026-07-31", "cas", "15:29", 375), ("2026-07-31", "other", "15:29", 375), ("2026-07-31", "fno", "15:29", 375),
        ("2026-08-03", "cas", "15:14", 360), ("2026-08-03", "fno", "15:39", 385),
        ("2010-10-15", "other", "15:29", 390), ("2010-10-18", "other", "15:29", 375),
        ("2009-12-31", "other", "15:29", 335), ("2010-01-04", "other", "15:29", 390),
    ],
)  # fmt: skip
def test_the_last_minute_of_a_class_on_both_sides_of_each_change(day, klass, last, bars):
    assert (last, bars) == (last_open(day, klass), NSE.bars_in(day, "1m", klass))


def test_the_closing_auction_is_there_for_its_class_only():
    auction = {
        "reference price": "15:15–15:20", "auction orders": "15:20–15:25", "auction limit orders": "15:25–15:30",
        "auction matching": "15:30–15:35", "post-close": "15:50–16:00",
    }  # fmt: skip
    assert auction.items() <= phases("2026-08-03", "cas").items()
    assert {"post-close": "15:50–16:00"}.items() <= phases("2026-08-03", "other").items()
    assert not {name for name in phases("2026-08-03", "other") if "auction" in name}
    assert not {name for name in phases("2026-07-31", "cas") if "auction" in name}
    assert "15:40–16:00" == phases("2026-07-31", "cas")["post-close"]


def test_the_pre_open_changes_in_september_2026():
    before, after = phases("2026-09-04", "cas"), phases("2026-09-07", "cas")
    assert ("09:00–09:08", "09:08–09:12") == (before["pre-open orders"], before["pre-open matching"])
    assert ("09:00–09:05", "09:05–09:10", "09:10–09:12") == (
        after["pre-open orders"], after["pre-open limit orders"], after["pre-open matching"],
    )  # fmt: skip
    assert "pre-open limit orders" not in before


def test_the_announced_revision_of_december_2026_is_switched_off_and_says_so():
    for klass in ("cas", "fno"):
        session = NSE.session("2026-12-07", klass)
        assert (True, True) == (session.doubtful, "closing-auction-2026-12-07 is switched off" in session.note)
        assert "" == NSE.session("2026-12-04", klass).note
    assert ["09:15–15:15"] == hours("2026-12-07", "cas")
    assert not NSE.session("2026-12-07", "other").doubtful


@pytest.mark.parametrize(
    ("day", "windows", "minutes", "five"),
    [
        ("2024-03-02", ["09:15–10:00", "11:30–12:30"], 105, 21),
        ("2024-05-18", ["09:15–10:00", "11:30–12:30"], 105, 21),
        ("2021-02-24", ["09:15–11:40", "15:45–17:00"], 220, 44),
        ("2020-03-13", ["09:15–09:21", "10:20–15:30"], 316, 64),
        ("2020-02-01", ["09:15–15:30"], 375, 75),
    ],
)
def test_days_with_two_windows_have_no_bars_between_them(day, windows, minutes, five):
    assert (windows, minutes, five) == (hours(day), NSE.bars_in(day, "1m"), NSE.bars_in(day, "5m"))


def test_bars_longer_than_the_window_count_from_its_first_moment_and_the_last_is_cut_short():
    assert (7, 6, 25, 1) == tuple(NSE.bars_in("2024-01-23", each) for each in ("1h", "65m", "15m", "1d"))
    assert date(2024, 1, 23) == date(1970, 1, 1) + timedelta(
        days=int(NSE.bar_opens("2024-01-23", "1d")[0]) // 86_400 // 10**9
    )


@pytest.mark.parametrize("timeframe", ["1w", "1M"])
def test_a_session_has_no_bars_of_weeks_or_months(timeframe):
    with pytest.raises(ConfigError, match=f"a session of NSE has no {timeframe} bars of its own; ask for 1d"):
        NSE.bar_opens("2024-01-23", timeframe)


@pytest.mark.parametrize("day", ["1999-12-31", "2027-01-01", "2027-01-04", date(2030, 5, 5)])
def test_a_day_outside_the_table_is_unknown_and_said_to_be(day):
    for ask in (
        NSE.is_session,
        NSE.session,
        NSE.next_session,
        NSE.previous_session,
        NSE.why_closed,
        NSE.settlement_date,
    ):
        with pytest.raises(UnknownSessionError, match=rf"date {day} is unknown .* from 2000-01-01 to 2026-12-31"):
            ask(day)
    with pytest.raises(UnknownSessionError, match="after 2026-12-31 is unknown: its table goes"):
        NSE.next_session("2026-12-31")
    with pytest.raises(UnknownSessionError, match="before 2000-01-03 is unknown"):
        NSE.previous_session("2000-01-03")


def test_hours_that_nobody_here_knows_are_not_made_up():
    session = NSE.session("2012-01-07")
    assert (False, ()) == (session.known, session.windows)
    with pytest.raises(UnknownSessionError, match=r"2012-01-07: there was a session \(test\), but its hours"):
        NSE.bars_in("2012-01-07", "1m")
    assert 1 == NSE.bars_in("2012-01-07", "1d")
    assert NSE.session("2026-11-08").doubtful


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda: NSE.session("2024-01-26"), NoSessionError, "date 2024-01-26 is not a session of NSE (Republic Day)"),
        (lambda: NSE.session("2024-01-27"), NoSessionError, "date 2024-01-27 is not a session of NSE (weekend)"),
        (lambda: NSE.settlement_date("2026-11-24"), NoSessionError, "Guru Nanak Jayanti"),
        (lambda: NSE.is_session("24-1-1"), ConfigError, "date '24-1-1' is not a date; write YYYY-MM-DD"),
        (lambda: NSE.is_session(datetime(2024, 1, 1)), ConfigError, "no date without a time"),  # noqa: DTZ001 - the mistake
        (lambda: NSE.sessions("2024-02-01", "2024-01-01"), ConfigError, "first 2024-02-01 is after last 2024-01-01"),
        (lambda: NSE.session("2024-01-23", "mcx"), ConfigError, "class 'mcx' is unknown to NSE; it has cas"),
        (lambda: NSE.session("2000-02-01", "fno"), UnknownSessionError, "they begin on 2000-06-12"),
        (lambda: NSE.bars_in("2024-01-23", "x"), ConfigError, "timeframe 'x' is not understood"),
        (lambda: Calendar.load("NYSE"), ConfigError, "exchange 'NYSE' has no session table; known are BSE, NSE"),
    ],
)  # fmt: skip
def test_errors_name_the_parameter_the_value_and_the_bound(ask, error, words):
    with pytest.raises(error) as told:
        ask()
    assert words in str(told.value)


@pytest.mark.parametrize(
    ("traded", "settles"),
    [
        ("2026-11-20", "2026-11-23"),  # Friday
        ("2026-11-23", "2026-11-25"),  # Guru Nanak Jayanti between
        ("2026-02-18", "2026-02-20"),  # 02-19 is a settlement holiday
        ("2026-03-31", None),  # no session
        ("2026-03-30", "2026-04-02"),  # Mahavir Jayanti, then the closing of the banks' year
        ("2026-01-30", "2026-02-02"), ("2026-02-01", "2026-02-02"),  # the budget Sunday settles nothing
        ("2026-08-25", "2026-08-27"),
        ("2026-11-08", "2026-11-09"), ("2026-11-06", "2026-11-09"),  # Muhurat on a Sunday settles nothing
    ],
)  # fmt: skip
def test_settlement_is_the_next_day_on_which_shares_and_money_move(traded, settles):
    if settles is None:
        with pytest.raises(NoSessionError):
            NSE.settlement_date(traded)
    else:
        assert date.fromisoformat(settles) == NSE.settlement_date(traded)


@pytest.mark.parametrize("day", ["2024-06-03", "2025-12-31", "2026-12-31", "2020-01-01"])
def test_settlement_without_its_list_of_holidays_is_unknown(day):
    if day == "2025-12-31":  # its settlement day lies in the year that is known
        assert date(2026, 1, 1) == NSE.settlement_date(day)
        return
    with pytest.raises(UnknownSessionError, match="settlement of NSE"):
        NSE.settlement_date(day)


def test_reprs_say_what_a_person_wants_to_know():
    assert "Calendar(NSE, 2000-01-01 … 2026-12-31, 6,713 sessions, cas, other, fno)" == repr(NSE)
    assert "Session(NSE 2026-11-08 Sun, muhurat, cas: 18:15–19:15, not confirmed)" == repr(
        NSE.session("2026-11-08", "cas")
    )


def test_bse_has_its_own_rows_over_those_of_nse():
    assert ["12:30–15:30"] == hours("2017-07-10")
    assert ["09:15–15:30"] == [str(window) for window in BSE.session("2017-07-10").windows]
    assert (False, True) == (BSE.session("2021-02-24").known, BSE.session("2020-03-23").known)
    with pytest.raises(UnknownSessionError, match="from 2015-01-01"):
        BSE.is_session("2014-12-31")


@given(days)
def test_next_and_previous_undo_each_other(day):
    after, before = NSE.next_session(day), NSE.previous_session(day)
    assert before < day < after
    assert NSE.is_session(before)
    assert NSE.is_session(after)
    assert [] == [each for each in SESSIONS if before < each < after and each != day]
    if NSE.is_session(day):
        assert day == NSE.previous_session(after) == NSE.next_session(before)


@given(sessions, st.sampled_from(["cas", "other", "fno"]), st.sampled_from([1, 5, 15, 60]))
def test_bars_fill_the_windows_and_nothing_else(day, klass, minutes):
    try:
        session = NSE.session(day, klass)
        opens = session.bar_opens(f"{minutes}m").tolist()
    except UnknownSessionError:
        return
    step = minutes * 60 * 10**9
    covered = {minute for each in opens for minute in range(each, each + step, 60 * 10**9)}
    meant = {minute for window in session.windows for minute in range(window.start_ns, window.end_ns, 60 * 10**9)}
    assert meant <= covered
    assert all(meant & set(range(each, each + step, 60 * 10**9)) for each in opens)
    assert session.minutes == len(meant)
    if minutes == 1:
        assert meant == covered
    assert {str(day)} == {f"{datetime.fromtimestamp(each // 10**9, UTC).astimezone(INDIA):%Y-%m-%d}" for each in opens}


@given(days, days)
def test_sessions_between_two_days_are_the_days_that_are_sessions(one, other):
    first, last = sorted((one, other))
    last = min(last, first + timedelta(days=60))
    span = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    assert tuple(day for day in span if NSE.is_session(day)) == NSE.sessions(first, last)


class TestOwnRows:
    """Files in ./config/sessions/ of the folder where tulya is started."""

    @pytest.fixture
    def own(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "config" / "sessions").mkdir(parents=True)

        def load(*texts, exchange="NSE"):
            for number, text in enumerate(texts):
                (tmp_path / "config" / "sessions" / f"own{number}.yaml").write_text(text, "utf-8")
            return Calendar.load(exchange)

        return load

    def test_a_year_more_makes_the_table_longer_for_both_exchanges(self, own):
        text = "exchange: NSE\nholidays:\n  - {year: 2027, source: December circular, days: [01-26 Republic Day]}\n"
        longer = own(text)
        assert (date(2027, 12, 31), False, "Republic Day") == (
            longer.last, longer.is_session("2027-01-26"), longer.why_closed("2027-01-26"),
        )  # fmt: skip
        assert date(2027, 1, 1) == longer.next_session("2026-12-31")
        assert 385 == longer.bars_in("2027-01-01", "1m", "fno")
        assert date(2027, 12, 31) == Calendar.load("BSE").last

    def test_in_a_checkout_ones_own_file_lies_beside_the_shipped_ones(self, own, tmp_path, monkeypatch):
        shipped = Path(tables.SHIPPED)
        for name in ("NSE.yaml", "BSE.yaml"):
            (tmp_path / "config" / "sessions" / name).write_bytes((shipped / "sessions" / name).read_bytes())
        monkeypatch.setattr(tables, "SHIPPED", tmp_path / "config")
        (tmp_path / "config" / "sessions" / "NSE2028.yaml").write_text(
            "exchange: NSE\nholidays: [{year: 2028, source: s, days: []}]\n"
        )
        longer = own("exchange: NSE\nholidays: [{year: 2027, source: s, days: []}]\n")
        assert (date(2028, 12, 31), ["BSE", "NSE"]) == (longer.last, known_exchanges())

    def test_a_copy_of_the_shipped_file_changes_nothing(self, own):
        shipped = (tables.SHIPPED / "sessions" / "NSE.yaml").read_text("utf-8")
        assert (NSE.last, SESSIONS) == (own(shipped).last, own(shipped).sessions(NSE.first, NSE.last))

    def test_the_revision_is_switched_on_by_two_words(self, own):
        revised = own("exchange: NSE\nrevisions: [{name: closing-auction-2026-12-07, enabled: true}]\n")
        after = revised.session("2026-12-07", "cas")
        assert (["09:15–15:30"], False) == ([str(window) for window in after.windows], after.doubtful)
        assert {"reference price": "15:30–15:31", "auction limit orders": "15:36–15:40"}.items() <= {
            window.phase: str(window) for window in after.phases
        }.items()
        assert "auction matching" not in {window.phase for window in after.phases}
        assert (360, 375) == tuple(revised.bars_in(day, "1m", "cas") for day in ("2026-12-04", "2026-12-07"))
        assert (385, 390) == tuple(revised.bars_in(day, "1m", "fno") for day in ("2026-12-04", "2026-12-07"))

    def test_a_special_session_a_closure_and_hours_go_before_the_shipped_rows(self, own):
        mine = own(
            "exchange: NSE\n"
            "special_sessions:\n"
            "  - {date: 2026-11-08, kind: muhurat, windows: [13:45-14:45], source: circular}\n"
            "  - {date: 2026-12-25, kind: regular, windows: regular, source: circular}\n"
            "closed: [{date: 2026-12-30, reason: mourning, source: circular}]\n"
            "hours:\n"
            "  - {classes: [fno], phase: continuous, window: 09:15-15:45, valid_from: 2026-12-10, "
            "valid_to: 2026-12-11, source: circular}\n"
        )
        assert (["13:45–14:45"], False) == (
            [str(w) for w in mine.session("2026-11-08").windows],
            mine.session("2026-11-08").doubtful,
        )
        assert (True, False, "mourning") == (
            mine.is_session("2026-12-25"), mine.is_session("2026-12-30"), mine.why_closed("2026-12-30"),
        )  # fmt: skip
        assert [385, 390, 390, 385] == [mine.bars_in(f"2026-12-{day:02}", "1m", "fno") for day in (9, 10, 11, 14)]

    def test_another_exchange_is_a_file(self, own):
        mcx = own(
            "exchange: MCX\ntimezone: Asia/Kolkata\n"
            "hours: [{classes: [other], phase: continuous, window: 09:00-23:30, "
            "valid_from: 2026-01-01, valid_to: null, source: me}]\n"
            "holidays: [{year: 2026, source: me, days: [01-26]}]\n",
            exchange="MCX",
        )
        assert (870, "holiday") == (mcx.bars_in("2026-01-27", "1m"), mcx.why_closed("2026-01-26"))

    @pytest.mark.parametrize(
        ("rows", "words"),
        [
            (
                (
                    "hours:\n"
                    "- {classes: [cas], phase: x, window: 09:15-15:00, "
                    "valid_from: 2026-01-01, valid_to: null, source: s}\n"
                    "- {classes: [cas], phase: x, window: 09:15-15:10, "
                    "valid_from: 2026-05-01, valid_to: null, source: s}\n"
                ),
                "hours of class cas, phase x: the rows 2026-01-01 to … and 2026-05-01 to … overlap",
            ),
            (
                "holidays: [{year: 2029, source: s, days: []}]",
                "the rows of 2000 … 2029 leave out 2027, 2028; add a row for each year",
            ),
            (
                (
                    "special_sessions: [{date: 2027-01-02, kind: test, windows: null, source: s}]\n"
                    "closed: [{date: 2027-01-02, reason: r, source: s}]\n"
                ),
                "the row 2027-01-02 closed contradicts the row 2027-01-02 test",
            ),
            ("holidays: [{year: 2027, source: s, days: [02-30]}]", "2027: there is no 02-30 in that year"),
            ("holidays: [{year: 2027, source: s, days: [Diwali]}]", "'Diwali' is not understood; write MM-DD and why"),
            ("special_sessions: [{date: 2027-01-02, kind: test, windows: [15:30-09:15], source: s}]", "earlier one"),
            (
                "special_sessions: [{date: 2027-01-02, kind: test, windows: [09:15-11:00, 10:00-12:00], source: s}]",
                "2027-01-02: the windows 09:15–11:00 and 10:00–12:00 overlap",
            ),
            ("special_sessions: [{date: 2027-01-02, kind: test, windows: [09:15-11:00]}]", "source"),
            ("holiday: []", "holiday"),
            ("revisions: [{name: nonsense, enabled: true}]", "'nonsense' is none of the shipped"),
            (
                (
                    "settlement: [{days: 0, valid_from: 2026-01-01, valid_to: 2026-06-01, source: s}, "
                    "{days: 0, valid_from: 2026-06-02, valid_to: 2026-05-01, source: s}]"
                ),
                "ends before it begins",
            ),
        ],
    )  # fmt: skip
    def test_rows_that_contradict_each_other_are_a_config_error_that_names_them(self, own, rows, words):
        with pytest.raises(ConfigError) as told:
            own(f"exchange: NSE\n{rows}\n")
        assert words in str(told.value)
        assert "own0.yaml" in str(told.value) or "holidays:" in str(told.value)

    def test_a_hole_between_the_hours_of_a_class_is_a_config_error(self, own):
        hour = (
            "- {{classes: [other], phase: continuous, window: 09:15-15:30, valid_from: {}, valid_to: {}, source: s}}\n"
        )
        head = "exchange: X\ntimezone: UTC\nholidays: [{year: 2026, source: s, days: []}]\nhours:\n"
        with pytest.raises(
            ConfigError, match="between the rows 2026-01-01 to 2026-03-01 and 2026-03-03 to … there is none"
        ):
            own(head + hour.format("2026-01-01", "2026-03-01") + hour.format("2026-03-03", "null"), exchange="X")
        with pytest.raises(ConfigError, match="the last row ends on 2026-03-01, but the table goes to 2026-12-31"):
            own(head + hour.format("2026-01-01", "2026-03-01"), exchange="X")

    def test_two_files_with_the_same_year_are_a_config_error(self, own):
        text = "exchange: NSE\nholidays: [{year: 2027, source: s, days: []}]\n"
        with pytest.raises(ConfigError, match=r"holidays of 2027 stand in .*own0.yaml and in .*own1.yaml"):
            own(text, text)

    def test_an_unknown_session_is_the_data_owners_business(self):
        assert issubclass(UnknownSessionError, DataError)
