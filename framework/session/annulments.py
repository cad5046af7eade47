"""Annulments (F81): an execution that was booked is cancelled by the exchange afterwards.

It is corrected by an entry of its own and never edited: the opposite execution at the same price, without charges, and
its own charges back. Cash is to the paisa what it had been without it. Nobody here can know what else the exchange will
take back, so nothing new is risked until a person says ``resume``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.session.aftermath import Aftermath
    from framework.session.desk import SessionDesk
    from framework.session.fills import BrokerFills, Hooks
    from framework.session.surprises import Surprises
    from framework.types.events import Annulled, Command


class Annulments:
    """Books corrections."""

    def __init__(
        self, desk: SessionDesk, fills: BrokerFills, aftermath: Aftermath, surprises: Surprises, hooks: Hooks
    ) -> None:
        self._inputs, self._account, _, _, self._tell = desk
        self._fills = fills
        self._aftermath = aftermath
        self._surprises = surprises
        self._hooks = hooks

    def annulled(self, answer: Annulled) -> list[Command]:
        """Take an execution back, once; one that was never booked here is told and changes nothing."""
        booked = self._fills.take_back(answer.fill_id)
        if booked is None:
            if not self._fills.has_heard_of(answer.fill_id):
                said = f"{answer.fill_id}: {answer.reason or 'no reason given'}"
                self._surprises.tell("annulled_unknown", self._inputs.now, said=said)
            return []
        fill, charges_paise = booked
        i = fill.instrument
        before = self._account.quantity[i]
        settlement = self._account.take_back(fill, charges_paise)
        self._tell(settlement)
        said = answer.reason or "no reason given"
        self._surprises.of_fill("annulled", self._inputs.now, answer.fill_id, fill, said=said)
        commands = self._aftermath.stranger_traded(i, before)
        self._hooks.filled(settlement)
        self._fills.watch_cash()
        return commands
