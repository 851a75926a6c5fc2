"""What an owner is told of missed calls: how many there are, and by a key who called and when."""

from app.voicemail.conversation import Conversation
from app.voicemail.envelope import caller, when
from app.voicemail.owner_jobs import ListedCall


async def count_missed(talk: Conversation) -> tuple[ListedCall, ...]:
    """Say how many calls were missed that nobody has seen; the latest ones, also if none is new.

    They are seen then, also when a key has cut that short, but not when the owner hangs up at it.
    """
    found = await talk.line.answer_of(talk.clerk.missed_calls(talk.person))
    if found.new:
        await talk.say("switchhook/missed-calls", *talk.voice.grammar.number(found.new))
        await talk.line.answer_of(talk.clerk.missed_calls(talk.person, seen=found.calls[0].id))
    return found.calls


async def tell_missed(talk: Conversation, calls: tuple[ListedCall, ...]) -> None:
    """Say who called and when, the latest call first."""
    for call in calls:
        await talk.play(*caller(talk.voice, call.number, call.name))
        await talk.play(*talk.voice.say_all(when(talk.voice.grammar, call.at)))
