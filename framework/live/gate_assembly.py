"""Assembly of the gate that stands before the paper broker: its world, windows and hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.journal.account_entries import AccountFinding
from framework.live.account_gate import AccountGate
from framework.live.account_orders import AccountMember
from framework.live.gatekeeper import MarketGatekeeper
from framework.live.hours import day_of
from framework.live.pacing import Pacing, own_pace
from framework.live.pretrade_world import NO_BAND, PretradeWorld
from framework.live.repeats import Repeats
from framework.live.schedule import MomentKind
from framework.live.traded_strategy import product_of
from framework.market.ceilings import first_ceilings
from framework.pretrade.facts import Authority, Tradable, TradingHours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from framework.live.deployment import Deployment
    from framework.live.hours import HoursOf
    from framework.live.runner_journal import RunnerJournal
    from framework.live.schedule import Schedule
    from framework.live.traded_strategy import TradedStrategy
    from framework.pretrade.facts import RequestWindow
    from framework.types.portfolio import TradingState

LOOK_AHEAD_NS = 30 * 86_400_000_000_000
"""No market is closed for longer."""
NEVER_LATE_NS = 365 * 86_400_000_000_000
"""By bars a reversal waits for the bar in which its exit trades, minutes later perhaps; it is not late for that."""
PAPER_TICK = 1e-20
"""Grid of prices where the store states none: rupees, so fine that every float lies on it; paper takes any price."""


class PaperGate(NamedTuple):
    """Gate of a paper account, with the facts that it stands on."""

    keeper: MarketGatekeeper
    world: PretradeWorld
    members: dict[str, AccountMember]
    """By session."""


def paper_gate(  # noqa: PLR0913 - the parts by name
    deployment: Deployment,
    traded: Sequence[TradedStrategy],
    journal: RunnerJournal,
    *,
    schedule: Schedule,
    hours: HoursOf,
    state: Callable[[], TradingState],
    today: int,
    windows: Iterable[RequestWindow] = (),
) -> PaperGate:
    """Gatekeeper of a paper account; ``today``: days since 1970-01-01 of the ceilings.

    ``windows``: those of a broker, where paper is to keep them; its own exchange has none.

    The paper exchange has no price band, and the sender is who the file says: nobody else can be.
    """
    by_bars = deployment.paper.broker == "bars"
    here = Authority(deployment.account, "tulya", "tulya", "127.0.0.1")
    members = {
        one.name: AccountMember(
            one.session,
            one.symbols,
            product_of(one.settings),
            told_late_ns=NEVER_LATE_NS if by_bars else 0,
        )
        for one in traded
    }
    world = PretradeWorld(deployment.send, members, configured=here, found=here, band=NO_BAND)
    world.ceilings = first_ceilings(day_of(today))
    world.note_restricted({})
    for one in traded:
        for symbol, instrument in zip(one.symbols, one.session.instruments, strict=True):
            world.note_instrument(symbol, Tradable(instrument.tick or PAPER_TICK, instrument.lot, None))

    def tell(code: str, text: str, symbol: str) -> None:
        journal.note(AccountFinding(code, text, symbol))

    def trading_hours(session: int) -> TradingHours | None:
        found = hours(session)
        if found is None:
            return None
        return TradingHours(session, found.open_ns, found.close_ns, found.close_ns, broker_open=True)

    def next_open(now: int) -> int:
        later = schedule.between(now, now + LOOK_AHEAD_NS)
        return next((one.time for one in later if one.kind is MomentKind.OPEN), now + LOOK_AHEAD_NS)

    gate = AccountGate(world, Repeats(), own_pace(world.limits, world.ceilings), Pacing(windows), tell)
    whole_rows = [one.name for one in traded] if by_bars else []
    keeper = MarketGatekeeper(gate, trading_hours, next_open, state, schedule.day_at, whole_rows)
    return PaperGate(keeper, world, members)
