"""`python -m app update …`: install a new version, try it, keep it or go back."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from app.commands.common import inbox, when
from app.commands.errors import reports_errors
from app.commands.output import say
from app.config.paths import here
from app.core.sentences import N_, sentence
from app.core.told import told
from app.device import sticks
from app.device.update import record
from app.device.update.bundle import SUFFIX, Bundle, open_bundle
from app.device.update.errors import UpdateError
from app.device.update.rules import Here
from app.device.update.slots_content import named
from app.device.update.slots_disk import Disk, only_one
from app.operations import update_place, updates


@click.group()
def update() -> None:
    """Versions of the whole system: install, try, keep, go back."""


def _disk() -> Disk:
    """The disk of the running system, unless the command's caller has handed in another."""
    given = click.get_current_context().find_object(Disk)
    return given if given is not None else update_place.disk_of(here())


@update.command("info")
@click.argument("file")
@reports_errors
def info(file: str) -> None:
    """What is in the bundle FILE, whether it is whole, and whether it fits this machine."""
    with _bundle(file) as bundle:
        for line in updates.describe(bundle, lambda: _here(_disk()), when):
            say(line)


@update.command("install")
@click.argument("file")
@click.option("--restart", is_flag=True, help="Start the new version at once; calls are cut off.")
@reports_errors
def install(file: str, restart: bool) -> None:
    """Write the bundle FILE into the other slot and try it at the next start.

    FILE may be on a USB stick: usb/NAME, usb:LABEL/NAME, or just usb if there is one bundle on it.
    Calls go on meanwhile.
    """
    disk = _disk()
    with _bundle(file) as bundle:
        say(updates.install_update(here(), disk, bundle, _here(disk), say))
    if restart:
        _restart()


@update.command("status")
@reports_errors
def status() -> None:
    """Both slots: what is in them, which is good, which is on trial."""
    disk = _disk()
    state = disk.state()
    for slot in disk.slots:
        content = disk.content(slot)
        if content is None:
            holds = "nothing that could be started"
        else:
            holds = named(content.release) if content.release else "a version without a name"
        marks = ["runs"] if slot == disk.running else []
        marks += ["good"] if slot == state.good else []
        if slot == state.trial:
            left = f"on trial, {state.left} tries left"
            marks += [left if state.left else "has not proved itself; it is not tried any more"]
        line = f"slot {slot}  {holds}{': ' if marks else ''}{', '.join(marks)}"
        say(line)
    last = record.read(here())
    if last is not None and state.trial == disk.other == last.slot and last.said:
        say("its last try:")
        say(*(f"  {line.sentence}" for line in last.said))


@update.command("mark-good")
@reports_errors
def mark_good() -> None:
    """Keep what runs: start it from now on, whatever has been on trial."""
    from app.device.update.confirm import mark_good as mark

    disk = _disk()
    with only_one(here().run / "update.lock"):
        mark(disk)
        record.note_trial(here(), disk.running, True, ())
    say(f"slot {disk.running} is good")


@update.command("rollback")
@click.option("--restart", is_flag=True, help="Start it at once; calls are cut off.")
@reports_errors
def rollback(restart: bool) -> None:
    """Go back to the version in the other slot: it is tried at the next start."""
    disk = _disk()
    say(updates.go_back(here(), disk, _here(disk)))
    if restart:
        _restart()


# ---- what the commands share


def _here(disk: Disk) -> Here:
    """What a bundle is judged against."""
    return updates.what_holds_here(here(), disk, inbox())


@contextmanager
def _bundle(text: str) -> Iterator[Bundle]:
    """The bundle a command was given, its signature checked."""
    keys = updates.trusted_keys()
    on_stick = sticks.parse(text)
    if on_stick is None:
        yield open_bundle(_only_one_in(Path(text)), keys)
        return
    with sticks.mounted(sticks.find(on_stick.label), writable=False) as stick:
        yield open_bundle(_only_one_in(stick / on_stick.name), keys)


def _only_one_in(path: Path) -> Path:
    """A folder means the one bundle in it."""
    if not path.is_dir():
        return path
    there = sorted(path.glob(f"*{SUFFIX}"))
    if len(there) != 1:
        names = ", ".join(bundle.name for bundle in there) or sentence("none")
        text = N_("one bundle is needed in %(folder)s, there are: %(names)s")
        raise UpdateError(sentence(text, folder=path, names=names))
    return there[0]


def _restart() -> None:
    from app.core.process import run

    say("starting again now")
    run("reboot")


# ---- the trial itself


@update.command("confirm")
@click.option("--stay", is_flag=True, help="If it fails, do not start the machine again.")
@reports_errors
def confirm(stay: bool) -> None:
    """If what runs is on trial: try a mail and a call, then keep it; else start again.

    Called once at each start. After three failures the version before is back by itself.
    """
    from app.commands.update_trial import checks
    from app.device.update.confirm import Verdict, needs_proof
    from app.device.update.confirm import confirm as prove

    disk = _disk()
    if not needs_proof(disk.state(), disk.running):
        say(f"slot {disk.running}: {Verdict.NOTHING.value}")
        return
    said: list[str] = []
    with only_one(here().run / "update.lock"):
        verdict = prove(disk, checks(here(), updates.lines_before(here())), said.append)
        kept = verdict is Verdict.GOOD
        record.note_trial(here(), disk.running, kept, tuple(map(told, said)))
    for line in (*said, f"slot {disk.running}: {verdict.value}"):
        say(line)
    if verdict is Verdict.FAILED:
        if not stay:
            _restart()
        sys.exit(1)


@update.command("sweep", hidden=True)
@reports_errors
def sweep() -> None:
    """Take away what a trial has left that the power ended. Called at a start."""
    from app.commands.update_trial import sweep_up

    say(f"{sweep_up(here())} messages of a trial that had no end were taken away")
