"""Checks of the day's report of a simulated account: what it counts is what happened (F86, F87).

Truth of its own: requests as they left, executions as the exchange made them, targets as the strategy gave them. A
process that dies between the journal and the line has noted a request that never left.
Whether a day is *silent* is judged against the days of a backtest, which nothing here has: see
tests/live/test_planted_silence.py.
"""

from collections import defaultdict

from framework.journal.account_entries import RequestName
from framework.journal.entries import written_entry
from framework.live.activity import BARS, SIGNALS, WHOLE_DAY, ActivityCell, live_activity
from framework.live.day_report import ReportChoices, day_document
from framework.live.deployment import ReportSettings
from framework.live.hours import session_of
from framework.live.ledger import day_at, gather
from framework.types.events import Decided
from tests.simulation.market import DAYS, SYMBOLS

BOUND = 1.0
"""Changes and cancels for each fill, from which on the report warns: some days are below it, some above."""

ROW_INPUTS = (b'"input":{"BarCloses":', b'"input":{"Decided":')


def check_days(world) -> None:
    """Compare the reports of both days with what happened."""
    ledger = gather(world.journal.lines())
    rows = _rows(world)
    for day in DAYS:
        if session_of(day) in ledger.days:
            _check_ratio(world, ledger, day)
            for session in ledger.sessions.values():
                _check_activity(world, session, session_of(day), rows)


def _check_ratio(world, ledger, day) -> None:
    """Changes and cancels are counted as they left, and a ratio above the bound is told (F87)."""
    watch = world.watch
    document = day_document(ledger, day, ReportChoices(settings=ReportSettings(order_to_trade=BOUND)))
    left = sum(day_at(moment) == day for moment, request in watch.left_at if request is not RequestName.PLACE)
    noted = document["changes"]
    if noted < left or (world.processes == 1 and noted != left):
        watch.violation("miscounted", f"{left} changes and cancels left on {day}, the report has {noted}")
    fills = document["fills"]
    stood, annulled, by_hand = (
        sum(day_at(one.time) == day for one in some.values())
        for some in (watch.fills, watch.annulled, world.paper.books.hand)
    )
    if not stood <= fills <= stood + 2 * (annulled + by_hand):  # what is taken back has a settlement too
        watch.violation("miscounted", f"{stood} executions on {day}, {annulled} annulled, the report has {fills}")
    told = any(one["code"] == "order_to_trade" for one in document["findings"])
    if told is not (noted > BOUND * fills if fills else noted > BOUND):
        watch.violation("ratio_untold", f"{noted} changes for {fills} fills on {day}: told is {told}")


def _check_activity(world, session, number, rows) -> None:
    """Bars and signals that a day's silence is judged by are those that were there (F86)."""
    records = session.folded.records
    lived = live_activity(records, records.every_order(session.folded.session), SYMBOLS, number)
    said = sum(world.strategies.said.get((session.name, row.time), 0) for row, decided in rows[session.name, number]
               if decided)  # fmt: skip
    bars = sum(close == close for row, _ in rows[session.name, number] for close in row.close)  # noqa: PLR0124 - NaN
    for kind, counted in ((BARS, bars), (SIGNALS, said)):
        if lived[ActivityCell(kind, "", WHOLE_DAY)] != counted:
            text = f"{session.name} had {counted} {kind}, its activity {lived[ActivityCell(kind, '', WHOLE_DAY)]}"
            world.watch.violation("miscounted", text)


def _rows(world):
    """Rows that the journal has, each with the word whether it was decided on, by session and its day."""
    rows, latest = {}, {}
    for one in world.journal.entries:
        if any(word in one.text for word in ROW_INPUTS):
            handled = written_entry(one.text).entry().body
            is_decision = isinstance(handled.input, Decided)
            row = latest[handled.session] = latest[handled.session] if is_decision else handled.input.row
            rows[handled.session, row.time] = (row, is_decision)
    found = defaultdict(list)
    for (name, _), (row, decided) in rows.items():
        found[name, row.session].append((row, decided))
    return found
