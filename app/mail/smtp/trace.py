"""The head of a mail as it passes: what we put before it, and what we look for in it.

Before the octets of the author stand our own lines, kept apart from them as a prefix: Received
[RFC 5321 §4.4] and, for LAN clients that left them out, Date and Message-ID [RFC 6409 §8].
The author's octets stay as they are, but for the senders of our own people (smtp_public.py).
"""

import re
from email.utils import formatdate

from app.inbox.delivery import HeaderFacts
from app.mail.smtp.envelope import Transaction
from app.mail.smtp.grammar import host_literal, is_domain

HEAD_LIMIT = 131_072  # octets of a head that are looked at; what follows counts as text

_FIELD_NAME = re.compile(rb"[!-9;-~]+[ \t]*:")  # RFC 5322 §2.2, §4.5


class HeadWatch:
    """Collects the octets up to the first empty line, wherever the blocks are cut."""

    def __init__(self) -> None:
        self.octets = b""
        """The head with the CR LF of its last field, without the empty line."""
        self.complete = False

    def see(self, block: bytes) -> None:
        """Look at the next octets of the message."""
        if self.complete:
            return
        octets = self.octets + block if self.octets else block
        end = 0 if octets.startswith(b"\r\n") else octets.find(b"\r\n\r\n") + 2
        self.complete = end != 1 or len(octets) >= HEAD_LIMIT
        self.octets = octets[:end] if end != 1 else octets[:HEAD_LIMIT]

    @property
    def is_text(self) -> bool:
        """True if the message begins with text: neither a field nor an empty line."""
        return bool(self.octets) and not _FIELD_NAME.match(self.octets)


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


def missing_fields(head: HeaderFacts, hostname: str, name: str, now: float) -> bytes:
    """Date and Message-ID for a client of the LAN that left them out [RFC 6409 §8.1, §8.2]."""
    fields = b""
    if "date" not in head.fields:
        fields += f"Date: {date(now)}\r\n".encode("ascii")
    if "message-id" not in head.fields:
        fields += f"Message-ID: <{name}@{hostname}>\r\n".encode("ascii")
    return fields


_last_date: tuple[int, str] = (-1, "")


def date(now: float) -> str:
    """A time as RFC 5322 §3.3 writes it, in the zone of the box."""
    global _last_date  # under load a second has thousands of mails
    if _last_date[0] != int(now):
        _last_date = int(now), formatdate(int(now), localtime=True)
    return _last_date[1]
