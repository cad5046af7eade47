"""Reactions of a strategy to a lost feed or a halted account, as its deployment declares them; nothing is implied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.live.deployment import Reaction
from framework.types.events import PersonSays, Wish

if TYPE_CHECKING:
    from collections.abc import Sequence


def wishes(reaction: Reaction, moment: int) -> Sequence[PersonSays]:
    """Inputs for the strategy's session; after them it opens nothing new until a person resumes it.

    ``hold`` is none: what rests and what is held stays, and the gate alone keeps new risk away.
    """
    if reaction is Reaction.HOLD:
        return ()
    halt = PersonSays(moment, Wish.REDUCE_ONLY)
    if reaction is Reaction.CANCEL_ENTRIES:
        return (halt,)
    return (halt, PersonSays(moment, Wish.FLATTEN))
