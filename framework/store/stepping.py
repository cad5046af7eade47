"""Speed only: rows of a large series straight into arrays; machine code steps SQLite instead of Python, row by row.

They call the very library that ``sqlite3`` calls. A driver that brings a SQLite of its own (connectorx, ADBC, apsw)
must not come near a file that this process has open: closing it takes away the locks of the other copy, and what is
written then may be lost. Where that library or LLVM cannot be had, ``read`` says None, and the plain way is taken.
"""

from __future__ import annotations

import ctypes
import sqlite3
import sys
from contextlib import closing, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.store.bars import CHUNK_ROWS, SECOND_NS, SELECT, has_more
from framework.store.database import MMAP_BYTES
from framework.store.revisions import HELD
from framework.types import Timeframe
from framework.types.intake.records import Columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from framework.types.intake.records import SeriesKey

SELECT_NAMED = SELECT.replace(" ORDER BY", f" AND ? = ({HELD}) ORDER BY")
OK, READ_ONLY, NO_MUTEX = 0, 0x1, 0x8000  # no mutex: a connection belongs to one thread
POINTER, TEXT, INT = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
ARGUMENTS = {
    "sqlite3_open_v2": [TEXT, ctypes.POINTER(POINTER), INT, TEXT],
    "sqlite3_exec": [POINTER, TEXT, POINTER, POINTER, POINTER],
    "sqlite3_prepare_v2": [POINTER, TEXT, INT, ctypes.POINTER(POINTER), POINTER],
    "sqlite3_bind_text": [POINTER, INT, TEXT, INT, POINTER],
    "sqlite3_bind_blob": [POINTER, INT, TEXT, INT, POINTER],
    "sqlite3_bind_int64": [POINTER, INT, ctypes.c_int64],
    "sqlite3_finalize": [POINTER],
    "sqlite3_close": [POINTER],
}
CALLED = ("sqlite3_step", "sqlite3_column_value", "sqlite3_value_type", "sqlite3_value_int64", "sqlite3_value_double")
FETCH = """
define i64 @fetch(ptr %statement, ptr %table, i64 %rows) {{
begin:
  br label %row
row:
  %n = phi i64 [ 0, %begin ], [ %next, %whole ]
  %full = icmp eq i64 %n, %rows
  br i1 %full, label %done, label %step
step:
  %code = call i32 inttoptr (i64 {sqlite3_step} to ptr)(ptr %statement)
  %found = icmp eq i32 %code, 100                       ; SQLITE_ROW
  br i1 %found, label %time, label %end
time:
  %when = call ptr inttoptr (i64 {sqlite3_column_value} to ptr)(ptr %statement, i32 0)
  %whole_type = call i32 inttoptr (i64 {sqlite3_value_type} to ptr)(ptr %when)
  %seconds = call i64 inttoptr (i64 {sqlite3_value_int64} to ptr)(ptr %when)
  %first = getelementptr i64, ptr %table, i64 %n
  store i64 %seconds, ptr %first
  %integer = icmp eq i32 %whole_type, 1                 ; SQLITE_INTEGER
  br i1 %integer, label %column, label %refused
column:
  %k = phi i32 [ 1, %time ], [ %k_next, %number ]
  %cell = phi ptr [ %first, %time ], [ %below, %number ]
  %value = call ptr inttoptr (i64 {sqlite3_column_value} to ptr)(ptr %statement, i32 %k)
  %type = call i32 inttoptr (i64 {sqlite3_value_type} to ptr)(ptr %value)
  %numeric = icmp ule i32 %type, 2                      ; SQLITE_INTEGER or SQLITE_FLOAT
  br i1 %numeric, label %number, label %refused
number:
  %double = call double inttoptr (i64 {sqlite3_value_double} to ptr)(ptr %value)
  %below = getelementptr double, ptr %cell, i64 %rows
  store double %double, ptr %below
  %k_next = add i32 %k, 1
  %more = icmp ult i32 %k_next, 6
  br i1 %more, label %column, label %whole
whole:
  %next = add i64 %n, 1
  br label %row
end:
  %exhausted = icmp eq i32 %code, 101                   ; SQLITE_DONE
  br i1 %exhausted, label %done, label %refused
done:
  ret i64 %n
refused:
  ret i64 -1
}}
"""
"""Rows of a statement into int64 and float64 [6, rows], line by line of the table; how many, or −1 where a value is no
number or SQLite reports an error. LLVM's language; the braces are filled with the addresses of SQLite's functions."""


class Library(NamedTuple):
    """SQLite's C functions, as ``sqlite3`` has loaded them, and the loop around them."""

    functions: ctypes.CDLL
    fetch: Any
    code: Any
    """Owns the machine instructions of ``fetch``."""


def worthwhile(connection: sqlite3.Connection, key: SeriesKey, first: int, last: int) -> bool:
    """True if the rows from first to last second are so many that ``read`` is the faster way.

    LLVM takes 0.1 s to load where numba has not done so already.
    """
    enough = 10_000 if "llvmlite.binding" in sys.modules else 50_000
    bar_s = Timeframe.parse(key.timeframe).nanoseconds // SECOND_NS
    return (last - first) // bar_s >= enough and has_more(connection, key, first, last, enough)


def read(file: bytes, key: SeriesKey, revision: bytes, first: int, middle: int, last: int) -> Columns | None:
    """The rows from first to last second, both included, of the state that has this name, one half beside the other.

    None where that is not possible: another state by now, a value that is no number, an empty half, no library.
    """
    library = _library()
    if library is None:
        return None

    def half(span: tuple[int, int]) -> list[NDArray[np.float64]]:
        return _chunks(library, file, (*key, *span, revision, *key))

    from concurrent.futures import ThreadPoolExecutor  # 10 ms

    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(half, [(first, middle), (middle + 1, last)]))
    if not all(parts):
        return None
    table = np.concatenate([chunk for part in parts for chunk in part], axis=1)
    table[5][table[5] < 0] = np.nan
    return Columns(table[0].view(np.int64), table[1:])


def _chunks(library: Library, file: bytes, values: tuple[str | int | bytes, ...]) -> list[NDArray[np.float64]]:
    """Tables [6, n] of the rows; none of them where anything is amiss."""
    chunks = []
    with _statement(library.functions, file, values) as statement:
        count = CHUNK_ROWS if statement else 0
        while count == CHUNK_ROWS:
            table = np.empty((6, CHUNK_ROWS))
            count = library.fetch(statement, table.ctypes.data, CHUNK_ROWS)
            if count < 0:
                return []
            if count:
                chunks.append(table[:, :count])
    return chunks


@contextmanager
def _statement(
    sqlite: ctypes.CDLL, file: bytes, values: tuple[str | int | bytes, ...]
) -> Iterator[ctypes.c_void_p | None]:
    """``SELECT_NAMED`` with its values, on a connection of its own; None where SQLite refuses."""
    connection, statement = POINTER(), POINTER()
    words = [word.encode() if isinstance(word, str) else word for word in values]  # alive until the statement is done
    try:
        codes = [
            sqlite.sqlite3_open_v2(file, ctypes.byref(connection), READ_ONLY | NO_MUTEX, None),
            sqlite.sqlite3_exec(connection, f"PRAGMA mmap_size = {MMAP_BYTES}".encode(), None, None, None),
            sqlite.sqlite3_prepare_v2(connection, SELECT_NAMED.encode(), -1, ctypes.byref(statement), None),
        ]
        for number, (value, word) in enumerate(zip(values, words, strict=True), start=1):
            if isinstance(word, int):
                codes.append(sqlite.sqlite3_bind_int64(statement, number, word))
            else:
                bind = sqlite.sqlite3_bind_text if isinstance(value, str) else sqlite.sqlite3_bind_blob
                codes.append(bind(statement, number, word, len(word), None))
        yield statement if set(codes) == {OK} else None
    finally:
        sqlite.sqlite3_finalize(statement)
        sqlite.sqlite3_close(connection)


@cache
def _library() -> Library | None:
    """None where ``sqlite3`` is not bound to a library that can be found, or LLVM is missing or too old."""
    import _sqlite3  # nothing else knows which file that is; built into the interpreter it has none

    try:
        sqlite = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
        if not sqlite3.threadsafety or not _is_ours(sqlite):
            return None
        for name, arguments in ARGUMENTS.items():
            getattr(sqlite, name).argtypes = arguments
        fetch, code = _compiled({name: ctypes.cast(getattr(sqlite, name), POINTER).value for name in CALLED})
    except (OSError, AttributeError, ImportError, RuntimeError):
        return None
    return Library(sqlite, fetch, code)


def _is_ours(sqlite: ctypes.CDLL) -> bool:
    """True if this is the copy that ``sqlite3`` uses: its count of memory moves when a connection allocates."""
    sqlite.sqlite3_memory_used.restype = ctypes.c_int64
    before = sqlite.sqlite3_memory_used()
    with closing(sqlite3.connect(":memory:")):
        return bool(sqlite.sqlite3_memory_used() > before)


def _compiled(addresses: dict[str, int | None]) -> tuple[Any, Any]:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine()
    code = llvm.create_mcjit_compiler(llvm.parse_assembly(FETCH.format_map(addresses)), machine)
    code.finalize_object()
    prototype = ctypes.CFUNCTYPE(ctypes.c_int64, POINTER, POINTER, ctypes.c_int64)
    return prototype(code.get_function_address("fetch")), code
