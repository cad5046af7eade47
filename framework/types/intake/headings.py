"""File formats by their headings, as data: price files, lists of corporate actions, session tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from framework.errors import DataError
from framework.types.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FIELDS = (
    "time", "clock", "open", "high", "low", "close", "volume", "symbol", "exchange", "series", "name", "isin", "lot",
    "segment_type", "contract",
)  # fmt: skip
NEEDED = ("time", "open", "high", "low", "close")
MAPPABLE = ("time", "open", "high", "low", "close", "volume", "symbol", "exchange", "series", "isin")


class Format(NamedTuple):
    """One kind of file: the headings that mark it, and which heading fills which field."""

    name: str
    marks: frozenset[str]
    """Headings that must all be there, in plain form (lower case, letters and digits only)."""
    fields: Mapping[str, tuple[str, ...]]
    """Field → plain headings, the best first."""
    contents: str = "prices"
    """prices, actions or sessions."""


UNNAMED = ("", "index", "unnamed0", "indexlevel0")
"""Heading that pandas writes over an index without a name."""
GENERIC: Mapping[str, tuple[str, ...]] = {
    "time": ("timestamp", "datetime", "date", "time", "ts", "tradedate", "tradingdate", "day", *UNNAMED),
    "clock": ("time",),
    "open": ("open", "o", "openprice"),
    "high": ("high", "h", "highprice"),
    "low": ("low", "l", "lowprice"),
    "close": ("close", "c", "closeprice"),
    "volume": ("volume", "vol", "v", "qty", "quantity", "tradedqty", "totaltradedquantity"),
    "symbol": ("symbol", "ticker", "tradingsymbol", "stock"),
    "exchange": ("exchange",),
    "series": ("series",),
    "isin": ("isin",),
}

FORMATS = (
    Format(
        "NSE UDiFF bhavcopy",
        frozenset({"tckrsymb", "opnpric", "hghpric", "lwpric", "clspric"}),
        {
            "time": ("traddt", "bizdt"),
            "open": ("opnpric",),
            "high": ("hghpric",),
            "low": ("lwpric",),
            "close": ("clspric",),
            "volume": ("ttltradgvol",),
            "symbol": ("tckrsymb",),
            "exchange": ("src",),
            "series": ("sctysrs",),
            "name": ("fininstrmnm",),
            "isin": ("isin",),
            "lot": ("newbrdlotqty",),
            "segment_type": ("fininstrmtp",),
            "contract": ("fininstrmnm",),
        },
    ),
    Format(
        "NSE bhavcopy",
        frozenset({"symbol", "series", "open", "high", "low", "close", "tottrdqty", "timestamp"}),
        {**GENERIC, "time": ("timestamp",), "volume": ("tottrdqty",)},
    ),
    Format(
        "Kaggle NSE",
        frozenset({"date", "symbol", "series", "prevclose", "open", "high", "low", "close", "vwap"}),
        {**GENERIC, "time": ("date",), "volume": ("volume",)},
    ),
    Format("yfinance", frozenset({"open", "high", "low", "close", "adjclose"}), GENERIC),
    Format("Upstox candles", frozenset({"timestamp", "open", "high", "low", "close", "openinterest"}), GENERIC),
    Format("prices", frozenset(), GENERIC),
)

ACTIONS = Format(
    "corporate actions",
    frozenset({"symbol", "exdate"}),
    {
        "symbol": ("symbol",),
        "time": ("exdate",),
        "factor": ("factor",),
        "dividend": ("dividend", "dividendpershare"),
        "kind": ("kind",),
        "terms": ("terms",),
        "exchange": ("exchange",),
    },
    "actions",
)
ACTING = frozenset(("factor", *ACTIONS.fields["dividend"]))
"""Headings of which a list of actions has one at least."""
SESSIONS = Format(
    "session list",
    frozenset({"date", "kind"}),
    {
        "time": ("date",),
        "kind": ("kind",),
        "windows": ("windowsist", "windows"),
        "evidence": ("evidence",),
        "note": ("note",),
        "exchange": ("exchange",),
    },
    "sessions",
)


class Layout(NamedTuple):
    """A recognised file: its format and the heading of each field that it has."""

    name: str
    contents: str
    fields: Mapping[str, str]
    """Field → heading as it stands in the file."""


def plain(heading: str) -> str:
    """A heading in lower case, letters and digits only: ``Adj Close`` and ``adj_close`` are one."""
    return re.sub(r"[^a-z0-9]", "", heading.lower())


def recognise(headings: Iterable[str], mapping: Mapping[str, str]) -> Layout:
    """Format of a file with these headings; ``mapping`` (field → heading) goes first. ``DataError`` names the gaps."""
    given = list(headings)
    there: dict[str, str] = {}
    for heading in given:
        there.setdefault(plain(heading), heading)
    chosen = {field: _mapped(field, heading, given, there) for field, heading in mapping.items()}
    if not chosen and there.keys() >= ACTIONS.marks and there.keys() & ACTING:
        return _layout(ACTIONS, there, {})
    if not chosen and there.keys() >= SESSIONS.marks and "open" not in there:
        return _layout(SESSIONS, there, {})
    layout = _layout(next(kind for kind in FORMATS if there.keys() >= kind.marks), there, chosen)
    lacking = [field for field in NEEDED if field not in layout.fields]
    if lacking:
        shown = ", ".join(given[:12]) + (", …" if len(given) > 12 else "")  # noqa: PLR2004 - a dozen is readable
        raise DataError(
            f"no heading for {', '.join(lacking)}; the file has {shown}; name them with --map {lacking[0]}=HEADING"
        )
    return layout


def _layout(kind: Format, there: Mapping[str, str], chosen: Mapping[str, str]) -> Layout:
    fields = {}
    for field, names in kind.fields.items():
        heading = next((there[name] for name in names if name in there), None)
        if heading is not None:
            fields[field] = heading
    fields |= chosen
    if "clock" in fields and (fields.get("time") == fields["clock"] or plain(fields.get("time", "")) != "date"):
        del fields["clock"]  # a time of day only makes sense beside a date
    return Layout(kind.name if not chosen else "mapped headings", kind.contents, fields)


def _mapped(field: str, heading: str, given: list[str], there: Mapping[str, str]) -> str:
    if field not in MAPPABLE:
        near = nearest(field, MAPPABLE)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise DataError(f"--map {field}={heading}: {field!r} is none of {', '.join(MAPPABLE)}{hint}")
    if heading in given:
        return heading
    if plain(heading) in there:
        return there[plain(heading)]
    near = nearest(heading, given) or given[:6]
    raise DataError(f"--map {field}={heading}: the file has no heading {heading!r}; the nearest: {', '.join(near)}")
