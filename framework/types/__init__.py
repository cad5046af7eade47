"""The nouns: frozen values that every layer speaks in. Nothing here does I/O or reads a clock."""

from framework.types.bars import Bars
from framework.types.breaker import BreakerCause, BreakerEvent
from framework.types.causality import Causality, CausalityVerdict
from framework.types.higher import HigherBars
from framework.types.hooks import RiskRule, Rule
from framework.types.instrument import Instrument
from framework.types.limits import Limits
from framework.types.orders import (
    NAN,
    Approved,
    BarRow,
    CancelRequest,
    Decisions,
    ExitDistances,
    Fill,
    Order,
    OrderRequest,
    OrderType,
    Reason,
    Validity,
    Verdict,
)
from framework.types.panel import Panel
from framework.types.portfolio import Portfolio, Position, TradingState
from framework.types.record import Notice, OrderRecord, OrderState, Record, Settlement
from framework.types.setting_values import Charges, Distance, Sizing, Slippage
from framework.types.settings import Exits, Settings
from framework.types.signals import Signals
from framework.types.timeframe import Timeframe
from framework.types.verification import Agreement, Comparison, Verification
from framework.types.without_risk import WithoutRisk

__all__ = [
    "NAN",
    "Agreement",
    "Approved",
    "BarRow",
    "Bars",
    "BreakerCause",
    "BreakerEvent",
    "CancelRequest",
    "Causality",
    "CausalityVerdict",
    "Charges",
    "Comparison",
    "Decisions",
    "Distance",
    "ExitDistances",
    "Exits",
    "Fill",
    "HigherBars",
    "Instrument",
    "Limits",
    "Notice",
    "Order",
    "OrderRecord",
    "OrderRequest",
    "OrderState",
    "OrderType",
    "Panel",
    "Portfolio",
    "Position",
    "Reason",
    "Record",
    "RiskRule",
    "Rule",
    "Settings",
    "Settlement",
    "Signals",
    "Sizing",
    "Slippage",
    "Timeframe",
    "TradingState",
    "Validity",
    "Verdict",
    "Verification",
    "WithoutRisk",
]
