"""The text that tells somebody of a message: short enough for a gateway to SMS, plain, one line."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from app.core.sentences import N_
from app.core.text import one_line
from app.message import by_machine
from app.message.words import say

SMS_MOST = 160
"""Characters of one short message [3GPP TS 23.038 §6.1.2.1.1], subject and text together."""
SUBJECT_MOST = 30
_NAME_MOST = 40
URGENT = frozenset({"high", "urgent"})
"""Values of Importance [RFC 2156 §5.3.4] and Priority that say so."""


@dataclass(frozen=True)
class Told:
    """One message that somebody is told of."""

    owner: str
    """Name of whose message it is."""
    voicemail: bool
    caller: str
    """Name and number of the caller, or who wrote."""
    at: datetime | None
    """When it came, local time; None where the clock was not set."""
    seconds: int = 0
    """Length of a voicemail."""
    subject: str = ""
    """Of an e-mail."""
    unheard: int = 1
    """New messages of this kind that the owner has."""
    urgent: bool = False
    language: str = "en"
    """Of the owner, ISO 639-1."""


@dataclass(frozen=True)
class NotificationMail:
    """One text as a mail; addresses, and `now` in seconds since 1970 UTC."""

    to: str
    sender: str
    hostname: str
    """The box's own name."""
    told: Told
    now: float

    @property
    def message_id(self) -> str:
        """A new Message-ID with its angle brackets [RFC 5322 §3.6.4]."""
        return by_machine.new_id("notify", self.hostname)


_SUBJECTS = {
    (False, False): N_("e-mail"),
    (False, True): N_("voicemail"),
    (True, False): N_("Urgent e-mail"),
    (True, True): N_("Urgent voicemail"),
}
"""By whether it is urgent, and a voicemail."""


def subject_of(told: Told) -> str:
    """What stands in the subject; gateways put it before the text."""
    return say(told.language, _SUBJECTS[told.urgent, told.voicemail])


def text_of(told: Told) -> str:
    """The text, in one line; with its subject it has SMS_MOST characters at most."""
    in_words = partial(say, told.language)
    owner, caller = _short(told.owner), _short(told.caller)
    when = ""
    if told.at is not None:
        # names of days and months are English, so other languages write numbers
        when = f", {told.at.strftime(in_words('%a %d %b %H:%M'))}"
    length = f", {told.seconds // 60}:{told.seconds % 60:02}" if told.voicemail else ""
    end = f"{when}{length}. {in_words('New: %(count)d', count=told.unheard)}"
    words = in_words("%(owner)s: from %(caller)s", owner=owner, caller=caller)
    if not told.voicemail and told.subject:
        words += f", {one_line(told.subject)}"
    room = SMS_MOST - len(subject_of(told)) - 1 - len(end)
    return words[:room] + end


def compose(mail: NotificationMail, message_id: str) -> bytes:
    """The text as a whole message, CRLF line ends; it says that a machine has sent it."""
    message = by_machine.begun(
        to=mail.to,
        name="Switchhook",
        sender=mail.sender,
        subject=subject_of(mail.told).capitalize(),
        at=by_machine.box_time(mail.now),
        message_id=message_id,
        how="auto-generated",  # [RFC 3834 §5.2]
    )
    message.set_content(text_of(mail.told) + "\n", cte="quoted-printable")
    return message.as_bytes()


@dataclass(frozen=True)
class Nature:
    """What a header says of a message."""

    urgent: bool
    automatic: bool
    """A machine has sent it by itself; nobody is told of it."""


def nature_of(header: bytes) -> Nature:
    """What a header, prefix and all, says of its message."""
    from email.parser import BytesHeaderParser

    fields = BytesHeaderParser().parsebytes(header)
    said = {str(fields.get(name, "")).strip().lower() for name in ("importance", "priority")}
    urgent = bool(said & URGENT) or str(fields.get("x-priority", "")).strip()[:1] in ("1", "2")
    submitted = str(fields.get("auto-submitted", "no")).partition(";")[0].strip().lower()
    bounce = str(fields.get("return-path", "")).strip() == "<>"
    return Nature(urgent, submitted not in ("", "no") or bounce)


def _short(name: str) -> str:
    return one_line(name)[:_NAME_MOST]
