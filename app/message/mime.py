"""The parts of a message [RFC 2045, RFC 2046]: what their headers say and where their bodies end.

No function here raises, each takes time linear in the octets, and the most of headers that is
looked at is bounded. Who walks through a message bounds parts and depth.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.message.headers import HEAD_LIMIT, VALUE_LIMIT, fields, shown
from app.message.transfer import Lines

DEPTH_LIMIT = 8
"""Multiparts within multiparts, and encoded messages within messages, that are followed."""
PARTS_LIMIT = 1_000
"""Parts that are looked at."""


@dataclass(slots=True)
class Multipart:
    """A multipart that one is inside."""

    mark: bytes
    alternative: bool
    done: bool = False
    """One of its alternatives has been played."""


@dataclass(frozen=True, slots=True)
class PartHead:
    """What a part's header says of its content [RFC 2045 §5, §6, RFC 2183]."""

    kind: str = ""
    """Content type in lower case, without parameters; "" if there is none that can be read."""
    coding: str = ""
    boundary: bytes = b""
    file_name: str = ""
    voice: str = ""
    charset: str = ""
    disposition: str = ""
    """"inline", "attachment" or what else it says, in lower case; "" if it says nothing."""
    content_id: str = ""
    """Without its angle brackets [RFC 2392]."""

    @property
    def is_message(self) -> bool:
        """A message within the message: its own header follows."""
        return self.kind in ("message/rfc822", "message/global", "message/news")


def next_part(lines: Lines, inside: list[Multipart]) -> bool:
    """Go to the line after the next part's boundary, leaving multiparts that end before it."""
    for line in lines:
        mark = line.rstrip() if line.startswith(b"--") else b""
        for depth in reversed(range(len(inside) if mark else 0)):
            if mark == inside[depth].mark:
                del inside[depth + 1 :]
                return True
            if mark == inside[depth].mark + b"--":
                del inside[depth:]
                break
    return False


def body(lines: Lines, inside: list[Multipart]) -> Iterator[bytes]:
    """The lines up to the next boundary of `inside`, which is read again."""
    ends = {mark for part in inside for mark in (part.mark, part.mark + b"--")}
    last = b""
    for line in lines:
        if line.startswith(b"--") and line.rstrip() in ends:
            lines.unread(line)
            last = last.removesuffix(b"\n").removesuffix(b"\r")  # the boundary's [RFC 2046 §5.1.1]
            break
        yield last
        last = line
    yield last


# ---- a part's header

_KIND = re.compile(rb"\s*([\w.+-]++/[\w.+-]++)(?=[\s;]|\Z)")
# A parameter [RFC 2045 §5.1]: its name, without what RFC 2231 adds to it; its value between
# quotation marks, or bare. Some programs leave the marks out although there are blanks.
_PARAMETER = re.compile(
    rb""";\s*+([^\s;="*]++)[^\s;="]*+\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^;"]++))""", re.DOTALL
)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)


def read_head(lines: Lines) -> PartHead:
    """A part's header, read up to its empty line."""
    block = bytearray()
    for line in lines:
        if line in (b"\r\n", b"\n") or len(block) > HEAD_LIMIT:
            break
        block += line
    found: dict[str, bytes] = {}
    for one in fields(bytes(block)):
        found.setdefault(one.name, one.value[:VALUE_LIMIT])
    content_type = found.get("content-type", b"")
    kind = _KIND.match(content_type)
    name = "" if kind is None else kind[1].decode("ascii", "replace").lower()
    coding = found.get("content-transfer-encoding", b"").decode("ascii", "replace").strip().lower()
    disposition = b";" + found.get("content-disposition", b"")
    return PartHead(
        name,
        coding,
        _boundary(content_type) if name.startswith("multipart/") else b"",
        shown(_parameter(disposition, b"filename") or _parameter(b";" + content_type, b"name")),
        shown(_parameter(disposition, b"voice")).lower(),
        shown(_parameter(b";" + content_type, b"charset")).lower(),
        shown(disposition[1:].partition(b";")[0]).lower(),
        shown(found.get("content-id", b"")).strip("<>"),
    )


def _boundary(content_type: bytes) -> bytes:
    for name, quoted, bare in _PARAMETER.findall(content_type):
        if name.lower() == b"boundary":
            return bytes(bare.split(maxsplit=1)[0] if bare.strip() else _unquoted(quoted))
    return b""


def _parameter(value: bytes, wanted: bytes) -> bytes:
    """A parameter's value; in pieces [RFC 2231 §3] it is put together as they come."""
    found = _PARAMETER.findall(value)
    return b"".join(
        bare.strip() or _unquoted(q) for name, q, bare in found if name.lower() == wanted
    )


def _unquoted(value: bytes) -> bytes:
    return _QUOTED_PAIR.sub(rb"\1", value).rstrip()


def ending(file_name: str) -> str:
    """How a file's name ends, in lower case, without the dot."""
    return file_name.rpartition(".")[2].strip().lower() if "." in file_name else ""
