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
from operator import itemgetter
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from framework.errors import DataError
from framework.types.vocabulary import hints_of, is_named_tuple

Change = Callable[[Any], Any]
WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
SPELLINGS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


class UnwritableError(DataError):
    """A value that has no spelling."""


class UnknownFormatError(DataError):
    """A class, a field or a value that this version does not know."""


class Codec(NamedTuple):
    """Writer and reader of the values of one annotation; None where JSON's own value is the value."""

    encode: Change | None
    decode: Change | None


AS_IT_IS = Codec(None, None)
PLAIN = frozenset({int, str, bool, Any, types.NoneType})
"""Annotations whose values JSON has itself."""


def canonical(value: Any) -> bytes:
    """Encoded values as bytes: keys sorted, no blanks, UTF-8; ``UnwritableError`` on what JSON cannot hold."""
    try:
        text = WRITER.encode(value)
    except (TypeError, ValueError) as error:
        msg = f"a value has no spelling in JSON ({error}); hand over plain Python numbers and texts"
        raise UnwritableError(msg) from error
    return text.encode()


def encode(annotation: Any, value: Any) -> Any:
    """A value of this annotation as what ``json`` writes."""
    change = codec_of(annotation).encode
    return value if change is None else change(value)


def decode(annotation: Any, written: Any) -> Any:
    """The value that was written; ``UnknownFormatError`` when it is of no version that this program knows."""
    change = codec_of(annotation).decode
    return written if change is None else change(written)


@cache
def codec_of(annotation: Any) -> Codec:
    """The codec of an annotation such as ``Order``, ``Submit | Cancel``, ``Sequence[float] | None`` or ``int``."""
    if annotation is float:
        return Codec(_spelled, _number)
    if annotation in PLAIN or get_origin(annotation) is Literal:
        return AS_IT_IS
    if is_named_tuple(annotation):
        record = _Record(annotation)
        return Codec(record.encode, record.decode)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return Codec(None, _member(annotation))
    return _of_parts(annotation, get_origin(annotation), get_args(annotation))


def _of_parts(annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> Codec:
    if origin in {Union, types.UnionType}:
        return _one_of(arguments)
    if origin is tuple and arguments[-1:] != (...,):
        return _fixed(arguments)
    if origin in {tuple, list, Sequence}:
        return _sequence(arguments[0])
    if origin in {set, frozenset}:
        return _set(codec_of(arguments[0]), origin)
    if origin in {dict, Mapping}:
        return _pairs(arguments) if arguments[0] is int else _mapping(arguments[1])
    msg = f"there is no spelling for {annotation!r}"
    raise TypeError(msg)


# ---------------------------------------------------------------------- numbers


def _spelled(value: Any) -> Any:
    return value if value - value == 0 else SPELLINGS[str(float(value))]


def _number(written: Any) -> Any:
    if written.__class__ is not str:
        return written
    try:
        return NOT_FINITE[written]
    except KeyError:
        msg = f"{written!r} is no number here: those that are not finite are {', '.join(NOT_FINITE)}"
        raise UnknownFormatError(msg) from None


def _spelled_all(values: Any) -> list[Any]:
    return [value if value - value == 0 else SPELLINGS[str(float(value))] for value in values]


def _numbers(written: Any) -> tuple[Any, ...]:
    if str in set(map(type, written)):
        return tuple(map(_number, written))
    return tuple(written)


def _member(kind: type[Enum]) -> Change:
    def decode_member(written: Any) -> Any:
        try:
            return kind(written)
        except ValueError:
            msg = f"{written!r} is no {kind.__name__} of this version of Tulya"
            raise UnknownFormatError(msg) from None

    return decode_member


# ---------------------------------------------------------------------- what holds other values


class _Record:
    """Of a named tuple; a class that holds itself is not foreseen."""

    def __init__(self, kind: Any) -> None:
        hints = hints_of(kind)
        self._kind = kind
        self._names = frozenset(hints)
        codecs = [(name, place, codec_of(hint)) for place, (name, hint) in enumerate(hints.items())]
        self._written = [(name, place, codec.encode) for name, place, codec in sorted(codecs, key=itemgetter(0))]
        self._read = [(name, codec.decode) for name, _, codec in codecs]

    def encode(self, value: Any) -> dict[str, Any]:
        """An object of its fields."""
        return {name: value[place] if change is None else change(value[place]) for name, place, change in self._written}

    def decode(self, written: Any) -> Any:
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
        return self._kind._make(
            [written[name] if change is None else change(written[name]) for name, change in self._read]
        )

    def _completed(self, written: dict[str, Any]) -> dict[str, Any]:
        """With the defaults of fields that were not there yet, as they would be written."""
        missing = self._names - set(written)
        defaults = self._kind._field_defaults
        if without := sorted(missing - set(defaults)):
            msg = f"{self._kind.__name__} lacks {without[0]!r}, which this version of Tulya needs"
            raise UnknownFormatError(msg)
        encoders = {name: change for name, _, change in self._written}
        return written | {name: (encoders[name] or _same)(defaults[name]) for name in missing}


class _Union:
    """One of several named tuples, under its name; or None."""

    def __init__(self, kinds: Sequence[Any], *, optional: bool) -> None:
        records = {kind: _Record(kind) for kind in kinds}
        self._by_class = {kind: (kind.__name__, record.encode) for kind, record in records.items()}
        self._by_name = {kind.__name__: record.decode for kind, record in records.items()}
        self._optional = optional

    def encode(self, value: Any) -> Any:
        """An object whose only key is the name of the class."""
        if value is None and self._optional:
            return None
        known = self._by_class.get(value.__class__)
        if known is None:
            msg = f"{value!r} cannot be written here: it is none of {', '.join(self._by_name)}"
            raise UnwritableError(msg)
        name, change = known
        return {name: change(value)}

    def decode(self, written: Any) -> Any:
        """The named tuple of that class."""
        if written is None and self._optional:
            return None
        if not isinstance(written, dict) or len(written) != 1:
            msg = f"{written!r} does not name its class; expected one of {', '.join(self._by_name)}"
            raise UnknownFormatError(msg)
        ((name, content),) = written.items()
        change = self._by_name.get(name)
        if change is None:
            known = ", ".join(self._by_name)
            msg = f"the class {name!r} is not known to this version of Tulya; it knows {known} here"
            raise UnknownFormatError(msg)
        return change(content)


def _one_of(arguments: tuple[Any, ...]) -> Codec:
    """One of several classes under its name, or None, or one plain thing."""
    kinds = [one for one in arguments if one is not types.NoneType]
    if len(kinds) == 1:
        return _or_none(codec_of(kinds[0]))
    if all(one in PLAIN and one is not float for one in kinds):
        return AS_IT_IS
    if not all(map(is_named_tuple, kinds)):
        msg = f"a reader could not tell {arguments!r} apart; give them classes"
        raise TypeError(msg)
    union = _Union(kinds, optional=len(kinds) < len(arguments))
    return Codec(union.encode, union.decode)


def _or_none(codec: Codec) -> Codec:
    def maybe(change: Change | None) -> Change | None:
        return None if change is None else lambda value: None if value is None else change(value)

    return Codec(maybe(codec.encode), maybe(codec.decode))


def _sequence(item: Any) -> Codec:
    if item is float:
        return Codec(_spelled_all, _numbers)
    codec = codec_of(item)
    encode_item, decode_item = codec.encode or _same, codec.decode
    return Codec(
        lambda values: [encode_item(value) for value in values],
        tuple if decode_item is None else lambda written: tuple(map(decode_item, written)),
    )


def _fixed(items: tuple[Any, ...]) -> Codec:
    codecs = [codec_of(item) for item in items]
    return Codec(
        lambda values: [(one.encode or _same)(value) for one, value in zip(codecs, values, strict=True)],
        lambda written: tuple((one.decode or _same)(value) for one, value in zip(codecs, written, strict=True)),
    )


def _mapping(item: Any) -> Codec:
    codec = codec_of(item)
    encode_item, decode_item = codec.encode or _same, codec.decode or _same
    return Codec(
        lambda values: {name: encode_item(value) for name, value in values.items()},
        lambda written: {name: decode_item(value) for name, value in written.items()},
    )


def _set(codec: Codec, kind: Any) -> Codec:
    """Of members that can be sorted."""
    encode_item, decode_item = codec.encode or _same, codec.decode or _same
    return Codec(
        lambda values: [encode_item(value) for value in sorted(values)],
        lambda written: kind(map(decode_item, written)),
    )


def _pairs(arguments: tuple[Any, ...]) -> Codec:
    """Of a mapping from numbers, which JSON has not: its pairs, in their order."""
    codec = _fixed(arguments)
    encode_pair, decode_pair = codec.encode or _same, codec.decode or _same
    return Codec(
        lambda values: [encode_pair(pair) for pair in values.items()],
        lambda written: dict(map(decode_pair, written)),
    )


def _same(value: Any) -> Any:
    return value
