"""Words of an error for whoever reads it: options of the command line, or arguments in Python."""

from __future__ import annotations

from typing import NamedTuple


class OptionWords(NamedTuple):
    """Each way out as the reader writes it; ``{}`` takes the value."""

    timezone: str
    timeframe: str
    dayfirst: str
    monthfirst: str
    lacking: str
    """A heading that is missing: ``{}`` take the fields, the headings that are there, and the first field."""
    taken: str
    """End of a sentence about one of two rows."""


COMMAND_LINE = OptionWords(
    "--timezone {}",
    "--timeframe {}",
    "--dayfirst",
    "--monthfirst",
    "no heading for {}; the file has {}; name them with --map {}=HEADING",
    "; that one was taken",
)
PYTHON = OptionWords(
    "timezone='{}'",
    "timeframe='{}'",
    "order='dayfirst'",
    "order='monthfirst'",
    "the frame has no column {}; it has {}; rename one, as in frame.rename(columns={{'Px': '{}'}}); a DatetimeIndex is "
    "the time",
    "",
)
