"""Values as canonical JSON and back, equal to the bit, by the annotations of their classes.

Journals and checkpoints are written so. Spelling, so that any program in any language can read them:

- a named tuple is an object of its fields; where several classes may stand (a union), that object lies in another one
  under its class name: ``{"Cancel":{"order_id":7}}``. Keys are sorted.
- an int is a JSON number without a point, a float one with a point or an exponent: the shortest that reads back as the
  same float (Python's ``repr``). JSON has no word for what is not finite: ``"NaN"``, ``"Infinity"``, ``"-Infinity"``.
- an enum is its value, None is null, a sequence is a list and comes back as a tuple, a set is a sorted list, and a
  mapping from numbers is the list of its pairs.

A field that is missing takes the default of its class; one that the class does not have, a class that is not known and
a value that the field cannot hold are an ``UnknownFormatError``, for another version wrote them.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache
from json.encoder import encode_basestring
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from framework.errors import DataError
from framework.types.vocabulary import hints_of, is_named_tuple

Write = Callable[[Any], str]
Read = Callable[[Any], Any]
WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
SPELLINGS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


class UnwritableError(DataError):
    """A value that has no spelling."""


class UnknownFormatError(DataError):
    """A class, a field or a value that this version does not know."""


class Codec(NamedTuple):
    """Writer and reader of the values of one annotation."""

    write: Write
    """Value → canonical JSON text: a journal writes a hundred thousand entries, so no object stands between."""
    read: Read | None
    """JSON value → value; None where it is the value."""


def canonical(value: Any) -> bytes:
    """Plain JSON values as bytes: keys sorted, no blanks, UTF-8; ``UnwritableError`` on what JSON cannot hold."""
    return _plain(value).encode()


def write(annotation: Any, value: Any) -> str:
    """A value of this annotation as canonical JSON; ``UnwritableError`` on what has no spelling."""
    try:
        return codec_of(annotation).write(value)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise _unwritable(error) from error


def decode(annotation: Any, written: Any) -> Any:
    """The value of what ``json`` read; ``UnknownFormatError`` when it is of no version that this program knows."""
    read = codec_of(annotation).read
    return written if read is None else read(written)


@cache
def codec_of(annotation: Any) -> Codec:
    """The codec of an annotation such as ``Order``, ``Submit | Cancel``, ``Sequence[float] | None`` or ``int``."""
    if annotation in SCALARS:
        return SCALARS[annotation]
    if is_named_tuple(annotation):
        record = _Record(annotation)
        return Codec(record.write, record.read)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _enum(annotation)
    return _of_parts(annotation, get_origin(annotation), get_args(annotation))


def _of_parts(annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> Codec:
    if origin in {Union, types.UnionType}:
        return _one_of(arguments)
    if origin is tuple and arguments[-1:] != (...,):
        return _fixed(arguments)
    if origin in {dict, Mapping}:
        return _pairs(arguments) if arguments[0] is int else _mapping(arguments[1])
    if origin in {tuple, list, Sequence, set}:
        return _set(arguments[0]) if origin is set else _sequence(arguments[0])
    if origin is Literal:
        return SCALARS[Any]
    msg = f"there is no spelling for {annotation!r}"
    raise TypeError(msg)


# ---------------------------------------------------------------------- numbers, texts, enums


def _unwritable(error: Exception) -> UnwritableError:
    return UnwritableError(f"a value has no spelling in JSON ({error}); hand over plain Python numbers and texts")


def _plain(value: Any) -> str:
    try:
        return WRITER.encode(value)
    except (TypeError, ValueError) as error:
        raise _unwritable(error) from error


def _float(value: Any) -> str:
    """The shortest text that reads back the same; an int where a float may stand stays one."""
    if value.__class__ is float and value - value == 0.0:
        return float.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value) if value - value == 0.0 else f'"{SPELLINGS[str(float(value))]}"'
    return _plain(value)


def _number(written: Any) -> Any:
    if written.__class__ is not str:
        return written
    try:
        return NOT_FINITE[written]
    except KeyError:
        msg = f"{written!r} is no number here: those that are not finite are {', '.join(NOT_FINITE)}"
        raise UnknownFormatError(msg) from None


def _floats(values: Any) -> str:
    """Prices of a row: at once where all of them are finite floats."""
    try:
        text = ",".join(map(float.__repr__, values))
    except TypeError:  # an int among them
        text = "n"
    if "n" in text:  # nan, inf
        text = ",".join(map(_float, values))
    return f"[{text}]"


def _numbers(written: Any) -> tuple[Any, ...]:
    if str in set(map(type, written)):
        return tuple(map(_number, written))
    return tuple(written)


def _enum(kind: type[Enum]) -> Codec:
    texts = {member: _plain(member.value) for member in kind}

    def read(written: Any) -> Any:
        try:
            return kind(written)
        except ValueError:
            msg = f"{written!r} is no {kind.__name__} of this version of Tulya"
            raise UnknownFormatError(msg) from None

    return Codec(texts.__getitem__, read)


SCALARS: dict[Any, Codec] = {
    int: Codec(int.__repr__, None),
    float: Codec(_float, _number),
    str: Codec(encode_basestring, None),
    bool: Codec({True: "true", False: "false"}.__getitem__, None),
    types.NoneType: Codec(_plain, None),
    Any: Codec(_plain, None),
}


# ---------------------------------------------------------------------- what holds other values


class _Record:
    """Of a named tuple; a class that holds itself is not foreseen."""

    def __init__(self, kind: Any) -> None:
        hints = hints_of(kind)
        self._kind = kind
        self._names = frozenset(hints)
        self._codecs = {name: codec_of(hint) for name, hint in hints.items()}
        in_order = sorted(enumerate(self._codecs.items()), key=lambda one: one[1][0])
        self._object = "{" + ",".join([f'"{name}":%s' for _, (name, _) in in_order]) + "}"
        self._written = [(place, codec.write) for place, (_, codec) in in_order]
        self._read = [(name, codec.read) for name, codec in self._codecs.items()]

    def write(self, value: Any) -> str:
        """An object of its fields."""
        return self._object % tuple([write(value[place]) for place, write in self._written])

    def read(self, written: Any) -> Any:
        """The named tuple."""
        if not isinstance(written, dict):
            msg = f"{written!r} is no {self._kind.__name__} as this version of Tulya writes it"
            raise UnknownFormatError(msg)
        if not self._names.issuperset(written):
            unknown = min(set(written) - self._names)
            msg = f"{self._kind.__name__} has {unknown!r}, which this version of Tulya does not know"
            raise UnknownFormatError(msg)
        if len(written) < len(self._names):
            written = self._completed(written)
        values = [written[name] if read is None else read(written[name]) for name, read in self._read]
        return tuple.__new__(self._kind, values)  # past the constructor: an ``Approved`` that was written was made once

    def _completed(self, written: dict[str, Any]) -> dict[str, Any]:
        """With the defaults of fields that were not there yet, as they would be written."""
        missing = self._names - set(written)
        defaults = self._kind._field_defaults
        if without := sorted(missing - set(defaults)):
            msg = f"{self._kind.__name__} lacks {without[0]!r}, which this version of Tulya needs"
            raise UnknownFormatError(msg)
        return written | {name: json.loads(self._codecs[name].write(defaults[name])) for name in missing}


class _Union:
    """One of several named tuples, under its name; or None."""

    def __init__(self, kinds: Sequence[Any], *, optional: bool) -> None:
        records = {kind: _Record(kind) for kind in kinds}
        self._by_class = {kind: (f'{{"{kind.__name__}":', record.write) for kind, record in records.items()}
        self._by_name = {kind.__name__: record.read for kind, record in records.items()}
        self._optional = optional

    def write(self, value: Any) -> str:
        """An object whose only key is the name of the class."""
        known = self._by_class.get(value.__class__)
        if known is not None:
            key, write = known
            return key + write(value) + "}"
        if value is None and self._optional:
            return "null"
        msg = f"{value!r} cannot be written here: it is none of {', '.join(self._by_name)}"
        raise UnwritableError(msg)

    def read(self, written: Any) -> Any:
        """The named tuple of that class."""
        if written is None and self._optional:
            return None
        if not isinstance(written, dict) or len(written) != 1:
            msg = f"{written!r} does not name its class; expected one of {', '.join(self._by_name)}"
            raise UnknownFormatError(msg)
        ((name, content),) = written.items()
        read = self._by_name.get(name)
        if read is None:
            known = ", ".join(self._by_name)
            msg = f"the class {name!r} is not known to this version of Tulya; it knows {known} here"
            raise UnknownFormatError(msg)
        return read(content)


def _one_of(arguments: tuple[Any, ...]) -> Codec:
    """One of several classes under its name, or None, or one plain thing."""
    kinds = [one for one in arguments if one is not types.NoneType]
    if len(kinds) == 1:
        return _or_none(codec_of(kinds[0]))
    if all(one in {int, str, bool} for one in kinds):
        return SCALARS[Any]
    if not all(map(is_named_tuple, kinds)):
        msg = f"a reader could not tell {arguments!r} apart; give them classes"
        raise TypeError(msg)
    union = _Union(kinds, optional=len(kinds) < len(arguments))
    return Codec(union.write, union.read)


def _or_none(codec: Codec) -> Codec:
    write, read = codec
    return Codec(
        lambda value: "null" if value is None else write(value),
        None if read is None else lambda written: None if written is None else read(written),
    )


def _sequence(item: Any) -> Codec:
    if item is float:
        return Codec(_floats, _numbers)
    write, read = codec_of(item)
    return Codec(
        lambda values: f"[{','.join(map(write, values))}]",
        tuple if read is None else lambda written: tuple(map(read, written)),
    )


def _fixed(items: tuple[Any, ...]) -> Codec:
    codecs = [codec_of(item) for item in items]
    return Codec(
        lambda values: f"[{','.join([one.write(value) for one, value in zip(codecs, values, strict=True)])}]",
        lambda written: tuple((one.read or _same)(value) for one, value in zip(codecs, written, strict=True)),
    )


def _mapping(item: Any) -> Codec:
    write, read = codec_of(item)
    read_item = read or _same
    return Codec(
        lambda values: (
            "{" + ",".join([f"{encode_basestring(name)}:{write(values[name])}" for name in sorted(values)]) + "}"
        ),
        lambda written: {name: read_item(value) for name, value in written.items()},
    )


def _set(item: Any) -> Codec:
    """Of members that can be sorted."""
    write, read = codec_of(item)
    read_item = read or _same
    return Codec(
        lambda values: f"[{','.join(map(write, sorted(values)))}]", lambda written: set(map(read_item, written))
    )


def _pairs(arguments: tuple[Any, ...]) -> Codec:
    """Of a mapping from numbers, which JSON has not: its pairs, in their order."""
    write, read = _fixed(arguments)
    read_pair = read or _same
    return Codec(
        lambda values: f"[{','.join(map(write, values.items()))}]",
        lambda written: dict(map(read_pair, written)),
    )


def _same(value: Any) -> Any:
    return value
