"""Entries in words: one line for each input, command and fact, with the names of the instruments."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from framework.journal.account_words import ACCOUNT_WORDS
from framework.journal.entries import KIND_OF, Checkpoint, Closed, Handled, JournalHeader
from framework.types import breaker, events, orders, record
from framework.types.rupees import in_groups, rupees
from framework.types.timeframe import SECOND_NS, Timeframe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from framework.journal.entries import Body
    from framework.types import Instrument

SHOWN = 3
"""Instruments that one line names."""
EPOCH = date(1970, 1, 1)


class Wording:
    """Words for the values of one journal."""

    def __init__(self, instruments: Sequence[Instrument], timeframe: str = "") -> None:
        self._names = tuple(map(str, instruments))
        self._zone = ZoneInfo(instruments[0].timezone) if instruments else UTC
        self.daily = bool(timeframe) and Timeframe.parse(timeframe).dated
        """Bars are days or longer: their times are dates."""

    def when(self, moment: int) -> str:
        """A moment where the exchange is, to the second; the date of a daily bar's open."""
        if self.daily:
            return f"{datetime.fromtimestamp(moment // SECOND_NS, UTC):%Y-%m-%d}"
        return f"{datetime.fromtimestamp(moment // SECOND_NS, self._zone):%Y-%m-%d %H:%M:%S %Z}"

    def closing(self, moment: int) -> str:
        """Moment of a close; of a daily bar the end of its date."""
        return self.when(moment - 1 if self.daily else moment)

    def bar(self, opened: int, closed: int) -> str:
        """A bar by its date, or by when it closed."""
        return f"bar of {self.when(opened)}" if self.daily else f"bar that closed at {self.when(closed)}"

    def name(self, i: int) -> str:
        """An instrument's name; the account's where there is none."""
        return self._names[i] if 0 <= i < len(self._names) else "account"

    def kind(self, body: Body) -> str:
        """Kind of an entry: the class of its input, or ``header``, ``checkpoint``, ``closed``."""
        return type(body.input).__name__ if isinstance(body, Handled) else KIND_OF[type(body)]

    def body(self, body: Body) -> str:
        """Words of an entry, without what followed."""
        if isinstance(body, JournalHeader):
            chosen = ", ".join(f"{name}={value}" for name, value in body.parameters.items())
            version = body.versions.get("tulya", "")
            return f"{body.strategy}{f' ({chosen})' if chosen else ''} on {self._some(self._names)}, Tulya {version}"
        if isinstance(body, Checkpoint):
            return f"state, version {body.version}"
        if isinstance(body, Closed):
            held = [f"{self.name(i)} {units:+,}" for i, units in enumerate(body.positions) if units]
            return f"equity {rupees(body.equity_paise / 100)}, {self._some(held) or 'flat'}"
        if isinstance(body, Handled):
            return self.say(body.input)
        return ACCOUNT_WORDS[type(body)](body)

    def say(self, value: Any) -> str:
        """One input, command or fact, without the name of its class."""
        words = WORDS.get(type(value))
        return _fields(value) if words is None else words(self, value)

    def session(self, day: int) -> str:
        """A session's date."""
        return str(EPOCH + timedelta(days=day))

    def _some(self, texts: Sequence[str]) -> str:
        more = len(texts) - SHOWN
        return ", ".join(texts[:SHOWN]) + (f" and {more} more" if more > 0 else "")

    # ------------------------------------------------------------------ inputs

    def opens(self, one: events.BarOpens) -> str:
        """``BarOpens``."""
        return f"session {self.session(one.session)}{', its last bar' if one.ends_session else ''}"

    def closes(self, one: events.BarCloses) -> str:
        """``BarCloses``."""
        there = [
            f"{name} {in_groups(f'{close:.2f}')}"
            for name, close in zip(self._names, one.row.close, strict=True)
            if close > 0.0
        ]
        return self._some(there) or "no bar"

    def decided(self, one: events.Decided) -> str:
        """``Decided``: targets that are numbers, then requests."""
        said = []
        if one.decisions is not None:
            pairs = zip(self._names, one.decisions.target, strict=True)
            said = [f"{name} {target:+g}" for name, target in pairs if not math.isnan(target)]
        said += [self.say(request) for request in one.requests]
        return self._some(said) or "nothing"

    def request(self, one: orders.OrderRequest) -> str:
        """``OrderRequest``."""
        return self._ordered(one.quantity, one.instrument, one.limit, one.trigger)

    def filled(self, one: events.Filled) -> str:
        """``Filled``."""
        fill = one.fill
        return f"order {fill.order_id}: {self._ordered(fill.quantity, fill.instrument)} @ {rupees(fill.price)}"

    def annulled(self, one: events.Annulled) -> str:
        """``Annulled``."""
        return f"execution {one.fill_id}{f': {one.reason}' if one.reason else ''}"

    def answered(self, one: Any) -> str:
        """Any other answer of the broker."""
        why = getattr(one, "reason", "") or getattr(one, "cause", "") or str(getattr(one, "state", ""))
        return f"order {one.order_id}{f': {why}' if why else ''}"

    def person(self, one: events.PersonSays) -> str:
        """``PersonSays``."""
        parts = [one.wish.value.replace("_", " "), self.name(one.instrument) if one.instrument >= 0 else ""]
        parts += [f"{one.quantity:+,} @ {rupees(one.price)}" if one.quantity else ""]
        parts += [rupees(one.paise / 100) if one.paise else ""]
        return " ".join(filter(None, parts))

    def action(self, one: events.ActionKnown) -> str:
        """``ActionKnown``."""
        known = one.due.action
        what = f"{known.kind or 'action'} ×{known.factor:g}" if known.factor != 1.0 else known.kind or "action"
        paid = f", dividend {rupees(known.dividend)}" if known.dividend else ""
        return f"{self.name(one.due.instrument)} {what}{paid}, ex-date {self.session(one.due.ex_day)}"

    # ------------------------------------------------------------------ commands and facts

    def order(self, one: orders.Order) -> str:
        """An order with its number and why it is there."""
        text = self._ordered(one.quantity, one.instrument, one.limit, one.trigger)
        return f"order {one.order_id}: {text} ({one.reason.value.replace('_', ' ')})"

    def submit(self, one: events.Submit) -> str:
        """``Submit``."""
        asked, order = one.approved.requested, one.approved.order
        less = f", {asked:+,} asked for: {one.approved.verdict.reason}" if asked != order.quantity else ""
        return self.order(order) + less

    def change(self, one: events.Change) -> str:
        """``Change``."""
        return f"order {one.order_id} to {one.quantity:+,}{_prices(one.limit, one.trigger)}"

    def settled(self, one: record.Settlement) -> str:
        """``Settlement``."""
        value, charges, cash = (rupees(paise / 100) for paise in (one.value_paise, one.charges_paise, one.cash_paise))
        return f"{value}, charges {charges}, {self.name(one.fill.instrument)} {units(one.position)}, cash {cash}"

    def ended(self, one: record.OrderRecord) -> str:
        """``OrderRecord``."""
        why = f": {one.why.replace('_', ' ')}" if one.why else ""
        return f"{self.order(one.order)} {one.state.value}{why}"

    def tripped(self, one: breaker.BreakerEvent) -> str:
        """``BreakerEvent``."""
        return f"{one.before.value} → {one.after.value} ({one.cause.value.replace('_', ' ')})"

    def applied(self, one: record.AppliedAction) -> str:
        """``AppliedAction``."""
        held = f"{units(one.before)} → {units(one.after)}"
        return f"{self.name(one.instrument)} {one.kind}: {held}, {rupees(one.cash_paise / 100)}"

    def _ordered(self, quantity: int, i: int, limit: float = math.nan, trigger: float = math.nan) -> str:
        side = "buy" if quantity > 0 else "sell"
        return f"{side} {abs(quantity):,} {self.name(i)}{_prices(limit, trigger)}"


def units(quantity: int) -> str:
    """Signed units; nothing is 0."""
    return f"{quantity:+,}" if quantity else "0"


def _prices(limit: float, trigger: float) -> str:
    stop = f" stop {in_groups(f'{trigger:.2f}')}" if trigger > 0.0 else ""
    return stop + (f" limit {in_groups(f'{limit:.2f}')}" if limit > 0.0 else "")


def _fields(value: Any) -> str:
    """Fields that say something: what stands for none is left out."""
    fields = value._asdict()
    return ", ".join(f"{name} {said}" for name, said in fields.items() if name != "moment" and said not in {0, ""})


WORDS: Mapping[type, Callable[[Wording, Any], str]] = {
    events.BarOpens: Wording.opens,
    events.BarCloses: Wording.closes,
    events.Decided: Wording.decided,
    events.SessionEnds: lambda _words, _one: "",
    events.Tick: lambda _words, _one: "",
    events.Filled: Wording.filled,
    events.Annulled: Wording.annulled,
    **dict.fromkeys(
        (events.Accepted, events.Refused, events.Changed, events.ChangeRefused, events.Cancelled), Wording.answered
    ),
    **dict.fromkeys(
        (events.CancelRefused, events.Expired, events.Unknown, events.Found, events.Waited), Wording.answered
    ),
    events.PersonSays: Wording.person,
    events.ActionKnown: Wording.action,
    events.Submit: Wording.submit,
    events.Cancel: lambda _words, one: f"order {one.order_id}",
    events.Change: Wording.change,
    orders.OrderRequest: Wording.request,
    orders.CancelRequest: lambda words, one: f"take back {one.label or 'all'} of {words.name(one.instrument)}",
    record.Settlement: Wording.settled,
    record.OrderRecord: Wording.ended,
    record.Notice: lambda _words, one: one.text,
    breaker.BreakerEvent: Wording.tripped,
    record.AppliedAction: Wording.applied,
    events.Surprise: lambda _words, one: one.text,
}
"""Class → its line."""
