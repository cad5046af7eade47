"""Deployment: the strategies that trade on one account, what each may do, and what feeds them; as a file says it.

Plain values: the runner takes them and loads no library for it. ``framework.deployments`` reads and checks the file.
"""

from __future__ import annotations

import base64
import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from framework.pretrade.facts import SendLimits
    from framework.strategy import Strategy
    from framework.types.settings import Settings

SESSION_PREFIX = "ty"
"""Beginning of every session's name, and so of every tag of ours."""
SESSION_LETTERS = 10
"""Letters behind the prefix, 50 bits: the name has the 12 characters that a session may have."""


class Stage(StrEnum):
    """Stage of a deployment. A live one comes with a broker of its own."""

    PAPER = "paper"


class Reaction(StrEnum):
    """Reaction of a strategy to a lost feed or a halted account."""

    HOLD = "hold"
    """Everything stays as it is: positions, their protection, and entries that rest."""
    CANCEL_ENTRIES = "cancel_entries"
    """Entries that rest are cancelled; positions and their protection stay."""
    FLATTEN = "flatten"
    """Entries are cancelled and positions closed."""


class FeedSettings(NamedTuple):
    """Feed of a deployment."""

    kind: str = "replay"
    """``replay``: days of the market database."""
    grace_s: float = 2.0
    """Seconds that a bar may be late before its row goes on without it."""


class PaperSettings(NamedTuple):
    """Paper broker of a deployment. The defaults are a perfect broker; shares are 0–1, drawn from ``seed``."""

    broker: str = "bars"
    """``bars``: fills as a backtest has them; ``ticks``: at prices within the bars."""
    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    """Milliseconds at most that an answer takes beyond the latency."""
    partial_fills: float = 0.0
    """Share of fills that come in parts."""
    rejects: float = 0.0
    """Share of orders that are refused."""
    lost_answers: float = 0.0
    """Share of requests that are carried out and never answered."""
    doubled_answers: float = 0.0
    """Share of answers that come twice."""
    reordered_answers: float = 0.0
    """Share of answers that come behind the next one."""
    seed: int = 1


class ReportSettings(NamedTuple):
    """End-of-day report of a deployment: what it warns of."""

    order_to_trade: float = 10.0
    """Changes and cancels for each fill of a day, from which on it warns (F87)."""
    silent_share: float = 0.05
    """Share of usual days that may be called silent (F86), 0–1."""


class DeployedStrategy(NamedTuple):
    """Strategy of a deployment: its parameters, its instruments, its money and its rules."""

    name: str
    """One of its kind in the deployment."""
    session: str
    """Name of its session, with which its tags begin."""
    strategy: str
    """As the command line takes it: ``rsi``, ``module:Class``, ``./file.py:Class``."""
    parameters: Mapping[str, Any]
    """Every parameter, as JSON values."""
    symbols: tuple[str, ...]
    timeframe: str
    settings: Settings
    when_feed_lost: Reaction
    when_halted: Reaction
    risk_rules: tuple[str, ...]
    """Rules of the user's own, asked after the built-in ones: ``path.py:function``."""
    source_sha256: str
    """Of the file that defines the strategy."""

    def instance(self) -> Strategy:
        """The strategy with its parameters; errors are those of ``usercode.find.find_strategy``."""
        from framework.usercode.find import find_strategy

        return find_strategy(self.strategy).from_settings(dict(self.parameters))


class Deployment(NamedTuple):
    """Deployment, as its file says it and as it was checked."""

    name: str
    stage: Stage
    account: str
    strategies: tuple[DeployedStrategy, ...]
    feed: FeedSettings
    send: SendLimits
    """Limits of what may be sent, for all strategies of the account together."""
    paper: PaperSettings
    file: Path
    file_sha256: str
    """Of the file's bytes."""
    sha256: str
    """Of every value, defaults included: comments, order and spelling do not change it."""
    report: ReportSettings = ReportSettings()

    @property
    def capital_paise(self) -> int:
        """Sum of the strategies' deposits."""
        return sum(strategy.settings.capital_paise for strategy in self.strategies)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols of all strategies, each once, in their order in the file."""
        return tuple(dict.fromkeys(symbol for strategy in self.strategies for symbol in strategy.symbols))


def session_name(account: str, deployment: str, strategy: str) -> str:
    """Name of a strategy's session: 12 letters and digits, the same on every machine and after every restart.

    The last argument is the strategy's name in the deployment.
    """
    digest = hashlib.sha256(f"{account}\0{deployment}\0{strategy}".encode()).digest()
    return SESSION_PREFIX + base64.b32encode(digest).decode().lower()[:SESSION_LETTERS]


def on_account(deployment: Deployment, account: str | None) -> Deployment:
    """The same deployment on another account, its sessions under names of their own; None: as it is."""
    from framework.store.account_files import refuse_account_name

    if account is None or account == deployment.account:
        return deployment
    refuse_account_name(account)
    strategies = tuple(
        one._replace(session=session_name(account, deployment.name, one.name)) for one in deployment.strategies
    )
    return deployment._replace(account=account, strategies=strategies)
