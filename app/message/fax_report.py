"""What somebody who has mailed a fax is told of it: that it has arrived, or why it could not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.core.text import one_line
from app.message import by_machine


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
    message = by_machine.begun(
        to=report.to,
        name="Fax",
        sender=report.sender,
        subject=report.subject,
        at=report.at,
        message_id=by_machine.new_id("fax", report.hostname),
        how="auto-generated",  # [RFC 3834 §5]
    )
    text = "\n".join(_words(report))
    by_machine.set_text(message, text)
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
