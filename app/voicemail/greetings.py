"""What a caller hears before the beep: a recorded greeting, else one put together.

The owner's own goes before the company's, which callers from outside hear, and colleagues do not.
"""

from dataclasses import replace

from app.inbox.greetings import COMPANY, COMPANYS
from app.phone.sound import prompts
from app.phone.sound.sounds import Greeting, Sound
from app.voicemail.common import Voice
from app.voicemail.jobs import MailboxInfo


def for_colleagues(box: MailboxInfo) -> MailboxInfo:
    """The mailbox as a handset in the house hears it: without the company's greetings."""
    return replace(
        box, greetings=tuple(name for name in box.greetings if not name.startswith(COMPANYS))
    )


def next_best(box: MailboxInfo) -> MailboxInfo:
    """The mailbox without its best recorded greeting, when that cannot be played."""
    return replace(box, greetings=box.greetings[1:])


def unavailable(box: MailboxInfo) -> tuple[Sound, ...]:
    """Who is not there: as it was recorded, or in the owner's language."""
    if box.greetings:
        best = box.greetings[0]
        whose = COMPANY if best.startswith(COMPANYS) else box.person
        return (Greeting(whose, best.removeprefix(COMPANYS)),)
    if not box.number:  # nobody is known
        return Voice(box.language).say("vm-nobodyavail")
    who = prompts.digits(box.number)
    return Voice(box.language).say_all(("vm-theperson",), who, ("vm-isunavail",))


def before_the_beep(box: MailboxInfo) -> tuple[Sound, ...]:
    """The greeting and, unless a recorded one says it, what the caller is to do."""
    if box.greetings:
        return unavailable(box)
    return (*unavailable(box), *Voice(box.language).say("vm-intro"))
