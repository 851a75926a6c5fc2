"""`python -m app status` and `settings`: how the box is, and what can be set."""

import subprocess
from pathlib import Path

import click
from rich.table import Table

from app.commands.common import console, inbox, size
from app.commands.control import NotRunning, ask
from app.commands.errors import plainly
from app.commands.supervision import services_of
from app.config.paths import here
from app.config.settings import annotated
from app.inbox.delivery import disk_free


@click.command()
@plainly
def status() -> None:
    """Services, lines, inboxes, queue and disk at a glance."""
    _notices()
    _services()
    _lines()
    box = inbox()
    waiting = [row for row in box.queue.all() if row.state == "waiting"]
    tried = sum(row.attempts > 0 for row in waiting)
    console.print(f"\nqueue    {len(waiting)} to send, {tried} of them tried before")
    used = sum(box.store.used(person.id) for person in box.people.all())
    console.print(
        f"store    {size(used)} in {len(box.people.all())} inboxes,"
        f" {size(box.store.bin_octets())} in the bin,"
        f" {size(disk_free(here().database.parent))} free on the disk"
    )


def _notices() -> None:
    """What a device's boot scripts want its owner to know."""
    folder = here().notices
    for notice in sorted(folder.iterdir()) if folder.is_dir() else []:
        console.print(f"ATTENTION: {notice.read_text().strip()}\n", markup=False)


def _services() -> None:
    paths = here()
    for name in (Path(s).name for s in services_of(paths.settings().phone.board)):
        folder = paths.run / "services" / name
        state = "not supervised here"
        if folder.is_dir():
            told = subprocess.run(
                ["s6-svstat", str(folder)], check=False, capture_output=True, text=True
            )
            state = (told.stdout or told.stderr).strip()
        console.print(f"{name:<8} {state}", markup=False)


def _lines() -> None:
    try:
        told = ask(here().phone_control, {"ask": "status"}, within_s=3)
    except NotRunning as problem:
        console.print(f"\nlines    {problem}", markup=False)
        return
    table = Table("line", "kind", "state", "call", "message waiting", "fault", box=None)
    for name, line in told["lines"].items():
        waiting = {True: "yes", False: "no", None: "-"}[line.get("message_waiting")]
        table.add_row(
            name, line["kind"], line["state"], line["call"] or "-", waiting, line["fault"] or "-"
        )
    console.print()
    console.print(table)
    console.print(f"beat     {told['lost_periods']} periods lost since start")


@click.command("settings")
@plainly
def settings_() -> None:
    """Every setting with its meaning, range and default, as a settings file."""
    click.echo(annotated(), nl=False)
