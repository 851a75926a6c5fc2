"""A box whose inboxes lie on an IMAP server, as a process with a folder of its own.

    with ImapBox(folder, port, ("anna", "ben")) as box:
        box.ask("voicemails", "anna", ["b1-0", "b1-1"], 1000)
        box.ask("waiting")                       # how much the server does not know yet

It is the mail service over a real store and clock; what it can be asked is in QUESTIONS, each a
function of the process's own. Times are of the system's monotonic clock, which all processes share.
"""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from app.core.clock import SystemClock
from app.imap.mirror.config import ImapConfig
from app.inbox.account_passwords import BoxAccount
from app.inbox.entries import Entry, EntryState, Facts, Kind
from app.inbox.mirror import Mirror
from app.inbox.people import People, Person
from app.store.database import Database
from tests.kit.defaults import add_person
from tests.kit.dovecot import PASSWORD
from tests.kit.imap_servers import MASTER, cpu_s
from tests.kit.mail_box import MailBox

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 60.0
HEAD = (
    "From: Marta <5551234@box.test>\r\nSubject: Voicemail\r\nMessage-ID: <{name}@box.test>\r\n"
    "Message-Context: voice-message\r\n\r\n"
)
LINE = b"x" * 74 + b"\r\n"


def message_of(name: str, size: int) -> bytes:
    """A voicemail of about `size` octets; `name` is its own."""
    head = HEAD.format(name=name).encode()
    return head + LINE * max(1, (size - len(head)) // len(LINE))


def name_in(octets: bytes) -> str:
    """The name of a voicemail."""
    found = re.search(rb"Message-ID: <([\w-]+)@box\.test>", octets)
    return found[1].decode() if found else ""


class ImapBox:
    """The process, as those who started it see it."""

    def __init__(self, folder: Path, port: int, people: Sequence[str], user: str = MASTER) -> None:
        self.store = folder / "inbox.db"
        self._arguments = json.dumps([str(folder), port, list(people), user])

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.kit.imap_box", self._arguments]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self  # it begins meanwhile, and reads its first question then

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(WITHIN_S)
        self._process.stdout.close()

    def ask(self, question: str, *arguments: Any) -> Any:
        """One of QUESTIONS; its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([question, *arguments]) + "\n")
        self._process.stdin.flush()
        return self._read()

    def cpu_s(self) -> float:
        """Seconds of CPU that it has had."""
        return cpu_s(self._process.pid)

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the box has ended"
        return json.loads(line)


def _voicemails(box: MailBox, login: str, names: Sequence[str], size: int) -> None:
    """Leave voicemails, each in a transaction of its own."""
    for name in names:
        octets = message_of(name, size)
        facts = Facts(time.time(), "Marta", "Voicemail", "5551234", "Marta", 5, "phone", "line1")

        def work(tx, octets=octets, facts=facts):  # type: ignore[no-untyped-def]  # a Tx
            content = box.store.contents.write(tx, (octets,))
            about = (Kind.VOICEMAIL, EntryState.NEW, facts)
            return box.store.add_entry(tx, _person(box, login).id, content, b"", *about)

        box.db.now(work)


def _inbox(box: MailBox, login: str) -> list[tuple[str, str]]:
    """The voicemails of somebody that are in the inbox here: name and state."""
    return [(name_in(box.octets(entry)), entry.state) for entry in box.inbox(login)]


def _waiting(box: MailBox) -> int:
    """How many changes the server does not know."""
    return sum(Mirror(box.db).waiting().values())


def _away(box: MailBox) -> list[str]:
    """Whose inbox is not in step with the server's, of all."""
    mirror = Mirror(box.db)
    return [one.login for one in box.people.all() if mirror.account(one.id).error]


def _in_step(box: MailBox, login: str) -> bool:
    """Whether somebody's inbox has ever been looked at, and is in step now."""
    account = Mirror(box.db).account(_person(box, login).id)
    return account.ok_at is not None and not account.error


def _unheard(box: MailBox, login: str, count: int) -> float:
    """Wait until so many voicemails and mails are new; when that was."""
    person, until = _person(box, login).id, time.monotonic() + WITHIN_S
    while sum(box.store.unheard(person)) != count:
        assert time.monotonic() < until, f"{box.store.unheard(person)}, not {count}"
        threading.Event().wait(0.002)
    return time.monotonic()


def _mark(box: MailBox, login: str, name: str) -> None:
    """Mark a voicemail as heard."""
    entry = _named(box, login, name)
    box.db.now(lambda tx: box.store.mark(tx, [entry.id], door="phone", by=login))


def _remove(box: MailBox, login: str, name: str) -> None:
    """Remove a voicemail."""
    entry = _named(box, login, name)
    box.db.now(lambda tx: box.store.remove(tx, [entry.id], "phone", login))


def _jump(box: MailBox, seconds: float) -> None:
    """Let so many seconds pass for whoever waits for the server."""
    box.jump(seconds)


def _person(box: MailBox, login: str) -> Person:
    person = box.people.by_login(login)
    assert person is not None
    return person


def _named(box: MailBox, login: str, name: str) -> Entry:
    return next(entry for entry in box.inbox(login) if name_in(box.octets(entry)) == name)


QUESTIONS: dict[str, Callable[..., Any]] = {
    "voicemails": _voicemails,
    "inbox": _inbox,
    "waiting": _waiting,
    "away": _away,
    "in step": _in_step,
    "unheard": _unheard,
    "mark": _mark,
    "remove": _remove,
    "jump": _jump,
}


def _populate(folder: Path, people: Sequence[str]) -> None:
    db = Database(folder / "inbox.db", SystemClock())
    known = People(db, SystemClock())
    if not known.all():
        for number, login in enumerate(people):
            add = (login, login.title(), str(200 + number))
            db.now(lambda tx, add=add, number=number: add_person(known, tx, *add, admin=not number))  # type: ignore[misc]
    db.close()


def main() -> None:
    """Be the process: a question a line, an answer a line, as JSON."""
    place, port, people, user = json.loads(sys.argv[1])
    folder = Path(place)
    folder.mkdir(exist_ok=True)
    _populate(folder, people)
    (folder / "key").write_bytes(bytes(32))
    account = BoxAccount("imap", user, "127.0.0.1")
    config = ImapConfig("127.0.0.1", port, "none", account, "{login}")
    box = MailBox(folder, SystemClock(), imap=config, account_key=str(folder / "key"))
    box.keep_password(account, PASSWORD)
    with box:
        for line in sys.stdin:
            question, *arguments = json.loads(line)
            print(json.dumps(QUESTIONS[question](box, *arguments)), flush=True)


if __name__ == "__main__":
    main()
