"""An owner's greetings by telephone: recorded, heard before they are kept, and taken back.

Nothing is kept until its owner says so: whoever hangs up before has changed nothing.
"""

from app.inbox.greetings import GreetingKind
from app.phone.sound.sounds import Draft, Greeting, Pause
from app.phone.sound.tones import BEEP
from app.voicemail.choices import BACK, Choice, chosen, dialled, taken
from app.voicemail.conversation import MENU_TIMES, THINKING_MS, Conversation
from app.voicemail.jobs import GreetingResult
from app.voicemail.recording import record_draft

KINDS = {
    "1": GreetingKind.DAY,
    "2": GreetingKind.BUSY,
    "3": GreetingKind.TEMPORARY,
    "4": GreetingKind.NIGHT,
    "5": GreetingKind.NAME,
    "6": GreetingKind.OUT,
    "7": GreetingKind.MEETING,
    "8": GreetingKind.AWAY,
    "9": GreetingKind.DO_NOT_DISTURB,
}
"""The key of each kind."""
DAYS_DIGITS = 3
RECORD, HEAR, REMOVE = "1", "2", "3"
KEEP, LISTEN, AGAIN = "1", "2", "3"
"""As the packs' recording vm-review says."""


async def greetings(talk: Conversation) -> None:
    """Choose a kind of greeting, then what to do with it, until the owner goes back."""
    kinds = [Choice(key, f"switchhook/greeting-{kind.value}") for key, kind in KINDS.items()]
    while key := await chosen(talk, kinds):
        await one_kind(talk, KINDS[key])


async def one_kind(talk: Conversation, kind: GreetingKind) -> None:
    """Record, hear or remove a greeting of this kind."""
    recorded = await is_recorded(talk, kind)
    before = () if recorded else ("switchhook/greeting-none",)
    there = [Choice(HEAR, "switchhook/to-hear"), Choice(REMOVE, "switchhook/to-remove")]
    choices = [Choice(RECORD, "switchhook/to-record"), *(there if recorded else ())]
    key = await chosen(talk, choices, *before)
    if key == RECORD:
        await record_greeting(talk, kind)
    elif key == HEAR:
        await talk.play(Greeting(talk.person, kind.value))
    elif key == REMOVE:
        await talk.line.answer_of(talk.clerk.remove_greeting(talk.person, kind.value))
        await talk.say("switchhook/is-removed")


async def is_recorded(talk: Conversation, kind: GreetingKind) -> bool:
    """Whether the owner has a greeting of this kind."""
    held = await talk.line.answer_of(talk.clerk.greetings(talk.person))
    return any(one.kind == kind.value for one in held)


async def record_greeting(talk: Conversation, kind: GreetingKind, *before: str) -> bool:
    """Record a greeting; whether one was kept. `before` are prompts that are said first.

    A temporary one is asked for its days.
    """
    ask = "vm-rec-name" if kind is GreetingKind.NAME else "switchhook/greeting-say"
    await talk.say(*before, ask)
    while (key := taken(talk)) == "" or key not in BACK:
        await talk.line.play(BEEP)
        _, draft = await record_draft(talk.line, talk.clerk)
        done = await _review(talk, draft)
        kept = done == KEEP and await _keep(talk, kind, draft)
        talk.clerk.drop_draft(draft)
        if done != AGAIN:
            return kept
    return False


async def _review(talk: Conversation, draft: int) -> str:
    """What becomes of a recording: KEEP, AGAIN, or "" for nothing."""
    for _ in range(MENU_TIMES):
        await talk.play(*talk.voice.say("vm-review", "vm-star-cancel"), Pause(THINKING_MS))
        key = taken(talk)
        if key in (KEEP, AGAIN):
            return key
        if key == LISTEN:
            await talk.play(Draft(draft))
        elif key and key in BACK:
            return ""
    return ""


async def _keep(talk: Conversation, kind: GreetingKind, draft: int) -> bool:
    until = ""
    if kind is GreetingKind.TEMPORARY:
        days = await dialled(talk, "switchhook/greeting-days", most=DAYS_DIGITS)
        until = f"+{days}" if days.isdecimal() and int(days) else ""
    job = talk.clerk.keep_greeting(talk.person, kind.value, draft, until)
    result = await talk.line.answer_of(job)
    kept = result is GreetingResult.KEPT
    await talk.say("vm-msgsaved" if kept else "switchhook/greeting-empty")
    return kept
