"""The nouns: frozen values that every layer speaks in. Nothing here does I/O or reads a clock.

The names are handed on at the first look: a live process that speaks of orders loads neither numpy nor pydantic.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framework.types.bars import Bars as Bars
    from framework.types.breaker import BreakerCause as BreakerCause
    from framework.types.breaker import BreakerEvent as BreakerEvent
    from framework.types.causality import Causality as Causality
    from framework.types.causality import CausalityVerdict as CausalityVerdict
    from framework.types.higher import HigherBars as HigherBars
    from framework.types.hooks import RiskRule as RiskRule
    from framework.types.hooks import Rule as Rule
    from framework.types.instrument import Instrument as Instrument
    from framework.types.limits import Limits as Limits
    from framework.types.orders import NAN as NAN
    from framework.types.orders import Approved as Approved
    from framework.types.orders import BarRow as BarRow
    from framework.types.orders import CancelRequest as CancelRequest
    from framework.types.orders import Decisions as Decisions
    from framework.types.orders import ExitDistances as ExitDistances
    from framework.types.orders import Fill as Fill
    from framework.types.orders import Order as Order
    from framework.types.orders import OrderRequest as OrderRequest
    from framework.types.orders import OrderType as OrderType
    from framework.types.orders import Reason as Reason
    from framework.types.orders import Validity as Validity
    from framework.types.orders import Verdict as Verdict
    from framework.types.panel import Panel as Panel
    from framework.types.portfolio import Portfolio as Portfolio
    from framework.types.portfolio import Position as Position
    from framework.types.portfolio import TradingState as TradingState
    from framework.types.record import Notice as Notice
    from framework.types.record import OrderRecord as OrderRecord
    from framework.types.record import OrderState as OrderState
    from framework.types.record import Record as Record
    from framework.types.record import Settlement as Settlement
    from framework.types.setting_values import Charges as Charges
    from framework.types.setting_values import Distance as Distance
    from framework.types.setting_values import Sizing as Sizing
    from framework.types.setting_values import Slippage as Slippage
    from framework.types.settings import Exits as Exits
    from framework.types.settings import Settings as Settings
    from framework.types.signals import Signals as Signals
    from framework.types.timeframe import Timeframe as Timeframe
    from framework.types.verification import Agreement as Agreement
    from framework.types.verification import Comparison as Comparison
    from framework.types.verification import Verification as Verification
    from framework.types.without_risk import WithoutRisk as WithoutRisk

PUBLIC = {
    "NAN": "orders",
    "Agreement": "verification",
    "Approved": "orders",
    "BarRow": "orders",
    "Bars": "bars",
    "BreakerCause": "breaker",
    "BreakerEvent": "breaker",
    "CancelRequest": "orders",
    "Causality": "causality",
    "CausalityVerdict": "causality",
    "Charges": "setting_values",
    "Comparison": "verification",
    "Decisions": "orders",
    "Distance": "setting_values",
    "ExitDistances": "orders",
    "Exits": "settings",
    "Fill": "orders",
    "HigherBars": "higher",
    "Instrument": "instrument",
    "Limits": "limits",
    "Notice": "record",
    "Order": "orders",
    "OrderRecord": "record",
    "OrderRequest": "orders",
    "OrderState": "record",
    "OrderType": "orders",
    "Panel": "panel",
    "Portfolio": "portfolio",
    "Position": "portfolio",
    "Reason": "orders",
    "Record": "record",
    "RiskRule": "hooks",
    "Rule": "hooks",
    "Settings": "settings",
    "Settlement": "record",
    "Signals": "signals",
    "Sizing": "setting_values",
    "Slippage": "setting_values",
    "Timeframe": "timeframe",
    "TradingState": "portfolio",
    "Validity": "orders",
    "Verdict": "orders",
    "Verification": "verification",
    "WithoutRisk": "without_risk",
}
"""Public name → the file that defines it."""

__all__ = [*PUBLIC]  # noqa: PLE0604 - the names are strings


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        msg = f"module 'framework.types' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(f"framework.types.{PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
