"""Mail that the box itself writes to somebody: the header that all of it begins with.

Python's package for mail is a megabyte in each process: it is loaded when something is written.
"""

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from app.core.text import one_line

if TYPE_CHECKING:
    from email.message import EmailMessage

Submitted = Literal["auto-generated", "auto-replied"]
"""Whether somebody's mail was the reason [RFC 3834 §5]."""


def begun(
    *, to: str, name: str, sender: str, subject: str, at: datetime, message_id: str, how: Submitted
) -> "EmailMessage":
    """A message without its text; `to` and `sender` are addresses, `name` is the sender's.

    It says that a machine has sent it, so that no machine answers [RFC 3834 §5]. An address that
    is not ASCII needs UTF-8 headers [RFC 6532]; such mail travels by SMTPUTF8 anyway.
    """
    from email.headerregistry import Address
    from email.message import EmailMessage
    from email.policy import SMTP
    from email.utils import format_datetime

    message = EmailMessage(policy=SMTP.clone(utf8=not to.isascii()))
    message["From"] = Address(name, addr_spec=sender)
    message["To"] = f"<{one_line(to)}>"
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = how
    return message


def set_text(message: "EmailMessage", text: str) -> None:
    """Give it its text, readable as it stands where it is ASCII [RFC 2045 §6]."""
    message.set_content(text, cte="7bit" if text.isascii() else "quoted-printable")


def box_time(at: float) -> datetime:
    """Seconds since 1970 UTC as a date in the zone of the box."""
    return datetime.fromtimestamp(int(at)).astimezone()


def new_id(kind: str, hostname: str) -> str:
    """A new Message-ID with its angle brackets [RFC 5322 §3.6.4]; `kind` says what wrote it."""
    return f"<{secrets.token_hex(12)}.{kind}@{hostname}>"
