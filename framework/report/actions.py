"""Corporate actions of a run that a person must know of: ignored ones, and prices that are adjusted for them already.

On its ex-date a printed price falls to (close − dividend) ÷ factor; an adjusted one goes on as if nothing had been.
Which of the two an opening is nearer to says which it is, where the step is larger than an ordinary night. Of steps
that are smaller each says little and all together say much: their log-likelihood ratios are added up.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.report.finding import Finding, Severity
from framework.report.split_factors import action_text, due_in
from framework.report.wording import percent
from framework.types.actions import in_force
from framework.types.currency import money_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from framework.types.actions import Due
    from framework.types.record import Record

SHOWN = 3
CLEAR = 6.0
"""Deviations that a step must be as large as to be judged alone: a night of three against it is one in a thousand."""
TO_SPREAD = 1.4826
"""Median absolute deviation → standard deviation, of a normal distribution."""
CALM = 0.002
"""Least deviation of a night's step: closes of cents and paise have no smaller one."""
WILD = 4.0
"""Most deviations that a night counts for: the tails of real nights are fatter than the bell's."""
EVIDENCE = math.log(1000.0)
"""Log-likelihood ratio from which small steps together are called adjusted: a thousand to one."""
MOVES = 0.001
"""Share of the capital from which what the account did for nothing is an error."""


class ExDateStep(NamedTuple):
    """An action beside the night it fell in."""

    due: Due
    size: float
    """Log of what a printed price would have made of itself: below 0 for a bonus or a dividend."""
    move: float
    """Log of the opening by the last close."""
    spread: float
    """Deviation of the instrument's ordinary nights, log."""

    @property
    def clear(self) -> bool:
        """True where this night alone says what the prices are."""
        return abs(self.size) >= CLEAR * self.spread

    @property
    def fits(self) -> bool:
        """True for a printed price: the opening is nearer to what the action makes of the close than to the close."""
        return abs(self.move - self.size) <= abs(self.move)

    @property
    def evidence(self) -> float:
        """Log-likelihood ratio of adjusted to printed prices."""
        adjusted, printed = (min(abs(x) / self.spread, WILD) for x in (self.move, self.move - self.size))
        return (printed**2 - adjusted**2) / 2


def action_findings(record: Record) -> Iterator[Finding]:
    """Findings about the actions that lie in the run."""
    panel = record.panel
    if not panel.actions or record.first_row >= len(panel):
        return
    if record.settings.adjust == "none":
        within = in_force(panel.actions, int(panel.session[record.first_row]), int(panel.session[-1]))
        if within:
            yield Finding(
                Severity.WARNING,
                f"{len(within):,} corporate action{'s lie' if len(within) > 1 else ' lies'} in the run and "
                f"{'were' if len(within) > 1 else 'was'} ignored, by the strategy and by the account (--adjust none): "
                "in printed prices each split looks like a crash.",
            )
        return
    found = steps(record)
    absent = [one for one in found if one.clear and not one.fits]
    small = [one for one in found if not one.clear]
    together = sum(one.evidence for one in small)
    if absent:
        yield _told(record, absent, found, "do not show in the prices", "does not show in the prices")
    if small and together > EVIDENCE:
        yield _told(
            record,
            small,
            found,
            "too small to see alone do not show in the prices when they are taken together",
            "too small to see alone does not show in the prices",
        )


def _told(record: Record, absent: list[ExDateStep], found: list[ExDateStep], many: str, one: str) -> Finding:
    panel = record.panel
    shown = ", ".join(
        f"{panel.symbols[due.instrument]} {np.datetime64(due.ex_day, 'D')} {action_text(due.action, panel.currency)}"
        for due in (step.due for step in absent[:SHOWN])
    )
    more = f" and {len(absent) - SHOWN:,} more" if len(absent) > SHOWN else ""
    fit = sum(step.clear and step.fits for step in found)
    moved = given_for_nothing(record, absent)
    grave = abs(moved) > MOVES * record.settings.capital_paise
    made = money_text(moved / 100, panel.currency, 0)
    result = f" and made {made} of it ({_share(moved, record)} of the capital)" if grave else ""
    return Finding(
        Severity.ERROR if grave else Severity.WARNING,
        f"{len(absent):,} of {len(found):,} listed corporate actions {many if len(absent) > 1 else one} "
        f"({shown}{more}; {fit:,} {'do' if fit != 1 else 'does'}), and the account booked "
        f"{'them' if len(absent) > 1 else 'it'} all the same{result}: the bars look already adjusted; import printed "
        "prices, or use --adjust none.",
    )


def _share(paise: float, record: Record) -> str:
    return percent(100 * paise / record.settings.capital_paise, 1)


def given_for_nothing(record: Record, absent: list[ExDateStep]) -> float:
    """Paise that positions gained (+) because shares or cash came and the price did not fall for them."""
    panel = record.panel
    held = {(one.instrument, one.time): one for one in record.actions}
    moved = 0.0
    for step in absent:
        row = int(np.searchsorted(panel.session, step.due.ex_day))
        after = np.flatnonzero(np.isfinite(panel.open[row:, step.due.instrument]))
        first = row + int(after[0])
        applied = held.get((step.due.instrument, int(panel.time[first])))
        if applied is not None:
            moved += applied.before * 100 * float(panel.open[first, step.due.instrument]) * math.expm1(-step.size)
    return moved


def steps(record: Record) -> list[ExDateStep]:
    """Every action that the run goes through beside its night; those before or after all bars are left out."""
    nights: dict[int, float] = {}
    found = []
    panel = record.panel
    for due in due_in(record):
        row = int(np.searchsorted(panel.session, due.ex_day))
        before, after = panel.close[:row, due.instrument], panel.open[row:, due.instrument]
        there, then = np.flatnonzero(np.isfinite(before)), np.flatnonzero(np.isfinite(after))
        if not there.size or not then.size:
            continue
        close, opened = float(before[there[-1]]), float(after[then[0]])
        left = close - due.action.dividend
        if not left > 0:
            continue  # a dividend of more than the price: no step that a price can take
        if due.instrument not in nights:
            nights[due.instrument] = _spread(record, due.instrument)
        size = math.log(left / close / due.action.factor)
        found.append(ExDateStep(due, size, math.log(opened / close), nights[due.instrument]))
    return found


def _spread(record: Record, column: int) -> float:
    """Deviation of the log steps from one session's last close to the next one's first open, by their median."""
    bars = record.panel.bars_of(column)
    night = np.flatnonzero(bars.session[1:] != bars.session[:-1])
    moves: NDArray[np.float64] = np.log(bars.open[night + 1] / bars.close[night])
    return max(TO_SPREAD * float(np.median(np.abs(moves))), CALM) if moves.shape[0] else CALM
