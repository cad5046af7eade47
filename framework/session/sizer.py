"""Sizer: how many units a target of ±1 means when a position is opened, by the settings and the rulebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.rules import exits, sizing
from framework.session.order_prices import at_row, rupees
from framework.types.orders import NAN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.session.trip_stats import TripStats
    from framework.types import Instrument, Settings
    from framework.types.orders import Decisions, ExitDistances

SIZINGS = {
    "fixed": sizing.FIXED,
    "value": sizing.VALUE,
    "equity": sizing.EQUITY,
    "risk": sizing.RISK,
    "volatility": sizing.VOLATILITY,
    "kelly": sizing.KELLY,
    "equal_risk": sizing.EQUAL_RISK,
    "margin": sizing.MARGIN,
}


class Sizer:
    """Sizes opening decisions of one run; ``trips`` is what its round trips came to so far."""

    def __init__(
        self, settings: Settings, instruments: Sequence[Instrument], trips: TripStats, *, weights: bool = False
    ) -> None:
        """``weights``: targets say their sizes themselves, as shares of portfolio equity."""
        self._settings = settings
        self._stop, self._trail = settings.exits.stop_loss, settings.exits.trail
        self._fixed_amount: float = settings.sizing.amount
        self._kind = sizing.WEIGHT if weights else SIZINGS[settings.sizing.kind]
        self._instruments = tuple(instruments)
        self._share: float = settings.allotment or 1.0 / len(self._instruments)
        self._margins = settings.long_share, settings.short_share
        self._trips = trips

    def full_units(
        self,
        decisions: Decisions,
        i: int,
        side: int,
        price: float,
        equity_paise: int,
        distances: ExitDistances,
    ) -> int:
        """Units of a full target of instrument ``i`` on one side (+1, −1) at the decision close."""
        distance = NAN
        if self._kind == sizing.RISK:
            stop, trail = rupees(self._stop, price), rupees(self._trail, price)
            distance = exits.stop_distance(distances.stop, distances.trail, stop, trail)
        return sizing.full_units(
            self._kind,
            self._amount(),
            self._allotment(decisions, i),
            equity_paise,
            price,
            distance,
            at_row(decisions.volatility, i),
            self._margins[side < 0],
            self._instruments[i].lot,
        )

    def why_none(self, decisions: Decisions, i: int, equity_paise: int, units: int) -> int:
        """Reason code of a target of instrument ``i`` that means no unit, of a full size of ``units`` ≥ 0."""
        volatility = at_row(decisions.volatility, i)
        return sizing.why_none(self._kind, self._amount(), volatility, equity_paise, units)

    def _amount(self) -> float:
        amount, settings, trips = self._fixed_amount, self._settings, self._trips
        if self._kind != sizing.KELLY:
            return amount
        return sizing.kelly_amount(
            amount,
            settings.kelly_cap,
            settings.kelly_after,
            settings.kelly_start,
            trips.closed,
            trips.won,
            trips.won_paise,
            trips.lost_paise,
        )

    def _allotment(self, decisions: Decisions, i: int) -> float:
        """The instrument's share of equity; of equal risk, among those that have a volatility at this close."""
        if self._kind != sizing.EQUAL_RISK:
            return self._share
        total = 0.0
        for volatility in decisions.volatility or ():
            total += sizing.inverse(volatility)
        return sizing.equal_risk_allotment(at_row(decisions.volatility, i), total)
