"""File formats by their headings, as data: price files, lists of corporate actions, session tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from framework.errors import DataError
from framework.types.intake.words import COMMAND_LINE, OptionWords
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
    order: Literal["dayfirst", "monthfirst"] | None = None
    """Order of day and month that this source always writes."""


UNNAMED = ("", "index", "unnamed0", "indexlevel0")
"""Heading that pandas writes over an index without a name."""
GENERIC: Mapping[str, tuple[str, ...]] = {
    "time": ("timestamp", "datetime", "date", "time", "ts", "tradedate", "tradingdate", "day", "t", *UNNAMED),
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

PRICES_OF = tuple(
    (*GENERIC[name], f"ch{heading}", f"eod{name}indexval")
    for name, heading in (
        ("open", "openingprice"),
        ("high", "tradehighprice"),
        ("low", "tradelowprice"),
        ("close", "closingprice"),
    )
)
"""Plain headings of each price in JSON with named values."""
NSE_INDEX = frozenset({"indexdate", "openindexvalue", "highindexvalue", "lowindexvalue", "closingindexvalue"})

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
    Format(
        "NSE full bhavcopy",
        frozenset({"symbol", "series", "date1", "openprice", "highprice", "lowprice", "closeprice", "ttltrdqnty"}),
        {**GENERIC, "time": ("date1",), "volume": ("ttltrdqnty",)},
    ),
    Format(
        "NSE JSON",
        frozenset({"chtimestamp", "chopeningprice", "chtradehighprice", "chtradelowprice", "chclosingprice"}),
        {
            "time": ("chtimestamp",),
            "open": ("chopeningprice",),
            "high": ("chtradehighprice",),
            "low": ("chtradelowprice",),
            "close": ("chclosingprice",),
            "volume": ("chtottradedqty",),
            "symbol": ("chsymbol",),
            "series": ("chseries",),
            "isin": ("chisin",),
        },
    ),
    Format(
        "NSE index JSON",
        frozenset({"eodtimestamp", "eodopenindexval", "eodhighindexval", "eodlowindexval", "eodcloseindexval"}),
        {
            "time": ("eodtimestamp",),
            "open": ("eodopenindexval",),
            "high": ("eodhighindexval",),
            "low": ("eodlowindexval",),
            "close": ("eodcloseindexval",),
            "volume": ("hittradedqty",),
            "symbol": ("eodindexname",),
        },
    ),
    Format(
        "niftyindices day",
        NSE_INDEX,
        {
            "time": ("indexdate",),
            "open": ("openindexvalue",),
            "high": ("highindexvalue",),
            "low": ("lowindexvalue",),
            "close": ("closingindexvalue",),
            "volume": ("volume",),
            "symbol": ("indexname",),
        },
        order="dayfirst",
    ),
    Format(
        "niftyindices",
        frozenset({"indexname", "open", "high", "low", "close"}),
        {**GENERIC, "time": ("date", "historicaldate"), "symbol": ("indexname",)},
    ),
    Format(
        "MetaTrader",
        frozenset({"date", "open", "high", "low", "close", "tickvol"}),
        {**GENERIC, "time": ("date",), "volume": ("vol",)},
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


ACTION_COLUMNS = frozenset({"dividends", "stocksplits", "capitalgains"})
ASIDE = ("adjclose", "prevclose", "previousclose", "prclose", *sorted(ACTION_COLUMNS))
"""Plain headings of columns that other programs use with prices, and that are told when they are left aside."""


class Layout(NamedTuple):
    """A recognised file: its format and the heading of each field that it has."""

    name: str
    contents: str
    fields: Mapping[str, str]
    """Field → heading as it stands in the file."""
    aside: str = ""
    """Sentence about price columns that are left aside; '' where there are none."""
    order: Literal["dayfirst", "monthfirst"] | None = None
    """Order of day and month that the source always writes."""


def plain(heading: str) -> str:
    """A heading in lower case, letters and digits only: ``Adj Close`` and ``adj_close`` are one."""
    return re.sub(r"[^a-z0-9]", "", heading.lower())


def recognise(headings: Iterable[str], mapping: Mapping[str, str], words: OptionWords = COMMAND_LINE) -> Layout:
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
        raise DataError(words.lacking.format(", ".join(lacking), shown, lacking[0]))
    return layout


def _layout(kind: Format, there: Mapping[str, str], chosen: Mapping[str, str]) -> Layout:
    fields = {}
    for field, names in kind.fields.items():
        heading = next((there[name] for name in names if name in there), None)
        if heading is not None:
            fields[field] = heading
    fields |= chosen
    aside = [there[name] for name in ASIDE if name in there and there[name] not in fields.values()]
    if "clock" in fields and (fields.get("time") == fields["clock"] or plain(fields.get("time", "")) != "date"):
        del fields["clock"]  # a time of day only makes sense beside a date
    return Layout(kind.name if not chosen else "mapped headings", kind.contents, fields, _aside(aside), kind.order)


def _aside(headings: list[str]) -> str:
    """Sentence about columns that look like prices or actions and are not used."""
    if not headings:
        return ""
    actions = {plain(heading) for heading in headings} & ACTION_COLUMNS
    why = "; splits and dividends come from a list of corporate actions (tulya data import)" if actions else ""
    return f"left aside: {', '.join(headings)}; open, high, low and close are taken as they stand{why}"


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
