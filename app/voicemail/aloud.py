"""What a handset hears that was rung to play a mailbox's messages: no PIN, and the first at once.

Whoever asked for all of them stands at the front panel (app/operations/panel.py). Its buttons are
keys of the usual map, as if they were pressed on the handset. Whoever asked for one has its page
open (app/operations/by_telephone.py), and hears that one.
"""

from collections.abc import Awaitable, Callable

from app.inbox.greetings import COMPANY, COMPANYS, GreetingKind
from app.phone.calls.context import PlayScript
from app.phone.calls.line import Line
from app.phone.sound.sounds import MessageAudio
from app.voicemail.common import BOX, NO_MESSAGES, Voice, with_apology
from app.voicemail.conversation import Conversation
from app.voicemail.jobs import MessageSound, VoicemailClerk
from app.voicemail.key_maps import DEFAULT, key_map
from app.voicemail.own_greetings import record_greeting
from app.voicemail.visit import Visit

AllOfThem = Callable[[Line, VoicemailClerk, int, Voice], Awaitable[None]]
"""Plays the messages of a person, in a voice."""


def play_script(clerk: VoicemailClerk) -> PlayScript:
    """The script of a handset that is rung to play a mailbox's messages, or one of them.

    With a greeting's kind instead of an entry, that is recorded.
    """
    return lambda line, mailbox, what: (
        aloud(line, clerk, mailbox, what)
        if isinstance(what, int)
        else record_by_phone(line, clerk, mailbox, what)
    )


async def aloud(line: Line, clerk: VoicemailClerk, mailbox: str, entry: int = 0) -> None:
    """Play the messages of this mailbox, new ones first, and let the listener go on from there.

    With the number of an entry, play that one and say goodbye.
    """
    await with_apology(line, heard_aloud(line, clerk, mailbox, entry, _visit), NO_MESSAGES)


async def heard_aloud(
    line: Line, clerk: VoicemailClerk, mailbox: str, entry: int, all_of_them: AllOfThem
) -> None:
    """One entry, or all messages of a mailbox in this way; and goodbye."""
    box = await line.answer_of(clerk.mailbox(mailbox))
    if box is None:
        await line.play(*BOX.say("vm-nobodyavail", "vm-goodbye"))
        return
    voice = Voice(box.language)
    if entry:
        await _one(line, clerk, box.person, entry, voice)
    else:
        await all_of_them(line, clerk, box.person, voice)
    await line.play(*voice.say("vm-goodbye"))


async def record_by_phone(line: Line, clerk: VoicemailClerk, mailbox: str, kind: str) -> None:
    """Record a greeting of this kind for the mailbox, or with `company/` for the company."""
    await with_apology(line, _record(line, clerk, mailbox, kind))


async def _record(line: Line, clerk: VoicemailClerk, mailbox: str, kind: str) -> None:
    box = await line.answer_of(clerk.mailbox(mailbox))
    if box is None:
        await line.play(*BOX.say("vm-nobodyavail", "vm-goodbye"))
        return
    person = COMPANY if kind.startswith(COMPANYS) else box.person
    talk = Conversation(line, clerk, person, Voice(box.language), key_map(box.key_map))
    await record_greeting(talk, GreetingKind(kind.removeprefix(COMPANYS)))
    await line.play(*talk.voice.say("vm-goodbye"))


async def _visit(line: Line, clerk: VoicemailClerk, person: int, voice: Voice) -> None:
    await Visit(line, clerk, person, voice, key_map(DEFAULT)).visit(at_once=True)


async def _one(line: Line, clerk: VoicemailClerk, person: int, entry: int, voice: Voice) -> None:
    """Play one message, which counts as heard when it was played to its end."""
    found = await line.answer_of(clerk.look(person, entry))
    if not found.there:
        await line.play(*voice.say("vm-deleted"))
    elif found.sound is MessageSound.NONE:
        await line.play(*voice.say("switchhook/cannot-play"))
    elif found.sound is MessageSound.FAILED:
        await line.play(*voice.say("im-sorry", "switchhook/no-messages-now"))
    else:
        await line.play(MessageAudio(entry))
        await line.answer_of(clerk.mark(person, (entry,)))
