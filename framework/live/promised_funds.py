"""Promised funds: what increases were let go with, until the broker's figure of available funds has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.pretrade.facts import Funds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.types.record import OrderRecord

NO_FUNDS = Funds(0, 0)


class PromisedFunds:
    """The broker's figure, and promises by tag that it does not have yet."""

    def __init__(self) -> None:
        self._figure = NO_FUNDS
        self._counted: frozenset[str] = frozenset()
        """Tags of the orders that the figure has already."""
        self._paise: dict[str, int] = {}
        self._filled_at: dict[str, int] = {}
        """Tag → end of an order that has filled, UTC nanoseconds, of those promised."""

    def note_figure(self, available_paise: int, time_ns: int, shown: Iterable[str] | None) -> None:
        """A figure, when it was asked for, and the tags that the book of the same read showed as open; None: not read.

        Without the book, what was counted before still is.
        """
        self._figure = Funds(available_paise, time_ns)
        if shown is not None:
            self._counted = frozenset(shown)
        for tag in [tag for tag, ended_at in self._filled_at.items() if ended_at <= time_ns]:
            del self._filled_at[tag]
            self._paise.pop(tag, None)

    def promise(self, tag: str, paise: int) -> None:
        """An order is let go; a change of one that the figure had is not in it any more."""
        self._counted -= {tag}
        if paise > 0:
            self._paise[tag] = max(paise, self._paise.get(tag, 0))

    def note_end(self, tag: str, record: OrderRecord) -> None:
        """An order ended; one that filled nothing takes nothing."""
        if tag not in self._paise:
            return
        if record.filled:
            self._filled_at[tag] = record.ended_at
        else:
            self.forget(tag)

    def forget(self, tag: str) -> None:
        """It was refused with proof, or never left."""
        self._paise.pop(tag, None)
        self._filled_at.pop(tag, None)

    def is_counted(self, tag: str) -> bool:
        """True if the broker's figure has the order."""
        return tag in self._counted

    def of(self, tag: str) -> int:
        """Paise promised to an order; 0 where none are."""
        return self._paise.get(tag, 0)

    def left(self) -> Funds:
        """The figure less what has filled since then; what is promised to open orders the rule itself takes off."""
        spent = sum(self._paise[tag] for tag in self._filled_at)
        return self._figure._replace(available_paise=self._figure.available_paise - spent)
