"""The words of a response: atoms, strings, lists [RFC 3501 §4 and §9, RFC 9051 §9].

A response comes as text, literal, text, literal ... text. What is made of it are nested lists of
octets: `Atom` for what stood bare, such as names, numbers, flags and NIL; plain bytes for strings.
"""

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

DEEPEST = 20
"""Lists within lists; a BODYSTRUCTURE of many levels is never asked for."""

Token: TypeAlias = "bytes | list[Any]"
"""An Atom, a string, or a list of Tokens."""


class Atom(bytes):
    """What stood bare, not in quotes and not as a literal."""

    __slots__ = ()


_ATOM = re.compile(rb'[^\x00-\x20\x7f(){"]+')
# The name of a part of a mail has blanks and brackets: BODY[HEADER.FIELDS ("Date" To)]<0>
_SECTION_BEGINS = re.compile(rb"(?:BODY|BINARY)\[", re.IGNORECASE)
_SECTION = re.compile(rb'[A-Z]+\[(?:[^\]"]|"[^"\\]*")*\](?:<\d{1,10}>)?', re.IGNORECASE)
_QUOTED = re.compile(rb'"((?:[^"\\\r\n\0]|\\["\\])*)"')
_LITERAL = re.compile(rb"~?\{\d{1,20}\+?\}\Z")
_ESCAPED = re.compile(rb"\\(.)")
_CODE_ATOM = re.compile(rb'[^\x00-\x20\x7f(){"\]]+')


def parse(parts: Sequence[bytes]) -> list[Token]:
    """The tokens of a response: text, then literals and text in turn. Raises ValueError."""
    scan = _Scan(_ATOM)
    for at in range(0, len(parts), 2):
        last = at + 1 == len(parts)
        scan.text(parts[at], ends_in_literal=not last)
        if not last:
            scan.put(parts[at + 1])
    return scan.done()


def parse_code(text: bytes) -> tuple[list[Token], bytes]:
    """The code in brackets at the head of a text, its name in capitals, and the rest after it.

    Raises ValueError if there is none.
    """
    scan = _Scan(_CODE_ATOM)
    end = scan.text(text, at=1, until=b"]")
    code = scan.done()
    if not code or not isinstance(code[0], Atom) or not code[0].isascii():
        raise ValueError("a code without a name")
    code[0] = Atom(code[0].upper())
    return code, text[end:]


def number(token: Token, greatest: int) -> int:
    """A number from 0 to `greatest`. Raises ValueError for anything else."""
    if not isinstance(token, Atom) or not token.isdigit() or len(token) > 20:
        raise ValueError("no number where one belongs")
    value = int(token)
    if value > greatest:
        raise ValueError(f"a number greater than {greatest}")
    return value


class _Scan:
    """Nested lists, as far as they have been read."""

    def __init__(self, atom: re.Pattern[bytes]) -> None:
        self._atom = atom
        self._open: list[list[Token]] = [[]]

    def put(self, token: Token) -> None:
        self._open[-1].append(token)

    def done(self) -> list[Token]:
        if len(self._open) != 1:
            raise ValueError("a list without an end")
        return self._open[0]

    def text(
        self, text: bytes, *, at: int = 0, until: bytes = b"", ends_in_literal: bool = False
    ) -> int:
        """Read text from `at` to its end, or past the sign that ends it; gives where that is."""
        end = len(text)
        if ends_in_literal:
            found = _LITERAL.search(text)
            assert found is not None, "the reader has seen a literal here"
            end = found.start()
        while at < end:
            sign = text[at : at + 1]
            if sign == until and len(self._open) == 1:
                return at + 1
            at = self._one(text, at, sign)
            if at > end:
                raise ValueError("a literal within a word")
        if until:
            raise ValueError("a code without an end")
        return end

    def _one(self, text: bytes, at: int, sign: bytes) -> int:
        if sign == b" ":
            return at + 1
        if sign == b"(":
            if len(self._open) > DEEPEST:
                raise ValueError("lists in lists without end")
            inner: list[Token] = []
            self.put(inner)
            self._open.append(inner)
            return at + 1
        if sign == b")":
            if len(self._open) == 1:
                raise ValueError("the end of a list that has none")
            self._open.pop()
            return at + 1
        if sign == b'"':
            quoted = _QUOTED.match(text, at)
            if quoted is None:
                raise ValueError("a string without an end")
            inside = quoted[1]
            self.put(_ESCAPED.sub(rb"\1", inside) if b"\\" in inside else inside)
            return quoted.end()
        section = _SECTION_BEGINS.match(text, at) is not None
        atom = (_SECTION if section else self._atom).match(text, at)
        if atom is None:
            raise ValueError("no word where one belongs")
        self.put(Atom(atom[0]))
        return atom.end()
