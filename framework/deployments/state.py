"""State of a deployment: what its account's journal says of it, without a runner to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.store.account_files import journal_path

if TYPE_CHECKING:
    from pathlib import Path

    from framework.live.deployment import Deployment

NEVER_RUN, HAS_RUN = "never run", "has run"


def state_of(deployment: Deployment, database: Path) -> str:
    """State of a deployment whose account's journal lies beside a market database; ``never run`` without one."""
    return HAS_RUN if journal_path(database, deployment.account).is_file() else NEVER_RUN
