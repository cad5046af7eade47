"""One listed instrument and all that is known of it; the core's ``Instrument`` is the small part that rules need."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

SHARE_SERIES = frozenset({"EQ", "BE", "BZ", "SM", "ST", "SZ"})
"""NSE series under which one share is listed; a share moves between them and keeps its symbol."""
CONTRACTS = {"FUT": "future", "CE": "option", "PE": "option"}
TIMEZONE = "Asia/Kolkata"
IST = timedelta(hours=5, minutes=30)
ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")
LONGEST_TEXT = 200
LARGEST_WHOLE = 10**12
LARGEST_TICK = 100_000.0
LARGEST_STRIKE = 1e9
LAST_MS = 4_102_444_800_000
"""2100-01-01: an expiry later than that is a wrong unit."""
Kind = Literal["share", "fund", "bond", "index", "future", "option", "other"]


class Listing(NamedTuple):
    """Listing of an instrument in one source; None = not given there."""

    symbol: str
    exchange: str
    segment: str = ""
    """Exchange and market as the broker writes them: ``NSE_EQ``, ``NSE_FO``, ``NSE_INDEX``, ``MCX_FO``."""
    broker_key: str = ""
    """The broker's name of it: ``NSE_EQ|INE009A01021``; '' where a list has none."""
    kind: Kind = "other"
    name: str | None = None
    isin: str | None = None
    series: str | None = None
    """Series of NSE (EQ, BE, …) or group of BSE (A, T, …)."""
    tick: float | None = None
    """Smallest price step in rupees."""
    lot: int | None = None
    """Units."""
    freeze_quantity: int | None = None
    """Units of the largest order."""
    expiry: date | None = None
    strike: float | None = None
    """Rupees."""
    option_type: str | None = None
    """CE (call) or PE (put)."""
    underlying: str | None = None
    underlying_kind: str | None = None
    """EQUITY, INDEX, COM, CUR or IRD, as the broker writes it."""
    equity_oriented: bool | None = None
    """True if it pays the securities transaction tax of shares; None where the source cannot tell (funds)."""
    closing_auction: bool | None = None
    """True if its day ends with the closing auction."""

    def __str__(self) -> str:
        return f"{self.exchange}:{self.symbol}" if self.exchange else self.symbol


class RefusalError(ValueError):
    """Reason why one row is no instrument; caught where the row is named."""


def listing_of(raw: Mapping[str, Any], *, tick_in_paise: bool) -> Listing:
    """A listing from plain fields; ``RefusalError`` names the field, its value and what it should be."""
    exchange = _text(raw, "exchange", needed=True)
    symbol = _text(raw, "symbol", needed=True)
    segment = _text(raw, "segment") or ""
    key = _text(raw, "broker_key") or ""
    series = _text(raw, "series")
    isin = _isin(raw)
    kind = _kind(raw, segment, series, isin)
    contract = kind in {"future", "option"}
    option_type = _one_of(raw, "option_type", ("CE", "PE")) if kind == "option" else None
    expiry = _expiry(raw) if contract else None
    strike = _number(raw, "strike", LARGEST_STRIKE) if kind == "option" else None
    if contract and expiry is None:
        raise RefusalError(f"expiry is missing; a {kind} needs one")
    if kind == "option" and (not strike or option_type is None):
        raise RefusalError("strike and option_type are missing; an option needs a strike above 0 and CE or PE")
    said = _flag(raw, "equity_oriented")
    return Listing(
        symbol=_with_series(symbol, exchange, segment, kind, series),
        exchange=exchange.upper(),
        segment=segment,
        broker_key=key,
        kind=kind,
        name=_text(raw, "name"),
        isin=isin,
        series=series,
        tick=_tick(raw, in_paise=tick_in_paise),
        lot=_whole(raw, "lot", 1),
        freeze_quantity=_whole(raw, "freeze_quantity", 0) or None,
        expiry=expiry,
        strike=strike,
        option_type=option_type,
        underlying=_text(raw, "underlying"),
        underlying_kind=_text(raw, "underlying_kind"),
        equity_oriented=said if said is not None else {"share": True, "bond": False}.get(kind),
        closing_auction=_flag(raw, "closing_auction"),
    )


def _text(raw: Mapping[str, Any], field: str, *, needed: bool = False) -> str:
    """Trimmed text, '' for an empty cell; never None where ``needed``."""
    value = raw.get(field)
    if value is None or value == "":
        if needed:
            raise RefusalError(f"{field} is missing")
        return None  # type: ignore[return-value]  # callers that do not need it take None for "nothing said"
    if not isinstance(value, str):
        raise RefusalError(f"{field} {_shown(value)} is not a text")
    plain = " ".join(value.split())
    if not plain.isprintable() or len(plain) > LONGEST_TEXT:
        raise RefusalError(f"{field} {_shown(value)} is not a printable text of at most {LONGEST_TEXT} letters")
    if needed and not plain:
        raise RefusalError(f"{field} is blank")
    return plain or None  # type: ignore[return-value]  # as above


def _isin(raw: Mapping[str, Any]) -> str | None:
    isin = _text(raw, "isin")
    if isin and not ISIN.fullmatch(isin):
        raise RefusalError(f"isin {isin!r} is not two letters, nine letters or digits and a digit")
    return isin or None


def _kind(raw: Mapping[str, Any], segment: str, series: str | None, isin: str | None) -> Kind:  # noqa: PLR0911 - cases, read from top to bottom
    """The kind that is given, else the one that segment, type and the ISIN's own type imply."""
    said = _one_of(raw, "kind", ("share", "fund", "bond", "index", "future", "option", "other"))
    if said:
        return said  # type: ignore[return-value]  # one of the kinds, checked above
    if segment.endswith(("_INDEX", "_INDICATOR")) or series == "INDEX":
        return "index"
    if series in CONTRACTS:
        return CONTRACTS[series]  # type: ignore[return-value]  # as above
    if raw.get("option_type"):
        return "option"
    if raw.get("expiry"):
        return "future"
    if isin and isin.startswith("INF"):
        return "fund"
    if isin and isin.startswith(("INE", "IN9")):
        return "share" if isin[7:9] == "01" else "bond"
    if isin and isin.startswith("IN"):
        return "bond"
    return "share" if series in SHARE_SERIES else "other"


def _with_series(symbol: str, exchange: str, segment: str, kind: Kind, series: str | None) -> str:
    """A bond's or right's NSE series is part of its symbol (``NHAI-N1``), as it is for imported prices."""
    cash = segment in {"NSE_EQ", ""} and exchange.upper() == "NSE" and kind in {"bond", "other", "share"}
    if not cash or not series or series in SHARE_SERIES or symbol.endswith(f"-{series}"):
        return symbol
    return f"{symbol}-{series}"


def _tick(raw: Mapping[str, Any], *, in_paise: bool) -> float | None:
    value = _number(raw, "tick", LARGEST_TICK * 100 if in_paise else LARGEST_TICK)
    if not value:
        return None
    return float(Decimal(repr(value)).scaleb(-2)) if in_paise else value


def _number(raw: Mapping[str, Any], field: str, most: float) -> float | None:
    value = raw.get(field)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise RefusalError(f"{field} {_shown(value)} is not a number") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusalError(f"{field} {_shown(value)} is not a number")
    if (isinstance(value, float) and not math.isfinite(value)) or not 0 <= value <= most:
        raise RefusalError(f"{field} {_shown(value)} is not between 0 and {most:,.0f}")
    return float(value)


def _whole(raw: Mapping[str, Any], field: str, least: int) -> int | None:
    value = _number(raw, field, LARGEST_WHOLE)
    if value is None:
        return None
    if value != int(value) or value < least:
        raise RefusalError(f"{field} {_shown(raw[field])} is not a whole number of at least {least}")
    return int(value)


def _flag(raw: Mapping[str, Any], field: str) -> bool | None:
    value = raw.get(field)
    if value is None or value == "" or isinstance(value, bool):
        return None if value == "" else value
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    raise RefusalError(f"{field} {_shown(value)} is neither true nor false")


def _one_of(raw: Mapping[str, Any], field: str, known: tuple[str, ...]) -> str | None:
    value = _text(raw, field)
    if not value:
        return None
    found = next((word for word in known if word.casefold() == value.casefold()), None)
    if found is None:
        raise RefusalError(f"{field} {_shown(value)} is not one of {', '.join(known)}")
    return found


def _expiry(raw: Mapping[str, Any]) -> date | None:
    """A day in India: from milliseconds since 1970 (UTC), or written ``2026-11-24``."""
    value = raw.get("expiry")
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip()[:10])
        except ValueError:
            raise RefusalError(f"expiry {_shown(value)} is not a date such as 2026-11-24") from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < LAST_MS:
        raise RefusalError(f"expiry {_shown(value)} is not milliseconds since 1970, before 2100")
    return (datetime.fromtimestamp(value / 1000, UTC) + IST).date()


def _shown(value: Any) -> str:
    """A value in a message; a long or strange one is cut."""
    text = ascii(value) if not isinstance(value, str) or not value.isprintable() else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004 - a line of a table
