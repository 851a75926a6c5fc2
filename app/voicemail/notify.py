"""What somebody hears whom the box has called to tell of a message: whose, then the PIN, then it.

Nothing is said of the message before the PIN, which is throttled as on any outside line: whoever
else answers there, such as a voicemail of the telephone company, learns that there is one and no
more. The line gives no sign of an answer, so the question is said again and again.
"""

from app.inbox.greetings import GreetingKind
from app.phone.calls.calling_out import CalledScript, Told
from app.phone.calls.line import ANY, Line
from app.phone.jobs import CallOut
from app.phone.sound.sounds import Greeting, MessageAudio, Pause, Sound
from app.voicemail.common import NO_MESSAGES, Voice, with_apology
from app.voicemail.jobs import MailboxInfo, MessageSound, VoicemailClerk
from app.voicemail.log_in import log_in

TIMES = 8
"""That it is said who is wanted."""
BETWEEN_MS = 3000
KEYS_TIMES = 3
"""That the keys are said."""
THINKING_MS = 5000
KEEP, AGAIN, DELETE = "1", "2", "7"


def notify_script(clerk: VoicemailClerk) -> CalledScript:
    """The script of a line on which somebody is told of a message."""
    return lambda line, call, told: with_apology(line, _tell(line, clerk, call, told), NO_MESSAGES)


async def _tell(line: Line, clerk: VoicemailClerk, call: CallOut, told: Told) -> None:
    box = await line.answer_of(clerk.mailbox(call.mailbox))
    if box is None:
        return
    voice = Voice(box.language)
    first = await _ask(line, box, voice)
    if not first:
        return
    told.outcome = "answered, and no right PIN was given"
    person = await log_in(line, clerk, call.mailbox, voice, first, called=True)
    if person is None:
        return
    told.inside, told.outcome = True, "answered, and hung up before the end of the message"
    await _play(line, clerk, person, call.entry, voice, told)
    await line.play(*voice.say("vm-goodbye"))


async def _ask(line: Line, box: MailboxInfo, voice: Voice) -> str:
    """Say whose message there is until the first digit of a PIN comes; "" if none does."""
    said: Sound = voice.speak(box.name)
    if box.name_recorded:
        said = Greeting(box.person, GreetingKind.NAME.value)
    words = (*voice.say("switchhook/message-for"), said, *voice.say("vm-password"))
    for _ in range(TIMES):
        first = await line.play(*words, Pause(BETWEEN_MS), stop_on="0123456789")
        if first:
            return first
    return ""


async def _play(
    line: Line, clerk: VoicemailClerk, person: int, entry: int, voice: Voice, told: Told
) -> None:
    """Play the message, as often as it is wanted; it counts as heard when it was, or by a key."""
    while True:
        found = await line.answer_of(clerk.look(person, entry))
        if not found.there:
            told.outcome = "answered, and the message was removed meanwhile"
            await line.play(*voice.say("vm-deleted"))
            return
        if found.sound is MessageSound.FAILED:
            told.outcome = "answered, and the message could not be read"
            await line.play(*voice.say("im-sorry", "switchhook/no-messages-now"))
            return
        silent = found.sound is MessageSound.NONE
        what = voice.say("switchhook/cannot-play") if silent else (MessageAudio(entry),)
        key = await line.play(*what, stop_on=ANY)
        if not key or key == KEEP:
            await line.answer_of(clerk.mark(person, (entry,)))
            told.outcome = "heard"
        if key not in (KEEP, AGAIN, DELETE):
            key = await _choose(line, voice)
        if key == DELETE:
            await line.answer_of(clerk.remove(person, (entry,)))
            told.outcome = "removed"
            await line.play(*voice.say("vm-deleted"))
        elif key == KEEP:
            await line.answer_of(clerk.mark(person, (entry,)))
            told.outcome = "heard"
        if key != AGAIN:
            return


async def _choose(line: Line, voice: Voice) -> str:
    for _ in range(KEYS_TIMES):
        key = await line.play(
            *voice.say("switchhook/told-keys"), Pause(THINKING_MS), stop_on=KEEP + AGAIN + DELETE
        )
        if key:
            return key
    return ""
