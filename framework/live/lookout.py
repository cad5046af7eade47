"""Lookout of a runner: what is worrying about the feed and the day holds new risk back for as long as it lasts.

A worry that is over is lifted by itself, also one that the process before this one raised. What a strategy does about
a lost feed or a halted account is declared in its deployment, and done once for each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.journal.account_entries import RunnerState
from framework.live.market_watch import CLOCK_BEHIND, DAY_DOUBTFUL, FEED_SILENT, FEED_SLOW
from framework.live.reactions import wishes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from framework.broker.feed import FeedBar
    from framework.live.barrier import StrayBar
    from framework.live.market_watch import MarketWatch
    from framework.live.outbox import Gatekeeper
    from framework.live.runner_state import RunnerStates
    from framework.live.traded_strategy import TradedStrategy
    from framework.types.events import PersonSays

    Report = Callable[[str, str, str, str], None]
    """Takes a finding: code, text, symbol, question."""

FEED_DOWN = "feed_down"
OF_THE_WATCH = (FEED_SILENT, FEED_SLOW, DAY_DOUBTFUL, CLOCK_BEHIND)
"""Causes that this lookout lifts."""


class Lookout:
    """Lookout of one account."""

    def __init__(
        self,
        watch: MarketWatch | None,
        states: RunnerStates,
        gate: Gatekeeper,
        report: Report,
        give: Callable[[TradedStrategy, PersonSays], object],
    ) -> None:
        """``watch`` None: nobody looks. ``report`` takes a finding, ``give`` hands a session an input."""
        self._watch = watch
        self._states = states
        self._gate = gate
        self._report = report
        self._give = give
        self._worries = self._demanded()
        """Code and symbol of what was worrying at the last look."""
        if watch is not None and (CLOCK_BEHIND, "") in self._worries:
            watch.lag.is_there = True  # until bars are taken, which none was since
        self._reacted: set[tuple[str, str]] = set()
        """Cause and session of the reactions that were carried out."""

    def take(self, bar: FeedBar, now: int) -> StrayBar | None:
        """Hear a bar; one that is to be held back comes back with the reason."""
        return None if self._watch is None else self._watch.take(bar, now)

    def hear_mark(self, now: int) -> None:
        """The feed says that it is complete up to a moment: it lives, where the mark is its own."""
        if self._watch is not None and self._watch.marks_are_life:
            self._watch.hear_mark(now)
            self._gate.see_complete(now)

    def hear_judged(self, judged: Sequence[StrayBar | None]) -> bool:
        """Hear how the barriers judged a bar; True if that changes what is worrying, so that a look is due."""
        if self._watch is None:
            return False
        before = self._watch.lag.is_there
        self._watch.hear_judged(judged)
        return self._watch.lag.is_there is not before

    def forget(self) -> None:
        """A person has resumed: what is still worrying is reported anew, but for what no word of a person ends."""
        self._worries = self._demanded()

    def _demanded(self) -> set[tuple[str, str]]:
        return {(code, "") for code in OF_THE_WATCH if code in self._states.demands}

    def look(self, now: int, traded: Iterable[TradedStrategy], moment_of: Callable[[TradedStrategy], int]) -> None:
        """Look once; ``moment_of`` a session is that of its next input."""
        found = {} if self._watch is None else {(one.code, one.symbol): one for one in self._watch.look(now)}
        for code, symbol in sorted(self._worries - found.keys()):
            if symbol:
                self._gate.trust_symbol(symbol)
            else:
                self._states.lift(code)
        for (code, symbol), worry in found.items():
            if (code, symbol) in self._worries:
                continue
            self._report(code, worry.text, symbol, worry.question)
            if symbol:
                self._gate.distrust_symbol(symbol, worry.text)
            elif worry.no_new_risk:
                self._states.demand(code, RunnerState.REDUCE_ONLY, worry.text)
        self._worries = set(found)
        self.react(traded, moment_of)

    def react(self, traded: Iterable[TradedStrategy], moment_of: Callable[[TradedStrategy], int]) -> None:
        """Have every strategy do what its deployment declares, once each time that feed or account fails."""
        lost = bool({FEED_SILENT, FEED_DOWN} & self._states.demands.keys())
        halted = self._states.state is RunnerState.HALTED
        for one in traded:
            self._react("feed", one, moment_of, there=lost)
            self._react("halt", one, moment_of, there=halted)

    def _react(
        self, cause: str, traded: TradedStrategy, moment_of: Callable[[TradedStrategy], int], *, there: bool
    ) -> None:
        """Once for each time that a cause appears."""
        key = (cause, traded.name)
        if not there:
            self._reacted.discard(key)
        elif key not in self._reacted:
            self._reacted.add(key)
            declared = traded.deployed
            for wish in wishes(declared.when_feed_lost if cause == "feed" else declared.when_halted, moment_of(traded)):
                self._give(traded, wish)
