"""`python -m app phone` over a store that cannot be opened: the lines come up all the same."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.config.paths import PROJECT
from app.inbox.entries import Kind
from app.operations.running import phone_status
from tests.kit.killing import House
from tests.kit.running import Running, processes_of, until
from tests.kit.voicemail import PACKS

WITHIN_S = 60
WORDS = PACKS / "en_US_f_Allison" / "vm-incorrect-mailbox.wav"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "var")
    house.furnish(["anna"], "[phone]\nring_seconds = 4\n")
    yield house
    assert processes_of(house.var) == []


@contextmanager
def service(house: House, name: str) -> Iterator[Path]:
    """A service of this house that is ready; its log. It is ended by its id."""
    told, ready = os.pipe()
    log = house.var.parent / f"{name}.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", name, "--ready-fd", str(ready)],
            cwd=PROJECT,
            env={**os.environ, "SWITCHHOOK_VAR": str(house.var)},
            pass_fds=[ready],
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
        )
    os.close(ready)
    try:
        assert os.read(told, 1) == b"\n", f"{name} has ended: {log.read_text()[-2000:]}"
        yield log
    finally:
        os.close(told)
        process.send_signal(signal.SIGTERM)
        process.wait(WITHIN_S)


@pytest.mark.parametrize("harm", ["damaged", pytest.param("missing", marks=pytest.mark.soak)])
def test_appliance_starts_without_a_store_and_says_what_to_do(house: House, harm: str) -> None:
    """Telephones need no store: a start that is refused would take them away as well."""
    store = house.paths.database
    with Running(house) as box:
        until(lambda: house.paths.known.exists())
        assert f"POP3 by TLS {box.ports()['pop3s']}, " in "\n".join(box.screen)
        assert _greeting_by_tls(house).startswith(b"+OK box.test POP3")
    kept = store.read_bytes()
    for path in store.parent.glob("inbox.db*"):
        path.unlink()
    if harm == "damaged":
        store.write_bytes(b"not a store " * 1000)
    with Running(house) as box:
        screen = "\n".join(box.screen)
        assert "ATTENTION" in screen and "Telephones work" in screen
        assert ("cannot be opened" if harm == "damaged" else "is gone") in screen
        assert "app inbox repair" in screen
        box.board("ring line1 from 5551234", "wait-for line1 beep")
        box.board(f"say line1 {WORDS}", "hangup line1")
        until(lambda: house.paths.spooled())
        greeting = _greeting(house)
        assert greeting.startswith(b"-ERR [SYS/TEMP] the store of messages is " + harm.encode())
        assert _greeting_by_tls(house) == greeting
    assert store.exists() is (harm == "damaged"), "an empty store was made"
    store.write_bytes(kept)
    store.with_name("inbox.db.damage").unlink(missing_ok=True)
    with Running(house):
        until(lambda: not house.paths.spooled())
    box_again = house.inbox()
    anna = box_again.people.by_login("anna")
    assert anna is not None
    assert len(box_again.store.entries(anna.id, kinds=[Kind.VOICEMAIL])) == 1
    box_again.db.close()


def _greeting(house: House) -> bytes:
    port = int(json.loads(house.paths.mail_ports.read_text())["pop3"])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as talk:
        return bytes(talk.recv(1000))


def _greeting_by_tls(house: House) -> bytes:
    """What a client is told that knows this box's authority, and checks the name."""
    port = int(json.loads(house.paths.mail_ports.read_text())["pop3s"])
    context = ssl.create_default_context(cafile=house.paths.keys / "ca.crt")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        return bytes(context.wrap_socket(plain, server_hostname="localhost").recv(1000))


@pytest.mark.parametrize("harm", ["damaged", "a folder", "its folder is a file"])
def test_phone_comes_up_without_a_store_and_says_why(house: House, harm: str) -> None:
    store = house.paths.database
    if harm == "damaged":
        store.write_bytes(b"not a store " * 1000)
    else:
        for path in store.parent.glob("inbox.db*"):
            path.unlink()
        if harm == "a folder":
            store.mkdir()
        else:
            store.parent.rename(house.var / "away")
            store.parent.write_text("no folder")
    with service(house, "box"), service(house, "phone") as log:
        lines = until(lambda: phone_status(house.paths)["lines"])
        assert lines["101"]["state"] == "on hook" and lines["line1"]["state"] == "idle"
        until(lambda: "the store cannot be used" in log.read_text())
    assert "Traceback" not in log.read_text()
