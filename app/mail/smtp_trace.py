"""The head of a mail as it passes: what we put before it, and what we look for in it.

Before the octets of the author stand our own lines, kept apart from them as a prefix: Received
[RFC 5321 §4.4] and, for LAN clients that left them out, Date and Message-ID [RFC 6409 §8].
The author's octets are never changed.
"""

import re
from dataclasses import dataclass
from email.utils import formatdate

from app.mail.smtp_envelope import Transaction
from app.mail.smtp_grammar import host_literal, is_domain

HEAD_LIMIT = 131_072  # octets of a head that are looked at; what follows counts as text
HOPS_LIMIT = 100  # Received lines that make a loop [RFC 5321 §6.3: at least 100]

_FIELD_NAME = re.compile(rb"^([!-9;-~]+)[ \t]*:", re.MULTILINE)  # RFC 5322 §2.2, §4.5
_DELIVERED_TO = re.compile(
    rb"^delivered-to[ \t]*:((?:[^\r\n]|\r\n[ \t])*)", re.MULTILINE | re.IGNORECASE
)


@dataclass(frozen=True)
class Head:
    """What a head holds, as far as delivery cares; `octets` end with the last field's CR LF."""

    octets: bytes
    names: frozenset[bytes]  # in lower case
    hops: int
    delivered_to: tuple[str, ...]  # in lower case
    stands_alone: bool  # False: the mail begins with text, no field and no empty line

    def lacks(self, name: bytes) -> bool:
        """True if no field has this name (in lower case)."""
        return name not in self.names


class HeadWatch:
    """Collects the octets up to the first empty line, wherever the blocks are cut."""

    def __init__(self) -> None:
        self._octets = b""
        self.complete = False

    def see(self, block: bytes) -> None:
        """Look at the next octets of the message."""
        if self.complete:
            return
        octets = self._octets + block if self._octets else block
        end = 0 if octets.startswith(b"\r\n") else octets.find(b"\r\n\r\n") + 2
        self.complete = end != 1 or len(octets) >= HEAD_LIMIT
        self._octets = octets[:end] if end != 1 else octets[:HEAD_LIMIT]

    def head(self) -> Head:
        """Read what was collected."""
        octets = self._octets
        first = octets.partition(b"\r\n")[0]
        if octets and not _FIELD_NAME.match(first):
            return Head(b"", frozenset(), 0, (), stands_alone=False)
        names = [name.lower() for name in _FIELD_NAME.findall(octets)]
        found = _DELIVERED_TO.findall(octets) if b"delivered-to" in names else ()
        been = tuple(" ".join(text.decode("utf-8", "replace").split()).lower() for text in found)
        return Head(octets, frozenset(names), names.count(b"received"), been, stands_alone=True)


def received(transaction: Transaction, hostname: str, name: str, now: float) -> bytes:
    """Our Received field [RFC 5321 §4.4]; `name` is what we call the mail, `now` seconds UTC.

    The only recipient is named; of several none is, because each would see the others.
    """
    peer, helo = host_literal(transaction.peer.host), transaction.helo
    said = helo if is_domain(helo) else "unknown"
    lines = [f"Received: from {said} ({peer})", f"by {hostname} with {transaction.protocol}"]
    lines[-1] += f" id {name}"
    if len(transaction.accepted) == 1:
        lines.append(f"for <{transaction.accepted[0].address}>")
    text = "\r\n\t".join(lines)
    return f"{text}; {date(now)}\r\n".encode()


def missing_fields(head: Head, hostname: str, name: str, now: float) -> bytes:
    """Date and Message-ID for a client of the LAN that left them out [RFC 6409 §8.1, §8.2]."""
    fields = b""
    if head.lacks(b"date"):
        fields += f"Date: {date(now)}\r\n".encode("ascii")
    if head.lacks(b"message-id"):
        fields += f"Message-ID: <{name}@{hostname}>\r\n".encode("ascii")
    return fields


_last_date: tuple[int, str] = (-1, "")


def date(now: float) -> str:
    """A time as RFC 5322 §3.3 writes it, in the zone of the box."""
    global _last_date  # under load a second has thousands of mails
    if _last_date[0] != int(now):
        _last_date = int(now), formatdate(int(now), localtime=True)
    return _last_date[1]
