"""Dataclasses as JSON values and back; what is read is checked against the annotations.

For values that one process of this program writes and another one reads: frames between the phone
service and its clerk, and the settings that are prepared for the services. Reading is strict: a
field that is missing, unknown or of another type is an error, also where a default is declared.

    str, int, float, bool, None, Literal    as JSON has them; an int is taken where a float is due
    bytes                                   base64 text [RFC 4648 §4]
    Enum                                    its value
    tuple, list                             array
    Mapping, dict                           object; keys are strings
    dataclass                               object of its fields
    X | Y                                   whichever of the two the value is; dataclasses in one
                                            union must differ in the names of their fields
"""

import base64
import binascii
import dataclasses
import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")
Reader = Callable[[Any, str], Any]
"""Checks and converts one JSON value; the text says where it stands, for errors."""


class BadRecord(ValueError):
    """A value is not of the type that is expected; the text names the field."""


def parse_json(text: str | bytes | bytearray) -> Any:
    """The value of a JSON text [RFC 8259] that somebody else may have written.

    Raises BadRecord for whatever is none, also for numbers that are none (Infinity, NaN, 1e999) and
    for arrays within arrays a thousand deep.
    """
    try:
        if not isinstance(text, str):
            text = text.decode(json.detect_encoding(text), "surrogatepass")
        return _decoder().decode(text)
    except (ValueError, RecursionError) as problem:
        raise BadRecord(f"no JSON: {problem}") from problem


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


@cache
def _decoder() -> json.JSONDecoder:
    """One for all: json.loads makes one a call for other numbers than its own."""
    return json.JSONDecoder(parse_constant=_no_number, parse_float=_finite)


_AS_THEY_ARE = frozenset({types.NoneType, bool, int, float, str})


def to_json(value: object) -> Any:
    """A value of the types above as JSON values. Raises TypeError for any other type."""
    if type(value) in _AS_THEY_ARE:  # most values, asked for in the beat
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str | int | float):  # a class of its own, such as an address
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in _fields(type(value))}
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def from_json(kind: type[T], value: Any, where: str = "value") -> T:
    """The value of type `kind` that `value` is in JSON.

    `where` begins the text of errors. Raises BadRecord if it is none.
    """
    read: Reader = reader_of(cast(Any, kind))
    return cast(T, read(value, where))


@cache
def reader_of(kind: Any) -> Reader:
    """What reads a value with this annotation. Raises TypeError for an annotation not listed."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is None:
        return _reader_of_class(kind)
    if origin in (types.UnionType, typing.Union):
        return _union(kind, [reader_of(argument) for argument in arguments])
    if origin is typing.Literal:
        return _one_of(arguments)
    if origin is tuple and arguments[-1] is not ...:
        return _fixed_tuple([reader_of(argument) for argument in arguments])
    if origin in (tuple, list):
        return _sequence(origin, reader_of(arguments[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping) and arguments[0] is str:
        return _mapping(reader_of(arguments[1]))
    raise TypeError(f"{kind} cannot be read from JSON")


def _reader_of_class(kind: Any) -> Reader:
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(kind)
    if dataclasses.is_dataclass(kind):
        return _Dataclass(kind)
    return _never(kind)


def _exactly(*kinds: type) -> Reader:
    def read(value: Any, where: str) -> Any:
        if type(value) not in kinds:
            names = " or ".join(kind.__name__ for kind in kinds)
            raise BadRecord(f"{where}: {names} expected, not {_shown(value)}")
        return value

    return read


def _float(value: Any, where: str) -> float:
    if type(value) not in (int, float):
        raise BadRecord(f"{where}: number expected, not {_shown(value)}")
    return float(value)


def _bytes(value: Any, where: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise BadRecord(f"{where}: base64 text expected, not {_shown(value)}") from None


_PLAIN: dict[Any, Reader] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    float: _float,
    bytes: _bytes,
    types.NoneType: _exactly(types.NoneType),
    None: _exactly(types.NoneType),
}


def _never(kind: Any) -> Reader:
    """For a type that only this process uses; a field of it must be optional and is None."""

    def read(value: Any, where: str) -> Any:
        raise BadRecord(f"{where}: {kind} cannot be read, got {_shown(value)}")

    return read


def _enum(kind: type[Enum]) -> Reader:
    def read(value: Any, where: str) -> Enum:
        try:
            return kind(value)
        except ValueError:
            raise BadRecord(f"{where}: {_shown(value)} is no {kind.__name__}") from None

    return read


def _one_of(allowed: tuple[Any, ...]) -> Reader:
    def read(value: Any, where: str) -> Any:
        for found in allowed:
            if found == value and type(found) is type(value):
                return found
        raise BadRecord(f"{where}: {_shown(value)} is none of {allowed}")

    return read


def _union(kind: Any, readers: list[Reader]) -> Reader:
    def read(value: Any, where: str) -> Any:
        for reader in readers:
            try:
                return reader(value, where)
            except BadRecord:
                continue
        raise BadRecord(f"{where}: {_shown(value)} is no {kind}")

    return read


def _array(value: Any, where: str) -> list[Any]:
    return cast(list[Any], _exactly(list)(value, where))


def _sequence(origin: Callable[[Any], Any], reader: Reader) -> Reader:
    def read(value: Any, where: str) -> Any:
        return origin(reader(v, f"{where}[{n}]") for n, v in enumerate(_array(value, where)))

    return read


def _fixed_tuple(readers: list[Reader]) -> Reader:
    def read(value: Any, where: str) -> Any:
        if len(_array(value, where)) != len(readers):
            raise BadRecord(f"{where}: {len(readers)} values expected, not {len(value)}")
        return tuple(r(v, f"{where}[{n}]") for n, (r, v) in enumerate(zip(readers, value)))  # noqa: B905

    return read


def _mapping(reader: Reader) -> Reader:
    def read(value: Any, where: str) -> Any:
        items = _exactly(dict)(value, where).items()
        return {key: reader(item, f"{where}.{key}") for key, item in items}

    return read


class _Dataclass:
    """Reads one dataclass; the annotations are looked up at the first value."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._readers: dict[str, Reader] | None = None

    def __call__(self, value: Any, where: str) -> Any:
        if self._readers is None:
            hints = typing.get_type_hints(self._kind)
            self._readers = {f.name: reader_of(hints[f.name]) for f in _fields(self._kind)}
        given = _exactly(dict)(value, where)
        if given.keys() != self._readers.keys():
            wrong = sorted(given.keys() ^ self._readers.keys())
            raise BadRecord(f"{where}: missing or unknown in {self._kind.__name__}: {wrong}")
        fields = {
            name: read(given[name], f"{where}.{name}") for name, read in self._readers.items()
        }
        try:
            return self._kind(**fields)
        except ValueError as problem:
            raise BadRecord(f"{where}: {problem}") from problem


def _fields(kind: Any) -> list[Any]:
    return [field for field in dataclasses.fields(kind) if field.init]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
