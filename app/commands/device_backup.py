"""Backup and restore: `python -m app device backup`, `restore`."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from app.commands.errors import reports_errors
from app.config.paths import PROJECT, Paths, here

BY = "restore"
"""Who took waiting mail out of the queue, as notices and history name it."""


@click.command("backup")
@click.argument("to")
@reports_errors
def backup(to: str) -> None:
    """Write one file with messages, people, settings and keys, while the box goes on working.

    TO is a file or folder, or usb/… for a file on the USB stick (usb:LABEL/… if there are more).
    """
    from app.device import backup

    paths = here()
    host = paths.settings().site.hostname
    with _meant(to, writable=True) as path:
        if path.is_dir():
            day = datetime.now(UTC).strftime("%Y-%m-%d")
            path /= f"{host.partition('.')[0]}-{day}.backup"
        made = backup.make(paths, path, _version(), host, time.time())
        octets = path.stat().st_size
    click.echo(f"{path.name}: {octets / 1e6:.1f} MB in {len(made.files)} files; it holds secrets")


@click.command("restore")
@click.argument("source")
@click.option("--later", is_flag=True, help="Do not start again now.")
@reports_errors
def restore(source: str, later: bool) -> None:
    """Go back to the backup SOURCE (a file, or usb/… for one on the USB stick).

    It is verified as a whole before anything changes. Mail that waited in it to be sent is not sent
    again: it goes back to its owners. What is here now is replaced at the next start.
    """
    from app.appliance import open_inbox
    from app.commands.device_care import start_again
    from app.device import restore

    paths = here()
    with _meant(source, writable=False) as path:
        staged = restore.stage(paths, path)
    beside = Paths(paths.var / "restore" / "new", paths.beneath)
    box = open_inbox(beside, beside.settings())
    waiting = [row.id for row in box.queue.all() if row.state == "waiting"]
    for row in waiting:
        box.db.now(lambda tx, row=row: box.queue.remove(tx, row, by=BY))  # type: ignore[misc]
    box.db.close()
    restore.commit(paths)
    made = datetime.fromtimestamp(staged.manifest.made_at, UTC)
    click.echo(
        f"a backup of {staged.manifest.host} made on {made:%Y-%m-%d %H:%M} UTC:"
        f" {staged.found.people} people, {staged.found.entries} messages,"
        f" {len(waiting)} not sent again"
    )
    start_again(later, "it takes the place of what is here at the next start")


@click.command("change-over")
@reports_errors
def change_over() -> None:
    """At a start, before the services: put a restored backup in its paths."""
    from app.device import permissions, restore

    paths = here()
    if restore.change_over(paths):
        permissions.share(paths)
        click.echo("the backup is in its place")


@click.command("rescue")
@reports_errors
def rescue() -> None:
    """Started from a USB stick: put the memory card's system right again, its data untouched."""
    from app.device import sticks
    from app.device.update import restore_slot
    from app.device.update.slots_disk import BlockFile, disk_of, find

    paths, proc = here(), Path("/proc")
    own = find(paths.run / "boot")
    source = own.slots[own.running]
    if source not in sticks.sticks():
        raise click.ClickException("this system was not started from a USB stick")
    found = restore_slot.cards(Path("/sys"), Path("/dev"), source.name.rstrip("0123456789"))
    name = restore_slot.one_card(found)
    click.confirm(f"Write this version into slot A of {name}?", abort=True)
    with BlockFile(source) as file:
        card = disk_of(found[name], "B", paths.run / "card-boot", proc)
        restore_slot.restore_slot(card, file, lambda done, of: None)
    click.echo("the card's slot A is good again; take the stick out and start anew")


@contextmanager
def _meant(text: str, writable: bool) -> Iterator[Path]:
    """The file or folder that an argument means; a stick is mounted meanwhile."""
    from app.device import sticks

    on_stick = sticks.parse(text)
    if on_stick is None:
        yield Path(text)
        return
    with sticks.mounted(sticks.find(on_stick.label), writable) as folder:
        yield folder / on_stick.name


def _version() -> str:
    """Of this program, as the image's build noted it."""
    try:
        return str(json.loads((PROJECT / "release.json").read_text())["version"])
    except FileNotFoundError:
        return "source"
