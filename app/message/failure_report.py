"""The message that tells a person their mail could not be sent on.

It is an ordinary e-mail: plain text, from the mail system, with the null return path, and marked so
that no machine answers it [RFC 3834 §5].
"""

import secrets
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from app.core.text import one_line

_WIDTH = 72
_ENDINGS = {
    "custody": "The message has come back into your inbox. Nothing is lost.",
    "copy": "Your own copy is in your inbox.",
    "relay": "Those named above have not got your message.",
}
_OPENINGS = {
    "custody": "A message that your alias sends on could not be delivered everywhere.",
    "copy": "A copy that your alias sends on could not be delivered everywhere.",
    "relay": "A message you sent could not be delivered.",
}


@dataclass(frozen=True)
class Failure:
    """What could not be delivered, and to whom."""

    login: str
    """Who is told."""
    errand: str
    """custody, copy or relay; see queue.py."""
    about: tuple[str, str, float]
    """Subject, sender and time (seconds since 1970) of the message."""
    taken: tuple[str, ...]
    """Who got it."""
    refused: tuple[tuple[str, str], ...]
    """Who did not, each with the reply of the next hop."""


@dataclass(frozen=True)
class FailureReport:
    """A composed notice."""

    to: str
    sender: str
    subject: str
    octets: bytes
    """Header and body with CRLF line ends."""


def compose(failure: Failure, sender: str, to: str, hostname: str, now: float) -> FailureReport:
    """Write the notice from `sender` to `to` (addresses); `now` is seconds since 1970 UTC.

    `hostname` is the box's own name, for the Message-ID.
    """
    about = one_line(failure.about[0])
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Mail system", addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = f"Not delivered: {about}" if about else "Not delivered"
    message["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    message["Message-ID"] = f"<{secrets.token_hex(12)}@{hostname}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_body(failure), cte="quoted-printable" if _wide(failure) else "7bit")
    return FailureReport(to, sender, str(message["Subject"]), message.as_bytes())


def _wide(failure: Failure) -> bool:
    return not _body(failure).isascii()


def _body(failure: Failure) -> str:
    subject, sender, at = failure.about
    when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines = [
        _OPENINGS[failure.errand],
        "",
        f"Subject: {one_line(subject) or '(none)'}",
        f"From: {one_line(sender) or '(nobody)'}",
        f"Received: {when}",
        "",
        "Not delivered to:",
    ]
    for recipient, reply in failure.refused:
        lines += [f"  {recipient}", *_wrapped(reply)]
    if failure.taken:
        lines += ["", "Delivered to:", *(f"  {recipient}" for recipient in failure.taken)]
    return "\n".join([*lines, "", _ENDINGS[failure.errand], ""])


def _wrapped(reply: str) -> list[str]:
    margin = "    "
    return textwrap.wrap(
        one_line(reply, 2000), _WIDTH, initial_indent=margin, subsequent_indent=margin
    )
