"""What a caller hears before the beep: the owner's own greeting, else one put together."""

from typing import Any

from app.phone.sound import prompts
from app.phone.sound.sounds import Greeting, Sound
from app.voicemail.common import say, say_all

UNAVAILABLE = "unavailable"


def unavailable(box: dict[str, Any]) -> tuple[Sound, ...]:
    """Who is not there. `box` is the clerk's answer to "mailbox"."""
    if UNAVAILABLE in box["greetings"]:
        return (Greeting(box["person"], UNAVAILABLE),)
    return say_all(("vm-theperson",), prompts.digits(box["mailbox"]), ("vm-isunavail",))


def before_the_beep(box: dict[str, Any]) -> tuple[Sound, ...]:
    """The greeting and, unless the owner's own says it, what the caller is to do."""
    if UNAVAILABLE in box["greetings"]:
        return unavailable(box)
    return (*unavailable(box), *say("vm-intro"))
