"""Findings over one series, each worked by hand."""

from __future__ import annotations

import numpy as np

from framework.store import CorporateAction
from framework.store.quality import ExpectedDays, SeriesContext, cut, examine
from framework.types.intake.records import Columns

DAY, MINUTE = 86_400, 60
MONDAY = 19_723  # 2024-01-01
OPEN_IST = 3 * 3600 + 45 * 60  # 09:15 IST in UTC seconds of the day


def series(stamps, close, *, step=DAY, volume=None, open_=None):
    close = np.array(close, dtype=np.float64)
    opened = close if open_ is None else np.array(open_, dtype=np.float64)
    volume = np.full(close.shape, 1.0) if volume is None else np.array(volume, dtype=np.float64)
    high, low = np.maximum(opened, close), np.minimum(opened, close)
    return cut(Columns(np.array(stamps), np.stack([opened, high, low, close, volume])), step, "Asia/Kolkata")


def daily(days, close=None, **others):
    stamps = (MONDAY + np.array(days)) * DAY
    return series(stamps, np.full(len(days), 100.0) if close is None else close, **others)


def minutes(sessions, **others):
    """One-minute bars: {day: [minutes since 09:15 IST]}."""
    stamps = [
        (MONDAY + day) * DAY + OPEN_IST + minute * MINUTE for day, listed in sessions.items() for minute in listed
    ]
    return series(stamps, 100 + np.arange(len(stamps)) % 7 / 10, step=MINUTE, **others)


def found(cut_series, context=SeriesContext()):  # noqa: B008 - a frozen value
    return [(finding.kind, finding.reason) for finding in examine(cut_series, context)]


def listed(days, kinds=None):
    return ExpectedDays(MONDAY + np.array(days), kinds or {}, "the list")


def action(day, factor, kind="split"):
    return CorporateAction("X", "", (MONDAY + day) * DAY * 10**9, kind, factor)


def test_a_sound_series_has_no_findings():
    assert [] == found(daily(range(20), 100 + np.arange(20) % 3), SeriesContext(listed(range(20))))


def test_a_day_of_the_list_without_bars_is_a_missing_session_and_ten_are_a_gap():
    context = SeriesContext(listed(range(30), {MONDAY + 3: "muhurat"}))
    days = [day for day in range(30) if day not in {3, 6, 7, *range(10, 20)}]
    assert [
        ("missing_session", "no bars on 2024-01-04 (muhurat): 1 session by the list"),
        ("missing_session", "no bars on 2024-01-07 … 2024-01-08: 2 sessions by the list"),
        ("gap", "no bars on 2024-01-11 … 2024-01-20: 10 sessions by the list"),
    ] == found(daily(days), context)


def test_a_bar_on_a_day_that_the_list_does_not_have_is_named():
    ((kind, reason),) = found(daily([0, 1, 2, 3]), SeriesContext(listed([0, 1, 3, 4])))
    assert ("unlisted_session", "bars on 2024-01-03, which is no session by the list") == (kind, reason)


def test_without_a_list_only_long_silences_are_named():
    assert [] == found(daily([0, 1, 8, 18]))
    assert [("gap", "no bars between 2024-01-02 and 2024-01-13: 10 calendar days")] == found(daily([0, 1, 12]))


def test_a_late_start_is_measured_against_the_neighbours():
    context = SeriesContext(neighbours_from=MONDAY - 400)
    ((kind, reason),) = found(daily([0, 1]), context)
    assert "late_start" == kind
    assert "begins on 2024-01-01" in reason
    assert [] == found(daily([0, 1]), SeriesContext(neighbours_from=MONDAY - 30))


def test_a_halving_is_a_jump_with_the_nearest_simple_ratio():
    ((kind, reason),) = found(daily([0, 1, 2], [154.15, 76.95, 77.0]))
    assert "jump" == kind
    assert reason == (
        "2024-01-02 opens at 76.95 and closes at 76.95 after a close of 154.15: ×0.4992 and ×0.4992; "
        "near a split or bonus of factor 2 and no corporate action is listed"
    )


def test_a_listed_action_explains_a_jump_and_finds_even_small_ones():
    raw = daily([0, 1, 2], [100.0, 91.0, 92.0])
    assert [] == found(raw)
    ((_, reason),) = found(raw, SeriesContext(actions=(action(1, 1.1, "bonus"),)))
    assert reason.endswith("the bonus of factor 1.1 listed for the day is not adjusted for")


def test_prices_that_were_adjusted_for_a_listed_action_are_no_jump():
    assert [] == found(daily([0, 1, 2], [100.0, 101.0, 99.0]), SeriesContext(actions=(action(1, 2.0),)))


def test_a_jump_that_the_listed_action_does_not_explain_is_named_so():
    ((_, reason),) = found(daily([0, 1, 2], [100.0, 5.0, 5.0]), SeriesContext(actions=(action(1, 4.0),)))
    assert reason.endswith("the split of factor 4 listed for the day does not explain it")


def test_one_wild_opening_print_is_no_jump():
    assert [] == found(daily([0, 1, 2], [100.0, 101.0, 100.0], open_=[100.0, 75.0, 100.0]))


def test_a_jump_behind_a_long_silence_says_when_the_old_close_was():
    reasons = [reason for kind, reason in found(daily([0, 60], [100.0, 40.0])) if kind == "jump"]
    assert "after a close of 100 on 2024-01-01" in reasons[0]


def test_intraday_jumps_are_overnight_moves_only():
    full = list(range(10))
    close = [100.0] * 10 + [50.0] * 10
    stamps = [(MONDAY + day) * DAY + OPEN_IST + minute * MINUTE for day in (0, 1) for minute in full]
    assert ["jump"] == [kind for kind, _ in found(series(stamps, close, step=MINUTE))]
    crash = [100.0] * 5 + [50.0] * 15
    assert [] == [kind for kind, _ in found(series(stamps, crash, step=MINUTE)) if kind == "jump"]


def test_sessions_that_end_early_or_run_in_the_evening_are_short():
    full = list(range(100))
    sessions = dict.fromkeys(range(8), full)
    sessions[5] = full[:70]
    sessions[6] = list(range(500, 560))
    context = SeriesContext(listed(range(8), {MONDAY + 6: "muhurat"}))
    assert [
        ("short_session", "2024-01-06 has 70 bars from 09:15 to 10:24, usually 100 from 09:15 to 10:54"),
        (
            "short_session",
            (
                "2024-01-07 has 60 bars from 17:35 to 18:34, usually 100 from 09:15 to 10:54; "
                "the session list calls the day muhurat"
            ),
        ),
    ] == found(minutes(sessions), context)


def test_sessions_that_only_lack_their_last_bar_are_told_together():
    full = list(range(100))
    sessions = dict.fromkeys(range(30), full) | {10: full[:-1], 20: full[:-1]}
    reason = "2 sessions end before the usual 10:54 bar: 2024-01-11, 2024-01-21"
    assert [("early_end", reason)] == found(minutes(sessions))


def test_a_hole_inside_a_dense_session_is_a_gap():
    full = list(range(100))
    sessions = dict.fromkeys(range(8), full) | {4: full[:30] + full[65:]}
    assert [("gap", "no bars on 2024-01-05 between 09:44 and 10:20")] == found(minutes(sessions))


def test_bars_without_volume_that_repeat_the_price_were_filled_forward():
    volume = [1.0] * 20
    close = 100 + np.arange(20) / 10
    for row in range(5, 9):
        volume[row], close[row] = 0.0, close[4]
    stamps = MONDAY * DAY + OPEN_IST + np.arange(20) * 300
    ((kind, reason),) = found(series(stamps, close, step=300, volume=volume))
    assert ("filled_forward", "4 bars without volume repeat the price 100.4: 2024-01-01 09:40 … 09:55") == (
        kind,
        reason,
    )


def test_two_quiet_bars_are_no_filling():
    stamps = MONDAY * DAY + OPEN_IST + np.arange(6) * 300
    assert [] == found(series(stamps, [5.0] * 6, step=300, volume=[1, 0, 0, 1, 0, 0]))


def test_volume_that_never_is_is_named():
    nan = float("nan")
    assert [("no_volume", "the source has no volume")] == found(daily([0, 1], volume=[nan, nan]))
    assert [("no_volume", "every bar's volume is 0 or absent")] == found(daily([0, 1], volume=[nan, 0]))


def test_one_bar_alone_is_no_obstacle():
    assert [] == found(daily([0]))
    assert [] == found(minutes({0: [0]}))
