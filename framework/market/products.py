"""Product of a run: its margins, and with it the deadlines of its days, read once before the run begins."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from framework.errors import ConfigError
from framework.market.deadlines import CONTRACTS, EPOCH, deadlines_of
from framework.market.product_table import product_table
from framework.types.timeframe import Timeframe

if TYPE_CHECKING:
    from framework.market.product_table import ProductTable
    from framework.types import Panel, Settings


def with_product(settings: Settings, panel: Panel, first_row: int = 0) -> tuple[Settings, Panel]:
    """The settings with the product and its margins, the panel with its deadlines; without a product both as they are.

    The product of a charges plan (``upstox:MIS``) is the run's; days before ``first_row`` are not asked about. Raises
    ``ConfigError`` where a product and the prices do not go together, and where a square-off time cannot be known.
    """
    product = settings.product or settings.charges.product
    if product != "MIS" and settings.square_off is not None:
        msg = f"square_off {settings.square_off} is only for product MIS; leave it out, or add --product MIS"
        raise ConfigError(msg)
    if not product:
        return settings, panel
    table = product_table()
    _refuse_strangers(product, panel)
    margins = _margins(settings, product, panel, first_row, table)
    chosen = settings.model_copy(update={"product": product, **margins})
    if product == "CNC":
        return chosen, panel
    return chosen, panel.with_deadlines(deadlines_of(chosen, panel, first_row, table))


def _refuse_strangers(product: str, panel: Panel) -> None:
    """Refuse instruments that the product is not for."""
    if product == "MIS" and Timeframe.parse(panel.timeframe).dated:
        raise ConfigError(
            f"product MIS keeps nothing overnight, and {panel.timeframe} bars have no time of day to close at; use "
            "--timeframe 1m, 5m or 1h, or product CNC"
        )
    for instrument in panel.instruments:
        contract = instrument.kind.endswith(CONTRACTS)
        if product == "CNC" and contract:
            raise ConfigError(
                f"product CNC delivers shares, and {instrument} is a contract ({instrument.kind}): use NRML"
            )
        if product == "NRML" and instrument.kind and not contract:
            raise ConfigError(
                f"product NRML carries futures and options, and {instrument} is a {instrument.kind}: use CNC"
            )


def _margins(settings: Settings, product: str, panel: Panel, first_row: int, table: ProductTable) -> dict[str, float]:
    """``long_margin`` and ``short_margin``: as given, else the table's highest within the run."""
    if settings.long_margin is not None and settings.short_margin is not None:
        return {}
    first, last = (EPOCH + timedelta(days=int(panel.session[row])) for row in (first_row, -1))
    broker = settings.charges.plan.partition(":")[0]
    longs, shorts = [0.0], [0.0]
    for kind in sorted({instrument.kind or "other" for instrument in panel.instruments}):
        rows = table.margin_rows(broker, product, kind, first, last)
        longs += [row.long for row in rows]
        if any(row.short is None for row in rows) and settings.short_margin is None:
            raise ConfigError(
                f"product {product}: the margin of a short {kind} is no share of its premium; give --short-margin (a "
                "share of the premium, beside it), or 10 for the most cautious"
            )
        shorts += [row.short or 0.0 for row in rows]
    found = {"long_margin": max(longs) or 1.0, "short_margin": max(shorts) or 1.0}
    return {name: value for name, value in found.items() if getattr(settings, name) is None}
