"""Gateway of the paper broker: a request on its way there and back, and a read; each may go wrong on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.broker.port import RATE_LIMITED, OrderRefused, OrderUnknown
from framework.errors import BrokerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.paper.house import PaperHouse
    from framework.broker.port import SendOutcome

UNHEARD = (
    ("server_error_accepted", "502 bad gateway"),
    ("garbled_reply", "200, and a body without an order id"),
)
"""Faults after which a request was carried out and nobody knows, with the answer's words."""


class PaperGateway:
    """Gateway before one house."""

    def __init__(self, house: PaperHouse) -> None:
        self._house = house
        self._logged_out_until = 0
        self._address_refused_until = 0

    async def request(self, kind: str, carry_out: Callable[[], SendOutcome]) -> SendOutcome:
        """Outcome of one request; ``carry_out`` is what it does when it arrives, with the lock held."""
        house = self._house
        if house.dice.happens("lost_request"):
            return await self._time_out(kind)
        if house.dice.happens("late_arrival"):
            house.later(house.now() + house.dice.time("late_ns"), lambda: _unheard(carry_out()))
            return await self._time_out(kind)
        await self._pass(house.dice.time("request_ns"))
        outcome = self._turned_away() or self._arrive(kind, carry_out)
        if house.dice.happens("lost_reply"):
            return await self._time_out(kind)
        await self._pass(house.dice.time("request_ns"))
        for fault, words in UNHEARD:
            if house.dice.happens(fault):
                return OrderUnknown(f"{kind}: {words}")
        return outcome

    def _turned_away(self) -> SendOutcome | None:
        """Answer to a request that reaches no order book; None = it does."""
        dice, now = self._house.dice, self._house.now()
        if dice.happens("logged_out"):
            self._logged_out_until = now + dice.time("logged_out_ns")
        if now < self._logged_out_until:
            return OrderRefused("token", "401: the token is not valid; log in again")
        if dice.happens("address_refused"):
            self._address_refused_until = now + dice.time("address_refused_ns")
        if now < self._address_refused_until:
            return OrderRefused("address", "403: orders do not come from this address")
        if dice.happens("rate_limited"):
            return OrderRefused(RATE_LIMITED, "429: too many requests")
        return OrderUnknown("503 service unavailable") if dice.happens("server_error_refused") else None

    def _arrive(self, kind: str, carry_out: Callable[[], SendOutcome]) -> SendOutcome:
        with self._house.lock:
            try:
                self._house.catch_up()
                return carry_out()
            except BrokerError as error:
                return OrderUnknown(f"{kind}: {error}")

    async def read(self) -> None:
        """The way of a read; ``BrokerError`` when it fails."""
        house = self._house
        await self._pass(house.dice.time("read_ns"))
        with house.lock:
            house.catch_up()
            if house.now() < self._logged_out_until:
                raise BrokerError("the paper broker's book cannot be read: 401 the token is not valid; log in again")
            if house.dice.happens("failed_read"):
                raise BrokerError("the paper broker's book cannot be read: 503 service unavailable; read it later")
            if house.dice.happens("renamed_orders"):
                house.rename_orders()
            if house.dice.happens("empty_book"):
                house.empty_book(house.dice.time("empty_ns"))

    async def _time_out(self, kind: str) -> SendOutcome:
        patience_ns = self._house.behaviour.timeout_ns
        await self._pass(patience_ns)
        return OrderUnknown(f"{kind}: no answer in {patience_ns / 1e9:g} s")

    async def _pass(self, length_ns: int) -> None:
        if length_ns > 0:
            await self._house.clock.sleep_until(self._house.now() + length_ns)


def _unheard(_outcome: SendOutcome) -> None:
    """The answer to what was given up long ago."""
