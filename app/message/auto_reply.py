"""The answer of a program to a mail that reaches nobody: a reply to a voicemail [RFC 3834].

It goes to the one who wrote, under the null sender, marked as the work of a program so that no
program answers it, with the subject and the Message-ID of what it answers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from app.core.text import one_line
from app.message import by_machine


@dataclass(frozen=True)
class VoicemailReply:
    """What one answer says."""

    to: str
    """Address of the person who has answered a voicemail."""
    sender: str
    """Address that was written to."""
    hostname: str
    """The box's own name."""
    about: str
    """Subject of the mail that is answered."""
    message_id: str
    """Its Message-ID with angle brackets, or nothing."""
    caller: str
    """Who left the voicemail, as text to show, or nothing."""
    number: str
    """The number to call, or nothing."""
    now: float
    """Seconds since 1970 UTC."""

    @property
    def subject(self) -> str:
        """The answer's subject [RFC 3834 §3.1.5]."""
        return one_line(f"Auto: {self.about}")


def compose(reply: VoicemailReply) -> bytes:
    """The answer as a whole message, CRLF line ends."""
    message = by_machine.begun(
        to=reply.to,
        name="Voicemail",
        sender=reply.sender,
        subject=reply.subject,
        at=by_machine.box_time(reply.now),
        message_id=by_machine.new_id("reply", reply.hostname),
        how="auto-replied",  # [RFC 3834 §3.1.7]
    )
    if reply.message_id:
        message["In-Reply-To"] = reply.message_id
        message["References"] = reply.message_id
    text = "\n".join(_words(reply))
    by_machine.set_text(message, text)
    return message.as_bytes()


def _words(reply: VoicemailReply) -> Iterator[str]:
    yield "You have answered a voicemail by mail. Nobody has got your answer: who calls a"
    yield "telephone has no mail address here."
    yield ""
    yield f"Your mail: {one_line(reply.about) or '(no subject)'}"
    if reply.caller:
        yield f"The voicemail was from: {one_line(reply.caller)}"
    yield ""
    number = reply.number
    yield f"To answer it, call {number}." if number else "The caller's number is not known."
    yield ""
