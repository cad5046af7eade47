"""Figures of a paper day for notebooks, out of the ledger: plotly, times as the exchange's clock shows them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from framework.errors import ConfigError
from framework.live.day_facts import before, fills_of, marks_of
from framework.live.hours import day_of
from framework.live.ledger import ZONE
from framework.report.figure import DOWN, EQUITY, MUTED, UP
from framework.types.timeframe import SECOND_NS

if TYPE_CHECKING:
    from framework.live.ledger import AccountLedger, SessionLedger
    from framework.types.orders import BarRow

HEIGHT = 420


def equity_figure(ledger: AccountLedger, day: int) -> go.Figure:
    """Profit of each strategy since the day before, in rupees, at each close of a day (days since 1970-01-01)."""
    chart = go.Figure()
    for session in _sessions(ledger, day):
        marks, last = marks_of(session, day), before(session, day)
        begins = last.equity_paise if last else session.folded.header.settings.capital_paise
        chart.add_scatter(
            x=[_clock(mark.time) for mark in marks],
            y=[(mark.equity_paise - begins) / 100 for mark in marks],
            name=session.strategy,
            line={"color": EQUITY, "width": 1.6},
        )
    chart.add_hline(y=0, line={"color": MUTED, "width": 1, "dash": "dot"})
    return _laid_out(chart, f"{ledger.account}, {day_of(day)}: profit of the day [₹]")


def fills_figure(ledger: AccountLedger, day: int, symbol: str | None = None) -> go.Figure:
    """Candles of one symbol (the first one by default) as the runner knew them, with the fills of every strategy."""
    sessions = _sessions(ledger, day)
    known = list(dict.fromkeys(one for session in sessions for one in session.symbols))
    chosen = known[0] if symbol is None else symbol
    if chosen not in known:
        msg = f"{chosen!r} was not traded on {day_of(day)}; there were {', '.join(known)}"
        raise ConfigError(msg)
    chart = go.Figure()
    traders = [session for session in sessions if chosen in session.symbols]
    _candles(chart, traders[0], day, chosen)
    for session in traders:
        _fills(chart, session, day, chosen)
    chart.update_layout(xaxis_rangeslider_visible=False)
    return _laid_out(chart, f"{chosen}, {day_of(day)} [₹]")


def _sessions(ledger: AccountLedger, day: int) -> list[SessionLedger]:
    found = [one for one in ledger.sessions.values() if day in one.days]
    if not found:
        msg = f"the journal of account {ledger.account} has no bar of {day_of(day)}"
        raise ConfigError(msg)
    return found


def _candles(chart: go.Figure, session: SessionLedger, day: int, symbol: str) -> None:
    i, records = session.symbols.index(symbol), session.folded.records
    rows: list[BarRow] = (
        [row for row in records.rows if row.session == day and row.close[i] > 0.0] if records is not None else []
    )
    prices = {name: [getattr(row, name)[i] for row in rows] for name in ("open", "high", "low", "close")}
    colours = {"increasing_line_color": UP, "decreasing_line_color": DOWN}
    chart.add_candlestick(x=[_clock(row.time) for row in rows], name=symbol, **prices, **colours)


def _fills(chart: go.Figure, session: SessionLedger, day: int, symbol: str) -> None:
    booked = [noted.body for noted in fills_of(session, day_of(day))]
    for side, sign, shape, colour in (("bought", 1, "triangle-up", UP), ("sold", -1, "triangle-down", DOWN)):
        own = [one for one in booked if one.fill.quantity * sign > 0 and session.symbols[one.fill.instrument] == symbol]
        chart.add_scatter(
            x=[_clock(one.fill.time) for one in own],
            y=[one.fill.price for one in own],
            mode="markers",
            name=f"{session.strategy} {side}",
            marker={"symbol": shape, "size": 12, "color": colour, "line": {"color": "white", "width": 1}},
            text=[f"{abs(one.fill.quantity):,} at {one.fill.price:,.2f}, {one.reason}" for one in own],
            hoverinfo="text+x",
        )


def _clock(moment: int) -> datetime:
    """Time on the exchange's clock, without its zone: plotly would turn it into UTC."""
    return datetime.fromtimestamp(moment // SECOND_NS, ZONE).replace(tzinfo=None)


def _laid_out(chart: go.Figure, title: str) -> go.Figure:
    chart.update_layout(
        title=title,
        height=HEIGHT,
        hovermode="x unified",
        legend={"orientation": "h", "y": 1.02, "x": 1, "xanchor": "right", "yanchor": "bottom"},
        margin={"l": 60, "r": 20, "t": 80, "b": 30},
    )
    return chart
