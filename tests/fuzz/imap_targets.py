"""What an IMAP server says: to the reader of responses, and to a session."""

from collections.abc import Callable

from app.imap.net import told
from app.imap.net.commands import Command, Octets, Stream
from app.imap.net.news import News
from app.imap.net.reader import BadResponse, Continue, Data, Response, ResponseReader
from app.imap.net.session import (
    Event,
    Failed,
    Idling,
    ImapSession,
    LoggedIn,
    Login,
    StartTls,
    Wanted,
)
from app.imap.net.states import ImapState
from app.imap.net.tokens import Token
from tests.fuzz.shaping import cut, grown

SPOKEN = 8_000
"""Octets of a conversation."""
BETWEEN = b"\xff\xfe"
"""Divides one answer of the server from the next."""
ANSWERS = 30
_READERS: tuple[Callable[[Data], object], ...] = (
    told.fetched,
    told.vanished,
    told.searched,
    told.status,
    told.listed,
    told.namespaces,
)


def imap_reader(data: bytes) -> None:
    """The same responses at once and in pieces; what they mean is told, or refused as declared."""
    octets = grown(data, SPOKEN)
    whole = _read([octets])
    assert whole == _read(list(cut(octets)))
    news = News()
    for response in whole[0]:
        if isinstance(response, Data):
            for reader in (*_READERS, news.take):
                _refused(reader, response)
        elif not isinstance(response, Continue):
            assert response.code == [] or response.name
            if response.name == "COPYUID":
                _copied(response.code)
    changes = news.changes()
    assert all(0 < first <= last <= told.UID_GREATEST for first, last in changes.vanished)
    assert changes.exists is None or changes.exists >= 0


def _read(pieces: list[bytes]) -> tuple[list[Response], str]:
    """All responses, and why there are no more."""
    reader = ResponseReader()
    found: list[Response] = []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (response := reader.next()) is not None:
                found.append(response)
    except BadResponse as problem:
        return found, str(problem)
    return found, ""


def _refused(reader: Callable[[Data], object], data: Data) -> bool:
    try:
        reader(data)
    except BadResponse:
        return True
    return False


def _copied(code: list[Token]) -> None:
    try:
        _, uids = told.copied(code)
    except ValueError:
        return
    assert len(uids) <= told.MAILS_LIMIT


def imap(data: bytes) -> None:
    """A server's answers, each at once and in pieces: the same happens, and it has an end."""
    answers = grown(data, SPOKEN).split(BETWEEN)[:ANSWERS]
    plain = Login("anna", "pass word", None, "none")
    pieces = [list(cut(answer)) for answer in answers]
    assert _talked([[answer] for answer in answers], plain) == _talked(pieces, plain)
    happened, said = _talked(pieces, Login("anna", "pass word", None, "starttls"))
    before, _, after = b"".join(said).partition(b"STARTTLS\r\n")
    assert b"LOGIN" not in before and b"AUTHENTICATE" not in before
    assert "StartTls()" in happened or (b"LOGIN" not in after and b"AUTHENTICATE" not in after)


def _talked(answers: list[list[bytes]], login: Login) -> tuple[list[str], list[bytes]]:
    """What has happened, and what was said."""
    session = ImapSession(login)
    happened: list[str] = []
    said = [session.to_send()]
    for pieces in answers:
        for piece in pieces:
            session.receive(piece)
        while (event := session.next_event()) is not None:
            happened.append(repr(event))
            _react(session, event)
        if session.state is ImapState.READY:
            _ask(session, len(said))
        said.append(session.to_send())
    session.lost()
    assert session.is_over
    last = session.next_event()
    assert (last is None) == any("Failed" in one for one in happened)
    return happened, said


def _react(session: ImapSession, event: Event) -> None:
    if isinstance(event, StartTls):
        session.secured()
    elif isinstance(event, Wanted):
        session.give(b"hello")
    elif isinstance(event, Idling) and session.state is ImapState.IDLE:
        session.done()
    elif isinstance(event, Failed):
        assert not {"\r", "\n", "\0"} & set(str(event.error))
    elif isinstance(event, LoggedIn):
        assert session.name_of(b"INBOX") == "INBOX"


def _ask(session: ImapSession, turn: int) -> None:
    """What a connection asks for, one thing after the other."""
    if turn % 3 == 0:
        session.idle()
    elif turn % 3 == 1:
        session.ask(Command(b"APPEND ", Octets(b"x\xff"), b" ", Stream(5)))
    else:
        session.ask(Command(b"NOOP"))
