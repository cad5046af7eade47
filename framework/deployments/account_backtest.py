"""Backtest of a deployment: each strategy on its own capital by its own settings; the account is their sum.

A live day runs a session for each strategy too, so what holds here of each holds there. Only the limits of ``send:``,
which an order meets on its way out, are for the runner alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.backtest import backtest
from framework.errors import TulyaError
from framework.report.account_result import AccountResult
from framework.scratch import USUAL
from framework.usercode.find import find_rule

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from framework.live.deployment import Deployment
    from framework.report.result import Result
    from framework.run.inputs import Progress
    from framework.types.array_store import ArrayStore


def backtest_deployment(  # noqa: PLR0913 - options by name
    deployment: Deployment,
    *,
    db: Path | None = None,
    start: date | str | None = None,
    end: date | str | None = None,
    memory: str | ArrayStore = USUAL,
    causality: str = "default",
    engine: str = "auto",
    verify: bool = False,
    risk_free: float = 0.0,
    progress: Progress | None = None,
) -> AccountResult:
    """Run every strategy; the arguments are those of ``framework.backtest``, and so are the errors.

    An error says of which strategy it is.
    """
    runs: dict[str, Result] = {}
    for strategy in deployment.strategies:
        try:
            runs[strategy.name] = backtest(
                strategy.instance(),
                strategy.symbols,
                settings=strategy.settings,
                start=start,
                end=end,
                timeframe=strategy.timeframe,
                db=db,
                memory=memory,
                rules=[find_rule(rule)() for rule in strategy.risk_rules],
                causality=causality,
                engine=engine,
                verify=verify,
                risk_free=risk_free,
                name=strategy.strategy,
                progress=progress,
            )
        except TulyaError as error:
            error.args = (f"{deployment.file}, {strategy.name}: {error}",)
            raise
    facts = {
        "account": deployment.account,
        "stage": str(deployment.stage),
        "file": str(deployment.file),
        "file_sha256": deployment.file_sha256,
        "sha256": deployment.sha256,
    }
    return AccountResult(deployment.name, facts, runs)
