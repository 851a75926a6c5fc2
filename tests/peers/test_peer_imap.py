"""Inboxes lie on Dovecot: what our client does there, and what it notices."""

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest

from app.imap.net.api import (
    Connection,
    Gone,
    LoginRefused,
    NotThere,
    OverQuota,
    ProtocolError,
    Server,
    SyncPoint,
    Timeouts,
    UidRange,
)
from app.imap.net.connection import connect
from tests.kit.box_keys import BoxKeys, box_keys
from tests.kit.imap_servers import LAMPS, SMALL, ImapDovecot
from tests.kit.imap_talk import pieces

PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> BoxKeys:
    return box_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def dovecot(keys: BoxKeys) -> Iterator[ImapDovecot]:
    """One for all: each test makes what it needs."""
    with ImapDovecot(keys) as running:
        yield running


def letter(subject: str, size: int = 100) -> bytes:
    head = f"Subject: {subject}\r\nMessage-ID: <{subject}@box.test>\r\nTo: anna\r\n\r\n"
    return head.encode() + b"\xc3\xa4" + b"x" * (size - len(head) - 4) + b"\r\n"


def with_connections(
    use: Callable[..., Awaitable[Any]], *servers: Server, patience_s: float = PATIENCE_S
) -> Any:
    async def run() -> Any:
        connections = [await connect(server) for server in servers]
        try:
            async with asyncio.timeout(patience_s):
                return await use(*connections)
        finally:
            for connection in connections:
                await connection.close()

    return asyncio.run(run())


async def put(connection: Connection, mailbox: str, octets: bytes, *flags: str) -> int:
    found = await connection.append(mailbox, pieces(octets, 10_000), len(octets), flags)
    assert found is not None
    return found.uid


def test_peer_imap_mail_is_put_in_found_and_fetched(dovecot: ImapDovecot) -> None:
    async def use(connection: Connection) -> None:
        await connection.create("Büro & mehr")
        await connection.create("Büro & mehr")
        assert "Büro & mehr" in await connection.list_status("*")
        large, date = letter("large", 150_000), datetime(2026, 11, 28, 21, 41, 57, tzinfo=UTC)
        found = await connection.append(
            "Büro & mehr", pieces(large), len(large), ["\\Seen", "$urgent"], date
        )
        selected = await connection.select("Büro & mehr")
        assert found is not None and found.uidvalidity == selected.uidvalidity
        assert await connection.search('HEADER Message-ID "<large@box.test>"') == [found.uid]
        assert await connection.search("UNSEEN") == []
        (facts,) = await connection.fetch_facts([found.uid, 99], ["Subject", "X-None"])
        assert facts.flags >= {"\\Seen", "$urgent"} and facts.size == len(large)
        assert facts.internal_date == date and facts.header == b"Subject: large\r\n\r\n"
        got = [piece async for piece in connection.fetch_message(found.uid)]
        assert b"".join(got) == large and max(map(len, got)) <= 65_536

    with_connections(use, dovecot.server("anna"))


def test_peer_imap_what_changed_meanwhile_is_told(dovecot: ImapDovecot) -> None:
    """By the connection that stays, and by QRESYNC to the one that comes back."""

    async def use(ours: Connection, other: Connection) -> None:
        await ours.create("Trash")
        uids = [await put(ours, "INBOX", letter(f"m{n}")) for n in range(4)]
        before = await ours.select("INBOX")
        await other.select("INBOX")
        assert await other.store(uids[:1], ["\\Seen"], unchangedsince=1) == uids[:1]
        assert await other.store(uids[:1], ["\\Seen", "$heard"]) == []
        moved = await other.move(uids[1:2], "Trash")
        assert moved is not None and list(moved.uids) == uids[1:2]
        await other.expunge(uids[2:3])
        changes = await ours.changes()
        assert [one.uid for one in changes.flags] == uids[:1]
        assert uids_of(changes.vanished) == set(uids[1:3]) and not changes.unclear
        assert before.highestmodseq is not None
        known = SyncPoint(before.uidvalidity, before.uidnext, before.highestmodseq)
        again = await ours.select("INBOX", known)
        assert again.resumed
        assert [one.flags >= {"\\Seen", "$heard"} for one in again.changed] == [True]
        assert uids_of(again.vanished) == set(uids[1:3])

    with_connections(use, dovecot.server("anna"), dovecot.server("anna", by_master=True))


def uids_of(several: Iterable[UidRange]) -> set[int]:
    return {uid for first, last in several for uid in range(first, last + 1)}


def test_peer_imap_renumbered_mailbox_is_noticed(dovecot: ImapDovecot) -> None:
    async def use(connection: Connection) -> None:
        await connection.create("Numbers")
        before = await connection.select("Numbers")
        await connection.select("INBOX")
        shutil.rmtree(dovecot.folder / "mail" / "anna" / ".Numbers")
        await connection.create("Numbers")
        known = SyncPoint(before.uidvalidity, before.uidnext, before.highestmodseq)
        after = await connection.select("Numbers", known)
        assert not after.resumed and after.uidvalidity != before.uidvalidity

    with_connections(use, dovecot.server("anna"))


def test_peer_imap_full_box_refuses_before_the_octets(dovecot: ImapDovecot) -> None:
    async def use(connection: Connection) -> None:
        with pytest.raises(OverQuota):
            await put(connection, "INBOX", letter("big", SMALL + 1))
        await put(connection, "INBOX", letter("small"))  # and the connection goes on
        with pytest.raises(NotThere):
            await put(connection, "Nowhere", letter("small"))
        with pytest.raises(NotThere):
            await connection.select("Nowhere")

    with_connections(use, dovecot.server("full"))


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_peer_imap_certificate_is_asked_for(
    dovecot: ImapDovecot, keys: BoxKeys, tls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(connection: Connection) -> None:
        assert "IDLE" in connection.capabilities

    server = dovecot.server("anna", tls=tls)
    with pytest.raises(Gone, match="certificate is not accepted"):
        with_connections(use, server)
    monkeypatch.setenv("SSL_CERT_FILE", str(keys.authority))
    with_connections(use, server)
    monkeypatch.delenv("SSL_CERT_FILE")
    pinned = {**vars(server), "fingerprint": "0" * 64}
    with pytest.raises(ProtocolError, match="certificate") as refused:
        with_connections(use, Server(**pinned))
    (found,) = [word for word in str(refused.value).replace(":", "").split() if len(word) == 64]
    assert len(bytes.fromhex(found)) == hashlib.sha256().digest_size
    with_connections(use, Server(**{**pinned, "fingerprint": found}))


def test_peer_imap_wrong_password_is_refused(dovecot: ImapDovecot) -> None:
    async def use(connection: Connection) -> None:
        raise AssertionError("nobody is let in")

    with pytest.raises(LoginRefused):
        with_connections(use, dovecot.server("anna", password="wrong"))


def test_peer_imap_idle_tells_at_once(dovecot: ImapDovecot) -> None:
    async def use(ours: Connection, other: Connection) -> None:
        await ours.create("Idle")
        before = await ours.select("Idle")
        async with aclosing(ours.watch(["Idle"])) as events:
            await anext(events)
            uid = await put(other, "Idle", letter("new"))
            await anext(events)
        assert (await ours.changes()).exists == before.exists + 1
        assert await ours.search("UNSEEN") == [uid]

    # a beat that never comes: what is told comes by itself
    slow = Timeouts(beat_s=600)
    with_connections(use, dovecot.server("ben", timeouts=slow), dovecot.server("ben"))


def test_peer_imap_many_inboxes_are_watched_on_one_connection(dovecot: ImapDovecot) -> None:
    """Also cleo's, which is not there before its first mail, and what NOTIFY does not tell."""

    async def use(lamps: Connection, *people: Connection) -> None:
        await put(people[0], "INBOX", letter("there"))
        boxes = ["user/anna/INBOX", "user/ben/INBOX", "user/cleo/INBOX"]
        assert "user/anna" in await lamps.list_status("*")
        async with aclosing(lamps.watch(boxes)) as events:
            begun = {event.mailbox: event.status for event in [await anext(events) for _ in boxes]}
            assert begun[boxes[0]] is not None and begun[boxes[2]] is None
            for connection, box in zip(people * 2, boxes * 2, strict=True):
                await put(connection, "INBOX", letter("new"))
                event = await anext(events)
                while event.mailbox != box:  # more of the one before
                    event = await anext(events)
                assert event.status is not None and event.status.unseen

    server = dovecot.server(LAMPS, timeouts=Timeouts(look_s=0.1))
    with_connections(use, server, *map(dovecot.server, ("anna", "ben", "cleo")))


@pytest.mark.parametrize("boxes", [["INBOX"], ["user/anna/INBOX", "user/ben/INBOX"]])
def test_peer_imap_server_that_hangs_is_noticed(dovecot: ImapDovecot, boxes: list[str]) -> None:
    async def use(connection: Connection) -> None:
        stopped: list[int] = []
        try:
            async with aclosing(connection.watch(boxes)) as events:
                for _ in boxes:
                    await anext(events)
                stopped += processes(dovecot, "imap")
                for pid in stopped:
                    os.kill(pid, signal.SIGSTOP)
                with pytest.raises(Gone, match="silent"):
                    await anext(events)
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)

    with_connections(use, dovecot.server(LAMPS, timeouts=Timeouts(beat_s=0.3)))


def processes(dovecot: ImapDovecot, name: str) -> list[int]:
    found = subprocess.run(
        ["pgrep", "-P", str(dovecot._process.pid), "-x", name], capture_output=True, text=True
    )
    return [int(pid) for pid in found.stdout.split()]


def test_peer_imap_server_that_is_killed_is_gone(dovecot: ImapDovecot) -> None:
    """In the middle of a message; afterwards the mail is not there, or there once."""

    async def use(connection: Connection) -> None:
        octets = letter("killed", 500_000)

        async def until_it_dies() -> Any:
            async for piece in pieces(octets, 50_000):
                yield piece
                for pid in processes(dovecot, "imap"):
                    os.kill(pid, signal.SIGKILL)

        with pytest.raises(Gone):
            await connection.append("INBOX", until_it_dies(), len(octets))
        with pytest.raises(Gone):
            await connection.create("Trash")

    async def look(connection: Connection) -> list[int]:
        await connection.select("INBOX")
        return await connection.search('HEADER Message-ID "<killed@box.test>"')

    with_connections(use, dovecot.server("ben"))
    assert with_connections(look, dovecot.server("ben")) == []
