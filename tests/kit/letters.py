"""Messages as a mail program sees them, by Python's own parser, and a few to send."""

import email
import email.policy
import poplib
from email.message import EmailMessage

LETTER = (
    b"From: Carl <carl@far.test>\r\nTo: anna@box.test\r\nSubject: The boat\r\n"
    b"Date: Mon, 21 Sep 2026 12:00:00 +0000\r\nMessage-ID: <boat@far.test>\r\n\r\n"
    b"It has come back.\r\n"
)


def letter(octets: int) -> bytes:
    """A letter of exactly so many octets."""
    line = b"x" * 76 + b"\r\n"
    missing = octets - len(LETTER)
    lines, rest = divmod(missing, len(line))
    assert missing >= 2 and rest != 1, "no room for a line end"
    return LETTER + line * lines + (b"y" * (rest - 2) + b"\r\n" if rest else b"")


def parsed(octets: bytes) -> EmailMessage:
    """A message, read by the standard library."""
    message = email.message_from_bytes(octets, policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    assert not message.defects, message.defects
    return message


def wav_of(message: EmailMessage) -> bytes:
    """The octets of its one audio part."""
    (sound,) = [part for part in message.walk() if part.get_content_type() == "audio/wav"]
    octets = sound.get_payload(decode=True)
    assert isinstance(octets, bytes)
    return octets


def uidls(client: poplib.POP3) -> list[str]:
    """The UIDLs of a maildrop, in the order of its numbers."""
    return [line.split()[1].decode() for line in client.uidl()[1]]
