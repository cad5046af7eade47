"""From target to order: what a decision changes, by how many units."""

NAN = float("nan")


def is_new(target: float, intent: float) -> bool:
    """True when a finite target differs from the last one: only that makes an order (no drift, no topping up)."""
    return target == target and target != intent  # noqa: PLR0124 - NaN keeps the intent


def is_asked(target: float, intent: float, repeats: bool) -> bool:
    """True when a target asks for something: a new one, and where ``repeats`` also one that is said again."""
    return is_new(target, intent) | (repeats & (target == intent))  # no branch: a block is asked at once


def still_ignored(target: float, ignored: float) -> float:
    """``reenter: new_signal``: the ignored target until a finite other one comes, then NaN; NaN = none is ignored."""
    return NAN if is_new(target, ignored) else ignored


def ignored_after(new_signal: bool, intent: float, ignored: float) -> float:
    """The target that must first leave once a forced exit took the intent: with ``new_signal`` that intent."""
    return intent if new_signal and intent != 0.0 else ignored


def opens(position: int, target: float) -> bool:
    """True when a target ≠ 0 opens a position: from flat, or the other side of the one that is held."""
    return position == 0 or (position > 0) != (target > 0.0)


def reverses(position: int, quantity: int) -> bool:
    """True when an increase of ``quantity`` signed units opens the other side of what is held."""
    return position * quantity < 0


def is_rebalance(weights: bool, holds: bool, target: float) -> bool:
    """True when an order brings a weight that is held and still wanted to its size, rather than in or out."""
    return weights and holds and target != 0.0


KEPT, TAKEN_BACK, FORGOTTEN = 0, 1, 2
"""Codes of what becomes of an intent whose entry came to nothing."""


def after_no_entry(by_target: bool, reduces: bool, filled: int, leaving: bool, position: int) -> int:
    """Code of what becomes of the intent when an order ended unfilled.

    Of an entry that filled nothing it is what it was while a position was held, else 0, so that a finite target asks
    again (S12, M6); exits, entries filled in part, a forced exit under way and explicit orders leave it alone.
    """
    if not by_target or reduces or filled != 0 or leaving:
        return KEPT
    return TAKEN_BACK if position != 0 else FORGOTTEN


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


def moves_towards_zero(target: float, intent: float) -> bool:
    """True when a target is nearer to zero than the last one, on its side."""
    return abs(target) < abs(intent) and target * intent >= 0.0


def increase(position: int, desired: int, towards_zero: bool) -> int:
    """Signed units to add: all of ``desired`` after a reversal, the missing part on the same side, else 0."""
    if reverses(position, desired):
        return desired
    if abs(desired) <= abs(position):
        return 0
    return change(position, desired, towards_zero)


ON_SIGNAL, ON_CHANGE, EVERY_BAR, BAND = 0, 1, 2, 3
"""Codes of ``rebalance``: when ``allocate`` brings a position to its weight."""


def is_due(
    rebalance: int, target: float, intent: float, position_paise: int, equity_paise: int, band_points: float
) -> bool:
    """``allocate``: True when a weight that is not new is to be brought back to its size.

    ``on_signal``: where the row gives it again; ``every_bar``: at every bar while it is not 0; ``band:P``: when the
    position drifted more than P percentage points from it.
    """
    if rebalance == ON_SIGNAL:
        return is_asked(target, intent, True)
    if rebalance == ON_CHANGE or intent == 0.0:
        return False
    return rebalance == EVERY_BAR or drifted(intent, position_paise, equity_paise, band_points)


def drifted(weight: float, position_paise: int, equity_paise: int, band_points: float) -> bool:
    """``band:P``: True when the position's weight is more than P percentage points of equity away from ``weight``."""
    if not (equity_paise > 0):
        return False
    return abs(weight - position_paise / equity_paise) * 100.0 > band_points


NOT_NOW, KEEPS, RESIZES, CHANGES = 0, 1, 2, 3
"""Codes of what a row's target means."""


def meaning(
    target: float,
    intent: float,
    ignored: float,
    leaving: bool,
    rebalance: int,
    position_paise: int,
    equity_paise: int,
    band_points: float,
) -> int:
    """Code of what a target (NaN = none) means to an instrument that has a bar.

    NOT_NOW while it is ignored (``ignored`` is a number) or a forced exit is under way. CHANGES: it is the new intent.
    RESIZES: the intent is not new, but its position is brought back to its size; ``rebalance`` is ON_CHANGE where
    targets are no weights. KEEPS: nothing, though a resting entry may follow its limit.
    """
    if leaving or ignored == ignored:  # noqa: PLR0124 - NaN is the only value unequal to itself
        return NOT_NOW
    if is_new(target, intent):
        return CHANGES
    return RESIZES if is_due(rebalance, target, intent, position_paise, equity_paise, band_points) else KEEPS
