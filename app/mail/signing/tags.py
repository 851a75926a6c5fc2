"""Tag lists, the form of signatures and of key records: `v=1; a=rsa-sha256; ...` [RFC 6376 §3.2].

A signature is a list of tags whose `b` signs a header in which its own `b` is empty.
"""

import base64
import re
from collections.abc import Callable, Iterable, Mapping

from app.message.canonical import canonical_field, chosen, relaxed_field
from app.message.headers import Field

Sign = Callable[[bytes], bytes]
"""Gives the signature of octets."""

TAGS_LIMIT = 50
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_B_VALUE = re.compile(rb"(?:(?<=^)|(?<=;))([ \t\r\n]*b[ \t\r\n]*=)[^;]*")
_BLANKS = re.compile(r"\s+")
_LINE = 72  # characters


class BadTags(ValueError):
    """Not a tag list, or not one with what it must have; the text says what."""


def parse(value: bytes) -> dict[str, str]:
    """The tags of a list, without blanks around them. Raises BadTags."""
    tags: dict[str, str] = {}
    parts = value.decode("ascii", "replace").strip().removesuffix(";").split(";")
    if len(parts) > TAGS_LIMIT:
        raise BadTags("too many tags")
    for part in parts:
        name, equals, text = part.partition("=")
        name = name.strip()
        if not equals or not _NAME.fullmatch(name) or name in tags:
            raise BadTags(f"no tag: {part.strip()[:40]!r}")
        tags[name] = text.strip()
    return tags


def need(tags: Mapping[str, str], *names: str) -> None:
    """Raise BadTags unless all of these are there."""
    missing = [name for name in names if not tags.get(name)]
    if missing:
        raise BadTags(f"{missing[0]}= is missing")


def octets_of(text: str) -> bytes:
    """What base64 with blanks in it says. Raises BadTags."""
    try:
        return base64.b64decode(_BLANKS.sub("", text), validate=True)
    except ValueError as problem:  # also of octets that are not ASCII
        raise BadTags("no base64") from problem


def names_of(text: str) -> list[str]:
    """The header fields that an `h` tag lists, in small letters."""
    return [name.strip().lower() for name in text.split(":")]


def without_b(field: Field) -> Field:
    """A signature's field with an empty `b`, as it is signed [RFC 6376 §3.7]."""
    body = _B_VALUE.sub(rb"\1", field.body)
    colon = field.octets.index(b":") + 1
    return Field(field.name, field.octets[:colon] + body, body)


def signed_octets(
    fields: Iterable[Field], names: list[str], signature: Field, relaxed: bool = True
) -> bytes:
    """What a signature signs: the chosen fields and then its own without a line end."""
    header = b"".join(canonical_field(one, relaxed) for one in chosen(list(fields), names))
    own = canonical_field(without_b(signature), relaxed)
    return header + own.rstrip(b"\r\n")


def made_field(name: str, tags: Mapping[str, str], sign: Sign, before: bytes) -> bytes:
    """A signature's field, folded, with its line end.

    `before` is what comes before the field itself in what is signed.
    """
    text = folded(name, [f"{tag}={value};" for tag, value in tags.items()] + ["b="])
    unsigned = text.partition(":")[2].encode()
    value = base64.b64encode(sign(before + relaxed_field(name, unsigned))).decode()
    pieces = [value[at : at + _LINE - 1] for at in range(0, len(value), _LINE - 1)]
    return (text + "\r\n ".join(["", *pieces]) + "\r\n").encode("ascii")


def folded(name: str, words: list[str]) -> str:
    """A field of these words in lines that are not too long, without its last line end."""
    lines, line = [], f"{name}:"
    for word in words:
        if len(line) + 1 + len(word) > _LINE and line:
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line])
