"""Changed strategies: a session of the journal and the deployment that goes on with it must be of one kind.

A session is what its header says: another size, exit, symbol or timeframe is another session, which an account's
journal cannot make of it. What only decides (parameters, source, rules of the user's own) may change while nothing is
held and nothing rests; else a person says so in words, and what rests keeps the terms that it was sent with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from framework.journal.account_fold import FoldedSession
    from framework.journal.entries import JournalHeader
    from framework.session import Session

DECIDES = ("strategy", "parameters", "strategy_sha256", "rules")
"""Fields of a header that say what decides."""
IS = ("instruments", "style", "timeframe")
"""Those that say what the session is, its settings apart."""


def refuse_changes(
    known: Mapping[str, FoldedSession], wanted: Iterable[tuple[str, JournalHeader]], *, adopt: bool
) -> None:
    """Raise ``ConfigError`` where a deployment may not go on with a session of the journal.

    ``wanted``: the name in the deployment and the header of each strategy. ``adopt``: a person has said that what is
    held and rests is taken over by what decides now.
    """
    for name, header in wanted:
        folded = known.get(header.name)
        if folded is None:
            continue
        other = _settings(folded.header, header) + [_said(folded.header, header, one) for one in IS]
        if any(other):
            msg = (
                f"{name} is not what the journal has of it: {'; '.join(filter(None, other))}. Give the account another "
                "name (account: or --account), or the strategy another name (name:)"
            )
            raise ConfigError(msg)
        decides = [_said(folded.header, header, one) for one in DECIDES]
        holds = _holds(folded.session)
        if any(decides) and holds and not adopt:
            said = "; ".join(filter(None, decides))
            msg = (
                f"{name} decides otherwise than what it holds ({holds}) was decided by: {said}. "
                "Run it as it was until it is flat, or say --adopt: what rests keeps its terms"
            )
            raise ConfigError(msg)


def _holds(session: Session) -> str:
    """Positions and open orders in words; empty without any."""
    units = session.account.quantity
    held = [f"{units[i]:+,} {session.instruments[i]}" for i in session.account.held]
    resting = len(session.open_orders())
    return ", ".join([*held, *([f"{resting} open orders"] if resting else [])])


def _settings(old: JournalHeader, new: JournalHeader) -> list[str]:
    before, after = old.settings.model_dump(mode="json"), new.settings.model_dump(mode="json")
    return [_differs(name, before.get(name), after[name]) for name in after]


def _said(old: JournalHeader, new: JournalHeader, name: str) -> str:
    if name == "instruments":
        return _differs("symbols", [str(one) for one in old.instruments], [str(one) for one in new.instruments])
    if name == "strategy_sha256":
        return "" if old.strategy_sha256 == new.strategy_sha256 else "its source has changed"
    return _differs(name, getattr(old, name), getattr(new, name))


def _differs(name: str, before: Any, after: Any) -> str:
    if isinstance(before, dict) and isinstance(after, dict):
        parts = [_differs(key, before.get(key), after.get(key)) for key in sorted({*before, *after})]
        return "; ".join(filter(None, parts))
    return "" if before == after else f"{name} {_short(before)} → {_short(after)}"


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004 - a line of a terminal
