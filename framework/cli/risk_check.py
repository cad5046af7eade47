"""``tulya risk check``: an order reviewed by every decision rule in turn; nothing is placed."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from framework.cli import REFUSED_EXIT_CODE
from framework.cli.charges import INDIA, parse_order
from framework.cli.options import AsJson, Database, parse_pairs
from framework.errors import ConfigError, DataError

if TYPE_CHECKING:
    from pathlib import Path

    from framework.run.what_if import SessionAt
    from framework.session import Session
    from framework.session.explain import ReviewReport, RuleReport
    from framework.types import Instrument, RiskRule, Settings

_ORDER = re.compile(
    r"(?P<side>buy|sell)\s+(?P<symbol>.+?)\s+(?P<quantity>\d[\d,]*)(?:\s*@\s*(?P<price>\S+))?", re.IGNORECASE
)
FIXES = {
    "product": "choose another product, or leave the order",
    "state": "only reductions pass; see tulya risk events",
    "no_price": "give a price: buy INFY 100 @ 1500",
    "size_beyond_limit": "ask for less: no order holds that many units",
    "restricted": "take it off run.limits.restricted",
    "max_age": "import its newest bars, or raise run.limits.max_age",
    "max_jump": "look at its last two bars, or raise run.limits.max_jump",
    "price_band": "choose a price nearer to the last close, or raise run.limits.price_band",
    "max_orders_per_day": "wait for the next session, or raise run.limits.max_orders_per_day",
    "max_positions": "close another position, or raise run.limits.max_positions",
    "cash": "free cash, or raise the capital",
    "max_sector_value": "reduce the sector, or raise run.limits.max_sector_value",
    "max_gross_exposure": "reduce other positions, or raise run.limits.max_gross_exposure",
    "max_strategy_value": "reduce other positions, or raise run.limits.max_strategy_value",
}


class Wanted(NamedTuple):
    """An order as it was typed, understood."""

    symbol: str
    quantity: int
    """Signed units."""
    price: float
    """Rupees; NaN = at market."""

    def __str__(self) -> str:
        from framework.types.rupees import in_groups

        at = f"@ {in_groups(f'{self.price:.2f}')}" if self.price > 0.0 else "at market"
        return f"{'buy' if self.quantity > 0 else 'sell'} {self.symbol} {abs(self.quantity):,} {at}"


def check_command(
    order: Annotated[list[str], typer.Argument(metavar="ORDER", help="Such as 'buy INFY 100 @ 1500'.")],
    run: Annotated[
        str | None, typer.Option("--run", help="Ask for the account of a run at its end, by its own settings.")
    ] = None,
    capital: Annotated[float | None, typer.Option("--capital", help="Rupees of an account without positions.")] = None,
    limits: Annotated[
        list[str] | None,
        typer.Option("--limit", help="A limit instead of the configuration's; may be repeated.", metavar="NAME=VALUE"),
    ] = None,
    risk_rules: Annotated[
        list[str] | None,
        typer.Option("--risk-rule", help="A rule of your own; may be repeated.", metavar="FILE.py:NAME"),
    ] = None,
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Review an order by every decision rule, in their order; nothing is placed and nothing is kept.

    Without --run it is an account that holds only its capital, under the limits of the configuration.

    Exit codes: 0 something of it may go · 1 an error · 5 refused.

    Examples:
    - tulya risk check "buy INFY 100 @ 1500" --limit max_order_value=50000
    - tulya risk check "sell SP500 10" --run last
    """
    from framework.config.settings_file import database_path, load_config
    from framework.session.explain import explain_order
    from framework.types import Limits
    from framework.types.explain import unknown_name
    from framework.usercode.find import find_rule

    wanted = _wanted(" ".join(order))
    config, path = load_config(), database_path(db)
    rules = [find_rule(name)() for name in [*config.risk_rules, *(risk_rules or ())]]
    given = parse_pairs("--limit", limits or ())
    for name in given:
        if name not in Limits.model_fields:
            raise ConfigError(unknown_name("--limit: there is no limit", name, Limits.model_fields))
    if run is not None:
        if capital is not None:
            raise ConfigError(f"--capital is for an account without positions; a run ({run}) has its own")
        at = _of_run(run, path, given, rules)
    else:
        chosen = {"capital": capital} if capital is not None else {}
        at = _empty(wanted, path, config.run_choices({**chosen, **given}), rules)
    session = at.session
    try:
        answer = explain_order(session, _index(session, wanted.symbol), wanted.quantity, wanted.price)
    except OverflowError as error:
        raise ConfigError(f"{wanted}: {error}; ask for less") from error
    if as_json:
        typer.echo(json.dumps(_facts(wanted, session, answer), ensure_ascii=False, indent=2))
    else:
        _show(wanted, session, answer)
    if answer.reducing == 0 and answer.verdict.quantity == 0:
        raise typer.Exit(REFUSED_EXIT_CODE)


def _wanted(text: str) -> Wanted:
    match = _ORDER.fullmatch(text.strip())
    if match is None:
        raise ConfigError(
            f"{text!r} is not understood; write buy or sell, SYMBOL, QUANTITY and @ PRICE, such as buy INFY 100 @ 1500"
        )
    # Without a price any one stands in, so that the same parser says what is wrong.
    symbol, units, paise = parse_order([match["symbol"], f"{match['quantity']} @ {match['price'] or 1}"])
    price = paise / 100 if match["price"] else float("nan")
    return Wanted(symbol, units if match["side"].lower() == "buy" else -units, price)


def _of_run(run: str, db: Path, limits: dict[str, str], rules: list[RiskRule]) -> SessionAt:
    from dataclasses import replace

    from framework.run.history import find
    from framework.run.what_if import at_the_end

    record = find(run, db).record
    settings = record.settings.model_copy(update={"limits": _limits(record.settings, limits)}) if limits else None
    return at_the_end(replace(record, settings=settings) if settings else record, rules)


def _limits(settings: Settings, given: dict[str, str]) -> Any:
    from framework.types import Settings

    return Settings.of(**{**settings.limits.model_dump(exclude_unset=True), **given}).limits


def _empty(wanted: Wanted, db: Path, choices: dict[str, Any], rules: list[RiskRule]) -> SessionAt:
    from framework.run.inputs import with_product, with_rates
    from framework.run.what_if import before_the_first, one_price
    from framework.types import Settings

    if not wanted.price > 0.0:
        raise ConfigError(
            f"{wanted}: without --run there is no last price; write it, such as {wanted.symbol} 100 @ 1500"
        )
    today = (datetime.now(INDIA).date() - date(1970, 1, 1)).days
    panel = one_price(_instrument(wanted.symbol, db), wanted.price, today)
    settings, panel = with_product(with_rates(Settings.of(**choices), panel, 0), panel, 0)
    return before_the_first(panel, settings, rules)


def _instrument(symbol: str, db: Path) -> Instrument:
    """As the database knows it; one without prices has no tick and a lot of one."""
    from framework.store import open_store
    from framework.types import Instrument

    if db.is_file():
        with open_store(db, create=False) as store:
            try:
                return store.instrument(symbol)
            except DataError:
                pass
    exchange, _, plain = symbol.rpartition(":")
    return Instrument(plain, exchange)


def _index(session: Session, symbol: str) -> int:
    names = session.instruments
    found = [i for i, one in enumerate(names) if symbol.upper() in {one.symbol.upper(), str(one).upper()}]
    if not found:
        known = ", ".join(map(str, names[:5]))
        raise ConfigError(f"the run has no {symbol}; it has {known}{' and more' if len(names) > 5 else ''}")  # noqa: PLR2004 - as many as are named
    return found[0]


def _facts(wanted: Wanted, session: Session, answer: ReviewReport) -> dict[str, Any]:
    account = session.account
    return {
        "order": str(wanted),
        "account": {
            "equity": session.equity_paise / 100,
            "held": account.quantity[_index(session, wanted.symbol)],
            "buying_power": account.buying_power_paise() / 100,
            "state": str(session.state),
        },
        "reducing": answer.reducing,
        "increasing": answer.increasing,
        "rules": [
            {**one._asdict(), "verdict": verdict_text(one), "fix": _fix(one)} | _finite(one) for one in answer.reports
        ],
        "allowed": answer.reducing + abs(answer.verdict.quantity if answer.increasing else 0),
        "reason": answer.verdict.reason,
    }


def _finite(one: RuleReport) -> dict[str, Any]:
    """JSON has no NaN."""
    return {name: None for name in ("value", "bound") if (given := getattr(one, name)) != given}


def _show(wanted: Wanted, session: Session, answer: ReviewReport) -> None:
    from framework.types.rupees import rupees

    held = session.account.quantity[_index(session, wanted.symbol)]
    typer.echo(
        f"{wanted}: account of {rupees(session.equity_paise / 100)}, {held:+,} held, buying power "
        f"{rupees(session.account.buying_power_paise() / 100)}"
    )
    if answer.reducing:
        typer.echo(f"{answer.reducing:,} units only reduce: they pass whatever the limits and the state")
    if answer.reports:
        from framework.cli.tables import new_table, print_table

        table = new_table()
        for heading, side in (
            ("rule", "left"),
            ("verdict", "left"),
            ("has", "right"),
            ("may have", "right"),
            ("fix", "left"),
        ):
            table.add_column(heading, justify="right" if side == "right" else "left", no_wrap=True)
        for one in answer.reports:
            table.add_row(
                one.rule,
                verdict_text(one),
                amount_text(one.value, one.unit),
                amount_text(one.bound, one.unit),
                _fix(one),
            )
        print_table(table)
    typer.echo(_result(answer))


def verdict_text(one: RuleReport) -> str:
    """One rule's verdict in words."""
    return "passes" if one.units == one.asked else f"shrinks to {one.units:,}" if one.units else "refuses"


def _fix(one: RuleReport) -> str:
    if one.units == one.asked:
        return ""
    if one.rule in FIXES:
        return FIXES[one.rule]
    return (
        f"ask for at most {one.units:,}, or raise run.limits.{one.rule}"
        if one.unit != "words"
        else f"it says: {one.reason}"
    )


def _result(answer: ReviewReport) -> str:
    if answer.increasing == 0:
        return "Allowed: it only reduces"
    left = answer.reducing + abs(answer.verdict.quantity)
    whole = answer.reducing + answer.increasing
    if left == whole:
        return f"Allowed: {left:,}"
    return f"{'Refused' if left == 0 else f'Shrunk to {left:,} of {whole:,}'}: {answer.verdict.reason}"


def amount_text(amount: float | str, unit: str) -> str:
    """Amount that a rule measured, in its unit."""
    from framework.types.rupees import rupees

    if isinstance(amount, str):
        return amount
    return rupees(amount) if unit == "₹" else f"{amount:,}"
