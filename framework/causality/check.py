"""Causality check: can a future bar change a past decision?

``signals(bars[:t])`` must equal the first t rows of ``signals(bars)``: targets bit for bit, distances and prices to
1e-12. The cuts t lie right behind decisions (and some quiet bars), because that is where a leak shows.
"""

from __future__ import annotations

import time
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.causality.budget import Pace
from framework.causality.cuts import DecisionRows, Mode, choose_cuts, decisions_of
from framework.causality.moments import untimely
from framework.causality.outside import Outside
from framework.causality.rescale import rescaled_bars, rescaled_panel, scale_changes
from framework.errors import StrategyError
from framework.types import Bars, Causality, CausalityVerdict, Signals
from framework.types.signals import OPTIONAL
from framework.types.timeframe import Timeframe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from framework.strategy import Strategy
    from framework.types import Instrument, Panel

    Answer = Mapping[str, NDArray[np.float64]]
    """Field → float64[n, k]; ``target`` is compared bit for bit, the others to 1e-12."""
    LogEntry = tuple[Any, ...]
    """The row that decided, then what was decided: plain values that can be compared."""

TOLERANCE = 1e-12
CUTS_SHARE = 0.8
"""Share of the budget that cuts may use; the rest is for the rescaled prices."""
EARLY_DECISIONS = 8
"""An ``on_bar`` run costs as much as it is long: by default so many of its first decisions are looked at as well."""
ENOUGH_LEAKS = 16
"""Cuts that differ, after which the verdict needs no more of them."""


class Subject(NamedTuple):
    """One history that can be decided again, and what was decided on the whole of it."""

    decide: Callable[[int], Answer]
    """Decides the first t bars."""
    rescaled: Callable[[float], Answer]
    """Decides all bars with the prices multiplied by this."""
    known: Answer
    first_row: int
    given: Bars | Panel
    outside: Outside

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """Column by column."""
        return (self.given.instrument,) if isinstance(self.given, Bars) else self.given.instruments

    @property
    def time(self) -> NDArray[np.int64]:
        """Opens, int64[n], UTC nanoseconds."""
        return self.given.time

    def decide_at(self, cut: int) -> Answer:
        """Decide the first ``cut`` bars at the close of the last of them, as if nothing later were settled anywhere."""
        if cut == self.time.shape[0]:
            return self.decide(cut)
        with self.outside.veiled(int(self.given.close_time[cut - 1]), cut):
            return self.decide(cut)

    def bar(self, row: int, column: int) -> str:
        """``bar 2019-03-04 of SP500``; intraday with the exchange's own time."""
        stamp = int(self.time[row])
        where = self.instruments[column]
        if Timeframe.parse(self.given.timeframe).dated:
            return f"bar {np.datetime64(stamp, 'ns').astype('datetime64[D]')} of {where}"
        from datetime import UTC, datetime
        from zoneinfo import ZoneInfo

        local = datetime.fromtimestamp(stamp // 1_000_000_000, UTC).astimezone(ZoneInfo(where.timezone))
        return f"bar {local:%Y-%m-%d %H:%M %Z} of {where}"


class Leak(NamedTuple):
    """A decision that a later bar changed; sorted by time."""

    time: int
    finding: str


def check_signals(  # noqa: PLR0913 - two things to check, the rest are options by name
    strategy: Strategy,
    series: Sequence[Bars],
    *,
    mode: Mode = "default",
    budget_s: float = 1.0,
    first_ns: int | None = None,
    known: Sequence[Signals] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Causality:
    """Check a strategy that writes ``signals`` on each instrument's bars.

    ``budget_s`` limits the default mode (seconds); ``first_ns`` is where the run's decisions begin. ``known`` are the
    signals that the host computed already, one per series; without them they are computed here.
    """
    pace = Pace(mode, budget_s, clock)
    subjects = []
    for position, bars in enumerate(series):
        if len(bars):
            subjects.append(_signals_subject(strategy, bars, known[position] if known else None, first_ns))
    return _check(subjects, mode, pace)


def check_allocate(  # noqa: PLR0913 - two things to check, the rest are options by name
    strategy: Strategy,
    panel: Panel,
    *,
    mode: Mode = "default",
    budget_s: float = 1.0,
    first_ns: int | None = None,
    known: NDArray[np.float64] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Causality:
    """Check a strategy that writes ``allocate``; weights are compared bit for bit, float64[T, N]."""
    pace = Pace(mode, budget_s, clock)
    if not len(panel):
        return _check([], mode, pace)

    def decide(given: Panel) -> Answer:
        weights = np.asarray(strategy.allocate(given), dtype=np.float64)
        if weights.shape != given.close.shape:
            msg = f"allocate() returned shape {weights.shape}; it needs one weight per bar and instrument, "
            raise StrategyError(f"{msg}{given.close.shape}")
        return {"target": weights}

    subject = Subject(
        decide=lambda rows: decide(panel[:rows]),
        rescaled=lambda scale: decide(rescaled_panel(panel, scale)),
        known=decide(panel) if known is None else {"target": np.asarray(known, dtype=np.float64)},
        first_row=_first_row(panel.time, first_ns),
        given=panel,
        outside=Outside(strategy, panel),
    )
    return _check([subject], mode, pace)


def check_on_bar(  # noqa: PLR0913 - two things to check, the rest are options by name
    run_prefix: Callable[[int], Sequence[LogEntry]],
    rows: int,
    *,
    mode: Mode = "default",
    budget_s: float = 1.0,
    first_row: int = 0,
    known: Sequence[LogEntry] | None = None,
    name_bar: Callable[[int], str] = "bar {}".format,
    outside: str = "",
    clock: Callable[[], float] = time.perf_counter,
) -> Causality:
    """Check a strategy that writes ``on_bar``, by running the first t bars again.

    ``run_prefix(t)`` returns the decision log of such a run: tuples that begin with the row that decided, in order.
    ``known`` is the log of the whole run, when the host has it. ``outside`` names the prices that the strategy reaches
    beside the bars, which such a run sees through a veil.
    """
    pace = Pace(mode, budget_s, clock)
    if rows <= first_row:
        return Causality(CausalityVerdict.NOT_CHECKED, finding="not checked: there are no bars")
    whole = list(run_prefix(rows) if known is None else known)
    decided = np.unique(np.array([entry[0] for entry in whole], dtype=np.int64))
    decisions = DecisionRows(decided, np.empty(0, dtype=np.int64))
    behind = set((decided + 1).tolist())
    leaks: list[Leak] = []
    cuts = checked = 0
    plan = choose_cuts(decisions, first_row, rows, mode)
    if mode == "default":
        plan += [int(row) + 1 for row in decided[decided >= first_row][:EARLY_DECISIONS]]
    for cut in _cheap_first(plan, rows, pace):
        cuts, checked = cuts + 1, checked + (cut in behind)
        with pace.deciding(cut):
            try:
                again = list(run_prefix(cut))
            except StrategyError as error:  # it ran through the same bars before
                leaks.append(Leak(cut - 1, f"{name_bar(cut - 1)}: the first {cut} bars alone fail with {error}"))
                continue
        leak = _compare_logs(again, whole, cut, rows, name_bar)
        if leak is None:
            continue
        moody = leak if cut == rows else _compare_logs(list(run_prefix(cut)), again, cut, cut, name_bar)
        if moody:
            return _verdict([moody], cuts, checked, len(decided), 0)
        leaks.append(leak._replace(finding=f"{leak.finding}; it also reaches {outside}") if outside else leak)
        if len(leaks) >= ENOUGH_LEAKS:
            break
    return _verdict(leaks, cuts, checked, len(decided), 0)


def _cheap_first(plan: list[int], rows: int, pace: Pace) -> Iterator[int]:
    """A run costs as much as it is long: from short to long, the whole once more at last; what is too long is left out.

    The one to the middle comes as soon as it is known to leave half of the time, so that not all of them lie early.
    """
    rising = sorted({*plan, rows})
    middle, middle_done = rising[len(rising) // 2], False
    for cut in rising:
        if not middle_done and 0 < pace.row_s * middle <= pace.left() / 2:
            middle_done = True
            yield middle
        if not (cut == middle and middle_done) and pace.allows(cut):
            middle_done |= cut == middle
            yield cut


def _compare_logs(
    again: list[LogEntry],
    whole: list[LogEntry],
    cut: int,
    rows: int,
    name_bar: Callable[[int], str],
) -> Leak | None:
    """The first entry that differs between a run of ``cut`` bars and the whole run's log up to there."""
    before = [entry for entry in whole if entry[0] < cut]
    for with_future, without in zip_longest(before, again):
        if with_future == without:
            continue
        row = min(entry[0] for entry in (with_future, without) if entry is not None)
        one, other = ("nothing" if entry is None else str(entry[1:]) for entry in (with_future, without))
        if cut == rows:
            return Leak(row, f"{name_bar(row)}: {one} the first time, {other} the second, on the very same bars")
        return Leak(row, f"{name_bar(row)}: {one} with the later bars, {other} without them")
    return None


def _signals_subject(strategy: Strategy, bars: Bars, known: Signals | None, first_ns: int | None) -> Subject:
    def decide(given: Bars) -> Answer:
        signals: object = strategy.signals(given)
        if isinstance(signals, Signals) and len(signals) == len(given):
            return _answer(signals)
        said = f"{len(signals)} rows" if isinstance(signals, Signals) else f"a {type(signals).__name__}"
        msg = f"signals() returned {said} for {len(given)} bars of {given.instrument}; it needs Signals, a row per bar"
        raise StrategyError(msg)

    return Subject(
        decide=lambda rows: decide(bars[:rows]),
        rescaled=lambda scale: decide(rescaled_bars(bars, scale)),
        known=decide(bars) if known is None else _answer(known),
        first_row=_first_row(bars.time, first_ns),
        given=bars,
        outside=Outside(strategy, bars),
    )


def _answer(signals: Signals) -> Answer:
    fields = ("target", *OPTIONAL)
    return {name: getattr(signals, name)[:, None] for name in fields if getattr(signals, name) is not None}


def _first_row(times: NDArray[np.int64], first_ns: int | None) -> int:
    return 0 if first_ns is None else int(np.searchsorted(times, first_ns))


def _check(subjects: list[Subject], mode: Mode, pace: Pace) -> Causality:
    """Cut the subjects in turn until the plan or the budget ends, then look at the rescaled prices."""
    for subject in subjects:
        if found := untimely(subject.given):
            return Causality(CausalityVerdict.LEAK, finding=found)
    decisions = [decisions_of(subject.known["target"], subject.first_row) for subject in subjects]
    decided = [found.rows for found in decisions]
    leaks: list[Leak] = []
    cuts = checked = 0
    for turn, cut in _in_turns(subjects, decisions, mode):
        if not pace.allows(cut, CUTS_SHARE):
            continue
        cuts, checked = cuts + 1, checked + _holds(decided[turn], cut - 1)
        with pace.deciding(cut):
            leak = _compare(subjects[turn], cut)
        if leak and cut == subjects[turn].time.shape[0]:
            return _verdict([leak], cuts, checked, sum(map(len, decided)), 0)
        leaks += [leak] if leak else []
        if len(leaks) >= ENOUGH_LEAKS:
            break
    changed = 0
    for position, subject in enumerate(subjects):
        if position and not pace.allows(subject.time.shape[0]):
            break
        changed += scale_changes(subject.known, subject.rescaled, subject.first_row)
    return _verdict(leaks, cuts, checked, sum(map(len, decided)), changed)


def _holds(rising: NDArray[np.int64], row: int) -> bool:
    at = int(rising.searchsorted(row))
    return at < rising.shape[0] and int(rising[at]) == row


def _in_turns(subjects: list[Subject], decisions: list[DecisionRows], mode: Mode) -> Iterator[tuple[int, int]]:
    """(subject, cut): one of each subject after the other; early on, the whole history once more."""
    plans = []
    for subject, found in zip(subjects, decisions, strict=True):
        rows = subject.time.shape[0]
        plans.append(_with_repeat(choose_cuts(found, subject.first_row, rows, mode), rows))
    for rank in zip_longest(*plans):
        yield from ((turn, cut) for turn, cut in enumerate(rank) if cut is not None)


def _with_repeat(plan: list[int], rows: int) -> list[int]:
    """The whole history once more comes second: a strategy that answers differently cannot be checked further."""
    return list(dict.fromkeys([*plan[:1], rows, *plan[1:]])) if plan else []


def _compare(subject: Subject, cut: int) -> Leak | None:
    """Decisions of the first ``cut`` bars with nothing after them, compared with those made with the rest."""
    try:
        again = subject.decide_at(cut)
    except Exception as error:  # noqa: BLE001 - whatever a strategy raises on a short history is a finding here
        decided = np.argwhere(np.isfinite(subject.known["target"][:cut]))
        if not decided.size:
            return None  # a warm-up: there was nothing to decide
        row, column = (int(position) for position in decided[0])
        said = _say("target", subject.known["target"][row, column])
        why = f"{type(error).__name__}: {error}"
        what = f"{said} with the later bars, but the first {cut} bars alone fail with {why}"
        return Leak(int(subject.time[row]), f"{subject.bar(row, column)}: {what}")
    places = [
        (row, column, name)
        for name in subject.known.keys() | again.keys()
        for row, column in _first_difference(name, subject.known, again, cut)
    ]
    if not places:
        return None
    row, column, name = min(places, key=lambda place: (place[0], place[1], place[2] != "target", place[2]))
    one, other = (
        _say(name, answer[name][row, column] if name in answer else np.nan) for answer in (subject.known, again)
    )
    if cut == subject.time.shape[0]:
        what = f"{one} the first time, {other} the second, on the very same bars"
    else:
        what = f"{one} with the later bars, {other} without them"
        if not _differs(subject, cut):
            beside = str(subject.outside) or "loaded by itself"
            what += f"; they are not those it is given but those it reaches beside them ({beside})"
    return Leak(int(subject.time[row]), f"{subject.bar(row, column)}: {what}")


def _differs(subject: Subject, cut: int) -> bool:
    """True if cutting only the strategy's inputs changes a decision."""
    try:
        again = subject.decide(cut)
    except Exception:  # noqa: BLE001 - whatever a strategy raises on a short history
        return True
    return any(_first_difference(name, subject.known, again, cut) for name in subject.known.keys() | again.keys())


def _first_difference(name: str, known: Answer, again: Answer, cut: int) -> list[tuple[int, int]]:
    """The first place, if any, at which a field differs; a field that is absent is all NaN."""
    absent = np.full((cut, known["target"].shape[1]), np.nan)
    one, other = (answer[name][:cut] if name in answer else absent for answer in (known, again))
    if np.array_equal(one, other, equal_nan=True):
        return []
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    if name != "target":
        same |= np.abs(one - other) <= TOLERANCE * np.maximum(np.abs(one), np.abs(other))
    return [(int(row), int(column)) for row, column in np.argwhere(~same)[:1]]


def _say(name: str, value: Any) -> str:
    if not np.isnan(value):
        return f"{name} {value:.10g}"
    return "keep (NaN)" if name == "target" else f"no {name}"


def _verdict(leaks: list[Leak], cuts: int, checked: int, decisions: int, changed: int) -> Causality:
    if not cuts:
        return Causality(CausalityVerdict.NOT_CHECKED, finding="not checked: there are no bars")
    verdict = CausalityVerdict.LEAK if leaks else CausalityVerdict.PASSED
    finding = f"{min(leaks).finding} ({len(leaks)} of {cuts} histories differ)" if leaks else ""
    return Causality(verdict, checked, decisions, cuts, finding, changed)
