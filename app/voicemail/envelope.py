"""What is said about messages: how many there are, and of each one from whom and when."""

from dataclasses import dataclass

from app.phone.sound import prompts
from app.phone.sound.grammar import Grammar
from app.phone.sound.sounds import Sound
from app.voicemail.common import Voice
from app.voicemail.jobs import Fullness, ListedMessage, LocalTime

NUMBERED_MOST = 99
"""Which message it is, is said up to this one: more words would keep the message waiting."""
EXTENSION_LONGEST = 4  # digits; longer numbers are called telephone numbers


FULLNESS: dict[Fullness, prompts.Names] = {
    "": (),
    "nearly full": ("switchhook/nearly-full",),
    "full": ("switchhook/full",),
}
"""What is said of the room in the inbox."""
AWAY = ("switchhook/mail-system-away",)
"""What is said first where the inbox lies on a mail system that is out of reach."""


@dataclass(slots=True)
class Message:
    """One voicemail as it was listed, and what became of it during the visit."""

    listed: ListedMessage
    new: bool
    deleted: bool = False
    urgent: bool = False
    private: bool = False
    taken_by: str = ""
    mine: bool = False
    """Whether who listens has taken it during this visit."""

    @property
    def entry(self) -> int:
        """Its number in the store."""
        return self.listed.entry


def counts(grammar: Grammar, new: int, old: int, new_mails: int) -> prompts.Names:
    """For example: you have one new message and five old messages; you have two new e-mails."""
    mails = grammar.have(new_mails, "e-mail", "new") if new_mails else ()
    if not new and old:
        return (*grammar.have(old, "message", "old"), *mails)
    also = ("vm-and", *grammar.counted(old, "message", "old")) if old else ()
    return (*grammar.have(new, "message", "new"), *also, *mails)


def lead_in(
    voice: Voice, number: int, first: bool, last: bool, urgent: bool = False
) -> tuple[Sound, ...]:
    """Which message of the list this is, in as few words as can be: it begins at once."""
    before = ("switchhook/urgent",) if urgent else ()
    if first:
        return voice.say(*before, "vm-first", "vm-message")
    if last:
        return voice.say(*before, "vm-last", "vm-message")
    counted = voice.grammar.number(number) if number <= NUMBERED_MOST else ()
    return voice.say_all((*before, "vm-message"), counted)


def envelope(voice: Voice, message: Message) -> tuple[Sound, ...]:
    """From whom a message is, which number is said in it, perhaps, and when it came."""
    return (
        *caller(voice, message.listed.number, message.listed.name),
        *possible(voice, message.listed.said_number),
        *received(voice, message.listed.received),
        *voice.say(*(("switchhook/private",) if message.private else ())),
        *taken(voice, message),
    )


def taken(voice: Voice, message: Message) -> tuple[Sound, ...]:
    """Who sees to a message of a shared mailbox, if anybody does."""
    if not message.taken_by:
        return ()
    return (*voice.say("switchhook/taken-by"), voice.speak(message.taken_by))


def possible(voice: Voice, number: str) -> tuple[Sound, ...]:
    """A number that is said in a message: never dialled by itself, for it may be misheard."""
    return voice.say_all(("switchhook/possible-number",), prompts.digits(number)) if number else ()


def caller(voice: Voice, known: str | None, name: str | None) -> tuple[Sound, ...]:
    """From whom: the name, as the people here are called or as it came, and the number."""
    number = prompts.digits(known or "")
    if name:
        return (*voice.say("vm-from"), voice.speak(name), *voice.say_all(number))
    if number:
        kind = "vm-from-extension" if len(number) <= EXTENSION_LONGEST else "vm-from-phonenumber"
        return voice.say_all((kind,), number)
    return voice.say("vm-unknown-caller")


def received(voice: Voice, at: LocalTime | None) -> tuple[Sound, ...]:
    """When something came; nothing, if that is not known."""
    return () if at is None else voice.say_all(("vm-received",), when(voice.grammar, at))


def when(grammar: Grammar, at: LocalTime | None) -> prompts.Names:
    """A day and a time as they are said; nothing, if they are not known."""
    if at is None:
        return ()
    date = grammar.day(at.month, at.day, at.weekday, at.days_ago)
    return (*date, *grammar.at(at.hour, at.minute))
