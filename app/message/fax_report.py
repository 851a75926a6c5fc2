"""What somebody who has mailed a fax is told of it: that it has arrived, or why it could not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from app.core.sentences import Sentence
from app.core.text import one_line
from app.message import by_machine
from app.message.words import said, say, wrapped


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
    why: Sentence | None
    """Why it was given up (fax_reasons.py); None: it has arrived."""
    at: datetime
    language: str = "en"
    """Of the person, ISO 639-1."""

    @property
    def subject(self) -> str:
        """For example "Fax sent to 5551234 (3 pages)"."""
        in_words = partial(say, self.language, number=self.number)
        if self.why is not None:
            return in_words("Fax not sent to %(number)s")
        if self.count == 1:
            return in_words("Fax sent to %(number)s (1 page)")
        return in_words("Fax sent to %(number)s (%(count)d pages)", count=self.count)


def compose(report: FaxReport) -> bytes:
    """The report as a whole message, CRLF line ends."""
    message = by_machine.begun(
        to=report.to,
        name=say(report.language, "Fax"),
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
    in_words = partial(say, report.language)
    number, about = report.number, one_line(report.about)
    if report.why is None:
        yield in_words("Your fax to %(number)s has arrived.", number=number)
    else:
        yield in_words("Your fax to %(number)s was not sent.", number=number)
    yield ""
    yield in_words("Your mail: %(subject)s", subject=about or in_words("(no subject)"))
    if report.why is not None:
        why = one_line(said(report.language, report.why))
        yield from wrapped(in_words("Why: %(reason)s", reason=why))
        yield in_words("Pages that have arrived: %(count)d", count=report.count)
    else:
        lasted = f"{report.seconds // 60}:{report.seconds % 60:02}"
        yield in_words("Pages: %(count)d, in %(minutes)s", count=report.count, minutes=lasted)
    yield in_words("Calls: %(count)d", count=report.calls)
    station = one_line(report.station) or in_words("did not say who it is")
    yield in_words("The other machine: %(station)s", station=station)
    yield in_words("Time: %(time)s", time=f"{report.at:%Y-%m-%d %H:%M:%S %z}")
    yield ""
    if report.why is not None:
        yield from wrapped(
            in_words(
                "Your mail is in your inbox again, with what was to be sent. Mail it once more if"
                " the number is right, or send it another way."
            )
        )
        yield ""
