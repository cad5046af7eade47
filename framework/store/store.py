"""The store as the rest of Tulya sees it: Bars in, Bars out, and what is known about them."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from framework.errors import DataError
from framework.store import bars as rows
from framework.store import database, instruments, issues, names, projection_tables, reference, risk, runs, sweeps
from framework.store.examination import examine_changed
from framework.store.history import commands, log
from framework.store.history.edits import effects
from framework.store.history.plan import Plan
from framework.store.history.plan import carry_out as carry_out_plan
from framework.store.history.undo import undo
from framework.store.records import (
    BreakerRow,
    CorporateAction,
    DataIssue,
    Owner,
    RiskRow,
    RunRow,
    SaveCount,
    SeriesInfo,
    SweepInfo,
    SweepRow,
)
from framework.store.series import keep_written, load
from framework.store.trouble import trouble
from framework.store.writer import Batch, Written, write
from framework.types import Panel, Timeframe
from framework.types.actions import Action
from framework.types.currency import INR
from framework.types.intake.records import Columns, Facts, SeriesKey
from framework.types.localtime import DAY, day_text, to_local, to_utc
from framework.types.timeframe import DATED, DAY_NS
from framework.types.veil import seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from framework.store.history.edits import Work
    from framework.store.history.log import ImportRow
    from framework.types import Bars, Instrument

KEPT_ROWS = 2_000_000
"""Rows that were just written and are kept in memory until they are examined, 48 bytes each."""
DEFAULT_PATH = Path("data/market.sqlite")


def open_store(path: Path | None = None, *, create: bool = True) -> Store:
    """The store in a file (default ``data/market.sqlite``), created and migrated as needed; use it in a ``with``.

    ``create=False`` is for readers: a mistyped path is a ``DataError``, not a new and empty file.
    """
    chosen = path or DEFAULT_PATH
    if not create and not chosen.is_file():
        msg = f"there is no database {chosen}; tulya data sample or tulya data import makes one (--db names another)"
        raise DataError(msg)
    return Store(chosen)


class Store:
    """One SQLite file through one writing connection.

    A symbol is written ``INFY``, or ``NSE:INFY`` where several exchanges have it. Every method raises ``DataError``
    with a sentence that names the nearest thing there is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.snapshots = path.with_name(f"{path.name}.snapshots")
        self.connection: sqlite3.Connection = database.connect(path)
        self._unread: dict[SeriesKey, Columns] = {}
        self._unread_rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if isinstance(error, sqlite3.Error):
            raise trouble(self.path, error) from error

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self.connection.close()

    def series(self, symbol: str | None = None, timeframe: str | None = None) -> list[SeriesInfo]:
        """Stored series, ordered by symbol, exchange and timeframe."""
        where, values = ["1"], list[str]()
        if symbol is not None:
            where.append("symbol = ? AND exchange = ?")
            values += names.resolve(self.connection, symbol)
        if timeframe is not None:
            where.append("timeframe = ?")
            values.append(Timeframe.parse(timeframe).name)
        found = self.connection.execute(
            "SELECT symbol, exchange, timeframe, count(*), min(timestamp), max(timestamp) FROM ohlc_data "  # noqa: S608 - constants
            f"WHERE {' AND '.join(where)} GROUP BY symbol, exchange, timeframe ORDER BY symbol, exchange",
            values,
        ).fetchall()
        found.sort(key=lambda row: (row[0], row[1], Timeframe.parse(row[2]).nanoseconds))
        return [
            SeriesInfo(symbol, exchange, frame, count, first * rows.SECOND_NS, last * rows.SECOND_NS)
            for symbol, exchange, frame, count, first, last in found
        ]

    def load_bars(self, symbol: str, timeframe: str = "1d", start: date | None = None, end: date | None = None) -> Bars:
        """Bars of the sessions from start to end, both included."""
        key = SeriesKey(*names.resolve(self.connection, symbol), Timeframe.parse(timeframe).name)
        if start and end and start > end:
            raise DataError(f"{symbol}: the range begins on {start}, after its end on {end}; swap the two dates")
        instrument = instruments.load(self.connection, key.symbol, key.exchange)
        bars = load(self.connection, self.snapshots, key, instrument, self._span(key, start, end, instrument.timezone))
        if not len(bars):
            raise DataError(self._nothing(symbol, key, start, end, instrument.timezone))
        return seen(bars)

    def panels(
        self,
        symbols: Sequence[str],
        timeframe: str = "1d",
        start: date | None = None,
        end: date | None = None,
        *,
        block: int = 100,
    ) -> Iterator[Panel]:
        """Panels of ``block`` symbols each, one at a time, for a universe that does not fit in memory.

        Each has the times of its own symbols; together they are no substitute for the one panel of a shared account.
        """
        for begin in range(0, len(symbols), block):
            part = symbols[begin : begin + block]
            yield Panel.from_bars([self.load_bars(symbol, timeframe, start, end) for symbol in part])

    def save_bars(self, bars: Bars, *, replace: bool = False) -> SaveCount:
        """Keep bars; those stored with other values are left as they are unless ``replace``."""
        instrument = bars.instrument
        key = SeriesKey(instrument.symbol, instrument.exchange, bars.timeframe)
        if not len(bars):
            return SaveCount(0)
        if (bars.time % rows.SECOND_NS).any():
            raise DataError(f"{instrument}: the store keeps whole seconds, and some bars open between two; round them")
        columns = Columns(
            bars.time // rows.SECOND_NS, np.stack([bars.open, bars.high, bars.low, bars.close, bars.volume])
        )
        zone = None if instrument.timezone == "UTC" else instrument.timezone
        currency = None if instrument.currency == INR else instrument.currency
        facts = Facts(key.symbol, key.exchange, None, None, instrument.tick, instrument.lot, zone, currency)
        batch = Batch("", [(key, columns)], [facts], rows_read=len(bars), timezone=instrument.timezone)
        written = self.write(batch, replace=replace)
        self.examine()
        return written.saved

    def issues(
        self,
        symbols: Sequence[str] | None = None,
        timeframe: str | None = None,
        first_ns: int | None = None,
        last_ns: int | None = None,
        limit: int | None = None,
    ) -> list[DataIssue]:
        """Issues (refused rows, doubtful bars) of these symbols (default: all) in this span of UTC nanoseconds."""
        pairs = None
        if symbols is not None:
            pairs = [pair for symbol in symbols for pair in names.resolve_issues(self.connection, symbol)]
        frame = None if timeframe is None else Timeframe.parse(timeframe).name
        return issues.select(self.connection, pairs, frame, (first_ns, last_ns), limit)

    def corporate_actions(self, symbol: str | None = None) -> list[CorporateAction]:
        """Known splits, bonuses and dividends by ex-date; of all symbols by symbol first."""
        if symbol is None:
            return reference.every_action(self.connection)
        return reference.actions(self.connection, *names.resolve(self.connection, symbol))

    def actions_of(self, symbol: str) -> tuple[Action, ...]:
        """The same, as bars carry them."""
        found = reference.actions(self.connection, *names.resolve(self.connection, symbol))
        return tuple(Action(one.ex_date_ns // DAY_NS, one.kind, one.factor, one.dividend) for one in found)

    def instrument(self, symbol: str) -> Instrument:
        """Tick, lot and time zone of a symbol."""
        return instruments.load(self.connection, *names.resolve(self.connection, symbol))

    def save_run(self, run: RunRow) -> None:
        """Keep a backtest; one of the same id is replaced."""
        with database.transaction(self.connection):
            runs.save(self.connection, run)

    def save_risk(self, run_id: str, metrics: Iterable[RiskRow], events: Iterable[BreakerRow]) -> None:
        """Keep what a run risked on each day and what its breaker did; what was kept of it before is replaced."""
        with database.transaction(self.connection):
            risk.save(self.connection, run_id, metrics, events)

    def risk_metrics(self, owner: Owner) -> list[RiskRow]:
        """Risk of a run or an account, session by session."""
        return risk.metrics(self.connection, owner)

    def breaker_events(self, owner: Owner) -> list[BreakerRow]:
        """Breaker events of a run or an account, oldest first."""
        return risk.events(self.connection, owner)

    def append_breaker_event(self, account: str, row: BreakerRow) -> None:
        """Add to an account's events; they are never changed and never deleted."""
        with database.transaction(self.connection):
            risk.append(self.connection, Owner(account=account), [row])

    def rebuild_account(
        self, account: str, rows: Mapping[str, Iterable[tuple[Any, ...]]]
    ) -> dict[str, projection_tables.TableChange]:
        """Bring an account's projection tables to these rows, all of them or none."""
        return projection_tables.rebuild(self.connection, account, rows)

    def account_rows(self, table: str, account: str) -> list[Any]:
        """Rows of an account in one projection table, by their entry in the journal."""
        return projection_tables.read(self.connection, table, account)

    def runs(self, limit: int | None = 20) -> list[RunRow]:
        """The newest backtests first; limit None = all."""
        return runs.latest(self.connection, limit)

    def run_ids(self) -> set[str]:
        """Ids of every kept backtest."""
        return runs.ids(self.connection)

    def run(self, run_id: str) -> RunRow:
        """A backtest by its id, a beginning of it that no other has, or ``last``."""
        return runs.find(self.connection, run_id)

    def save_sweep(self, sweep: SweepRow) -> str:
        """Keep what a sweep is of; returns its id."""
        with database.transaction(self.connection):
            return sweeps.save(self.connection, sweep)

    def join_sweep(self, sweep: SweepRow, study: str) -> str:
        """The id of the sweep that keeps a study's results: one of the same fingerprint, else this one, kept now."""
        with database.transaction(self.connection):
            return sweeps.of_study(self.connection, study, sweep.fingerprint) or sweeps.save(self.connection, sweep)

    def save_sweep_results(self, sweep_id: str, results: Sequence[tuple[str, Mapping[str, float]]]) -> None:
        """Keep (parameters as JSON, statistics) of sets that were tried."""
        with database.transaction(self.connection):
            sweeps.save_results(self.connection, sweep_id, results)

    def sweep(self, sweep_id: str) -> SweepRow:
        """A sweep by its id, a beginning of it that no other has, or ``last``."""
        return sweeps.find(self.connection, sweep_id)

    def sweep_results(self, sweep_id: str) -> dict[str, dict[str, float]]:
        """Parameters as JSON → statistics, of every set that was tried in a sweep."""
        return sweeps.results(self.connection, sweep_id)

    def sweeps(self, limit: int | None = 20) -> list[SweepInfo]:
        """The newest sweeps first, with how far each came; limit None = all."""
        return sweeps.latest(self.connection, limit)

    def plan_sweep(self, sweep_id: str, wanted: int) -> None:
        """Keep how many sets a sweep sets out to try; it is not finished then."""
        with database.transaction(self.connection):
            sweeps.plan(self.connection, sweep_id, wanted)

    def finish_sweep(self, sweep_id: str, outcome: Mapping[str, Any]) -> None:
        """Keep the outcome of a finished sweep."""
        with database.transaction(self.connection):
            sweeps.finish(self.connection, sweep_id, outcome)

    def sets_tried(self, strategy: str, symbols: Sequence[str]) -> int:
        """Number of parameter sets of a strategy ever tried on these symbols, in every sweep."""
        return sweeps.tried(self.connection, strategy, tuple(symbols))

    def write(self, batch: Batch, *, replace: bool = False, progress: Callable[[int], None] | None = None) -> Written:
        """Store the contents of one file, all or nothing."""
        written = write(self.connection, batch, replace=replace, progress=progress)
        for key, revision in written.revisions.items():
            whole = written.complete[key]
            if whole is not None:
                instrument = instruments.load(self.connection, key.symbol, key.exchange)
                keep_written(self.snapshots, key, instrument, revision, whole)
        for key, columns in written.complete.items():
            before = self._unread.pop(key, None)
            self._unread_rows -= 0 if before is None else before.timestamp.shape[0]
            if columns is not None and self._unread_rows + columns.timestamp.shape[0] <= KEPT_ROWS:
                self._unread[key] = columns
                self._unread_rows += columns.timestamp.shape[0]
        return written

    def imports(self, symbol: str | None = None) -> list[ImportRow]:
        """Imports and edits, the newest first; of a symbol those that moved its bars."""
        return log.read(self.connection, None if symbol is None else names.resolve(self.connection, symbol))

    def planned_undo(self, import_id: str) -> Plan:
        """Plan to take an import back; an id, or ``last``."""
        return self._planned(lambda: undo(self.connection, import_id))

    def planned_deletion(self, symbol: str, timeframe: str | None = None, import_id: str | None = None) -> Plan:
        """Plan to take away a symbol's bars: all, of one timeframe, or what one import did to them."""
        return self._planned(lambda: commands.deletion(self.connection, symbol, timeframe, import_id))

    def planned_renaming(self, old: str, new: str, *, new_exchange: bool = False) -> Plan:
        """Plan to give a symbol another name."""
        return self._planned(lambda: commands.renaming(self.connection, old, new, new_exchange=new_exchange))

    def planned_merge(self, old: str, new: str, *, replace: bool = False) -> Plan:
        """Plan to put two symbols of one share together under the second name."""
        return self._planned(lambda: commands.merge(self.connection, old, new, replace=replace))

    def carry_out(self, plan: Plan) -> int:
        """Do what was planned, all or nothing; returns the number under which it can be taken back."""
        with database.transaction(self.connection):
            import_id = carry_out_plan(self.connection, plan)
        self.examine()
        return import_id

    def _planned(self, make: Callable[[], Work]) -> Plan:
        with database.one_state(self.connection):
            work = make()
            return Plan(make, work, effects(self.connection, work))

    def examine(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Examine every series that changed since its last examination; returns the number of issues found."""
        found = examine_changed(self.connection, self._unread, progress)
        self._unread.clear()
        self._unread_rows = 0
        return found

    def _span(self, key: SeriesKey, start: date | None, end: date | None, timezone: str) -> tuple[int, int]:
        """Sessions from start to end as UTC seconds, both included."""
        zone = "UTC" if key.timeframe in DATED else timezone
        span = [rows.FIRST_SECOND, rows.LAST_SECOND]
        for index, day in enumerate((start, end)):
            if day is not None:
                midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + index * DAY
                span[index] = int(to_utc(np.array([midnight], dtype=np.int64), zone)[0][0]) - index
        return span[0], span[1]

    def _nothing(self, symbol: str, key: SeriesKey, start: date | None, end: date | None, timezone: str) -> str:
        """Error for no bars: no such timeframe, or none in the range."""
        held = [info for info in self.series() if (info.symbol, info.exchange) == key[:2]]
        here = [info for info in held if info.timeframe == key.timeframe]
        if not here:
            return f"{symbol} has no {key.timeframe} bars; it has {', '.join(info.timeframe for info in held)}"
        stamps = np.array([here[0].first_ns, here[0].last_ns], dtype=np.int64) // rows.SECOND_NS
        local = stamps if key.timeframe in DATED else to_local(stamps, timezone)
        first, last = (day_text(int(stamp) // DAY) for stamp in local)
        wanted = f"from {start}" if end is None else f"to {end}" if start is None else f"from {start} to {end}"
        return f"{symbol} has no {key.timeframe} bars {wanted}; it has them from {first} to {last}"
