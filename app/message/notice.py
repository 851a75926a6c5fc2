"""Notices: mail from the box itself to a person, in their language, and what some of them say."""

from dataclasses import dataclass

from app.core.sentences import Sentence, sentence
from app.core.text import one_line
from app.message import by_machine
from app.message.words import said, say


@dataclass(frozen=True)
class Told:
    """What a notice says."""

    subject: Sentence
    paragraphs: tuple[Sentence, ...]


@dataclass(frozen=True)
class Notice:
    """One notice; `to` and `sender` are addresses, `now` seconds since 1970 UTC."""

    to: str
    sender: str
    hostname: str
    """The box's own name."""
    told: Told
    language: str
    """Of its reader, ISO 639-1."""
    now: float

    @property
    def subject(self) -> str:
        """Its subject."""
        return one_line(said(self.language, self.told.subject))


def full(place: str) -> Told:
    """The mailbox here is full, and mail waits at `place`."""
    return Told(
        sentence("Your mailbox is full, and mail waits elsewhere"),
        (
            sentence(
                "The mail of %(place)s is fetched for you. Your mailbox here is full, so what has"
                " no room stays there.",
                place=place,
            ),
            sentence(
                "Remove messages here; it is then fetched by itself. You are not told again until"
                " that has happened."
            ),
        ),
    )


def too_large(place: str, octets: int, largest: int) -> Told:
    """A message at `place` is larger than this box takes."""
    size = octets // 1_000_000
    return Told(
        sentence("A message of %(size)d MB waits elsewhere", size=size),
        (
            sentence(
                "In the mail of %(place)s there is a message of %(size)d MB. This box takes"
                " %(largest)d MB at most, so it stays there.",
                place=place,
                size=size,
                largest=largest // 1_000_000,
            ),
            sentence(
                "Read it there, by the web page of that mail or another mail program.",
            ),
        ),
    )


def password_made_anew(login: str, door: str) -> Told:
    """Somebody who held the panel's button was given a new password for an administrator."""
    return Told(
        sentence("An administrator's password was made anew at the console"),
        (
            sentence(
                "Somebody has held the panel's button and was given a new password for %(login)s at"
                " the %(door)s; no code of an authenticator app is asked for with it.",
                login=login,
                door=door,
            ),
            sentence(
                "If that was neither you nor another administrator, somebody else has stood at the"
                " box: log in with the password that you have. If it no longer works, hold the"
                " button yourself."
            ),
        ),
    )


def compose(notice: Notice) -> bytes:
    """The notice as a whole message, CRLF line ends."""
    message = by_machine.begun(
        to=notice.to,
        name=say(notice.language, "Mail system"),
        sender=notice.sender,
        subject=notice.subject,
        at=by_machine.box_time(notice.now),
        message_id=by_machine.new_id("notice", notice.hostname),
        how="auto-generated",  # [RFC 3834 §5.2]
    )
    paragraphs = (said(notice.language, one) for one in notice.told.paragraphs)
    text = "".join(f"{one_line(line, 900)}\n\n" for line in paragraphs)
    message.set_content(text, cte="quoted-printable")
    return message.as_bytes()
