"""The account's gate: repeats, rules and pacing in one; what it allows counts before the disk is waited for."""

from types import SimpleNamespace

import pytest

from framework.broker.port import OrderAccepted, OrderRefused, OrderUnknown
from framework.journal.account_entries import RequestName
from framework.live.account_gate import AccountGate
from framework.live.outbox import UNSENT
from framework.live.pacing import Pacing, Urgency, own_pace
from framework.live.repeats import Repeats
from framework.pretrade.answers import ALLOW, Deny, Wait
from framework.pretrade.facts import RequestWindow
from framework.types import OrderRequest, TradingState
from framework.types.events import Cancel
from framework.types.orders import OrderType
from tests.live.account import INFY, LIMITS, SECOND, AccountStand


class GateStand(AccountStand):
    """An account with its gate."""

    def __init__(self, windows=(), limits=LIMITS):
        super().__init__()
        self.told = []
        self.world.limits = limits
        own = own_pace(limits, self.world.ceilings)
        tell = self.told.append
        self.gate = AccountGate(self.world, Repeats(), own, Pacing(windows), lambda *finding: tell(finding))

    def items(self, *wanted):
        """Orders that one bar's decisions come to, as they wait in the outbox."""
        desk = self.desks["t"]
        commands = desk.close(100.0, requests=[OrderRequest(0, units, limit=100.0) for units in wanted])
        return [self.item(command, desk.session.order(command.approved.order.order_id)) for command in commands]

    def item(self, command, working, rank=3):
        request = RequestName.PLACE
        traded = SimpleNamespace(name="t")
        return SimpleNamespace(traded=traded, command=command, tag=working.tag, request=request, rank=rank), working

    def asks_gate(self, item):
        return self.gate.review(*item, self.now)


def code(answer):
    return answer.code if isinstance(answer, Deny) else ""


def test_two_orders_that_are_reviewed_side_by_side_cannot_both_use_the_same_room():
    stand = GateStand()
    stand.world.limits = LIMITS._replace(max_open_value=5_000.0)
    first, second = stand.items(50, 40)
    assert ["", "open_value"] == [code(stand.asks_gate(one)) for one in (first, second)]


def test_what_is_denied_by_a_rule_takes_no_place_of_the_pacing():
    stand = GateStand([RequestWindow(SECOND, 2, 1, 0)])
    bad, good = stand.items(79, 10)
    stand.world.limits = LIMITS._replace(max_order_quantity=20)
    assert ["order_quantity", ""] == [code(stand.asks_gate(one)) for one in (bad, good)]


def test_an_order_that_must_wait_for_its_place_counts_nowhere_until_it_is_let_go():
    stand = GateStand([RequestWindow(SECOND, 2, 1, 0)])
    first, second = stand.items(10, 20)
    assert ALLOW == stand.asks_gate(first)
    stand.gate.went_out(*first, stand.now)
    assert Wait(SECOND) == stand.asks_gate(second)
    assert [10] == [order.units for order in stand.world.open_orders()]
    assert 1 == len(stand.world.sends.recent)


def test_an_order_that_was_let_go_once_is_never_let_go_again():
    stand = GateStand()
    (item,) = stand.items(10)
    assert ["", "tag_in_use"] == [code(stand.asks_gate(item)), code(stand.asks_gate(item))]


@pytest.mark.parametrize(
    ("outcome", "left"), [(OrderRefused("margin", "no"), 0), (OrderUnknown("timeout"), 1), (OrderAccepted("B1"), 1)]
)
def test_only_a_refusal_with_proof_gives_back_what_an_order_took(outcome, left):
    stand = GateStand()
    (item,) = stand.items(10)
    stand.asks_gate(item)
    stand.gate.went_out(*item, stand.now)
    stand.gate.came_back(*item, outcome, stand.now)
    assert left == len(stand.world.open_orders())


def test_scenario_7_the_fourth_request_that_is_refused_alike_is_denied_here_and_told_once():
    stand = GateStand()
    answers = []
    for _ in range(5):
        stand.now += 3 * SECOND
        stand.world.note_price(INFY, 100.0, stand.now)
        (item,) = stand.items(10)
        answers.append(code(stand.asks_gate(item)))
        if not answers[-1]:
            stand.gate.went_out(*item, stand.now)
            stand.gate.came_back(*item, OrderRefused("margin", "not enough"), stand.now)
        stand.desks["t"].refuse(item[1].order.order_id)
    assert ["", "", "", "repeated", "repeated"] == answers
    assert [("repeated_refusal", INFY)] == [(found[0], found[2]) for found in stand.told]
    assert "was refused 3 times with margin: not enough" in stand.told[0][1]


def test_what_never_left_is_no_refusal_of_the_brokers():
    stand = GateStand()
    for k in range(4):
        (item,) = stand.items(10 + k)
        stand.gate.came_back(*item, OrderRefused(UNSENT, "closed"), stand.now)
    assert [] == stand.told


def test_orders_as_they_rest_for_the_exposure_if_the_process_dies():
    stand = AccountStand()
    stand.rests(30, 90.0)
    (one,) = stand.world.resting_orders()
    assert (INFY, "CNC", 30, OrderType.LIMIT, 90.0, True) == (
        one.symbol, one.product, one.units, one.type, one.limit, one.confirmed,
    )  # fmt: skip


def test_a_429_halves_the_pace_and_is_told():
    stand = GateStand([RequestWindow(SECOND, 4, 0, 0)])
    (item,) = stand.items(10)
    assert ALLOW == stand.asks_gate(item)
    stand.gate.went_out(*item, stand.now)
    stand.gate.came_back(*item, OrderRefused("rate", "429: too many requests"), stand.now)
    stand.desks["t"].refuse(item[1].order.order_id)
    assert [("rate_limited", INFY)] == [(found[0], found[2]) for found in stand.told]
    answers = [stand.asks_gate(one) for one in stand.items(20, 30, 40)]
    assert [ALLOW, Wait(SECOND), Wait(SECOND)] == answers  # two a second, and one has left


def test_protection_goes_before_what_is_new_that_has_waited_longer_for_the_own_rate():
    stand = GateStand(limits=LIMITS._replace(orders_per_second=1))
    first, entry, stop = stand.items(10, 20, 30)
    stop[0].rank = Urgency.PROTECT
    assert [ALLOW, Wait(SECOND)] == [stand.asks_gate(first), stand.asks_gate(entry)]
    stand.gate.went_out(*first, stand.now)
    assert Wait(SECOND) == stand.asks_gate(stop)
    stand.now += SECOND
    assert [Wait(SECOND), ALLOW] == [stand.asks_gate(entry), stand.asks_gate(stop)]
    stand.gate.went_out(*stop, stand.now)
    stand.now += SECOND
    assert ALLOW == stand.asks_gate(entry)


def test_one_that_waits_for_its_turn_is_judged_by_the_rules_again_when_it_may_leave_and_not_before():
    stand = GateStand(limits=LIMITS._replace(orders_per_second=1))
    first, second, third = stand.items(10, 20, 30)
    assert [ALLOW, Wait(SECOND)] == [stand.asks_gate(first), stand.asks_gate(second)]
    stand.gate.went_out(*first, stand.now)
    stand.now += 1
    assert Wait(SECOND) == stand.asks_gate(third)  # the second goes before it
    stand.now += SECOND
    judged, context = [], stand.world.context
    stand.world.context = lambda request: judged.append(request.quantity) or context(request)
    stand.world.state = TradingState.HALTED
    assert Wait(SECOND) == stand.asks_gate(third)
    assert "state" == code(stand.asks_gate(second))
    assert [20] == judged
    stand.world.state = TradingState.ACTIVE
    assert ALLOW == stand.asks_gate(third)  # what was denied has given its place back


def test_an_order_that_waits_for_the_own_rate_is_void_when_it_could_only_leave_expired():
    stand = GateStand(limits=LIMITS._replace(orders_per_second=1))
    first, second = stand.items(10, 20)
    assert ALLOW == stand.asks_gate(first)
    second[1].expires_at = stand.now + 1
    assert "rate" == code(stand.asks_gate(second))


def test_cancels_have_tokens_of_their_own_which_no_order_takes():
    stand = GateStand(limits=LIMITS._replace(orders_per_second=1, cancels_per_second=1))
    first, second = stand.items(10, 20)
    assert [ALLOW, Wait(SECOND)] == [stand.asks_gate(first), stand.asks_gate(second)]
    answers = []
    for working in (first[1], second[1]):
        cancel = SimpleNamespace(
            traded=SimpleNamespace(name="t"),
            command=Cancel(working.order.order_id),
            tag=working.tag,
            request=RequestName.CANCEL,
            rank=0,
        )
        answers.append(stand.asks_gate((cancel, working)))
    assert [ALLOW, Wait(SECOND)] == answers
