"""The owner's side of voicemail: whose mailbox it is, the PIN, then the visit (visit.py).

Prompts and keys are those of the mailbox's owner.
"""

from app.phone.calls.line import Line
from app.voicemail.common import BOX, NO_MESSAGES, Voice, with_apology
from app.voicemail.first_use import first_use
from app.voicemail.jobs import VoicemailClerk
from app.voicemail.key_maps import DEFAULT, key_map
from app.voicemail.log_in import log_in
from app.voicemail.menu import Action
from app.voicemail.visit import Visit


async def owner(line: Line, clerk: VoicemailClerk, mailbox: str) -> None:
    """Let the owner of this mailbox listen, delete and save, after the PIN."""
    await with_apology(line, _owner(line, clerk, mailbox), NO_MESSAGES)


async def _owner(line: Line, clerk: VoicemailClerk, mailbox: str) -> None:
    box = await line.answer_of(clerk.mailbox(mailbox))
    # a number that is nobody's is asked for its PIN like any other: who dials learns nothing
    voice = BOX if box is None else Voice(box.language)
    keys = key_map(DEFAULT if box is None else box.key_map)
    person = await log_in(line, clerk, mailbox, voice)
    if person is not None:
        first, shared = (box.envelope_first, box.shared) if box is not None else (False, False)
        more = {Action.OPTIONS} | ({Action.MAIL} if box and box.mail_by_phone else set())
        more |= {Action.MISSED} if box and box.missed_lamp else set()
        visit = Visit(line, clerk, person, voice, keys, first, shared, frozenset(more))
        if await first_use(visit.talk):
            await visit.visit()
        voice = visit.talk.voice  # it may be another language now
    await line.play(*voice.say("vm-goodbye"))
