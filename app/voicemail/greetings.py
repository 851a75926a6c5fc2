"""What a caller hears before the beep: the owner's own greeting, else one put together."""

from app.phone.sound import prompts
from app.phone.sound.sounds import Greeting, Sound
from app.voicemail.common import Voice
from app.voicemail.jobs import MailboxInfo

UNAVAILABLE = "unavailable"


def unavailable(box: MailboxInfo) -> tuple[Sound, ...]:
    """Who is not there, in the owner's language."""
    if UNAVAILABLE in box.greetings:
        return (Greeting(box.person, UNAVAILABLE),)
    who = prompts.digits(box.number)
    return Voice(box.language).say_all(("vm-theperson",), who, ("vm-isunavail",))


def before_the_beep(box: MailboxInfo) -> tuple[Sound, ...]:
    """The greeting and, unless the owner's own says it, what the caller is to do."""
    if UNAVAILABLE in box.greetings:
        return unavailable(box)
    return (*unavailable(box), *Voice(box.language).say("vm-intro"))
