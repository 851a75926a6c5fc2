"""The mail that tells an owner that the inbox is nearly full, as a whole message [RFC 5322]."""

import email.utils
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from app.core.text import one_line
from app.core.units import MB


@dataclass(frozen=True)
class QuotaWarning:
    """What one warning says. Sizes are octets."""

    to: str
    """Address of the owner."""
    sender: str
    """Address of the box's postmaster."""
    hostname: str
    """The box's own name."""
    percent: int
    used: int
    """Octets in the inbox."""
    quota: int
    """Octets that it may hold."""
    voicemails: int
    """Number of voicemails in the inbox."""
    most_voicemails: int
    """Number that it may hold; 0 is any number."""
    refused_for_good: bool
    """Whether mail to a full inbox is refused and not put off."""
    now: float
    """Seconds since 1970 UTC."""

    @property
    def subject(self) -> str:
        """The warning's subject."""
        return (
            "Your inbox is full" if self.percent >= 100 else f"Your inbox is {self.percent}% full"
        )


def compose(warning: QuotaWarning) -> bytes:
    """The warning as a whole message, CRLF line ends."""
    message = EmailMessage(policy=SMTP.clone(utf8=not warning.to.isascii()))
    message["From"] = Address("Mailbox", addr_spec=warning.sender)
    message["To"] = f"<{one_line(warning.to)}>"
    message["Subject"] = warning.subject
    message["Date"] = email.utils.format_datetime(
        datetime.fromtimestamp(int(warning.now)).astimezone()
    )
    message["Message-ID"] = f"<{secrets.token_hex(12)}.quota@{warning.hostname}>"
    message["Auto-Submitted"] = "auto-generated"  # [RFC 3834 §5]
    message.set_content("\n".join(_words(warning)), cte="7bit")
    return message.as_bytes()


def _words(warning: QuotaWarning) -> Iterator[str]:
    yield f"Your inbox holds {_mb(warning.used)} of {_mb(warning.quota)}."
    if warning.most_voicemails:
        yield f"It holds {warning.voicemails} of {warning.most_voicemails} voicemails."
    yield ""
    full = "It is full" if warning.percent >= 100 else "Once it is full"
    if warning.refused_for_good:
        yield f"{full}: mail to you is refused, and its senders are told so."
    else:
        yield f"{full}: mail to you waits at its senders, who try again for some days and"
        yield "then get it back."
    yield "Callers can still leave a few messages; after that they hear that the mailbox is full."
    yield ""
    yield "To make room, delete messages with your mail program or by telephone, or have your mail"
    yield "program delete them from the server after some days: messages that it has fetched and"
    yield "left here count, too. What you delete can be restored for a while and does not count."
    yield ""


def _mb(octets: int) -> str:
    """A size in words."""
    return f"{octets / MB:.1f} MB" if octets >= MB // 10 else f"{octets / 1000:.1f} kB"
