"""`python -m app update …`: install a new version, try it, keep it or go back."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from app.commands.common import inbox, size, when
from app.commands.errors import reports_errors
from app.commands.output import say
from app.config.paths import PROJECT, here
from app.core import files
from app.core.control import NotRunning, ask
from app.core.records import parse_json
from app.device import sticks
from app.device.update.bundle import SUFFIX, Bundle, open_bundle
from app.device.update.errors import Refused, UpdateError
from app.device.update.rules import Here, judge, judge_rollback, named
from app.device.update.slots_content import Release
from app.device.update.slots_disk import BlockFile, Disk, find, only_one

KEYS = PROJECT / "keys"
RELEASE = PROJECT / "release.json"
DEVICE_TREE = Path("/proc/device-tree/compatible")


@click.group()
def update() -> None:
    """Versions of the whole system: install, try, keep, go back."""


def _disk() -> Disk:
    """The disk of the running system, unless the command's caller has handed in another."""
    given = click.get_current_context().find_object(Disk)
    return given if given is not None else find(here().run / "boot")


@update.command("info")
@click.argument("file")
@reports_errors
def info(file: str) -> None:
    """What is in the bundle FILE, whether it is whole, and whether it fits this machine."""
    with _bundle(file) as bundle:
        manifest = bundle.manifest
        say(f"version   {named(manifest.release)} ({when(manifest.release.built)})")
        say(f"signed by {bundle.signed_by}")
        say(f"kernel    {manifest.kernel}")
        say(f"machines  {', '.join(manifest.machines)}")
        say(f"boards    {', '.join(manifest.boards)}")
        say(
            f"store     tables of version {manifest.release.schema}, which programs that know"
            f" {manifest.release.readable_from} can read"
        )
        say(f"root      sha256 {manifest.root_sha256}")
        bundle.verify()
        say(f"content   {size(manifest.octets)}, whole")
        try:
            judge(manifest, _here(_disk()))
        except UpdateError as reason:
            say(f"here      {reason}")
        else:
            say("here      can be installed")


@update.command("install")
@click.argument("file")
@click.option("--restart", is_flag=True, help="Start the new version at once; calls are cut off.")
@reports_errors
def install(file: str, restart: bool) -> None:
    """Write the bundle FILE into the other slot and try it at the next start.

    FILE may be on a USB stick: usb/NAME, usb:LABEL/NAME, or just usb if there is one bundle on it.
    Calls go on meanwhile.
    """
    from app.device.update.install import Pace
    from app.device.update.install import install as put

    disk = _disk()
    with only_one(here().run / "update.lock"), _bundle(file) as bundle:
        _be_modest()
        _note_lines()
        last_trial().unlink(missing_ok=True)
        say(f"{named(bundle.manifest.release)} goes to slot {disk.other} …")
        put(bundle, disk, _here(disk), Pace(rest=time.sleep, tell=_Progress().tell))
    say(f"slot {disk.other} holds {named(bundle.manifest.release)} and is tried at the next start")
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
    if state.trial == disk.other and last_trial().exists():
        say("its last try:")
        for line in last_trial().read_text().splitlines():
            say(f"  {line}")


@update.command("mark-good")
@reports_errors
def mark_good() -> None:
    """Keep what runs: start it from now on, whatever has been on trial."""
    from app.device.update.confirm import mark_good as mark

    disk = _disk()
    with only_one(here().run / "update.lock"):
        mark(disk)
    say(f"slot {disk.running} is good")


@update.command("rollback")
@click.option("--restart", is_flag=True, help="Start it at once; calls are cut off.")
@reports_errors
def rollback(restart: bool) -> None:
    """Go back to the version in the other slot: it is tried at the next start."""
    disk = _disk()
    with only_one(here().run / "update.lock"):
        content = disk.content(disk.other)
        if content is None:
            raise Refused(f"slot {disk.other} holds nothing that could be started")
        if disk.state().good != disk.running:
            raise Refused(
                f"slot {disk.running} is on trial itself; restarting without `update mark-good`"
                " brings the other one back"
            )
        judge_rollback(content.release, _here(disk))
        _note_lines()
        last_trial().unlink(missing_ok=True)
        disk.write(lambda state: state.on_trial(disk.other))
    say(f"slot {disk.other} is tried at the next start")
    if restart:
        _restart()


# ---- what the commands share


def _here(disk: Disk) -> Here:
    """What a bundle is judged against."""
    from app.store.schema import STEPS, version_of

    box = inbox()
    release = parse_json(RELEASE.read_text())
    newest = STEPS[-1]
    with BlockFile(disk.slots[disk.other]) as slot:
        room = slot.size()
    return Here(
        release=Release(release["version"], release["built"], newest.version, newest.readable_from),
        machines=_machines(),
        board=box.settings.phone.board,
        store_readable_from=version_of(box.db.reader())[1],
        free=shutil.disk_usage(here().database.parent).free,
        slot_octets=room,
    )


def _machines() -> frozenset[str]:
    """What the device tree calls this machine [Devicetree Specification 2.3.1]."""
    if not DEVICE_TREE.exists():
        return frozenset()
    return frozenset(DEVICE_TREE.read_bytes().decode().rstrip("\0").split("\0"))


@contextmanager
def _bundle(text: str) -> Iterator[Bundle]:
    """The bundle a command was given, its signature checked."""
    keys = sorted(KEYS.glob("*.pub"))
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
        names = ", ".join(bundle.name for bundle in there) or "none"
        raise UpdateError(f"one bundle is needed in {path}, there are: {names}")
    return there[0]


def _be_modest() -> None:
    """Others come first, at the processor and at the disk."""
    os.nice(19)
    if shutil.which("ionice"):
        subprocess.run(["ionice", "-c", "3", "-p", str(os.getpid())], check=False)


class _Progress:
    """Prints every tenth of each step."""

    def __init__(self) -> None:
        self._shown = ("", -1)

    def tell(self, step: str, done: int, total: int) -> None:
        """So many octets of so many are done."""
        tenth = done * 10 // max(1, total)
        if (step, tenth) != self._shown:
            self._shown = (step, tenth)
            say(f"{step:<9} {tenth * 10:>3} %")


def lines_before() -> Path:
    """Which lines were broken already under the version before."""
    return here().etc / "broken-lines.json"


def _note_lines() -> None:
    """Keep it for the new version, which must not be blamed for them."""
    from app.device.update.checks import faulty

    try:
        broken = sorted(faulty(ask(here().phone_control, {"ask": "status"})))
    except NotRunning:
        broken = []
    files.write(lines_before(), json.dumps(broken) + "\n")


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
        verdict = prove(disk, checks(here(), lines_before()), said.append)
    said.append(f"slot {disk.running}: {verdict.value}")
    for line in said:
        say(line)
    if verdict is Verdict.FAILED:
        _keep_report(said)
        if not stay:
            _restart()
        sys.exit(1)
    last_trial().unlink(missing_ok=True)


@update.command("sweep", hidden=True)
@reports_errors
def sweep() -> None:
    """Take away what a trial has left that the power ended. Called at a start."""
    from app.commands.update_trial import sweep_up

    say(f"{sweep_up(here())} messages of a trial that had no end were taken away")


def last_trial() -> Path:
    """What the last slot that did not prove itself had to say; its log goes with the restart."""
    return here().etc / "last-trial.txt"


def _keep_report(said: list[str]) -> None:
    files.write(last_trial(), "\n".join(said) + "\n")
