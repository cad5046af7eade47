"""Where a result comes from: what must be the same for a rerun to give the same numbers."""

from __future__ import annotations

import hashlib
import platform
import secrets
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING

from framework.discovery import source_hash
from framework.version import __version__

if TYPE_CHECKING:
    from framework.strategy import Strategy
    from framework.types import Panel

LIBRARIES = ("numpy", "TA-Lib", "pydantic")


def provenance(strategy: Strategy, panel: Panel) -> dict[str, str]:
    """Versions, hashes of the strategy's source and of the prices, the command, and when (UTC)."""
    facts = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251 - the shell: when it was run
        "command": " ".join(sys.argv),
        "style": strategy.style(),
        "strategy_sha256": source_hash(type(strategy)),
        "data_sha256": data_hash(panel),
        "tulya": __version__,
        "python": platform.python_version(),
    }
    for library in LIBRARIES:
        try:
            facts[library] = version(library)
        except PackageNotFoundError:
            facts[library] = "not installed"
    return facts


def data_hash(panel: Panel) -> str:
    """sha256 over instruments, timeframe and every array of the panel."""
    digest = hashlib.sha256(repr((panel.instruments, panel.timeframe)).encode())
    for array in (panel.time, panel.open, panel.high, panel.low, panel.close, panel.volume, panel.factor):
        digest.update(array.tobytes())
    return digest.hexdigest()


def new_run_id(strategy: str) -> str:
    """Sortable and unique: ``20261122-133045-rsi-3f9a``."""
    part = strategy.rpartition(":")[2]
    if part.lower().endswith(".py"):  # a file without a class: its name, not its folders
        part = PureWindowsPath(part).stem  # which understands both kinds of slashes
    stem = "".join(letter for letter in part.lower() if letter.isalnum()) or "strategy"
    now = datetime.now(UTC)  # noqa: TID251 - the shell: when it was run
    return f"{now:%Y%m%d-%H%M%S}-{stem[:20]}-{secrets.token_hex(2)}"
