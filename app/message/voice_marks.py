"""Which mails are voicemail, and who called: by the marks of the systems that send them.

    standard        Message-Context [RFC 3458 §6.1], multipart/voice-message [RFC 3801 §4.3]; the
                    sender's address is the number, its name the caller's [RFC 3801 §4.1.1]
    Exchange, ours  X-CallingTelephoneNumber, X-VoiceMessageSenderName, X-VoiceMessageDuration,
                    Content-Class: voice, voice-ca, voice-uc [MS-OXCMAIL 2.2.3.2]
    Asterisk        X-Asterisk-CallerID and -CallerIDName, X-Asterisk-VM-*; a Message-ID that begins
                    with "Asterisk-" is there for unknown callers, too. FreePBX sends by it
    FreeSWITCH      X-Mailer; the caller is in the subject, and in From by its first template only
    Unity           sent by unityconnection@; the caller is in the subject [Cisco, Messaging]
    Google Voice    sent by voice-noreply@google.com; the caller is in the subject
    BroadWorks      Voice Message Attached from 5551234 - CARL CALLER: the subject that the hosted
                    exchanges of many carriers write

All but the standard marks also stand in mails that only tell of a message. Those are mails: they
have no parts. What stands here about a caller is what the sender of the mail says, as everything
in a header is. No function here raises, and each takes time linear in the header.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.message.headers import scan_head, shown
from app.message.voice import clean_name, clean_number

Found = Mapping[str, bytes]
"""The first value of each field, by its name in lower case."""


@dataclass(frozen=True, slots=True)
class VoiceMarks:
    """What a header says of a voicemail."""

    number: str | None = None
    name: str | None = None
    duration_s: int | None = None
    """Its length in whole seconds."""


def voice_marks(head: bytes) -> VoiceMarks | None:
    """What is known of a voicemail from elsewhere; None if the mail is none."""
    return voice_marks_in(scan_head(head).fields)


def voice_marks_in(found: Found) -> VoiceMarks | None:
    """The same of a header that has been read."""
    if not _can_have_sound(found) and not _is_standard(found):
        return None  # nearly every mail
    caller = next((who for marked, who in _SYSTEMS if marked(found)), None)
    if caller is None:
        return None
    said = caller(found)
    number, name = clean_number(said[0]), clean_name(said[1])
    is_nobody = name is not None and name.lower() in NOBODY
    is_number = number is not None and clean_number(name) == number
    return VoiceMarks(number, None if is_nobody or is_number else name, _duration(found))


NOBODY = frozenset(
    (
        "an unknown caller", "anonymous", "asterisk", "name unavailable", "out of area", "private",
        "private caller", "private number", "restricted", "unavailable", "unknown",
        "unknown caller", "unknown name", "unknown number", "unknown sender", "withheld",
    )
)  # fmt: skip
"""Names that systems write where they know none."""

Caller = tuple[str, str]
"""Number and name as they stand in the header; "" where there is none."""


# ---- whose voicemail it is


def _is_exchange(found: Found) -> bool:
    marked = not _EXCHANGE.isdisjoint(found)
    return marked or _text(found, "content-class").lower() in ("voice", "voice-ca", "voice-uc")


def _is_asterisk(found: Found) -> bool:
    marked = any(name.startswith("x-asterisk-") for name in found)
    return marked or found.get("message-id", b"").startswith(b"<Asterisk-")


def _is_freeswitch(found: Found) -> bool:
    return found.get("x-mailer", b"").lower().startswith(b"freeswitch")


def _is_unity(found: Found) -> bool:
    return _address(found).partition("@")[0] == "unityconnection"


def _is_google_voice(found: Found) -> bool:
    by = _address(found) == "voice-noreply@google.com"
    return by and _text(found, "subject").lower().startswith("new voicemail from")


def _is_broadworks(found: Found) -> bool:
    return _ATTACHED.match(_text(found, "subject")) is not None


def _is_standard(found: Found) -> bool:
    context = found.get("message-context", b"").lower()
    kind = found.get("content-type", b"").lower()
    return context == b"voice-message" or kind.startswith(b"multipart/voice-message")


def _can_have_sound(found: Found) -> bool:
    """Whether it has parts, or is one: what marks a mail stands in mails that only tell, too."""
    kind = found.get("content-type", b"").lower()
    parts = kind.startswith((b"multipart/", b"audio/"))
    return parts and not kind.startswith(b"multipart/alternative")


# ---- who called

_EXCHANGE = frozenset(
    ("x-callingtelephonenumber", "x-voicemessagesendername", "x-voicemessageduration")
)


def _exchange_caller(found: Found) -> Caller:
    return _text(found, "x-callingtelephonenumber"), _text(found, "x-voicemessagesendername")


def _asterisk_caller(found: Found) -> Caller:
    number = _text(found, "x-asterisk-vm-caller-id-num") or _text(found, "x-asterisk-callerid")
    name = _text(found, "x-asterisk-vm-caller-id-name") or _text(found, "x-asterisk-calleridname")
    within = _ANGLES.search(number)  # both in one field: "Carl" <5551234>
    return (within[1] if within else number), name


def _subject_caller(found: Found) -> Caller:
    """For example: New voicemail from (917) 555-0142 at 3:18 PM; from "CARL" <5551234> 00:12."""
    said = _FROM.search(subject := _text(found, "subject"))
    if said is None:
        return "", ""
    rest = _WHEN.sub("", subject[said.end() :])
    within = _ANGLES.search(rest) or _NUMBER.search(rest)
    if within is None:
        return "", rest.strip(_AROUND)
    before, after = rest[: within.start()], rest[within.end() :]
    return within[1], before.strip(_AROUND) or after.strip(_AROUND)


def _freeswitch_caller(found: Found) -> Caller:
    number, name = _subject_caller(found)
    return (number, name) if number or name else _sender(found)


def _sender(found: Found) -> Caller:
    local = _address(found).partition("@")[0]
    name = _text(found, "from").partition("<")[0].strip(' "')
    return (local if _DIALLED.fullmatch(local) else ""), "" if "@" in name else name


def _standard_caller(found: Found) -> Caller:
    number, name = _sender(found)
    in_subject, its_name = _subject_caller(found) if not number else ("", "")
    return number or in_subject, its_name if in_subject else name


_SYSTEMS: tuple[tuple[Callable[[Found], bool], Callable[[Found], Caller]], ...] = (
    (_is_exchange, _exchange_caller),
    (_is_asterisk, _asterisk_caller),
    (_is_freeswitch, _freeswitch_caller),
    (_is_unity, _subject_caller),
    (_is_google_voice, _subject_caller),
    (_is_broadworks, _subject_caller),
    (_is_standard, _standard_caller),
)
"""How a system's voicemail is known, and who called; the first that fits counts."""


# ---- values

# Mail filters put "[EXTERNAL]" or the like before it; an answer begins with something else.
_ATTACHED = re.compile(r"(?:\[[^\]]{1,20}\] ?)?voice message attached from ", re.IGNORECASE)
_FROM = re.compile(r"\bfrom ", re.IGNORECASE)
_ANGLES = re.compile(r"<([^<>]*)>")
_DIALLED = re.compile(r"[+*#]?[0-9*#]{2,32}")
# Digits with what people put between them, of "555 - 123" the first three only; a digit at its end.
_NUMBER = re.compile(r"(\+?\(?[0-9](?:(?: ?\(|\)[ \-]?|[.\-/ ])?[0-9])+)")
# The time or the length that may stand behind the caller.
_WHEN = re.compile(r"(?: (?:at|on) [^<>]{0,40}| \(?[0-9]{1,2}(?::[0-9]{2}){1,2}\)?)$")
_AROUND = " \"'<>()-,:;"


def _text(found: Found, name: str) -> str:
    return shown(found.get(name, b""))


def _address(found: Found) -> str:
    """The address in From, in lower case."""
    text = _text(found, "from")
    within = _ANGLES.search(text)
    return (within[1] if within else text).strip().lower()


def _duration(found: Found) -> int | None:
    for name in ("content-duration", "x-voicemessageduration", "x-asterisk-vm-duration"):
        value = found.get(name, b"")
        if value.isdigit() and len(value) <= 6:
            return int(value)
    return None
