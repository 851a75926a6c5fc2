"""Clients that others wrote fetch from a real server over a real store: poplib, curl, fetchmail."""

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.pop3_house import Pop3House, pop3_house

HEADER = b"From: x@example.com\r\nTo: anna@box\r\nSubject: s\r\nMessage-ID: <1@example.com>\r\n"
OCTETS = bytes(octet for octet in range(1, 256) if octet not in b"\r\n")
MESSAGES = {
    "plain": HEADER + b"\r\nhello\r\n",
    "dots": HEADER + b"\r\n.\r\n..\r\n.hidden\r\nend.\r\n.\r\n",
    "8 bit": HEADER + b"\r\n" + OCTETS + b"\r\n",
    "no body": HEADER + b"\r\n",
    "5 MB": HEADER + b"\r\n" + b"".join(b"%075d\r\n" % n for n in range(68_000)),
    "5 MB of dots": HEADER + b"\r\n" + b"".join(b".%074d\r\n" % n for n in range(68_000)),
}
EMPTY = {"empty": b""}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Pop3House]:
    with pop3_house(tmp_path / "store") as running:
        yield running


def fill(house: Pop3House, messages: dict[str, bytes]) -> int:
    """Anna's inbox with these messages; returns her id."""
    anna = house.add("anna", "201", password="pass-word-9")
    for octets in messages.values():
        house.deliver(anna, octets)
    return anna


def run(*command: str, within: float = 60) -> subprocess.CompletedProcess[bytes]:
    """Run a program; it must succeed."""
    done = subprocess.run(command, capture_output=True, timeout=within)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done


def digest(octets: bytes) -> str:
    """Short to compare and to read when it differs."""
    return f"{len(octets)} octets, {hashlib.sha256(octets).hexdigest()[:16]}"


def test_poplib(house: Pop3House) -> None:
    messages = MESSAGES | EMPTY
    anna = fill(house, messages)
    client = house.logged_in(password="pass-word-9")
    assert client.stat() == (7, sum(map(len, messages.values())))
    assert [int(line.split()[1]) for line in client.list()[1]] == list(map(len, messages.values()))
    assert len({line.split()[1] for line in client.uidl()[1]}) == 7
    for number, octets in enumerate(messages.values(), 1):
        answer, lines, _ = client.retr(number)
        assert answer == b"+OK %d octets" % len(octets)
        assert digest(b"".join(line + b"\r\n" for line in lines)) == digest(octets)
    assert client.top(2, 2)[1][-2:] == [b".", b".."]
    assert "PIPELINING" in client.capa()
    client.dele(1)
    client.quit()
    assert len(house.inbox(anna)) == 6


def test_curl(house: Pop3House) -> None:
    messages = MESSAGES  # for a message of 0 octets curl itself makes up an empty line
    fill(house, messages)
    box = f"pop3://127.0.0.1:{house.port}/"
    login = ("-sS", "--user", "anna:pass-word-9", "--max-time", "30")
    listing = run("curl", *login, box).stdout
    assert listing == b"".join(
        b"%d %d\r\n" % (n, len(octets)) for n, octets in enumerate(messages.values(), 1)
    )
    for number, octets in enumerate(messages.values(), 1):
        got = run("curl", *login, f"{box}{number}").stdout
        assert digest(got) == digest(octets)
    run("curl", *login, "--request", "DELE 3", "--head", box)
    assert len(run("curl", *login, "--request", "UIDL", box).stdout.splitlines()) == 5
    refused = subprocess.run(
        ["curl", *login, f"{box}99"], capture_output=True, timeout=60, check=False
    )
    assert refused.returncode != 0


def test_fetchmail(house: Pop3House, tmp_path: Path) -> None:
    anna = fill(house, MESSAGES)
    mails = tmp_path / "mails"
    mails.mkdir()
    takes = tmp_path / "take"
    takes.write_text(f'#!/bin/sh\nexec cat > "$(mktemp {mails}/$(date +%s%N)-XXXX)"\n')
    takes.chmod(0o700)
    settings = tmp_path / "fetchmailrc"
    settings.write_text(
        f"poll 127.0.0.1 service {house.port} protocol pop3 timeout 30\n"
        f'  user "anna" password "pass-word-9" sslproto "" mda "{takes}"\n'
        "  no rewrite no stripcr no mimedecode fetchall\n"
        "set invisible\n"
    )
    settings.chmod(0o600)
    run("fetchmail", "-f", str(settings), "--pidfile", str(tmp_path / "pid"), "--nosyslog")
    got = [path.read_bytes() for path in sorted(mails.iterdir())]
    assert [digest(octets) for octets in got] == [digest(octets) for octets in MESSAGES.values()]
    assert house.inbox(anna) == []
