"""Thousands of random runs: the engine against a naive implementation of the same page, written apart from it."""

from fractions import Fraction

import numpy as np
import pytest

from tests.contract.market import NAN, fills, play
from tests.oracle.naive import Naive, Rules

CASES, BLOCKS = 300, 8
TARGETS = (NAN, NAN, NAN, 0.0, 1.0, 1.0, -1.0, 0.5, -0.5, 0.25, -0.2)


def random_bars(noise: np.random.Generator) -> list[tuple[float, float, float, float]]:
    """5 to 40 bars with gaps, ties and still bars, on a grid of a paisa or of a rupee."""
    rows, wild = int(noise.integers(5, 41)), float(noise.choice([0.3, 1.5, 6.0]))
    digits = int(noise.choice([0, 1, 2]))
    price, bars = float(noise.choice([20, 100, 950])), []
    for _ in range(rows):
        opens = max(price + wild * noise.normal() * noise.choice([0, 0.3, 3]), 2.0)
        close = max(opens + wild * noise.normal() * noise.choice([0, 1]), 2.0)
        high = max(opens, close) + wild * abs(noise.normal()) * noise.choice([0, 1])
        low = max(min(opens, close) - wild * abs(noise.normal()) * noise.choice([0, 1]), 1.0)
        bars.append(tuple(round(float(x), digits) for x in (opens, high, low, close)))
        price = close
    return bars


def random_rules(noise: np.random.Generator) -> Rules:
    share = lambda: float(noise.choice([0, 0, 0.01, 0.02, 0.05, 0.5]))  # noqa: E731 - three times the same choice
    return Rules(
        units=int(noise.choice([1, 7, 10, 400])),
        capital=int(noise.choice([1_000, 20_000, 1_000_000])),
        slippage_bps=float(noise.choice([0, 0, 5, 50])),
        charges_percent=noise.choice([Fraction(0), Fraction(1, 10), Fraction(3, 100)]),
        stop_loss=share(),
        take_profit=share(),
        trail=share(),
        time_exit=int(noise.choice([0, 0, 1, 3])),
        both_target=bool(noise.random() < 0.3),
        active_next_bar=bool(noise.random() < 0.3),
        new_signal=bool(noise.random() < 0.3),
    )


def engine(bars, targets, rules: Rules):
    def percent(value: float) -> str | None:
        return f"{value * 100:g}%" if value else None

    return play(
        bars,
        targets,
        sizing=f"fixed:{rules.units}",
        capital=rules.capital,
        slippage=f"bps:{rules.slippage_bps:g}" if rules.slippage_bps else "none",
        charges=f"percent:{float(rules.charges_percent):g}" if rules.charges_percent else "none",
        reenter="new_signal" if rules.new_signal else "any_bar",
        configured={
            "exits": {
                "stop_loss": percent(rules.stop_loss),
                "take_profit": percent(rules.take_profit),
                "trail": percent(rules.trail),
                "time_exit": rules.time_exit or None,
                "both": "target" if rules.both_target else "stop",
                "active_from": "next_bar" if rules.active_next_bar else "entry_bar",
            }
        },
    )


@pytest.mark.parametrize("block", range(BLOCKS))
def test_the_engine_fills_what_a_naive_reading_of_the_page_fills(block):
    filled, reasons = 0, set()
    for case in range(CASES):
        noise = np.random.default_rng([block, case])
        bars, rules = random_bars(noise), random_rules(noise)
        targets = noise.choice(TARGETS, len(bars)).tolist()
        oracle = Naive(bars, targets, rules)
        record = engine(bars, targets, rules)
        expected = [(f.bar, f.side * f.quantity, f.reason) for f in oracle.fills]
        assert expected == [(row, units, reason) for row, units, _, reason in fills(record)], (block, case, rules)
        prices = [booked.fill.price for booked in record.settlements]
        np.testing.assert_allclose(prices, [f.price for f in oracle.fills], rtol=1e-12)
        # Half a paisa a cash movement: the oracle multiplies exactly, the engine in float64.
        cash = record.settlements[-1].cash_paise if record.settlements else rules.capital * 100
        assert abs(cash - oracle.cash * 100) <= len(expected), (block, case, rules)
        filled += len(expected)
        reasons |= {f.reason for f in oracle.fills}
    assert filled > 1_500
    assert reasons - {"risk"} == {"signal", "stop_loss", "take_profit", "trailing_stop", "time_exit"}  # ruin is rare
