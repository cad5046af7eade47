"""framework/rules/breaker.py: the table of states, and limits that trip exactly where they are reached."""

import math

import pytest

from framework.rules import breaker
from framework.rules.breaker import ACTIVE, HALTED, REDUCE_ONLY, RUINED

ROWS = {
    # cause: what becomes of ACTIVE, REDUCE_ONLY, HALTED, RUINED, as docs/risk.md has it
    breaker.DAILY_LOSS: (REDUCE_ONLY, REDUCE_ONLY, HALTED, RUINED),
    breaker.CONSECUTIVE_LOSSES: (REDUCE_ONLY, REDUCE_ONLY, HALTED, RUINED),
    breaker.DRAWDOWN: (HALTED, HALTED, HALTED, RUINED),
    breaker.RUNAWAY: (HALTED, HALTED, HALTED, RUINED),
    breaker.NEW_SESSION: (ACTIVE, ACTIVE, HALTED, RUINED),
    breaker.RESET_DUE: (ACTIVE, REDUCE_ONLY, ACTIVE, RUINED),
    breaker.COMMAND: (ACTIVE, ACTIVE, ACTIVE, RUINED),
    breaker.RUIN: (RUINED, RUINED, RUINED, RUINED),
    breaker.DEPOSIT: (ACTIVE, REDUCE_ONLY, HALTED, HALTED),
}
STATES = (ACTIVE, REDUCE_ONLY, HALTED, RUINED)


@pytest.mark.parametrize(("cause", "after"), ROWS.items())
def test_every_state_and_cause(cause, after):
    assert after == tuple(breaker.state_after(state, cause) for state in STATES)


def test_a_limit_never_makes_more_allowed_than_it_was():
    for cause in (breaker.DAILY_LOSS, breaker.CONSECUTIVE_LOSSES, breaker.DRAWDOWN, breaker.RUNAWAY, breaker.RUIN):
        for state in STATES:
            assert breaker.state_after(state, cause) >= state


def test_the_codes_are_those_of_the_types():
    from framework.session.breaker import CAUSES
    from framework.session.breaker import STATES as NAMES

    assert ("active", "reduce_only", "halted", "halted") == tuple(NAMES[code] for code in STATES)
    assert [name.lower() for name in (
        "DAILY_LOSS", "CONSECUTIVE_LOSSES", "DRAWDOWN", "RUNAWAY", "NEW_SESSION", "RESET_DUE", "COMMAND", "RUIN",
        "DEPOSIT",
    )] == [str(CAUSES[code]) for code in ROWS]  # fmt: skip


@pytest.mark.parametrize(
    ("equity", "start", "limit", "expected"),
    [
        (9_700, 10_000, 300, True),
        (9_701, 10_000, 300, False),
        (9_000, 10_000, 300, True),
        (10_500, 10_000, 300, False),
        (9_000, 10_000, -1, False),  # no limit
        (10_000, 10_000, 0, True),
        (0, 0, 0, True),
    ],
)
def test_a_loss_trips_at_its_limit(equity, start, limit, expected):
    assert breaker.loss_reached(equity, start, limit) is expected


@pytest.mark.parametrize(("losses", "net", "expected"), [(2, -1, 3), (2, 0, 0), (2, 1, 0), (0, -500, 1), (0, 5, 0)])
def test_only_a_net_loss_is_one_more(losses, net, expected):
    assert expected == breaker.losses_after(losses, net)


@pytest.mark.parametrize(("equity", "expected"), [(1, False), (0, True), (-1, True), (-(10**15), True)])
def test_an_account_of_nothing_is_ruined(equity, expected):
    assert breaker.is_ruin(equity) is expected


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [(3, 3, True), (4, 3, True), (2, 3, False), (1, 1, True), (0, 1, False), (0, 0, False), (9, 0, False)],
)
def test_a_count_trips_at_its_limit_and_zero_is_no_limit(count, most, expected):
    assert breaker.count_reached(count, most) is expected


@pytest.mark.parametrize(
    ("state", "halted_for", "reset_after", "expected"),
    [
        (breaker.ACTIVE, 0, 0, breaker.NO_CAUSE),
        (breaker.REDUCE_ONLY, 0, 0, breaker.NEW_SESSION),
        (breaker.HALTED, 1, 0, breaker.NO_CAUSE),
        (breaker.HALTED, 1, 2, breaker.NO_CAUSE),
        (breaker.HALTED, 2, 2, breaker.RESET_DUE),
    ],
)
def test_what_a_new_session_is_to_the_state(state, halted_for, reset_after, expected):
    assert breaker.at_new_session(state, halted_for, reset_after) == expected


@pytest.mark.parametrize(
    ("amount", "percent", "of_paise", "expected"),
    [
        (0.02, True, 1_000_000, 20_000),
        (250.5, False, 1_000_000, 25_050),
        (math.nan, False, 1_000_000, breaker.NO_LIMIT),
    ],
)
def test_a_limit_on_losses_in_paise(amount, percent, of_paise, expected):
    assert breaker.limit_paise(amount, percent, of_paise) == expected
