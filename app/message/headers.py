"""What delivery reads of a message's header: where it has been, and what to show of it.

Only the first octets are looked at, once, as they come in; nothing is changed in them.
"""

import email.header
import re
from dataclasses import dataclass

from app.core.text import one_line

_UNFOLD = re.compile(rb"\r?\n(?=[ \t])")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)  # field-name = ftext [RFC 5322 §3.6.8]
_LIMIT = 1 << 20  # octets looked at, however long the header claims to be


@dataclass(frozen=True)
class HeaderFacts:
    """A header, as far as delivery cares."""

    hops: int = 0
    """Received lines: one a relay [RFC 5321 §6.3]."""
    delivered_to: frozenset[str] = frozenset()
    """Addresses the message has been delivered to on its way, in lower case [RFC 9228]."""
    sender: str = ""
    """From, decoded, as text to show."""
    subject: str = ""
    """Subject, decoded."""
    fields: frozenset[str] = frozenset()
    """Names of all fields, in lower case; "date" and "message-id" may be missing."""
    is_voice: bool = False
    """Message-Context says that it is a voice message [RFC 3458 §6.1], from whatever system."""
    duration_s: int | None = None
    """Content-Duration, if it is the whole seconds that RFC 3803 §3 asks for."""


def scan_head(first_octets: bytes) -> HeaderFacts:
    """Read the header at the start of a message; whatever is malformed is passed over."""
    head = first_octets[:_LIMIT]
    ends = [at for at in (head.find(b"\r\n\r\n"), head.find(b"\n\n")) if at >= 0]
    if head.startswith((b"\r\n", b"\n")):
        return HeaderFacts()
    head = head[: min(ends)] if ends else head
    found: dict[str, list[bytes]] = {}
    for line in re.split(rb"\r?\n", _UNFOLD.sub(b"", head)):
        field = _FIELD.fullmatch(line)
        if field is None:
            break  # no field and no fold: the body has begun without an empty line
        found.setdefault(field[1].decode("ascii").lower(), []).append(field[2].strip())
    return HeaderFacts(
        hops=len(found.get("received", ())),
        delivered_to=frozenset(_address(value) for value in found.get("delivered-to", ())),
        sender=_shown(found.get("from", [b""])[0]),
        subject=_shown(found.get("subject", [b""])[0]),
        fields=frozenset(found),
        is_voice=found.get("message-context", [b""])[0].lower() == b"voice-message",
        duration_s=_seconds(found.get("content-duration", [b""])[0]),
    )


def _seconds(value: bytes) -> int | None:
    return int(value) if re.fullmatch(rb"[0-9]{1,6}", value) else None


def _address(value: bytes) -> str:
    return value.decode("utf-8", "replace").strip("<> \t").lower()


def _shown(value: bytes) -> str:
    text = value.decode("utf-8", "replace")
    if "=?" in text:
        text = _decoded(text)
    return one_line(text, 500)


def _decoded(text: str) -> str:
    """Encoded words as text [RFC 2047]; left as they are where they make no sense."""
    try:
        return str(email.header.make_header(email.header.decode_header(text)))
    except (ValueError, LookupError):
        return text
