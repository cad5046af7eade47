"""Explanation of an order, or of a missing one, by an account's journal: of one strategy's session in it.

The numbers of the links are those of the account's entries, and what the runner did with the order on its way to the
broker (sent, returned, denied) stands among them. Prices are the bars as the journal has them.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from framework.errors import DataError
from framework.journal.account_fold import AccountFold, FoldedAccount
from framework.journal.account_words import ACCOUNT_WORDS
from framework.journal.chain import Walk
from framework.journal.entries import KINDS, written_entry
from framework.live.history import GrowingBars
from framework.live.journal_records import record_of_session
from framework.live.order_names import NUMBER_DIGITS, tag_of
from framework.run.explanation import Explanation, Link, why
from framework.run.missing_order import why_not
from framework.run.trail import EnoughError
from framework.types import Bars, Panel, Timeframe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from framework.journal.account_fold import FoldedSession
    from framework.run.trail import Trail
    from framework.types import Record, RiskRule, Settings

    LinesOf = Callable[[], Iterable[bytes]]
    """Lines of the journal, from the first, at each call."""

WAY = {"sending": "sent", "returned": "outcome", "denied": "denied"}
"""Kind of an entry on an order's way → link."""


@dataclass(frozen=True)
class JournalRun:
    """A strategy's session in an account's journal, as an explanation takes it; see ``run.trail.ExplainedRun``."""

    run_id: str
    record: Record
    settings: Settings


class AskedSession(NamedTuple):
    """Session that a question is about, and how its bars are told."""

    session: str
    zone: ZoneInfo
    daily: bool


class JournalExplainer:
    """Explainer of one account's orders. Raises as ``journal.account_fold.fold_account`` does."""

    def __init__(self, name: str, lines: LinesOf, rules: Mapping[str, Sequence[RiskRule]]) -> None:
        """``name``: of the journal, for sentences. ``rules``: the user's own, by session."""
        self._name = name
        self._lines = lines
        self._rules = rules
        self._way: dict[str, list[Link]] = {}
        """By tag."""
        self.account = FoldedAccount()
        fold = AccountFold(self.account, rules, records=True)
        for text in Walk(lines()):
            written = written_entry(text)
            fold.take(written)
            if written.kind in WAY:
                body: Any = written.value(KINDS[written.kind], written.body)
                said = Link(WAY[written.kind], written.seq, ACCOUNT_WORDS[type(body)](body))
                self._way.setdefault(body.tag, []).append(said)

    def why(self, order: str, wanted: str = "") -> Explanation:
        """Explain an order by its tag, or by its number within a session; ``DataError`` when there is none.

        ``wanted``: the session that is meant, where a number alone says too little.
        """
        session, order_id = self._order(order, wanted)
        found = why(self._run(session), order_id, self._rules.get(session, ()), self._follow(session))
        way = self._way.get(tag_of(session, order_id), [])
        return self._mended(found)._replace(links=merged(found.links, way))

    def why_not(self, symbol: str, moment: int, wanted: str = "") -> Explanation:
        """Explain why nothing was ordered of a symbol at the bar of a moment, UTC ns; errors as of ``run.why_not``."""
        name = self.session_of(symbol, wanted).session
        rules = self._rules.get(name, ())
        return self._mended(why_not(self._run(name), symbol, moment, rules, self._follow(name)))

    def session_of(self, symbol: str, wanted: str = "") -> AskedSession:
        """The session that trades a symbol; ``DataError`` where none or several do."""
        names = [
            name
            for name in self._sessions(wanted)
            if any(
                symbol.upper() in {one.symbol.upper(), str(one).upper()}
                for one in self.account.sessions[name].session.instruments
            )
        ]
        if len(names) != 1:
            every = sorted({str(one) for found in self.account.sessions.values() for one in found.session.instruments})
            msg = (
                f"several sessions trade {symbol}: {', '.join(names)}; name one with --session"
                if names
                else f"no strategy of {self._name} trades {symbol}; they trade {', '.join(every)}"
            )
            raise DataError(msg)
        header = self.account.sessions[names[0]].header
        return AskedSession(names[0], ZoneInfo(header.instruments[0].timezone), Timeframe.parse(header.timeframe).daily)

    def _sessions(self, wanted: str) -> list[str]:
        found = [name for name in self.account.sessions if not wanted or name == wanted]
        if not found:
            msg = f"{self._name} has no session {wanted!r}; it has {', '.join(self.account.sessions) or 'none'}"
            raise DataError(msg)
        return found

    def _order(self, order: str, wanted: str) -> tuple[str, int]:
        number = order[-NUMBER_DIGITS:]
        if not order.isdecimal() and number.isdecimal() and order[:-NUMBER_DIGITS] in self.account.sessions:
            return order[:-NUMBER_DIGITS], int(number)
        if not order.isdecimal():
            msg = f"{order!r} is no tag of {self._name} and no number; tulya status --json lists open ones"
            raise DataError(msg)
        found = [name for name in self._sessions(wanted) if int(order) in self._records(name)]
        if len(found) == 1:
            return found[0], int(order)
        if found:
            tags = ", ".join(tag_of(name, int(order)) for name in found)
            msg = f"several strategies have an order {order}: {tags}; give the tag"
        else:
            have = [f"{name} has 1 to {max(self._records(name), default=0)}" for name in self._sessions(wanted)]
            msg = f"{self._name} has no order {order}; {', '.join(have)}"
        raise DataError(msg)

    def _records(self, name: str) -> dict[int, Any]:
        records = self.account.sessions[name].records
        return {} if records is None else records.orders

    def _run(self, name: str) -> JournalRun:
        folded = self.account.sessions[name]
        record = record_of_session(folded, panel_of(folded))
        return JournalRun(f"{folded.header.strategy} of {self._name}", record, folded.header.settings)

    def _follow(self, name: str) -> Callable[[Any, Trail, Sequence[RiskRule]], str]:
        def follow(_run: object, trail: Trail, _rules: Sequence[RiskRule]) -> str:
            fold = AccountFold(FoldedAccount(), self._rules, through={name: trail.take})
            with suppress(EnoughError):
                for text in Walk(self._lines()):
                    fold.take(written_entry(text))
            return f"journal {self._name}"

        return follow

    def _mended(self, found: Explanation) -> Explanation:
        """The hint to ``tulya why`` as it is written for a journal: without a run."""
        return found._replace(answer=found.answer.replace(f"tulya why {found.run_id} ", "tulya why "))


def merged(links: Sequence[Link], way: Sequence[Link]) -> tuple[Link, ...]:
    """Links with those of the way to the broker at their places; one without a number stays behind its predecessor."""
    latest, placed = -1, list[tuple[int, int, Link]]()
    for number, link in enumerate(links):
        latest = latest if link.entry is None else max(latest, link.entry)
        placed.append((latest, number, link))
    placed += [(link.entry or 0, len(links) + number, link) for number, link in enumerate(way)]
    return tuple(link for *_, link in sorted(placed, key=lambda one: one[:2]))


def panel_of(folded: FoldedSession) -> Panel:
    """Prices of a session as the journal has them."""
    header, records = folded.header, folded.records
    none = np.zeros(0)
    series = [
        GrowingBars(Bars.from_arrays(one, header.timeframe, np.zeros(0, dtype=np.int64), none, none, none, none, none))
        for one in folded.session.instruments
    ]
    for row in records.rows if records is not None else ():
        for i, one in enumerate(series):
            if row.close[i] > 0.0:
                one.append(row, i)
    return Panel.from_bars([one.bars() for one in series])
