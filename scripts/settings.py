"""Writes what is declared about the settings of a run into config/trading.yaml and docs/configuration.md.

    .venv/bin/python scripts/settings.py

A test fails while a file says something else.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
RUN = re.compile(r"^run:\n(?:  .*\n)+", re.MULTILINE)
TABLE = re.compile(r"^\| `run\.`.*\n(?:\|.*\n)+", re.MULTILINE)


def written() -> dict[Path, str]:
    """Each file with its text as it should be."""
    from framework.config.setting_texts import run_section, settings_table

    yaml, page = ROOT / "config" / "trading.yaml", ROOT / "docs" / "configuration.md"
    return {
        yaml: RUN.sub(lambda _: run_section(), yaml.read_text("utf-8")),
        page: TABLE.sub(lambda _: settings_table(), page.read_text("utf-8")),
    }


if __name__ == "__main__":
    for path, text in written().items():
        if text != path.read_text("utf-8"):
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(ROOT)} written")
