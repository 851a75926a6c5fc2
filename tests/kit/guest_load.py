"""Mail for a guest until its power goes, and the books of what it has acknowledged."""

import random
import re
import smtplib
import threading
from dataclasses import dataclass
from itertools import count

from tests.kit.guest import ANSWER_S, SLOW, Guest, NotSo
from tests.kit.kill_load import Books, Crowd, Fate, Figures, write_letter
from tests.kit.running import until

SIZES = (2_000,) * 8 + (30_000,) * 3 + (300_000,)
"""Octets of a letter, drawn like this."""
LETTER = (
    b"From: Carol <carol@y.test>\r\nSubject: first\r\n\r\n.a line with a dot\r\nand one more\r\n"
)
"""A small one."""
_LETTERS = count()
_VOICEMAIL = re.compile(rb"^From: .*<voicemail@", re.MULTILINE)


@dataclass
class Owner:
    """The one person of a new box."""

    login: str
    password: str
    address: str
    console: str
    """Password at the console."""


def owner_of(guest: Guest) -> Owner:
    """The administrator that the first start makes and tells at the console."""
    console, password = guest.console_password(), guest.password()
    (host,) = set(re.findall(r"(switchhook-\w+\.local) is set up", guest.console))
    return Owner("admin", password, f"admin@{host}", console)


@dataclass
class Sender:
    """One SMTP connection that sends letters until it breaks."""

    guest: Guest
    books: Books
    owner: Owner
    dice: random.Random
    first: threading.Event
    """Set when the first letter is acknowledged."""

    def __call__(self) -> None:
        """Send; comes back when the power is gone."""
        try:
            client = self.guest.smtp()
            assert client.sock is not None
            client.sock.settimeout(4 * ANSWER_S)
            while True:
                self._send(client)
        except (smtplib.SMTPServerDisconnected, OSError, NotSo):
            return

    def _send(self, client: smtplib.SMTP) -> None:
        people, number = (self.owner.address,), f"{next(_LETTERS)}-{self.dice.randrange(1000)}"
        letter = write_letter(number, self.dice.choice(SIZES), people)
        self.books.letters[number] = letter
        try:
            assert client.sendmail("carol@y.test", people, letter.octets) == {}
        except smtplib.SMTPDataError as refused:
            assert 400 <= refused.smtp_code < 500, refused
            letter.fate = Fate.REFUSED
        else:
            letter.fate = Fate.ACKNOWLEDGED
            self.first.set()


class Load:
    """Several senders at a time, for one life of the guest."""

    def __init__(self, guest: Guest, owner: Owner, dice: random.Random, senders: int = 3) -> None:
        self.books = Books()
        self.flowing = threading.Event()
        self._crowd = Crowd()
        for _ in range(senders):
            sender = Sender(guest, self.books, owner, random.Random(dice.random()), self.flowing)
            self._crowd.add(sender)

    def over(self) -> Books:
        """Wait for all senders, the power being gone; what they were told."""
        self._crowd.join()
        return self.books


def mail_of(guest: Guest, owner: Owner) -> list[bytes]:
    """Everything in the inbox, once what a trial has left that the power ended is swept up."""

    def swept() -> tuple[list[bytes]] | None:
        letters = guest.fetch(owner.login, owner.password)
        return None if any(_VOICEMAIL.search(octets) for octets in letters) else (letters,)

    found = until(swept, within_s=120 * SLOW)
    assert found is not None
    return found[0]


def settle_up(guest: Guest, owner: Owner, books: Books) -> Figures:
    """Compare the inbox with the books, then empty it: what was deleted must stay so, too."""
    figures = books.check({owner.address: mail_of(guest, owner)})
    with guest.mailbox(owner.login, owner.password) as box:
        for number in range(1, box.stat()[0] + 1):
            box.dele(number)
    return figures
