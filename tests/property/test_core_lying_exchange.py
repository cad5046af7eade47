"""docs/execution.md row B13: whatever an exchange says, Session ends with what is really held, protected or told."""

import pytest

from framework.types.record import OrderState
from tests.property.lying_exchange import INSTRUMENTS, LiedTo

SEEDS = 200
"""Of the committed form; 2,000 were run once, see DECISIONS."""


def assert_truth(seed: int) -> None:
    lied_to = LiedTo(seed)
    session, exchange = lied_to.session, lied_to.exchange
    account = session.account
    assert [exchange.position(i) for i in range(len(INSTRUMENTS))] == account.quantity, seed
    assert account.deposit_paise - sum(round(fill.price * 100) * fill.quantity for fill in exchange.fills) == (
        account.cash_paise
    )
    live = {n: one.remaining for n, one in exchange.book.items() if one.state is OrderState.WORKING}
    mirrored = {r.order.order_id: r.order.quantity - r.filled for r in session.open_orders() if r.state != "parked"}
    assert live == mirrored, seed
    for i, held in enumerate(account.quantity):
        stops = -exchange.stops(i)
        assert stops == 0 or stops * held > 0, f"{seed}: a stop of nothing"
        assert abs(stops) <= abs(held), f"{seed}: more stops than units"
        if held and stops != held:
            leaves = sum(abs(w.remaining) for w in session.working(i) if w.order.reduces and not w.order.protective)
            assert leaves >= abs(held - stops), f"{seed}: unprotected, and nothing takes it"


@pytest.mark.parametrize("begin", range(0, SEEDS, 50))
def test_b13_a_lying_exchange_leaves_session_with_what_is_really_held(begin):
    for seed in range(begin, begin + 50):
        assert_truth(seed)
