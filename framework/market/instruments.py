"""Lists of instruments: Upstox's JSON (gz or plain) and CSV with headings. A bad row is named, the rest is taken."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.errors import DataError
from framework.market.listing import Listing, RefusalError, listing_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

UPSTOX = {
    "exchange": "exchange",
    "symbol": "trading_symbol",
    "segment": "segment",
    "broker_key": "instrument_key",
    "name": "name",
    "isin": "isin",
    "series": "instrument_type",
    "tick": "tick_size",
    "lot": "lot_size",
    "freeze_quantity": "freeze_quantity",
    "expiry": "expiry",
    "strike": "strike_price",
    "underlying": "underlying_symbol",
    "underlying_kind": "underlying_type",
    "closing_auction": "cas_eligible",
}
"""Field → name in Upstox's files."""
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "symbol": ("symbol", "trading_symbol", "tradingsymbol", "ticker"),
    "exchange": ("exchange",),
    "segment": ("segment",),
    "broker_key": ("broker_key", "instrument_key"),
    "kind": ("kind",),
    "name": ("name", "name_of_company", "company"),
    "isin": ("isin", "isin_number", "isin_code"),
    "series": ("series", "group", "instrument_type"),
    "tick": ("tick", "tick_size"),
    "lot": ("lot", "lot_size", "market_lot"),
    "freeze_quantity": ("freeze_quantity", "freeze_qty"),
    "expiry": ("expiry", "expiry_date"),
    "strike": ("strike", "strike_price"),
    "option_type": ("option_type",),
    "underlying": ("underlying", "underlying_symbol"),
    "underlying_kind": ("underlying_kind", "underlying_type"),
    "equity_oriented": ("equity_oriented",),
    "closing_auction": ("closing_auction", "cas_eligible"),
}
"""Field → headings of a CSV in plain form: lower case, blanks as underscores."""
CASH = {"NSE_EQ", "BSE_EQ"}
REPORT_EVERY = 5_000


class RefusedRow(NamedTuple):
    """A row that is no instrument, and why."""

    row: int
    """1 is the first of a JSON list; a CSV's first row below the heading is 2, its line."""
    what: str
    """Key or symbol, as far as it can be read."""
    reason: str


class InstrumentFile(NamedTuple):
    """Contents of one file."""

    format: str
    rows: int
    listings: list[Listing]
    refused: list[RefusedRow]
    ignored: tuple[str, ...] = ()
    """Headings of a CSV that mean nothing here."""


def read_instruments(
    path: Path, exchange: str | None = None, progress: Callable[[int, int], None] | None = None
) -> InstrumentFile:
    """Parse a file; ``DataError`` where it is no list of instruments at all. progress gets (rows done, rows)."""
    content = _content(path)
    if content.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in {b"[", b"{"}:
        return _upstox(path, content, progress)
    return _csv(path, content, exchange, progress)


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is a damaged gz file ({error}); download it again") from error


def _upstox(path: Path, content: bytes, progress: Callable[[int, int], None] | None) -> InstrumentFile:
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is no readable JSON ({error}); download it again") from error
    if not isinstance(rows, list):
        raise DataError(f"{path} holds one JSON object; an instrument file of Upstox is a list of objects")
    listings, refused = _parse(enumerate(rows, 1), len(rows), _from_upstox, progress)
    return InstrumentFile("Upstox instruments", len(rows), listings, refused)


def _from_upstox(row: Any) -> Listing:
    if not isinstance(row, dict):
        raise RefusalError("the row is no object with fields")
    raw = {field: row.get(name) for field, name in UPSTOX.items()}
    if not raw["broker_key"]:
        raise RefusalError("instrument_key is missing")
    series, segment, key = raw["series"], raw["segment"], raw["broker_key"]
    if not segment:
        raise RefusalError("segment is missing")
    if not isinstance(segment, str) or not isinstance(key, str):
        raise RefusalError("segment and instrument_key are not both texts")
    if series in ("CE", "PE"):
        raw["option_type"] = series
    elif segment in CASH and raw["closing_auction"] is None:
        raw["closing_auction"] = False  # the field is there only where it is true
    if segment.endswith("_INDEX"):
        raw["symbol"] = key.partition("|")[2].upper() or raw["symbol"]  # NSE_INDEX|Nifty 50
    return listing_of(raw, tick_in_paise=True)


def _csv(
    path: Path, content: bytes, exchange: str | None, progress: Callable[[int, int], None] | None
) -> InstrumentFile:
    try:
        text = content.decode("utf-8-sig")
        lines = csv.reader(io.StringIO(text))
        head = next(lines, [])
        fields, ignored = _fields(path, head, exchange)
        rows = [(lines.line_num, row) for row in lines if any(cell.strip() for cell in row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is neither JSON nor a CSV in UTF-8 ({error})") from error

    def one(row: list[str]) -> Listing:
        if len(row) > len(head):
            raise RefusalError(f"{len(row)} values stand under {len(head)} headings")
        raw: dict[str, Any] = {field: row[column].strip() for field, column in fields.items() if column < len(row)}
        raw["exchange"] = raw.get("exchange") or exchange
        return listing_of(raw, tick_in_paise=False)

    listings, refused = _parse(rows, len(rows), one, progress)
    return InstrumentFile("CSV", len(rows), listings, refused, ignored)


def _fields(path: Path, head: list[str], exchange: str | None) -> tuple[dict[str, int], tuple[str, ...]]:
    """Field → column, and the headings that mean nothing; one that is nearly a known one is refused."""
    fields: dict[str, int] = {}
    known = {heading: field for field, headings in HEADINGS.items() for heading in headings}
    ignored = []
    for column, heading in enumerate(head):
        plain = "_".join(heading.strip().lower().replace("-", " ").split())
        if plain in known:
            if known[plain] in fields:
                raise DataError(f"{path} has two columns for {known[plain]}; the second is {heading!r}: remove one")
            fields[known[plain]] = column
            continue
        near = get_close_matches(plain, known, 1, 0.8)
        if near:
            raise DataError(f"{path}: heading {heading!r} is unknown; did you mean {near[0]!r}?")
        ignored.append(heading)
    for field in ("symbol", *(() if exchange else ("exchange",))):
        if field not in fields:
            also = " (or say --exchange NSE)" if field == "exchange" else ""
            raise DataError(
                f"{path} has no column {field}{also}; it has {', '.join(head) or 'no heading'}; known headings are "
                f"{', '.join(headings[0] for headings in HEADINGS.values())}"
            )
    return fields, tuple(ignored)


def _parse(
    rows: Iterable[tuple[int, Any]],
    count: int,
    parse: Callable[[Any], Listing],
    progress: Callable[[int, int], None] | None,
) -> tuple[list[Listing], list[RefusedRow]]:
    """Every row as a listing or a refusal; of two rows for one instrument the first counts."""
    listings: list[Listing] = []
    refused: list[RefusedRow] = []
    seen: dict[tuple[str, ...], int] = {}
    for done, (number, row) in enumerate(rows, 1):
        try:
            listing = parse(row)
            identity = (listing.broker_key,) if listing.broker_key else listing[:3]
            first = seen.setdefault(identity, number)
            if first != number:
                raise RefusalError(f"{' '.join(word for word in identity if word)} is already on row {first}")  # noqa: TRY301 - one way out of a bad row
            listings.append(listing)
        except RefusalError as error:
            refused.append(RefusedRow(number, _what(row), str(error)))
        if progress and (done % REPORT_EVERY == 0 or done == count):
            progress(done, count)
    return listings, refused


def _what(row: Any) -> str:
    """The row's own name, for people."""
    cells: Iterator[Any] = iter(())
    if isinstance(row, dict):
        cells = (row.get(name) for name in ("instrument_key", "trading_symbol", "name"))
    elif isinstance(row, list):
        cells = iter(row)
    return next((cell[:60] for cell in cells if isinstance(cell, str) and cell and cell.isprintable()), "")
