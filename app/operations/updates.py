"""Updates of the whole system: what is in a bundle, installing it, going back.

Only root can do it; pages ask for it as tasks (tasks.py). How the last one went is known to
update_place.py.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from app.config.paths import PROJECT, Paths
from app.core import files
from app.core.control import NotRunning, ask
from app.core.records import parse_json
from app.core.sentences import N_, Sentence, sentence
from app.device.update import record
from app.device.update.bundle import Bundle
from app.device.update.checks import faulty
from app.device.update.errors import Refused, UpdateError
from app.device.update.install import Pace
from app.device.update.install import install as put
from app.device.update.rules import Here, judge, judge_rollback
from app.device.update.slots_content import Release, named
from app.device.update.slots_disk import BlockFile, Disk, only_one
from app.operations.box import Box
from app.operations.update_place import RELEASE
from app.store.schema import STEPS, version_of

KEYS = PROJECT / "keys"
DEVICE_TREE = Path("/proc/device-tree/compatible")
Say = Callable[[str], None]
"""Takes a line of what is told meanwhile."""


def trusted_keys() -> list[Path]:
    """The public keys whose bundles are believed."""
    return sorted(KEYS.glob("*.pub"))


def what_holds_here(paths: Paths, disk: Disk, box: Box) -> Here:
    """What a bundle is judged against."""
    release = parse_json(RELEASE.read_text())
    newest = STEPS[-1]
    with BlockFile(disk.slots[disk.other]) as slot:
        room = slot.size()
    return Here(
        release=Release(release["version"], release["built"], newest.version, newest.readable_from),
        machines=_machines(),
        board=box.settings.phone.board,
        store_readable_from=version_of(box.db.reader())[1],
        free=shutil.disk_usage(paths.database.parent).free,
        slot_octets=room,
    )


def _machines() -> frozenset[str]:
    """What the device tree calls this machine [Devicetree Specification 2.3.1]."""
    if not DEVICE_TREE.exists():
        return frozenset()
    return frozenset(DEVICE_TREE.read_bytes().decode().rstrip("\0").split("\0"))


def describe(
    bundle: Bundle, here: Callable[[], Here], when: Callable[[float], str]
) -> Iterator[Sentence]:
    """What is in a bundle, line by line, and at last whether it can be installed here.

    `when` words a moment, in seconds since 1970. Raises BundleError if it is not whole.
    """
    manifest = bundle.manifest
    release = manifest.release
    yield sentence(
        "version: %(version)s (%(when)s)", version=named(release), when=when(release.built)
    )
    yield sentence("signed by: %(key)s", key=bundle.signed_by)
    yield sentence("kernel: %(kernel)s", kernel=manifest.kernel)
    yield sentence("machines: %(machines)s", machines=", ".join(manifest.machines))
    yield sentence("boards: %(boards)s", boards=", ".join(manifest.boards))
    yield sentence(
        "store: tables of version %(schema)s, which programs that know %(needed)s can read",
        schema=release.schema,
        needed=release.readable_from,
    )
    yield sentence("root: sha256 %(sha256)s", sha256=manifest.root_sha256)
    bundle.verify()
    yield sentence("content: %(octets)s octets, whole", octets=manifest.octets)
    try:
        judge(manifest, here())
    except UpdateError as reason:
        yield sentence("here: %(reason)s", reason=reason)
    else:
        yield sentence("here: can be installed")


def install_update(paths: Paths, disk: Disk, bundle: Bundle, here: Here, say: Say) -> Sentence:
    """Write a bundle into the other slot and put it on trial; what to tell when it is done.

    Calls go on meanwhile. Raises UpdateError; the running version stays as it is.
    """
    with only_one(paths.run / "update.lock"):
        _be_modest()
        _note_lines(paths)
        version = named(bundle.manifest.release)
        say(sentence("%(version)s goes to slot %(slot)s …", version=version, slot=disk.other))
        put(bundle, disk, here, Pace(rest=time.sleep, tell=_Progress(say).tell))
        record.begin(paths, disk.other, bundle.manifest.release)
    return sentence(
        "slot %(slot)s holds %(version)s and is tried at the next start",
        slot=disk.other,
        version=version,
    )


def go_back(paths: Paths, disk: Disk, here: Here) -> Sentence:
    """Put the version in the other slot on trial; what to tell then. Raises Refused."""
    with only_one(paths.run / "update.lock"):
        content = disk.content(disk.other)
        if content is None:
            text = N_("slot %(slot)s holds nothing that could be started")
            raise Refused(sentence(text, slot=disk.other))
        if disk.state().good != disk.running:
            raise Refused(
                sentence(
                    "slot %(slot)s is on trial itself; restarting without `update mark-good` brings"
                    " the other one back",
                    slot=disk.running,
                )
            )
        judge_rollback(content.release, here)
        _note_lines(paths)
        disk.write(lambda state: state.on_trial(disk.other))
        record.begin(paths, disk.other, content.release)
    return sentence("slot %(slot)s is tried at the next start", slot=disk.other)


def lines_before(paths: Paths) -> Path:
    """Which lines were broken already under the version before."""
    return paths.etc / "broken-lines.json"


def _note_lines(paths: Paths) -> None:
    """Keep it for the new version, which must not be blamed for them."""
    try:
        broken = sorted(faulty(ask(paths.phone_control, {"ask": "status"})))
    except NotRunning:
        broken = []
    files.write(lines_before(paths), json.dumps(broken) + "\n")


def _be_modest() -> None:
    """Others come first, at the processor and at the disk."""
    os.nice(19)
    if shutil.which("ionice"):
        subprocess.run(["ionice", "-c", "3", "-p", str(os.getpid())], check=False)


class _Progress:
    """Tells every tenth of each step."""

    def __init__(self, say: Say) -> None:
        self._shown, self._say = ("", -1), say

    def tell(self, step: str, done: int, total: int) -> None:
        """So many octets of so many are done."""
        tenth = done * 10 // max(1, total)
        if (step, tenth) != self._shown:
            self._shown = (step, tenth)
            self._say(sentence("%(step)s: %(percent)s %%", step=sentence(step), percent=tenth * 10))
