"""`make demo`: the main job from end to end, at real pace, each step told as it happens.

A caller leaves a message on an outside line; it lies in the same inbox as an e-mail; a mail program
fetches both; the owner deletes the voicemail by telephone and it is gone everywhere; an alias sends
the next mail on to another mail server. What was fetched is left in ./var/demo.
"""

import asyncio
import email.policy
import poplib
import shutil
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

from app.appliance import delivery_config, open_inbox
from app.commands.board import settle
from app.commands.first_start import prepare
from app.commands.supervision import StartError, Supervised
from app.config.paths import Paths
from app.inbox.addresses import DeliveryConfig
from app.inbox.people import People
from app.mail.service import MailConfig, MailService, Ports
from app.store.database import Database
from drivers.errors import HardwareError
from drivers.models.bus_client import RemoteOperator

DEMO = Path("var/demo").absolute()
CALLER_SAYS = "Hello Anna, this is Marta. Please call me back about the delivery on Friday."
STARTED = time.monotonic()

SETTINGS = """\
[mail]
pop3_port = 0
smtp_port = 0
[outbound]
smarthost = "127.0.0.1:{port}"
[phone]
ring_seconds = 8
"""


def tell(text: str) -> None:
    """One line of the story, with the seconds since it began."""
    print(f"{time.monotonic() - STARTED:5.1f} s  {text}", flush=True)


class Outside:
    """Another mail server, elsewhere.example, where an alias sends mail: its own store and loop."""

    def __init__(self, folder: Path) -> None:
        self.db = Database(folder / "inbox.db")
        self.people = People(self.db)
        self.db.now(lambda tx: self.people.add(tx, "anna", "Anna elsewhere", "1"))
        delivery = DeliveryConfig(("elsewhere.example",), (), "mx.elsewhere.example")
        self.service = MailService(self.db, MailConfig(delivery))
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.ports: Ports = asyncio.run_coroutine_threadsafe(
            self.service.start(), self.loop
        ).result(10)

    def received(self) -> list[str]:
        """Subjects of what has arrived."""
        from app.inbox.store import Store

        return [entry.subject for entry in Store(self.db).entries(1)]

    def close(self) -> None:
        """Stop it."""
        asyncio.run_coroutine_threadsafe(self.service.stop(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.db.close()


class Story:
    """One box, its operator, and Anna's secrets."""

    def __init__(self, paths: Paths, fresh: dict[str, list[str]], ports: dict[str, int]) -> None:
        self.paths, self.ports = paths, ports
        self.password, self.pin = fresh["anna"]
        self.operator = RemoteOperator(paths.operator)
        self.inbox = open_inbox(paths, paths.settings())

    def board(self, *lines: str) -> None:
        """Operate the virtual board."""
        for line in lines:
            done, text = settle() if line == "settle" else self.operator.run(line)
            if not done:
                raise HardwareError(f"{line}: {text}")
            tell(f"  board> {line}")

    @contextmanager
    def pop3(self) -> Iterator[poplib.POP3]:
        """Anna's mail program, logged in; QUIT at the end."""
        client = poplib.POP3("127.0.0.1", self.ports["pop3"])
        client.user("anna")
        client.pass_(self.password)
        yield client
        client.quit()

    def send(self, subject: str) -> None:
        """Ben writes to Anna."""
        letter = EmailMessage()
        letter["From"], letter["To"] = "ben@switchhook.local", "anna@switchhook.local"
        letter["Subject"] = subject
        letter.set_content("The offer is attached to nothing, this is only a demo.\n")
        with smtplib.SMTP("127.0.0.1", self.ports["smtp"]) as client:
            client.send_message(letter)


def a_caller_leaves_a_message(story: Story) -> None:
    """Outside line → handsets ring → voicemail."""
    words = DEMO / "words.wav"
    subprocess.run(["espeak-ng", "-s", "150", "-w", str(words), CALLER_SAYS], check=True)
    tell("Marta calls on the outside line; nobody lifts.")
    story.board(
        'ring line1 from 5551234 "MARTA KOVACS"',
        "wait-for 101 ringing",
        "wait-for line1 answered",
        f"hear line1 {DEMO / 'heard-by-caller.wav'}",
        "wait-for line1 beep",
    )
    tell("She has heard the greeting and the beep, and speaks.")
    story.board(f"say line1 {words}", "hangup line1", "settle")
    anna = story.inbox.people.by_login("anna")
    assert anna is not None
    for entry in story.inbox.store.entries(anna.id):
        tell(f"In Anna's inbox: {entry.kind}, {entry.subject}")


def a_mail_program_fetches_both(story: Story) -> list[str]:
    """One inbox: the voicemail and an e-mail come out of the same POP3 door."""
    story.send("Lunch on Friday?")
    tell("Ben has sent Anna an e-mail.")
    with story.pop3() as client:
        for number in range(1, client.stat()[0] + 1):
            octets = b"\r\n".join(client.retr(number)[1]) + b"\r\n"
            message = email.message_from_bytes(octets, policy=email.policy.default)
            name = "voicemail" if message["Message-Context"] else "mail"
            (DEMO / f"{name}.eml").write_bytes(octets)
            tell(f"POP3 message {number}: {message['Subject']} → {name}.eml")
            for part in message.walk():
                if part.get_content_type() == "audio/wav":
                    (DEMO / "voicemail.wav").write_bytes(part.get_payload(decode=True))  # type: ignore[arg-type]
        return [line.decode().split()[1] for line in client.uidl()[1]]


def the_owner_deletes_by_telephone(story: Story, uidls: list[str]) -> None:
    """What is deleted at one door is gone at all."""
    tell("Anna lifts her handset: stutter dial tone says there is a message.")
    story.board(
        "lift 101",
        f"hear 101 {DEMO / 'heard-by-anna.wav'}",
        "wait-for 101 stutter",
        "dial 101 201",
        "time 1500ms",
        f"dial 101 {story.pin}#",
        "time 4s",
    )
    tell("She listens (1) and deletes (7).")
    story.board("dial 101 1", "time 12s", "dial 101 7", "time 2s", "dial 101 #", "hangup 101")
    story.board("settle", "lift 101", "wait-for 101 dial-tone", "hangup 101")
    with story.pop3() as client:
        left = [line.decode().split()[1] for line in client.uidl()[1]]
    tell(f"POP3 lists {len(left)} message now, it listed {len(uidls)}; the dial tone is steady.")
    assert len(left) == len(uidls) - 1, "the deleted voicemail is still there"
    row = next(r for r in story.inbox.store.history() if r.verb == "removed")
    tell(f"The history says: {row.verb} by {row.by} through {row.door}.")


def an_alias_sends_the_next_mail_on(story: Story, outside: Outside) -> None:
    """Custody: the local copy is given up when the next hop has accepted it."""
    aliases = story.inbox.aliases
    story.inbox.db.now(lambda tx: aliases.set(tx, "anna", ["anna@elsewhere.example"], by="demo"))
    tell("Anna's mail and voicemail now go to anna@elsewhere.example; no copy is kept.")
    story.send("This one travels on")
    last = time.monotonic() + 20
    while not outside.received() and time.monotonic() < last:
        time.sleep(0.05)
    tell(f"elsewhere.example has received: {', '.join(outside.received()) or 'nothing'}")
    assert outside.received() == ["This one travels on"], "the forward did not arrive"


def main() -> int:
    """Play the story; the exit code."""
    shutil.rmtree(DEMO, ignore_errors=True)
    paths = Paths(DEMO / "box")
    paths.make()
    outside = Outside(DEMO / "outside")
    paths.settings_file.write_text(SETTINGS.format(port=outside.ports.smtp))
    try:
        return play(paths, outside)
    except (StartError, HardwareError, AssertionError) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    finally:
        outside.close()


def play(paths: Paths, outside: Outside) -> int:
    """The story itself."""
    import json
    import os

    os.environ["SWITCHHOOK_VAR"] = str(paths.var)
    prepared = prepare(paths)
    with Supervised(paths, prepared["services"]):
        tell(f"The box is ready: {delivery_config(paths.settings()).hostname}")
        ports = json.loads(paths.mail_ports.read_text())
        story = Story(paths, prepared["fresh"], ports)
        a_caller_leaves_a_message(story)
        uidls = a_mail_program_fetches_both(story)
        the_owner_deletes_by_telephone(story, uidls)
        an_alias_sends_the_next_mail_on(story, outside)
    tell("Done. Listen to and read what is left in ./var/demo:")
    for path in sorted(DEMO.glob("*.*")):
        print(f"          {path.name:<22}{path.stat().st_size:>9} octets")
    return 0


if __name__ == "__main__":
    sys.exit(main())
