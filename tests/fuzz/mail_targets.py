"""Mail: sessions that talk to strangers, headers, and what we write from foreign headers."""

import email
import email.policy
import re
import ssl
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from app.mail.outbound.client_session import ClientSession, Login, Terms, Tls
from app.mail.outbound.client_states import ClientState
from app.mail.pop3.session import Pop3Session
from app.mail.pop3.states import StartTls
from app.message import failure_report
from app.message.dot_stuffing import dots_in
from app.message.failure_report import FailedRecipient, FailureReport
from app.message.headers import (
    HEAD_LIMIT,
    SHOWN_LIMIT,
    HeadReader,
    fields,
    read_head,
    rewrite,
    rewritten,
    scan_head,
    shown,
)
from app.message.voice import NAME_LIMIT
from app.message.voice_marks import voice_marks
from app.net.tls import Channel, TlsFailed
from tests.fuzz.shaping import cut, grown
from tests.kit.box_keys import box_keys
from tests.kit.maildrop import MemoryMaildrop, Owner
from tests.kit.smtp_talk import LAN, OUTSIDE, TRAVELLER, Talk, limits

SPOKEN = 8_000
"""Octets of a conversation; each may cost an answer."""
READ = 262_144
"""Octets of a message; twice what is looked at of a header."""
LETTERS = (b"Subject: a\r\n\r\n.dot\r\n..two\r\n", b"Subject: b\r\n\r\nno end", b"\r\n")
_ONE_LINE = re.compile("[^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]*")
"""What is shown: no control, no line end, no half of a pair; but also what Unicode has not yet."""
BETWEEN = b"\xff\xfe"
"""Divides what a client says from a message that it finds."""


def pop3(data: bytes) -> None:
    """A client's octets, at once and in pieces: the same answers.

    Not after STLS: what comes at once with it is thrown away there.
    """
    said, _, letter = grown(data, SPOKEN).partition(BETWEEN)
    stls = b"STLS" in said.upper()
    at_once, in_pieces = (
        _pop3_answers(pieces, letter, offers_tls=stls) for pieces in ([said], cut(said))
    )
    assert stls or at_once == in_pieces, f"{at_once!r} at once, {in_pieces!r} in pieces"


def _pop3_answers(pieces: Iterable[bytes], letter: bytes, *, offers_tls: bool) -> bytes:
    owner = Owner(MemoryMaildrop((*LETTERS, letter), chunk=64))
    session = Pop3Session("box.test", offers_tls=offers_tls)
    answers = session.to_send()
    for piece in pieces:
        assert session.wants_input or session.closed, "a session that owes nothing wants no input"
        session.receive(piece)
        while True:
            out = session.to_send()
            answers += out
            event = session.next_event()
            if isinstance(event, StartTls):
                session.secured()
                assert not session.unread, "what was sent in plain text lies on"
            elif event is not None:
                owner(session, event)
            elif not out:
                break
    assert answers.endswith(b"\r\n") and answers.startswith(b"+OK ")
    assert len(owner.commits) <= 1
    return answers


def tls(data: bytes) -> None:
    """What a client sends where TLS should begin: a failure is told, and nothing is plain text."""
    channel = Channel(_context())
    try:
        for piece in cut(grown(data, SPOKEN)):
            channel.feed(piece)
            assert not channel.shake(), "octets by chance are no handshake"
    except TlsFailed as failed:
        assert str(failed), "the log is told why"
    channel.outgoing()
    assert not channel.established and not channel.version


@cache
def _context() -> ssl.SSLContext:
    with TemporaryDirectory() as folder:
        context = box_keys(Path(folder)).server().context()
    assert context is not None
    return context


def smtp(data: bytes) -> None:
    """A client's octets, from the LAN, from outside or under TLS, at once and in pieces: the same.

    What begins with a STARTTLS is cut short there, so it is compared with itself alone.
    """
    said = grown(data, SPOKEN)
    peer = (LAN, OUTSIDE, TRAVELLER)[len(said) % 3]
    whole, pieces = Talk(peer, limits(size=5000)), Talk(peer, limits(size=5000))
    if peer is TRAVELLER:
        whole.session.secured()
        pieces.session.secured()
    answers = whole.send(said)
    assert b"".join(map(pieces.send, cut(said))) == answers
    assert whole.kept == pieces.kept
    _well_kept(whole, answers)
    if b"STARTTLS" in said.upper():
        upgraded = Talk(replace(peer, can_start_tls=True), limits(size=5000))
        _well_kept(upgraded, b"".join(map(upgraded.send, cut(said))))


def smtp_client(data: bytes) -> None:
    """What a server says to our client: no mail is taken that was not sent whole before."""
    terms = (Terms("box.test", Tls.TRY), Terms("box.test", login=Login("a", "b")))
    session, ended = ClientSession(terms[len(data) % 2]), False
    for piece in cut(grown(data, SPOKEN)):
        session.receive(piece)
        if session.state is ClientState.TLS:
            session.encrypted()
        elif session.state is ClientState.READY:
            _well_taken(session, ended)
            session.offer("a@b.test", ("x@y.test", "z@y.test"), 100)
            ended = False
        elif session.state is ClientState.TEXT:
            assert not any(answer.taken for answer in session.answers.values())
            session.end_text()
            ended = True
        assert b"\n" not in session.to_send().replace(b"\r\n", b"")
    session.lost("the connection broke")
    _well_taken(session, ended)
    assert session.closed and session.failure


def _well_taken(session: ClientSession, ended: bool) -> None:
    assert ended or not any(answer.taken for answer in session.answers.values())
    assert all(answer.reply[:1] in ("2", "4", "5") for answer in session.answers.values())


def _well_kept(talk: Talk, answers: bytes) -> None:
    assert all(b"\0" not in kept.octets and kept.recipients for kept in talk.kept)
    assert all(dots_in(kept.octets) == kept.dotted for kept in talk.kept)
    assert all(kept.octets.count(b"\n") == kept.octets.count(b"\r\n") for kept in talk.kept)
    assert all(kept.octets[-2:] in (b"", b"\r\n") for kept in talk.kept)
    assert all(b"\n" not in line for line in answers.split(b"\r\n")), "an answer has a bare LF"


def headers(data: bytes) -> None:
    """A message into the one reader of headers: nothing is raised, whatever it holds."""
    octets = grown(data, READ)
    head = read_head([octets])
    assert read_head(cut(octets) if len(octets) < 5000 else [octets[:7], octets[7:]]) == head
    assert octets.startswith(head) and len(head) <= HEAD_LIMIT
    facts = scan_head(octets)
    for text in (facts.sender, facts.subject, shown(octets)):
        assert len(text) <= SHOWN_LIMIT and _ONE_LINE.fullmatch(text), repr(text)
        text.encode("utf-8")
    marks = voice_marks(head)
    for known in (marks.number, marks.name) if marks is not None else ():
        assert known is None or (known.isprintable() and 0 < len(known) <= NAME_LIMIT), repr(known)
    names = ("from", "subject", "received")
    assert rewrite(head, names, lambda found: found) == head
    changed = b"".join(rewritten([octets], lambda found: b"X-Ours: 1\r\n" + found))
    assert changed == b"X-Ours: 1\r\n" + octets
    assert sum(len(field.octets) for field in fields(head)) <= len(head)
    reader = HeadReader()
    assert reader.feed(octets) + reader.end() == octets


def reports(data: bytes) -> None:
    """A foreign header and a foreign server's answer in a failure report of ours."""
    octets = grown(data, 20_000)
    reply, _, head = octets.partition(BETWEEN)
    text = reply.decode("latin-1")
    failed = FailedRecipient("carl@y.test", text)
    report = failure_report.compose(
        FailureReport(
            purpose=("custody", "copy", "relay")[len(octets) % 3],
            to="anna@box.test",
            sender="postmaster@box.test",
            hostname="box.test",
            header=read_head([head]),
            arrived_at=1.6e9,
            now=1.7e9,
            failed=(failed,),
        )
    )
    message = email.message_from_bytes(report, policy=email.policy.compat32)
    assert message.get_content_type() == "multipart/report"
    assert message["To"] == "<anna@box.test>"
