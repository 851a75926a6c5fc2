"""What a person reads of a message: its text, its HTML, and what is attached to it.

    for part in parts(octets):
        part.kind, part.file_name       # "image/png", "plan.png"
        part.octets                     # transfer coding taken off, in pieces

A message within a message is one part, which can be taken out whole. As in sound_parts.py no
function here raises, and each takes time linear in the octets; texts are bounded. Nothing here
makes HTML harmless: whoever shows it must.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from app.core.text import one_line
from app.message.headers import codec_of
from app.message.mime import (
    DEPTH_LIMIT,
    PARTS_LIMIT,
    Multipart,
    PartHead,
    body,
    next_part,
    read_head,
)
from app.message.transfer import Lines, decoded

TEXT_LIMIT = 262_144
"""Octets of a text that are read."""
NAME_LIMIT = 100
"""Characters of a file's name that are kept."""


@dataclass(slots=True)
class Part:
    """A part that is no multipart."""

    number: int
    """Its place among them, from 0: the same whenever the message is read."""
    kind: str
    """Content type in lower case; what says nothing is "text/plain" [RFC 2045 §5.2]."""
    charset: str
    file_name: str
    """As its sender calls it, one line; "" if not at all. No safe name: see `safe_name`."""
    content_id: str
    attached: bool
    """Its sender wants it shown as a file, or it is no text."""
    octets: Iterator[bytes]
    """Decoded as they are read; gone when the next part is asked for."""
    coding: str
    raw: Iterator[bytes]
    """The same lines, before they are decoded: read one of the two."""


@dataclass(frozen=True)
class Attachment:
    """What is said of a file in a message."""

    number: int
    kind: str
    name: str
    """As its sender calls it, or "" if not at all."""
    size: int
    """Octets, about."""
    within: bool = False
    """Whether it is an image that the HTML shows in its place, by its Content-ID [RFC 2392]."""


@dataclass(frozen=True)
class Reading:
    """A message as it is read."""

    text: str
    """Plain; of a message that has only HTML, what that says without it. Lines end with LF."""
    cut: bool
    """Whether there is more text than this."""
    html: int | None
    """Number of its first part of HTML, if it has one."""
    attachments: tuple[Attachment, ...]


def parts(octets: Iterable[bytes]) -> Iterator[Part]:
    """The parts of a message in their order; reads no further than it is asked for."""
    lines, inside, number = Lines(octets), list[Multipart](), 0
    for _ in range(PARTS_LIMIT):
        head = read_head(lines)
        if head.boundary and len(inside) < DEPTH_LIMIT:
            inside.append(Multipart(b"--" + head.boundary, False))
        else:
            yield _part(number, head, body(lines, inside))
            number += 1
        if not inside or not next_part(lines, inside):
            return


def _part(number: int, head: PartHead, lines: Iterator[bytes]) -> Part:
    kind = head.kind or "text/plain"
    attached = head.disposition == "attachment" or kind not in ("text/plain", "text/html")
    name = _percent_decoded(head.file_name)
    content = decoded(lines, head.coding)
    return Part(
        number, kind, head.charset, name, head.content_id, attached, content, head.coding, lines
    )


def read(octets: Iterable[bytes]) -> Reading:
    """Everything that is said of a message on its page."""
    texts: list[str] = []
    markup, cut, first_html = "", False, None
    attachments: list[Attachment] = []
    for part in parts(octets):
        if part.attached:
            within = part.kind.startswith("image/") and bool(part.content_id)
            attachments.append(
                Attachment(part.number, part.kind, part.file_name, _size(part), within)
            )
        elif part.kind == "text/html":
            if first_html is None:
                first_html = part.number
                markup, more = text_of(part)
                cut = cut or (more and not texts)
        else:
            text, more = text_of(part, TEXT_LIMIT - sum(map(len, texts)))
            texts.append(text)
            cut = cut or more
    text = "\n".join(texts)
    if not text.strip() and markup:
        text = without_markup(markup)
    return Reading(text, cut, first_html, tuple(attachments))


def words_of(octets: Iterable[bytes], limit: int) -> str:
    """The text of a message for a search in it: `limit` characters of it at most.

    Of texts that are no attachments; of HTML, if there is nothing else.
    """
    texts: list[str] = []
    markup = ""
    for part in parts(octets):
        if part.attached:
            continue
        if part.kind == "text/html":
            markup = markup or text_of(part, 8 * limit)[0]
        else:
            texts.append(text_of(part, 4 * limit)[0])
            if sum(map(len, texts)) >= limit:
                break
    text = " ".join(texts)
    return (text if text.strip() else without_markup(markup))[:limit]


def text_of(part: Part, limit: int = TEXT_LIMIT) -> tuple[str, bool]:
    """A part's text, of `limit` octets at most, and whether there is more; lines end with LF.

    What its charset cannot mean is shown with replacement characters.
    """
    kept = bytearray()
    for piece in part.octets:
        kept += piece
        if len(kept) > limit:
            break
    octets = bytes(kept[: max(0, limit)])
    try:
        text = octets.decode(codec_of(part.charset) or "utf-8", "replace")
    except (LookupError, ValueError):  # a codec of Python's that is no charset
        text = octets.decode("utf-8", "replace")
    return _LINE_END.sub("\n", text).replace("\0", "\N{REPLACEMENT CHARACTER}"), len(kept) > limit


def without_markup(markup: str) -> str:
    """What HTML says without its tags, scripts and styles; one paragraph or cell a line."""
    said: list[str] = []
    hidden = ""
    first, *rest = markup.split("<")
    said.append(first)
    for piece in rest:
        tag, _, text = piece.partition(">")
        name = _TAG.match(tag.lower())
        called = name[0] if name else ""
        if hidden:
            hidden = "" if called == f"/{hidden}" else hidden
        elif called in _HIDDEN:
            hidden = called
        if hidden:
            continue
        said.append("\n" if called.lstrip("/") in _BREAKING else "")
        said.append(text)
    import html  # its table of names is large, and few mails are read here

    lines = (" ".join(line.split()) for line in html.unescape("".join(said)).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


_LINE_END = re.compile("\r\n?")
_TAG = re.compile(r"/?[a-z][a-z0-9]*")
_HIDDEN = frozenset({"script", "style", "title", "template", "noscript"})
_BREAKING = frozenset(
    ("br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "pre", "hr")
)


def safe_name(name: str, default: str) -> str:
    """A file's name that any system takes and that leads nowhere: one component, ASCII letters,
    digits, and of signs `-_. `; no dot first, no ending that hides another in blanks."""
    base = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_. ") else "_" for c in base)
    kept = " ".join(kept.split()).strip(". ")
    if len(kept) > NAME_LIMIT:
        stem, dot, ending = kept.rpartition(".")
        ending = dot + ending[:10] if stem else ""
        kept = kept[: NAME_LIMIT - len(ending)].rstrip(". ") + ending
    return kept if kept.strip("_") else default


def _size(part: Part) -> int:
    octets = sum(len(line.rstrip()) if part.coding == "base64" else len(line) for line in part.raw)
    return octets * 3 // 4 if part.coding == "base64" else octets


_EXTENDED = re.compile(r"[\w.:+-]*'[\w-]*'(.*)", re.DOTALL)


def _percent_decoded(name: str) -> str:
    """A file's name without the coding of RFC 2231 §4, which is UTF-8 in practice."""
    found = _EXTENDED.fullmatch(name)
    return name if found is None else one_line(unquote(found[1], errors="replace"), NAME_LIMIT * 2)
