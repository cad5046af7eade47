"""A pydantic error as a sentence a person can act on."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import ValidationError


def explain(owner: str, error: ValidationError) -> str:
    """One sentence per mistake: owner.field = value, and the bound it breaks."""
    return "; ".join(explain_one(owner, mistake) for mistake in error.errors())


def explain_one(owner: str, mistake: Mapping[str, Any]) -> str:
    """One mistake as pydantic lists it."""
    field = ".".join(str(part) for part in mistake["loc"])
    reason = mistake["msg"].removeprefix("Value error, ")
    reason = reason[:1].lower() + reason[1:]
    where = f"{owner}.{field} = {mistake['input']!r}" if field else owner
    return f"{where}: {reason}"


def unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """``RSI has no parameter 'perid'; did you mean 'period'?``."""
    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(names) or 'none'}"
    return f"{what} {name!r}; {hint}"
