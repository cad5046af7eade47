"""The account alone: a million random fills, booked a second time with plain whole numbers."""

import numpy as np
import pytest

from framework.session.account import Account
from framework.types import Fill, Instrument, Order, OrderType, Reason, Settings

FILLS, INSTRUMENTS = 1_000_000, 4


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_the_ledger_closes_to_the_paisa_over_a_million_fills(seed):
    noise = np.random.default_rng(seed)
    instruments = tuple(Instrument(name) for name in "ABCD")
    settings = Settings(capital=1e9, charges="percent:0.0743+flat:13.37")
    account = Account(instruments, settings)
    which = noise.integers(0, INSTRUMENTS, FILLS).tolist()
    after = noise.integers(-2000, 2001, FILLS) * noise.choice([0, 1, 1, 1, 0.01, 997], FILLS)
    positions = after.astype(np.int64).tolist()
    prices = np.exp(noise.uniform(np.log(0.01), np.log(99_999), FILLS)).round(4).tolist()
    first = (noise.random(FILLS) < 0.7).tolist()
    order = Order(1, 0, 1, OrderType.MARKET, Reason.SIGNAL, reduces=False, decided_at=0)

    cash = deposit = 100_000_000_000
    gross = charges = 0
    held, cost, entry_charges = [0] * INSTRUMENTS, [0] * INSTRUMENTS, [0] * INSTRUMENTS
    closes = crossings = 0
    for i, position, price, is_first in zip(which, positions, prices, first, strict=True):
        units = position - held[i]
        if not units:
            continue
        booked = account.settle(Fill(1, i, units, price, 0), order, before_paise=0 if is_first else 1)

        value, before = booked.value_paise, held[i]
        assert abs(value - price * abs(units) * 100) <= 0.5 + 1e-6 * abs(units)
        paid = (value * 74_300 + 50_000_000) // 100_000_000 + (1337 if is_first else 0)
        assert paid == booked.charges_paise
        closed = min(abs(before), abs(units)) if before * units < 0 else 0
        worth = value if closed == abs(units) else value * closed // abs(units)
        kept = paid if closed == abs(units) else paid * closed // abs(units)
        if closed:
            out = cost[i] * closed // abs(before)
            entry_charges[i] -= entry_charges[i] * closed // abs(before)
            cost[i] -= out
            gross += (worth - out) if before > 0 else (out - worth)
            closes += 1
        if closed < abs(units):
            cost[i] += value - worth
            entry_charges[i] += paid - kept
            crossings += closed > 0
        held[i] = before + units
        charges += paid
        cash -= (value if units > 0 else -value) + paid
        assert cash == account.cash_paise == booked.cash_paise
        at_cost = sum([c if h > 0 else -c for c, h in zip(cost, held, strict=True)])
        assert cash + at_cost == deposit + gross - charges
    assert (gross, charges) == (account.gross_paise, account.charges_paise)
    assert (held, cost, entry_charges) == (account.quantity, account.cost_paise, account.entry_charges_paise)
    assert at_cost == account.at_cost_paise()
    assert min(closes, crossings) > 50_000


def test_a_round_trip_ends_with_nothing_at_cost():
    noise = np.random.default_rng(3)
    account = Account((Instrument("A"),), Settings(capital=1e6, charges="percent:0.0333+flat:1.01"))
    order = Order(1, 0, 1, OrderType.MARKET, Reason.SIGNAL, reduces=False, decided_at=0)
    for side in (1, -1):
        bought = noise.integers(1, 50, 20)
        for units in [*bought, *[-1] * int(bought.sum())]:
            price = float(noise.uniform(1, 500))
            account.settle(Fill(1, 0, int(side * units), price, 0), order, before_paise=0)
        assert (account.quantity, account.cost_paise, account.entry_charges_paise) == ([0], [0], [0])
        assert account.mark_paise == [0]
        assert account.cash_paise == account.deposit_paise + account.gross_paise - account.charges_paise
