"""Whether cost grows with what lies there: a nearly empty store beside one with much in it.

    python -m scripts.bench_growth [--seconds 3] [--rounds 3] [--full] [ROW ...]

Rows, client and turns are those of scripts/bench_peers.py, with the grown box where that has the
peer. Both boxes hold what that bench fetches and sends to; the grown one also holds others' read
messages, a box with unread ones, people, and mails that are queued for destinations of which none
can be reached. People, unread and queued mail are put there by the app's own functions; the read
messages are rows that SQLite copies from one which they made, so that a million take minutes.

Goal: each rate of the grown store is 0.9 of that of the nearly empty one, or more.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from app.appliance import Inbox, mail_config
from app.config.paths import here
from app.core import files
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.queue import Purpose, QueueItem
from app.mail.service import MailService
from app.store.database import Database, Tx
from scripts.bench import machine, write_report
from scripts.bench_peer_servers import ROOM, ROOT, BoxServer, message, put_messages
from scripts.bench_peers import ROWS, Measured, Row, Side, measure

OUT = Path("var/bench-growth.json")
GOAL = 0.9
"""Rate of the grown store to that of the nearly empty one, at least."""
AT_ONCE = 10_000
"""Rows that one transaction copies or adds."""
DESTINATIONS = 100
DEAD_PORT = 1
"""A port of loopback on which nothing listens."""
SHORT = 300
"""Octets of a message that only lies there."""
SERVE = ("scripts.bench_growth", "serve")


@dataclass(frozen=True)
class Size:
    """How much lies in the grown store."""

    messages: int
    """Read ones, of all people together."""
    unread: int
    """In one box."""
    people: int
    queued: int
    """Mails, all due."""


SMALL = Size(20_000, 5_000, 200, 5_000)
FULL = Size(1_000_000, 20_000, 5_000, 100_000)


def grow(size: Size, box: Inbox) -> None:
    """Fill a store to this size."""
    first = _people(box, size.people)
    full = box.db.now(lambda tx: box.people.add(tx, "full", "Full", "9999", quota=ROOM))
    for count in _shares(size.unread):
        box.db.now(partial(put_messages, box, full, message(SHORT), count))
    model = box.db.now(partial(_model, box, first))
    for count in _shares(size.messages):
        box.db.now(partial(copy_messages, model, first, size.people, count))
    for count in _shares(size.queued):
        box.db.now(partial(_queue, box, count))


def _shares(count: int) -> Iterator[int]:
    for start in range(0, count, AT_ONCE):
        yield min(AT_ONCE, count - start)


def _people(box: Inbox, count: int) -> int:
    """Add so many people, whose ids follow one another; the first one's id."""

    def add(tx: Tx) -> list[int]:
        return [
            box.people.add(tx, f"g{n}", f"G {n}", f"{10_000 + n}", quota=ROOM) for n in range(count)
        ]

    return box.db.now(add)[0]


def _model(box: Inbox, person: int, tx: Tx) -> int:
    """A read message that others are copied from; its content's number."""
    content = box.store.contents.write(tx, [message(SHORT)])
    facts = Facts(time.time(), "a@y.test", "bench")
    box.store.add_entry(tx, person, content, b"", Kind.EMAIL, EntryState.HEARD, facts)
    return content


def copy_messages(model: int, first_person: int, people: int, count: int, tx: Tx) -> None:
    """Copy the message of content `model` so often, to so many people in turn."""
    ((last,),) = tx.execute("SELECT max(id) FROM content").fetchall()
    values = {"model": model, "first": last + 1, "count": count, "person": first_person}
    values |= {"people": people}
    numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)"
    changed = {
        "content": {"id": ":first + i"},
        "chunk": {"place": "(:first + i) << 20"},
        "entry": {
            "content": ":first + i",
            "person": ":person + i % :people",
            "uidl": "lower(hex(randomblob(9)))",
        },
    }
    found = {"content": "id = :model", "chunk": "place = :model << 20", "entry": "content = :model"}
    for table, new in changed.items():
        names = [row[1] for row in tx.execute(f"PRAGMA table_info({table})")]
        names = [name for name in names if table != "entry" or name != "id"]
        taken = ", ".join(new.get(name, name) for name in names)
        tx.execute(
            f"INSERT INTO {table} ({', '.join(names)}) {numbers}"
            f" SELECT {taken} FROM n, {table} WHERE {found[table]}",
            values,
        )


def _queue(box: Inbox, count: int, tx: Tx) -> None:
    for number in range(count):
        content = box.store.contents.write(tx, [message(SHORT)])
        item = QueueItem(Purpose.RELAY, content, b"", sender="a@y.test")
        box.queue.add(tx, item, [f"n{number}@[127.0.1.{1 + number % DESTINATIONS}]"])


async def serve() -> None:
    """The mail service, in a world where no server listens; until SIGTERM."""
    paths = here()
    db = Database(paths.database)
    config = replace(mail_config(paths, paths.settings()), mx_port=DEAD_PORT)
    service = MailService(db, config, is_own=lambda address: False)  # nobody is on loopback
    files.write(paths.mail_ports, json.dumps(asdict(await service.start())))
    await asyncio.Event().wait()


def run(
    rows: Iterable[Row], size: Size, seconds: float, rounds: int, directory: Path
) -> list[tuple[Row, Measured, Measured]]:
    """Measure these rows, in turn `rounds` times: the nearly empty store, then the grown one."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=directory)))
        sides = []
        for name, fill in (("empty", None), ("grown", partial(grow, size))):
            box = BoxServer(folder / name, mail=SERVE, more=fill)
            stack.callback(box.close)
            sides.append(Side(box.pop3, box.smtp, box.roots))
        results = [(row, Measured(), Measured()) for row in rows]
        for row, *both in results * rounds:
            for side, into in zip(sides, both, strict=True):
                measure(row, side, seconds, into)
        return results


def show(console: Console, results: list[tuple[Row, Measured, Measured]], size: Size) -> None:
    """Print them for people."""
    console.print(
        f"\n[bold]Growth: {size.messages:,} messages, {size.unread:,} unread in one box,"
        f" {size.people:,} people, {size.queued:,} queued"
    )
    shown = Table(box=None, pad_edge=False)
    shown.add_column("", no_wrap=True)
    for heading in ("empty, /s", "CPU, µs", "grown, /s", "CPU, µs", "ratio", "goal", ""):
        shown.add_column(heading, justify="right", no_wrap=True)
    for row, empty, grown in results:
        ratio = grown.rate / empty.rate
        shown.add_row(
            f"  {row.what}" if row.under else row.what,
            f"{empty.rate:,.0f}",
            f"{empty.cpu_us:,.1f}",
            f"{grown.rate:,.0f}",
            f"{grown.cpu_us:,.1f}",
            f"{ratio:.2f}",
            f"{GOAL}",
            "[green]met" if ratio >= GOAL else f"[red]missed by {100 - 100 * ratio / GOAL:.0f} %",
        )
    console.print(shown)


def keep(results: list[tuple[Row, Measured, Measured]], size: Size, seconds: float) -> None:
    """Write all that was measured as JSON."""
    report = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": machine(),
        "seconds": seconds,
        "size": asdict(size),
        "rows": [
            {
                "key": row.key,
                "ratio": round(grown.rate / empty.rate, 3),
                "empty": asdict(empty),
                "grown": asdict(grown),
            }
            for row, empty, grown in results
        ],
    }
    write_report(OUT, report)


@click.command()
@click.argument("rows", nargs=-1, type=click.Choice([row.key for row in ROWS]))
@click.option("--seconds", default=3.0, show_default=True, help="Time for each turn of a store.")
@click.option("--rounds", default=3, show_default=True, help="Turns of each store.")
@click.option("--full", is_flag=True, help="A million messages instead of 20,000; takes minutes.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "build",
    help="Folder on the disk to measure.  [default: build]",
)
def main(rows: tuple[str, ...], seconds: float, rounds: int, full: bool, directory: Path) -> None:
    """Measure a nearly empty store beside a grown one; ROW names what, all of it without any."""
    console = Console(width=max(150, Console().width))
    console.print(machine())
    chosen = [row for row in ROWS if (row.key in rows or not rows)]
    whole(console, chosen, FULL if full else SMALL, seconds, rounds, directory)


def whole(
    console: Console, rows: list[Row], size: Size, seconds: float, rounds: int, directory: Path
) -> None:
    """Measure `rounds` turns, print and keep them."""
    directory.mkdir(parents=True, exist_ok=True)
    chosen = [row for row in rows if not row.of_peer]
    results = run(chosen, size, seconds, rounds, directory.absolute())
    show(console, results, size)
    keep(results, size, seconds)
    console.print(f"\n{machine()}\nAll figures are in {OUT}.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve())
    else:
        main(prog_name="python -m scripts.bench_growth")
