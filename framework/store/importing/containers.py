"""Files that are not what their ending says: named by their first bytes, and UTF-16 made plain."""

from __future__ import annotations

import codecs

ZIP = b"PK\x03\x04"
NAMED = (
    (b"SQLite format 3\x00", "a SQLite database; write the table of prices to a CSV file"),
    (b"PAR1", "a Parquet file; give its name the ending .parquet"),
    (b"\x1f\x8b", "a gzip archive; give its name the ending .csv.gz"),
    (ZIP, "a zip archive; give its name the ending .csv.zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel file (.xls); save it as .xlsx or CSV"),
    (b"ARROW1", "an Arrow or Feather file; write it as Parquet"),
    (b"\x89HDF\r\n", "an HDF5 file; write its table as CSV or Parquet"),
    (b"\x80\x04\x95", "a Python pickle, which is never opened since it may run code; write CSV or Parquet"),
    (b"\x80\x05\x95", "a Python pickle, which is never opened since it may run code; write CSV or Parquet"),
    (b"%PDF", "a PDF; the prices are needed as CSV"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it"),
    (b"Rar!", "a RAR archive; unpack it"),
    (b"BZh", "a bzip2 archive; unpack it"),
    (b"\xfd7zXZ\x00", "an xz archive; unpack it"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive; unpack it"),
)
WEB_PAGES = (b"<!doctype html", b"<html")
LOOKED_AT = 400
HALF = 0.4
"""Share of zeros among every second byte from which a text is UTF-16."""


def plain_text(content: bytes) -> bytes:
    """A text file in UTF-8 where it was in UTF-16; ``ValueError`` naming what is no text."""
    found = next((what for magic, what in NAMED if content.startswith(magic)), "")
    if not found and content[:LOOKED_AT].lstrip().lower().startswith(WEB_PAGES):
        found = "a web page, as a server sends in the place of data; fetch it again"
    if found:
        raise ValueError(f"it is {found}")
    encoding = _wide(content)
    return content.decode(encoding).removeprefix("\ufeff").encode() if encoding else content


def _wide(content: bytes) -> str:
    """UTF-16 or UTF-32 by its mark, or by the zeros beside every Latin letter; '' for other texts."""
    for mark, encoding in (
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if content.startswith(mark):
            return encoding
    head = content[:LOOKED_AT]
    even, odd = head[::2], head[1::2]
    if odd and odd.count(0) > HALF * len(odd) and not even.count(0):
        return "utf-16-le"
    return "utf-16-be" if odd and even.count(0) > HALF * len(even) and not odd.count(0) else ""
