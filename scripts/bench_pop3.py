"""How fast POP3 is: one client in a process of its own, one server over a real store in this one.

    python -m scripts.bench_pop3            prints the figures as JSON

Goals on a 2-core machine: 2 kB messages without pipelining at 12,000 RETR/s or more; 320 kB
messages at 400 MB/s or more; STAT, UIDL and LIST of 10,000 messages within 150 ms.
"""

import asyncio
import json
import ssl
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from app.appliance import delivery_config
from app.config.settings import Settings
from app.core.clock import SystemClock
from app.device import certificates
from app.inbox.aliases import Aliases
from app.inbox.limits import PersonLimits
from app.inbox.login_names import LoginNames
from app.inbox.people import People
from app.inbox.store import EntryState, Facts, Kind, Store
from app.mail.pop3.keeping import Keeping
from app.mail.pop3.service import Pop3Config, Pop3Service
from app.net.listener import Endpoint, Limits, Server, ServerCertificate
from app.net.logins import Logins
from app.net.peers import Networks
from app.store.database import Database, Tx
from scripts.bench_clients import PASSWORD, PIPED, Client, fetch_for

Figures = dict[str, float]
HEADER = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: bench\r\n\r\n"
LINE = b"x" * 76 + b"\r\n"


def figures(seconds: float = 3.0) -> Figures:
    """All figures of POP3; `seconds` is how long each rate is measured."""
    found: Figures = {}
    for measure in (retr_small, echo, retr_large, over_tls, listings):
        found |= measure(seconds)
    return found


def retr_small(seconds: float = 3.0) -> Figures:
    """2 kB messages fetched one by one: RETR per second, without and with pipelining."""
    alone = _serve(1000, 2_000, "fetch", seconds)
    piped = _serve(1000, 2_000, "fetch-piped", seconds)
    return {
        "pop3_retr_2kB_per_s": round(alone["retr"] / alone["seconds"]),
        "pop3_retr_2kB_pipelined_per_s": round(piped["retr"] / piped["seconds"]),
    }


def echo(seconds: float = 3.0) -> Figures:
    """A bare asyncio protocol that answers every command with 2 kB: what the loop alone can do."""
    got = asyncio.run(_echo_with_client(seconds))
    return {"pop3_echo_2kB_per_s": round(got["retr"] / got["seconds"])}


def retr_large(seconds: float = 3.0) -> Figures:
    """320 kB messages fetched one by one: megabytes per second."""
    got = _serve(100, 320_000, "fetch", seconds)
    return {"pop3_retr_320kB_MB_per_s": round(got["octets"] / got["seconds"] / 1e6, 1)}


def over_tls(seconds: float = 3.0) -> Figures:
    """The same over TLS: RETR per second of 2 kB, megabytes per second of 320 kB, logins."""
    small = _serve(1000, 2_000, "fetch", seconds, tls=True)
    large = _serve(100, 320_000, "fetch", seconds, tls=True)
    greeted = _serve(1, 2_000, "greet", seconds, tls=True)
    return {
        "pop3_tls_retr_2kB_per_s": round(small["retr"] / small["seconds"]),
        "pop3_tls_retr_320kB_MB_per_s": round(large["octets"] / large["seconds"] / 1e6, 1),
        "pop3_tls_handshakes_per_s": round(greeted["greeted"] / greeted["seconds"]),
    }


def listings(seconds: float = 3.0) -> Figures:
    """A maildrop of 10,000 messages: milliseconds of STAT+UIDL+LIST, and of the login before."""
    got = _serve(10_000, 500, "list", seconds)
    return {
        "pop3_stat_uidl_list_10000_ms": round(got["listing"] * 1000, 1),
        "pop3_login_10000_ms": round(got["login"] * 1000, 1),
    }


# the server's side


def _serve(messages: int, size: int, job: str, seconds: float, *, tls: bool = False) -> Figures:
    """Fill a fresh store, serve it, and let a client process do its job."""
    with tempfile.TemporaryDirectory() as directory:
        clock = SystemClock()
        db = Database(Path(directory) / "inbox.db", clock)
        with closing(db):
            store, people = Store(db, clock), People(db, clock)
            db.now(lambda tx: _fill(tx, store, people, messages, size))
            delivery = delivery_config(Settings())
            names = LoginNames(people, Aliases(db, people, delivery), delivery)
            with closing(Logins(people.check_password, names.login_of, clock)) as logins:
                config = Pop3Config("bench", plain=("127.0.0.0/8",))
                keeping = Keeping(PersonLimits(people.templates, delivery.limits), people, clock)
                service = Pop3Service(db, store, logins, keeping, config, clock)
                keys = Path(directory) if tls else None
                return asyncio.run(_with_client(service, clock, job, seconds, keys))


def _fill(tx: Tx, store: Store, people: People, messages: int, size: int) -> None:
    person = people.add(tx, "bench", "Bench", "201", quota=1 << 40)
    people.set_password(tx, person, PASSWORD)
    body = (LINE * (size // len(LINE)))[: size - len(HEADER) - 2] + b"\r\n"
    for _ in range(messages):
        content = store.contents.write(tx, [HEADER + body])
        facts = Facts(received_at=0.0)
        store.add_entry(tx, person, content, b"", Kind.EMAIL, EntryState.NEW, facts)


async def _with_client(
    service: Pop3Service, clock: SystemClock, job: str, seconds: float, keys: Path | None
) -> Figures:
    limits = Limits(200, 200, 0, Networks(("127.0.0.0/8",)))
    shown = None
    if keys is not None:
        certificates.ensure(keys, ("localhost",), ("127.0.0.1",))
        shown = ServerCertificate(keys / "server.crt", keys / "server.key")
    endpoints = [Endpoint(0, tls=keys is not None)]
    server = Server(service, "127.0.0.1", endpoints, clock, limits, shown)
    (port,) = (await server.start()).values()
    got = await _client(port, job, seconds, "" if keys is None else str(keys / "ca.crt"))
    await server.stop()
    return got


class Echo(asyncio.Protocol):
    """Pretends to be a POP3 server with one message, as cheaply as can be."""

    ANSWER = b"+OK 2000 octets\r\n" + b"x" * 2000 + b".\r\n"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"+OK\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer the one command that it holds."""
        if data.startswith(b"RETR"):
            self._transport.write(self.ANSWER)
        elif data.startswith(b"LIST"):
            self._transport.write(b"+OK\r\n1 2000\r\n.\r\n")
        else:
            self._transport.write(b"+OK\r\n")


async def _echo_with_client(seconds: float) -> Figures:
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
    async with server:
        return await _client(server.sockets[0].getsockname()[1], "fetch", seconds)


async def _client(port: int, job: str, seconds: float, authority: str = "") -> Figures:
    """A client process does its job at this port; over TLS if it is given an authority."""
    arguments = ("-m", "scripts.bench_pop3", "client", str(port), job, str(seconds), authority)
    child = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"the POP3 client of the bench failed (exit code {child.returncode})")
    result: Figures = json.loads(out)
    return result


# the client's side (scripts/bench_clients.py)


def greet_for(port: int, seconds: float, tls: ssl.SSLContext | None) -> Figures:
    """Connect and read the greeting, again and again."""
    greeted = 0
    begun = now = time.perf_counter()
    while now - begun < seconds:
        Client(port, tls).close()
        greeted += 1
        now = time.perf_counter()
    return {"greeted": greeted, "seconds": now - begun}


def client_main(port: int, job: str, seconds: float, authority: str) -> Figures:
    """What the client process does."""
    tls = ssl.create_default_context(cafile=authority) if authority else None
    if job == "greet":
        return greet_for(port, seconds, tls)
    client = Client(port, tls)
    begun = time.perf_counter()
    client.login()
    logged_in = time.perf_counter()
    if job == "list":
        rounds = []
        for _ in range(5):
            start = time.perf_counter()
            client.ask(b"STAT\r\n")
            client.ask_lines(b"UIDL\r\n")
            client.ask_lines(b"LIST\r\n")
            rounds.append(time.perf_counter() - start)
        return {"listing": max(rounds), "login": logged_in - begun}
    return fetch_for(client, seconds, piped=PIPED if job == "fetch-piped" else 1)


def main(arguments: list[str]) -> None:
    """Run the bench, or be its client."""
    run: Callable[[], Figures] = figures
    if arguments[:1] == ["client"]:
        port, job, seconds, authority = arguments[1:]
        print(json.dumps(client_main(int(port), job, float(seconds), authority)))
    else:
        print(json.dumps(run(), indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
