"""What the phone service asks of its clerk, the process that has the store, prompts and speech.

The phone service itself never reads a database or a sound file: nothing may block its beat. It
knows the two or three jobs below; the scripts of voicemail ask more (app/voicemail/jobs.py), and
app/clerk/api.py has them all.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from app.phone.calls.caller import Caller
from app.phone.calls.dialplan import Directory
from app.phone.calls.scripting import Wait


class JobFailed(Exception):
    """The clerk could not do a job; the text is for the log, not for the caller."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A recorded prompt by its name in the sound-pack layout, e.g. "vm-intro" or "digits/7".

    `language` is an ISO 639 code such as "de"; None is the language of the box.
    """

    name: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text, read by the speech synthesizer; only for what no pack has. Language as in Prompt."""

    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class MessageAudio:
    """The audio part of a message in the inbox, by its entry number."""

    entry: int


@dataclass(frozen=True, slots=True)
class MailText:
    """A section of an e-mail's text, spoken; entry by its number, sections from 0.

    `language` as in Prompt: for a text that does not tell its own.
    """

    entry: int
    section: int
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Greeting:
    """A mailbox's own recorded greeting, by the person's number in the store."""

    person: int
    kind: str = "unavailable"


@dataclass(frozen=True, slots=True)
class Draft:
    """What was just recorded and is not kept yet, by its number."""

    draft: int


@dataclass(frozen=True, slots=True)
class HoldMusic:
    """What the owner has given for parties on hold."""


@dataclass(frozen=True, slots=True)
class Take:
    """What a caller has recorded so far, from a piece of the recording on, by its number."""

    recording: int
    piece: int


ClerkSound = Prompt | Spoken | MessageAudio | MailText | Greeting | Draft | Take | HoldMusic
"""Sounds that the clerk finds or makes."""


Outcome = Literal[
    "answered",
    "voicemail",
    "own mailbox",
    "fax",
    "not answered",
    "nobody's number",
    "attendant",
    "transferred",
    "transfer refused",
    "busy",
    "perhaps answered",
    "not allowed",
    "no free line",
    "cleared",
]
"""How a call ended. Outside, "answered" is known by the line's polarity; without that sign a call
that lasts is "perhaps answered". "cleared": an emergency call needed its line. Those with
"transfer" are told besides the calls themselves: who was transferred, and to whom."""


@dataclass(frozen=True, slots=True)
class EndedCall:
    """A call that is over."""

    line: str
    """Jack that it came in on, or the handset that called."""
    caller: Caller
    to: str
    """Whom it reached, or was to reach: a jack, a mailbox, what was dialled; "" is nobody."""
    outcome: Outcome
    waited_s: int
    """Seconds before somebody or voicemail answered, or before its end."""
    talked_s: int
    """Seconds after that."""
    trunk: str = ""
    """Outside line that a handset called on, or on which somebody was followed."""
    way: str = ""
    """By what it went, in this order, such as "attendant, group 620"; "" for none of them."""


@dataclass(frozen=True, slots=True)
class CallOut:
    """A call that the box makes by itself: somebody is told of a message that nobody has heard."""

    number: int
    """Of the call; none has it twice."""
    mailbox: str
    target: str
    """As dialled on an outside line."""
    entry: int
    """The message, by its number in the store."""


class Clerk(Protocol):
    """The clerk as the phone service uses it: in this process or in a child of it.

    Every job gives a Wait at once; the Wait has the result, or raises JobFailed.
    """

    @property
    def pending(self) -> int:
        """Jobs asked that are not answered yet."""
        ...

    def sound(self, sound: ClerkSound, start: int, count: int) -> Wait[bytes]:
        """S16LE at 8 kHz from sample `start` on; fewer than `count` samples mean the end."""
        ...

    def directory(self) -> Wait[Directory]:
        """Who has which mailbox and handset."""
        ...

    def ended_call(self, call: EndedCall) -> Wait[None]:
        """Note a call that is over; while the store is away it is not noted."""
        ...

    def called_out(self, number: int, outcome: str) -> Wait[None]:
        """Say how a call went that the box has made by itself (CallOut), in words."""
        ...

    def missed_call(self, line: str, caller: Caller, why: str, mailbox: str = "") -> Wait[None]:
        """Record a call on this line that nobody answered, for the owner of the mailbox.

        Without a mailbox it is for the administrator.
        """
        ...
