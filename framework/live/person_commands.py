"""Commands of a person, as a runner carries them out: states, wishes of the sessions, an end, money.

Every command is answered in one sentence, which the journal keeps; one that begins with ``refused`` changed nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

from framework.errors import ConfigError, InvariantError
from framework.journal.account_entries import DrillEnded, RunnerState
from framework.live.control import UNBLOCK_FILE, CommandName
from framework.session.persons import refuse_impossible
from framework.store.account_files import DRILL_ACCOUNT
from framework.types.events import PersonSays, Wish
from framework.types.record import OrderState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from framework.journal.entries import Body
    from framework.live.control import ControlCommand
    from framework.live.runner_state import RunnerStates
    from framework.live.traded_strategy import TradedStrategy
    from framework.types.events import Input

PERSON, KILL = "person", "kill"
"""Causes of a state."""
KILLED = "killed by a person: the file KILL is there; nothing but cancels leaves until tulya resume"
LONGEST_BLOCK_S = 120.0
STOPPED_BY_PERSON = "stopped by a person"


class CommandedRunner(Protocol):
    """Runner as its commands see it."""

    traded: dict[str, TradedStrategy]
    states: RunnerStates
    account_name: str

    def give(self, traded: TradedStrategy, event: Input) -> object:
        """Hand a session an input."""
        ...

    @property
    def closed(self) -> str:
        """Reason why nothing but cancels may leave; empty while it may."""
        ...

    def note(self, body: Body) -> None:
        """Note an entry."""
        ...

    def moment_of(self, traded: TradedStrategy) -> int:
        """Moment of an input that a session gets now."""
        ...

    def close_outbox(self, why: str) -> None:
        """Nothing but cancels leaves from here on; empty: it may again, unless something else forbids it."""
        ...

    def move_capital(self, traded: TradedStrategy, paise: int) -> None:
        """Have the broker's book of a strategy get cash (> 0) or lose it, where it has one."""
        ...

    def adopt_units(self, traded: TradedStrategy, symbol: str, quantity: int) -> None:
        """A strategy is about to take over signed units that are the account's."""
        ...

    def ignore_units(self, symbol: str) -> int:
        """Units that the broker shows of a symbol beyond the books stay nobody's; how many signed units those are."""
        ...

    def release(self, tag: str) -> str:
        """An absent order counts no more; its symbol and units, empty where no absent order has the tag."""
        ...

    @property
    def absent(self) -> Sequence[str]:
        """Tags of absent orders that count still."""
        ...

    def trust_symbols(self) -> None:
        """Symbols that were halted may be traded again."""
        ...

    def stop(self, cause: str) -> None:
        """End in good order."""
        ...


class Obeyed(NamedTuple):
    """Outcome of a command."""

    answer: str
    resumed: bool = False
    """The files HALT and KILL are over."""
    block_s: float = 0.0
    """Seconds that the loop is to hang."""


class PersonCommands:
    """Commands that a runner obeys."""

    def __init__(self, runner: CommandedRunner) -> None:
        self._runner = runner
        self._obey: dict[str, Callable[[Mapping[str, str]], Obeyed | str]] = {
            CommandName.HALT: self._halt,
            CommandName.REDUCE: self._reduce,
            CommandName.RESUME: self._resume,
            CommandName.FLATTEN: self._flatten,
            CommandName.KILL: self._kill,
            CommandName.STOP: self._stop,
            CommandName.ADOPT: self._adopt,
            CommandName.IGNORE: self._ignore,
            CommandName.CLOSE: self._close,
            CommandName.RELEASE: self._release,
            CommandName.DEPOSIT: self._deposit,
            CommandName.WITHDRAW: self._withdraw,
            CommandName.BLOCK_LOOP: self._block_loop,
            CommandName.DRILL_ENDED: self._drill_ended,
        }

    def obey(self, command: ControlCommand) -> Obeyed:
        """Carry out a command; never raises for what a person wrote."""
        carry_out = self._obey.get(command.name)
        if carry_out is None:
            return Obeyed(f"refused: there is no command {command.name!r}; there are {', '.join(CommandName)}")
        try:
            obeyed = carry_out(command.arguments)
        except (ConfigError, InvariantError) as error:
            return Obeyed(f"refused: {error}")
        return obeyed if isinstance(obeyed, Obeyed) else Obeyed(obeyed)

    # ------------------------------------------------------------------ states

    def _halt(self, arguments: Mapping[str, str]) -> str:
        return self._demand(PERSON, RunnerState.HALTED, _by(arguments))

    def _kill(self, arguments: Mapping[str, str]) -> str:
        self._runner.close_outbox(KILLED)
        return self._demand(KILL, RunnerState.HALTED, _by(arguments))

    def _reduce(self, arguments: Mapping[str, str]) -> str:
        answer = self._demand(PERSON, RunnerState.REDUCE_ONLY, _by(arguments))
        self._tell_all(Wish.REDUCE_ONLY)
        return answer

    def _demand(self, cause: str, state: RunnerState, text: str) -> str:
        new = self._runner.states.demand(cause, state, text)
        now = self._runner.states.state
        return f"the account is {now}" if new else f"the account was {now} already"

    def _resume(self, arguments: Mapping[str, str]) -> Obeyed:
        broken = [one.deployed.name for one in self._runner.traded.values() if one.session.broken]
        if broken:
            return Obeyed(f"refused: {', '.join(broken)} broke and can only be restarted: tulya stop, then tulya run")
        self._runner.close_outbox("")
        self._runner.states.resume(_by(arguments))
        self._runner.trust_symbols()
        for one in self._runner.traded.values():
            one.stopped = ""
        self._tell_all(Wish.RESUME)
        return Obeyed(f"the account is {self._runner.states.state}", resumed=True)

    def _stop(self, arguments: Mapping[str, str]) -> str:
        self._runner.stop(f"{STOPPED_BY_PERSON}{f': {by}' if (by := _by(arguments)) else ''}")
        return "the run ends; what rests at the broker stays there"

    # ------------------------------------------------------------------ positions

    def _flatten(self, arguments: Mapping[str, str]) -> str:
        symbol = arguments.get("symbol", "")
        if self._runner.closed:
            return f"refused: {self._runner.closed}; tulya kill --flatten leaves positions at the broker itself"
        told = list[str]()
        for traded in self._runner.traded.values():
            if not symbol:
                told += [f"{traded.deployed.name} {one}" for one in _held(traded)]
                self._tell(traded, Wish.FLATTEN)
            elif (column := _column(traded, symbol)) is not None:
                told += [f"{traded.deployed.name} {one}" for one in _held(traded, column)]
                self._tell(traded, Wish.FLATTEN, column)
            else:
                continue
        if symbol and not any(_column(one, symbol) is not None for one in self._runner.traded.values()):
            every = sorted({name for one in self._runner.traded.values() for name in one.symbols})
            return f"refused: no strategy trades {symbol}; they trade {', '.join(every)}"
        return f"leaving {', '.join(told)}" if told else "nothing was held; entries that rest are taken back"

    def _adopt(self, arguments: Mapping[str, str]) -> str:
        traded, column = self._holder(arguments)
        quantity, price = _whole(arguments, "quantity"), _number(arguments, "price")
        said = PersonSays(self._runner.moment_of(traded), Wish.ADOPT, column, quantity, price)
        refuse_impossible(said, traded.session.account)
        self._runner.adopt_units(traded, traded.symbols[column], quantity)
        self._runner.give(traded, said)
        return f"{traded.deployed.name} holds {quantity:+,} {traded.symbols[column]} at {price:,.2f} as its own"

    def _ignore(self, arguments: Mapping[str, str]) -> str:
        symbol = _text(arguments, "symbol")
        units = self._runner.ignore_units(symbol)
        of_it = f"{units:+,} {symbol} more than the books have stay" if units else f"{symbol} stays"
        return f"{of_it} nobody's: it counts in the account's risk, in no strategy's profit"

    def _close(self, arguments: Mapping[str, str]) -> str:
        symbol = _text(arguments, "symbol")
        return f"{symbol} is to be closed in the broker's own app: the runner sends no order of no strategy"

    def _release(self, arguments: Mapping[str, str]) -> str:
        tag = _text(arguments, "tag")
        if released := self._runner.release(tag):
            return f"{tag} ({released}) counts no more: its strategy may order in that symbol again"
        open_orders = {one.tag: one for traded in self._runner.traded.values() for one in traded.session.known_orders()}
        if tag in open_orders and open_orders[tag].state in {OrderState.SENT, OrderState.UNKNOWN}:
            return (
                f"refused: nobody knows yet what became of order {tag}; the broker's book is asked for it, and it can "
                "be released once three reads over a minute have not shown it"
            )
        return f"refused: no order {tag} is absent; absent and not released: {', '.join(self._runner.absent) or 'none'}"

    def _holder(self, arguments: Mapping[str, str]) -> tuple[TradedStrategy, int]:
        symbol, traded = _text(arguments, "symbol"), self._strategy(arguments)
        column = _column(traded, symbol)
        if column is None:
            msg = f"{traded.deployed.name} does not trade {symbol}; it trades {', '.join(traded.symbols)}"
            raise ConfigError(msg)
        return traded, column

    # ------------------------------------------------------------------ money

    def _deposit(self, arguments: Mapping[str, str]) -> str:
        return self._move(arguments, Wish.DEPOSIT, 1)

    def _withdraw(self, arguments: Mapping[str, str]) -> str:
        return self._move(arguments, Wish.WITHDRAW, -1)

    def _move(self, arguments: Mapping[str, str], wish: Wish, sign: int) -> str:
        traded, paise = self._strategy(arguments), _whole(arguments, "paise")
        account = traded.session.account
        said = PersonSays(self._runner.moment_of(traded), wish, paise=paise)
        refuse_impossible(said, account)
        if wish is Wish.WITHDRAW and paise > account.spendable_paise():
            spendable = account.spendable_paise() / 100
            msg = f"{traded.deployed.name} can spend {spendable:,.2f} rupees, not {paise / 100:,.2f}"
            raise ConfigError(msg)
        self._runner.give(traded, said)
        self._runner.move_capital(traded, sign * paise)
        return f"{traded.deployed.name}: cash is {account.cash_paise / 100:,.2f} rupees"

    def _strategy(self, arguments: Mapping[str, str]) -> TradedStrategy:
        """Strategy by its name; the only one where none is named."""
        wanted, every = arguments.get("strategy", ""), list(self._runner.traded.values())
        found = [one for one in every if not wanted or wanted in {one.deployed.name, one.name}]
        if len(found) != 1:
            msg = f"name one strategy of {', '.join(one.deployed.name for one in every)}, not {wanted or 'none'}"
            raise ConfigError(msg)
        return found[0]

    # ------------------------------------------------------------------ drills

    def _block_loop(self, arguments: Mapping[str, str]) -> Obeyed:
        if not self._runner.account_name.startswith(DRILL_ACCOUNT):
            return Obeyed(f"refused: a loop is blocked in an account of drills ({DRILL_ACCOUNT}…) only")
        seconds = min(_number(arguments, "seconds"), LONGEST_BLOCK_S)
        return Obeyed(f"the loop hangs for {seconds:g} s at most", block_s=seconds)

    def _drill_ended(self, arguments: Mapping[str, str]) -> str:
        ended = DrillEnded(
            _number(arguments, "seconds"),
            _whole(arguments, "orders"),
            _whole(arguments, "positions"),
            _whole(arguments, "at"),
        )
        self._runner.note(ended)
        return "noted"

    # ------------------------------------------------------------------ sessions

    def _tell_all(self, wish: Wish) -> None:
        for traded in self._runner.traded.values():
            self._tell(traded, wish)

    def _tell(self, traded: TradedStrategy, wish: Wish, column: int = -1) -> None:
        self._runner.give(traded, PersonSays(self._runner.moment_of(traded), wish, column))


def block(seconds: float, folder: Path) -> None:
    """Hang for so long, or until the file UNBLOCK appears in the run folder; removes it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not (folder / UNBLOCK_FILE).exists():
        time.sleep(0.02)
    (folder / UNBLOCK_FILE).unlink(missing_ok=True)


def _by(arguments: Mapping[str, str]) -> str:
    return " ".join(filter(None, (arguments.get("by", ""), arguments.get("text", ""))))


def _column(traded: TradedStrategy, symbol: str) -> int | None:
    """Instrument of a symbol, with its exchange or without."""
    wanted = symbol.upper()
    return next((i for one, i in traded.column.items() if wanted in {one.upper(), one.upper().partition(":")[2]}), None)


def _held(traded: TradedStrategy, column: int | None = None) -> list[str]:
    every = enumerate(traded.session.account.quantity)
    return [f"{traded.symbols[i]} {units:+,}" for i, units in every if units and column in {None, i}]


def _text(arguments: Mapping[str, str], name: str) -> str:
    found = arguments.get(name, "")
    if not found:
        msg = f"{name} is missing"
        raise ConfigError(msg)
    return found


def _number(arguments: Mapping[str, str], name: str) -> float:
    text = _text(arguments, name)
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not 0.0 <= found < float("inf"):
        msg = f"{name} is {text!r}; write a number of 0 or more"
        raise ConfigError(msg)
    return found


def _whole(arguments: Mapping[str, str], name: str) -> int:
    text = _text(arguments, name)
    try:
        return int(text)
    except ValueError:
        msg = f"{name} is {text!r}; write a whole number"
        raise ConfigError(msg) from None
