"""All eighty cells: what a session hears, and what a person is told, after one read and after three over a minute."""

from pathlib import Path

import pytest

from framework.broker.book import BrokerOrder, BrokerOrderState, BrokerSnapshot
from framework.journal.account_entries import RunnerState
from framework.live.belief import Belief, BelievedOrder, LocalState
from framework.live.order_names import OrderNames
from framework.live.reconcile import reconcile
from framework.live.reconcile_matrix import COLUMNS, MATRIX, MEANINGS, MatrixStep, printed
from framework.live.reconcile_memory import FRESH
from framework.types.events import Accepted, Cancelled, Expired, Found, Refused, Unknown
from framework.types.record import OrderState

SECOND = 1_000_000_000
ASKED = 1_000 * SECOND
INFY = "NSE:INFY"
NAMES = OrderNames(["t"])
TAG, OTHER = "t00000007", "t00000003"

# By hand, from the fault catalogue: for each local state, what is heard and told of each state that the broker shows.
# Left of the slash after the first read, right of it what comes of two more over a minute (the same belief all along).
#   - nothing   W found working   X found absent   F found filled   C cancelled   R refused   E expired   U unknown
#   c r e found cancelled, refused, expired   !word a finding that only tells   ?word REDUCE_ONLY   #word HALTED
TABLE = """
no intent | -/-                    | #no_intent/-  | #no_intent/-  | #no_intent/-  | #no_intent/-  | #no_intent/-  | #no_intent/-  | #no_intent/-
unsent    | -/-                    | #never_sent/- | #never_sent/- | #never_sent/- | #never_sent/- | #never_sent/- | #never_sent/- | #never_sent/-
sent      | -/X !absent            | W/W W         | W/W W         | F/F F         | C/C C         | R/R R         | E/E E         | U !unknown_word/U U
unknown   | -/X !absent            | W/W W         | W/W W         | F/F F         | C/C C         | R/R R         | E/E E         | !unknown_word/-
working   | -/X ?vanished          | -/-           | -/-           | F/F F         | C/C C         | R/R R         | E/E E         | !unknown_word/-
requested | -/X ?vanished          | -/W W         | -/W W         | F/F F         | C/C C         | R/R R         | E/E E         | !unknown_word/-
filled    | -/-                    | -/?alive      | -/?alive      | -/-           | -/-           | -/-           | -/-           | !unknown_word/-
ended     | -/-                    | -/?alive      | -/?alive      | -/-           | -/-           | -/-           | -/-           | !unknown_word/-
refused   | -/-                    | -/?alive      | -/?alive      | -/-           | -/-           | -/-           | -/-           | !unknown_word/-
absent    | -/-                    | W !alive_again/W !alive_again W !alive_again | W !alive_again/W !alive_again W !alive_again | F/F F | c/c c | r/r r | e/e e | !unknown_word/-
"""  # noqa: E501 - a table
EXPECTED = {
    (local.strip(), shown): cell.strip()
    for line in TABLE.strip().splitlines()
    for local, *cells in [line.split("|")]
    for shown, cell in zip(COLUMNS, cells, strict=True)
}
LETTERS = {Accepted: "A", Cancelled: "C", Refused: "R", Expired: "E", Unknown: "U"}
FOUND = {
    OrderState.WORKING: "W",
    OrderState.ABSENT: "X",
    OrderState.FILLED: "F",
    OrderState.CANCELLED: "c",
    OrderState.REFUSED: "r",
    OrderState.EXPIRED: "e",
}
SIGNS = {None: "!", RunnerState.REDUCE_ONLY: "?", RunnerState.HALTED: "#"}


def belief(local, filled):
    """One order in the state, beside another one that works."""
    others = BelievedOrder("t", 3, OTHER, INFY, LocalState.WORKING, 10, 0)
    orders = {OTHER: others}
    if local is not LocalState.NO_INTENT:
        asked = ASKED if local in {LocalState.SENT, LocalState.UNKNOWN, LocalState.REQUESTED} else 0
        orders[TAG] = BelievedOrder("t", 7, TAG, INFY, local, 50, filled, 100.0, asked_at=asked)
    return Belief(orders, {"t": 7 if local is LocalState.NO_INTENT else 8}, {"t": ASKED}, {})


def snapshot(shown, filled, as_of):
    orders = [BrokerOrder("B3", OTHER, INFY, "CNC", 10, 0, BrokerOrderState.OPEN)]
    if shown is not None:
        orders.append(BrokerOrder("B7", TAG, INFY, "CNC", 50, filled, shown, 100.0))
    return BrokerSnapshot(as_of, tuple(orders), fills=(), positions=())


def spelled(outcome):
    heard = [
        FOUND[answer.state] if isinstance(answer, Found) else LETTERS[type(answer)] for _, answer in outcome.answers
    ]
    return heard + [SIGNS[one.demand] + one.finding.code for one in outcome.findings]


def test_the_table_has_eighty_cells_and_the_matrix_the_same_ones():
    assert 80 == len(EXPECTED) == len(MATRIX)
    assert set(EXPECTED) == {(str(local), shown) for local, shown in MATRIX}
    assert set(MATRIX.values()) == set(MatrixStep) == set(MEANINGS)


@pytest.mark.parametrize(("local", "shown"), MATRIX, ids=[f"{one}-{other}" for one, other in MATRIX])
def test_every_cell_ends_as_it_is_written(local, shown):
    # A filled order has filled 50 on both sides; one that ended did so after 20.
    filled = 50 if shown is BrokerOrderState.FILLED or local is LocalState.FILLED else 20
    ours = belief(local, filled)
    first, memory = [], FRESH
    later = []
    for k, as_of in enumerate((ASKED + SECOND, ASKED + 31 * SECOND, ASKED + 61 * SECOND)):
        outcome = reconcile(ours, snapshot(shown, filled, as_of), as_of, names=NAMES, memory=memory)
        memory = outcome.memory
        (later if k else first).extend(spelled(outcome))
        again = reconcile(ours, snapshot(shown, filled, as_of), as_of, names=NAMES, memory=memory)
        assert () == tuple(one for one in again.findings if one.demand is not None)  # told once
        assert {"t"} >= {session for session, _ in outcome.answers}
    expected = [part.split() if part != "-" else [] for part in EXPECTED[str(local), shown].split("/")]
    assert expected == [first, later]


def test_the_page_shows_the_matrix_as_it_is():
    page = (Path(__file__).resolve().parents[2] / "docs" / "runner.md").read_text("utf-8")
    assert printed() in page
