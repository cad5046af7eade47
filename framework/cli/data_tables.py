"""Tables of ``tulya data``: what was imported, what is stored, what looks wrong."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape as marked
from rich.table import Table

from framework.types.localtime import to_local
from framework.types.rupees import in_groups
from framework.types.timeframe import DATED, DAY_NS, SECOND_NS
from framework.types.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from framework.store import CorporateAction, DataIssue, SeriesInfo
    from framework.store.importing import FileSummary
    from framework.types import Bars

SHOWN_SYMBOLS = 3
SHOWN_ISSUES = 200
WIDEST = 10_000


def escape(text: str) -> str:
    """A text as it stands: no markup, and what moves a terminal shown as its escape."""
    return marked(visible(text))


def as_json(value: Any) -> str:
    """JSON for people and programs."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def show_imports(summaries: Sequence[FileSummary], database: Path) -> None:
    """Import table: rows read, kept and refused, a file a row; then the assumptions."""
    table = _table(("file",), ("read", "new", "same", "differ", "refused", "issues"), ())
    for summary in summaries:
        name = escape(summary.path.name)
        if summary.error:
            table.add_row(name, "[red]not read[/red]")
            continue
        new = summary.new + summary.replaced
        counts = (summary.rows_read, new, summary.unchanged, summary.conflicting, summary.refused, summary.issues)
        table.add_row(name, *(f"{count:,}" if count else "–" for count in counts))
    console = Console(emoji=False)
    if not console.is_terminal:  # a pipe has no width: a file's name that is broken in the middle cannot be copied
        console.width = max(console.width, Console(width=WIDEST, emoji=False).measure(table).maximum)
    console.print(table, soft_wrap=not console.is_terminal)
    for summary in summaries:
        for line in _remarks(summary):
            console.print(escape(line), highlight=False, soft_wrap=True)
    console.print(f"Database: {escape(str(database))}", highlight=False, soft_wrap=True)


def show_series(series: Iterable[SeriesInfo]) -> None:
    """Table of the stored series, one a row."""
    table = _table(("symbol", "exchange", "timeframe"), ("bars",), ("first", "last (UTC)"))
    for info in series:
        first, last = (_time(stamp, info.timeframe, "UTC") for stamp in (info.first_ns, info.last_ns))
        table.add_row(escape(info.symbol), escape(info.exchange), info.timeframe, f"{info.bars:,}", first, last)
    Console(emoji=False).print(table)


def show_bars(bars: Bars, first: int | None, last: int | None) -> None:
    """The first and the last bars."""
    zone = bars.instrument.timezone
    table = _table(
        ("date" if bars.timeframe in DATED else f"time ({zone})",), ("open", "high", "low", "close", "volume"), ()
    )
    head, tail = _ends(len(bars), first, last)
    for index, row in enumerate([*head, *tail]):
        if tail and index == len(head) and head and tail[0] > head[-1] + 1:
            table.add_row("…")
        prices = (bars.open[row], bars.high[row], bars.low[row], bars.close[row])
        volume = bars.volume[row]
        table.add_row(
            _time(int(bars.time[row]), bars.timeframe, zone),
            *(in_groups(f"{price:.2f}") for price in prices),
            "" if math.isnan(volume) else f"{volume:,.0f}",
        )
    console = Console(emoji=False)
    console.print(f"{escape(str(bars.instrument))} {bars.timeframe}, {len(bars):,} bars", highlight=False)
    console.print(table)


def bars_dict(bars: Bars, first: int | None, last: int | None) -> dict[str, Any]:
    """The same bars for programs; volume null where there is none."""
    head, tail = _ends(len(bars), first, last)
    rows = []
    for row in [*head, *tail]:
        prices = {name: float(getattr(bars, name)[row]) for name in ("open", "high", "low", "close")}
        volume = float(bars.volume[row])
        stamp = int(bars.time[row]) // SECOND_NS
        rows.append({"timestamp": stamp, **prices, "volume": None if math.isnan(volume) else volume})
    return {"symbol": bars.symbol, "exchange": bars.instrument.exchange, "timeframe": bars.timeframe, "rows": rows}


def show_actions(actions: Sequence[CorporateAction]) -> None:
    """Splits, bonuses and dividends, one a row."""
    table = _table(("symbol", "ex-date", "kind"), ("factor", "₹ a share"), ("terms",))
    for action in actions:
        name = f"{action.exchange}:{action.symbol}" if action.exchange else action.symbol
        factor = "" if action.factor == 1.0 else f"{action.factor:.6g}"
        dividend = in_groups(f"{action.dividend:.6g}") if action.dividend else ""
        day = _time(action.ex_date_ns, "1d", "UTC")
        table.add_row(escape(name), day, escape(action.kind), factor, dividend, escape(action.terms))
    Console(emoji=False).print(table)


def actions_dict(action: CorporateAction) -> dict[str, Any]:
    """The same for programs."""
    fields = action._asdict()
    return {**fields, "ex_date": _time(fields.pop("ex_date_ns"), "1d", "UTC")}


def show_issues(name: str, issues: Sequence[DataIssue], zone: str = "UTC") -> None:
    """Issues: refused rows and doubtful bars; times of intraday bars in ``zone``, the exchange's own."""
    console = Console(emoji=False)
    if not issues:
        console.print(f"Nothing was refused and nothing looks wrong in {escape(name)}.", highlight=False)
        return
    shown = [(issue, _begin(issue, zone)) for issue in issues[:SHOWN_ISSUES]]
    timed = any(" " in begin for _, begin in shown)
    table = _table((f"from ({zone})" if timed else "from", "kind", "what"), (), ())
    for issue, begin in shown:
        where = f"{issue.file} line {issue.line}" if issue.line else issue.file
        table.add_row(begin, issue.kind, escape(f"{issue.reason} ({issue.timeframe}, {where})"))
    console.print(table)
    if len(issues) > SHOWN_ISSUES:
        console.print(f"… and {len(issues) - SHOWN_ISSUES:,} more: --json gives all", highlight=False)


def _begin(issue: DataIssue, zone: str) -> str:
    """Date or time at which an issue begins; one of whole days, stamped 00:00 UTC, has a date in any series."""
    if issue.first_ns is None:
        return ""
    whole_days = all(stamp is not None and stamp % DAY_NS == 0 for stamp in (issue.first_ns, issue.last_ns))
    return _time(issue.first_ns, "1d" if whole_days else issue.timeframe, zone)


def _remarks(summary: FileSummary) -> Iterable[str]:
    name = summary.path.name
    if summary.error:
        yield f"{name}: not read: {summary.error}"
        return
    if summary.contents == "prices":
        yield (
            f"{name}: {summary.format}; {_few(summary.symbols) or 'no symbol'} (from {summary.symbol_reason}); "
            f"timeframe {', '.join(summary.timeframes) or '–'} (from {summary.timeframe_reason}); "
            f"time zone {summary.timezone} ({summary.timezone_reason})"
        )
    else:
        yield f"{name}: {summary.format}{f'; {summary.symbol_reason}' if summary.symbol_reason else ''}"
    if summary.rows_read and not summary.new + summary.replaced + summary.conflicting + summary.refused:
        yield f"{name}: 0 new rows; everything in it was already stored"
    if summary.empty:
        yield f"{name}: nothing of it was taken: {summary.empty}"
    yield from (f"{name}: {note}" for note in summary.notes)
    if summary.conflicting:
        yield f"{name}: {summary.conflicting:,} bars differ from stored ones, which were kept; --replace overwrites"
    if summary.issue_kinds:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(summary.issue_kinds.items()))
        yield f"{name}: {kinds}; see tulya data show SYMBOL --issues"


def _table(texts: Sequence[str], numbers: Sequence[str], more: Sequence[str]) -> Table:
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for heading in texts:
        table.add_column(heading, overflow="fold")
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in more:
        table.add_column(heading, overflow="fold")
    return table


def _few(symbols: Sequence[str]) -> str:
    shown = ", ".join(symbols[:SHOWN_SYMBOLS])
    return f"{shown} and {len(symbols) - SHOWN_SYMBOLS} more" if len(symbols) > SHOWN_SYMBOLS else shown


def _ends(count: int, first: int | None, last: int | None) -> tuple[list[int], list[int]]:
    head = list(range(min(first or 0, count)))
    return head, list(range(max(len(head), count - (last or 0)), count))


def _time(stamp_ns: int, timeframe: str, zone: str) -> str:
    if timeframe in {*DATED, ""} and stamp_ns % DAY_NS == 0:
        return str(np.datetime64(stamp_ns, "ns").astype("datetime64[D]"))
    local = int(to_local(np.array([stamp_ns // SECOND_NS], dtype=np.int64), zone)[0])
    return str(np.datetime64(local, "s").astype("datetime64[m]")).replace("T", " ")
