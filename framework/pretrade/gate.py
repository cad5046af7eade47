"""Gate: every pre-trade rule in a fixed order. It is total: for any input it answers and never raises.

A cancel always passes; all that can happen to it is to wait its turn. An order that only reduces passes every limit in
every state; it must be valid. Anything else must pass everything. An exception in a rule is a refusal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from framework.pretrade import limits, validity
from framework.pretrade.answers import ALLOW, Answer, Deny, Wait
from framework.pretrade.exposure import reduces
from framework.pretrade.facts import SECOND_NS, PretradeContext, Request, RequestKind
from framework.pretrade.rate import sent_at, wait_ns

if TYPE_CHECKING:
    from collections.abc import Sequence

Rule = Callable[[Request, PretradeContext, int], Answer]


def rate(request: Request, context: PretradeContext, now_ns: int) -> Answer:
    """Cancels a second, orders and changes a second: each from its own tokens, together within the law's rate."""
    cancels, lawful = request.action is RequestKind.CANCEL, context.ceilings.orders_per_second
    kept = min(context.limits.cancels_per_second, lawful)
    tokens = kept if cancels else min(context.limits.orders_per_second, lawful - kept)
    wait = wait_ns(sent_at(context.sends, cancels=cancels), tokens, SECOND_NS, now_ns)
    if wait <= 0:
        return ALLOW
    if not cancels and not now_ns + wait < request.expires_ns:
        return Deny("rate", wait / SECOND_NS, (request.expires_ns - now_ns) / SECOND_NS)
    return Wait(wait)


VALIDITY: Sequence[Rule] = (
    validity.expiry,
    validity.identity,
    validity.account,
    validity.instrument,
    validity.session,
    validity.quantity,
    validity.price,
    validity.legal_value,
)
LIMITS: Sequence[Rule] = (
    limits.state,
    limits.authority,
    limits.restricted,
    limits.cut_off,
    limits.market_data,
    limits.price_band,
    limits.order_value,
    limits.open_value,
    limits.position,
    limits.funds,
    limits.duplicate,
    limits.own_cross,
    limits.runaway,
)
RULES: Sequence[Rule] = (*VALIDITY, *LIMITS, rate)


def review(request: Request, context: PretradeContext, now_ns: int) -> Answer:
    """The first denial, else the wait, else allow."""
    answers = verdicts(request, context, now_ns)
    denials = [answer for _, answer in answers if isinstance(answer, Deny)]
    return denials[0] if denials else answers[-1][1]


def verdicts(request: Request, context: PretradeContext, now_ns: int) -> list[tuple[str, Answer]]:
    """Each rule that applies, by name, and its answer; the rate is the last one."""
    return [(rule.__name__, _answer(rule, request, context, now_ns)) for rule in _rules_for(request, context)]


def _rules_for(request: Request, context: PretradeContext) -> Sequence[Rule]:
    if request.action is RequestKind.CANCEL:
        return (rate,)
    try:
        passes_limits = reduces(request, context)
    except Exception:  # noqa: BLE001 - facts that cannot be read are no proof of a reduction
        passes_limits = False
    return (*VALIDITY, rate) if passes_limits else RULES


def _answer(rule: Rule, request: Request, context: PretradeContext, now_ns: int) -> Answer:
    try:
        return rule(request, context, now_ns)
    except Exception as error:  # noqa: BLE001 - the gate is total: what cannot be judged is refused
        return ALLOW if request.action is RequestKind.CANCEL else Deny("error", f"{rule.__name__}: {error!r}", "")
