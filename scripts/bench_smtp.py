"""How much mail SMTP takes: durable messages a second, and megabytes a second.

    python -m scripts.bench_smtp [directory]        prints the figures as JSON

The mail service runs in a process of its own, as on the box; so do the clients. Each client waits
for the 250 of one message before it sends the next, so every message counted is on the disk. The
directory holds the store and should lie on the disk that is to be measured, not in memory.

Goals on a 2-core machine, 8 connections: 2 kB at 1,000 messages/s or more, 300 kB at 80 MB/s.
"""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from app.appliance import default_limits
from app.config.settings import Settings
from app.inbox.delivery import DeliveryConfig
from app.inbox.people import People
from app.mail.service import MailConfig, MailService, Rates, RetrySchedule
from app.store.database import Database
from scripts.bench_clients import PEOPLE, Clients

ROOT = Path(__file__).resolve().parents[1]


def figures(
    seconds: float = 4.0, connections: int = 8, directory: str | None = None
) -> dict[str, float]:
    """All figures of SMTP; `seconds` is the time for each rate, `directory` lies on the disk."""
    with tempfile.TemporaryDirectory(dir=directory) as place:
        small = run(Path(place) / "small", 2_000, seconds, connections)
        large = run(Path(place) / "large", 300_000, seconds, connections)
        bare = bare_commits(Path(place), seconds / 2)
    return {
        "smtp_bare_commits_per_s": round(bare),
        "smtp_2k_messages_per_s": round(small["messages"] / small["seconds"]),
        "smtp_2k_server_cpu_us_per_message": round(small["cpu"] / small["messages"] * 1e6),
        "smtp_300k_mb_per_s": round(large["octets"] / large["seconds"] / 1e6, 1),
        "smtp_300k_server_cpu_ms_per_message": round(large["cpu"] / large["messages"] * 1e3, 2),
        "smtp_server_peak_rss_mb": round(large["rss_kb"] / 1024, 1),
        "smtp_connections": connections,
    }


def run(directory: Path, size: int, seconds: float, connections: int) -> dict[str, float]:
    """One load: a server process, client processes, and what both counted.

    Mails have `size` octets and come over so many `connections`.
    """
    with Serving(directory) as server:
        sent = clients(server.port, size, seconds, connections).done()
    messages = sent["done"]
    used = server.used
    return {"messages": messages, "octets": messages * size, "seconds": sent["seconds"], **used}


def bare_commits(directory: Path, seconds: float) -> float:
    """What SQLite alone does on this disk: rows of 2 kB, each committed by itself, a second."""
    with closing(sqlite3.connect(directory / "bare.db", isolation_level=None)) as db:
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("CREATE TABLE bare (octets BLOB)")
        begun = time.perf_counter()
        count = 0
        while time.perf_counter() - begun < seconds:
            db.execute("INSERT INTO bare VALUES (?)", (bytes(2000),))
            count += 1
        return count / (time.perf_counter() - begun)


class Serving:
    """A mail service in a process of its own, for the length of a `with` block."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._process = _start("serve", str(directory))
        self.port = 0
        self.used: dict[str, float] = {}
        """What it used, once the block is over: cpu seconds, rss_kb at most."""

    def __enter__(self) -> "Serving":
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_problem: object) -> None:
        """The server ends and tells what it used."""
        self.used = json.loads(self._process.communicate()[0])


def clients(port: int, size: int, seconds: float, connections: int) -> Clients:
    """Two processes that send mails of `size` octets for so long, over so many `connections`."""
    shares = [connections // 2, connections - connections // 2]
    senders = Clients(("send", seconds, share, port, size) for share in shares if share)
    senders.begin()
    return senders


def store_in(directory: Path) -> Path:
    """The store's file of a server that was given this directory."""
    return directory / "inbox.db"


def _start(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "scripts.bench_smtp", *arguments]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def add_people(db: Database) -> None:
    """The people to whom mail is sent, with room for all of it."""
    people = People(db)
    if not people.all():
        for n in range(PEOPLE):
            person = (f"p{n}", f"P {n}", f"{200 + n}")
            db.now(lambda tx, person=person: people.add(tx, *person, quota=1 << 40))  # type: ignore[misc]


def mail_config() -> MailConfig:
    """What the benched mail service knows: as a box that forwards straight to the world."""
    delivery = DeliveryConfig(
        domains=("box.test",),
        host_addresses=(),
        hostname="box.test",
        postmaster="p0",
        free_floor=0,
        voice_reserve=0,
        limits=default_limits(Settings()),
        callers_percent=10,
        full_is_permanent=False,
    )
    return MailConfig(
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
        lan=("127.0.0.0/8",),
        largest=50_000_000,
        connections=200,
        connections_per_peer=200,
        strangers_percent=75,
        smarthost=None,
        retry=RetrySchedule(first_s=300, longest_s=14_400, give_up_s=432_000),
    )


async def serve(directory: Path) -> None:
    """The server process: says its port, serves until standard input ends, says what it used."""
    db = Database(store_in(directory))
    add_people(db)
    service = MailService(db, mail_config())
    ports = await service.start()
    print(ports.smtp, flush=True)
    before = os.times()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    after = os.times()
    await service.stop()
    db.close()
    peak = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line
    )
    cpu = after.user + after.system - before.user - before.system
    print(json.dumps({"cpu": cpu, "rss_kb": int(peak.split()[1])}))


def main(arguments: list[str]) -> None:
    """Run a part in its own process, or the whole measurement."""
    if arguments[:1] == ["serve"]:
        asyncio.run(serve(Path(arguments[1])))
    else:
        print(json.dumps(figures(directory=arguments[0] if arguments else None), indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
