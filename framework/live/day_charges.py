"""Charges of an account's day: as they were booked fill by fill, and as the day's contract notes would have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.live.day_facts import fills_of
from framework.market.contract_note import Components, NoteFill, contract_note

if TYPE_CHECKING:
    from datetime import date

    from framework.live.ledger import AccountLedger


class DayCharges(NamedTuple):
    """Charges of one account and day, in paise."""

    booked_paise: int
    """Sum of what every fill was charged."""
    noted: Components
    """Components of the contract notes, of the strategies that have a broker's plan."""
    noted_booked_paise: int
    """What the fills on these notes were charged."""

    @property
    def difference_paise(self) -> int:
        """Notes less what was booked; + where the notes cost more."""
        return self.noted.total - self.noted_booked_paise


def charges_of_day(ledger: AccountLedger, day: date) -> DayCharges:
    """Charges of a day. A note gathers what all strategies traded on one exchange and in one segment.

    What a delivery product bought and sold on the day is not netted: a session keeps its own product's rates only.
    """
    notes: dict[tuple[str, bool], list[NoteFill]] = {}
    numbers: dict[tuple[str, int], int] = {}
    booked = noted_booked = 0
    for session in ledger.sessions.values():
        header = session.folded.header
        tariffs = header.settings.charges.tariffs(header.instruments) if header.settings.charges.plan else None
        for noted in fills_of(session, day):
            settlement = noted.body
            fill, instrument = settlement.fill, header.instruments[settlement.fill.instrument]
            booked += settlement.charges_paise
            if tariffs is None:
                continue
            noted_booked += settlement.charges_paise
            number = numbers.setdefault((session.name, fill.order_id), len(numbers) + 1)
            tariff = tariffs[fill.instrument].on(fill.time)
            notes.setdefault((instrument.exchange, bool(instrument.expiry)), []).append(
                NoteFill(number, str(instrument), fill.quantity, settlement.value_paise, tariff)
            )
    components = [contract_note(fills) for fills in notes.values()]
    return DayCharges(booked, Components(*map(sum, zip(*components, strict=True))), noted_booked)
