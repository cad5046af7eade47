"""``tulya why`` and ``tulya why-not``: how an order came about, and why there was none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from framework.cli.control import Account
from framework.cli.moments import day_or_moment
from framework.cli.options import AsJson, Database
from framework.cli.risk_check import amount_text, verdict_text
from framework.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from framework.live.journal_explanation import JournalExplainer
    from framework.report.result import Result
    from framework.run.explanation import Explanation
    from framework.session.explain import RuleReport
    from framework.types import RiskRule

RiskRules = Annotated[
    list[str] | None,
    typer.Option("--risk-rule", help="A rule of your own that the run had; may be repeated.", metavar="FILE.py:NAME"),
]
OfSession = Annotated[
    str, typer.Option("--session", help="Session of the account, where several have it.", metavar="NAME")
]


def why_command(
    run_or_order: Annotated[
        str, typer.Argument(metavar="[RUN] ORDER", help="Kept run, unless it is of an account; then the order.")
    ],
    order: Annotated[
        str | None,
        typer.Argument(metavar="", help="Number, as in orders.csv of a run's bundle; of an account a tag, too."),
    ] = None,
    risk_rules: RiskRules = None,
    account: Account = None,
    session: OfSession = "",
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Explain how an order came about: bar, columns, target, size, each risk rule's verdict, its way, fills, charges.

    With a RUN: an order of a kept backtest. Without: one of an account that tulya run trades, by its tag or number.

    The number before each link is its entry in the journal. A run without a journal (--journal) is run again by the
    event engine, and its entries are counted alike.

    Examples:
    - tulya why last 1
    - tulya why 1
    - tulya why tyynvrxuoou400000007 --account paper --json
    """
    if order is None:
        _show(_explainer(account, db).why(run_or_order, session), as_json=as_json)
        return
    from framework.run.explanation import why

    if not order.isdecimal() or int(order) < 1:
        raise ConfigError(f"ORDER {order!r} is no number of a run's order; orders.csv of its bundle lists them")
    _show(why(_run(run_or_order, db), int(order), _rules(risk_rules)), as_json=as_json)


def why_not_command(
    run_or_symbol: Annotated[
        str, typer.Argument(metavar="[RUN] SYMBOL", help="Kept run, unless it is of an account; then the instrument.")
    ],
    symbol_or_moment: Annotated[
        str, typer.Argument(metavar="TIME", help="Day, or a moment within the bar: 2024-03-01T10:15.")
    ],
    moment: Annotated[str | None, typer.Argument(metavar="", help="The same, after RUN and SYMBOL.")] = None,
    risk_rules: RiskRules = None,
    account: Account = None,
    session: OfSession = "",
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Explain why nothing was ordered of an instrument at a bar: the strategy, the size, a rule, an earlier order.

    With a RUN: of a kept backtest. Without: of an account that tulya run trades. TIME is in the exchange's local time.

    Examples:
    - tulya why-not last SP500 2008-10-10
    - tulya why-not NSE:SBIN 2015-01-05T10:15 --json
    """
    if moment is None:
        explainer = _explainer(account, db)
        asked = explainer.session_of(run_or_symbol, session)
        when = _moment(symbol_or_moment, asked.zone, daily=asked.daily)
        _show(explainer.why_not(run_or_symbol, when, asked.session), as_json=as_json)
        return
    from framework.run.missing_order import why_not
    from framework.types.timeframe import Timeframe

    result = _run(run_or_symbol, db)
    panel = result.record.panel
    zone, daily = ZoneInfo(panel.instruments[0].timezone), Timeframe.parse(panel.timeframe).dated
    when = _moment(moment, zone, daily=daily)
    _show(why_not(result, symbol_or_moment, when, _rules(risk_rules)), as_json=as_json)


def _explainer(account: str | None, db: Path | None) -> JournalExplainer:
    """Explainer of an account's journal."""
    from framework.cli.control import place_of
    from framework.cli.status import rules_of
    from framework.live.journal_explanation import JournalExplainer
    from framework.store.journal_reader import JournalReader

    place = place_of(db, account)
    reader = JournalReader(place.journal)
    return JournalExplainer(f"account {place.account}", reader.lines, rules_of(reader))


def _run(run: str, db: Any) -> Result:
    from framework.config.settings_file import database_path
    from framework.run.history import find

    return find(run, database_path(db))


def _rules(names: list[str] | None) -> list[RiskRule]:
    from framework.usercode.find import find_rule

    return [find_rule(name)() for name in names or ()]


def _moment(text: str, zone: ZoneInfo, *, daily: bool) -> int:
    """UTC nanoseconds; a day, and of daily bars any moment of it, is its first in UTC, where daily bars are stamped."""
    given = day_or_moment("TIME", text)
    if isinstance(given, datetime):
        there = given.astimezone(zone) if given.tzinfo else given.replace(tzinfo=zone)
        given = there.date() if daily else there
    elif not daily:
        raise ConfigError(
            f"TIME {text} is a day, and the run's bars have a time of day; write a moment, such as {given}T10:15"
        )
    moment = given if isinstance(given, datetime) else datetime.combine(given, time(), UTC)
    return int(moment.timestamp() * 1_000_000) * 1_000


def _show(found: Explanation, *, as_json: bool) -> None:
    if as_json:
        told = found._asdict()
        told["links"] = [link._asdict() for link in found.links]
        told["rules"] = [one._asdict() | _finite(one) for one in found.rules]
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    from framework.cli.tables import new_table, print_table

    typer.echo(f"{found.subject[:1].upper()}{found.subject[1:]}\n{found.answer[:1].upper()}{found.answer[1:]}.\n")
    table = new_table()
    table.add_column("link", no_wrap=True)
    table.add_column("entry", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for what, entry, text in found.links:
        table.add_row(what, "" if entry is None else str(entry), text)
    print_table(table)
    if found.rules:
        _show_rules(found.rules)
    typer.echo(f"\nEntries of {found.source}")


def _show_rules(rules: tuple[RuleReport, ...]) -> None:
    from framework.cli.tables import new_table, print_table

    typer.echo()
    table = new_table()
    for heading in ("rule", "verdict"):
        table.add_column(heading, no_wrap=True)
    for heading in ("has", "may have"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in rules:
        table.add_row(one.rule, verdict_text(one), amount_text(one.value, one.unit), amount_text(one.bound, one.unit))
    print_table(table)


def _finite(one: RuleReport) -> dict[str, Any]:
    """JSON has no NaN."""
    return {name: None for name in ("value", "bound") if (given := getattr(one, name)) != given}
