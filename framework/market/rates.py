"""A run's charges by a broker's plan: the rates that were in force on its days, read once before it begins."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from framework.errors import ConfigError
from framework.market.charge_rows import ANY
from framework.market.charges import PRODUCTS, ChargeSchedule, Dealing
from framework.market.series import series_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.types import Instrument, Panel, Settings

EPOCH = date(1970, 1, 1)
USUAL_EXCHANGE = "NSE"
"""Exchange of an instrument that names none."""
CONTRACTS = {"future": "futures", "option": "options"}
SHOWN = 5


def with_rates(settings: Settings, panel: Panel, first_row: int = 0) -> Settings:
    """The settings with every tariff of the days from ``first_row`` on in them; settings without a plan as they are.

    Raises ``ConfigError`` for an unknown plan or product, for what its product cannot trade, and for days that the
    table says nothing of.
    """
    charges = settings.charges
    if not charges.plan or charges.regimes:
        return settings
    # A fill may come a day after the last decision's bar closed; a daily bar closes at the midnight after it.
    first, last = (EPOCH + timedelta(days=int(panel.session[row])) for row in (first_row, -1))
    days = (first, last + timedelta(days=1))
    plan, _, product = charges.plan.partition(":")
    dealings = [dealing_of(instrument, plan, product) for instrument in panel.instruments]
    if product == "MIS":
        _refuse_trade_by_trade(panel.instruments, plan, *days)
    schedule = ChargeSchedule.load()
    tables: dict[tuple[tuple[int, tuple[int, ...]], ...], int] = {}
    numbers: dict[Dealing, int] = {}
    assumed: dict[str, None] = {}
    for dealing in dict.fromkeys(dealings):
        regimes = tuple(((day - EPOCH).days, tariff) for day, tariff in schedule.regimes(dealing, *days))
        numbers[dealing] = tables.setdefault(regimes, len(tables))
        assumed.update(dict.fromkeys(map(str, schedule.assumptions(dealing, *days))))
    own, *others = tables
    several = zip(map(str, panel.instruments), map(numbers.__getitem__, dealings), strict=True)
    read = charges._replace(
        regimes=own, others=tuple(others), of=tuple(several) if others else (), assumed=tuple(assumed)
    )
    return settings.model_copy(update={"charges": read})


def dealing_of(instrument: Instrument, plan: str, product: str) -> Dealing:
    """Charge class of an instrument, by its known facts; ``ConfigError`` if the class has no such product.

    An unknown instrument is taken for a plain share of NSE, or with NRML, which carries contracts, for a future. A
    fund of unknown kind is taken for an equity-oriented one.
    """
    exchange = instrument.exchange or USUAL_EXCHANGE
    unsaid = "futures" if product == "NRML" else "equity"
    segment = CONTRACTS.get(instrument.kind.rpartition("_")[2], "equity") if instrument.kind else unsaid
    if product not in PRODUCTS[segment]:
        known = " or ".join(f"{plan}:{name}" for name in PRODUCTS[segment])
        what = "shares" if segment == "equity" else segment
        msg = f"charges {plan}:{product}: {product} is no product of {what}; write {known}"
        raise ConfigError(msg)
    if segment != "equity":
        return Dealing(plan, exchange, segment, product)
    kind = "other_etf" if instrument.equity_oriented is False else "etf" if instrument.kind == "fund" else "stock"
    return Dealing(plan, exchange, segment, product, kind, instrument.series if exchange == "BSE" else ANY)


def _refuse_trade_by_trade(instruments: Sequence[Instrument], plan: str, first: date, last: date) -> None:
    """Refuse intraday for instruments that settle trade by trade."""
    table = series_table()
    found = [one for one in instruments if table.trade_by_trade(one.exchange, one.series, first, last)]
    if found:
        named = ", ".join(f"{one} ({one.series})" for one in found[:SHOWN])
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        msg = (
            f"charges {plan}:MIS: {named}{more} settles trade by trade, so it cannot be traded intraday; "
            f"leave it out, or write {plan}:CNC"
        )
        raise ConfigError(msg)
