"""What we put before a mail that comes in, and the one thing we change in its header.

Before the octets of the author stand our own lines, kept apart from them as a prefix: Received
[RFC 5321 §4.4] and, for LAN clients that left them out, Date and Message-ID [RFC 6409 §8].

The author's octets stay as they are, but for mail of our own people. A client of the LAN may know
a person only as anna@our.local.domain. Whoever answers such a mail, from wherever, must reach her:
so in From and Sender [RFC 5322 §3.6.2] her local spellings become her public address before the
mail is kept. Mail that comes from outside, whose signatures must stay good, is not touched.
"""

import re
from collections.abc import Callable
from email.utils import formatdate

from app.mail.smtp.envelope import Transaction
from app.mail.smtp.grammar import host_literal, is_domain
from app.message.headers import HeaderFacts, rewrite

_ADDRESS = re.compile(rb"[A-Za-z0-9._+-]+@(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)")


def with_public_senders(head: bytes, public: Callable[[str], str | None]) -> bytes:
    """The header with local addresses in From and Sender replaced by public ones.

    `public` gives the public address for a local one, or None to leave it as it is.
    """

    def spelt(address: re.Match[bytes]) -> bytes:
        found = public(address[0].decode("ascii"))
        return address[0] if found is None else found.encode()

    return rewrite(head, ("from", "sender"), lambda field: _ADDRESS.sub(spelt, field))


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
    """Date and Message-ID for a client of the LAN that left them out [RFC 6409 §8.1, §8.2].

    `name` is what we call the mail, `now` seconds since 1970 UTC.
    """
    fields = b""
    if "date" not in head.fields:
        fields += f"Date: {date(now)}\r\n".encode("ascii")
    if "message-id" not in head.fields:
        fields += f"Message-ID: <{name}@{hostname}>\r\n".encode("ascii")
    return fields


_last_date: tuple[int, str] = (-1, "")


def date(now: float) -> str:
    """A time (seconds since 1970 UTC) as RFC 5322 §3.3 writes it, in the zone of the box."""
    global _last_date  # under load a second has thousands of mails
    if _last_date[0] != int(now):
        _last_date = int(now), formatdate(int(now), localtime=True)
    return _last_date[1]
