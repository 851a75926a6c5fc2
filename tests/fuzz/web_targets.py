"""Web pages: requests of strangers, frames of a WebSocket, and what an Outlook asks."""

from collections.abc import Iterable
from datetime import UTC, datetime
from xml.etree import ElementTree

from app.web.clients import autodiscover as pox
from app.web.clients.access import MailAccess, MailPort
from app.web.http import BODY, HEAD, Arrived, HttpSession, Request
from app.web.upgrade import asks_for_websocket
from app.web.websocket import MESSAGE, NoWebSocket, WebSocket
from tests.fuzz.shaping import cut, grown

ACCESS = MailAccess("box.test", ("box.test",), (MailPort("pop3s", "pop3", 995, "tls"),), 14)
NOW = datetime(2026, 11, 27, tzinfo=UTC)
SPOKEN = 50_000
"""Octets of a conversation; h11 takes 15 us for each chunk of a body, however small."""
REQUESTS = 16
"""So many are answered: each has a turn of its own, and 0.3 ms of work."""

GO_ON = b"HTTP/1.1 100 \r\n\r\n"


def http(data: bytes) -> None:
    """A client's octets, at once and in pieces: the same answers to the same requests.

    One that asks for a WebSocket gets it: what follows are frames, and gives the same messages.
    What is longer than HEAD comes in pieces only: a header that is longer is taken if it comes all
    at once, and refused while it is incomplete.
    """
    said = grown(data, SPOKEN)
    in_pieces = _answers(cut(said))
    if len(said) <= HEAD:
        at_once = _answers([said])
        assert at_once == in_pieces, f"{at_once!r} at once, {in_pieces!r} in pieces"


def _answers(pieces: Iterable[bytes]) -> list[object]:
    session = HttpSession(0.0)
    seen: list[object] = []
    for piece in pieces:
        if not piece or session.closed:
            continue
        session.receive(piece)
        while (event := session.next_event()) is not None:
            if isinstance(event, Arrived):
                seen += _messages(session) if session.websocket is not None else ()
                continue
            assert isinstance(event, Request)
            assert len(event.body) <= BODY
            seen.append(event)
            if asks_for_websocket(event) and _switched(session, event):
                continue
            if len(seen) == REQUESTS:
                session.stop()
            session.start(200, [(b"content-length", b"2")])
            session.send(b"ok")
            session.finish()
    answers = b""
    while out := session.to_send():
        answers += out
    # Whoever has sent the body already need not be told to go on [RFC 9110 §10.1.1].
    answers = answers.replace(GO_ON, b"")
    assert session.closed or session.wants_input, "a session that owes nothing wants no input"
    return [*seen, answers]


def _switched(session: HttpSession, request: Request) -> bool:
    """Make the connection a WebSocket; False if the request lacks something."""
    try:
        socket = WebSocket(request.target, request.headers, 0.0)
    except NoWebSocket:
        return False
    session.switch(socket, socket.accept())
    return True


def _messages(session: HttpSession) -> Iterable[str | bytes]:
    """What a WebSocket has, echoed."""
    assert session.websocket is not None
    while (message := session.websocket.next_message()) is not None:
        assert len(message) <= MESSAGE
        session.websocket.send(message)
        session.look()
        yield message


def autodiscover(data: bytes) -> None:
    """Every question has an answer, which is XML."""
    answer = pox.answer(ACCESS, grown(data, 4 * pox.LONGEST), NOW)
    root = ElementTree.fromstring(answer)
    assert root.tag == f"{{{pox.RESPONSE}}}Autodiscover" and len(root) == 1
    assert len(answer) < 4_000
