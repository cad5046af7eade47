"""Sums of the account's own round trips so far: all that ``kelly`` sizing knows, and losses in a row."""

from __future__ import annotations

from framework.rules.breaker import losses_after


class TripStats:
    """Closed round trips, from flat to flat in one instrument, net of charges, in whole paise."""

    def __init__(self, instruments: int) -> None:
        self.closed = 0
        self.won = 0
        """Those with a net profit above 0."""
        self.won_paise = 0
        self.lost_paise = 0
        """Sum lost by the others, ≥ 0."""
        self.losses = 0
        """Closed in a row with a net loss, until the circuit breaker begins to count anew."""
        self._running = [0] * instruments
        """Net profit realised since the instrument was last flat."""

    def pay(self, i: int, paise: int) -> None:
        """A corporate action moved cash for what is held."""
        self._running[i] += paise

    def book(self, i: int, net_paise: int, opening_paise: int, *, ended: bool) -> None:
        """Take in a fill: what its closing part earned, net, and the charges of its opening part.

        ``ended``: the closing part took all that was held.
        """
        net_paise += self._running[i]
        self._running[i] = (0 if ended else net_paise) - opening_paise
        if ended:
            self.closed += 1
            self.losses = losses_after(self.losses, net_paise)
            if net_paise > 0:
                self.won += 1
                self.won_paise += net_paise
            else:
                self.lost_paise -= net_paise
