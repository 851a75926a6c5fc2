"""Beginnings of conversations with a POP3 session over a maildrop in memory."""

from app.mail.pop3.session import Pop3Session
from tests.kit.maildrop import MemoryMaildrop, Owner
from tests.kit.talk import talk_every_way

FIRST = b"From: x\r\nSubject: one\r\n\r\nline 1\r\nline 2\r\n"
SECOND = b"From: y\r\n\r\n.\r\n..two\r\nend\r\n"
HELLO = """
    S: +OK box POP3 ready
    C: USER anna
    S: +OK and the password?
    C: PASS a pass word
    S: +OK 2 messages (67 octets)
"""


def two(chunk: int = 16) -> Owner:
    return Owner(MemoryMaildrop([FIRST, SECOND], chunk))


def session() -> Pop3Session:
    return Pop3Session("box")


def after_login(script: str, owner: Owner | None = None) -> Owner:
    """Play HELLO and a script in one go, however it is fed; with messages in one chunk first."""
    if owner is None:
        talk_every_way(session, HELLO + script, two(chunk=65_536))
    owner = owner or two()
    talk_every_way(session, HELLO + script, owner)
    return owner
