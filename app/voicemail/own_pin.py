"""An owner chooses a PIN: dialled twice, and told why it will not do if others would guess it."""

from app.voicemail.choices import dialled
from app.voicemail.conversation import Conversation
from app.voicemail.log_in import PIN_LONGEST
from app.voicemail.owner_jobs import PinChange

CHOICES = 3
"""PINs that somebody may choose in one call until one will do."""


async def choose_pin(talk: Conversation) -> bool:
    """Ask for a new PIN, and set it; False if none of a few will do, or none is dialled."""
    for _ in range(CHOICES):
        pin = await dialled(talk, "vm-newpassword", most=PIN_LONGEST)
        if not pin:
            return False
        again = await dialled(talk, "vm-reenterpassword", most=PIN_LONGEST)
        if pin != again:
            await talk.say("vm-mismatch")
            continue
        change = await talk.line.answer_of(talk.clerk.set_pin(talk.person, pin))
        if change is PinChange.DONE:
            await talk.say("vm-passchanged")
            return True
        why = f"switchhook/pin-{change.value.replace(' ', '-')}"
        await talk.say(why, "switchhook/pin-choose-other")
    return False
