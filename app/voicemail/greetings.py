"""What a caller hears before the beep: a recorded greeting, else one put together.

The owner's own goes before the company's, which callers from outside hear, and colleagues do not.
"""

from dataclasses import replace

from app.inbox.greetings import COMPANY, COMPANYS, GreetingKind
from app.phone.calls.caller import WhyVoicemail
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
    """The mailbox without its best recording, when that cannot be played."""
    if box.greetings:
        return replace(box, greetings=box.greetings[1:])
    return replace(box, name_recorded=False)


def unavailable(box: MailboxInfo, why: WhyVoicemail = WhyVoicemail.NO_ANSWER) -> tuple[Sound, ...]:
    """Who is not there: as it was recorded, or in the owner's language."""
    if box.greetings:
        best = box.greetings[0]
        whose = COMPANY if best.startswith(COMPANYS) else box.person
        return (Greeting(whose, best.removeprefix(COMPANYS)),)
    voice = Voice(box.language)
    if not box.number:  # nobody is known
        return voice.say("vm-nobodyavail")
    state = voice.say("vm-isonphone" if why is WhyVoicemail.BUSY else "vm-isunavail")
    if box.name_recorded:
        return (Greeting(box.person, GreetingKind.NAME.value), *state)
    return (*voice.say_all(("vm-theperson",), prompts.digits(box.number)), *state)


def before_the_beep(
    box: MailboxInfo, why: WhyVoicemail = WhyVoicemail.NO_ANSWER
) -> tuple[Sound, ...]:
    """The greeting and, unless a recorded one says it, what the caller is to do."""
    if box.greetings:
        return unavailable(box)
    return (*unavailable(box, why), *Voice(box.language).say("vm-intro"))
