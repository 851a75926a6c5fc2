"""What we put before a mail that comes in, and what we change in its header.

Before the octets of the author stand our own lines, kept apart from them as a prefix: Received
[RFC 5321 §4.4] and, for LAN clients that left them out, Date and Message-ID [RFC 6409 §8].

The author's octets stay as they are, but for mail of our own people. A client of the LAN may know
a person only as anna@our.local.domain. Whoever answers such a mail, from wherever, must reach her:
so in From and Sender [RFC 5322 §3.6.2] her local spellings become her public address before the
mail is kept; and who writes in another's name is named as the Sender. Mail that comes from outside,
whose signatures must stay good, is not touched.
"""

import re
from collections.abc import Callable

from app.mail.smtp.envelope import Transaction
from app.mail.smtp.grammar import host_literal, is_domain
from app.message.headers import HeaderFacts, fields, rewrite

# Begins where no letter of a local part stands before it: each octet is looked at once.
_ADDRESS = re.compile(
    rb"(?<![A-Za-z0-9._+-])[A-Za-z0-9._+-]++@(?:\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9.-]++)"
)

ADDRESSES_LIMIT = 100
"""Addresses in From and Sender that are looked up; each reads the store."""


def with_public_senders(head: bytes, public: Callable[[str], str | None]) -> bytes:
    """The header with local addresses in From and Sender replaced by public ones.

    `public` gives the public address for a local one, or None to leave it as it is. The first
    ADDRESSES_LIMIT are asked for.
    """
    left = ADDRESSES_LIMIT

    def spelt(address: re.Match[bytes]) -> bytes:
        nonlocal left
        if left == 0:
            return address[0]
        left -= 1
        found = public(address[0].decode("ascii"))
        return address[0] if found is None else found.encode()

    return rewrite(head, ("from", "sender"), lambda field: _ADDRESS.sub(spelt, field))


def with_true_sender(head: bytes, is_own: Callable[[str], bool], address: str) -> bytes:
    """The header with a Sender [RFC 5322 §3.6.2], if From names somebody else alone.

    Whoever has logged in may write in another's name, but not secretly [RFC 6409 §8.1]. `is_own`
    tells their addresses, `address` is the one that is written; a Sender that was there goes.
    """
    authors = [field.octets for field in fields(head) if field.name == "from"]
    named = [found.decode("ascii") for field in authors for found in _ADDRESS.findall(field)]
    if not authors or any(map(is_own, named[:ADDRESSES_LIMIT])):
        return head
    return f"Sender: <{address}>\r\n".encode() + rewrite(head, ("sender",), lambda field: b"")


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
    added = b""
    if "date" not in head.fields:
        added += f"Date: {date(now)}\r\n".encode("ascii")
    if "message-id" not in head.fields:
        added += f"Message-ID: <{name}@{hostname}>\r\n".encode("ascii")
    return added


_last_date: tuple[int, str] = (-1, "")


def date(now: float) -> str:
    """A time (seconds since 1970 UTC) as RFC 5322 §3.3 writes it, in the zone of the box."""
    global _last_date  # under load a second has thousands of mails
    if _last_date[0] != int(now):
        from email.utils import formatdate

        _last_date = int(now), formatdate(int(now), localtime=True)
    return _last_date[1]
