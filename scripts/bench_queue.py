"""What queued mail costs: POP3 and SMTP with an empty queue, and with 10,000 due rows in it.

    python -m scripts.bench_queue [directory]        prints the figures as JSON

The rows are mails to 100 destinations of which none can be reached, so all are due, and stay. POP3
is asked NOOP one by one, as nothing else in it is as cheap; SMTP takes 2 kB mails over 8
connections (scripts/bench_smtp.py). Both servers run at the same time and are asked in turns, and
both take mail at the same time, so that what else the machine does falls on both; the rates are
therefore about half of what one server does alone.

Goal: with 10,000 rows mails and NOOPs a second are 0.9 of what they are with none, or more.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from app.inbox.addresses import DeliveryConfig
from app.inbox.people import People
from app.inbox.queue import Purpose, Queue, QueueItem
from app.inbox.store import Store
from app.mail.service import MailService
from app.store.database import Database, Tx
from scripts import bench_smtp
from scripts.bench_clients import PASSWORD, Client

ROWS, DESTINATIONS = 10_000, 100
ASKED_AT_ONCE = 20
"""NOOPs to one server before the other one is asked."""
MAIL = b"Subject: bench\r\n\r\nbench\r\n"
DEAD_PORT = 1
"""A port of loopback on which nothing listens."""


def figures(seconds: float = 4.0, directory: str | None = None) -> dict[str, float]:
    """Figures of an empty and of a full queue; `seconds` is the time for each rate."""
    with tempfile.TemporaryDirectory(dir=directory) as place:
        servers = [Serving(Path(place) / str(rows), rows) for rows in (0, ROWS)]
        ask(servers, seconds)
        load(servers, seconds)
        for server in servers:
            server.stop()
    empty, full = servers
    return {
        "queue_smtp_ratio": round(full.mails / empty.mails, 3),
        "queue_noop_ratio": round(empty.asked_s / full.asked_s, 3),
        "queue_smtp_cpu_ratio": round(full.cpu_s_per_mail / empty.cpu_s_per_mail, 3),
        "queue_0_smtp_per_s": round(empty.mails / seconds),
        "queue_10000_smtp_per_s": round(full.mails / seconds),
        "queue_0_noop_us": round(empty.asked_s * 1e6, 1),
        "queue_10000_noop_us": round(full.asked_s * 1e6, 1),
        "queue_0_noop_max_ms": round(empty.longest_s * 1000, 2),
        "queue_10000_noop_max_ms": round(full.longest_s * 1000, 2),
    }


class Serving:
    """A server with so many rows in its queue, and what was measured of it."""

    def __init__(self, directory: Path, rows: int) -> None:
        directory.mkdir(parents=True)
        self._process = _start("serve", str(directory), str(rows))
        assert self._process.stdout is not None
        self._pop3, self.smtp = map(int, self._process.stdout.readline().split())
        self.client = Client(self._pop3)
        self.client.login()
        self.asked_s = self.longest_s = 0.0
        """Median and longest time from a NOOP to its answer, in seconds."""
        self.mails = 0
        """Mails taken."""
        self.cpu_s_per_mail = 0.0
        """Processor time that the server used for a mail, in seconds."""

    def cpu_s(self) -> float:
        """Processor time that the server has used, in seconds."""
        return _cpu_s(self._process.pid)

    def stop(self) -> None:
        """End the server."""
        self._process.communicate()


def ask(servers: list[Serving], seconds: float) -> None:
    """Ask them NOOP in turns for so long each, each time after the answer to the one before."""
    times: list[list[float]] = [[] for _ in servers]
    end = time.perf_counter() + seconds * len(servers)
    while time.perf_counter() < end:
        for server, taken in zip(servers, times, strict=True):
            for _ in range(ASKED_AT_ONCE):
                begun = time.perf_counter()
                server.client.ask(b"NOOP\r\n")
                taken.append(time.perf_counter() - begun)
    for server, taken in zip(servers, times, strict=True):
        server.asked_s, server.longest_s = median(taken), max(taken)


def load(servers: list[Serving], seconds: float) -> None:
    """Send mail to all of them at the same time, for so long."""
    before = [server.cpu_s() for server in servers]
    senders = [bench_smtp.clients(server.smtp, 2_000, seconds, 8) for server in servers]
    for server, begun, group in zip(servers, before, senders, strict=True):
        server.mails = round(group.done()["done"])
        server.cpu_s_per_mail = (server.cpu_s() - begun) / server.mails


def _cpu_s(pid: int) -> float:
    """Processor time of a process, in seconds [Linux, proc(5), /proc/pid/stat: utime, stime]."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _start(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "scripts.bench_queue", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=bench_smtp.ROOT)


async def serve(directory: Path, rows: int) -> None:
    """The server process: fills the queue, says its ports, serves until standard input ends."""
    db = Database(bench_smtp.store_in(directory))
    people = People(db)
    bench_smtp.add_people(db)
    db.now(lambda tx: people.set_password(tx, _bench(tx, people), PASSWORD))
    config = replace(bench_smtp.mail_config(), mx_port=DEAD_PORT)
    db.now(lambda tx: _fill(tx, db, people, config.delivery, rows))
    service = MailService(db, config, is_own=lambda address: False)  # nobody is on loopback
    ports = await service.start()
    print(ports.pop3, ports.smtp, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await service.stop()
    db.close()


def _bench(tx: Tx, people: People) -> int:
    return people.add(tx, "bench", "Bench", "300", quota=1 << 40)


def _fill(tx: Tx, db: Database, people: People, delivery: DeliveryConfig, rows: int) -> None:
    store = Store(db)
    queue = Queue(db, store, people, delivery)
    for number in range(rows):
        content = store.contents.write(tx, (MAIL,))
        item = QueueItem(Purpose.RELAY, content, b"", sender="a@y.test")
        queue.add(tx, item, [f"n{number}@[127.0.1.{1 + number % DESTINATIONS}]"])


def main(arguments: list[str]) -> None:
    """Run the server in its own process, or the whole measurement."""
    if arguments[:1] == ["serve"]:
        asyncio.run(serve(Path(arguments[1]), int(arguments[2])))
    else:
        print(json.dumps(figures(directory=arguments[0] if arguments else None), indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
