"""Tables of a board file that know their own place, so that errors name file, key and values."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.errors import BoardFileError


@dataclass(frozen=True, slots=True)
class Need:
    """What the kernel must have so that one part of the board works."""

    purpose: str
    """One of drivers.board_spec.PURPOSES."""
    symbols: tuple[str, ...]
    """Names in the kernel's configuration, without CONFIG_."""


DEEPEST = 8
"""Tables and lists in one another; the deepest that a board file has is three."""
LONGEST = 200
"""Characters of a key or text; the longest are titles and devices."""
LONGEST_SEEN = 120
"""Characters of a wrong value that an error repeats."""
_INTEGERS = range(-(2**63), 2**63)
"""What every reader of TOML takes [TOML 1.0, Integer]; Python's also takes far larger ones, and
then cannot print them."""


def refuse_unprintable(file: Path, values: Mapping[str, object]) -> None:
    """Refuse keys and values that no error, page or log could show as they are.

    Control and direction characters, and what is far too long, too large or too deep. What passes
    may be put into an error as it is. Raises BoardFileError.
    """
    left: list[tuple[str, int, object]] = [("", 0, values)]
    while left:
        place, depth, value = left.pop()
        where = f"{file}: {place}: " if place else f"{file}: "
        if depth > DEEPEST:
            raise BoardFileError(f"{where}nested too deep; allowed: {DEEPEST} levels")
        if isinstance(value, int) and value not in _INTEGERS:
            raise BoardFileError(f"{where}a number of more than 64 bits; allowed: smaller ones")
        if isinstance(value, str):
            _refuse_text(where, value)
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                _refuse_text(where, key)
                left.append((f"{place}.{key}" if place else key, depth + 1, inner))
        elif isinstance(value, list):
            left += [(place, depth + 1, inner) for inner in value]


def _refuse_text(where: str, text: str) -> None:
    if not text.isprintable() or len(text) > LONGEST:
        raise BoardFileError(
            f"{where}{ascii(text)[:LONGEST_SEEN]}; allowed: up to {LONGEST} printable characters"
        )


class Table:
    """One table of the file.

    Raises BoardFileError for keys and values that are not allowed in it.
    """

    def __init__(self, file: Path, place: str, values: object, keys: Collection[str]) -> None:
        """The table at `place`, with no other than these keys. Raises BoardFileError."""
        self._file, self._place = file, place
        if not isinstance(values, dict):
            raise BoardFileError(f"{file}: {place} must be a table with: {', '.join(keys)}")
        self._values: dict[str, Any] = values
        for key in values:
            if key not in keys:
                raise self.error(key, "unknown key", ", ".join(keys))

    def error(self, key: str, seen: str, allowed: str) -> BoardFileError:
        """An error about one key, to be raised."""
        place = f"{self._place}.{key}" if self._place else key
        if len(seen) > LONGEST_SEEN:
            seen = f"{seen[:LONGEST_SEEN]}..."
        return BoardFileError(f"{self._file}: {place}: {seen}; allowed: {allowed}")

    def raw(self, key: str) -> object:
        """A key's value as it is; None if it is not there."""
        return self._values.get(key)

    def _get(self, key: str, default: object, allowed: str) -> object:
        value = self._values.get(key, default)
        if value is None:
            raise self.error(key, "missing", allowed)
        return value

    def number(self, key: str, allowed: Collection[int], default: int | None = None) -> int:
        """A whole number, one of those allowed. Raises BoardFileError."""
        words = _words(allowed)
        value = self._get(key, default, words)
        if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
            raise self.error(key, repr(value), words)
        return value

    def word(self, key: str, allowed: Collection[str] = (), default: str | None = None) -> str:
        """A text, one of those allowed if any are named. Raises BoardFileError."""
        words = ", ".join(allowed) or "any text that is not empty"
        value = self._get(key, default, words)
        if not isinstance(value, str) or not value or (allowed and value not in allowed):
            raise self.error(key, repr(value), words)
        return value

    def truth(self, key: str, default: bool) -> bool:
        """True or false. Raises BoardFileError."""
        value = self._get(key, default, "true, false")
        if not isinstance(value, bool):
            raise self.error(key, repr(value), "true, false")
        return value

    def needs(self) -> tuple[Need, ...]:
        """All keys: each a list of names in the kernel's configuration. Raises BoardFileError."""
        return tuple(Need(purpose, self._symbols(purpose)) for purpose in self._values)

    def _symbols(self, key: str) -> tuple[str, ...]:
        found = self._values[key]
        if not isinstance(found, list) or not found or not all(map(_is_symbol, found)):
            raise self.error(key, repr(found), "a list of kernel symbols such as SPI_SPIDEV")
        return tuple(found)


def _is_symbol(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(r"(?!CONFIG_)[A-Z0-9_]+", name) is not None


def _words(allowed: Collection[int]) -> str:
    if isinstance(allowed, range):
        return f"{allowed.start} to {allowed.stop - 1}"
    return ", ".join(str(number) for number in allowed)
