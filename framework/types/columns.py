"""Columns of bars by name, as every file that goes through them has them."""

PRICES = ("open", "high", "low", "close")
"""Rupees."""
VALUES = (*PRICES, "volume", "factor")
"""One number an instrument and bar."""
CLOCKS = ("time", "session", "close_time")
"""One number a bar, whatever the instrument."""
ARRAYS = ("time", *PRICES, "volume", "session", "close_time", "factor")
"""Every array of ``Bars``."""
