"""Rows of ``circuit_breaker_events``: what changed the trading state of a strategy, and of the whole account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.journal.account_entries import CommandHeard, RunnerState, StateChanged
from framework.store.account_rows import AccountBreakerRow
from framework.types.breaker import BreakerCause

if TYPE_CHECKING:
    from framework.live.ledger import AccountLedger, SessionLedger

TRADING = (RunnerState.ACTIVE, RunnerState.REDUCE_ONLY, RunnerState.HALTED)
PERSON = "person"


def breaker_rows(ledger: AccountLedger) -> list[AccountBreakerRow]:
    """Events of the strategies and of the account, by their entries; phases of a run are none."""
    found = [row for session in ledger.sessions.values() for row in _of_session(ledger, session)]
    state = RunnerState.ACTIVE
    for noted in ledger.entries[StateChanged]:
        changed = noted.body
        if changed.after in TRADING and changed.after is not state:
            found.append(
                AccountBreakerRow(
                    noted.seq, 0, "", noted.at, str(state), str(changed.after), _cause(changed, state), 0, 0, "",
                    PERSON if changed.cause == PERSON else "", f"{changed.cause}: {changed.text}".rstrip(": "),
                )
            )  # fmt: skip
            state = changed.after
    return sorted(found)


def _cause(changed: StateChanged, before: RunnerState) -> str:
    if changed.cause == PERSON:
        return str(BreakerCause.COMMAND)
    looser = TRADING.index(changed.after) < TRADING.index(before)
    return str(BreakerCause.RECONCILED if looser else BreakerCause.SURPRISE)


def _of_session(ledger: AccountLedger, session: SessionLedger) -> list[AccountBreakerRow]:
    found: list[AccountBreakerRow] = []
    for noted in session.breaker:
        event = noted.body
        step = found[-1].step + 1 if found and found[-1].seq == noted.seq else 0
        commanded = event.cause is BreakerCause.COMMAND
        found.append(
            AccountBreakerRow(
                noted.seq, step, session.name, event.time, str(event.before), str(event.after), str(event.cause),
                event.value, event.limit, session.symbols[event.instrument] if event.instrument >= 0 else "",
                PERSON if commanded else "", _command(ledger, noted.seq) if commanded else "",
            )
        )  # fmt: skip
    return found


def _command(ledger: AccountLedger, seq: int) -> str:
    """The latest command of a person before an entry."""
    heard = [one.body.name for one in ledger.entries[CommandHeard] if one.seq <= seq]
    return heard[-1] if heard else "a person's command"
