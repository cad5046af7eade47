"""From target to order: what a decision changes, by how many units."""

NAN = float("nan")


def is_new(target: float, intent: float) -> bool:
    """True when a finite target differs from the last one: only that makes an order (no drift, no topping up)."""
    return target == target and target != intent  # noqa: PLR0124 - NaN keeps the intent


def change(position: int, desired: int, towards_zero: bool) -> int:
    """Signed units to order to come from ``position`` to ``desired`` on the same side (or from flat).

    A target that moved towards zero never buys: what risk clipped before is not topped up.
    """
    delta = desired - position
    if towards_zero and abs(desired) > abs(position):
        return 0
    return delta


def outstanding_reduction(position: int, desired: int) -> int:
    """Signed units that are still to be given back: re-issued every bar until it is done. 0 = none."""
    if position > 0:
        return min(max(desired, 0) - position, 0)
    return max(min(desired, 0) - position, 0)


def drifted(weight: float, position_paise: int, equity_paise: int, band_points: float) -> bool:
    """``band:P``: True when the position's weight is more than P percentage points of equity away from ``weight``."""
    if not (equity_paise > 0):
        return False
    return abs(weight - position_paise / equity_paise) * 100.0 > band_points
