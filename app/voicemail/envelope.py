"""What is said about messages: how many there are, and of each one from whom and when."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.phone.sound import prompts
from app.phone.sound.sounds import Sound
from app.voicemail.common import Voice
from app.voicemail.jobs import ListedMessage, LocalTime

EXTENSION_LONGEST = 4  # digits; longer numbers are called telephone numbers


@dataclass(slots=True)
class Message:
    """One voicemail as it was listed, and what became of it during the visit."""

    listed: ListedMessage
    new: bool
    deleted: bool = False

    @property
    def entry(self) -> int:
        """Its number in the store."""
        return self.listed.entry


def counts(messages: Sequence[Message], new_mails: int) -> prompts.Names:
    """For example: you have one new message and five old messages; you have two new e-mails."""
    new = sum(message.new for message in messages)
    old = len(messages) - new
    parts: list[prompts.Names] = []
    if new or not old:
        parts.append(prompts.counted(new, "vm-message", "vm-messages", ("vm-INBOX",)))
    if old:
        parts.append(prompts.counted(old, "vm-message", "vm-messages", ("vm-Old",)))
    names = ("vm-youhave", *parts[0], *(("vm-and", *parts[1]) if parts[1:] else ()))
    if not new_mails:
        return names
    mail = prompts.counted(new_mails, "switchhook/e-mail", "switchhook/e-mails", ("vm-INBOX",))
    return (*names, "vm-youhave", *mail)


def envelope(voice: Voice, message: Message, index: int, count: int) -> tuple[Sound, ...]:
    """Which message this is of `count`, from whom, and when it came; `index` counts from 0."""
    return (
        *voice.say_all(_which(index, count)),
        *_from(voice, message.listed),
        *voice.say_all(("vm-received",), _when(message.listed.received)),
    )


def _which(index: int, count: int) -> prompts.Names:
    if index == 0:
        return ("vm-first", "vm-message")
    if index + 1 == count:
        return ("vm-last", "vm-message")
    return ("vm-message", *prompts.number(index + 1))


def _from(voice: Voice, message: ListedMessage) -> tuple[Sound, ...]:
    if message.number:
        short = len(message.number) <= EXTENSION_LONGEST
        kind = "vm-from-extension" if short else "vm-from-phonenumber"
        return voice.say_all((kind,), prompts.digits(message.number))
    if message.name:
        return (*voice.say("vm-from"), voice.speak(message.name))
    return voice.say("vm-unknown-caller")


def _when(at: LocalTime) -> prompts.Names:
    date = prompts.day(at.month, at.day, at.weekday, at.days_ago)
    return (*date, "digits/at", *prompts.time(at.hour, at.minute))
