"""The servers of the bench beside others: this box, and Debian's Dovecot and Postfix.

Each lies in a folder of its own on the disk that is measured, has ports of its own on loopback, and
holds the same people and messages:

    p0 to p7      mail comes in for them
    retr, large   1,000 messages of 2 kB, 100 of 320 kB
    small0 …      10 people with 5 messages of 2 kB; hashed0 …: the same, for Dovecot with our hash
    big           10,000 messages of 2 kB

The box is its mail service as it is started on a device, and the phone's clerk, which follows every
change; the clerk's process is started by `python -m scripts.bench_peer_servers clerk FOLDER`.
Dovecot keeps passwords as they are (as hashes for hashed0 …), messages in maildirs. Postfix has its
queue on the same disk, syncs it before each 250, and gives what it took to Dovecot by LMTP. Their
settings are Debian's and those of scripts/peers.
"""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from app.appliance import Inbox, clerk_config, open_inbox
from app.clerk.client import ProcessClerk
from app.config.paths import Paths
from app.config.ports import PORTS
from app.core.clock import SystemClock
from app.inbox.credentials import hashed
from app.inbox.entries import EntryState, Facts, Kind
from app.store.database import Tx
from scripts.bench_clients import HEAD, LINE, PASSWORD, PEOPLE
from tests.kit.dovecot import free_ports
from tests.kit.mail_servers import POSTFIX, MailServer

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = ROOT / "scripts" / "peers"
READY_S = 30.0
AT_ONCE = 500
"""Messages put into the store by one transaction."""
ROOM = 1 << 40
"""Octets that a person of the bench may keep."""


@dataclass(frozen=True)
class Holding:
    """Somebody with so many messages of so many octets."""

    login: str
    messages: int = 0
    octets: int = 2_000
    hashed: bool = False
    """Whether Dovecot, too, keeps their password as a hash."""


SMALL = tuple(Holding(f"small{n}", 5) for n in range(10))
HASHED = tuple(Holding(f"hashed{n}", 5, hashed=True) for n in range(10))
HOLDINGS = (
    *(Holding(f"p{n}") for n in range(PEOPLE)),
    Holding("retr", 1_000),
    Holding("large", 100, 320_000),
    *SMALL,
    *HASHED,
    Holding("big", 10_000),
)


def message(octets: int) -> bytes:
    """A message of so many octets, or a few less."""
    return HEAD + LINE * ((octets - len(HEAD)) // len(LINE))


class BoxServer:
    """This box: `python -m app mail` and the clerk, with the people above in its store."""

    def __init__(
        self,
        folder: Path,
        holdings: tuple[Holding, ...] = HOLDINGS,
        mail: tuple[str, ...] = ("app", "mail"),
        more: Callable[[Inbox], None] | None = None,
    ) -> None:
        """`mail` is what serves the folder that SWITCHHOOK_VAR names, once `more` has filled it."""
        paths = Paths(folder)
        paths.make()
        ports = "".join(f"{name}_port = 0\n" for name in PORTS)
        paths.settings_file.write_text(f'[site]\ndomains = ["box.test"]\n[mail]\n{ports}')
        box = open_inbox(paths, paths.settings())
        _fill(box, holdings)
        if more is not None:
            more(box)
        box.db.close()
        self._log = (folder / "log-of-bench").open("wb")
        self._clerk = self._start(paths, "scripts.bench_peer_servers", "clerk", str(folder))
        self._mail = self._start(paths, *mail)
        _until(paths.mail_ports.exists, "the mail service does not start")
        told = json.loads(paths.mail_ports.read_text())
        self.pop3, self.smtp = int(told["pop3"]), int(told["smtp"])
        self.roots = {"mail": self._mail.pid, "clerk": self._clerk.pid}
        """Processes of which it is made, each with its children."""

    def _start(self, paths: Paths, *words: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "SWITCHHOOK_VAR": str(paths.var)}
        pipe, log = subprocess.PIPE, self._log
        command = [sys.executable, "-m", *words]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stderr=log)

    def close(self) -> None:
        """End it."""
        for process in (self._mail, self._clerk):
            process.terminate()
            process.communicate()
        self._log.close()


def _fill(box: Inbox, holdings: tuple[Holding, ...]) -> None:
    """Everybody, and their messages."""
    for number, holding in enumerate(holdings):
        person = box.db.now(partial(_add, box, holding.login, number))
        octets = message(holding.octets)
        for start in range(0, holding.messages, AT_ONCE):
            count = min(AT_ONCE, holding.messages - start)
            box.db.now(partial(put_messages, box, person, octets, count))


def _add(box: Inbox, login: str, number: int, tx: Tx) -> int:
    person = box.people.add(tx, login, login.title(), f"{2000 + number}", quota=ROOM)
    box.people.set_password(tx, person, PASSWORD)
    return person


def put_messages(box: Inbox, person: int, octets: bytes, count: int, tx: Tx) -> None:
    """Put an unread message of these octets so often into somebody's box."""
    for _ in range(count):
        content = box.store.contents.write(tx, [octets])
        facts = Facts(time.time(), "a@y.test", "bench")
        box.store.add_entry(tx, person, content, b"", Kind.EMAIL, EntryState.NEW, facts)


class DovecotServer:
    """Dovecot for POP3 and LMTP, as root starts it: each of its services with a user of its own."""

    def __init__(self, folder: Path, holdings: tuple[Holding, ...] = HOLDINGS) -> None:
        folder.mkdir(parents=True)
        self.pop3, self.lmtp = free_ports(2)
        ours = hashed(PASSWORD)
        with (folder / "users").open("w") as users:
            for holding in holdings:
                kept = f"{{ARGON2ID}}{ours}" if holding.hashed else f"{{PLAIN}}{PASSWORD}"
                users.write(f"{holding.login}:{kept}::::::\n")
                _maildir(folder / "mail" / holding.login, holding)
        settings = (SETTINGS / "dovecot.conf").read_text()
        names = {"folder": folder, "pop3": self.pop3, "lmtp": self.lmtp}
        (folder / "conf").write_text(settings.format(**names))
        with (folder / "said").open("wb") as said:
            command = ["/usr/sbin/dovecot", "-F", "-c", str(folder / "conf")]
            self._process = subprocess.Popen(command, stdout=said, stderr=said)
        _until(lambda: _answers(self.pop3), f"Dovecot does not start: see {folder}/log")
        self.roots = {"dovecot": self._process.pid}
        """Processes of which it is made, each with its children."""

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


def _maildir(folder: Path, holding: Holding) -> None:
    """Somebody's messages, with LF line ends as in every maildir."""
    octets = message(holding.octets).replace(b"\r\n", b"\n")
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    for number in range(holding.messages):
        (folder / "new" / f"{1_000_000 + number}.box").write_bytes(octets)
    for path in (folder.parent, folder, *folder.rglob("*")):
        shutil.chown(path, "nobody", "nogroup")


class PostfixServer:
    """Postfix as Debian configures it, for an address each of the people that mail comes for."""

    def __init__(self, folder: Path, lmtp_port: int) -> None:
        folder.mkdir(parents=True)
        people = "".join(f"p{n}@box.test ok\n" for n in range(PEOPLE))
        (folder / "people").write_text(people)
        more = (SETTINGS / "postfix.cf").read_text().format(folder=folder, lmtp=lmtp_port)

        def files(server: MailServer) -> dict[str, str]:
            found = POSTFIX.files(server)
            return {**found, "etc/postfix/main.cf": found["etc/postfix/main.cf"] + more}

        (folder / "spool").mkdir()
        self._server = MailServer(replace(POSTFIX, files=files))
        self._server.__enter__()
        self.smtp = self._server.port
        self.roots = {"postfix": self._server.pid}
        """Processes of which it is made, each with its children."""

    def close(self) -> None:
        """End it."""
        self._server.__exit__(None, None, None)


def missing() -> str:
    """Why the peers cannot run here; "" if they can."""
    if not Path("/usr/sbin/dovecot").exists():
        return "Dovecot is not installed (scripts/setup test)"
    return POSTFIX.missing()


def _answers(port: int) -> bool:
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) == 0


def _until(happened: Callable[[], bool], problem: str) -> None:
    """Wait for another program. Raises RuntimeError."""
    end = time.monotonic() + READY_S
    while not happened():
        if time.monotonic() > end:
            raise RuntimeError(problem)
        time.sleep(0.02)


# processor time


def family(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except OSError:  # a thread that has ended
            continue
        for child in found:
            yield from family(int(child))


def cpu_s(pid: int) -> tuple[float, float]:
    """User's and system's processor seconds of a family, those that have ended among them.

    Units of 10 ms [Linux, proc(5), /proc/pid/stat: utime, stime, cutime, cstime].
    """
    user = system = 0
    for one in family(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        user += int(fields[11]) + int(fields[13])
        system += int(fields[12]) + int(fields[14])
    ticks = os.sysconf("SC_CLK_TCK")
    return user / ticks, system / ticks


def follow(folder: str) -> None:
    """Hold a clerk as the phone service does, until SIGTERM; nothing is said to it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    paths = Paths(Path(folder))
    clerk = ProcessClerk(clerk_config(paths, paths.settings()), lambda _: None, SystemClock())
    try:
        while True:
            select.select([clerk.fileno()], [], [])
            clerk.dispatch()
    except KeyboardInterrupt:
        clerk.close()


if __name__ == "__main__":
    follow(sys.argv[2])
