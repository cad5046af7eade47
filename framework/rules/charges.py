"""What a fill costs beside its value: a percentage of it, and a flat sum per executed order."""

from framework.rules.money import by_rate


def charges(value_paise: int, rate_e8: int, flat_paise: int, first_fill: bool) -> int:
    """Charges on one fill in paise ≥ 0: value × rate, half up, plus the flat sum on an order's first fill."""
    return by_rate(value_paise, rate_e8) + (flat_paise if first_fill else 0)
