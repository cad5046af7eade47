"""Round trips: from flat to flat in one instrument, with what the position went through on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.report.position_spans import PositionSpans, in_percent
from framework.report.split_factors import SplitFactors, ex_rows
from framework.rules.money import value
from framework.types.columns import PRICES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.types import Bars, Panel, Record

OPEN_REASON = "open"


class RoundTrip(NamedTuple):
    """One span in one instrument. Times are opens of bars, UTC nanoseconds; percentages are of the entry price."""

    instrument: int
    """Index into the run's instruments."""
    symbol: str
    side: str
    """``long`` or ``short``."""
    quantity: int
    """Most units held at one time, > 0, in terms of the shares at the end."""
    entry_time: int
    exit_time: int
    """Of the last fill; of the instrument's last bar while the position is open."""
    entry_price: float
    """Average of all fills that built the position, rupees, in terms of the shares at the end: ÷ the splits since."""
    exit_price: float
    """Average of all fills that reduced it, rupees, in the same terms; what is held counts at the last close."""
    gross_paise: int
    """Before charges; + is a profit on either side."""
    charges_paise: int
    net_paise: int
    return_percent: float
    """Net profit in percent of the value bought (long) or sold (short) to build the position."""
    mae_percent: float
    """Maximum adverse excursion ≥ 0: how far the price ran against the average entry. See ``docs/metrics.md``."""
    mfe_percent: float
    """Maximum favourable excursion ≥ 0."""
    bars_held: int
    """Bars of the instrument from the entry's to the exit's; 0 within one bar."""
    entry_reason: str
    exit_reason: str
    open: bool
    """True when the position was still held at the end of the run."""
    dividends_paise: int = 0
    """Payments of corporate actions meanwhile, in the net profit: dividends, − for a short, and fractions of shares."""
    shares_factor: float = 1.0
    """Shares at the end for one at the entry: splits and bonuses while it was held."""


class Shares:
    """Splits and bonuses over the spans of a run: everything in terms of one share, where there are any."""

    def __init__(self, record: Record, spans: PositionSpans, is_open: NDArray[np.bool_]) -> None:
        legs, panel = spans.legs, record.panel
        self._panel = panel
        self._scales = {column: SplitFactors(actions) for column, actions in ex_rows(record).items()}
        self._legs = np.ones(legs.shape[0])
        self.ends = np.ones(len(spans))
        """float64[K]: shares at the end of each span for one of the run's first day."""
        rows, instrument = np.searchsorted(panel.time, legs["time"]), legs["instrument"]
        for column, scale in self._scales.items():
            mine = instrument == column
            self._legs[mine] = scale.at(rows[mine])
            for action in record.actions:
                if action.instrument == column and action.after == 0:  # paid out: a fill of shares as they were
                    paid_out = np.flatnonzero(mine & (legs["time"] == action.time))[:1]
                    self._legs[paid_out] = scale.before(rows[paid_out])
            last = np.where(is_open, len(panel) - 1, rows[spans.last])
            now = np.where(is_open, scale.at(last), self._legs[spans.last])
            self.ends = np.where(instrument[spans.last] == column, now, self.ends)
        self.unslipped = legs["unslipped"] * self._legs if self._scales else legs["unslipped"]
        """float64[n]: of each leg, for what was one share on the first day."""
        self._of_span = np.repeat(np.arange(len(spans)), spans.last - spans.first + 1)
        self.factor = self.ends / self._legs[spans.first]
        """float64[K]: shares at the end for one at the entry."""

    def at_end(self, units: NDArray[np.int64]) -> NDArray[Any]:
        """Units of each leg in terms of the shares at the end of its span."""
        return units * (self.ends[self._of_span] / self._legs) if self._scales else units

    def in_first_shares(self, bars: Bars, column: int) -> Bars:
        """The prices of what was one share on the first day."""
        if column not in self._scales:
            return bars
        scale = self._scales[column].at(np.searchsorted(self._panel.time, bars.time))
        return replace(bars, **{name: getattr(bars, name) * scale for name in PRICES})

    def since(self, bars: Bars, column: int) -> NDArray[np.float64]:
        """float64[K]: what a price of the last bar is worth in terms of the shares at the end of each span."""
        if column not in self._scales:
            return np.ones(self.ends.shape)
        at_last = self._scales[column].at(np.searchsorted(self._panel.time, bars.time[-1:]))
        return at_last / self.ends


def round_trips(record: Record, spans: PositionSpans | None = None) -> tuple[RoundTrip, ...]:
    """Every round trip in the order of their exits; those still open come last, in the order of their entries.

    ``spans`` are those of the record's settlements, where they are known already.
    """
    spans = PositionSpans.of(record.settlements, record.actions) if spans is None else spans
    if not len(spans):
        return ()
    legs = spans.legs
    entry, final, reduces = legs[spans.first], legs[spans.last], legs["reduces"]
    is_open, side = final["position"] != 0, np.where(entry["position"] > 0, 1, -1)
    shares = Shares(record, spans, is_open)
    bars = _bars_lived(record.panel, spans, is_open, shares)
    units = shares.at_end(np.abs(legs["quantity"]))
    entry_price = _sums_in_turn(spans, ~reduces) / spans.gathered(np.add, np.where(reduces, 0, units))
    exit_value, exit_units = _sums_in_turn(spans, reduces), np.where(reduces, units, 0)
    gross_paise, left = spans.realised_paise.copy(), np.abs(final["position"])
    left = np.where(is_open, np.abs(np.array(record.positions))[entry["instrument"]], left)
    cost_paise = spans.entry_paise - spans.gathered(np.add, legs["cost_out_paise"])
    for row in np.flatnonzero(is_open).tolist():  # what is held is marked by the rule, once for each instrument
        gross_paise[row] += side[row] * (value(float(bars.close[row]), int(left[row])) - cost_paise[row])
        exit_value[row] += left[row] * bars.close[row]
    net_paise = gross_paise + spans.dividends_paise - spans.charges_paise
    down, up = (
        np.maximum(0.0, 1 - bars.lowest / entry_price) * 100,
        np.maximum(0.0, bars.highest / entry_price - 1) * 100,
    )
    columns: dict[str, NDArray[Any]] = {
        "instrument": entry["instrument"],
        "symbol": np.array(record.panel.symbols, dtype=object)[entry["instrument"]],
        "side": np.where(side > 0, "long", "short"),
        "quantity": spans.gathered(np.maximum, np.rint(shares.at_end(np.abs(legs["position"]))).astype(np.int64)),
        "entry_time": entry["time"],
        "exit_time": np.where(is_open, bars.time, final["time"]),
        "entry_price": entry_price,
        "exit_price": exit_value / (spans.gathered(np.add, exit_units) + left),
        "gross_paise": gross_paise,
        "charges_paise": spans.charges_paise,
        "net_paise": net_paise,
        "return_percent": in_percent(net_paise, spans.entry_paise),
        "mae_percent": np.where(side > 0, down, up),
        "mfe_percent": np.where(side > 0, up, down),
        "bars_held": bars.last - bars.first,
        "entry_reason": _reasons(record, spans.places[spans.first]),
        "exit_reason": np.where(is_open, OPEN_REASON, _reasons(record, spans.places[spans.last])),
        "open": is_open,
        "dividends_paise": spans.dividends_paise,
        "shares_factor": shares.factor,
    }
    values = (columns[name][spans.order].tolist() for name in RoundTrip._fields)
    return tuple(map(RoundTrip, *values))


def _sums_in_turn(spans: PositionSpans, of: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Units × price of these legs, summed up for each span one after the other, as a hand would."""
    legs = spans.legs
    values = np.where(of, np.abs(legs["quantity"]) * legs["price"], 0.0)
    of_span = np.repeat(np.arange(len(spans)), spans.last - spans.first + 1)
    return np.bincount(of_span, values, len(spans)).astype(np.float64, copy=False)  # for the stub


def _reasons(record: Record, places: NDArray[np.int64]) -> NDArray[np.object_]:
    return np.array([str(record.settlements[place].reason) for place in places.tolist()], dtype=object)


class _BarsLived(NamedTuple):
    """Bars of its instrument within each span, [K] each; an open span lasts to the last bar."""

    first: NDArray[np.int64]
    """Number of the entry's bar."""
    last: NDArray[np.int64]
    time: NDArray[np.int64]
    """Of the last bar."""
    close: NDArray[np.float64]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]


def _bars_lived(panel: Panel, spans: PositionSpans, is_open: NDArray[np.bool_], shares: Shares) -> _BarsLived:
    instrument = spans.legs["instrument"][spans.first]
    begins = np.flatnonzero(np.concatenate(([True], instrument[1:] != instrument[:-1])))
    parts = []
    for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), len(spans)], strict=True):
        column, part = int(instrument[begin]), slice(begin, end)
        bars = panel.bars_of(column)
        lived = _of_instrument(shares.in_first_shares(bars, column), spans, part, is_open, shares)
        parts.append(lived._replace(close=bars.close[-1] * shares.since(bars, column)[part]))
    return _BarsLived(*map(np.concatenate, zip(*parts, strict=True)))


def _of_instrument(
    bars: Bars, spans: PositionSpans, part: slice, is_open: NDArray[np.bool_], shares: Shares
) -> _BarsLived:
    """The lowest and highest price are those that the position certainly saw.

    Its own fills, its entry bar's range if it entered at the open and its close anyway, whole bars after that, and of
    the exit's bar the open; its range only if the position lasted to the close.
    """
    legs, still = spans.legs, is_open[part]
    entry, final = legs[spans.first[part]], legs[spans.last[part]]
    first = np.searchsorted(bars.time, entry["time"])
    last = np.where(still, len(bars) - 1, np.searchsorted(bars.time, final["time"]))
    to_close = still | final["at_close"]
    whole_from, whole_to = first + ~entry["at_open"], last + to_close
    whole = whole_from < whole_to
    seen = []
    for by, prices, none in ((np.minimum, bars.low, np.inf), (np.maximum, bars.high, -np.inf)):
        reach = spans.gathered(by, shares.unslipped)[part]
        reach = np.where((first < last) | to_close, by(reach, bars.close[first]), reach)
        reach = np.where(first < last, by(reach, bars.open[last]), reach)
        ends = np.column_stack([whole_from[whole], whole_to[whole]]).ravel()
        reach[whole] = by(reach[whole], by.reduceat(np.append(prices, none), ends)[::2])
        seen.append(reach / shares.ends[part])
    times = np.full(first.shape, bars.time[-1])
    return _BarsLived(first, last, times, np.full(first.shape, bars.close[-1]), *seen)
