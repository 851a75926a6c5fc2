"""Mail from elsewhere: what a POP3 server answers, and the signatures that a mail has."""

import asyncio
import tempfile
from collections.abc import Iterable
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from app.core import signing_key
from app.core.signing_key import SigningKey
from app.inbox.fetch_accounts import Tls
from app.mail.fetch.session import (
    End,
    Event,
    Failed,
    FetchSession,
    Head,
    Listed,
    Login,
    Octets,
    StartTls,
)
from app.mail.fetch.states import FetchState
from app.mail.outbound.smtp_client import OutgoingMail
from app.mail.signing.keys import PublicKey, key_of
from app.mail.signing.signer import Signer, SignerConfig
from app.mail.spf.check import Check
from app.mail.spf.record import SpfResult
from app.message.canonical import BodyHash
from app.message.dot_stuffing import dots_in
from tests.fuzz.shaping import cut, grown

SPOKEN = 8_000
"""Octets of a conversation."""
LARGEST = 5_000
BETWEEN = b"\xff\xfe"
"""Divides one answer of the server from the next."""
ANSWERS = 30


def fetch(data: bytes) -> None:
    """A server's answers, each at once and in pieces: the same is fetched, and it has an end."""
    answers = grown(data, SPOKEN).split(BETWEEN)[:ANSWERS]
    whole = _fetched([[answer] for answer in answers], Tls.NONE)
    assert whole == _fetched([list(cut(answer)) for answer in answers], Tls.NONE)
    events, said = _fetched([list(cut(answer)) for answer in answers], Tls.STARTTLS)
    before, _, after = b"".join(said).partition(b"STLS\r\n")
    assert b"USER" not in before and b"AUTH" not in before
    assert StartTls() in events or (b"USER" not in after and b"AUTH" not in after)


def _fetched(answers: Iterable[list[bytes]], tls: Tls) -> tuple[list[Event], list[bytes]]:
    session = FetchSession(Login("anna", "pass word", tls), LARGEST, 0.0)
    events: list[Event] = []
    said: list[bytes] = []
    kept = b""
    for pieces in answers:
        for piece in pieces:
            session.receive(piece)
        while (event := session.next_event()) is not None:
            if isinstance(event, Octets):
                kept += event.block
                continue
            _check(event, kept)
            kept = b""
            events.append(event)
            if isinstance(event, StartTls):
                session.secured()
        if session.state is FetchState.READY:
            _next(session, len(said))
        said.append(session.to_send())
        if session.is_over:
            break
    session.lost()
    assert session.is_over
    return events, said


def _next(session: FetchSession, turn: int) -> None:
    """What a visit asks for, one thing after the other."""
    steps = (session.top, session.retrieve, session.delete)
    if turn > ANSWERS - 5:
        session.quit()
    else:
        steps[turn % 3](1)


def _check(event: Event, kept: bytes) -> None:
    if isinstance(event, End):
        assert (event.size, event.dotted) == (len(kept), dots_in(kept))
        assert b"\0" not in kept
        assert kept.count(b"\r") == kept.count(b"\n") == kept.count(b"\r\n")
    elif isinstance(event, Listed):
        assert set(event.names) <= set(event.sizes)
    elif isinstance(event, Failed):
        assert not {"\r", "\n", "\0"} & set(event.text)
    elif isinstance(event, Head):
        assert b"\0" not in event.octets


def signatures(data: bytes) -> None:
    """A mail with any signatures is sealed or left as it is; body hashes do not mind the cuts."""
    octets = grown(data, 20_000).replace(b"\r", b"").replace(b"\n", b"\r\n")  # as in the store
    for relaxed in (True, False):
        whole, pieces = BodyHash(relaxed), BodyHash(relaxed)
        whole.feed(octets)
        for piece in cut(octets):
            pieces.feed(piece)
        assert whole.digest() == pieces.digest()
    for ours in (True, False):
        mail = OutgoingMail("a@b.test", ("c@d.test",), len(octets), lambda: iter((octets,)))
        signed = asyncio.run(_signer().signed(mail, ours))
        out = b"".join(signed.pieces())
        assert out.endswith(octets) and len(out) == signed.size


class _AnyKey:
    """Every domain has our own key."""

    async def find(self, domain: str, selector: str) -> PublicKey:
        """As KeyFinder."""
        return key_of(_key()[1].record.encode())


@cache
def _key() -> tuple[Path, SigningKey]:
    path = Path(tempfile.mkdtemp()) / "dkim.key"
    signing_key.make(path)
    return path, signing_key.load(path)


@cache
def _signer() -> Signer:
    config = SignerConfig(_key()[0], "box.test", "box.test")
    return Signer(config, _AnyKey(), lambda: 1_790_000_000.0)  # type: ignore[arg-type]


class _Answers:
    """A DNS of a stranger: each name has this record, and leads to itself."""

    def __init__(self, record: str) -> None:
        self._record = record
        self.asked = 0

    async def texts(self, name: str) -> list[str]:
        self.asked += 1
        return [self._record]

    async def addresses(self, name: str, version: int) -> list[str]:
        self.asked += 1
        one = "192.0.2.1" if version == 4 else "2001:db8::1"
        return [] if "0" in name else [one] * 10

    async def exchangers(self, name: str) -> list[str]:
        self.asked += 1
        return [name] * (1 + len(name) % 11)

    async def pointers(self, ip: object) -> list[str]:
        self.asked += 1
        return ["far.net"] * 20


def spf(data: bytes) -> None:
    """A stranger's record: one of the seven results, and a bounded number of questions."""
    record = f"v=spf1 {grown(data, 5000).decode('ascii', 'replace')}"
    names = _Answers(record)
    ip = ip_address("192.0.2.7" if len(data) % 2 else "2001:db8::7")
    checked = Check(names, ip, "carl@far.net", "mail.far.net").of("far.net")
    try:
        checked.send(None)
    except StopIteration as found:
        assert found.value in SpfResult
    else:
        raise AssertionError("it waits for something that nobody does")
    # a term asks ten names at most, and for %{p} and ptr the host's ten names each time
    assert names.asked <= 10 * (1 + 10 + 2 * 11) + 1, names.asked
