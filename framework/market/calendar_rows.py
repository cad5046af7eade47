"""Rows of ``config/sessions/*.yaml``: what may stand in them and what each one means."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Kind = Literal["regular", "muhurat", "budget", "special", "test", "outage", "halt"]
"""muhurat: the hour at Diwali; test: new software or the recovery site; outage: the exchange's; halt: a breaker."""
CONTINUOUS = "continuous"
HOURS = re.compile(r"(\d\d):(\d\d)\s*[-–]\s*(\d\d):(\d\d)")
MONTH_DAY = re.compile(r"(\d\d)-(\d\d)(?:\s+(\S.*))?")


class LocalHours(NamedTuple):
    """From one local time to another, the second not included."""

    start: time
    end: time

    def __str__(self) -> str:
        return f"{self.start:%H:%M}–{self.end:%H:%M}"


def parse_hours(value: Any) -> Any:
    """``09:15-15:30``."""
    match = HOURS.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        found = LocalHours(time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))) if match else None
    except ValueError:
        found = None
    if found is None or found.start >= found.end:
        raise ValueError("write local times of one day with the earlier one first, such as 09:15-15:30")
    return found


Window = Annotated[LocalHours, BeforeValidator(parse_hours)]


class CalendarRow(BaseModel):
    """Unknown keys are refused: a misspelt one would be a fact that is silently not taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Dropped(CalendarRow):
    """A phase that some classes do not have any more."""

    classes: tuple[str, ...] = Field(min_length=1)
    phase: str


class RevisedHours(Dropped):
    """Hours of a phase after a revision."""

    window: Window
    note: str = ""


class HoursRow(RevisedHours):
    """Hours of a phase of the ordinary session, by class and date."""

    valid_from: date
    valid_to: date | None
    source: str = Field(min_length=1)


class Revision(CalendarRow):
    """An announced change that can be switched; a user's row may say no more than name and enabled."""

    name: str
    enabled: bool
    valid_from: date | None = None
    source: str = ""
    hours: tuple[RevisedHours, ...] = ()
    drops: tuple[Dropped, ...] = ()


class SpecialRow(CalendarRow):
    """A session that is not like the others, also one on a day that would otherwise be none."""

    date: date
    kind: Kind
    windows: tuple[Window, ...] | Literal["regular"] | None
    """Continuous trading; ``regular`` as on an ordinary day; None where nobody here knows."""
    doubtful: bool = False
    note: str = ""
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> SpecialRow:
        if isinstance(self.windows, tuple):
            if not self.windows:
                raise ValueError(f"{self.date}: windows is empty; write times, regular, or null for unknown")
            for before, after in zip(self.windows, self.windows[1:], strict=False):
                if after.start < before.end:
                    raise ValueError(f"{self.date}: the windows {before} and {after} overlap or are out of order")
        return self


class ClosedRow(CalendarRow):
    """A single day without a session that the list of its year does not have."""

    date: date
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)


class YearDays(CalendarRow):
    """Days of one year, ``MM-DD`` and, where known, why."""

    year: int = Field(ge=1990, le=2200)
    source: str = Field(min_length=1)
    days: tuple[str, ...]

    @model_validator(mode="after")
    def _readable(self) -> YearDays:
        if len(self.named) < len(self.days):
            raise ValueError(f"{self.year}: a day is listed twice")
        return self

    @property
    def named(self) -> dict[date, str]:
        """Day → why, empty where that is not known."""
        found = {}
        for text in self.days:
            match = MONTH_DAY.fullmatch(text.strip())
            if not match:
                raise ValueError(
                    f"{self.year}: {text!r} is not understood; write MM-DD and why, such as 01-26 Republic Day"
                )
            try:
                found[date(self.year, int(match[1]), int(match[2]))] = match[3] or ""
            except ValueError as error:
                raise ValueError(f"{self.year}: there is no {match[1]}-{match[2]} in that year") from error
        return found


class SettlementRow(CalendarRow):
    """Settlement days from a session to the exchange of shares and money."""

    days: int = Field(ge=0, le=10)
    valid_from: date
    valid_to: date | None
    source: str = Field(min_length=1)


class CalendarFile(CalendarRow):
    """One file."""

    exchange: str = Field(min_length=1)
    timezone: str | None = None
    same_as: str | None = None
    """Exchange whose rows hold here too, where this one has none of its own."""
    first: date | None = None
    """First day that is answered; default the first day of the first year in ``holidays``."""
    hours: tuple[HoursRow, ...] = ()
    revisions: tuple[Revision, ...] = ()
    special_sessions: tuple[SpecialRow, ...] = ()
    closed: tuple[ClosedRow, ...] = ()
    settlement: tuple[SettlementRow, ...] = ()
    settlement_holidays: tuple[YearDays, ...] = ()
    holidays: tuple[YearDays, ...] = ()
