"""What somebody who has mailed a fax is told of it: that it has arrived, or why it could not."""

import email.utils
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from app.core.text import one_line


@dataclass(frozen=True, slots=True)
class FaxReport:
    """What a report says. `at` is aware."""

    to: str
    """Address of the person who has mailed the fax."""
    sender: str
    hostname: str
    """The box's own name."""
    about: str
    """Subject of the mail that was to be faxed."""
    number: str
    station: str
    """What the other machine calls itself; it may say anything, or nothing."""
    count: int
    """Pages that have arrived."""
    seconds: int
    """Length of the last call."""
    calls: int
    """How many were made."""
    why: str
    """Why it was given up, as a sentence; "": it has arrived."""
    at: datetime

    @property
    def pages(self) -> str:
        """For example "3 pages"."""
        return f"{self.count} page{'' if self.count == 1 else 's'}"

    @property
    def subject(self) -> str:
        """For example "Fax sent to 5551234 (3 pages)"."""
        if self.why:
            return f"Fax not sent to {self.number}"
        return f"Fax sent to {self.number} ({self.pages})"


def compose(report: FaxReport) -> bytes:
    """The report as a whole message, CRLF line ends."""
    message = EmailMessage(policy=SMTP.clone(utf8=not report.to.isascii()))
    message["From"] = Address("Fax", addr_spec=report.sender)
    message["To"] = f"<{one_line(report.to)}>"
    message["Subject"] = report.subject
    message["Date"] = email.utils.format_datetime(report.at)
    message["Message-ID"] = f"<{secrets.token_hex(12)}.fax@{report.hostname}>"
    message["Auto-Submitted"] = "auto-generated"  # [RFC 3834 §5]
    text = "\n".join(_words(report))
    message.set_content(text, cte="7bit" if text.isascii() else "quoted-printable")
    return message.as_bytes()


def _words(report: FaxReport) -> Iterator[str]:
    done = f"Your fax to {report.number} "
    yield done + ("was not sent." if report.why else "has arrived.")
    yield ""
    yield f"Your mail: {one_line(report.about) or '(no subject)'}"
    if report.why:
        yield f"Why:       {one_line(report.why)}"
        yield f"Calls:     {report.calls}"
        yield f"Arrived:   {report.pages if report.count else 'nothing'}"
    else:
        minutes = f"{report.seconds // 60}:{report.seconds % 60:02}"
        yield f"Pages:     {report.count}, in {minutes}"
        yield f"Calls:     {report.calls}"
    yield f"Machine:   {one_line(report.station) or 'did not say who it is'}"
    yield f"Time:      {report.at:%Y-%m-%d %H:%M:%S %z}"
    yield ""
    if report.why:
        yield "Your mail is in your inbox again, with what was to be sent. Mail it once more if the"
        yield "number is right, or send it another way."
        yield ""
