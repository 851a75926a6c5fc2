"""What a broken or hostile mail client sends to `python -m app mail`, over real sockets.

It hears why not, loses only what it sent itself, and the next client is served.
"""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.inbox.store import CHUNK
from tests.kit.kill_load import WAIT_S, fetch, write_letter
from tests.kit.killing import PASSWORD, House, MailProcess
from tests.kit.running import until

TEN_MB = b"x" * 10_000_000
GROWTH_KB = 25_000
"""What one client may cost at most; ten megabytes twice would be more, if they were kept."""
ENVELOPE = b"EHLO client.test\r\nMAIL FROM:<carol@y.test>\r\nRCPT TO:<anna>\r\nDATA\r\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("bad") / "var")
    house.furnish(["anna"])
    return house


@pytest.fixture(scope="module")
def service(house: House) -> Iterator[MailProcess]:
    with house.mail() as service:
        yield service
        assert "Traceback" not in service.log()
        assert service.terminate() == 0
    house.check_store()


@pytest.fixture
def mail(service: MailProcess) -> Iterator[MailProcess]:
    """The service with an empty box; afterwards it lives and has not grown."""
    empty(service)
    before = resident_kb(service)
    yield service
    assert service.process.poll() is None, service.log()
    assert resident_kb(service) - before < GROWTH_KB


def resident_kb(service: MailProcess) -> int:
    """The most memory that the service has ever had, in kB."""
    for line in Path(f"/proc/{service.process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise AssertionError("no VmHWM")


class Line:
    """A client that says octets, and reads the answers as they come."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), WAIT_S)
        self._answers = self._socket.makefile("rb")
        self.hear()

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self._socket.close()

    def say(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def hear(self) -> bytes:
        """The next answer; of an SMTP answer of several lines, the last one."""
        while (line := self._answers.readline())[3:4] == b"-" and line[:3].isdigit():
            continue
        return line

    def ask(self, octets: bytes) -> bytes:
        self.say(octets)
        return self.hear()

    def data(self) -> None:
        """Everything up to the text of a mail."""
        for command in ENVELOPE.splitlines(keepends=True):
            assert self.ask(command)[:1] in b"23"

    def send(self, text: bytes) -> bytes:
        """The answer to a mail of this text."""
        self.data()
        return self.ask(text)


def log_in(line: Line) -> None:
    """As anna, at POP3."""
    line.ask(b"USER anna\r\n")
    said = line.ask(b"PASS %s\r\n" % PASSWORD.encode())
    assert said[:3] == b"+OK", said


def empty(service: MailProcess) -> None:
    """Delete all that anna has."""
    with Line(service.pop3) as line:
        log_in(line)
        count = int(line.ask(b"STAT\r\n").split()[1])
        for number in range(1, count + 1):
            assert line.ask(b"DELE %d\r\n" % number)[:3] == b"+OK"
        assert line.ask(b"QUIT\r\n")[:3] == b"+OK"


def retrieved(service: MailProcess) -> list[bytes]:
    """All that anna has, as RETR sends it; poplib refuses long lines."""
    texts = []
    with Line(service.pop3) as line:
        log_in(line)
        count = int(line.ask(b"STAT\r\n").split()[1])
        line.say(b"".join(b"RETR %d\r\n" % n for n in range(1, count + 1)) + b"QUIT\r\n")
        for _ in range(count):
            assert line.hear()[:3] == b"+OK"
            lines = []
            while (text := line.hear()) != b".\r\n":
                lines.append(text.removeprefix(b".") if text.startswith(b"..") else text)
            texts.append(b"".join(lines))
    return texts


def contents(house: House) -> int:
    """How many messages, whole or not, lie in the store; the bin counts."""
    inbox = house.inbox()
    try:
        row = inbox.db.reader().execute("SELECT count(*) FROM content").fetchone()
        return int(row[0])
    finally:
        inbox.db.close()


# ---- commands


def test_an_smtp_command_of_10_mb_is_refused_and_the_session_goes_on(mail: MailProcess) -> None:
    with Line(mail.smtp) as line:
        assert line.ask(TEN_MB + b"\r\n").startswith(b"500 5.5.2 Line too long")
        assert line.ask(b"NOOP\r\n").startswith(b"250 ")


def test_a_pop3_command_of_10_mb_is_refused_and_the_session_goes_on(mail: MailProcess) -> None:
    with Line(mail.pop3) as line:
        log_in(line)
        assert line.ask(TEN_MB + b"\r\n").startswith(b"-ERR line too long")
        assert line.ask(b"NOOP\r\n").startswith(b"+OK")


def test_a_pop3_command_of_10_mb_before_the_login_ends_that_session_only(mail: MailProcess) -> None:
    with Line(mail.pop3) as line, Line(mail.pop3) as other:
        with pytest.raises(ConnectionError):
            for _ in range(10):  # what the kernel takes before it knows of the end is not told
                line.say(TEN_MB)
        log_in(other)


def test_a_command_that_never_ends_costs_no_memory(mail: MailProcess) -> None:
    with Line(mail.smtp) as smtp, Line(mail.pop3) as pop3:
        log_in(pop3)
        smtp.say(TEN_MB)
        pop3.say(TEN_MB)
        assert smtp.hear().startswith(b"500 ")
        assert pop3.hear().startswith(b"-ERR")


def test_a_nul_in_a_command_is_refused(mail: MailProcess) -> None:
    with Line(mail.smtp) as line:
        assert line.ask(b"EH\0LO x\r\n").startswith(b"500 5.5.2 ")
        assert line.ask(b"MAIL FROM:<a\0b@y.test>\r\n").startswith(b"500 5.5.2 ")
        assert line.ask(b"EHLO x\r\n").startswith(b"250 ")
    with Line(mail.pop3) as line:
        assert line.ask(b"US\0ER anna\r\n").startswith(b"-ERR")
        assert line.ask(b"USER anna\0root\r\n").startswith(b"-ERR")
        assert line.ask(b"USER anna\r\n").startswith(b"+OK")


# ---- mails


def test_a_mail_with_a_nul_is_refused_and_nothing_of_it_is_stored(
    house: House, mail: MailProcess
) -> None:
    before = contents(house)
    with Line(mail.smtp) as line:
        text = b"x" * 70 + b"\r\n"
        big = text * (2 * CHUNK // len(text))  # so much that its beginning is on the disk already
        assert line.send(b"Subject: x\r\n\r\n" + big + b"a\0b\r\n.\r\n").startswith(b"550 5.6.0 ")
        assert line.ask(b"NOOP\r\n").startswith(b"250 ")
    assert retrieved(mail) == []
    until(lambda: contents(house) == before)


def test_a_text_line_of_10_mb_is_broken_into_lines_that_clients_can_read(mail: MailProcess) -> None:
    text = b"Subject: long\r\n\r\n" + TEN_MB + b"\r\n"
    with Line(mail.smtp) as line:
        assert line.send(text + b".\r\n").startswith(b"250 2.0.0 Accepted")
    (octets,) = retrieved(mail)
    assert max(map(len, octets.splitlines())) <= 2000, "poplib reads no line over 2,048 octets"
    assert octets.replace(b"\r\n ", b"").endswith(text), "octets are missing"


@pytest.mark.parametrize("size", [100, 2 * CHUNK + 100])
def test_of_a_client_that_drops_in_mid_data_nothing_is_stored(
    house: House, mail: MailProcess, size: int
) -> None:
    before = contents(house)
    with Line(mail.smtp) as line:
        line.data()
        line.say(write_letter("9-9", size, ("anna",)).octets)
        if size > CHUNK:
            until(lambda: contents(house) == before + 1)  # it has begun, and nobody sees it
            assert retrieved(mail) == []
    with Line(mail.smtp) as other:  # what comes next, comes after the drop
        assert other.send(b"Subject: next\r\n\r\n.\r\n").startswith(b"250 2.0.0 Accepted")
    until(lambda: contents(house) == before + 1)
    (octets,) = retrieved(mail)
    assert b"Subject: next" in octets


def test_a_client_that_drops_after_the_dot_of_another_mail_keeps_that_one(
    mail: MailProcess,
) -> None:
    first, second = write_letter("9-1", 500, ("anna",)), write_letter("9-2", 500, ("anna",))
    with Line(mail.smtp) as line:
        assert line.send(first.octets.replace(b"\r\n.", b"\r\n..") + b".\r\n")[:4] == b"250 "
        line.data()
        line.say(second.octets)
    (octets,) = fetch(mail, "anna")
    assert octets.endswith(first.octets)


@pytest.mark.parametrize(
    "text", [b"just words, no header\r\n", b"\r\nonly a body\r\n", b"", b"\xff\xfe\x80 \x01\r\n"]
)
def test_a_mail_without_a_header_is_stored_and_can_be_fetched(
    mail: MailProcess, text: bytes
) -> None:
    with Line(mail.smtp) as line:
        assert line.send(text + b".\r\n").startswith(b"250 2.0.0 Accepted")
    (octets,) = fetch(mail, "anna")
    head, _, body = octets.partition(b"\r\n\r\n")
    assert body == text.removeprefix(b"\r\n")  # what was sent has not become part of the header
    assert b"Return-Path: <carol@y.test>" in head and b"\r\nReceived: " in head
