"""``tulya calendar``: when an exchange trades, and why not."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from framework.cli.options import AsJson
from framework.errors import ConfigError, DataError

if TYPE_CHECKING:
    from rich.table import Table

    from framework.market.calendar import Calendar, TradingDay, Window

app = typer.Typer(
    name="calendar",
    help="Sessions of NSE and BSE: days, hours, holidays.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Exchange = Annotated[str, typer.Option("--exchange", help="NSE, BSE, or one with a file in config/sessions.")]
Klass = Annotated[
    str, typer.Option("--class", help="cas (shares in the closing auction), other, fno; default: all.", metavar="NAME")
]
BAR_LENGTHS = ("1m", "5m", "15m", "1h")


@app.command("show")
def show(
    when: Annotated[str, typer.Argument(help="A month such as 2026-11, or a day such as 2026-11-08.", metavar="WHEN")],
    exchange: Exchange = "NSE",
    klass: Klass = "",
    as_json: AsJson = False,
) -> None:
    """A month as a table, or all that is known of one day.

    Examples:
    - tulya calendar show 2026-11
    - tulya calendar show 2026-11-08 --exchange NSE
    """
    from framework.market.calendar import Calendar

    calendar = Calendar.load(exchange)
    days = _days(when)
    classes = _classes(calendar, klass)
    facts = [_facts(calendar, day, classes) for day in days]
    if len(days) == 1:
        typer.echo(json.dumps(_day_json(calendar, facts[0]), indent=2) if as_json else _day_text(calendar, facts[0]))
    elif as_json:
        found = {
            "exchange": calendar.exchange,
            "timezone": calendar.timezone,
            "days": [_as_json(fact) for fact in facts],
        }
        typer.echo(json.dumps(found, indent=2))
    else:
        _print_month(calendar, facts, classes)


@app.command("next")
def next_command(
    exchange: Exchange = "NSE",
    klass: Klass = "",
    after: Annotated[str, typer.Option("--after", help="Day to look from; default today.", metavar="DATE")] = "",
    as_json: AsJson = False,
) -> None:
    """The next session after today, on the exchange's wall clock.

    Example:
    - tulya calendar next
    """
    from framework.market.calendar import Calendar

    calendar = Calendar.load(exchange)
    today = after or datetime.now(ZoneInfo(calendar.timezone)).date()
    fact = _facts(calendar, calendar.next_session(today), _classes(calendar, klass))
    typer.echo(json.dumps(_day_json(calendar, fact), indent=2) if as_json else _day_text(calendar, fact))


class _Facts(dict[str, "TradingDay"]):
    """Class → session of one day; empty when there is none."""

    day: date
    closed: str


def _facts(calendar: Calendar, day: date, classes: tuple[str, ...]) -> _Facts:
    from framework.market.calendar import UnknownSessionError

    found = _Facts()
    found.day, found.closed = day, calendar.why_closed(day)
    for klass in classes if not found.closed else ():
        try:
            found[klass] = calendar.session(day, klass)
        except UnknownSessionError:  # a class that did not exist yet
            if len(classes) == 1:
                raise
    return found


def _days(when: str) -> list[date]:
    try:
        if when.count("-") > 1:
            return [date.fromisoformat(when)]
        first = date.fromisoformat(f"{when}-01")
    except ValueError as error:
        raise ConfigError(f"{when!r} is neither a month nor a day; write YYYY-MM or YYYY-MM-DD") from error
    return [day for offset in range(31) if (day := first + timedelta(days=offset)).month == first.month]


def _classes(calendar: Calendar, klass: str) -> tuple[str, ...]:
    if klass and klass not in calendar.classes:
        raise ConfigError(f"--class {klass!r} is unknown to {calendar.exchange}; it has {', '.join(calendar.classes)}")
    return (klass,) if klass else calendar.classes


def _hours(session: TradingDay | None) -> str:
    return "" if session is None else ", ".join(map(str, session.windows)) or "not known"


def _print_month(calendar: Calendar, facts: list[_Facts], classes: tuple[str, ...]) -> None:
    from rich.text import Text

    from framework.cli.tables import new_table, print_table

    table: Table = new_table()
    for heading in ("day", "", calendar.exchange, *classes, ""):
        table.add_column(heading)
    for fact in facts:
        one = next(iter(fact.values()), None)
        what = fact.closed if one is None else "session" if one.kind == "regular" else one.kind
        cells = [f"{fact.day}", f"{fact.day:%a}", what, *(_hours(fact.get(klass)) for klass in classes), _remark(fact)]
        style = "dim" if one is None else "bold" if one.kind != "regular" else ""
        table.add_row(*(Text(cell, style=style) for cell in cells))
    print_table(table)
    count = sum(1 for fact in facts if fact)
    typer.echo(f"{count} sessions; hours of continuous trading, {calendar.timezone}")


def _remark(fact: _Facts) -> str:
    notes = dict.fromkeys(session.note for session in fact.values() if session.note)
    doubt = "hours not confirmed" if any(session.doubtful for session in fact.values()) else ""
    return "; ".join([*notes, doubt] if doubt and not any("not confirmed" in note for note in notes) else notes)


def _day_text(calendar: Calendar, fact: _Facts) -> str:
    head = f"{calendar.exchange} {fact.day:%Y-%m-%d %A}"
    if fact.closed:
        return f"{head}: no session ({fact.closed}); the next one is {_or_unknown(calendar.next_session, fact.day)}"
    kind = next(iter(fact.values())).kind
    remark = _remark(fact)
    lines = [f"{head}: {'session' if kind == 'regular' else kind + ' session'}{f' ({remark})' if remark else ''}"]
    for klass, session in fact.items():
        bars = ", ".join(
            f"{calendar.bars_in(fact.day, length, klass)} of {length}" for length in BAR_LENGTHS if session.known
        )
        lines.append(f"  {klass:<6} {_hours(session)}{f'   bars: {bars}' if bars else ''}")
        lines += [
            f"         {window}  {window.phase}{f' ({window.note})' if window.note else ''}"
            for window in session.phases
        ]
    source = next(iter(fact.values())).source
    lines += [f"  source: {source}"] if source else []
    return "\n".join(
        [*lines, f"  settles {_or_unknown(calendar.settlement_date, fact.day)}, times in {calendar.timezone}"]
    )


def _or_unknown(ask: Any, day: date) -> str:
    try:
        return f"{ask(day)}"
    except DataError:
        return "on a day that is not known here"


def _as_json(fact: _Facts) -> dict[str, Any]:
    one = next(iter(fact.values()), None)
    return {
        "date": f"{fact.day}",
        "session": not fact.closed,
        "kind": None if one is None else one.kind,
        "closed": fact.closed or None,
        "note": _remark(fact),
        "doubtful": any(session.doubtful for session in fact.values()),
        "classes": {
            klass: {"windows": [_window(each) for each in session.windows] if session.known else None}
            for klass, session in fact.items()
        },
    }


def _day_json(calendar: Calendar, fact: _Facts) -> dict[str, Any]:
    """As in a month, and besides the phases, the bars and the settlement."""
    found = {"exchange": calendar.exchange, "timezone": calendar.timezone, **_as_json(fact)}
    for klass, session in fact.items():
        found["classes"][klass]["phases"] = [_window(each) for each in session.phases]
        lengths = BAR_LENGTHS if session.known else ()
        found["classes"][klass]["bars"] = {each: calendar.bars_in(fact.day, each, klass) for each in lengths}
    try:
        found["settlement"] = None if fact.closed else f"{calendar.settlement_date(fact.day)}"
    except DataError:
        found["settlement"] = None
    return found


def _window(window: Window) -> dict[str, Any]:
    found = {"phase": window.phase, "start": f"{window.start:%H:%M}", "end": f"{window.end:%H:%M}", "note": window.note}
    return {**found, "start_ns": window.start_ns, "end_ns": window.end_ns}
