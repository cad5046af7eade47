"""Refusals in a row (F85, scenario 7): three of the same, then denied here, one probe a minute, told once."""

import pytest

from framework.live.repeats import Repeats
from framework.pretrade.answers import ALLOW, Deny
from framework.pretrade.facts import Request, RequestKind
from framework.types import OrderType
from framework.types.deadlines import NEVER

SECOND = 1_000_000_000
NAN = float("nan")


def request(tag="t1", **changes):
    """A market order has no price, and NaN equals nothing: it must be found all the same."""
    terms = Request(RequestKind.PLACE, tag, "t", "NSE:INFY", 50, OrderType.MARKET, NAN, float("nan"), 1, NEVER)
    return terms._replace(**changes)


def refused(times, code="margin"):
    repeats = Repeats()
    told = [repeats.note_refused(request(f"t{k}"), code, k * SECOND) for k in range(times)]
    return repeats, told


def test_the_fourth_identical_request_is_denied_here_and_it_is_told_once():
    repeats, told = refused(5)
    assert [False, False, True, False, False] == told
    assert Deny("repeated", 5, "margin") == repeats.review(request("t9"), 5 * SECOND)


@pytest.mark.parametrize(("times", "expected"), [(2, ALLOW), (3, Deny("repeated", 3, "margin"))])
def test_three_refusals_are_enough(times, expected):
    assert expected == refused(times)[0].review(request(), 3 * SECOND)


def test_one_probe_a_minute_may_leave():
    repeats, _ = refused(3)  # the last one at 2 s
    assert Deny("repeated", 3, "margin") == repeats.review(request(), 62 * SECOND - 1)
    assert ALLOW == repeats.review(request(), 62 * SECOND)
    repeats.note_leaving(request(), 62 * SECOND)
    assert Deny("repeated", 3, "margin") == repeats.review(request(), 63 * SECOND)
    assert ALLOW == repeats.review(request(), 122 * SECOND)
    assert not repeats.note_refused(request(), "margin", 122 * SECOND)
    assert Deny("repeated", 4, "margin") == repeats.review(request(), 123 * SECOND)


@pytest.mark.parametrize(
    "change",
    [
        {"limit": 100.0, "type": OrderType.LIMIT},
        {"quantity": 49},
        {"quantity": -50},
        {"symbol": "NSE:TCS"},
        {"strategy": "u"},
        {"action": RequestKind.MODIFY},
        {"trigger": 90.0, "type": OrderType.STOP},
    ],
)
def test_another_request_begins_anew_and_the_first_stays_denied(change):
    repeats, _ = refused(3)
    assert ALLOW == repeats.review(request(**change), 3 * SECOND)
    assert [False, False, True] == [repeats.note_refused(request(**change), "margin", 3 * SECOND) for _ in range(3)]
    assert Deny("repeated", 3, "margin") == repeats.review(request(), 3 * SECOND)


def test_another_code_begins_anew():
    repeats, _ = refused(2)
    assert not repeats.note_refused(request(), "freeze", 2 * SECOND)
    assert ALLOW == repeats.review(request(), 3 * SECOND)


def test_an_acceptance_ends_it():
    repeats, _ = refused(3)
    repeats.note_accepted(request("t7"))
    assert ALLOW == repeats.review(request(), 3 * SECOND)


def test_a_cancel_always_passes():
    repeats = Repeats()
    cancel = request(action=RequestKind.CANCEL)
    for k in range(5):
        repeats.note_refused(cancel, "busy", k)
    assert ALLOW == repeats.review(cancel, 6)


def test_what_was_refused_a_day_ago_counts_no_more():
    repeats, _ = refused(3)
    day = 24 * 3600 * SECOND
    assert not repeats.note_refused(request(quantity=1), "margin", 2 * SECOND + day)
    assert not repeats.note_refused(request(), "margin", 2 * SECOND + day)
