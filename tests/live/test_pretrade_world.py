"""Every pre-trade rule through the facts of a real account: the last value that it accepts and the first it denies."""

import pytest

from framework.live.pretrade_world import BAND_NOT_KNOWN, NO_BAND
from framework.pretrade import gate
from framework.pretrade.answers import ALLOW, Deny, Wait
from framework.pretrade.facts import Authority, OpenOrder, Request, RequestKind, Tradable
from framework.types import OrderType, TradingState
from framework.types.deadlines import NEVER
from framework.types.events import Change, PersonSays, Wish
from framework.types.orders import CancelRequest, OrderRequest
from framework.types.record import OrderRecord
from tests.live.account import HOUR, INFY, LIMITS, NAN, SECOND, TCS, WHO, AccountStand

INF = float("inf")


def limited(**changes):
    """Other limits."""

    def change(stand):
        stand.world.limits = LIMITS._replace(**changes)

    return change


def hours(**shifts):
    """Today's hours, so many nanoseconds from now."""

    def change(stand):
        stand.world.note_hours(stand.hours._replace(**{name: stand.now + shift for name, shift in shifts.items()}))

    return change


def noted(method, *values, **named):
    def change(stand):
        getattr(stand.world, method)(*values, **named)

    return change


def priced(price, ago_ns=SECOND, before=99.0, **depth):
    def change(stand):
        stand.world.note_price(INFY, before, stand.now - 2 * SECOND)
        stand.world.note_price(INFY, price, stand.now - ago_ns, **depth)

    return change


def funds(paise, ago_ns=SECOND):
    def change(stand):
        stand.world.note_funds(paise, stand.now - ago_ns)

    return change


def state(of):
    def change(stand):
        stand.world.state = of

    return change


def sent(count, ago_ns, *, quantity=7, symbol=INFY, name="t", action=RequestKind.PLACE):
    """So many requests went out."""

    def change(stand):
        for k in range(count):
            stand.world.note_leaving(other(k, quantity, symbol, name, action), stand.now - ago_ns)

    return change


def other(k, quantity=7, symbol=INFY, name="t", action=RequestKind.PLACE):
    """The request for some other order."""
    return Request(action, f"other{k}", name, symbol, quantity, OrderType.LIMIT, 90.0, NAN, 0, NEVER)


def resting(quantity, limit):
    def change(stand):
        stand.rests(quantity, limit)

    return change


def holding(quantity):
    def change(stand):
        stand.holds(quantity)

    return change


def all_of(*changes):
    def change(stand):
        for one in changes:
            one(stand)

    return change


BUY = (50, 100.0)
"""50 at 100 rupees: 5,000."""
EDGES = [
    # expiry: an order's own last moment is in the test below, which needs a deadline
    # account: as found, as configured
    ("account", "", {"found": WHO}, None, BUY),
    ("account", "account", {"found": WHO._replace(account="ZZ9999")}, None, BUY),
    # instrument
    ("instrument", "", {}, noted("note_instrument", INFY, Tradable(0.05, 1, None)), BUY),
    # session: from the open on, not at the close any more
    ("session", "", {}, hours(open_ns=0), BUY),
    ("session", "session_closed", {}, hours(open_ns=1), BUY),
    ("session", "", {}, hours(close_ns=1), BUY),
    ("session", "session_closed", {}, hours(close_ns=0), BUY),
    # quantity
    ("quantity", "", {}, noted("note_instrument", INFY, Tradable(0.05, 25, 50)), BUY),
    ("quantity", "lot", {}, noted("note_instrument", INFY, Tradable(0.05, 75, 150)), BUY),
    ("quantity", "freeze_quantity", {}, noted("note_instrument", INFY, Tradable(0.05, 1, 49)), BUY),
    # price: on the tick, in the exchange's band
    ("price", "", {}, noted("note_instrument", INFY, Tradable(0.5, 1, None)), (50, 100.5)),
    ("price", "tick", {}, noted("note_instrument", INFY, Tradable(0.4, 1, None)), (50, 100.5)),
    ("price", "", {}, noted("note_band", INFY, 90.0, 100.0), BUY),
    ("price", "exchange_band", {}, noted("note_band", INFY, 90.0, 99.95), BUY),
    # state: the stricter of the account's and the session's
    ("state", "", {}, state(TradingState.ACTIVE), BUY),
    ("state", "state", {}, state(TradingState.REDUCE_ONLY), BUY),
    ("state", "state", {}, state(TradingState.HALTED), BUY),
    # authority
    ("authority", "app", {"found": WHO._replace(app="other")}, None, BUY),
    ("authority", "algo", {"found": WHO._replace(algo="")}, None, BUY),
    ("authority", "ip", {"found": WHO._replace(ip="198.51.100.1")}, None, BUY),
    ("authority", "", {"found": Authority(*WHO)}, None, BUY),
    # restricted: a list that has others, and one that has it; a symbol that was halted here
    ("restricted", "", {}, noted("note_restricted", {TCS: "ban period"}), BUY),
    ("restricted", "restricted", {}, noted("note_restricted", {INFY: "ban period"}), BUY),
    ("restricted", "restricted", {}, noted("halt_symbol", INFY, "an execution was annulled"), BUY),
    ("restricted", "", {}, noted("halt_symbol", TCS, "an execution was annulled"), BUY),
    (
        "restricted",
        "",
        {},
        all_of(noted("halt_symbol", INFY, "an execution was annulled"), noted("resume_symbol", INFY)),
        BUY,
    ),
    # cut-off
    ("cut_off", "", {}, hours(entries_until_ns=1), BUY),
    ("cut_off", "cut_off", {}, hours(entries_until_ns=0), BUY),
    # the last price: 5 s old, a price, 10 % from the one before, not crossed, no bar missing
    ("market_data", "", {}, priced(100.0, 5 * SECOND), BUY),
    ("market_data", "stale_price", {}, priced(100.0, 5 * SECOND + 1000), BUY),
    ("market_data", "stale_price", {}, priced(100.0, -1000), BUY),
    ("market_data", "reference", {}, priced(0.0), BUY),
    ("market_data", "reference", {}, priced(NAN), BUY),
    ("market_data", "", {}, priced(110.0, before=100.0), (50, 110.0)),
    ("market_data", "jump", {}, priced(110.05, before=100.0), (50, 110.0)),
    ("market_data", "", {}, priced(100.0, bid=99.95, ask=100.05), BUY),
    ("market_data", "crossed", {}, priced(100.0, bid=100.05, ask=100.05), BUY),
    ("market_data", "", {}, noted("note_missing_bars", INFY, 0), BUY),
    ("market_data", "missing_bars", {}, noted("note_missing_bars", INFY, 1), BUY),
    # price band: 5 % of 100; the exchange's own band is known
    ("price_band", "", {}, None, (50, 105.0)),
    ("price_band", "price_band", {}, None, (50, 105.05)),
    ("price_band", "no_exchange_band", {"band": BAND_NOT_KNOWN}, None, BUY),
    ("price_band", "", {"band": NO_BAND}, None, BUY),
    # order value: 5,000
    ("order_value", "", {}, limited(max_order_value=5_000.0), BUY),
    ("order_value", "order_value", {}, limited(max_order_value=4_999.99), BUY),
    ("order_value", "", {}, limited(max_order_quantity=50), BUY),
    ("order_value", "order_quantity", {}, limited(max_order_quantity=49), BUY),
    # open value: 30 at 90 rest = 2,700, and 5,000
    ("open_value", "", {}, all_of(resting(30, 90.0), limited(max_open_value=7_700.0)), BUY),
    ("open_value", "open_value", {}, all_of(resting(30, 90.0), limited(max_open_value=7_699.99)), BUY),
    # position: 30 held, 10 rest, 50 asked: 90 at 100 = 9,000; gross the same
    (
        "position",
        "",
        {},
        all_of(holding(30), resting(10, 90.0), limited(max_position_value=9_000.0, max_gross_value=9_000.0)),
        BUY,
    ),
    (
        "position",
        "position_value",
        {},
        all_of(holding(30), resting(10, 90.0), limited(max_position_value=8_999.99)),
        BUY,
    ),
    (
        "position",
        "gross_value",
        {},
        all_of(holding(30), resting(10, 90.0), limited(max_gross_value=8_999.99)),
        BUY,
    ),
    # funds: 5,000 rupees at its worst price, the figure at most 60 s old
    ("funds", "", {}, funds(500_000), BUY),
    ("funds", "funds", {}, funds(499_999), BUY),
    ("funds", "", {}, funds(500_000, 60 * SECOND), BUY),
    ("funds", "stale_funds", {}, funds(500_000, 60 * SECOND + 1000), BUY),
    # duplicate: the same request of the same strategy, 2 s ago
    ("duplicate", "", {}, sent(1, 2 * SECOND, quantity=50), BUY),
    ("duplicate", "duplicate", {}, sent(1, 2 * SECOND - 1, quantity=50), BUY),
    ("duplicate", "", {}, sent(1, SECOND, quantity=50, name="u"), BUY),
    # own cross: a sale of ours rests at 101; a buy at 100.95 does not meet it
    ("own_cross", "", {}, resting(-10, 101.0), (50, 100.95)),
    ("own_cross", "own_cross", {}, resting(-10, 101.0), (50, 101.0)),
    # runaway: the tenth of a minute, the hundredth of a day
    ("runaway", "", {}, sent(9, 59 * SECOND), BUY),
    ("runaway", "orders_per_minute", {}, sent(10, 59 * SECOND), BUY),
    ("runaway", "", {}, sent(99, 61 * SECOND), BUY),
    ("runaway", "orders_per_day", {}, sent(100, 61 * SECOND), BUY),
    # legal value
    ("legal_value", "", {}, lambda stand: setattr(stand.world, "ceilings", stand.world.ceilings._replace(order_value=5_000.0)), BUY),  # noqa: E501
    ("legal_value", "legal_order_value", {}, lambda stand: setattr(stand.world, "ceilings", stand.world.ceilings._replace(order_value=4_999.0)), BUY),  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize(("rule", "expected", "made", "change", "wanted"), EDGES)
def test_every_rule_judges_the_facts_of_a_real_account_at_its_edge(rule, expected, made, change, wanted):
    stand = AccountStand(**made)
    if change is not None:
        change(stand)
    assert expected == stand.code(*stand.asks(*wanted))
    assert rule in {one.__name__ for one in gate.RULES}


def test_an_order_that_is_due_before_a_moment_is_void_from_that_moment_on():
    stand = AccountStand()
    command, working = stand.asks()
    working.expires_at = stand.now + 1
    assert ["", "expired"] == [stand.code(command, working), stand.code(command, working, now=stand.now + 1)]


def test_an_order_that_went_out_is_never_let_go_again_and_a_change_needs_one_that_did():
    stand = AccountStand()
    command, working = stand.asks()
    change = Change(working.order.order_id, 40, NAN, 100.0)
    assert ["", "unknown_tag"] == [stand.code(command, working), stand.code(change, working)]
    stand.world.note_leaving(stand.request(command, working), stand.now - 10 * SECOND)
    assert ["tag_in_use", ""] == [stand.code(command, working), stand.code(change, working)]


def test_a_symbol_that_no_list_of_instruments_has_is_denied():
    stand = AccountStand()
    stand.world._tradable.clear()
    assert "unknown_instrument" == stand.code(*stand.asks())


def test_the_rate_lets_the_fifth_of_a_second_go_and_the_sixth_wait_until_the_first_is_a_second_old():
    stand = AccountStand()
    sent(4, SECOND // 4, quantity=7)(stand)
    order = stand.asks()
    assert ALLOW == stand.review(*order)
    sent(1, SECOND // 4, quantity=8)(stand)
    assert Wait(SECOND * 3 // 4) == stand.review(*order)


def test_a_request_that_stood_in_the_journal_queue_counts_from_when_it_left():
    stand = AccountStand()
    sent(5, SECOND, quantity=7)(stand)
    order = stand.asks()
    assert ALLOW == stand.review(*order)
    for k in range(5):
        stand.world.note_left(other(k), stand.now)
    assert Wait(SECOND) == stand.review(*order)


def test_no_fact_that_was_not_noted_is_taken_for_granted():
    stand = AccountStand()
    order = stand.asks()
    blank = AccountStand()
    world = type(blank.world)(LIMITS, stand.world._account.members, configured=WHO, found=WHO)
    request = world.request_of("t", *order)
    codes = {
        answer.code
        for _, answer in gate.verdicts(request, world.context(request), stand.now)
        if isinstance(answer, Deny)
    }
    assert codes >= {
        "unknown_instrument", "session_closed", "tick", "legal_order_value", "state", "restricted", "cut_off",
        "stale_price", "no_exchange_band", "position_value", "stale_funds",
    }  # fmt: skip


# ---------------------------------------------------------------------- reductions


@pytest.mark.parametrize("held", [50, -50])
def test_an_exit_passes_every_limit_in_every_state(held):
    stand = AccountStand()
    stand.holds(held)
    stand.world.state = TradingState.HALTED
    stand.world.limits = LIMITS._replace(max_order_value=1.0, max_gross_value=1.0, orders_per_day=0)
    stand.world.note_restricted({INFY: "ban period"})
    assert "" == stand.code(*stand.asks(-held, NAN))


def test_an_exit_of_one_strategy_is_an_exit_though_another_one_holds_the_other_side():
    stand = AccountStand(("t", "u"), ("MIS",))
    stand.holds(50)
    stand.holds(-100, name="u")
    assert -50 == stand.world.positions()[INFY, "MIS"]
    stand.world.state = TradingState.REDUCE_ONLY
    assert "" == stand.code(*stand.asks(-50, NAN))
    assert "" == stand.code(*stand.asks(100, NAN, name="u"), name="u")


def test_an_exit_of_what_a_person_has_sold_by_hand_would_open_a_position_and_is_denied_with_that_reason():
    stand = AccountStand()
    stand.holds(50)
    leave = stand.asks(-50, NAN)
    assert "" == stand.code(*leave)
    stand.world.note_external({(INFY, "CNC"): -20})
    answer = stand.review(*leave)
    assert "restricted" == answer.code
    assert "the account does not hold what this order was to reduce, so that it would open a position" == answer.value
    stand.world.note_external({(INFY, "MIS"): -20})  # of another product: it is another position at the broker
    assert "" == stand.code(*leave)


def test_two_strategies_on_one_side_cannot_together_sell_more_than_is_left_of_both():
    stand = AccountStand(("t", "u"))
    stand.holds(50)
    stand.holds(30, name="u")
    stand.world.note_external({(INFY, "CNC"): -40})  # 40 of the 80 are left
    assert "restricted" == stand.code(*stand.asks(-50, NAN))
    small = stand.asks(-30, NAN, name="u")
    assert "" == stand.code(*small, name="u")


def test_an_entry_of_one_strategy_is_no_exit_though_it_brings_the_accounts_sum_nearer_to_zero():
    stand = AccountStand(("t", "u"), ("MIS",))
    stand.holds(50)
    stand.world.state = TradingState.HALTED
    assert "state" == stand.code(*stand.asks(-20, 100.0, name="u"), name="u")


def test_what_another_product_holds_is_not_there_to_be_sold():
    stand = AccountStand(("t", "u"), ("CNC", "MIS"))
    stand.holds(50)
    stand.holds(50, name="u")
    stand.world.note_external({(INFY, "CNC"): -20})
    assert "restricted" == stand.code(*stand.asks(-50, NAN))


def test_a_plain_exit_passes_though_the_stop_for_the_same_units_rests():
    stand = AccountStand(stop_loss="5%")
    stand.holds(50)
    (stop,) = stand.desks["t"].session.working(0)
    stand.desks["t"].accept(stop.order.order_id)
    assert ["", -50] == [stand.code(*stand.asks(-50, NAN)), stop.remaining]


def test_a_change_that_is_not_answered_counts_as_the_larger_of_the_two_orders():
    stand = AccountStand()
    working = stand.rests(50)
    working.was, working.order = working.order, working.order._replace(quantity=30)
    assert [50] == [order.units for order in stand.world.open_orders()]


def test_what_somebody_else_holds_is_not_ours_to_sell_and_counts_in_the_limits():
    stand = AccountStand()
    stand.holds(50)
    stand.world.note_external({(INFY, "CNC"): 40})
    # 90 held by both and 50 asked at 100 = 14,000
    stand.world.limits = LIMITS._replace(max_position_value=14_000.0)
    order = stand.asks()
    assert "" == stand.code(*order)
    stand.world.limits = LIMITS._replace(max_position_value=13_999.0)
    assert "position_value" == stand.code(*order)


def test_a_cancel_passes_in_every_state_and_is_never_a_duplicate():
    stand = AccountStand()
    working = stand.rests(50)
    desk = stand.desks["t"]
    (command,) = desk.close(100.0, requests=[CancelRequest(0)])
    stand.world.state = TradingState.HALTED
    assert [ALLOW, ALLOW] == [stand.review(command, working), stand.review(command, working)]


def test_the_sessions_own_state_may_be_stricter_than_the_accounts():
    stand = AccountStand(("t", "u"))
    mine, other = stand.asks(), stand.asks(name="u")
    stand.desks["t"].take(PersonSays(stand.desks["t"].moment, Wish.HALT))
    assert ["state", ""] == [stand.code(*mine), stand.code(*other, name="u")]


# ---------------------------------------------------------------------- orders that wait, are in doubt, are absent


def test_an_order_that_waits_in_the_outbox_does_not_count_yet_and_one_that_left_does():
    stand = AccountStand()
    stand.world.limits = LIMITS._replace(max_open_value=5_000.0)
    desk = stand.desks["t"]
    first, second = desk.close(100.0, requests=[OrderRequest(0, 50, limit=100.0), OrderRequest(1, 50, limit=100.0)])
    one, other = desk.session.order(1), desk.session.order(2)
    assert ["", ""] == [stand.code(first, one), stand.code(second, other)]
    stand.world.note_leaving(stand.request(first, one), stand.now - 10 * SECOND)
    assert "open_value" == stand.code(second, other)


def test_an_order_in_doubt_counts_in_full_and_blocks_its_strategy_in_its_symbol():
    stand = AccountStand(("t", "u"))
    working = stand.rests(30, 90.0)
    desk = stand.desks["t"]
    desk.fill(working.order.order_id, 20, 90.0)
    assert [10] == [order.units for order in stand.world.open_orders()]
    working.state = type(working.state).UNKNOWN
    assert [30] == [order.units for order in stand.world.open_orders()]
    answer = stand.review(*stand.asks(7, 100.0))
    assert ("restricted", f"nobody knows what became of order {working.tag}") == answer[:2]
    assert "" == stand.code(*stand.asks(7, 100.0, instrument=1))
    assert "" == stand.code(*stand.asks(7, 100.0, name="u"), name="u")


def test_an_order_that_the_book_proved_absent_counts_on_until_it_is_released():
    stand = AccountStand()
    working = stand.rests(30, 90.0)
    stand.world.reserve_absent("t", working)
    stand.desks["t"].cancelled(working.order.order_id)
    assert [(working.tag, 30, False)] == [(one.tag, one.units, one.confirmed) for one in stand.world.open_orders()]
    assert (working.tag,) == stand.world.absent
    order = stand.asks(7, 100.0)
    assert "restricted" == stand.code(*order)
    stand.world.release(working.tag)
    assert ((), "") == (stand.world.open_orders(), stand.code(*order))


def test_an_order_of_nobody_is_in_risk_and_its_other_side_is_not_met():
    stand = AccountStand()
    order = stand.asks(50, 100.0)
    stand.world.note_external({}, [OpenOrder("", INFY, -10, 0, 100.0, 0, limit=100.0)])
    assert "own_cross" == stand.code(*order)


# ---------------------------------------------------------------------- funds


def test_money_of_an_order_that_left_is_kept_back_until_the_brokers_figure_has_it():
    stand = AccountStand()
    funds(1_000_000)(stand)  # 10,000 rupees: enough for two orders of 5,000
    working = stand.rests(50)
    third = stand.asks(50, 100.0, instrument=1)
    assert "" == stand.code(*third)
    funds(999_999)(stand)
    assert "funds" == stand.code(*third)
    stand.world.note_funds(500_000, stand.now, [working.tag])  # the broker has taken the first order's 5,000 off
    assert "" == stand.code(*third)


def test_money_of_what_has_filled_of_an_order_is_kept_back_too_until_the_next_figure():
    stand = AccountStand()
    funds(999_999)(stand)
    working = stand.rests(50)
    stand.desks["t"].fill(working.order.order_id, 30)
    order = stand.asks(50, 100.0, instrument=1)
    assert "funds" == stand.code(*order)  # 3,000 are spent and 2,000 promised of the first one's 5,000


def test_money_of_an_order_that_is_being_changed_is_not_in_the_brokers_figure_any_more():
    stand = AccountStand()
    working = stand.rests(50)
    stand.world.note_funds(500_000, stand.now, [working.tag])
    order = stand.asks(50, 100.0, instrument=1)
    assert "" == stand.code(*order)
    change = Change(working.order.order_id, 60, NAN, 100.0)
    stand.world.note_leaving(stand.request(change, working), stand.now - 10 * SECOND)
    assert "funds" == stand.code(*order)


def test_money_of_an_order_that_has_filled_since_the_figure_is_gone_until_the_next_one():
    stand = AccountStand()
    funds(999_999)(stand)
    working = stand.rests(50)
    desk, tag = stand.desks["t"], working.tag
    told = len(desk.facts)
    desk.fill(working.order.order_id, 50)
    (record,) = [fact for fact in desk.facts[told:] if isinstance(fact, OrderRecord)]
    stand.world.note_fact(record._replace(ended_at=stand.now), tag)
    order = stand.asks(50, 100.0, instrument=1)
    assert "funds" == stand.code(*order)
    stand.world.note_funds(999_999, stand.now - 1)
    assert "funds" == stand.code(*order)
    stand.world.note_funds(999_999, stand.now)
    assert "" == stand.code(*order)


def test_money_of_an_order_that_ended_without_a_fill_is_free_at_once():
    stand = AccountStand()
    funds(500_000)(stand)
    working = stand.rests(50)
    order = stand.asks(50, 100.0, instrument=1)
    assert "funds" == stand.code(*order)
    desk = stand.desks["t"]
    told = len(desk.facts)
    desk.cancelled(working.order.order_id)
    for fact in desk.facts[told:]:
        stand.world.note_fact(fact, working.tag)
    assert "" == stand.code(*order)


# ---------------------------------------------------------------------- particular hours, splits


def test_the_most_particular_hours_of_a_session_and_a_symbol_count():
    stand = AccountStand(("t", "u"))
    closed = stand.hours._replace(close_ns=stand.now)
    stand.world.note_hours(closed, symbol=TCS)
    order = stand.asks(7, instrument=1)
    assert "session_closed" == stand.code(*order)
    stand.world.note_hours(stand.hours, member="t", symbol=TCS)
    assert "" == stand.code(*order)
    stand.world.note_hours(closed, member="u")
    assert "session_closed" == stand.code(*stand.asks(7, name="u"), name="u")


def test_a_split_before_the_open_is_no_jump():
    stand = AccountStand()
    stand.world.note_price(INFY, 500.0, stand.now - HOUR)
    stand.world.note_split(INFY, 5.0)
    stand.world.note_price(INFY, 100.0, stand.now - SECOND)
    assert "" == stand.code(*stand.asks())


def test_an_entry_against_what_another_strategy_holds_opens_a_position_and_waits_for_no_state_to_end():
    stand = AccountStand(("t", "u"))
    stand.holds(-40)
    entry = stand.asks(7, name="u")
    assert "" == stand.code(*entry, name="u")
    stand.world.state = TradingState.HALTED
    assert "state" == stand.code(*entry, name="u")


def test_an_exit_that_is_larger_than_its_strategys_own_position_is_none_though_others_hold_the_same_side():
    stand = AccountStand(("t", "u"))
    stand.holds(-40)
    stand.holds(-6, name="u")
    stand.world.state = TradingState.HALTED
    assert "" == stand.code(*stand.asks(6, name="u"), name="u")
    assert "state" == stand.code(*stand.asks(18, name="u"), name="u")


def test_a_price_is_as_old_as_the_word_that_the_feed_was_complete():
    stand = AccountStand()
    asked = stand.asks(10)
    later = stand.now + 10 * SECOND
    assert "stale_price" == stand.code(*asked, now=later)
    stand.world.note_complete(later - 5 * SECOND)
    assert "" == stand.code(*asked, now=later)
    assert "stale_price" == stand.code(*asked, now=later + SECOND)
    assert later - 5 * SECOND == stand.world.quote(INFY).time_ns
