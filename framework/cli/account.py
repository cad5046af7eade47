"""``tulya account``: answers to a question about a holding of nobody's, and money of a strategy."""

from __future__ import annotations

from typing import Annotated

import typer

from framework.cli.control import Account, Patience, Yes, confirm, give, place_of
from framework.cli.options import AsJson, Database
from framework.live.control import CommandName

app = typer.Typer(
    name="account",
    help="Holdings that belong to no strategy: adopt, ignore, close; deposits and withdrawals.",
    no_args_is_help=True,
)
Symbol = Annotated[str, typer.Argument(metavar="SYMBOL", help="Instrument, such as NSE:SBIN.")]
Strategy = Annotated[
    str, typer.Option("--strategy", help="Strategy of the deployment; not needed where it has one.", metavar="NAME")
]
Amount = Annotated[float, typer.Argument(metavar="RUPEES", help="Rupees.", min=0.01)]


@app.command("adopt")
def adopt_command(
    symbol: Symbol,
    quantity: Annotated[int, typer.Option("--quantity", help="Units; below 0 = short.", metavar="UNITS")],
    price: Annotated[float, typer.Option("--price", help="Rupees per unit that it cost.", min=0.0, metavar="RUPEES")],
    strategy: Strategy = "",
    yes: Yes = False,
    account: Account = None,
    timeout: Patience = 10.0,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make a holding that is in the account a strategy's own: it gets its exits, and counts as deposited.

    Exit codes: 0 adopted · 1 an error, or no runner · 5 the runner refused · 8 no answer in time.

    Example:
    - tulya account adopt NSE:SBIN --quantity 100 --price 812.50 --strategy rsi
    """
    place = place_of(db, account)
    confirm(f"{quantity:+,} {symbol} become {strategy or 'the strategy'}'s own.", place.account, yes=yes)
    arguments = {"symbol": symbol, "quantity": str(quantity), "price": repr(price), "strategy": strategy}
    give(place, CommandName.ADOPT, arguments, timeout, as_json=as_json)


@app.command("ignore")
def ignore_command(
    symbol: Symbol, account: Account = None, timeout: Patience = 10.0, db: Database = None, as_json: AsJson = False
) -> None:
    """Leave a holding nobody's: it counts in the account's risk, in no strategy's profit.

    Exit codes: 0 noted · 1 an error, or no runner · 8 no answer in time.

    Example:
    - tulya account ignore NSE:SBIN
    """
    give(place_of(db, account), CommandName.IGNORE, {"symbol": symbol}, timeout, as_json=as_json)


@app.command("close")
def close_command(
    symbol: Symbol, account: Account = None, timeout: Patience = 10.0, db: Database = None, as_json: AsJson = False
) -> None:
    """Note that a holding of nobody's is to be closed by you, in the broker's own app: no order of ours is sent for it.

    Exit codes: 0 noted · 1 an error, or no runner · 8 no answer in time.

    Example:
    - tulya account close NSE:SBIN
    """
    give(place_of(db, account), CommandName.CLOSE, {"symbol": symbol}, timeout, as_json=as_json)


@app.command("deposit")
def deposit_command(
    rupees: Amount,
    strategy: Strategy = "",
    account: Account = None,
    timeout: Patience = 10.0,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Give a strategy more capital.

    Exit codes: 0 done · 1 an error, or no runner · 5 the runner refused · 8 no answer in time.

    Example:
    - tulya account deposit 50000 --strategy rsi
    """
    _move(CommandName.DEPOSIT, rupees, strategy, account, timeout, db, as_json=as_json)


@app.command("withdraw")
def withdraw_command(
    rupees: Amount,
    strategy: Strategy = "",
    account: Account = None,
    timeout: Patience = 10.0,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Take capital from a strategy, at most what it can spend.

    Exit codes: 0 done · 1 an error, or no runner · 5 the runner refused · 8 no answer in time.

    Example:
    - tulya account withdraw 10000 --strategy rsi
    """
    _move(CommandName.WITHDRAW, rupees, strategy, account, timeout, db, as_json=as_json)


def _move(
    name: CommandName,
    rupees: float,
    strategy: str,
    account: str | None,
    timeout: float,
    db: Database,
    *,
    as_json: bool,
) -> None:
    arguments = {"strategy": strategy, "paise": str(round(rupees * 100))}
    give(place_of(db, account), name, arguments, timeout, as_json=as_json)
