"""Findings: what a person must know before believing a result, most severe first."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from framework.report import metrics
from framework.report.actions import action_findings
from framework.report.breaker import holds, when, why
from framework.report.finding import Finding, Severity, worst_first
from framework.report.held_back_orders import REFUSED, SHRUNK
from framework.report.wording import minute_text, percent
from framework.rules.money import LARGEST_QUANTITY
from framework.rules.reasons import NAMES, SIZE_BEYOND_LIMIT
from framework.types.breaker import BreakerCause
from framework.types.causality import CausalityVerdict
from framework.types.currency import money_text
from framework.types.orders import Reason
from framework.types.portfolio import TradingState
from framework.types.record import OrderState
from framework.types.verification import Agreement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framework.report.held_back_orders import Intervention
    from framework.report.observations import Observations
    from framework.types import Settings
    from framework.types.causality import Causality
    from framework.types.record import Notice, OrderRecord, Record, Settlement
    from framework.types.verification import Verification

FEW_ROUND_TRIPS = 30
"""Below it a win rate is a coin tossed a few times: its 95 % interval is wider than ± 18 points."""
FEW_CHECKED, FEW_CHECKED_SHARE = 30, 0.05
"""Below both, the causality check has seen too few decisions to call it one."""
HIGH_COSTS = 0.3
MANY_REBALANCES, SMALL_REBALANCE = 50, 0.005
"""So many fills, and more than half of all, that each moved less than this share of equity."""
REFUSED_FILL, CASH = "refused_fill", "cash"
"""Code of the notice, and the reason of a refusal for want of cash."""
SHOWN_ISSUES, SHOWN_NAMES = 5, 3
RUIN = BreakerCause.RUIN
BEYOND_LIMIT = NAMES[SIZE_BEYOND_LIMIT]
AT_CLOSES = frozenset(map(str, BreakerCause))
"""Codes of notices that are given at a bar's close."""


def findings(
    record: Record,
    o: Observations,
    causality: Causality,
    data_issues: tuple[str, ...],
    verification: Verification | None = None,
    held_back: Sequence[Intervention] = (),
) -> list[Finding]:
    """All findings, errors first; a causality leak stands before all else."""
    found = [
        *_causality(causality),
        *_verification(verification),
        *_ruin(record, o),
        *_halts(record),
        *_notices(record),
        *_fill_rule(record),
        *_sample(o),
        *_costs(record, o),
        *_assumed_rates(record),
        *_guessed_kinds(record),
        *_issues(data_issues),
        *action_findings(record),
        *_orders(record, held_back),
        *_rebalances(record),
        *_cash(record),
        *_open_positions(o, record.panel.currency),
        *_length(o),
    ]
    return worst_first(found)


def _causality(causality: Causality) -> Iterator[Finding]:
    if causality.verdict is CausalityVerdict.LEAK:
        yield Finding(Severity.ERROR, f"The strategy looks into the future: {causality.finding}")
    elif causality.verdict is CausalityVerdict.NOT_CHECKED:
        why = f": {causality.finding}" if causality.finding else ""
        yield Finding(Severity.WARNING, f"Causality was not checked{why}.".replace("..", "."))
    elif causality.checked_decisions < min(FEW_CHECKED, FEW_CHECKED_SHARE * causality.decisions):
        yield Finding(
            Severity.WARNING,
            f"Causality was checked at only {causality.checked_decisions:,} of {causality.decisions:,} decisions, "
            "as many as a second allows here; --causality all-decisions checks them all.",
        )
    if causality.scale_changes:
        yield Finding(
            Severity.NOTE,
            f"{causality.scale_changes:,} decisions change when all prices are divided by 5: a rupee amount may be "
            "written into the strategy, and a split would change what it does.",
        )


def _verification(verification: Verification | None) -> Iterator[Finding]:
    for one in verification.comparisons if verification is not None else ():
        if one.agreement is Agreement.DIFFERENT:
            yield Finding(
                Severity.ERROR,
                f"The {one.engine} engine comes to something else, so one of the two is wrong: {one.detail}. "
                "Please report it with the run's bundle.",
            )


def _ruin(record: Record, o: Observations) -> Iterator[Finding]:
    below = np.flatnonzero(o.equity <= 0)
    if below.shape[0]:
        row = int(below[0])
        date = minute_text(record.panel, 0, int(record.panel.time[record.first_row + row]))
        lowest = money_text(float(np.min(o.equity)), record.panel.currency)
        when = "at that close" if record.settings.fill_at == "same_close" else "at the next open"
        left = f"What was held was left {when}"
        if any(record.positions):
            left = "What is held could not be left any more before the end"
        yield Finding(
            Severity.ERROR,
            f"Ruin: equity fell to or below zero at {date} (lowest {lowest}). {left}, nothing was entered after it, "
            "and growth counts as −100 %.",
        )


def _halts(record: Record) -> Iterator[Finding]:
    """The first halt, and how much of the run came after it."""
    halted = [one for one in holds(record) if one.state is TradingState.HALTED and one.tripped.cause is not RUIN]
    if halted:
        first, rows = halted[0], len(record.panel) - record.first_row
        under = sum(one.last_row - one.first_row + 1 for one in halted)
        more = f" (the first of {len(halted)} halts)" if len(halted) > 1 else ""
        yield Finding(
            Severity.WARNING,
            f"Trading was halted on {when(record, first.first_row)} by the {why(record, first.tripped)}{more}: "
            f"{percent(100 * under / rows, 1)} of the run could only reduce positions.",
        )


def _notices(record: Record) -> Iterator[Finding]:
    first: dict[str, Notice] = {}
    counts = Counter(notice.code for notice in record.notices)
    for notice in record.notices:
        first.setdefault(notice.code, notice)
    halts = {str(one.cause) for one in record.breaker_events if one.after is TradingState.HALTED}
    for code, notice in first.items():
        if code == REFUSED_FILL or code in halts:  # told once, with the other refusals or as the halt it was
            continue
        date = _bar_of(record, notice)
        more = f" (the first of {counts[code]:,})" if counts[code] > 1 else ""
        yield Finding(Severity.WARNING, f"{date}: {notice.text.rstrip('.')}{more}.")


def _bar_of(record: Record, notice: Notice) -> str:
    """Its bar: a breaker trips at a close, and a daily bar closes as the next day begins."""
    if notice.code in AT_CLOSES:
        row = int(np.searchsorted(record.panel.close_time, notice.time))
        return when(record, min(row, len(record.panel) - 1))
    return minute_text(record.panel, 0, notice.time)


def _fill_rule(record: Record) -> Iterator[Finding]:
    if record.settings.fill_at == "same_close":
        yield Finding(
            Severity.WARNING,
            "Market orders fill at the close that decided them: nobody can trade at a price that is known only when it "
            "is gone, so the result flatters.",
        )


def _sample(o: Observations) -> Iterator[Finding]:
    closed = o.spans.closed
    if not len(o.spans):
        yield Finding(Severity.WARNING, "Nothing was ever filled: the account is its deposit.")
    elif closed < FEW_ROUND_TRIPS:
        what = "No round trip was" if closed == 0 else f"Only {closed} round trip{'s were' if closed > 1 else ' was'}"
        yield Finding(
            Severity.WARNING,
            f"{what} closed; below {FEW_ROUND_TRIPS} the win rate, profit factor and Sharpe say next to nothing.",
        )


def _costs(record: Record, o: Observations) -> Iterator[Finding]:
    costs = o.charges + o.slippage
    net = sum(one.net_paise for one in (*o.round_trips, *o.open_round_trips)) / 100
    gross = net + costs
    charges, slippage, whole, lost = (
        money_text(amount, record.panel.currency) for amount in (o.charges, o.slippage, gross, -gross)
    )
    parts = f"{charges} charges" + (f" and {slippage} slippage" if o.slippage else "")
    if costs > 0 and gross > 0:
        yield Finding(
            Severity.WARNING if costs / gross > HIGH_COSTS else Severity.NOTE,
            f"Costs took {percent(100 * costs / gross, 1)} of the gross profit: {parts} of {whole}.",
        )
    elif costs > 0:
        yield Finding(Severity.WARNING, f"The run lost {lost} before costs, and {parts} came on top.")
    if record.settlements:
        for sentence in unmodelled(record.settings):
            yield Finding(Severity.WARNING, sentence)


def unmodelled(settings: Settings) -> Iterator[str]:
    """Costs that every real order has and this choice of settings leaves out."""
    if str(settings.charges) == "none":
        yield "No charges are modelled; every real fill has some. Try --charges percent:0.1."
    if str(settings.slippage) == "none":
        yield "No slippage is modelled; real market orders have some. Try --slippage bps:5."


def _assumed_rates(record: Record) -> Iterator[Finding]:
    rows = record.settings.charges.assumed
    if rows and record.settlements:
        what = f"{len(rows)} rates that nobody has checked" if len(rows) > 1 else "a rate that nobody has checked"
        yield Finding(
            Severity.WARNING,
            f"The charges rest on {what}: {', '.join(rows)}. Rows of your own go before them, see docs/charges.md.",
        )


def _guessed_kinds(record: Record) -> Iterator[Finding]:
    """Kinds that the charges assumed for instruments that no list describes."""
    if not (record.settings.charges.plan and record.settlements):
        return
    unsaid = [one for one in record.panel.instruments if one.equity_oriented is None]
    unknown, funds = ([str(one) for one in unsaid if one.kind == kind] for kind in ("", "fund"))
    if unknown:
        are = "is" if len(unknown) == 1 else "are"
        yield Finding(
            Severity.NOTE,
            f"{_first_of(unknown)} {are} charged as plain shares, because no list of instruments says what that is; "
            "funds pay another transaction tax. tulya instruments import FILE takes a broker's list.",
        )
    if funds:
        are = "is a fund" if len(funds) == 1 else "are funds"
        yield Finding(
            Severity.WARNING,
            f"{_first_of(funds)} {are} of which no list says whether the tax law counts it as equity-oriented, as was "
            "assumed; a gold, silver or debt fund pays no transaction tax. A CSV with the columns symbol, exchange and "
            "equity_oriented says it (tulya instruments import FILE).",
        )


def _first_of(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN_NAMES:,} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + more


def _issues(data_issues: tuple[str, ...]) -> Iterator[Finding]:
    for issue in data_issues[:SHOWN_ISSUES]:
        yield Finding(Severity.WARNING, f"Data: {issue}")
    if len(data_issues) > SHOWN_ISSUES:
        yield Finding(Severity.WARNING, f"Data: {len(data_issues) - SHOWN_ISSUES:,} more issues in the range.")


def _orders(record: Record, held_back: Sequence[Intervention]) -> Iterator[Finding]:
    for name in (REFUSED, SHRUNK):
        counts = Counter(one.reason for one in held_back if one.outcome == name)
        if counts:
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts.most_common())
            total = sum(counts.values())
            more = (_at_the_fill(record) if name == REFUSED else "") + _what_helps(record, counts)
            yield Finding(
                Severity.WARNING,
                f"{total:,} order{'s were' if total > 1 else ' was'} {name} by reason: {reasons}{more}.",
            )


def _what_helps(record: Record, counts: Counter[str]) -> str:
    """Hints at causes that are not seen at once."""
    told = ""
    if counts[BEYOND_LIMIT]:
        told += (
            f". {BEYOND_LIMIT} is more than {LARGEST_QUANTITY:,} units or ₹40 lakh crore: a price, a stop distance or "
            "a volatility is almost 0"
        )
    if counts[CASH] and record.style == "allocate" and record.settings.rebalance == "on_change":
        told += ". Winners that are kept beyond their weights hold the cash: --rebalance on_signal brings them back"
    return told


def _at_the_fill(record: Record) -> str:
    """First order that passed risk and was refused at its fill, and the remedy where cash ran short."""
    refused = [
        one for one in record.orders if one.state is OrderState.REFUSED and one.verdict.quantity and one.ended_at
    ]
    if not refused:
        return ""
    first = min(refused, key=lambda one: one.ended_at)
    date = minute_text(record.panel, first.order.instrument, first.ended_at)
    refusal = (
        f"; the first at its fill on {date}, {first.order.quantity:+,} {record.panel.symbols[first.order.instrument]}"
    )
    if not any(one.why == CASH for one in refused):
        return refusal
    buffer = "" if record.settings.protection_bps else "--protection-bps 300 keeps a buffer for the opening gap, or "
    return f"{refusal}: {buffer}{_size_that_fits(record, [one for one in refused if one.why == CASH])}"


def _size_that_fits(record: Record, refused: Sequence[OrderRecord]) -> str:
    """The share of equity at which cash would have covered every one of these entries at the price it opened at."""
    sizing, panel = record.settings.sizing, record.panel
    if sizing.kind != "equity":
        return "size below 100 %"
    rows = np.searchsorted(panel.time, [one.ended_at for one in refused])
    decided = np.searchsorted(panel.close_time, [one.order.decided_at for one in refused])
    of = [one.order.instrument for one in refused]
    gaps = panel.open[np.minimum(rows, len(panel) - 1), of] / panel.close[decided, of]
    gap = float(np.nanmax(gaps, initial=1.0))
    if not gap > 1.0:
        return "size below 100 %"
    costs = [(one.charges_paise / one.value_paise, one.fill.price / one.simulated.unslipped) for one in _buys(record)]
    paid = max((1 + charges) * max(slip, 1.0) for charges, slip in costs) if costs else 1.0
    fits = math.floor(100 * float(sizing.amount) / (gap * paid))
    return f"size smaller: equity:{fits}% would have covered the largest of these gaps, {percent(100 * (gap - 1), 1)}"


def _buys(record: Record) -> list[Settlement]:
    bought = (one for one in record.settlements if one.fill.quantity > 0 and one.value_paise)
    return [one for one in bought if one.simulated.unslipped > 0]


def _rebalances(record: Record) -> Iterator[Finding]:
    """Many rebalances that moved next to nothing: rows give numbers where they could keep."""
    by = [one for one in record.settlements if one.reason is Reason.REBALANCE]
    if len(by) < MANY_REBALANCES:
        return
    rows = np.searchsorted(record.panel.time, [one.fill.time for one in by]) - record.first_row
    equity = record.equity_paise[rows]
    small = np.array([one.value_paise for one in by]) < SMALL_REBALANCE * np.maximum(equity, 0)
    count = int(np.count_nonzero(small))
    if count < MANY_REBALANCES or count < len(record.settlements) / 2:
        return
    charges = sum(one.charges_paise for one, is_small in zip(by, small.tolist(), strict=True) if is_small)
    paid = f", and paid {money_text(charges / 100, record.panel.currency)} of charges" if charges else ""
    instead = "a row that is to keep gives NaN" if record.settings.rebalance == "on_signal" else "--rebalance on_signal"
    yield Finding(
        Severity.WARNING,
        f"{count:,} of {len(record.settlements):,} fills are rebalances of less than "
        f"{percent(100 * SMALL_REBALANCE, 1)} of equity each{paid}: {instead}, or --rebalance band:2 moves only what "
        "is far from its weight.",
    )


def _cash(record: Record) -> Iterator[Finding]:
    if record.cash_paise.shape[0] and int(record.cash_paise.min()) < 0:
        row = int(np.argmin(record.cash_paise))
        date = minute_text(record.panel, 0, int(record.panel.time[record.first_row + row]))
        lowest = money_text(int(record.cash_paise[row]) / 100, record.panel.currency)
        lent = record.settings.long_share < 1
        why = "Bought on margin: cash fell" if lent else "Cash fell below zero,"
        severity = Severity.NOTE if lent else Severity.WARNING
        yield Finding(severity, f"{why} to {lowest} at {date}; no interest is charged on it.")


def _open_positions(o: Observations, currency: str) -> Iterator[Finding]:
    if o.open_round_trips:
        names = [one.symbol for one in o.open_round_trips]
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")  # noqa: PLR2004 - a line's worth
        amount = money_text(sum(one.net_paise for one in o.open_round_trips) / 100, currency)
        yield Finding(
            Severity.NOTE,
            f"{len(names)} position{'s are' if len(names) > 1 else ' is'} still open at the end ({shown}), marked at "
            f"the last close: {amount} so far, in the equity but not among the closed round trips.",
        )


def _length(o: Observations) -> Iterator[Finding]:
    if 0 < o.years < 1:
        yield Finding(
            Severity.NOTE,
            f"The run covers {o.years * 365.25:.0f} days; CAGR and every other yearly number are extrapolated.",
        )
    value = metrics.volatility(o.returns)
    if math.isnan(value) and o.equity.shape[0] and np.all(o.equity > 0):
        yield Finding(Severity.NOTE, "There are fewer than two session returns: most statistics have no answer.")
