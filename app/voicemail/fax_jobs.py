"""What the clerk is asked about faxes: arguments and results of its jobs (jobs.py)."""

from dataclasses import dataclass
from enum import StrEnum

from app.phone.fax.folder import FaxEnd


@dataclass(frozen=True, slots=True)
class FaxToSend:
    """A fax whose time has come, and whose pages are made."""

    entry: int
    """The mail that it came as."""
    attempt: int
    """The how manieth call this is, from 1."""
    number: str
    person: int
    name: str
    mailbox: str
    may_call: str
    """The sender's class of calls, as app.phone.calls.dialplan.Subscriber has it."""
    file: str
    """A TIFF file of its pages."""


class FaxOutcome(StrEnum):
    """How a call for a fax ended."""

    SENT = "sent"
    BUSY = "busy"
    NO_NUMBER = "no such number"
    """The office says that it does not exist."""
    NO_ANSWER = "no answer"
    """Nobody answered, or it was no fax machine."""
    BROKEN_OFF = "broken off"
    NOT_ALLOWED = "not allowed"
    """The sender may not call there any more, or faxes are not sent any more."""
    NO_LINE = "no line"
    """No line was free, so nobody was called."""


@dataclass(frozen=True, slots=True)
class FaxCallOver:
    """A call for a fax, when it is over."""

    entry: int
    attempt: int
    """As in the FaxToSend."""
    line: str
    """The outside line; "" if none was taken."""
    outcome: FaxOutcome
    end: FaxEnd
