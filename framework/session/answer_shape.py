"""The shape of an answer: numbers where numbers belong. What has another shape is reported, and nothing is made of it.

An adapter that passes a broker's text on where a number belongs must not stop the program that looks after positions.
"""

from __future__ import annotations

from typing import Any

from framework.types import events
from framework.types.orders import Fill
from framework.types.record import OrderState

KINDS: dict[type, tuple[type, ...]] = {
    events.Accepted: (int, int),
    events.Refused: (int, int, str, bool, int, float),
    events.Filled: (int, str, Fill, bool),
    events.Changed: (int, int),
    events.ChangeRefused: (int, int, str),
    events.Cancelled: (int, int, str),
    events.CancelRefused: (int, int, str),
    events.Expired: (int, int),
    events.Unknown: (int, int, str),
    events.Found: (int, int, OrderState, int, int, float, float),
    events.Annulled: (int, str, str),
    Fill: (int, int, int, float, int),
}
"""Kind of every field of an answer, and of the fill in it."""
OF_FILLED, OF_FILL = KINDS[events.Filled], KINDS[Fill]


def is_understood(answer: Any) -> bool:
    """True when every field is of its kind; an int is a float, and True is no number."""
    kinds = KINDS[type(answer)]
    if tuple(map(type, answer)) == kinds:  # most are, and this asks in a third of the time
        return kinds is not OF_FILLED or tuple(map(type, answer.fill)) == OF_FILL or is_understood(answer.fill)
    for value, kind in zip(answer, kinds, strict=True):
        given = type(value)
        if given is kind or (kind is float and given is int):
            continue
        if not issubclass(given, kind) or given is bool:
            return False
    return type(answer) is not events.Filled or is_understood(answer.fill)
