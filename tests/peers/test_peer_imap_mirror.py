"""The inbox on Debian's Dovecot, and on its Cyrus: what a mail program does there is done here.

And the reverse. The mail program is Python's imaplib (tests/kit/imap_program.py).
"""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.clock import SystemClock
from app.imap.mirror import plan
from app.imap.mirror.config import Folders, ImapConfig
from app.imap.mirror.person import Parts, PersonInbox
from app.imap.net.api import Gone, ImapError, Timeouts
from app.imap.net.connection import connect
from app.inbox.account_passwords import BoxAccount
from app.inbox.entries import Entry, EntryState, Facts, Kind
from app.inbox.mirror import Mirror
from tests.kit.box_keys import BoxKeys, box_keys
from tests.kit.cyrus import Cyrus, missing
from tests.kit.dovecot import PASSWORD
from tests.kit.imap_program import MailProgram
from tests.kit.imap_servers import MASTER, ImapDovecot
from tests.kit.mail_box import MailBox
from tests.kit.store import open_store

WITHIN_S = 30.0  # of a machine that has much else to do; figures are in docs/imap.md
VOICE = (
    b"From: Marta <5551234@box.test>\r\nSubject: Voicemail %d\r\n"
    b"Message-ID: <voice-%d@box.test>\r\n"
    b"Message-Context: voice-message\r\n\r\nhello\r\n"
)
MAIL = (
    b"From: Carl <c@far.test>\r\nSubject: Lunch\r\nMessage-ID: <mail-%d@far.test>\r\n\r\nNoon?\r\n"
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> BoxKeys:
    return box_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(params=["Dovecot", "Cyrus"])
def server(
    request: pytest.FixtureRequest, keys: BoxKeys, tmp_path: Path
) -> Iterator[ImapDovecot | Cyrus]:
    if request.param == "Dovecot":
        with ImapDovecot(keys) as server:
            yield server
    else:
        if why := missing():
            pytest.skip(why)
        (tmp_path / "cyrus").mkdir()
        with Cyrus(tmp_path / "cyrus") as cyrus:
            yield cyrus


def program_of(server: ImapDovecot | Cyrus) -> MailProgram:
    return MailProgram(server.ports["imap"], "anna", PASSWORD)


def until(holds: Callable[[], object]) -> float:
    """Wait until something holds; how long that took, in seconds."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < WITHIN_S, "it does not come"
        threading.Event().wait(0.02)
    return time.monotonic() - begun


def imap_config(server: ImapDovecot | Cyrus) -> ImapConfig:
    account = BoxAccount("imap", MASTER, "127.0.0.1")
    return ImapConfig("127.0.0.1", server.ports["imap"], "none", account, "{login}")


def voicemail(box: MailBox, number: int) -> Entry:
    facts = Facts(box.clock.now(), "Marta", "Voicemail", "5551234", "Marta", 5, "phone", "line1")
    octets = VOICE % (number, number)

    def work(tx):  # type: ignore[no-untyped-def]  # a Tx in, an id out
        content = box.store.contents.write(tx, (octets,))
        parts = (box.people.by_login("anna").id, content, b"")  # type: ignore[union-attr]
        return box.store.add_entry(tx, *parts, Kind.VOICEMAIL, EntryState.NEW, facts)

    return box.store.need(box.db.now(work))


@pytest.fixture
def box(tmp_path: Path, server: ImapDovecot | Cyrus) -> Iterator[MailBox]:
    key = tmp_path / "key"
    key.write_bytes(bytes(32))
    config = imap_config(server)
    box = MailBox(tmp_path, SystemClock(), imap=config, account_key=str(key))
    for login in ("bob", "carl"):  # who have no mailboxes there
        person = box.people.by_login(login)
        assert person is not None
        box.db.now(lambda tx, number=person.id: box.people.remove(tx, number))  # type: ignore[misc]
    with box:
        box.keep_password(config.account, PASSWORD)
        yield box


def test_the_inbox_is_one_whoever_looks_at_it(box: MailBox, server: ImapDovecot | Cyrus) -> None:
    assert (box.ports.pop3, box.ports.smtp) == (0, 0), "mail programs go to Dovecot"
    until(lambda: box.service.status()["imap"]["connected"])
    with program_of(server) as program:
        entry, other = voicemail(box, 1), voicemail(box, 2)
        until(lambda: len(program.uids()) == 2)
        first, second = program.uids()
        assert program.octets(first) == box.octets(entry)
        program.mark(first, "\\Seen")
        until(lambda: box.store.need(entry.id).state is EntryState.HEARD)
        program.delete(second)
        until(lambda: box.store.need(other.id).state is EntryState.BIN)
        program.deliver(MAIL % 1)
        until(lambda: len(box.inbox("anna")) == 2)
        mail = box.inbox("anna")[1]
        assert (mail.state, mail.subject, box.octets(mail)) == (EntryState.NEW, "Lunch", MAIL % 1)
        box.db.now(lambda tx: box.store.mark(tx, [mail.id], saved=True, door="phone", by="anna"))
        until(lambda: {b"\\Seen", b"$Saved"} <= program.flags(program.uids()[-1]))
        box.db.now(lambda tx: box.store.remove(tx, [entry.id], "phone", "anna"))
        until(lambda: program.uids("Trash"))
        assert program.octets(program.uids("Trash")[0]) == box.octets(entry)
        box.db.now(lambda tx: box.store.restore(tx, [entry.id], "phone", "anna"))
        until(lambda: not program.uids("Trash") and len(program.uids()) == 2)


def test_a_server_that_is_away_gets_everything_when_it_is_back(
    box: MailBox, server: ImapDovecot | Cyrus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "LONGEST_S", 0.2)
    mirror, anna = Mirror(box.db), box.people.by_login("anna").id  # type: ignore[union-attr]
    until(lambda: mirror.account(anna).ok_at)
    server.kill()  # stopped, Dovecot's sessions live on for 14 s
    until(lambda: mirror.account(anna).error)
    entries = [voicemail(box, number) for number in range(5)]
    box.db.now(lambda tx: box.store.mark(tx, [entries[0].id], door="phone", by="anna"))
    box.db.now(lambda tx: box.store.remove(tx, [entries[1].id], "phone", "anna"))
    server.start()
    until(lambda: not mirror.waiting().get(anna))
    with program_of(server) as program:
        ids = sorted(re.findall(rb"voice-\d", b"".join(map(program.octets, program.uids()))))
        assert ids == [b"voice-0", b"voice-2", b"voice-3", b"voice-4"]
        assert program.flags(min(program.uids())) >= {b"\\Seen"}
    until(lambda: not mirror.account(anna).error)


class Cut:
    """A relay to the server that breaks off after so many octets of the client's."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.after = 1 << 30
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self) -> int:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", self._port)
        back = asyncio.create_task(self._pass(there[0], writer, 1 << 30))
        await self._pass(reader, there[1], self.after)
        there[1].close()
        writer.close()
        await back

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int
    ) -> None:
        while most and (octets := await reader.read(min(most, 65_536))):
            most -= len(octets)
            writer.write(octets)
            try:
                await writer.drain()
            except ConnectionError:
                return

    def close(self) -> None:
        self._server.close()


def test_wherever_the_connection_is_cut_a_voicemail_arrives_once(
    tmp_path: Path, server: ImapDovecot | Cyrus
) -> None:
    kit = open_store(tmp_path)
    mirror = Mirror(kit.db)
    kit.db.now(lambda tx: mirror.switch(tx, True))
    parts = Parts(kit.db, kit.store, mirror, Folders(), "box.test")

    async def once(port: int) -> None:
        there = replace(server.server("anna"), port=port, timeouts=Timeouts(answer_s=5.0))
        connection = await connect(there)
        try:
            inbox = PersonInbox(parts, kit.person("anna"), connection)
            await inbox.open()
            await inbox.tell()
        finally:
            await connection.close()

    async def everywhere() -> int:
        cut = Cut(server.ports["imap"])
        port = await cut.open()
        number, cuts = 0, 0
        for number, after in enumerate(range(40, 1600, 80)):
            kit.put("anna", VOICE % (number, number) + b"x" * 500 + b"\r\n", Kind.VOICEMAIL)
            cut.after = after
            try:
                await once(port)
            except ImapError as problem:
                assert isinstance(problem, Gone), problem
                cuts += 1
            cut.after = 1 << 30
            await once(port)
        cut.close()
        return cuts

    cuts = asyncio.run(everywhere())
    assert cuts > 8 and mirror.waiting() == {}
    with program_of(server) as program:
        found = [re.search(rb"voice-\d+", program.octets(uid)) for uid in program.uids()]
    assert sorted(one[0] for one in found if one) == sorted(b"voice-%d" % n for n in range(20))
    assert len(kit.inbox("anna")) == 20
    kit.close()
