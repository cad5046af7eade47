"""Repeated refusals (F85): a request that is refused again and again with one reason is denied here, but for a probe.

Three refusals of the identical request with the identical code: from then on it is denied on this machine, one probe a
minute may leave, and it is told once. Another price, size or code begins anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.pretrade.answers import ALLOW, Answer, Deny
from framework.pretrade.facts import SECOND_NS, RequestKind

if TYPE_CHECKING:
    from framework.pretrade.facts import Request
    from framework.types.orders import OrderType

ENOUGH = 3
"""Refusals."""
PROBE_NS = 60 * SECOND_NS
KEPT_NS = 24 * 3600 * SECOND_NS
"""A refusal that is so old counts no more."""


class RequestTerms(NamedTuple):
    """Terms by which two requests are the same; the order's own number is none of them."""

    action: RequestKind
    strategy: str
    symbol: str
    quantity: int
    type: OrderType
    limit: float | None
    trigger: float | None


class RefusalCount(NamedTuple):
    """Refusals of one request in a row."""

    code: str
    times: int
    last_ns: int
    """Time of the latest refusal, or of the probe that is under way."""


class Repeats:
    """Counts of refusals in a row, by the terms of a request."""

    def __init__(self) -> None:
        self._refused: dict[RequestTerms, RefusalCount] = {}

    def recall(self, request: Request, refused: str, time_ns: int) -> None:
        """An outcome of a process before this one: the broker's code, empty where it took the request."""
        if refused:
            self.note_refused(request, refused, time_ns)
        else:
            self.note_accepted(request)

    def review(self, request: Request, now_ns: int) -> Answer:
        """Deny what was refused often enough, until the next probe is due. A cancel always passes."""
        known = self._refused.get(_terms(request))
        if known is None or known.times < ENOUGH or request.action is RequestKind.CANCEL:
            return ALLOW
        if now_ns - known.last_ns >= PROBE_NS:
            return ALLOW
        return Deny("repeated", known.times, known.code)

    def note_leaving(self, request: Request, now_ns: int) -> None:
        """A request leaves; if it is a probe the next one is due a minute from now, whatever comes of this one."""
        terms = _terms(request)
        known = self._refused.get(terms)
        if known is not None and known.times >= ENOUGH:
            self._refused[terms] = known._replace(last_ns=now_ns)

    def note_refused(self, request: Request, code: str, now_ns: int) -> bool:
        """Count a refusal by the broker; True the one time that it should be told: at the third in a row."""
        self._refused = {terms: one for terms, one in self._refused.items() if now_ns - one.last_ns < KEPT_NS}
        terms = _terms(request)
        known = self._refused.get(terms)
        count = known.times + 1 if known is not None and known.code == code else 1
        self._refused[terms] = RefusalCount(code, count, now_ns)
        return count == ENOUGH

    def note_accepted(self, request: Request) -> None:
        """The broker took it: nothing is counted any more."""
        self._refused.pop(_terms(request), None)


def _terms(request: Request) -> RequestTerms:
    """NaN equals nothing, itself neither, so a price that is not there is None."""
    prices = [price if price == price else None for price in (request.limit, request.trigger)]  # noqa: PLR0124 - NaN
    return RequestTerms(
        request.action, request.strategy, request.symbol, request.quantity, request.type, prices[0], prices[1]
    )
