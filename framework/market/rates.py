"""A run's charges by a broker's plan: the rates that were in force on its days, read once before it begins."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from framework.errors import ConfigError
from framework.market.charges import PRODUCTS, ChargeSchedule, Dealing

if TYPE_CHECKING:
    from framework.types import Panel, Settings

EPOCH = date(1970, 1, 1)
USUAL_EXCHANGE = "NSE"
"""Where a run of prices is taken to trade when nobody said it."""
CONTRACTS = {"future": "futures", "option": "options"}


def with_rates(settings: Settings, panel: Panel, first_row: int = 0) -> Settings:
    """The settings with every tariff of the days from ``first_row`` on in them; settings without a plan as they are.

    Raises ``ConfigError`` for an unknown plan or product, for instruments of several exchanges, and for days that the
    table says nothing of.
    """
    charges = settings.charges
    if not charges.plan or charges.regimes:
        return settings
    plan, _, product = charges.plan.partition(":")
    segment = segment_of(panel, product)
    if product not in PRODUCTS[segment]:
        known = " or ".join(f"{plan}:{name}" for name in PRODUCTS[segment])
        what = "shares" if segment == "equity" else segment
        msg = f"charges {charges}: {product} is no product of {what}; write {known}"
        raise ConfigError(msg)
    exchanges = sorted({instrument.exchange or USUAL_EXCHANGE for instrument in panel.instruments})
    if len(exchanges) > 1:
        msg = f"charges {charges}: the run trades on {' and '.join(exchanges)}, whose charges differ; run them apart"
        raise ConfigError(msg)
    # A fill may come a day after the last decision's bar closed; a daily bar closes at the midnight after it.
    first, last = (EPOCH + timedelta(days=int(panel.session[row])) for row in (first_row, -1))
    days = (first, last + timedelta(days=1))
    schedule, dealing = ChargeSchedule.load(), Dealing(plan, exchanges[0], segment, product)
    read = charges._replace(
        regimes=tuple(((day - EPOCH).days, tariff) for day, tariff in schedule.regimes(dealing, *days)),
        assumed=tuple(map(str, schedule.assumptions(dealing, *days))),
    )
    return settings.model_copy(update={"charges": read})


def segment_of(panel: Panel, product: str) -> str:
    """The segment whose charges a run pays, by what its instruments are; ``ConfigError`` where they are of several.

    Of a series of which nobody said what it is, the product tells: NRML carries contracts, so it is taken for a future.
    """
    unsaid = "futures" if product == "NRML" else "equity"
    found = sorted(
        {CONTRACTS.get(one.kind.rpartition("_")[2], "equity") if one.kind else unsaid for one in panel.instruments}
    )
    if len(found) > 1:
        msg = f"the run trades {' and '.join(found)}, whose charges differ; run them apart"
        raise ConfigError(msg)
    return found[0]
