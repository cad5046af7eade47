"""Files that are not what their names say: one of them never ends the import of a folder, and each is told."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import struct
import zipfile
import zlib
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from framework.store.importing import ImportOptions, import_files
from framework.store.importing import archive as archives

GOOD = "Date,Open,High,Low,Close,Volume\n2024-01-02,10,11,9,10,5\n2024-01-03,10,11,9,10.5,5\n"
HEADING = "Date,Open,High,Low,Close,Volume\n"


def parquet(**columns):
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def zipped(content=GOOD, *, method=zipfile.ZIP_DEFLATED, files=1):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as file:
        for index in range(files):
            file.writestr(f"{index}.csv", content)
    return sink.getvalue()


def patched_zip(offset, value):
    """A zip whose two headers have a 16-bit field changed: flags at 6/8, method at 8/10."""
    content = bytearray(zipped())
    for mark, place in ((b"PK\x03\x04", offset), (b"PK\x01\x02", offset + 2)):
        struct.pack_into("<H", content, content.index(mark) + place, value)
    return bytes(content)


PRICES = {name: [1.0, 1.0] for name in ("open", "high", "low", "close")}
TIMES = pa.array(["2024-01-02", "2024-01-03"])
ODD = {
    "null.json": json.dumps({"data": None}),
    "empty.json": "",
    "number.json": "3",
    "text.json": '"candles"',
    "list.json": "[1, 2, 3]",
    "dict.json": json.dumps({"data": {"candles": {"a": 1}}}),
    "deep.json": "[" * 200_000 + "]" * 200_000,
    "deepdict.json": '{"data":' * 100_000 + "1" + "}" * 100_000,
    "huge.json": json.dumps({"data": {"candles": [["2024-01-02T00:00:00+05:30", 1e400, 1, 1, 1, 1]]}}),
    "encrypted.csv.zip": patched_zip(6, 1),
    "method.csv.zip": patched_zip(8, 97),
    "broken.csv.zip": zipped()[:-30],
    "two.csv.zip": zipped(files=2),
    "none.csv.zip": zipped(files=0),
    "noise.csv.zip": bytes(range(256)) * 4,
    "noise.csv.gz": bytes(range(256)) * 4,
    "short.csv.gz": gzip.compress(GOOD.encode())[:-12],
    "noise.parquet": b"PAR1" + bytes(range(256)) + b"PAR1",
    "empty.parquet": b"",
    "lists.parquet": parquet(date=TIMES, **{**PRICES, "close": pa.array([[1.0], [2.0]])}),
    "struct.parquet": parquet(date=TIMES, **{**PRICES, "open": pa.array([{"a": 1}, {"a": 2}])}),
    "bool.parquet": parquet(date=TIMES, **{**PRICES, "open": pa.array([True, False])}),
    "binary.parquet": parquet(date=pa.array([b"\xff\xfe", b"\x00"]), **PRICES),
    "times.parquet": parquet(date=pa.array([1, 2], pa.time32("s")), **PRICES),
    "duration.parquet": parquet(date=pa.array([1, 2], pa.duration("s")), **PRICES),
    "far.parquet": parquet(date=pa.array([2**62, 2**62 + 1], pa.timestamp("us")), **PRICES),
    "nulls.parquet": parquet(date=pa.nulls(2), **PRICES),
    "nothing.parquet": parquet(date=pa.array([], pa.string()), **{name: pa.array([], pa.float64()) for name in PRICES}),
    "floats.parquet": parquet(date=pa.array([float("inf"), 1e300]), **PRICES),
    "years.csv": HEADING + "2500-01-02,1,1,1,1,1\n9999-12-31,1,1,1,1,1\n0001-01-01,1,1,1,1,1\n",
    "headings.csv": HEADING,
    "blank.csv": "\n\n\n",
    "nul.csv": GOOD.encode() + b"\x00\x00\x00,1,1,1,1,1\n",
    "utf16.csv": GOOD.encode("utf-16"),
    "utf32.csv": GOOD.encode("utf-32"),
    "sqlite.csv": b"SQLite format 3\x00" + bytes(200),
    "elf.csv": b"\x7fELF" + bytes(range(256)) * 10,
    "quote.csv": HEADING + '"2024-01-02,1,1,1,1,1\n' * 3,
    "wide.csv": ",".join(f"c{index}" for index in range(5_000)) + "\n",
    "same.csv": "Date,Date,Open,Open,High,Low,Close\n2024-01-02,2024-01-02,1,1,1,1,1\n",
    "escape\x1b[2J.csv": "a,b\n1,2\n",
}
HELD = {"nul.csv": 2, "same.csv": 1, "utf16.csv": 2, "utf32.csv": 2}
"""Good rows that an odd file holds beside the others."""
FINE = {
    "good.csv": GOOD,
    "crlf.csv": GOOD.replace("\n", "\r\n"),
    "bom.csv": GOOD.encode("utf-8-sig"),
    "packed.csv.gz": gzip.compress(GOOD.encode()) + gzip.compress(b"2024-01-04,10,11,9,10,5\n"),
    "packed.csv.zip": zipped(),
    "good.parquet": parquet(date=TIMES, **PRICES),
    "decimal.parquet": parquet(date=TIMES, **{**PRICES, "open": pa.array([Decimal("1.00")] * 2)}),
    "dates.parquet": parquet(date=pa.array([19_724, 19_725], pa.date32()), **PRICES),
}


def in_folder(folder, files):
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_is_told_in_one_sentence_and_the_others_are_imported(store, tmp_path, name):
    folder = in_folder(tmp_path / "folder", {name: ODD[name], "zz.csv": GOOD})
    odd, good = import_files(store, [folder], ImportOptions())
    assert (HELD.get(name, 0), 2) == (odd.new, good.new)
    assert odd.error or odd.refused or odd.rows_read == HELD.get(name, 0)
    assert "\n" not in odd.error
    assert "\x1b" not in odd.error


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("null.json", "null.json cannot be read: no list of candles"),
        ("deep.json", "deep.json cannot be read: it is nested too deep for prices"),
        ("encrypted.csv.zip", "the archive is encrypted; unpack it with its password first"),
        ("method.csv.zip", "method.csv.zip cannot be read: That compression method is not supported"),
        ("short.csv.gz", "the file ends in the middle; it was cut off"),
        ("two.csv.zip", "the archive holds 2 files; one is understood"),
    ],
)
def test_an_odd_file_is_named_for_what_it_is(take, name, said):
    assert said in take(name, ODD[name]).error


@pytest.mark.parametrize("name", FINE)
def test_a_sound_file_of_another_make_is_read(take, name):
    summary = take(name, FINE[name])
    assert ("", 0) == (summary.error, summary.refused)
    assert summary.new >= 2


def test_two_hundred_files_in_one_folder_are_one_import_and_each_is_told(store, tmp_path):
    names = [*ODD.items(), *FINE.items()]
    files = {f"{index:03d}_{names[index % len(names)][0]}": names[index % len(names)][1] for index in range(196)}
    folder = in_folder(tmp_path / "folder", files)
    (folder / "folder.csv").mkdir()
    os.mkfifo(folder / "pipe.csv")
    (folder / "dangling.csv").symlink_to(tmp_path / "nowhere.csv")
    (folder / "sealed.csv").write_text(GOOD)
    (folder / "sealed.csv").chmod(0)
    summaries = {summary.path.name: summary for summary in import_files(store, [folder], ImportOptions())}
    assert 200 == len(summaries)
    assert "folder.csv cannot be read: it is a folder, in spite of its name" == summaries["folder.csv"].error
    assert "pipe.csv cannot be read: it is no regular file but a pipe" in summaries["pipe.csv"].error
    assert "No such file" in summaries["dangling.csv"].error
    if os.geteuid():
        assert "Permission denied" in summaries["sealed.csv"].error
    untold = [name for name, one in summaries.items() if not (one.error or one.rows_read or "headings" in name)]
    assert all(name.endswith(("nothing.parquet", "blank.csv")) for name in untold)
    sound = [summary for name, summary in summaries.items() if name[4:] in FINE]
    assert all(not summary.error for summary in sound)


def test_a_small_file_that_unpacks_to_gigabytes_is_refused_before_they_are_there(take, monkeypatch):
    monkeypatch.setattr(archives, "FREE_BYTES", 1 << 20)
    bomb = bytes(64 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, content in (("bomb.csv.gz", gzip.compress(bomb)), ("bomb.csv.zip", zipped(bomb))):
        error = take(name, content).error
        assert f"{len(content):,} bytes unpack to more than" in error
        assert "over 200 times as many" in error
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000


def test_an_archive_that_lies_about_its_size_is_bounded_by_what_comes_out(take, monkeypatch):
    monkeypatch.setattr(archives, "FREE_BYTES", 1 << 20)
    content = bytearray(zipped(bytes(64 << 20)))
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", content, content.index(mark) + place, 100)
    assert "lie.csv.zip cannot be read" in take("lie.csv.zip", bytes(content)).error


def test_well_packed_prices_are_no_bomb(take):
    text = HEADING + "".join(
        f"{day},10,11,9,10,5\n" for day in np.arange("1990-01-01", "2023-01-01", dtype="datetime64[D]")
    )
    assert 12_053 == take("X.csv.gz", gzip.compress(text.encode())).new
    assert len(text) > 4 * len(zlib.compress(text.encode()))


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("2024-01-02,0,11,9,10,5", "bad_price"),
        ("2024-01-02,10,8,9,10,5", "bad_range"),
        ("2024-01-02,10,11,9,10,-5", "bad_volume"),
        ("soon,10,11,9,10,5", "bad_time"),
        ("2024-01-02,10,11", "bad_row"),
    ],
)
def test_many_bad_rows_of_a_kind_are_told_by_examples_and_a_count(take, rows, row, kind):
    summary = take("X.csv", GOOD + f"{row}\n" * 3_000)
    assert (3_002, 2, 3_000) == (summary.rows_read, summary.new, summary.refused)
    assert 3_000 == summary.issue_kinds[kind]
    told = rows("SELECT line, reason, rows, symbol FROM data_issues WHERE kind = ? ORDER BY issue_id", kind)
    assert 1_001 == len(told)
    assert [4, 5, 6] == [line for line, *_ in told[:3]]
    assert (None, "2,000 more like those told, lines 1,004 … 3,003", 2_000, "X") == told[-1]


def test_dates_after_the_day_of_the_import_and_at_the_epoch_are_refused(take, rows):
    summary = take("X.csv", GOOD + "2093-01-05,1,1,1,1,1\n1970-01-01,1,1,1,1,1\n")
    assert (2, 2) == (summary.new, summary.refused)
    assert {
        "2093-01-05 is later than the day of the import",
        "the time is 1970-01-01, which an empty or unread time becomes",
    } == {reason for (reason,) in rows("SELECT reason FROM data_issues WHERE kind = 'bad_time'")}


def test_a_series_that_goes_through_the_epoch_keeps_it(take):
    days = "".join(
        f"{day},1,1,1,1,1\n" for day in ("1969-12-30", "1969-12-31", "1970-01-01", "1970-01-02", "1970-01-05")
    )
    assert (5, 0) == tuple(getattr(take("X.csv", HEADING + days), name) for name in ("new", "refused"))
