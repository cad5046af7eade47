"""Screen of ``tulya status``: the document of one account as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.cli.options import counted
from framework.types.rupees import NONE, price_text, rupees

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Group, RenderableType
    from rich.table import Table

COLOURS = {"active": "green", "reduce_only": "yellow", "halted": "red", "stopped": "cyan"}
SHOWN = 12
"""Rows of a table."""
NAMED = 3
"""Symbols that a line names."""
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


def screen_of(document: Mapping[str, Any]) -> Group:
    """The whole screen."""
    from rich.console import Group

    parts: list[RenderableType] = [_head(document)]
    parts += _section("strategies", _strategies(document["strategies"]), document["strategies"])
    parts += _section("positions", _positions(document["positions"]), document["positions"])
    parts += _section("open orders", _orders(document["orders"]), document["orders"])
    parts += [_foot(document)]
    return Group(*parts)


def age_text(seconds: float | None) -> str:
    """An age as people say it: 4 s, 12 min, 3 h, 2 days."""
    if seconds is None:
        return NONE
    if seconds < MINUTE_S:
        return f"{seconds:.0f} s"
    if seconds < HOUR_S:
        return f"{seconds / MINUTE_S:.0f} min"
    return f"{seconds / HOUR_S:.0f} h" if seconds < DAY_S else f"{seconds / DAY_S:.0f} days"


def _head(one: Mapping[str, Any]) -> RenderableType:
    from rich.text import Text

    state = one["state"]
    head = Text()
    head.append(f"{one['account']}", "bold").append(f"  {one['stage']}  ")
    head.append(state.upper(), f"bold {COLOURS.get(state, 'magenta')}")
    if one["causes"]:
        head.append("  because of " + ", ".join(f"{cause} ({state})" for cause, state in one["causes"].items()))
    if one["switches"]:
        head.append(f"  file {' and '.join(one['switches'])}", "bold red")
    head.append(f"\n{one['deployment'] or NONE}, run {one['run'] or NONE}")
    head.append(f", replays {', '.join(one['replayed'])}" if one["replayed"] else "")
    if one["alive"]:
        head.append(f", {one['runner']}")
    else:
        head.append(f", no runner lives ({one['ended'] or 'the last one was cut off'})", "" if one["ended"] else "red")
    ages = one["ages_s"]
    head.append(
        f"\nlast entry {age_text(ages['entry'])} ago, written {age_text(ages['written'])} ago, reconciled at the start "
        f"{age_text(ages['reconciled'])} ago, state {age_text(ages['state'])} old\n"
    )
    return head


def _section(title: str, table: Table, rows: Sequence[Any]) -> list[RenderableType]:
    from rich.text import Text

    if not rows:
        return [Text(f"no {title}\n", "dim")]
    more = f"and {len(rows) - SHOWN} more (--json shows them)\n" if len(rows) > SHOWN else ""
    return [table, Text(more, "dim")]


def _table(*columns: str) -> Table:
    from framework.cli.tables import new_table

    table = new_table()
    for column in columns:
        table.add_column(column.strip(), no_wrap=True, justify="right" if column.startswith(" ") else "left")
    return table


def _strategies(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("strategy", "timeframe", "symbols", "state", " equity", " last bar")
    for one in rows[:SHOWN]:
        symbols = one["symbols"]
        named = ", ".join(symbols[:2]) + (f" and {len(symbols) - 2} more" if len(symbols) > 2 else "")  # noqa: PLR2004
        table.add_row(
            one["name"],
            one["timeframe"],
            named,
            "failed" if one["stopped"] else one["state"],
            rupees(one["equity"]),
            age_text(one["last_bar_age_s"]),
        )
    return table


def _positions(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("position", "product", "strategy", " units", " average", " last")
    for one in rows[:SHOWN]:
        prices = (NONE if one[name] is None else price_text(one[name]) for name in ("average", "close"))
        owner = one["strategy"] or one["session"] or "nobody's"
        table.add_row(one["symbol"], one["product"], owner, f"{one['quantity']:+,}", *prices)
    return table


def _orders(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("order", "symbol", "strategy", " units", " filled", "type", " price", "state", "reason")
    for one in rows[:SHOWN]:
        price = one["trigger"] if one["trigger"] is not None else one["limit"]
        table.add_row(
            one["tag"],
            one["symbol"],
            one["strategy"],
            f"{one['quantity']:+,}",
            f"{one['filled']:+,}",
            one["type"],
            NONE if price is None else price_text(price),
            one["state"],
            one["reason"],
        )
    return table


def _foot(one: Mapping[str, Any]) -> RenderableType:
    from rich.text import Text

    today, exposure, drill = one["today"], one["exposure"], one["drill"]
    absent = f", {len(one['absent']):,} absent: tulya unknown" if one["absent"] else ""
    foot = Text()
    foot.append(
        f"{today['day']}: {today['orders']:,} orders, {today['fills']:,} fills, {today['refusals']:,} refusals, "
        f"{today['findings']:,} findings, {len(one['unknown']):,} unknown{absent}\n"
    )
    foot.append(_oldest(one["symbols"]))
    foot.append("exposure if this process dies now: ").append(rupees(exposure["rupees"]), "bold")
    foot.append(f" at a move of {exposure['shock_percent']:g} %")
    foot.append(f", without a price: {', '.join(exposure['without_price'])}" if exposure["without_price"] else "")
    if drill is None:
        foot.append("\nlast drill: none; tulya drill DEPLOYMENT")
    else:
        foot.append(
            f"\nlast drill: flat after {drill['seconds']:.1f} s, {counted(drill['orders'], 'order')} cancelled, "
            f"{counted(drill['positions'], 'position')} left ({moment_text(drill['at'])})"
        )
    for found in one["questions"]:
        foot.append(f"\nquestion: {found['symbol']} {found['text']} {found['question']}", "yellow")
    for found in one["findings"][:4]:
        foot.append(f"\nfinding {found['code']}: {found['symbol']} {found['text']}".rstrip(), "dim")
    if one["problem"]:
        foot.append(f"\n{one['problem']}", "red")
    return foot


def _oldest(symbols: Sequence[Mapping[str, Any]]) -> str:
    """The symbol whose last bar is the oldest, and those that have none yet, as a line; empty without a symbol."""
    aged = [one for one in symbols if one["last_bar_age_s"] is not None]
    without = [one["symbol"] for one in symbols if one["last_bar_age_s"] is None]
    told = list[str]()
    if aged:
        oldest = max(aged, key=lambda one: one["last_bar_age_s"])
        told.append(f"oldest last bar: {oldest['symbol']}, {age_text(oldest['last_bar_age_s'])}")
    if without:
        more = f" and {len(without) - NAMED} more" if len(without) > NAMED else ""
        told.append(f"no bar yet: {', '.join(without[:NAMED])}{more}")
    return f"{'; '.join(told)}\n" if told else ""


def moment_text(moment: int) -> str:
    """A moment in India, to the second; – for 0."""
    from datetime import datetime

    from framework.live.account_status import ZONE

    return f"{datetime.fromtimestamp(moment // 1_000_000_000, ZONE):%Y-%m-%d %H:%M:%S}" if moment else NONE
