"""Behaviour of the paper broker: how long things take and what goes wrong, by shares and one random generator."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from framework.errors import ConfigError

if TYPE_CHECKING:
    from random import Random

SECOND_NS = 1_000_000_000
REFUSALS = (("margin", "not enough funds"), ("freeze", "more than the freeze quantity"), ("band", "beyond the band"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperBehaviour:
    """Behaviour of a paper broker; the default one is perfect.

    A float is the share (0 to 1) of the cases in which something happens, a pair the least and the most of a time in
    nanoseconds. ``ConfigError`` on a share outside 0 to 1 and on a time that is negative or upside down.
    """

    one_cancels_other: bool = True
    """Orders of a group: the first that fills takes the others out of the book. Always so by bars."""
    refuses_crossed_stops: bool = False
    """By ticks: a stop whose trigger the market has gone past already is refused."""

    # ------------------------------------------------------------------ times
    request_ns: tuple[int, int] = (0, 0)
    """Until a request takes effect; its reply takes as long again."""
    news_ns: tuple[int, int] = (0, 0)
    read_ns: tuple[int, int] = (0, 0)
    timeout_ns: int = 5 * SECOND_NS
    """Patience with a reply that does not come."""

    # ------------------------------------------------------------------ requests
    lost_request: float = 0.0
    """It never arrives; the outcome is unknown."""
    lost_reply: float = 0.0
    """It is carried out, and nobody hears so; the outcome is unknown."""
    late_arrival: float = 0.0
    """It arrives long after its reply was given up."""
    late_ns: tuple[int, int] = (5 * SECOND_NS, 25 * SECOND_NS)
    refused: float = 0.0
    """A new order, with one of ``refusals``."""
    refusals: tuple[tuple[str, str], ...] = REFUSALS
    """Code and words."""
    refused_later: float = 0.0
    """A new order that was accepted: the news refuse it."""
    server_error_accepted: float = 0.0
    """It is carried out, and the answer is an error of the gateway: unknown."""
    server_error_refused: float = 0.0
    """It is not, with the same answer."""
    garbled_reply: float = 0.0
    """It is carried out, and the answer cannot be read."""
    rate_limited: float = 0.0
    """Refused with proof: too many requests."""
    logged_out: float = 0.0
    """The token dies: every request is refused and every read fails, for ``logged_out_ns``."""
    logged_out_ns: tuple[int, int] = (10 * SECOND_NS, 120 * SECOND_NS)
    address_refused: float = 0.0
    """Requests are refused for our address, for ``address_refused_ns``; reads go on."""
    address_refused_ns: tuple[int, int] = (10 * SECOND_NS, 120 * SECOND_NS)
    cancel_refused: float = 0.0
    change_refused: float = 0.0
    doubled_order: float = 0.0
    """A new order is in the book twice, with one tag."""

    # ------------------------------------------------------------------ news
    doubled_news: float = 0.0
    lost_news: float = 0.0
    reordered_news: float = 0.0
    """Held back by up to ``reordered_ns``, so that later ones overtake it."""
    reordered_ns: int = 2 * SECOND_NS
    repeated_state: float = 0.0
    """The order's news before are told once more, after newer ones."""
    unknown_word: float = 0.0
    """An order's state is a word that the adapter does not know."""
    dropped_connection: float = 0.0
    """At some news the stream breaks, for ``dropped_ns``."""
    dropped_ns: tuple[int, int] = (SECOND_NS, 20 * SECOND_NS)
    lost_while_down: float = 1.0
    """Of the news of that time; the others come all the same."""

    # ------------------------------------------------------------------ the book
    hidden_order: float = 0.0
    """A new order is not shown by reads at first."""
    hidden_ns: tuple[int, int] = (SECOND_NS, 10 * SECOND_NS)
    failed_read: float = 0.0
    empty_book: float = 0.0
    """A read finds the broker restarted: its book is empty for ``empty_ns``."""
    empty_ns: tuple[int, int] = (SECOND_NS, 10 * SECOND_NS)

    renamed_orders: float = 0.0
    """At a read the broker's resting orders have other ids than before."""
    stale_read: float = 0.0
    """A snapshot shows what the one before it showed."""
    missing_part: float = 0.0
    """A snapshot lacks orders, fills, positions or funds."""
    late_trade: float = 0.0
    """Order and position have a fill that the trade book and the news show only ``late_trade_ns`` later."""
    late_trade_ns: tuple[int, int] = (SECOND_NS, 20 * SECOND_NS)

    # ------------------------------------------------------------------ the market
    partial_fill: float = 0.0
    """By ticks: only some lots of the order fill at a tick."""
    over_fill: float = 0.0
    """By ticks: a lot more fills than was ordered."""
    annulled_fill: float = 0.0
    """The exchange cancels a fill, ``annulled_ns`` later."""
    annulled_ns: tuple[int, int] = (SECOND_NS, 60 * SECOND_NS)
    hand_trade: float = 0.0
    """After a fill the owner trades the same symbol by hand."""
    squared_off: float = 0.0
    """After a fill the broker's risk desk closes the whole position."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float) and not 0.0 <= value <= 1.0:
                raise ConfigError(f"paper behaviour {field.name}={value}: a share lies between 0 and 1")
            if field.name.endswith("_ns"):
                least, most = value if isinstance(value, tuple) else (value, value)
                if not 0 <= least <= most:
                    raise ConfigError(f"paper behaviour {field.name}={value}: give nanoseconds, 0 ≤ least ≤ most")


PERFECT = PaperBehaviour()


class Dice:
    """Dice of a paper broker: every choice is drawn here, and each that went wrong is counted in ``seen``."""

    def __init__(self, behaviour: PaperBehaviour, random: Random) -> None:
        self._behaviour = behaviour
        self._random = random
        self.seen: Counter[str] = Counter()
        """Name of a share → times that it happened."""

    def happens(self, name: str) -> bool:
        """True when this share's case has come up. A share of 0 draws nothing: adding a fault moves no other one."""
        share: float = getattr(self._behaviour, name)
        if not share > 0.0 or self._random.random() >= share:
            return False
        self.seen[name] += 1
        return True

    def time(self, name: str) -> int:
        """Nanoseconds within this pair."""
        least, most = getattr(self._behaviour, name)
        return int(least) if least == most else self._random.randint(least, most)

    def part(self, whole: int) -> int:
        """1 to ``whole``, which is ≥ 1."""
        return self._random.randint(1, whole)

    def refusal(self) -> tuple[str, str]:
        """Code and words."""
        return self._random.choice(self._behaviour.refusals)
