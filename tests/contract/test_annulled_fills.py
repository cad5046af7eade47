"""F81: the exchange annuls an execution. Position and cash are as without it; nothing new until a person looks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.session import state
from framework.types import OrderRequest
from framework.types.events import Annulled, PersonSays, Surprise, Wish
from framework.types.orders import Reason
from framework.types.portfolio import TradingState
from framework.types.record import Settlement
from tests.contract.desk import Desk

NAN = float("nan")


def bought(quantity=10, price=100.0, **choices):
    """A desk that holds so many units, by execution x1."""
    desk = Desk("on_bar", product="MIS", **{"charges": "percent:1", **choices})
    desk.close(100.0, requests=[OrderRequest(0, quantity)])
    desk.open()
    desk.accept(1)
    desk.fill(1, quantity, price, fill_id="x1")
    return desk


def annul(desk, fill_id="x1", reason="reversal trade"):
    return desk.take(Annulled(desk.moment, fill_id, reason))


def surprises(desk):
    return [fact.code for fact in desk.facts if isinstance(fact, Surprise)]


def test_an_annulled_purchase_leaves_position_and_cash_as_they_were():
    desk = bought()
    account = desk.session.account
    assert (10, 10_000_000 - 100_000 - 1_000) == (account.quantity[0], account.cash_paise)  # 1,000 rupees and 1 %
    annul(desk)
    assert (0, 10_000_000, 0, 0, []) == (
        account.quantity[0], account.cash_paise, account.charges_paise, account.gross_paise, account.held,
    )  # fmt: skip


def test_it_is_an_entry_of_its_own_with_its_charges_back():
    desk = bought()
    annul(desk)
    last = [fact for fact in desk.facts if isinstance(fact, Settlement)][-1]
    assert (-10, Reason.EXTERNAL, 100_000, -1_000, 0) == (
        last.fill.quantity, last.reason, last.value_paise, last.charges_paise, last.position,
    )  # fmt: skip


def test_an_annulled_sale_is_held_again_at_its_price_and_cash_is_as_before_it():
    desk = bought()
    desk.shut(110.0, requests=[OrderRequest(0, -10)])
    desk.open()
    account = desk.session.account
    before = account.cash_paise
    desk.fill(2, -10, 110.0, fill_id="x2")
    annul(desk, "x2")
    assert (10, before, 110.0, 110_000) == (
        account.quantity[0], account.cash_paise, account.average[0], account.cost_paise[0],
    )  # fmt: skip


def test_a_stop_follows_what_is_left():
    desk = bought(stop_loss="5%")
    (stop,) = [one for one in desk.session.working(0) if one.order.protective]
    desk.accept(stop.order.order_id)
    commands = annul(desk)
    assert [stop.order.order_id] == [command.order_id for command in commands]
    assert stop.cancelling


def test_nothing_new_is_risked_until_a_person_says_so():
    desk = bought()
    annul(desk)
    assert ["annulled"] == surprises(desk)
    assert TradingState.REDUCE_ONLY is desk.session.state
    desk.take(PersonSays(desk.moment, Wish.RESUME))
    assert TradingState.ACTIVE is desk.session.state


def test_it_is_taken_back_once_and_is_not_booked_again():
    desk = bought()
    annul(desk)
    cash = desk.session.account.cash_paise
    annul(desk)
    desk.fill(1, 10, 100.0, fill_id="x1")
    assert (cash, 0, ["annulled"]) == (
        desk.session.account.cash_paise,
        desk.session.account.quantity[0],
        surprises(desk),
    )


def test_one_that_was_never_booked_here_is_told_and_changes_nothing():
    desk = bought()
    annul(desk, "x9")
    assert (10, ["annulled_unknown"]) == (desk.session.account.quantity[0], surprises(desk))


def test_an_execution_of_the_session_before_can_still_be_taken_back():
    desk = bought()
    desk.shut(100.0)
    desk.open()
    annul(desk)
    assert 0 == desk.session.account.quantity[0]


@pytest.mark.parametrize("wrong", [Annulled(0, 7), Annulled(0, "x1", None)])
def test_an_annulment_of_another_shape_is_told_and_nothing_is_made_of_it(wrong):
    desk = bought()
    desk.take(wrong._replace(moment=desk.moment))
    assert (10, ["not_understood"]) == (desk.session.account.quantity[0], surprises(desk))


@given(
    st.lists(st.tuples(st.integers(-20, 20).filter(bool), st.integers(80, 120), st.booleans()), min_size=1, max_size=8)
)
def test_the_account_identity_holds_to_the_paisa_and_cash_is_that_of_what_was_not_annulled(trades):
    desk = Desk("on_bar", product="MIS", charges="percent:1")
    account = desk.session.account
    desk.open()
    cash, held = account.cash_paise, 0
    for k, (quantity, price, annulled) in enumerate(trades):
        desk.fill(0, quantity, float(price), fill_id=f"x{k}", time=desk.moment)
        if annulled:
            annul(desk, f"x{k}")
        else:
            cash -= quantity * price * 100 + abs(quantity) * price  # 1 % of rupees are as many paise
            held += quantity
        assert (cash, held) == (account.cash_paise, account.quantity[0])
        assert account.cash_paise + account.at_cost_paise() == (
            account.deposit_paise + account.gross_paise + account.dividends_paise - account.charges_paise
        )
        assert account.held == ([0] if held else [])


def test_a_checkpoint_remembers_what_can_be_taken_back():
    desk = bought()
    kept = state.dump(desk.session)
    other = Desk("on_bar", product="MIS", charges="percent:1")
    state.load(other.session, kept)
    annul(other)
    assert 10_000_000 == other.session.account.cash_paise


def test_what_an_annulment_adds_to_a_position_that_is_being_left_is_left_too():
    desk = Desk()
    desk.close(100.0, 1.0)
    desk.open()
    desk.accept(1)
    desk.fill(1, 10, fill_id="x1")
    [leave] = desk.take(PersonSays(desk.moment, Wish.FLATTEN))
    number = leave.approved.order.order_id
    desk.fill(number, -4, fill_id="x2")
    annul(desk, "x2")
    desk.fill(number, -6, fill_id="x3")
    assert 4 == desk.session.account.quantity[0]
    ordered = [order.order.quantity - order.filled for order in desk.session.open_orders()]
    ordered += [one.approved.order.quantity for one in desk.shut(100.0)]
    assert -4 == sum(ordered)
