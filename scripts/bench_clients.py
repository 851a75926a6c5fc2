"""Clients of the benches: raw sockets, little Python, and the same octets to every server.

    python -m scripts.bench_clients JOB SECONDS CONNECTIONS PORT LOGIN PASSWORD
    python -m scripts.bench_clients send SECONDS CONNECTIONS PORT OCTETS

Jobs of POP3: retr (one RETR after the other), retr-piped (50 at once), visit (login, STAT, QUIT),
sync (login, UIDL, LIST, RETR of the last ten, QUIT). Job of SMTP: send (a mail, and the next one
after its 250). Each says "ready" on a line when it has connected, begins when it is given a line,
and prints as JSON how often the job was done, and the seconds that it took.

Nothing of the box is imported, so that many clients start quickly.
"""

import json
import selectors
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

Figures = dict[str, float]

PASSWORD = "bench-password"
PEOPLE = 8
"""People p0 to p7 to whom mail is sent."""
LINE = b"0123456789abcdef" * 4 + b"0123456789ab\r\n"  # 78 octets, as base64 lines are
HEAD = (
    b"From: a@y.test\r\nTo: b@box.test\r\nSubject: bench\r\nDate: now\r\nMessage-ID: <1@y>\r\n\r\n"
)
LAST = 10
"""Messages that `sync` fetches."""
PIPED = 50
"""Commands at once of `retr-piped`."""


class Client:
    """A POP3 connection that knows how long each answer must be."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection(("127.0.0.1", port))
        host = "127.0.0.1"
        self._socket = tls.wrap_socket(plain, server_hostname=host) if tls else plain
        self._buffer = memoryview(bytearray(1 << 20))
        self._line()

    def login(self, login: str = "bench", password: str = PASSWORD) -> None:
        """USER and PASS."""
        self.ask(f"USER {login}\r\n".encode())
        self.ask(f"PASS {password}\r\n".encode())

    def close(self) -> None:
        """Leave without a word."""
        self._socket.close()

    def ask(self, command: bytes) -> bytes:
        """Send a command and take its one line."""
        self._socket.sendall(command)
        return self._line()

    def ask_lines(self, command: bytes) -> bytes:
        """Send a command and take its answer up to the dot."""
        self._socket.sendall(command)
        got = bytearray()
        while not got.endswith(b"\r\n.\r\n"):
            octets = self._socket.recv(1 << 20)
            if not octets:
                raise EOFError(got[-80:])
            got += octets
        return bytes(got)

    def fetch(self, commands: bytes, octets: int) -> None:
        """Send RETRs whose answers are so many octets long together."""
        self._socket.sendall(commands)
        while octets > 0:
            got = self._socket.recv_into(self._buffer)
            if not got:
                raise EOFError
            octets -= got
        if octets:
            raise ValueError("an answer is longer than LIST says")

    def _line(self) -> bytes:
        got = b""
        while not got.endswith(b"\r\n"):
            octets = self._socket.recv(4096)
            if not octets:
                raise EOFError(got)
            got += octets
        if not got.startswith(b"+OK"):
            raise ValueError(got.decode(errors="replace"))
        return got


def fetch_for(client: Client, seconds: float, piped: int) -> Figures:
    """Fetch every message again and again, `piped` at a time."""
    sizes = [int(line.split()[1]) for line in client.ask_lines(b"LIST\r\n").split(b"\r\n")[1:-2]]
    jobs = []
    for start in range(0, len(sizes), piped):
        some = range(start, min(start + piped, len(sizes)))
        commands = b"".join(b"RETR %d\r\n" % (n + 1) for n in some)
        jobs.append((commands, sum(len(b"+OK %d octets\r\n.\r\n" % sizes[n]) for n in some)
                     + sum(sizes[n] for n in some), len(some)))  # fmt: skip
    retr = octets = 0
    begun = now = time.perf_counter()
    while now - begun < seconds:
        for commands, expected, count in jobs:
            client.fetch(commands, expected)
            retr += count
            octets += expected
            now = time.perf_counter()
            if now - begun >= seconds:
                break
    return {"retr": retr, "octets": octets, "seconds": now - begun}


def visit(port: int, login: str, password: str) -> None:
    """Login, STAT, QUIT."""
    client = Client(port)
    client.login(login, password)
    client.ask(b"STAT\r\n")
    client.ask(b"QUIT\r\n")
    client.close()


def sync(port: int, login: str, password: str) -> None:
    """Login, UIDL, LIST, RETR of the last ten, QUIT: what a mail program does at each visit."""
    client = Client(port)
    client.login(login, password)
    client.ask_lines(b"UIDL\r\n")
    count = client.ask_lines(b"LIST\r\n").count(b"\r\n") - 2
    for number in range(count - LAST + 1, count + 1):
        client.ask_lines(b"RETR %d\r\n" % number)
    client.ask(b"QUIT\r\n")
    client.close()


class Sender:
    """One SMTP connection: the envelope in one packet, then the text, then it waits for 250."""

    def __init__(self, port: int, number: int, text: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._text = text + b".\r\n"
        self._envelope = b"MAIL FROM:<a@y.test> SIZE=%d\r\nRCPT TO:<p%d@box.test>\r\nDATA\r\n"
        self._envelope %= (len(text), number % PEOPLE)
        self._wanted, self._seen = 3, b""
        self._greeted(b"")
        self._greeted(b"EHLO bench.test\r\n")

    def _greeted(self, command: bytes) -> None:
        self.socket.sendall(command)
        seen = b""
        while not seen.endswith(b"\n") or seen.split(b"\r\n")[-2][3:4] == b"-":
            seen += self.socket.recv(4096)

    def next_mail(self) -> None:
        """Offer the next one."""
        self._wanted = 3
        self.socket.sendall(self._envelope)

    def answered(self) -> int:
        """Read what came, and go on; 1 if a mail was accepted. SystemExit if one is refused."""
        octets = self.socket.recv(65536)
        self._seen += octets
        codes = [line[:3] for line in self._seen.splitlines()]
        if not octets or codes[-1] not in (b"", b"2", b"25", b"250", b"3", b"35", b"354"):
            raise SystemExit(f"the server said {self._seen!r}")
        if self._seen.count(b"\n") < self._wanted:
            return 0
        self._seen = b""
        if self._wanted == 3:
            self._wanted = 1
            self.socket.sendall(self._text)
            return 0
        self.next_mail()
        return 1


class Clients:
    """Client processes that begin together; each is given as the arguments of its job."""

    def __init__(self, jobs: Iterable[Iterable[object]]) -> None:
        pipe = subprocess.PIPE
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "scripts.bench_clients", *map(str, job)],
                cwd=Path(__file__).resolve().parents[1], stdin=pipe, stdout=pipe, text=True,
            )
            for job in jobs
        ]  # fmt: skip

    @property
    def pids(self) -> list[int]:
        """Their process numbers."""
        return [process.pid for process in self._processes]

    def begin(self) -> None:
        """Let them begin, once all are connected. Raises RuntimeError if one cannot."""
        for process in self._processes:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("a client of the bench cannot connect")
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()

    def done(self) -> Figures:
        """Wait for them: how often the job was done, seconds that the longest took, and the rate.

        Raises RuntimeError if one failed.
        """
        outputs = [process.communicate()[0] for process in self._processes]
        if any(process.returncode for process in self._processes):
            raise RuntimeError("a client of the bench failed")
        found = [json.loads(text) for text in outputs]
        return {
            "done": sum(one["done"] for one in found),
            "seconds": max(one["seconds"] for one in found),
            "per_s": sum(one["done"] / one["seconds"] for one in found),
        }


def _begin() -> None:
    """Say that all is connected, and wait for the word."""
    print("ready", flush=True)
    sys.stdin.readline()


def sends(port: int, octets: int, connections: int, seconds: float) -> Figures:
    """Mails of so many octets over so many connections, for so many seconds."""
    text = HEAD + LINE * ((octets - len(HEAD)) // len(LINE))
    chooser = selectors.DefaultSelector()
    senders = [Sender(port, number, text) for number in range(connections)]
    for sender in senders:
        chooser.register(sender.socket, selectors.EVENT_READ, sender)
    _begin()
    done = 0
    begun = time.perf_counter()
    for sender in senders:
        sender.next_mail()
    while time.perf_counter() - begun < seconds:
        for key, _ in chooser.select(0.2):
            done += key.data.answered()
    return {"done": done, "seconds": time.perf_counter() - begun}


def visits(
    work: Callable[[int, str, str], None], port: int, login: str, password: str, seconds: float
) -> Figures:
    """The same visit again and again, for so many seconds; the first one is not counted."""
    work(port, login, password)
    _begin()
    done = 0
    begun = now = time.perf_counter()
    while now - begun < seconds:
        work(port, login, password)
        done += 1
        now = time.perf_counter()
    return {"done": done, "seconds": now - begun}


def fetches(piped: int, port: int, login: str, password: str, seconds: float) -> Figures:
    """RETR of every message again and again in one session, for so many seconds."""
    client = Client(port)
    client.login(login, password)
    _begin()
    got = fetch_for(client, seconds, piped)
    client.ask(b"QUIT\r\n")
    return {"done": got["retr"], "seconds": got["seconds"]}


def main(arguments: list[str]) -> None:
    """Do one job."""
    job, seconds, connections, port, *more = arguments
    if job == "send":
        found = sends(int(port), int(more[0]), int(connections), float(seconds))
    elif job.startswith("retr"):
        found = fetches(1 if job == "retr" else PIPED, int(port), more[0], more[1], float(seconds))
    else:
        work = {"visit": visit, "sync": sync}[job]
        found = visits(work, int(port), more[0], more[1], float(seconds))
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
