"""Mail while the store cannot be opened: everybody hears why, within the limits of the service."""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from app.core.clock import ManualClock
from app.mail.closed import HANDSHAKE_S, ClosedMail
from app.mail.service import MailService
from app.net.listener import ListenError
from app.store.condition import StoreCondition
from app.store.database import Database
from tests.kit.box_keys import box_keys
from tests.kit.defaults import mail_config

POP3, SMTP = b"-ERR [SYS/TEMP] ", b"421 4.3.0 "


def closed(folder: Path, **changes: Any) -> tuple[ClosedMail, ManualClock, list[str]]:
    clock, repaired = ManualClock(), list[str]()
    config = mail_config(**changes)
    condition = StoreCondition(folder / "inbox.db")
    return ClosedMail(config, condition, lambda: repaired.append("now"), clock), clock, repaired


async def said(port: int, tls: ssl.SSLContext | None = None) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


@pytest.mark.parametrize("harm", ["damaged", "missing"])
def test_both_ports_say_what_is_wrong(tmp_path: Path, harm: str) -> None:
    async def talk() -> tuple[bytes, bytes]:
        mail, _, repaired = closed(tmp_path)
        ports = await mail.start()
        answers = await said(ports.pop3), await said(ports.smtp)
        assert repaired == [] and mail.status()["listening"]
        await mail.stop()
        return answers

    if harm == "damaged":
        (tmp_path / "inbox.db").write_bytes(b"pages")
        StoreCondition(tmp_path / "inbox.db").note("page 1 is bad")
    pop3, smtp = asyncio.run(talk())
    assert pop3.startswith(POP3 + b"the store of messages is " + harm.encode())
    assert smtp.startswith(SMTP + b"The store here is " + harm.encode())


def test_ports_of_tls_say_it_too_and_a_handshake_has_its_time(tmp_path: Path) -> None:
    keys = box_keys(tmp_path / "keys")

    async def talk() -> None:
        mail, clock, _ = closed(tmp_path, certificate=keys.files)
        ports = await mail.start()
        assert (await said(ports.pop3s, keys.client())).startswith(POP3)
        assert (await said(ports.submissions, keys.client())).startswith(SMTP)
        reader, writer = await asyncio.open_connection("127.0.0.1", ports.pop3s)
        while not mail.status()["connections"]:
            await asyncio.sleep(0)
        clock.advance(HANDSHAKE_S - 1)
        mail.tick()
        assert mail.status()["connections"] == 1
        clock.advance(1)
        mail.tick()
        assert await reader.read() == b"", "nothing is said in plain text"
        writer.close()
        await mail.stop()

    asyncio.run(talk())


def test_store_that_is_there_again_ends_the_wait(tmp_path: Path) -> None:
    async def start() -> list[str]:
        mail, _, repaired = closed(tmp_path)
        await mail.start()
        await mail.stop()
        return repaired

    assert asyncio.run(start()) == []
    (tmp_path / "inbox.db").write_bytes(b"a store")
    assert asyncio.run(start()) == ["now"]


def test_peers_that_keep_their_end_open_hold_nothing_here(tmp_path: Path) -> None:
    async def hold() -> int:
        mail, _, _ = closed(tmp_path)
        ports = await mail.start()
        held = [await asyncio.open_connection("127.0.0.1", ports.smtp) for _ in range(20)]
        for reader, _ in held:
            assert (await reader.read()).startswith(SMTP)
        open_here = int(mail.status()["connections"])
        for _, writer in held:
            writer.close()
        await mail.stop()
        return open_here

    assert asyncio.run(hold()) == 0


def test_port_that_is_taken_is_named_with_its_setting(tmp_path: Path) -> None:
    async def start(port: int) -> None:
        await closed(tmp_path, smtp_port=port)[0].start()

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ListenError, match=r"mail\.smtp_port"):
            asyncio.run(start(taken.getsockname()[1]))


def test_mail_that_runs_ends_when_its_store_is_moved_away(tmp_path: Path) -> None:
    """What it took from then on would be in a file that nobody looks into."""

    async def run() -> None:
        db, gone = Database(tmp_path / "store" / "inbox.db"), asyncio.Event()
        mail = MailService(db, mail_config(), on_gone=gone.set)
        await mail.start()
        assert not gone.is_set()
        (tmp_path / "store").rename(tmp_path / "elsewhere")
        await asyncio.wait_for(gone.wait(), 20)
        await mail.stop()
        db.close()

    asyncio.run(run())
