"""The tables of the pages come from the figures, and what the slopes are said to mean follows from them."""

import pytest

from bench import report, scaling
from bench.growth import slope
from bench.venvs import REQUIREMENTS

THREADS = scaling.STOPS
NAMES = (
    scaling.PLAIN,
    THREADS,
    f"{scaling.PLAIN}, one thread",
    f"{THREADS}, one thread",
    scaling.CLIENT,
    scaling.ON_DASK,
)


def growth(seconds):
    """Figures of a growth run in which one more takes so many seconds, by axis."""
    series = [
        {"axis": axis, "unit": "set", "points": [], "failed": [], "each_seconds": seconds[axis]} for axis in NAMES
    ]
    return {"series": series, "task_seconds": 0.001}


def test_a_page_keeps_what_is_written_by_hand_and_parts_that_were_not_measured():
    page = "by hand\n<!-- bench: a -->\nold\n<!-- end -->\nmore\n<!-- bench: b -->\nkept\n<!-- end -->\n"
    expected = "by hand\n<!-- bench: a -->\nnew\n<!-- end -->\nmore\n<!-- bench: b -->\nkept\n<!-- end -->\n"
    assert expected == report.filled(page, {"a": "new"})
    assert expected == report.filled(expected, {"a": "new"})


def test_every_part_of_the_pages_can_be_filled():
    wanted = {found[2] for page in report.PAGES for found in report.PART.finditer(page.read_text("utf-8"))}
    assert {"machine", "targets", "a", "b", "c", "d", "e", "slopes", "one-machine", "cluster"} == wanted


def test_the_slope_is_the_rise_between_the_two_largest_sizes():
    points = [{"size": size, "seconds": 1 + size / 100, "peak_mb": 50 + size / 2} for size in (1, 100, 300)]
    found = slope(points)
    assert pytest.approx(0.01) == found["each_seconds"]
    assert pytest.approx(524_288) == found["each_bytes"]
    assert {} == slope(points[:1])


@pytest.mark.parametrize(
    ("client", "expected"),
    [(1e-6, "10,000"), (1e-3, "1,000")],
    ids=["a hundred workers of 100 sets a second", "no more than the client hands over"],
)
def test_a_hundred_workers_do_a_hundred_times_one_unless_the_client_cannot(client, expected):
    each = dict.fromkeys(NAMES, 0.01) | {scaling.CLIENT: client, THREADS: 0.005}
    line = next(line for line in scaling.cluster(by_axis(each), 0.001).splitlines() if "stop-loss |" in line)
    assert expected == line.split("|")[5].strip()


def by_axis(each):
    return {one["axis"]: one for one in growth(each)["series"]}


@pytest.mark.parametrize(
    ("value", "expected"), [(123_456, "120,000"), (2.4e8, "240 million"), (8e6, "8 million"), (1.44e10, "14 billion")]
)
def test_an_estimate_has_two_digits(value, expected):
    assert expected == scaling.rounded(value)


def test_every_peer_is_pinned_to_the_last_digit_and_names_no_registry():
    for file in REQUIREMENTS.glob("*.txt"):
        lines = file.read_text("utf-8").split("\n")
        assert [] == [line for line in lines if line and ("==" not in line or "://" in line)], file.name
