"""The mail by which a forward is tried out: marked, short, and nothing to be answered."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ProbeMail:
    """What one probe says."""

    sender: str
    """Address of the box's mail system."""
    to: str
    """Address of the alias that is tried."""
    message_id: str
    """With its angle brackets."""
    hostname: str
    """The box's own name."""
    now: float
    """Seconds since 1970 UTC."""


def compose(probe: ProbeMail) -> bytes:
    """The probe as a whole message, CRLF line ends."""
    from email.headerregistry import Address
    from email.message import EmailMessage
    from email.policy import SMTP
    from email.utils import format_datetime

    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Mail system", addr_spec=probe.sender)
    message["To"] = Address(addr_spec=probe.to)
    message["Subject"] = f"Test: does mail to {probe.to} arrive?"
    at = datetime.fromtimestamp(int(probe.now)).astimezone()
    message["Date"] = format_datetime(at)
    message["Message-ID"] = probe.message_id
    message["Auto-Submitted"] = "auto-generated"  # [RFC 3834 §5]
    message.set_content(
        f"The mail system of {probe.hostname} tries out whether what is sent to\n{probe.to}"
        " reaches you. It does.\n\nThere is nothing to answer.\n"
    )
    return message.as_bytes()
