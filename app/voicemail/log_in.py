"""The owner's PIN, before the menu of a mailbox: asked for, and judged by the clerk."""

from app.phone.calls.line import Line
from app.voicemail.common import Voice, ask_digits
from app.voicemail.jobs import PinCheck, PinVerdict, VoicemailClerk

PIN_LONGEST = 16  # digits
PIN_TRIES = 3  # in one call; the clerk counts over calls, and locks out or makes wait


async def log_in(
    line: Line,
    clerk: VoicemailClerk,
    mailbox: str,
    voice: Voice,
    first: str = "",
    called: bool = False,
) -> int | None:
    """Ask for the PIN, three times at most; the person's number in the store, or None.

    `first` is its first digit, where that was dialled already; `called`: the box has called there.
    """
    for _ in range(PIN_TRIES):
        if first:
            pin, first = first + await line.digits(PIN_LONGEST - 1), ""
        else:
            pin = await ask_digits(line, *voice.say("vm-password"), most=PIN_LONGEST)
        if pin:  # nothing dialled is no attempt that could lock the mailbox
            checked = await _checked(line, clerk, mailbox, pin, called)
            if checked.result is PinVerdict.OK:
                return checked.person
            if checked.result is PinVerdict.LOCKED:
                await line.play(*voice.say("switchhook/locked"))
                return None
        await line.play(*voice.say("vm-incorrect"))
    return None


async def _checked(
    line: Line, clerk: VoicemailClerk, mailbox: str, pin: str, called: bool
) -> PinCheck:
    """The clerk's verdict, once it has been waited for as long as the clerk wants."""
    caller = line.caller if line.kind == "trunk" else None
    checked = await line.answer_of(clerk.check_pin(mailbox, pin, line.name, caller, called))
    while checked.result is PinVerdict.WAIT:
        await line.pause(checked.wait_s)
        checked = await line.answer_of(clerk.check_pin(mailbox, pin, line.name, caller, called))
    return checked
