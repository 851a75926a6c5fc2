"""What is noted about a mail as it is delivered, whichever way it came: sender, subject, caller."""

from app.inbox.entries import Door, Facts, Kind
from app.message.headers import HeaderFacts
from app.message.voice_marks import voice_marks_in


def mail_facts(head: HeaderFacts, received_at: float, door: Door, by: str) -> tuple[Kind, Facts]:
    """Whether it is an e-mail or voicemail of another system, and what is known about it.

    `head` is what was read in its header; the rest is what Facts says.
    """
    voice = voice_marks_in(head.fields)
    if voice is None:
        return Kind.EMAIL, Facts(
            received_at,
            head.sender,
            head.subject,
            door=door,
            by=by,
            message_id=head.message_id,
        )
    return Kind.VOICEMAIL, Facts(
        received_at,
        head.sender,
        head.subject,
        voice.number,
        voice.name,
        voice.duration_s,
        door,
        by,
        head.message_id,
    )
