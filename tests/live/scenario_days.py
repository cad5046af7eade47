"""Days of a scenario: what is traded on them, and what the table says; short made-up ones, or the exchange's own."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from framework.live.agreement import DayOpinion
from framework.live.hours import SessionHours, hours_of
from framework.live.replay_run import market_classes
from framework.live.schedule import DayPlan, Schedule
from framework.market.calendar import Calendar
from framework.market.products import with_product
from framework.types import Bars, Instrument, Panel, Settings
from framework.types.deadlines import Deadline
from tests.simulation.kinds import MINUTE
from tests.simulation.market import BEGIN, HOURS, INSTRUMENTS, OPENS, SCHEDULE


class Days(NamedTuple):
    """Days of a scenario."""

    instruments: tuple[Instrument, ...] = INSTRUMENTS
    schedule: Schedule = SCHEDULE
    hours: Callable[[int], SessionHours | None] = HOURS
    begin: int = BEGIN
    """When the first process starts, UTC nanoseconds."""
    opens: int = OPENS[0]
    """First moment of continuous trading of the first day."""
    deadline: Callable[[int], Deadline | None] | None = None
    settings: Settings | None = None
    """With the margins of their product; None: as they are given."""
    broker_says: Callable[[int], DayOpinion] = SCHEDULE.opinion_on

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(map(str, self.instruments))


SHORT_DAYS = Days()


def real_days(first: str, last: str, instruments, settings=None) -> Days:
    """The exchange's own days, by its calendar, with square-offs where the settings' product has them."""
    calendar = Calendar.load("NSE")
    classes = market_classes(instruments)
    every = [klass for some in classes.values() for klass in some]
    hours = hours_of([calendar], every)
    opens = [calendar.session(day, every[0].klass).open_ns for day in calendar.sessions(first, last)]
    ones = [np.full(len(opens), price) for price in (100.0, 100.0, 100.0, 100.0, 1e6)]
    bars = [Bars.from_arrays(one, "1m", np.array(opens, dtype=np.int64), *ones) for one in instruments]
    chosen, panel = with_product(settings or Settings.of(capital=1_000_000, volume_cap=1.0), Panel.from_bars(bars))
    deadlines = {}
    if panel.deadlines is not None:
        deadlines = dict(zip(panel.deadlines.days.tolist(), panel.deadlines.by_session(), strict=True))

    def square_offs(session):
        found = deadlines.get(session)
        return [] if found is None else zip(classes, found.square_off, strict=True)

    schedule = Schedule([calendar], DayPlan(classes), square_offs)
    return Days(
        tuple(instruments), schedule, hours, opens[0] - MINUTE, opens[0], deadlines.get, chosen, schedule.opinion_on
    )
