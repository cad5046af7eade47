"""Machine on which the figures were measured."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


def machine() -> dict[str, str]:
    """Processor, memory, Python and the libraries that our own rows use."""
    libraries = ("numba", "numpy", "pandas", "ta-lib", "pyarrow")
    return {
        "measured": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "memory": memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": ", ".join(f"{name} {version(name)}" for name in libraries),
        "busy": busy(),
    }


def processor() -> str:
    """The model's name."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", info.read_text("utf-8")) if info.exists() else None
    return found[1] if found else platform.processor() or "unknown"


def memory() -> str:
    """Bytes of memory, in words."""
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1024**3:.0f} GiB"


def busy() -> str:
    """Load of the machine by others when the run began."""
    return f"load {os.getloadavg()[0]:.1f}"
