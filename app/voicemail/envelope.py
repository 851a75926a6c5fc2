"""What is said about messages: how many there are, and of each one from whom and when."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.phone.sound import prompts
from app.phone.sound.sounds import Prompt, Sound, Spoken
from app.voicemail.common import say_all

EXTENSION_LONGEST = 4  # digits; longer numbers are called telephone numbers


@dataclass(slots=True)
class Message:
    """One voicemail as the clerk lists it, and what became of it during the visit.

    `when` is month 1..12, day, weekday 0 = Sunday, hour, minute, and how many days ago that was,
    all in the box's time zone.
    """

    entry: int
    new: bool
    saved: bool
    number: str | None
    name: str | None
    when: Sequence[int]
    deleted: bool = False


def counts(messages: Sequence[Message], e_mails: int) -> prompts.Names:
    """For example: you have one new message and five old messages; you have two new e-mails."""
    new = sum(message.new for message in messages)
    old = len(messages) - new
    parts: list[prompts.Names] = []
    if new or not old:
        parts.append(prompts.counted(new, "vm-message", "vm-messages", ("vm-INBOX",)))
    if old:
        parts.append(prompts.counted(old, "vm-message", "vm-messages", ("vm-Old",)))
    names = ("vm-youhave", *parts[0], *(("vm-and", *parts[1]) if parts[1:] else ()))
    if not e_mails:
        return names
    mail = prompts.counted(e_mails, "switchhook/e-mail", "switchhook/e-mails", ("vm-INBOX",))
    return (*names, "vm-youhave", *mail)


def envelope(message: Message, place: int, of: int) -> tuple[Sound, ...]:
    """Which message this is, from whom, and when it was received; `place` from 0."""
    return (
        *say_all(_which(place, of)),
        *_from(message),
        *say_all(("vm-received",), _when(message.when)),
    )


def _which(place: int, of: int) -> prompts.Names:
    if place == 0:
        return ("vm-first", "vm-message")
    if place + 1 == of:
        return ("vm-last", "vm-message")
    return ("vm-message", *prompts.number(place + 1))


def _from(message: Message) -> tuple[Sound, ...]:
    if message.number:
        short = len(message.number) <= EXTENSION_LONGEST
        kind = "vm-from-extension" if short else "vm-from-phonenumber"
        return say_all((kind,), prompts.digits(message.number))
    if message.name:
        return (Prompt("vm-from"), Spoken(message.name))
    return say_all(("vm-unknown-caller",))


def _when(when: Sequence[int]) -> prompts.Names:
    month, day, weekday, hour, minute, days_ago = when
    date = prompts.day(month, day, weekday, days_ago)
    return (*date, "digits/at", *prompts.time(hour, minute))
