"""Every send rule at the last value it accepts, at the first it denies, and for NaN, infinity and zero."""

import pytest

from framework.pretrade import gate
from framework.pretrade.answers import ALLOW, Deny, Wait
from framework.pretrade.facts import Funds, Holding, RequestKind, Sends
from framework.pretrade.wording import SENTENCES, sentence
from framework.types import OrderType, TradingState
from tests.unit.pretrade.ordinary import (
    BUY,
    DAY,
    HOUR,
    INF,
    INFY,
    LEAVE,
    LONG,
    MIDNIGHT,
    NAN,
    NOW,
    SECOND,
    TCS,
    WORLD,
    but,
    resting,
    sent,
)

AT_MARKET = {"type": OrderType.MARKET, "limit": NAN}
SELL = BUY._replace(quantity=-50)


def code(request, world):
    answer = gate.review(request, world, NOW)
    return answer.code if isinstance(answer, Deny) else ""


@pytest.mark.parametrize("request_", [BUY, SELL, BUY._replace(**AT_MARKET), SELL._replace(**AT_MARKET)])
def test_an_ordinary_order_may_go(request_):
    assert ALLOW == gate.review(request_, WORLD, NOW)


CASES = [
    # expiry, session, cut-off: moments, the first of which still counts and the last no more
    ("expired", {}, {"expires_ns": NOW}),
    ("", {}, {"expires_ns": NOW + 1}),
    ("", {"hours__open_ns": NOW}, {}),
    ("session_closed", {"hours__open_ns": NOW + 1}, {}),
    ("session_closed", {"hours__close_ns": NOW}, {}),
    ("", {"hours__close_ns": NOW + 1}, {}),
    ("session_closed", {"hours__open_ns": 0, "hours__close_ns": 0}, {}),
    ("broker_closed", {"hours__broker_open": False}, {}),
    ("cut_off", {"hours__entries_until_ns": NOW}, {}),
    ("", {"hours__entries_until_ns": NOW + 1}, {}),
    ("cut_off", {"hours__entries_until_ns": 0}, {}),
    # its name: of no open order, confirmed or not; a change's of one that is
    ("tag_in_use", {}, {"tag": ""}),
    ("tag_in_use", {"open_orders": (resting(1, tag="T1"),)}, {}),
    ("tag_in_use", {"open_orders": (resting(1, tag="T1", confirmed=False),)}, {}),
    ("tag_in_use", {}, {"action": "buy"}),
    ("unknown_tag", {}, {"action": RequestKind.MODIFY}),
    ("", {"open_orders": (resting(1, tag="T1"),)}, {"action": RequestKind.MODIFY}),
    # who sends
    ("account", {"found__account": "ZZ9999"}, {}),
    ("account", {"found__account": "", "configured__account": ""}, {}),
    ("app", {"found__app": "other"}, {}),
    ("algo", {"found__algo": ""}, {}),
    ("algo", {"found__algo": "", "configured__algo": ""}, {}),
    ("ip", {"found__ip": "198.51.100.1"}, {}),
    # state
    ("state", {"state": TradingState.REDUCE_ONLY}, {}),
    ("state", {"state": TradingState.HALTED}, {}),
    # instrument and restricted list
    ("unknown_instrument", {"instrument": None}, {}),
    ("restricted", {"restricted": "ban period"}, {}),
    ("restricted", {"restricted": None}, {}),
    ("broker_closed", {"hours__broker_open": None}, {}),
    # quantity: a multiple of the lot, up to the freeze quantity
    ("quantity", {}, {"quantity": 0}),
    ("quantity", {}, {"quantity": 50.0}),
    ("quantity", {}, {"quantity": NAN}),
    ("quantity", {}, {"quantity": True}),
    ("", {"instrument__lot": 25}, {}),
    ("lot", {"instrument__lot": 75}, {}),
    ("lot", {"instrument__lot": 0}, {}),
    ("lot", {"instrument__lot": NAN}, {}),
    ("lot", {"instrument__lot": INF}, {}),
    ("lot", {"instrument__lot": -25}, {}),
    ("", {"instrument__freeze_quantity": 50}, {}),
    ("freeze_quantity", {"instrument__freeze_quantity": 49}, {}),
    ("freeze_quantity", {"instrument__freeze_quantity": 0}, {}),
    ("freeze_quantity", {"instrument__freeze_quantity": NAN}, {}),
    ("freeze_quantity", {"instrument__freeze_quantity": INF}, {}),
    ("", {"instrument__freeze_quantity": None}, {}),
    # price: finite, above 0, on the tick, within the exchange's band
    ("price", {}, {"limit": NAN}),
    ("price", {}, {"limit": INF}),
    ("price", {}, {"limit": 0.0}),
    ("price", {}, {"limit": -1500.0}),
    ("price", {}, {"type": OrderType.STOP_LIMIT}),
    ("price", {}, {"type": OrderType.STOP, "limit": NAN}),
    ("", {}, {"type": OrderType.STOP_LIMIT, "trigger": 1499.0}),
    ("", {}, {"limit": 1500.05}),
    ("tick", {}, {"limit": 1500.06}),
    ("tick", {"instrument__tick": 0.0}, {}),
    ("tick", {"instrument__tick": NAN}, {}),
    ("tick", {"instrument__tick": INF}, {}),
    ("tick", {"instrument__tick": -0.05}, {}),
    ("", {"quote__upper": 1500.0}, {}),
    ("exchange_band", {"quote__upper": 1499.95}, {}),
    ("", {"quote__lower": 1500.0}, {}),
    ("exchange_band", {"quote__lower": 1500.05}, {}),
    ("no_exchange_band", {"quote__upper": 1500.0, "quote__lower": 1500.0}, {}),
    ("no_exchange_band", {"quote__upper": NAN}, {}),
    ("no_exchange_band", {"quote__lower": NAN}, {}),
    ("exchange_band", {"quote__upper": 0.0}, {}),
    # price: within 5 % of the last one, 1500 ± 75
    ("", {}, {"limit": 1575.0}),
    ("price_band", {}, {"limit": 1575.05}),
    ("", {}, {"limit": 1425.0}),
    ("price_band", {}, {"limit": 1424.95}),
    ("price_band", {"limits__price_band_percent": NAN}, {}),
    ("price_band", {"limits__price_band_percent": INF}, {}),
    ("price_band", {"limits__price_band_percent": -1.0}, {}),
    ("", {"limits__price_band_percent": 0.0}, {}),
    ("price_band", {}, {"type": OrderType.STOP_LIMIT, "trigger": 1600.0}),
    # the last price: at most 5 s old, a price, moved by at most 10 %, not crossed, no bar missing
    ("", {"quote__time_ns": NOW - 5 * SECOND}, {}),
    ("stale_price", {"quote__time_ns": NOW - 5 * SECOND - 1000}, {}),
    ("", {"quote__time_ns": NOW}, {}),
    ("stale_price", {"quote__time_ns": NOW + 1000}, {}),
    ("stale_price", {"quote__time_ns": 0}, {}),
    ("stale_price", {"quote__time_ns": NAN}, {}),
    ("stale_price", {"limits__reference_age_s": NAN}, {}),
    ("reference", {"quote__price": 0.0}, {}),
    ("reference", {"quote__price": -1.0}, {}),
    ("reference", {"quote__price": NAN}, {}),
    ("reference", {"quote__price": INF}, {}),
    ("", {"quote__before": 1200.0, "limits__max_jump_percent": 25.0}, {}),
    ("jump", {"quote__before": 1199.95, "limits__max_jump_percent": 25.0}, {}),
    ("", {"quote__before": 2000.0, "limits__max_jump_percent": 25.0}, {}),
    ("jump", {"quote__before": 2000.05, "limits__max_jump_percent": 25.0}, {}),
    ("jump", {"quote__before": 1363.0}, {}),  # 1500 is 10.05 % above it
    ("jump", {"quote__before": 1667.0}, {}),  # and 10.02 % below this
    ("jump", {"quote__before": NAN}, {}),
    ("jump", {"quote__before": 0.0}, {}),
    ("jump", {"quote__before": INF}, {}),
    ("jump", {"limits__max_jump_percent": NAN}, {}),
    ("crossed", {"quote__bid": 1500.05}, {}),
    ("crossed", {"quote__bid": 1500.10}, {}),
    ("crossed", {"quote__bid": NAN}, {}),
    ("crossed", {"quote__bid": 0.0}, {}),
    ("crossed", {"quote__ask": NAN}, {}),
    ("crossed", {"quote__ask": INF}, {}),
    ("crossed", {"quote__ask": None}, {}),
    ("", {"quote__bid": None, "quote__ask": None}, {}),
    ("missing_bars", {"quote__missing_bars": 1}, {}),
    ("missing_bars", {"quote__missing_bars": -1}, {}),
    # value of one order: 50 × 1500 = 75,000; the law's ceiling comes first
    ("", {"limits__max_order_value": 75_000.0}, {}),
    ("order_value", {"limits__max_order_value": 74_999.99}, {}),
    ("order_value", {"limits__max_order_value": 0.0}, {}),
    ("order_value", {"limits__max_order_value": NAN}, {}),
    ("order_value", {"limits__max_order_value": INF}, {}),
    ("order_value", {"limits__max_order_value": -1.0}, {}),
    ("order_quantity", {"limits__max_order_quantity": 49}, {}),
    ("", {"limits__max_order_quantity": 50}, {}),
    ("order_quantity", {"limits__max_order_quantity": 0}, {}),
    ("order_quantity", {"limits__max_order_quantity": NAN}, {}),
    ("", {"ceilings__order_value": 75_000.0}, {}),
    ("legal_order_value", {"ceilings__order_value": 74_999.99}, {}),
    ("legal_order_value", {"ceilings__order_value": 0.0}, {}),
    ("legal_order_value", {"ceilings__order_value": NAN}, {}),
    # a market order is worth its last price, a market buy the band more: 50 × 1575 = 78,750
    ("", {"limits__max_order_value": 78_750.0}, AT_MARKET),
    ("order_value", {"limits__max_order_value": 78_749.99}, AT_MARKET),
    ("", {"limits__max_order_value": 75_000.0}, {**AT_MARKET, "quantity": -50}),
    ("order_value", {"limits__max_order_value": 74_999.99}, {**AT_MARKET, "quantity": -50}),
    # a stop its trigger: a buy 50 × 1510 × 1.05 = 79,275, a sale 50 × 1490 = 74,500
    ("", {"limits__max_order_value": 79_275.0}, {"type": OrderType.STOP, "limit": NAN, "trigger": 1510.0}),
    ("order_value", {"limits__max_order_value": 79_274.9}, {"type": OrderType.STOP, "limit": NAN, "trigger": 1510.0}),
    (
        "",
        {"limits__max_order_value": 74_500.0},
        {"type": OrderType.STOP, "limit": NAN, "trigger": 1490.0, "quantity": -50},
    ),
    ("legal_order_value", {"quote__price": NAN}, AT_MARKET),
    ("legal_order_value", {"quote__price": INF}, AT_MARKET),
    # open orders: 75,000 here and 40 × 1000 = 40,000 there
    ("", {"open_orders": (resting(40, 1000.0, symbol=TCS),), "limits__max_open_value": 115_000.0}, {}),
    ("open_value", {"open_orders": (resting(40, 1000.0, symbol=TCS),), "limits__max_open_value": 114_999.9}, {}),
    ("open_value", {"open_orders": (resting(-40, NAN, symbol=TCS),)}, {}),
    ("open_value", {"open_orders": (resting(-40, INF, symbol=TCS),)}, {}),
    ("open_value", {"limits__max_open_value": NAN}, {}),
    ("open_value", {"limits__max_open_value": 0.0}, {}),
    ("open_value", {"limits__max_open_value": INF}, {}),
    # the position: 60 held at 1500 and 50 more are 165,000; a resting sale of 200 leaves −140, so 110 is not the worst
    ("", {"holdings": {INFY: Holding(60, 1500.0)}, "limits__max_position_value": 165_000.0}, {}),
    ("position_value", {"holdings": {INFY: Holding(60, 1500.0)}, "limits__max_position_value": 164_999.9}, {}),
    (
        "",
        {
            "holdings": {INFY: Holding(60, 1500.0)},
            "open_orders": (resting(-60, 1600.0),),
            "limits__max_position_value": 165_000.0,
        },
        {},
    ),
    ("", {"holdings": {INFY: Holding(-60, 1500.0)}, "limits__max_position_value": 165_000.0}, {"quantity": -50}),
    (
        "position_value",
        {"holdings": {INFY: Holding(-60, 1500.0)}, "limits__max_position_value": 164_999.9},
        {"quantity": -50},
    ),
    ("", {"open_orders": (resting(-60, 1600.0),), "limits__max_position_value": 90_000.0}, {}),
    ("position_value", {"open_orders": (resting(-60, 1600.0),), "limits__max_position_value": 89_999.9}, {}),
    ("position_value", {"limits__max_position_value": NAN}, {}),
    ("position_value", {"limits__max_position_value": 0.0}, {}),
    ("position_value", {"limits__max_position_value": INF}, {}),
    # all positions: 75,000 here and 100 × 2000 there
    ("", {"holdings": {TCS: Holding(-100, 2000.0)}, "limits__max_gross_value": 275_000.0}, {}),
    ("gross_value", {"holdings": {TCS: Holding(-100, 2000.0)}, "limits__max_gross_value": 274_999.9}, {}),
    ("gross_value", {"holdings": {TCS: Holding(1, NAN)}}, {}),
    ("gross_value", {"holdings": {TCS: Holding(1, INF)}}, {}),
    ("", {"holdings": {TCS: Holding(0, NAN)}}, {}),
    ("gross_value", {"limits__max_gross_value": NAN}, {}),
    ("gross_value", {"limits__max_gross_value": 0.0}, {}),
    # funds: ₹75,000 needed; at most a minute old
    ("", {"funds": Funds(7_500_000, NOW)}, {}),
    ("funds", {"funds": Funds(7_499_999, NOW)}, {}),
    ("funds", {"funds": Funds(0, NOW)}, {}),
    ("funds", {"funds": Funds(NAN, NOW)}, {}),
    ("funds", {}, {"needed_paise": 0}),
    ("funds", {}, {"needed_paise": -1}),
    ("funds", {}, {"needed_paise": NAN}),
    ("funds", {}, {"needed_paise": INF}),
    ("", {"funds__time_ns": NOW - 60 * SECOND}, {}),
    ("stale_funds", {"funds__time_ns": NOW - 60 * SECOND - 1000}, {}),
    ("stale_funds", {"funds__time_ns": NOW + 1000}, {}),
    ("stale_funds", {"funds__time_ns": NAN}, {}),
    ("stale_funds", {"limits__funds_age_s": NAN}, {}),
    # the same again within 2 s
    ("duplicate", {"sends": Sends(sent(1, ago_s=1.9, quantity=50))}, {}),
    ("", {"sends": Sends(sent(1, ago_s=2.0, quantity=50))}, {}),
    ("duplicate", {"sends": Sends(sent(1, ago_s=-1.0, quantity=50))}, {}),
    ("", {"sends": Sends(sent(1, ago_s=0.5, quantity=-50))}, {}),
    ("", {"sends": Sends(sent(1, ago_s=0.5, quantity=50, symbol=TCS))}, {}),
    ("", {"sends": Sends(sent(1, ago_s=0.5, quantity=50))}, {"strategy": "macd"}),
    ("duplicate", {"sends": Sends(sent(1, ago_s=30, quantity=50)), "limits__duplicate_s": NAN}, {}),
    ("duplicate", {"sends": Sends(sent(1, ago_s=30, quantity=50)), "limits__duplicate_s": INF}, {}),
    # an own sale in the book: a buy up to it would meet it
    ("", {"open_orders": (resting(-10, 1500.05),)}, {}),
    ("own_cross", {"open_orders": (resting(-10, 1500.0),)}, {}),
    ("own_cross", {"open_orders": (resting(-10, NAN, price=1500.0),)}, {}),
    ("", {"open_orders": (resting(-10, None, price=1450.0),)}, {}),  # a stop that waits for its trigger
    ("", {"open_orders": (resting(-10, 1400.0, symbol=TCS),)}, {}),
    ("", {"open_orders": (resting(10, 1400.0),)}, {}),
    ("own_cross", {"open_orders": (resting(-10, 1575.0),)}, AT_MARKET),  # a market buy reaches 1500 × 1.05
    ("", {"open_orders": (resting(-10, 1575.05),)}, AT_MARKET),
    ("own_cross", {"open_orders": (resting(10, 1425.0),)}, {**AT_MARKET, "quantity": -50}),
    ("", {"open_orders": (resting(10, 1424.95),)}, {**AT_MARKET, "quantity": -50}),
    ("", {"open_orders": (resting(-10, INF, price=1500.0),)}, {}),
    # counts: the tenth of a minute, the hundredth of a day
    ("", {"sends": Sends(sent(9, ago_s=59))}, {}),
    ("orders_per_minute", {"sends": Sends(sent(10, ago_s=59))}, {}),
    ("", {"sends": Sends(sent(10, ago_s=60))}, {}),
    ("", {"sends": Sends(sent(10, ago_s=59, symbol=TCS))}, {}),
    ("", {"sends": Sends(sent(10, ago_s=59, action=RequestKind.CANCEL))}, {}),
    ("orders_per_minute", {"limits__orders_per_minute": 0}, {}),
    ("orders_per_minute", {"limits__orders_per_minute": NAN}, {}),
    ("", {"sends": Sends(day=DAY, today={INFY: 99})}, {}),
    ("orders_per_day", {"sends": Sends(day=DAY, today={INFY: 100})}, {}),
    ("", {"sends": Sends(day=DAY - 1, today={INFY: 100})}, {}),
    ("orders_per_day", {"limits__orders_per_day": 0}, {}),
    ("orders_per_day", {"limits__orders_per_day": NAN}, {}),
]


@pytest.mark.parametrize(("expected", "facts", "asked"), CASES)
def test_an_increase_is_judged_at_every_edge(expected, facts, asked):
    assert expected == code(but(BUY, **asked), but(WORLD, **facts))


def test_every_refusal_has_a_sentence_and_every_sentence_a_test():
    told = {expected for expected, _, _ in CASES} - {""} | {"rate", "repeated", "error"}
    assert set(SENTENCES) == told
    for name in SENTENCES:
        assert "{" not in sentence(Deny(name, 1, 2))


@pytest.mark.parametrize(
    ("denial", "text"),
    [
        (Deny("lot", 50, 75), "quantity 50 is not a multiple of the lot 75; size in whole lots"),
        (
            Deny("order_value", 1_234_567.5, 100_000.0),
            "the order is worth ₹12,34,567.50, at most ₹1,00,000 are allowed (live.max_order_value)",
        ),
        (
            Deny("state", "halted", "active"),
            "the system is halted, not active: only reductions pass; see tulya risk show",
        ),
        (
            Deny("session_closed", NAN, None),
            "it is nan, the session's bound is None; orders go out while the market is open",
        ),
        (Deny("missing_bars", 1_000, 0), "1,000 bars are missing since the decision's history; fill the gap first"),
        # 09:00 UTC is 14:30 in India
        (
            Deny("cut_off", MIDNIGHT + 9 * HOUR + 5 * SECOND, MIDNIGHT + 9 * HOUR),
            "it is 14:30:05 IST; new positions of this product end at 14:30:00 IST",
        ),
    ],
)
def test_a_refusal_reads_as_a_sentence(denial, text):
    assert text == sentence(denial)


def test_what_is_no_amount_stands_in_a_sentence_of_rupees_as_it_is():
    amount, text = sentence(Deny("funds", 1_234_567, 10)), sentence(Deny("funds", "unknown", 10))
    assert amount.replace("₹12,34,567", "unknown") == text


LIMITED = [(expected, facts) for expected, facts, asked in CASES if not asked and expected]
VALID = {
    "tag_in_use", "session_closed", "broker_closed", "account", "unknown_instrument", "lot", "freeze_quantity", "tick",
    "exchange_band", "legal_order_value",
}  # fmt: skip


@pytest.mark.parametrize(("expected", "facts"), LIMITED)
def test_a_reduction_passes_every_limit_and_no_question_of_validity(expected, facts):
    world = but(WORLD, **facts)
    named = tuple(order for order in world.open_orders if order.tag == LEAVE.tag)
    world = world._replace(holdings={**world.holdings, INFY: Holding(50, 1500.0)}, open_orders=named)
    unknown_law = facts == {"ceilings__order_value": NAN}  # holds up what is new, not an exit
    assert (expected if expected in VALID and not unknown_law else "") == code(LEAVE, world)


def test_a_reduction_at_market_needs_no_price_but_keeps_to_the_law():
    at_market = LEAVE._replace(**AT_MARKET)
    assert "" == code(at_market, but(LONG, quote__price=NAN, quote__time_ns=0, quote__upper=NAN))
    assert "" == code(at_market, but(LONG, quote__price=INF))
    assert "legal_order_value" == code(at_market, but(LONG, ceilings__order_value=74_999.0))


@pytest.mark.parametrize(
    ("held", "open_orders", "quantity", "passes"),
    [
        (50, (), -50, True),
        (50, (), -51, False),  # one more would open a short
        (-50, (), 50, True),
        (50, (), 50, False),
        (0, (), -50, False),
        (50, (resting(-10),), -40, True),
        (50, (resting(-10),), -41, False),  # with the ten that are going already
        (50, (resting(-10, symbol=TCS),), -50, True),
        (50, (resting(-40)._replace(filled=-30),), -40, True),
        (50, (resting(-40, confirmed=False)._replace(filled=-30),), -40, False),  # unconfirmed: its full size
        (50, (resting(-50, group="exit"),), -50, False),
        (50, (resting(-50, group="exit", tag="R1"), resting(-50, group="exit", tag="R2")), -1, False),
        (50, (resting(10),), -50, True),  # a buy that rests does not matter to what is held now
    ],
)
def test_a_reduction_is_proven_not_believed(held, open_orders, quantity, passes):
    halted = WORLD._replace(state=TradingState.HALTED, holdings={INFY: Holding(held, 1500.0)}, open_orders=open_orders)
    assert ("" if passes else "state") == code(LEAVE._replace(quantity=quantity), halted)


def test_orders_that_cancel_each_other_count_once():
    halted = LONG._replace(state=TradingState.HALTED, open_orders=(resting(-50, 1600.0, group="exit"),))
    assert "" == code(LEAVE._replace(group="exit"), halted)
    assert "state" == code(LEAVE._replace(group="other"), halted)


def test_a_change_counts_as_the_larger_of_what_stood_and_what_is_asked():
    # Of the order of 50 that rests, 30 are asked: until the exchange says so, it may be either: 75,000.
    stood = WORLD._replace(open_orders=(resting(50, tag="T1"),))
    change = BUY._replace(action=RequestKind.MODIFY, quantity=30)
    assert "" == code(change, but(stood, limits__max_order_value=75_000.0))
    assert "order_value" == code(change, but(stood, limits__max_order_value=74_999.0))
    # A stop that is moved stays a reduction.
    halted = LONG._replace(state=TradingState.HALTED, open_orders=(resting(-50, None, tag="T1", price=1450.0),))
    assert "" == code(LEAVE._replace(action=RequestKind.MODIFY, limit=1455.0), halted)


def test_money_of_orders_that_the_brokers_figure_has_not_counted_is_kept_back():
    # 20,000,000 paise less 12,500,000 promised leave the 7,500,000 that are needed.
    for unseen in ({"counted": False}, {"confirmed": False}):
        one = resting(10, symbol=TCS, **unseen)._replace(needed_paise=12_500_000)
        assert "" == code(BUY, WORLD._replace(open_orders=(one,)))
        assert "funds" == code(BUY, WORLD._replace(open_orders=(one._replace(needed_paise=12_500_001),)))
    seen = resting(10, symbol=TCS)._replace(needed_paise=12_500_001)
    assert "" == code(BUY, WORLD._replace(open_orders=(seen,)))


def test_an_unconfirmed_order_counts_at_its_full_size():
    half = resting(40, 1000.0, symbol=TCS)._replace(filled=20)
    limit = {"limits__max_open_value": 95_000.0}  # 75,000 + 20 × 1000
    assert "" == code(BUY, but(WORLD, open_orders=(half,), **limit))
    assert "open_value" == code(BUY, but(WORLD, open_orders=(half._replace(confirmed=False),), **limit))


def test_the_gross_value_counts_the_worse_side_of_everything_open():
    # TCS: 30 held, 40 more resting to buy, 10 to sell: 70 × 1000; with INFY's 75,000 that is 145,000.
    tcs = {TCS: Holding(30, 900.0)}
    orders = (resting(40, 1000.0, tag="R1", symbol=TCS), resting(-10, 950.0, tag="R2", symbol=TCS))
    world = WORLD._replace(holdings=tcs, open_orders=orders)
    assert "" == code(BUY, but(world, limits__max_gross_value=145_000.0))
    assert "gross_value" == code(BUY, but(world, limits__max_gross_value=144_999.9))


@pytest.mark.parametrize(("held", "buys", "sells"), [(30, 40, -10), (-30, 10, -40), (30, 10, -100), (-30, 100, -10)])
def test_either_side_of_what_is_open_may_be_the_worse(held, buys, sells):
    # 70 of TCS at 1000 beside INFY's 75,000, whichever side it comes from.
    orders = (resting(buys, 1000.0, tag="R1", symbol=TCS), resting(sells, 1000.0, tag="R2", symbol=TCS))
    world = WORLD._replace(holdings={TCS: Holding(held, 900.0)}, open_orders=orders)
    assert "" == code(BUY, but(world, limits__max_gross_value=145_000.0))
    assert "gross_value" == code(BUY, but(world, limits__max_gross_value=144_999.9))


def test_a_refusal_tells_what_was_measured():
    # 1,590 is 6 % above 1,500.
    assert gate.review(BUY._replace(limit=1590.0), WORLD, NOW) == Deny("price_band", pytest.approx(6.0), 5.0)
    closed = but(WORLD, hours__close_ns=NOW)
    assert Deny("session_closed", NOW, NOW) == gate.review(BUY, closed, NOW)
    early = but(WORLD, hours__open_ns=NOW + 1)
    assert Deny("session_closed", NOW, NOW + 1) == gate.review(BUY, early, NOW)


def test_orders_wait_their_turn_and_cancels_have_a_turn_of_their_own():
    busy = WORLD._replace(sends=Sends(sent(5, ago_s=0.4)))
    assert Wait(600_000_000) == gate.review(BUY, busy, NOW)
    assert ALLOW == gate.review(BUY, WORLD._replace(sends=Sends(sent(4, ago_s=0.4))), NOW)
    assert ALLOW == gate.review(BUY, WORLD._replace(sends=Sends(sent(5, ago_s=1.0))), NOW)
    cancel = BUY._replace(action=RequestKind.CANCEL)
    assert ALLOW == gate.review(cancel, busy, NOW)
    assert Wait(600_000_000) == gate.review(
        cancel, WORLD._replace(sends=Sends(sent(3, ago_s=0.4, action=RequestKind.CANCEL))), NOW
    )


def test_an_order_that_would_be_overdue_by_its_turn_is_denied_and_a_cancel_never():
    busy = WORLD._replace(sends=Sends((*sent(5, ago_s=0.4), *sent(3, ago_s=0.4, action=RequestKind.CANCEL))))
    just = BUY._replace(expires_ns=NOW + 600_000_001)
    assert Wait(600_000_000) == gate.review(just, busy, NOW)
    assert Deny("rate", 0.6, 0.6) == gate.review(just._replace(expires_ns=NOW + 600_000_000), busy, NOW)
    cancel = just._replace(action=RequestKind.CANCEL, expires_ns=0)
    assert Wait(600_000_000) == gate.review(cancel, busy, NOW)


@pytest.mark.parametrize(("orders", "lawful", "passes"), [(5, 4, 1), (5, 5, 2), (5, 10, 5), (20, 10, 7), (5, 0, 0)])
def test_the_laws_rate_is_never_passed_whatever_the_configuration_says(orders, lawful, passes):
    # Three are kept for cancels; what is left of the law's number is for orders.
    world = but(WORLD, limits__orders_per_second=orders, ceilings__orders_per_second=lawful)
    for count in range(8):
        answer = gate.review(BUY, world._replace(sends=Sends(sent(count, ago_s=0.4))), NOW)
        assert (count < passes) is (answer == ALLOW)


def test_a_refusal_comes_before_a_wait():
    busy = WORLD._replace(sends=Sends(sent(5, ago_s=0.4)), state=TradingState.HALTED)
    assert "state" == code(BUY, busy)


def test_every_rule_that_was_asked_is_told():
    names = [rule.__name__ for rule in gate.RULES]
    assert [(name, ALLOW) for name in names] == gate.verdicts(BUY, WORLD, NOW)
    assert [rule.__name__ for rule in gate.VALIDITY] + ["rate"] == [name for name, _ in gate.verdicts(LEAVE, LONG, NOW)]
    assert [("rate", ALLOW)] == gate.verdicts(BUY._replace(action=RequestKind.CANCEL), WORLD, NOW)


def test_what_cannot_be_judged_is_refused_and_a_cancel_passes_all_the_same():
    broken = WORLD._replace(open_orders=None, sends=None)
    assert "error" == code(BUY, broken)
    assert "error" == code(LEAVE, broken)
    assert "error" == code(LEAVE, LONG._replace(open_orders=None))  # no proof that it reduces
    assert "error" == code(BUY._replace(quantity=10**400), WORLD)
    assert ALLOW == gate.review(BUY._replace(action=RequestKind.CANCEL), broken, NOW)


def test_an_exit_that_is_larger_than_the_position_may_be_made_smaller_in_every_state():
    halted = WORLD._replace(
        state=TradingState.HALTED,
        holdings={"NSE:INFY": Holding(29, 1_500.0)},
        open_orders=(resting(-35, tag="T1"),),
    )
    smaller = LEAVE._replace(action=RequestKind.MODIFY, quantity=-29)
    assert "" == code(smaller, halted)
    assert "" == code(smaller._replace(quantity=-30), halted)  # refused, the 35 would stand on
    assert "state" == code(smaller._replace(quantity=-35), halted)
    assert "state" == code(smaller._replace(quantity=-36), halted)
    doubtful = resting(-40, tag="T1", confirmed=False)._replace(filled=-5)  # 35 are left of it
    assert "" == code(smaller._replace(quantity=-34), halted._replace(open_orders=(doubtful,)))
    assert "state" == code(smaller._replace(quantity=-35), halted._replace(open_orders=(doubtful,)))


def test_an_exit_may_be_made_smaller_whatever_other_exits_rest():
    """Of a pair of stop and target for 40 the target is cut to the 28 that are left, while a sale of 20 waits."""
    pair = (resting(-40, tag="T1", group="T0"), resting(-40, tag="T0", group="T0"), resting(-20, tag="T2"))
    halted = WORLD._replace(state=TradingState.HALTED, holdings={"NSE:INFY": Holding(28, 1_500.0)}, open_orders=pair)
    smaller = LEAVE._replace(action=RequestKind.MODIFY, quantity=-28, group="T0")
    assert "" == code(smaller, halted)
    assert "state" == code(smaller, halted._replace(holdings={"NSE:INFY": Holding(-28, 1_500.0)}))
    assert "state" == code(smaller, halted._replace(open_orders=(resting(40, tag="T1"),)))
