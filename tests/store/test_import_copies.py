"""Second imports of one series: the same bars in another zone or on another grid are refused, never mixed."""

from __future__ import annotations

import numpy as np
import pytest

HEADING = "timestamp,open,high,low,close,volume\n"


def minutes(*, first="09:15", step=15, count=24, day="2024-01-02", seed=1, shift=0):
    """A day of bars whose prices wander, so that each has values of its own."""
    price = 100 + np.cumsum(np.random.default_rng(seed).normal(0, 0.2, count)).round(2)
    hour, minute = (int(part) for part in first.split(":"))
    lines = []
    for index in range(count):
        clock = hour * 60 + minute + index * step + shift
        open_, close = price[index], price[(index + 1) % count]
        lines.append(
            f"{day} {clock // 60:02d}:{clock % 60:02d},{open_},{max(open_, close) + 0.1:.2f},"
            f"{min(open_, close) - 0.1:.2f},{close},{1000 + index}\n"
        )
    return HEADING + "".join(lines)


def test_the_same_file_read_in_another_zone_is_refused_with_the_way_out(take, rows):
    assert 24 == take("X.csv", minutes(), timezone="UTC").new
    error = take("X.csv", minutes(), timezone="Asia/Kolkata").error
    assert "24 of these 15m bars of X are stored already, at times that differ by −05:30" in error
    assert "tulya data delete X --timeframe 15m takes them away" in error
    assert "tulya data imports X says where they are from" in error
    assert [(24,)] == rows("SELECT count(*) FROM ohlc_data")


def test_replace_does_not_mix_two_zones_either(take, rows):
    take("X.csv", minutes(), timezone="UTC")
    assert "differ by −05:30" in take("X.csv", minutes(), timezone="Asia/Kolkata", replace=True).error
    assert [(24,)] == rows("SELECT count(*) FROM ohlc_data")


def test_bars_that_are_stamped_at_their_end_are_the_stored_ones_one_bar_later(take):
    take("X.csv", minutes(), exchange="NSE")
    assert "at times that differ by +00:15" in take("X.csv", minutes(shift=15), exchange="NSE").error


def test_daily_bars_that_are_one_date_off_are_refused(take):
    def days(first):
        text = minutes().splitlines()[1:]
        return "Date,Open,High,Low,Close\n" + "".join(
            f"{np.datetime64(first) + index},{','.join(line.split(',')[1:5])}\n" for index, line in enumerate(text)
        )

    assert 24 == take("D.csv", days("2024-01-02")).new
    assert (
        "24 of these 1d bars of D are stored already, at times that differ by −1 days"
        in take("D.csv", days("2024-01-01")).error
    )


@pytest.mark.parametrize(("first", "second"), [("Asia/Kolkata", "UTC"), ("UTC", "America/New_York")])
def test_other_days_in_another_zone_are_refused_too(take, first, second):
    assert 24 == take("X.csv", minutes(), timezone=first).new
    error = take("X.csv", minutes(day="2024-01-03", seed=2), timezone=second).error
    assert f"the stored 15m bars of X are in {first}, and these were read in {second}" in error
    assert f"Import with --timezone {first}" in error


def test_a_zone_that_was_a_guess_is_not_mixed_with_one_that_is_said(take):
    assert "no zone given" in take("X.csv", minutes()).timezone_reason
    error = take("X.csv", minutes(day="2024-01-03", seed=2), timezone="Asia/Kolkata").error
    assert "the stored 15m bars of X are in UTC, and these were read in Asia/Kolkata" in error


def test_another_grid_is_refused(take):
    take("X.csv", minutes(), exchange="NSE")
    error = take("X.csv", minutes(first="09:20", day="2024-01-03", seed=2), exchange="NSE").error
    assert "15m bars of NSE:X here open at 09:20 and so on, the stored ones at 09:15 and so on: two grids" in error


def test_two_names_of_one_zone_are_one_zone(take):
    take("X.csv", minutes(), timezone="Asia/Kolkata")
    assert 24 == take("X.csv", minutes(day="2024-01-03", seed=2), timezone="Asia/Calcutta").new


def test_the_way_out_works(take, store):
    take("X.csv", minutes(), timezone="UTC")
    store.carry_out(store.planned_deletion("X", "15m"))
    assert 24 == take("X.csv", minutes(), timezone="Asia/Kolkata").new


def test_prices_that_do_not_move_are_no_copy(take):
    flat = HEADING + "".join(f"2024-01-0{day} 09:{m},1,1,1,1,1\n" for day in (2, 3) for m in (15, 30, 45))
    assert 6 == take("X.csv", flat, exchange="NSE").new
    assert 6 == take("X.csv", flat.replace("2024-01", "2024-02"), exchange="NSE").new


def test_the_rest_of_a_day_and_the_days_after_are_taken(take):
    whole = minutes().splitlines(keepends=True)
    assert 10 == take("X.csv", "".join(whole[:11]), exchange="NSE").new
    assert (14, 10) == tuple(take("X.csv", minutes(), exchange="NSE")[4:6])[:2]
    assert 24 == take("X.csv", minutes(day="2024-01-03", seed=2), exchange="NSE").new


@pytest.mark.parametrize("name", ["nse", "NES", "NSEE"])
def test_an_unknown_exchange_is_refused_with_the_nearest_one(take, name):
    error = take("X.csv", minutes(), exchange=name).error
    assert f"exchange {name!r} is unknown; the nearest: NSE" in error
    assert "--new-exchange says that it is meant" in error


def test_a_new_exchange_is_taken_when_it_is_meant_and_known_from_then_on(take):
    assert 24 == take("X.csv", minutes(), exchange="DSE", new_exchange=True).new
    assert 24 == take("Y.csv", minutes(), exchange="DSE").new


def test_an_unknown_exchange_in_a_column_or_a_list_is_refused_too(take):
    column = "Date,Open,High,Low,Close,Symbol,Exchange\n2024-01-02,1,1,1,1,A,NES\n"
    assert "exchange 'NES' is unknown" in take("c.csv", column).error
    assert "exchange 'NES' is unknown" in take("a.csv", "symbol,exchange,ex_date,factor\nA,NES,2024-01-02,2\n").error
