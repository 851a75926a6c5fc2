"""Mail clients that load a service until it dies, and the books of what it has promised them."""

import base64
import poplib
import random
import re
import smtplib
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import cast

import pytest

from tests.kit.killing import PASSWORD, MailProcess

WAIT_S = 60.0
SIZES = (2_000,) * 14 + (60_000,) * 4 + (600_000,) * 2
"""Octets of a letter, drawn like this: small, larger, and larger than two chunks of the store."""
_OURS = re.compile(rb"(Return-Path|Delivered-To|Received): .*(\r\n[ \t].*)*\r\n")
_NUMBER = re.compile(rb"^Subject: letter ([0-9-]+)\r$", re.MULTILINE)


class Fate(Enum):
    """What the sender of a letter knows."""

    UNKNOWN = "the connection broke before the answer"
    ACKNOWLEDGED = "250"
    REFUSED = "an answer of 4xx"


@dataclass
class Letter:
    """One mail as it was sent."""

    number: str
    octets: bytes
    people: tuple[str, ...]
    fate: Fate = Fate.UNKNOWN


def write_letter(number: str, size: int, people: tuple[str, ...]) -> Letter:
    """A mail of about `size` octets that is like no other, some of its lines with leading dots."""
    dice = random.Random(number)
    text = base64.encodebytes(dice.randbytes(max(1, size * 57 // 78)))
    lines = (b"." * dice.choice((0, 0, 0, 1, 2)) + line for line in text.splitlines())
    head = (
        f"From: Carol <carol@y.test>\r\nTo: {', '.join(people)}\r\nSubject: letter {number}\r\n"
        f"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\nMessage-ID: <{number}@y.test>\r\n\r\n"
    )
    return Letter(number, head.encode() + b"\r\n".join(lines) + b"\r\n", people)


@dataclass
class Figures:
    """What came of a run, or of many."""

    runs: int = 0
    acknowledged: int = 0
    refused: int = 0
    unknown: int = 0
    kept: int = 0
    """Unacknowledged, and there all the same: once each."""

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            *(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True))
        )


class Tally:
    """The figures of all runs, by kind."""

    def __init__(self) -> None:
        self.sums: dict[str, Figures] = {}

    def add(self, kind: str, figures: Figures) -> None:
        """Count a run in which everything was as it should be."""
        self.sums[kind] = self.sums.get(kind, Figures()) + figures

    def lines(self) -> list[str]:
        """For the terminal."""
        return [f"{kind}: {sum_}; none lost, none doubled" for kind, sum_ in self.sums.items()]


def told_at_the_end(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """The body of a fixture: a tally whose sums are printed past pytest's capture."""
    figures = Tally()
    yield figures
    manager = request.config.pluginmanager
    terminal, capture = manager.get_plugin("terminalreporter"), manager.get_plugin("capturemanager")
    if terminal is not None and capture is not None:
        with capture.global_and_fixture_disabled():
            for line in figures.lines():
                terminal.write_line(f"\n{line}")


class Books:
    """Every letter that was sent, and what was heard of it."""

    def __init__(self) -> None:
        self.letters: dict[str, Letter] = {}

    def with_fate(self, fate: Fate) -> list[Letter]:
        """The letters whose sender knows this."""
        return [letter for letter in self.letters.values() if letter.fate is fate]

    def check(self, boxes: dict[str, list[bytes]], refused_may_be_there: bool = True) -> Figures:
        """Compare with what everybody has fetched; AssertionError names the letter.

        Acknowledged: there exactly once for everyone it was for. Otherwise: once or not at all, and
        for all or none. Every one octet by octet as it was sent.
        """
        seen: Counter[tuple[str, str]] = Counter()
        for login, fetched in boxes.items():
            for octets in fetched:
                seen[login, self._recognized(octets)] += 1
        kept = 0
        for letter in self.letters.values():
            copies = {seen.pop((login, letter.number), 0) for login in letter.people}
            there = copies == {1}
            told = f"letter {letter.number} for {letter.people}: {letter.fate}, copies {copies}"
            assert there or (copies == {0} and letter.fate is not Fate.ACKNOWLEDGED), told
            assert refused_may_be_there or not (there and letter.fate is Fate.REFUSED), told
            kept += there and letter.fate is not Fate.ACKNOWLEDGED
        assert not seen, f"for somebody else: {seen}"
        counts = Counter(letter.fate for letter in self.letters.values())
        return Figures(
            1, counts[Fate.ACKNOWLEDGED], counts[Fate.REFUSED], counts[Fate.UNKNOWN], kept
        )

    def _recognized(self, octets: bytes) -> str:
        found = _NUMBER.search(octets)
        assert found, octets[:500]
        number = found[1].decode()
        letter = self.letters[number]
        assert octets.endswith(letter.octets), f"letter {number} was changed"
        added = octets[: -len(letter.octets)]
        assert not _OURS.sub(b"", added), f"letter {number}: {added!r} was added"
        return number


@dataclass
class Crowd:
    """Threads that do something with the service until it is gone or they are told to stop."""

    threads: list[threading.Thread] = field(default_factory=list)
    problems: list[BaseException] = field(default_factory=list)

    def add(self, work: Callable[[], None]) -> None:
        """Start one more."""
        thread = threading.Thread(target=self._guarded, args=(work,), daemon=True)
        self.threads.append(thread)
        thread.start()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as problem:
            self.problems.append(problem)

    def join(self) -> None:
        """Wait until all have come home; raises what went wrong for one of them."""
        for thread in self.threads:
            thread.join(WAIT_S)
            assert not thread.is_alive(), "a client never got an answer"
        for problem in self.problems:
            raise problem


@dataclass
class Sender:
    """One SMTP connection that sends letters, each to one person or several."""

    books: Books
    service: MailProcess
    name: str
    people: tuple[str, ...]
    enough: int = 1 << 30
    """Letters acknowledged, after which it goes home."""
    sizes: tuple[int, ...] = SIZES

    def __call__(self) -> None:
        """Send until the connection breaks, or enough is acknowledged."""
        dice, numbers, acknowledged = random.Random(self.name), count(), 0
        try:
            with smtplib.SMTP("127.0.0.1", self.service.smtp, "client.test", WAIT_S) as client:
                if (context := self.service.tls()) is not None:
                    client.starttls(context=context)
                while acknowledged < self.enough:
                    people = tuple(
                        dice.sample(self.people, min(len(self.people), dice.choice((1, 1, 1, 2))))
                    )
                    number = f"{self.name}-{next(numbers)}"
                    letter = write_letter(number, dice.choice(self.sizes), people)
                    acknowledged += self._send(client, letter)
        except (smtplib.SMTPServerDisconnected, ConnectionError, ssl.SSLError):
            return

    def _send(self, client: smtplib.SMTP, letter: Letter) -> bool:
        self.books.letters[letter.number] = letter
        try:
            assert client.sendmail("carol@y.test", letter.people, letter.octets) == {}
        except smtplib.SMTPDataError as refused:
            assert 400 <= refused.smtp_code < 500, refused
            letter.fate = Fate.REFUSED
        else:
            letter.fate = Fate.ACKNOWLEDGED
        return letter.fate is Fate.ACKNOWLEDGED


def log_in(service: MailProcess, login: str) -> poplib.POP3:
    """A POP3 session in the transaction state, over TLS unless all is to be seen."""
    context = service.tls()
    client: poplib.POP3
    if context is not None:
        client = poplib.POP3_SSL("127.0.0.1", service.pop3s, timeout=WAIT_S, context=context)
    else:
        client = poplib.POP3("127.0.0.1", service.pop3, WAIT_S)
    client.user(login)
    client.pass_(PASSWORD)
    return client


def fetch(service: MailProcess, login: str) -> list[bytes]:
    """Everything a person has, by POP3; nothing is deleted."""
    client = log_in(service, login)
    messages, _ = client.stat()
    fetched = []
    for number in range(1, messages + 1):
        _, lines, size = client.retr(number)
        octets = b"".join(line + b"\r\n" for line in lines)
        told = cast(bytes, client.list(number)).split()  # the stubs think of LIST without a number
        assert int(told[2]) == len(octets), f"LIST {told}, fetched {len(octets)} of {size}"
        fetched.append(octets)
    client.quit()
    return fetched


def fetch_all(service: MailProcess, logins: Iterable[str]) -> dict[str, list[bytes]]:
    """Everything everybody has."""
    return {login: fetch(service, login) for login in logins}
