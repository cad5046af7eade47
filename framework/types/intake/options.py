"""Options of reading prices: what the caller knows that the cells do not say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from framework.types.intake.words import COMMAND_LINE, OptionWords

if TYPE_CHECKING:
    from collections.abc import Mapping


class IntakeOptions(NamedTuple):
    """Options that files and frames share; None and '' mean that the cells tell."""

    symbol: str | None = None
    """For cells without a column of symbols."""
    exchange: str | None = None
    timeframe: str | None = None
    timezone: str | None = None
    """Zone of times that carry none."""
    mapping: Mapping[str, str] = {}
    """Field → heading, before anything that is recognised."""
    order: Literal["dayfirst", "monthfirst"] | None = None
    fallback: tuple[str, str] = ("BARS", "the default")
    """Symbol where nothing else names one, and its source, which is printed."""
    words: OptionWords = COMMAND_LINE
    today: int | None = None
    """Date beyond which no bar can be, days since 1970; None: any date may be."""
    currency: str | None = None
    whole: bool = False
    """Refuse the cells as a whole for a row that is no bar: nothing is cut into series then."""
