"""What a person is told of mail that waits on a server elsewhere, because it cannot be fetched."""

import email.utils
import secrets
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from app.core.text import one_line


@dataclass(frozen=True)
class FetchNotice:
    """What one notice says; `to` and `sender` are addresses, `now` seconds since 1970 UTC."""

    to: str
    sender: str
    hostname: str
    """The box's own name."""
    subject: str
    words: str
    """The text, a paragraph a line."""
    now: float


def full(place: str) -> tuple[str, str]:
    """Subject and text: the mailbox here is full, and mail waits at `place`."""
    return (
        "Your mailbox is full, and mail waits elsewhere",
        f"The mail of {place} is fetched for you. Your mailbox here is full, so what has no room"
        " stays there.\nRemove messages here; it is then fetched by itself. You are not told again"
        " until that has happened.",
    )


def too_large(place: str, octets: int, largest: int) -> tuple[str, str]:
    """Subject and text: a message at `place` is larger than this box takes."""
    return (
        f"A message of {octets // 1_000_000} MB waits elsewhere",
        f"In the mail of {place} there is a message of {octets // 1_000_000} MB. This box takes"
        f" {largest // 1_000_000} MB at most, so it stays there.\nRead it there, by the web page of"
        " that mail or another mail program.",
    )


def compose(notice: FetchNotice) -> bytes:
    """The notice as a whole message, CRLF line ends."""
    message = EmailMessage(policy=SMTP.clone(utf8=not notice.to.isascii()))
    message["From"] = Address("Mail system", addr_spec=notice.sender)
    message["To"] = f"<{one_line(notice.to)}>"
    message["Subject"] = one_line(notice.subject)
    message["Date"] = email.utils.format_datetime(
        datetime.fromtimestamp(int(notice.now)).astimezone()
    )
    message["Message-ID"] = f"<{secrets.token_hex(12)}.notice@{notice.hostname}>"
    message["Auto-Submitted"] = "auto-generated"  # [RFC 3834 §5.2]
    text = "".join(f"{one_line(line, 900)}\n\n" for line in notice.words.split("\n"))
    message.set_content(text, cte="quoted-printable")
    return message.as_bytes()
