"""`make demo`: the main job from end to end, at real pace, each step printed as it happens.

A caller leaves a message on an outside line; it lies in the same inbox as an e-mail; a mail program
fetches both; the owner hears the voicemail by telephone, deletes it, and it is gone everywhere; an
alias sends the next mail on to another mail server. What was fetched and heard is left in
./var/demo. The steps are in scripts/demo_steps.py; the exit code is 1 if one did not happen.
"""

import asyncio
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

from app.appliance import default_limits, delivery_config, open_inbox
from app.commands.board import settle
from app.commands.first_start import prepare
from app.commands.supervision import StartError, Supervised
from app.config.paths import Paths
from app.config.settings import Settings
from app.inbox.addresses import DeliveryConfig
from app.inbox.people import People
from app.mail.service import MailConfig, MailService, Ports, Rates, RetrySchedule
from app.store.database import Database
from drivers.errors import HardwareError
from drivers.models.remote_operator import RemoteOperator
from scripts.demo_steps import (
    NotAsTold,
    a_caller_leaves_a_message,
    a_mail_program_fetches_both,
    the_owner_deletes_by_telephone,
    the_owner_hears_it_by_telephone,
)

DEMO = Path("var/demo").absolute()
CALLER_SAYS = "Hello Anna, this is Marta. Please call me back about the delivery on Friday."
STARTED = time.monotonic()

SETTINGS = """\
[web]
http_port = 0
https_port = 0
[mail]
pop3_port = 0
pop3s_port = 0
submission_port = 0
submissions_port = 0
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
        self.db.now(lambda tx: self.people.add(tx, "anna", "Anna elsewhere", "1", quota=1 << 30))
        delivery = DeliveryConfig(
            domains=("elsewhere.example",),
            host_addresses=(),
            hostname="mx.elsewhere.example",
            postmaster="anna",
            free_floor=0,
            voice_reserve=0,
            limits=default_limits(Settings()),
            callers_percent=10,
            full_is_permanent=False,
        )
        config = MailConfig(
            delivery,
            listen="127.0.0.1",
            pop3_port=0,
            pop3s_port=0,
            submission_port=0,
            submissions_port=0,
            rates=Rates(strangers_mails=0, recipients_outside=0),
            smtp_port=0,
            plain_passwords=True,
            login_delay_s=0,
            lan=(),
            largest=50_000_000,
            connections=20,
            connections_per_peer=20,
            strangers_percent=75,
            smarthost=None,
            retry=RetrySchedule(first_s=300, longest_s=14_400, give_up_s=432_000),
        )
        self.service = MailService(self.db, config)
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
    """The running box, its operator, and Anna's secrets: the stage of scripts/demo_steps.py."""

    def __init__(self, paths: Paths, fresh: dict[str, list[str]], ports: dict[str, int]) -> None:
        self.folder = DEMO
        self._ports = ports
        self._password, self.pin = fresh["anna"]
        self._operator = RemoteOperator(paths.operator)
        self.inbox = open_inbox(paths, paths.settings())

    def tell(self, text: str) -> None:
        """One line of the story."""
        tell(text)

    def board(self, *lines: str) -> None:
        """Operate the virtual board. Raises HardwareError for a line that fails."""
        for line in lines:
            self.wait(line)
            tell(f"  board> {line}")

    def wait(self, line: str) -> None:
        """One line, without a word. Raises HardwareError."""
        done, text = settle() if line == "settle" else self._operator.run(line)
        if not done:
            raise HardwareError(f"{line}: {text}")

    @contextmanager
    def pop3(self) -> Iterator[poplib.POP3]:
        """Anna's mail program, logged in; QUIT at the end."""
        client = poplib.POP3("127.0.0.1", self._ports["pop3"])
        client.user("anna")
        client.pass_(self._password)
        yield client
        client.quit()

    def send(self, subject: str) -> None:
        """Ben writes to Anna."""
        mail = EmailMessage()
        mail["From"], mail["To"] = "ben@switchhook.local", "anna@switchhook.local"
        mail["Subject"] = subject
        mail.set_content("The offer is attached to nothing, this is only a demo.\n")
        with smtplib.SMTP("127.0.0.1", self._ports["smtp"]) as client:
            client.send_message(mail)

    def subjects(self) -> list[str]:
        """Kind and subject of what is in Anna's inbox."""
        anna = self.inbox.people.by_login("anna")
        assert anna is not None
        return [f"{entry.kind}, {entry.subject}" for entry in self.inbox.store.entries(anna.id)]

    def removed_by(self) -> str:
        """Who removed something last, and through which door."""
        row = next(r for r in self.inbox.store.history() if r.verb == "removed")
        return f"{row.by} through {row.door}"


def an_alias_sends_the_next_mail_on(story: Story, outside: Outside) -> None:
    """Custody: the local copy is given up when the next hop has accepted it. Raises NotAsTold."""
    aliases = story.inbox.aliases
    story.inbox.db.now(lambda tx: aliases.set(tx, "anna", ["anna@elsewhere.example"], by="demo"))
    tell("Anna's mail and voicemail now go to anna@elsewhere.example; no copy is kept.")
    story.send("This one travels on")
    last = time.monotonic() + 20
    while not outside.received() and time.monotonic() < last:
        time.sleep(0.05)
    tell(f"elsewhere.example has received: {', '.join(outside.received()) or 'nothing'}")
    if outside.received() != ["This one travels on"]:
        raise NotAsTold("the forward did not arrive")


def main() -> int:
    """Play the story; the exit code."""
    shutil.rmtree(DEMO, ignore_errors=True)
    paths = Paths(DEMO / "box")
    paths.make()
    outside = Outside(DEMO / "outside")
    paths.settings_file.write_text(SETTINGS.format(port=outside.ports.smtp))
    try:
        return play(paths, outside)
    except (StartError, HardwareError, NotAsTold) as problem:
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
        words = DEMO / "words.wav"
        subprocess.run(["espeak-ng", "-s", "150", "-w", str(words), CALLER_SAYS], check=True)
        a_caller_leaves_a_message(story, words)
        uidls = a_mail_program_fetches_both(story, words)
        the_owner_hears_it_by_telephone(story, words)
        the_owner_deletes_by_telephone(story, uidls)
        an_alias_sends_the_next_mail_on(story, outside)
    tell("Done. Listen to and read what is left in ./var/demo:")
    for path in sorted(DEMO.glob("*.*")):
        print(f"          {path.name:<22}{path.stat().st_size:>9} octets")
    return 0


if __name__ == "__main__":
    sys.exit(main())
