"""`make bench PEERS=1`: this box beside Debian's Dovecot and Postfix, each row in turn.

    python -m scripts.bench_peers [--seconds 3] [--rounds 3] [ROW ...]

All servers lie on the same disk and hold the same (scripts/bench_peer_servers.py); the client is
the same for all (scripts/bench_clients.py). In each round each row is measured on this box and then
on the peer, so that what else the machine does falls on both; medians of the rounds are shown. What
counts is the ratio of the rates. Beside it stands the processor time of the server for one job, of
all its processes, measured until they are at rest again: a mail is then where its owner finds it,
on both sides. A rate of SMTP is of mails that are on the disk, as both sides have synced before
their 250; this box has then delivered them, Postfix has queued them.

Without ROW the growth of scripts/bench_growth.py is measured after that, at its small size.
"""

import os
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from scripts.bench import machine, write_report
from scripts.bench_clients import PASSWORD, Clients
from scripts.bench_peer_servers import (
    HASHED,
    ROOT,
    SMALL,
    BoxServer,
    DovecotServer,
    PostfixServer,
    cpu_s,
    family,
    missing,
)

OUT = Path("var/bench-peers.json")
REST_S = 0.3
"""A server that uses no time for so long is at rest."""
AT_REST_S = 0.02
"""So much processor time in REST_S, in seconds, counts as none."""
LONGEST_REST_S = 60.0


@dataclass(frozen=True)
class Side:
    """A server under measurement."""

    pop3_port: int
    smtp_port: int
    roots: dict[str, int]
    """Processes of which it is made, each with its children, by name."""


@dataclass(frozen=True)
class Row:
    """One kind of work, the same on both sides."""

    key: str
    what: str
    job: str
    goal: float
    """Ratio of the rates, at least."""
    before: float | None = None
    """Ratio at commit 34cfbdc, on a machine that did other work, too."""
    connections: int = 1
    """How many at once, of SMTP."""
    logins: tuple[str, ...] = ()
    octets: int = 0
    """Of each mail; 0 for POP3."""
    one_core: bool = False
    """Whether server and client share one core."""
    of_peer: bool = False
    """Whether only the peer is another one than in the row above."""
    under: bool = False
    """Whether it is the row above with a difference, which `what` names."""
    most_us: float | None = None
    """Goal: at most this much processor time of the server for one job."""


SMALL_LOGINS, HASHED_LOGINS = (tuple(holding.login for holding in some) for some in (SMALL, HASHED))
ROWS = (
    Row("retr", "POP3 RETR of 2 kB, one by one", "retr", 1.5, 0.79, logins=("retr",)),
    Row("retr_one_core", "server and client on one core", "retr", 1.5, 0.91, under=True,
        logins=("retr",), one_core=True, most_us=11),
    Row("retr_piped", "50 at once", "retr-piped", 2, 1.41, logins=("retr",), under=True),
    Row("retr_large", "POP3 RETR of 320 kB", "retr", 3, 2.1, logins=("large",)),
    Row("visit", "login, STAT, QUIT, 5 messages", "visit", 5, 0.39, logins=SMALL_LOGINS[:1]),
    Row("visit_10", "10 clients", "visit", 5, 0.28, logins=SMALL_LOGINS, under=True),
    Row("visit_hashed", "Dovecot, too, with argon2id", "visit", 5, under=True,
        logins=HASHED_LOGINS[:1], of_peer=True),
    Row("visit_hashed_10", "10 clients", "visit", 5, under=True,
        logins=HASHED_LOGINS, of_peer=True),
    Row("sync", "login, UIDL, LIST, RETR 10, QUIT, 10,000", "sync", 3, 0.38, logins=("big",)),
    Row("send", "SMTP, 2 kB, durable, 1 connection", "send", 1.5, 0.87, octets=2_000),
    Row("send_8", "8 connections", "send", 3, 1.39, 8, octets=2_000, most_us=300, under=True),
    Row("send_50", "50 connections", "send", 4, 1.83, 50, octets=2_000, most_us=300, under=True),
    Row("send_large", "SMTP, 300 kB, 4 connections", "send", 2, 1.15, 4, octets=300_000),
)  # fmt: skip


@dataclass
class Measured:
    """What one side did in the rounds of a row, a value each."""

    per_s: list[float] = field(default_factory=list)
    user_us: list[float] = field(default_factory=list)
    system_us: list[float] = field(default_factory=list)
    by_name_us: dict[str, list[float]] = field(default_factory=dict)
    """Processor time for one job, by the server's processes."""

    @property
    def rate(self) -> float:
        """Jobs a second."""
        return median(self.per_s)

    @property
    def cpu_us(self) -> float:
        """Processor time for one job, in microseconds."""
        return median(map(sum, zip(self.user_us, self.system_us, strict=True)))


def measure(row: Row, side: Side, seconds: float, into: Measured) -> None:
    """One turn of a row, for so many seconds."""
    cores = os.sched_getaffinity(0)
    clients = Clients(_jobs(row, side, seconds))
    if row.one_core:
        keep_to([*side.roots.values(), *clients.pids], {min(cores)})
    try:
        before = _used(side)
        clients.begin()
        found = clients.done()
        at_rest(side)
    finally:
        keep_to(side.roots.values(), cores)
    into.per_s.append(found["per_s"])
    user = system = 0.0
    for name, now in _used(side).items():
        spent = [
            (one - then) / found["done"] * 1e6 for one, then in zip(now, before[name], strict=True)
        ]
        into.by_name_us.setdefault(name, []).append(sum(spent))
        user, system = user + spent[0], system + spent[1]
    into.user_us.append(user)
    into.system_us.append(system)


def _jobs(row: Row, side: Side, seconds: float) -> list[tuple[object, ...]]:
    """The arguments of its client processes; two of them share the connections of SMTP."""
    if not row.octets:
        return [(row.job, seconds, 1, side.pop3_port, login, PASSWORD) for login in row.logins]
    half = row.connections // 2
    shares = [share for share in (half, row.connections - half) if share]
    return [(row.job, seconds, share, side.smtp_port, row.octets) for share in shares]


def _used(side: Side) -> dict[str, tuple[float, float]]:
    return {name: cpu_s(pid) for name, pid in side.roots.items()}


def keep_to(roots: Iterable[int], cores: set[int]) -> None:
    """Keep these processes and their children to these cores; what they start later inherits it."""
    for pid in (pid for root in roots for pid in family(root)):
        with suppress(ProcessLookupError):  # it has ended meanwhile
            os.sched_setaffinity(pid, cores)


def at_rest(side: Side) -> None:
    """Wait until a server has done what it was left with."""
    end = time.monotonic() + LONGEST_REST_S
    before, now = -1.0, 0.0
    while (now - before) > AT_REST_S and time.monotonic() < end:
        time.sleep(REST_S)
        before, now = now, sum(sum(spent) for spent in _used(side).values())


# what was found


@dataclass(frozen=True)
class Result:
    """A row with what both sides did."""

    row: Row
    here: Measured
    peer: Measured

    @property
    def ratio(self) -> float:
        """How many times as fast as the peer this box is."""
        return self.here.rate / self.peer.rate

    @property
    def missed(self) -> list[str]:
        """By how much each goal of this row is missed; [] if all are met."""
        faults = []
        if self.ratio < self.row.goal:
            faults.append(f"{100 - 100 * self.ratio / self.row.goal:.0f} %")
        most = self.row.most_us
        if most is not None and self.here.cpu_us > most:
            faults.append(f"{self.here.cpu_us - most:,.0f} µs")
        return faults

    @property
    def where(self) -> str:
        """Where the box's time goes in this row."""
        taken = 1e6 * max(len(self.row.logins), self.row.connections) / self.here.rate
        names = ", ".join(f"{name} {median(us):,.0f}" for name, us in self.here.by_name_us.items())
        return (
            f"{taken:,.0f} µs from question to answer; CPU {names} µs, of it"
            f" {median(self.here.system_us):,.0f} in the kernel; the rest is client, disk, waiting"
        )


HEADINGS = ("this box, /s", "CPU, µs", "peer, /s", "CPU, µs", "before", "ratio", "goal", "")


def show(console: Console, results: list[Result]) -> None:
    """Print the rows for people, and of each that misses its goal where the time goes."""
    shown = Table(box=None, pad_edge=False)
    shown.add_column("", no_wrap=True)
    for heading in HEADINGS:
        shown.add_column(heading, justify="right", no_wrap=True)
    for found in results:
        row, here, peer = found.row, found.here, found.peer
        missed = " and ".join(found.missed)
        shown.add_row(
            f"  {row.what}" if row.under else row.what,
            f"{here.rate:,.0f}",
            f"{here.cpu_us:,.1f}",
            f"{peer.rate:,.0f}",
            f"{peer.cpu_us:,.1f}",
            f"{row.before:.2f}" if row.before else "",
            f"{found.ratio:.2f}",
            f"{row.goal:g}" + (f", {row.most_us:g} µs" if row.most_us else ""),
            f"[red]missed by {missed}" if missed else "[green]met",
        )
    console.print(shown)
    for found in results:
        if found.missed:
            console.print(f"{found.row.key}: {found.where}")


def run(rows: Iterable[Row], seconds: float, rounds: int, directory: Path) -> list[Result]:
    """Measure these rows, the sides in turn, `rounds` times, in a folder that is then removed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=directory)))
        folder.chmod(0o755)  # Dovecot's and Postfix's own users have their files there
        box = BoxServer(folder / "box")
        stack.callback(box.close)
        dovecot = DovecotServer(folder / "dovecot")
        stack.callback(dovecot.close)
        postfix = PostfixServer(folder / "postfix", dovecot.lmtp)
        stack.callback(postfix.close)
        here = Side(box.pop3, box.smtp, box.roots)
        peer = {
            False: Side(dovecot.pop3, 0, dovecot.roots),
            True: Side(0, postfix.smtp, postfix.roots | dovecot.roots),
        }
        results = [Result(row, Measured(), Measured()) for row in rows]
        for found in results * rounds:
            measure(found.row, here, seconds, found.here)
            measure(found.row, peer[found.row.octets > 0], seconds, found.peer)
        return results


def keep(results: list[Result], seconds: float, rounds: int) -> None:
    """Write all that was measured in so many `rounds` as JSON."""
    report = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": machine(),
        "seconds": seconds,
        "rounds": rounds,
        "rows": [
            {
                "row": asdict(found.row),
                "ratio": round(found.ratio, 3),
                "here": asdict(found.here),
                "peer": asdict(found.peer),
                "missed": found.missed,
                "where": found.where,
            }
            for found in results
        ],
    }
    write_report(OUT, report)


@click.command()
@click.argument("rows", nargs=-1, type=click.Choice([row.key for row in ROWS]))
@click.option("--seconds", default=3.0, show_default=True, help="Time for each turn of a side.")
@click.option("--rounds", default=3, show_default=True, help="Turns of each side.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "build",
    help="Folder on the disk to measure, which every user may enter.  [default: build]",
)
def main(rows: tuple[str, ...], seconds: float, rounds: int, directory: Path) -> None:
    """Measure this box beside Dovecot and Postfix; ROW names what, all of it without any."""
    why = missing()
    if why:
        raise click.ClickException(f"the other servers cannot run here: {why}")
    console = Console(width=max(150, Console().width))
    console.print(machine())
    directory.mkdir(parents=True, exist_ok=True)
    chosen = [row for row in ROWS if row.key in rows or not rows]
    results = run(chosen, seconds, rounds, directory.absolute())
    show(console, results)
    keep(results, seconds, rounds)
    console.print(f"\n{machine()}\nAll figures are in {OUT}.")
    if not rows:
        from scripts import bench_growth  # it knows this module

        bench_growth.whole(console, chosen, bench_growth.SMALL, seconds, rounds, directory)


if __name__ == "__main__":
    main(prog_name="python -m scripts.bench_peers")
