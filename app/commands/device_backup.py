"""Backup and restore: `python -m app device backup`, `verify`, `restore`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from app.commands.errors import reports_errors
from app.commands.output import say
from app.config.paths import Paths, here

if TYPE_CHECKING:
    from app.device.backup import Seal
    from app.device.sealing import Keys


@click.command("backup")
@click.argument("to")
@click.option("--ask", is_flag=True, help="Ask for a passphrase, instead of making one.")
@click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The first line of this file is the passphrase.",
)
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="age1…",
    help="Seal it for this public key of age (made by age-keygen) instead; may be repeated.",
)
@click.option("--this-box-only", is_flag=True, help="No passphrase: only this box can read it.")
@click.option("--unsealed", is_flag=True, help="Not sealed: who has the file has the box.")
@click.option(
    "--copy-beside",
    is_flag=True,
    help="Lay the store's copy, which is not sealed, beside TO meanwhile: for a store that fills"
    " more than half of the card.",
)
@reports_errors
def backup(to: str, copy_beside: bool, **how: Any) -> None:
    """Write one file with messages, people, settings and keys, while the box goes on working.

    TO is a file or folder, or usb/… for a file on the USB stick (usb:LABEL/… if there are more).
    The file is sealed: this box reads it again by itself, another one with the passphrase. It is a
    file of the program age, which opens it anywhere; within is a tar archive.
    """
    from app.device import backup
    from app.operations.backups import program_version

    paths = here()
    host = paths.settings().site.hostname
    seal, told = _seal(**how)
    with _meant(to, writable=True) as path:
        if path.is_dir():
            day = datetime.now(UTC).strftime("%Y-%m-%d")
            path /= f"{host.partition('.')[0]}-{day}.backup"
        made = backup.make(paths, path, program_version(), host, time.time(), seal, copy_beside)
        octets = path.stat().st_size
    state = "not sealed" if seal.is_none else "sealed"
    say(f"{path.name}: {octets / 1e6:.1f} MB in {len(made.files)} files, {state}")
    for line in told:
        say(line)


def _seal(
    ask: bool,
    passphrase_file: Path | None,
    recipients: tuple[str, ...],
    this_box_only: bool,
    unsealed: bool,
) -> tuple[Seal, tuple[str, ...]]:
    """What a backup is sealed for, and what its owner is told of that. Raises DeviceError."""
    from app.device.backup import Seal, check_passphrase, new_passphrase
    from app.device.sealing import check_recipient

    ways = (ask, passphrase_file is not None, bool(recipients), this_box_only, unsealed)
    if sum(ways) > 1:
        raise click.UsageError("name one way to seal it")
    if unsealed:
        return Seal(), ("whoever has the file reads all messages and keys in it",)
    if recipients:
        return Seal(None, tuple(map(check_recipient, recipients))), (
            "this box reads it by itself; another one, or this one after a reset, with --identity",
        )
    if this_box_only:
        return Seal(new_passphrase()), ("only this box can read it, and not after a factory reset",)
    both = (
        "this box reads it by itself; another one, or this one after a reset, with the",
        "passphrase: keep both, in two places; who has both has the box",
    )
    if passphrase_file is not None:
        return Seal(check_passphrase(_first_line(passphrase_file))), both
    if ask:
        asked = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True)
        return Seal(check_passphrase(asked)), both
    words = new_passphrase()
    return Seal(words), (f"passphrase: {words}   (not shown again)", *both)


F = TypeVar("F", bound=Callable[..., Any])


def _opens(command: F) -> F:
    """The options by which a backup is opened."""
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    for option in (
        click.option("--unsealed", is_flag=True, help="Take a backup that is not sealed."),
        click.option("--identity", type=file, help="File with the secret key, AGE-SECRET-KEY-1…"),
        click.option(
            "--passphrase-file", type=file, help="The first line of this file is the passphrase."
        ),
        click.argument("source"),
    ):
        command = option(command)
    return command


def _keys(paths: Paths, passphrase_file: Path | None, identity: Path | None) -> Keys:
    from app.device.backup import FileKeys
    from app.device.sealing import Keys

    def ask() -> str | None:
        if passphrase_file is not None:
            return _first_line(passphrase_file)
        words: str = click.prompt("This backup is not of this box. Passphrase", hide_input=True)
        return words

    lines = identity.read_text().splitlines() if identity is not None else []
    secret = tuple(line for line in lines if line.strip() and not line.startswith("#"))
    return Keys(FileKeys(paths).all(), ask, secret)


@click.command("verify")
@_opens
@reports_errors
def verify(
    source: str, passphrase_file: Path | None, identity: Path | None, unsealed: bool
) -> None:
    """Read the backup SOURCE from end to end, with all its checksums; nothing is changed."""
    from app.device import backup_reading

    keys = _keys(here(), passphrase_file, identity)
    with _meant(source, writable=False) as path, path.open("rb") as file:
        read = backup_reading.read(file, keys, backup_reading.counted, unsealed)
    made = datetime.fromtimestamp(read.manifest.made_at, UTC)
    octets = sum(item.octets for item in read.manifest.files)
    say(
        f"a whole backup of {read.manifest.host} made on {made:%Y-%m-%d %H:%M} UTC:"
        f" {octets / 1e6:.1f} MB in {len(read.manifest.files)} files, all checksums right"
    )


@click.command("restore")
@_opens
@click.option("--later", is_flag=True, help="Do not start again now.")
@reports_errors
def restore(
    source: str,
    later: bool,
    passphrase_file: Path | None,
    identity: Path | None,
    unsealed: bool,
) -> None:
    """Go back to the backup SOURCE (a file, or usb/… for one on the USB stick).

    It is verified as a whole before anything changes. Mail that waited in it to be sent is held:
    `queue release` sends it, `queue remove` gives it back. What is here now is replaced at the next
    start, but for the console's password.
    """
    from app.appliance import open_inbox
    from app.commands.device_care import start_again
    from app.device import restore
    from app.operations.backups import stage_backup

    paths = here()
    keys = _keys(paths, passphrase_file, identity)
    with _meant(source, writable=False) as path:
        staged, held = stage_backup(paths, path, open_inbox, keys, unsealed)
    restore.commit(paths)
    made = datetime.fromtimestamp(staged.manifest.made_at, UTC)
    say(
        f"a backup of {staged.manifest.host} made on {made:%Y-%m-%d %H:%M} UTC:"
        f" {staged.found.people} people, {staged.found.entries} messages"
    )
    if held:
        say(
            f"{held} mails that waited in it are held, since they may have been sent meanwhile:"
            " `queue release --all` sends them, `queue remove --held` gives them back"
        )
    for left_out in staged.left_out:
        say(f"left out: {left_out}")
    start_again(later, "it takes the place of what is here at the next start")


def _first_line(path: Path) -> str:
    return path.read_text().partition("\n")[0].rstrip("\r")


@click.command("change-over")
@reports_errors
def change_over() -> None:
    """At a start, before the services: put a restored backup in its paths."""
    from app.device import first_boot, permissions, restore
    from app.device.backup import HOST_NAME

    paths = here()
    if restore.change_over(paths):
        if (paths.var / HOST_NAME).exists():
            first_boot.name_device(paths)
        permissions.share(paths)
        permissions.share_trees(paths.var)
        (paths.etc / "applied").unlink(missing_ok=True)  # what follows from the settings is anew
        say("the backup is in its place")


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
    say("the card's slot A is good again; take the stick out and start anew")


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
