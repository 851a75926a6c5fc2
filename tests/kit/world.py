"""The whole box in one process at free pace: virtual board, phone side, store and mail, one clock.

Put together by the functions that put the appliance together (app/appliance.py), from a settings
file in a folder of its own. Line time is the only time: each period of 10 ms turns the one clock
by 10 ms, and before each period the clerk has no job left, mail has nothing due or under way, and
the lamps show the store's last change. So a journey always runs the same way.

    with World(tmp_path) as world:
        world.board('ring line1 from 5551234 "CARL CALLER"', "wait-for line1 beep")
        ...
        world.pop3("anna").stat()

Anna is the administrator, at handset 101 with mailbox 201; Ben is at 102 with 202.
"""

import asyncio
import math
import os
import poplib
import smtplib
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from app.appliance import (
    Inbox,
    clerk_jobs,
    mail_config,
    make_pbx,
    open_inbox,
    phone_plan,
)
from app.call_parts import on_news
from app.clerk.client import InProcessClerk
from app.config.paths import PROJECT, Paths
from app.config.settings import Settings
from app.core.clock import ManualClock
from app.inbox.entries import AuditRow, Entry, EntryState, Kind
from app.inbox.notification_runs import Runs
from app.inbox.people import Person
from app.mail.service import MailService, Ports
from app.phone.lines.kept_callers import KeptCallers
from app.phone.pace import FreePace
from app.phone.pbx import Pbx
from app.phone_plan import PhonePlan
from app.store.database import Tx
from app.voicemail.message_waiting import MessageWaitingLamps
from drivers.board import BoardSpec, virtual_board
from drivers.buses import PERIODS_PER_SECOND, Samples
from drivers.models.box import VirtualBox
from drivers.models.operator import Operator
from tests.kit.defaults import add_person
from tests.kit.hearing import Hearing
from tests.kit.invariants import check_locks, check_store
from tests.kit.operating import carry_out

T = TypeVar("T")

PEOPLE = (
    ("anna", "Anna Lindqvist", "201", "101", True),
    ("ben", "Ben Okafor", "202", "102", False),
)
PASSWORDS = {"anna": "a long pass word", "ben": "another pass word"}
PINS = {"anna": "739150", "ben": "628417"}
DATE = "11241530"  # on the handsets' displays; the box asks the machine for it
MAIL_WITHIN_S = 30.0
LOOK_AGAIN_S = 0.002

SETTINGS = """\
[site]
hostname = "box.test"
domains = ["box.test"]
country = "{country}"

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
smarthost = "{smarthost}"

[phone]
ring_seconds = 6

[keeping]
free_floor_mb = {floor[0]}
voice_reserve_mb = {floor[1]}
"""


class TimedBox:
    """The board under the one clock: a period is 10 ms for everybody."""

    def __init__(self, box: VirtualBox, clock: ManualClock) -> None:
        self._box, self._clock = box, clock

    def period(self, played: Samples) -> Samples:
        """10 ms pass."""
        self._clock.advance(1 / PERIODS_PER_SECOND)
        return self._box.period(played)


class PhoneSide:
    """What the phone service and its clerk are made of; gone when their power goes."""

    def __init__(
        self, paths: Paths, plan: PhonePlan, inbox: Inbox, box: VirtualBox, clock: ManualClock
    ) -> None:
        self.runs = Runs(inbox.db)
        self.jobs = clerk_jobs(paths, inbox, clock)
        self.jobs.recover(set())  # as a clerk does when it starts
        self.lamps = MessageWaitingLamps(
            lambda station, on: self.pbx.message_waiting(station, on), plan.jacks("station")
        )
        self.clerk = InProcessClerk(self.jobs, on_news(self.lamps.update, lambda: self.pbx))
        box.pcm().start()
        kept = KeptCallers(paths.run / "callers", plan.jacks("trunk"), clock.now)
        self.pbx: Pbx = make_pbx(plan, box, self.clerk, lambda: DATE, kept)

    def told_next(self) -> float | None:
        """Box time at which somebody is to be told of a message that nobody has heard."""
        return self.runs.next_look()


class MailSide:
    """The mail service in a thread with a loop of its own, as in a process of its own."""

    def __init__(self, paths: Paths, inbox: Inbox, clock: ManualClock) -> None:
        self._config = mail_config(paths, inbox.settings)
        self._service = MailService(inbox.db, self._config, clock)
        self._store = inbox.store
        self._loop = asyncio.new_event_loop()
        # a world that cannot be made must not keep the tests from ending
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail", daemon=True)
        self._thread.start()
        self.ports: Ports = self._call(self._service.start())

    def settle(self, change: int) -> None:
        """Return when mail has seen this change and has nothing due or under way."""
        if self._service.is_idle(change):
            return
        calm = threading.Event()

        def look() -> None:
            self._service.tick()
            if self._service.is_idle(change):
                calm.set()
            else:
                self._loop.call_later(LOOK_AGAIN_S, look)

        self._loop.call_soon_threadsafe(look)
        assert calm.wait(MAIL_WITHIN_S), "the mail service does not come to rest"

    def stop(self) -> None:
        """Stop serving and end the thread."""
        self._call(self._service.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(MAIL_WITHIN_S)


class World:
    """See the module's head.

    `smarthost` is the port of a mail server on loopback that takes outgoing mail; `more_settings`
    are added to the settings file; `country` is the one of the lines, as an owner writes it;
    `lines` is how many handsets and outside lines there are, if not as many as on the small board;
    `floor` is the free space in MB below which mail is put off, and voicemail's part of it.
    `people`: False for a store that has them already; `on` is another board; `prepare` is called
    with everything there and nothing switched on yet.
    """

    def __init__(
        self,
        directory: Path,
        smarthost: int | None = None,
        more_settings: str = "",
        country: str = "us",
        lines: tuple[int, int] | None = None,
        floor: tuple[int, int] = (2, 1),
        people: bool = True,
        on: BoardSpec | None = None,
        prepare: Callable[["World"], None] = lambda world: None,
    ) -> None:
        self.directory = directory
        self.paths = Paths(directory / "var")
        self.paths.make()
        hop = f"127.0.0.1:{smarthost}" if smarthost else ""
        self.paths.settings_file.write_text(
            SETTINGS.format(smarthost=hop, country=country, floor=floor) + more_settings
        )
        self.settings: Settings = self.paths.settings()
        self.clock = ManualClock()
        self.inbox: Inbox = open_inbox(self.paths, self.settings, self.clock)
        self.store = self.inbox.store
        if people:
            self.inbox.db.now(self._populate)
        self._plan = phone_plan(self.paths, self.settings)
        if lines is not None:
            board = replace(virtual_board(*lines), country=self.settings.site.country)
            self._plan = replace(self._plan, board=board)
        if on is not None:
            self._plan = replace(self._plan, board=replace(on, country=self.settings.site.country))
        self.box = VirtualBox(self._plan.board, self._plan.board.country)
        self._mail = MailSide(self.paths, self.inbox, self.clock)
        self._clients: list[poplib.POP3 | smtplib.SMTP] = []
        self._next_due = math.inf  # when mail has something to send next
        self._operator = Operator(self.box, lambda: self._knows(self.store.last_change()))
        prepare(self)
        self._power_up()

    def _populate(self, tx: Tx) -> None:
        people = self.inbox.people
        for login, name, mailbox, handset, admin in PEOPLE:
            person = add_person(people, tx, login, name, mailbox, handset=handset, admin=admin)
            people.set_password(tx, person, PASSWORDS[login])
            people.set_pin(tx, person, PINS[login], by=login)

    def _power_up(self) -> None:
        self._settled_at = -1  # data version of the store that everybody knows
        self.phone = PhoneSide(self.paths, self._plan, self.inbox, self.box, self.clock)
        timed, slots = TimedBox(self.box, self.clock), self.box.spec.slots
        self.pace = FreePace(timed, self.phone.pbx, slots, self.settle)
        self.pace.power_up()

    def __enter__(self) -> "World":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for client in self._clients:
            client.close()
        self._mail.stop()
        at_rest = kind is None and not self.store.recordings.all()  # else something is on its way
        if at_rest:
            self.phone.clerk.dispatch()
            check_store(self.paths.database, locks=False)
            assert self._knows(self.store.last_change()), "the lamps show what was"
        self.inbox.db.close()  # until then its thread may be writing what nobody waits for
        if at_rest:
            check_locks(self.paths.database)

    # ------------------------------------------------------------------ time

    def settle(self) -> None:
        """Everybody is up to date: the clerk, mail, and the lamps with the store's last change."""
        version = self.store.data_version()
        if version == self._settled_at and self.inbox.db.box_time.now() < self._next_due:
            return
        self._mail.settle(self.store.last_change())
        self.phone.clerk.dispatch()
        assert self._knows(self.store.last_change()) and not self.phone.clerk.pending
        self._settled_at = version
        due = (self.inbox.queue.next_due(), self.phone.told_next())
        self._next_due = min((at for at in due if at is not None), default=math.inf)

    def _knows(self, change: int) -> bool:
        return self.phone.lamps.shows(change)

    def later(self, seconds: float) -> None:
        """Turn the clock without any line time passing: the lines rest meanwhile."""
        self.clock.advance(seconds)
        self.settle()

    def restart(self) -> None:
        """All services end and start again, as after an update; the lines lose their power."""
        self._mail.stop()
        self._mail = MailSide(self.paths, self.inbox, self.clock)
        self._power_up()

    def cut_power(self) -> None:
        """The phone side loses its power in the middle of whatever it does, and gets it back.

        Telephones, office and the rest of the box stay where they are.
        """
        self._power_up()

    # ------------------------------------------------------------------ by telephone

    def board(self, *lines: str) -> list[str]:
        """Carry out an operator's command lines; what each answered. Raises OperatorError."""
        answers = [carry_out(self._operator, line, self.pace.period) for line in lines]
        self.settle()
        return answers

    def listen(self, party: str) -> Hearing:
        """What this party hears from now on."""
        found = self.box.party(party)
        assert found is not None, f"nobody is at {party}"
        return Hearing(found, self.pace.period)

    def leave_message(
        self, words: Path, caller: str = '5551234 "CARL CALLER"', line: str = "line1"
    ) -> None:
        """Somebody calls from outside, nobody lifts, they say these words and hang up."""
        self.board(
            f"ring {line} from {caller}",
            f"wait-for {line} beep",
            f"say {line} {words}",
            f"hangup {line}",
        )

    def dial_box(self, handset: str, login: str, tone: str = "stutter") -> Hearing:
        """Lift a handset and dial somebody's mailbox; what is heard from then on."""
        self.board(f"lift {handset}", f"wait-for {handset} {tone}")
        hearing = self.listen(handset)  # the answer comes before the last key is let go
        person = self.person(login)
        if person.handset == handset:
            self.board(f"dial {handset} {person.mailbox}")
        else:
            self.board(f"dial {handset} *98", "time 1s", f"dial {handset} {person.mailbox}#")
        return hearing

    def dial_in(self, handset: str, login: str, tone: str = "stutter") -> Hearing:
        """Dial the own mailbox and the PIN; what is heard from then on."""
        hearing = self.dial_box(handset, login, tone)
        hearing.hears("vm-password")
        self.board(f"dial {handset} {PINS[login]}#")
        return hearing

    def lamps(self) -> dict[str, str]:
        """The lamps of all handsets, when their lines have had the rest to be told."""
        (_, answer) = self.board("time 3s", "lamps")
        return dict(row.split() for row in answer.splitlines())

    # ------------------------------------------------------------------ by mail

    def pop3(self, login: str) -> poplib.POP3:
        """A POP3 client that is logged in."""
        client = poplib.POP3("127.0.0.1", self._mail.ports.pop3, timeout=MAIL_WITHIN_S)
        self._remember(client)
        client.user(login)
        client.pass_(PASSWORDS[login])
        return client

    def fetch(self, login: str) -> list[bytes]:
        """All messages of a maildrop, left where they are."""
        client = self.pop3(login)
        count, _ = client.stat()
        octets = [b"\r\n".join(client.retr(n + 1)[1]) + b"\r\n" for n in range(count)]
        client.quit()
        return octets

    @property
    def pop3_port(self) -> int:
        """The TCP port of POP3."""
        return self._mail.ports.pop3

    @property
    def smtp_port(self) -> int:
        """The TCP port of SMTP."""
        return self._mail.ports.smtp

    def smtp(self) -> smtplib.SMTP:
        """An SMTP client that is connected."""
        client = smtplib.SMTP(
            "127.0.0.1",
            self._mail.ports.smtp,
            timeout=MAIL_WITHIN_S,
            local_hostname="client.test",
        )
        self._remember(client)
        return client

    def _remember(self, client: poplib.POP3 | smtplib.SMTP) -> None:
        """To be closed at the end, if it is not before."""
        self._clients = [one for one in self._clients if one.sock is not None]
        self._clients.append(client)

    def send(self, recipient: str, octets: bytes, sender: str = "carl@far.test") -> None:
        """Send one mail; smtplib's errors if it is refused."""
        with self.smtp() as client:
            client.sendmail(sender, [recipient], octets)
        self.settle()

    # ------------------------------------------------------------------ at the console

    def person(self, login: str) -> Person:
        """One of the people, who must be there."""
        person = self.inbox.people.by_login(login)
        assert person is not None
        return person

    def alias(
        self, name: str, *members: str, owner: str | None = None, is_list: bool = False
    ) -> None:
        """Save an alias."""
        aliases = self.inbox.aliases
        self.inbox.db.now(lambda tx: aliases.set(tx, name, members, owner, is_list))

    def entries(self, login: str, *states: EntryState) -> list[Entry]:
        """What a person's inbox holds, or what they have in other states."""
        wanted = states or (EntryState.NEW, EntryState.HEARD)
        return self.store.entries(self.person(login).id, states=wanted)

    def voicemails(self, login: str) -> list[Entry]:
        """The voicemails in a person's inbox."""
        return [entry for entry in self.entries(login) if entry.kind is Kind.VOICEMAIL]

    def history(self, login: str) -> list[AuditRow]:
        """What was done in a person's inbox, oldest first."""
        return self.store.history(self.person(login).id)

    def command(self, *words: str) -> str:
        """Run `python -m app …` on this box, in a process of its own; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "app", *words],
            cwd=PROJECT,
            env={**os.environ, "SWITCHHOOK_VAR": str(self.paths.var)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        self.settle()
        return done.stdout
