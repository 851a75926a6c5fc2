"""What goes on in a box while it is harmed: mail in and out, voicemail, removal and restoring.

Each part is a thread's work: it goes on until the process it talks to is gone, or it is told to
stop, and notes every question and every answer with Promises.
"""

import itertools
import poplib
import random
import smtplib
import ssl
import threading
from dataclasses import dataclass

import numpy as np

from app.voicemail.jobs import RecordingResult
from tests.kit.kill_load import WAIT_S, write_letter
from tests.kit.killing import PASSWORD, MailProcess
from tests.soak.clerk_link import ClerkGone, ClerkLink, Failed
from tests.soak.promises import DELIVERED, FORWARDED, NOWHERE, Item, Place, Promises

PEOPLE = ("anna", "bob", "carl")
"""They have boxes; dora's mail is sent on."""
MAILBOXES = {"anna": "201", "bob": "202", "carl": "203"}
SIZES = (1_000,) * 8 + (40_000,) * 2 + (400_000,)
"""Octets of a letter, drawn like this."""
SECOND = 16_000
"""Octets of samples in a second, the piece that the phone sends."""
BROKEN = (smtplib.SMTPServerDisconnected, ConnectionError, TimeoutError, ssl.SSLError)


@dataclass
class Load:
    """What all parts need."""

    promises: Promises
    service: MailProcess
    clerk: ClerkLink
    stop: threading.Event
    tls: ssl.SSLContext
    """Knows the box's certificate authority."""
    name: str
    """Of the round: numbers of letters begin with it."""

    def dice(self, part: str) -> random.Random:
        """A part's own, so that a round always begins alike."""
        return random.Random(f"{self.name} {part}")


def send(load: Load, part: str) -> None:
    """Letters by SMTP to one or two people, a few of them to who lives elsewhere."""
    dice = load.dice(part)
    try:
        with smtplib.SMTP("127.0.0.1", load.service.smtp, "client.test", WAIT_S) as client:
            if part in OVER_TLS:
                client.starttls(context=load.tls)
            for number in itertools.count():
                if load.stop.is_set():
                    return
                people = dice.sample((*PEOPLE, "dora"), dice.choice((1, 1, 2)))
                letter = write_letter(
                    f"{load.name}-{part}-{number}", dice.choice(SIZES), tuple(people)
                )
                _send(load, client, people, letter.number, letter.octets)
    except BROKEN:
        return


def _send(load: Load, client: smtplib.SMTP, people: list[str], number: str, octets: bytes) -> None:
    items = load.promises.begin([(login, number) for login in people], octets)
    try:
        refused = client.sendmail("carol@y.test", people, octets)
    except (smtplib.SMTPDataError, smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused):
        return  # it may all the same be there after a power cut: nothing is known of it
    accepted = [item for item in items if item.key[0] not in refused]
    for item in items:
        places = FORWARDED if item.key[0] == "dora" else DELIVERED
        load.promises.answered([item], places if item in accepted else NOWHERE, "mail")


def visit(load: Load, part: str) -> None:
    """POP3 sessions that delete a few messages each."""
    dice = load.dice(part)
    try:
        while not load.stop.is_set():
            items = load.promises.choose(dice, PEOPLE, Place.INBOX, 3)
            if not items:
                return
            client = poplib.POP3("127.0.0.1", load.service.pop3, WAIT_S)
            client.stls(load.tls)
            client.user(items[0].key[0])
            client.pass_(PASSWORD)
            _quit(load, client, items)
    except BROKEN:
        return
    except poplib.error_proto as answer:
        if "[SYS/" not in str(answer) and "EOF" not in str(answer):
            raise


def _quit(load: Load, client: poplib.POP3, items: list[Item]) -> None:
    numbers = {line.split()[1].decode(): int(line.split()[0]) for line in client.uidl()[1]}
    for item in items:
        client.dele(numbers[item.uidl])
    load.promises.move(items, Place.BIN)
    client.quit()
    load.promises.answered(items, frozenset({Place.BIN}), "QUIT")


def speak(load: Load, part: str) -> None:
    """Voicemails of a few seconds, noise that is like no other."""
    dice = load.dice(part)
    try:
        for number in itertools.count():
            if load.stop.is_set():
                return
            _leave_message(load, dice, part, f"7{load.name.replace('.', '')}{part[-1]}{number:03}")
    except ClerkGone:
        return


def _leave_message(load: Load, dice: random.Random, part: str, number: str) -> None:
    login = dice.choice(PEOPLE)
    seconds = dice.randint(1, 4)
    noise = np.random.default_rng(dice.randrange(1 << 32)).integers(-9000, 9000, SECOND // 2)
    octets = b"".join(np.roll(noise, 7 * n).astype("<i2").tobytes() for n in range(seconds))
    (item,) = load.promises.begin([(login, number)], octets, spoken=True)
    try:
        recording = load.clerk.begin_recording(MAILBOXES[login], part, number)
    except Failed:
        return
    all_kept = _feed(load, item, recording)
    try:
        result = load.clerk.end_recording(recording)
    except Failed:
        return
    if result is RecordingResult.DELIVERED:
        load.promises.answered([item], DELIVERED, "voicemail", whole=all_kept)


def _feed(load: Load, item: Item, recording: int) -> bool:
    """Send the samples; False if one piece was not kept, after which nothing more is sent."""
    try:
        for seq, at in enumerate(range(0, len(item.octets), SECOND)):
            piece = item.octets[at : at + SECOND]
            load.clerk.ask("samples", recording, seq, piece)
            load.promises.heard(item, len(piece))
    except Failed:
        return False
    return True


def tidy(load: Load, part: str) -> None:
    """Messages into the bin and out of it, as the owner's handset does it."""
    dice = load.dice(part)
    try:
        while not load.stop.is_set():
            there, to = dice.choice(((Place.INBOX, Place.BIN), (Place.BIN, Place.INBOX)))
            items = load.promises.choose(dice, PEOPLE, there, 4)
            if not items:
                if load.stop.wait(0.02):
                    return
                continue
            load.promises.move(items, to)
            person = int(MAILBOXES[items[0].key[0]]) - 200
            job = "remove" if to is Place.BIN else "restore"
            try:
                load.clerk.ask(job, person, tuple(item.entry for item in items))
            except Failed:
                continue
            load.promises.answered(items, frozenset({to}), job)
    except ClerkGone:
        return


OVER_TLS = ("mail1",)
"""Of those who send mail; whoever fetches always does it over TLS."""
PARTS = {"mail1": send, "mail2": send, "visit": visit, "line1": speak, "line2": speak, "tidy": tidy}
