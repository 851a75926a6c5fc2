"""HTML of a mail made harmless: nothing runs, nothing is loaded, nothing looks like our own page.

    python -m app.message.safe_html [remote]     the message by standard input, its page out

What is not known to be harmless is left out (nh3, a list of what may stay): scripts, styles, forms,
frames, objects, handlers, addresses that are no link. Pictures that lie in the mail are put into
the page; those that lie elsewhere, which tell their sender who reads when, only with "remote".
It runs in a process of its own with limits: a mail can be written so that reading its HTML takes
long (250 kB of nested <div> take nh3 15 s).
"""

import base64
import html
import sys
from collections.abc import Iterable

import nh3

from app.core.confined import confine
from app.message.headers import read_head, scan_head
from app.message.reading import parts, text_of

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a part may be to be shown as a picture: no format that has scripts or links."""
PICTURE_LIMIT = 512 * 1024
PICTURES_LIMIT = 2 * 1024 * 1024
"""Octets of a picture, and of all, that are put into the page."""
LONGEST = 4 * 1024 * 1024
"""Characters of a page."""
MEMORY, CPU_S, NICE = 64 * 1024 * 1024, 5, 5
SCHEMES = {"http", "https", "mailto", "tel", "cid"}
NO_HTML = 3
"""Exit code of a message without HTML."""

_TAGS = nh3.ALLOWED_TAGS - {"map", "area"}
_HEAD = (
    '<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n<meta name="viewport"'
    ' content="width=device-width, initial-scale=1">\n<title>{title}</title>\n</head>\n<body>\n'
)


class NoHtml(Exception):
    """The message has no HTML."""


def page(octets: Iterable[bytes], title: str, remote: bool) -> str:
    """A whole page of a message's HTML. Raises NoHtml."""
    markup, pictures, room = None, dict[str, str](), PICTURES_LIMIT
    for part in parts(octets):
        if part.kind == "text/html" and markup is None and not part.attached:
            markup, _ = text_of(part)
        elif part.kind in PICTURES and part.content_id and room > 0:
            picture = b""
            for piece in part.octets:
                picture += piece
                if len(picture) > min(room, PICTURE_LIMIT):
                    break
            else:
                room -= len(picture)
                coded = base64.b64encode(picture).decode("ascii")
                pictures[part.content_id] = f"data:{part.kind};base64,{coded}"
    if markup is None:
        raise NoHtml
    body = cleaned(markup, pictures, remote)[:LONGEST]
    return f"{_HEAD.format(title=html.escape(title))}{body}\n</body>\n</html>\n"


def cleaned(markup: str, pictures: dict[str, str], remote: bool) -> str:
    """The harmless part of a piece of HTML. `pictures`: by Content-ID, those in the mail."""

    def attribute(tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            scheme, _, rest = value.strip().partition(":")
            if scheme.lower() == "cid":
                return pictures.get(rest)
            return value if remote and scheme.lower() in ("http", "https") else None
        if name in ("href", "cite"):
            return None if value.strip().lower().startswith("cid:") else value
        return value

    return nh3.clean(
        markup,
        tags=_TAGS,
        attribute_filter=attribute,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def main(remote: str = "") -> int:
    """The page of the message at standard input; the exit code."""
    confine(MEMORY, CPU_S, NICE)
    pieces = iter(lambda: sys.stdin.buffer.read(65_536), b"")
    first = next(pieces, b"")
    subject = scan_head(read_head([first])).subject

    def octets() -> Iterable[bytes]:
        yield first
        yield from pieces

    try:
        sys.stdout.buffer.write(page(octets(), subject, bool(remote)).encode("utf-8", "replace"))
    except NoHtml:
        return NO_HTML
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
