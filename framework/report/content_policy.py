"""Content policy of a page: only the scripts that are in it may run, and nothing may be fetched."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)


def policy_of(scripts: Iterable[str]) -> str:
    """The policy that lets exactly these scripts run (CSP level 2, hashes)."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def with_policy(page: str) -> str:
    """A page of our own making with its policy as the first thing in its head."""
    policy = policy_of(dict.fromkeys(SCRIPT.findall(page)))
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return HEAD.sub(lambda found: found.group(0) + meta, page, count=1)
