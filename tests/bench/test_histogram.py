"""Histogram of durations: what is read from it beside the numbers themselves, and its memory."""

import sys

import pytest

from bench.histogram import Histogram


def of(durations):
    histogram = Histogram()
    for one in durations:
        histogram.add(one)
    return histogram


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0)])
def test_a_share_of_a_hundred_milliseconds_is_read_to_one_percent(share, expected):
    actual = of(range(1, 101)).at(share)
    assert expected <= actual <= 1.01 * expected


def test_the_longest_is_exact_and_nothing_is_read_above_it():
    histogram = of([0.5, 7.123])
    assert (7.123, 7.123) == (histogram.longest_ms, histogram.at(1.0))


def test_those_above_a_limit_are_counted():
    assert 3 == of([1.0, 19.0, 21.0, 500.0, 1e9]).above(20.0)


def test_a_duration_of_nothing_and_one_beyond_the_last_bin_are_counted():
    histogram = of([0.0, 1e12])
    assert (2, 0.001) == (histogram.count, histogram.at(0.5))
    assert 1e12 == histogram.longest_ms


def test_nothing_counted_reads_as_no_number():
    assert str(Histogram().at(0.99)) == "nan"


def test_a_hundred_thousand_durations_need_no_more_memory_than_one():
    def size(histogram):
        return sum(sys.getsizeof(one) for one in vars(histogram).values())

    assert size(of([1.0])) == size(of(float(i) for i in range(1, 100_001)))
