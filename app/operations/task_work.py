"""Does what tasks ask for (tasks.py), in a process of its own; on a device that is root.

Whatever is done here follows from checked values: no program, path or name of a file is taken from
a task. Rights are those of whoever has asked, and are checked again by the operations.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.config.paths import Paths
from app.config.settings import Settings, SettingsError
from app.core.clock import Clock
from app.core.errors import SwitchhookError
from app.core.process import run, started_at
from app.core.records import to_json
from app.core.sentences import N_, sentence
from app.core.told import Told, told
from app.device.first_boot import done as first_boot_mark
from app.device.reset import request_reset
from app.device.selftest.findings import Outcome, Result
from app.device.update.bundle import Bundle, open_bundle
from app.device.update.errors import UpdateError
from app.device.update.rules import Here
from app.operations import backups, tasks, update_place, updates
from app.operations.actor import Role, require_admin, require_role
from app.operations.backups import BackupFacts
from app.operations.errors import OperationError
from app.operations.running import Restarts, own_services, restart
from app.operations.settings import Plans, change_settings
from app.operations.task_results import Record, Restarted, Said, SettingsOutcome
from app.operations.tasks import Task, TaskState
from app.operations.uploads import BUNDLE, CERTIFICATE, opened_upload, remove_upload
from drivers.errors import HardwareError

if TYPE_CHECKING:
    from app.operations.backups import OpenBox

log = logging.getLogger(__name__)

SAID = 200
"""Lines that a task keeps of what it has said."""
LONG = frozenset({"backup", "restore-check", "restore", "update", "update-check", "selftest"})
"""Kinds of which one is done at a time, whichever it is."""


@dataclass(frozen=True)
class Means:
    """What the work needs from the program around it."""

    open_box: OpenBox
    plans: Plans
    clock: Clock
    self_test: Callable[[], Iterable[Outcome]]
    """Tries each part of the board when its outcome is asked for."""


class Doing:
    """One task under way."""

    def __init__(self, paths: Paths, task: Task, means: Means) -> None:
        self.paths, self.actor, self.means, self.kind = paths, task.actor, means, task.kind
        self.afterwards: list[Callable[[], object]] = []
        """What is done when the outcome has been told: it may end whoever shows it."""
        process = (os.getpid(), started_at(os.getpid()))
        self.state = TaskState(
            task.number, task.kind, task.actor.login, means.clock.now(), None, "running",
            (), "", Told(""), "", process,
        )  # fmt: skip
        self._write()

    def say(self, line: str) -> None:
        """Tell how far it is; a step that goes on takes the place of what was told of it."""
        said, new = self.state.said, told(line)
        if said and "percent" in new.values and _of_one_step(said[-1], new):
            said = said[:-1]
        self.state = replace(self.state, said=(*said, new)[-SAID:])
        self._write()

    def end(self, result: object) -> None:
        """It is done, and gives this."""
        self._end(outcome="done", result=json.dumps(to_json(result)))

    def refuse(self, problem: Exception) -> None:
        """It was refused, or could not be done."""
        field = problem.field if isinstance(problem, OperationError) else ""
        text = problem.text if isinstance(problem, SwitchhookError) else str(problem)
        self._end(outcome="refused", field=field, why=told(text))

    def _end(self, **how: Any) -> None:
        self.state = replace(self.state, ended_at=self.means.clock.now(), **how)
        self._write()

    def _write(self) -> None:
        from app.device.permissions import set_group

        tasks.write_state(self.paths, self.state)
        set_group(self.paths.task_states / f"{self.state.kind}.json", 0o640)


def perform(paths: Paths, line: bytes, means: Means) -> Doing:
    """Do the task that is in this line and keep how it went; then do its `afterwards`.

    Raises BadRecord if it is none, and OSError if nothing can be kept of it.
    """
    task = tasks.from_line(line)
    paths.task_states.mkdir(mode=0o755, exist_ok=True)
    doing = Doing(paths, task, means)
    try:
        with _alone(paths, task.kind):
            doing.end(_WORKERS[type(task.work)](doing, task.work))
    except (SwitchhookError, HardwareError) as problem:
        doing.refuse(problem)
    except OSError as problem:
        log.exception("task %s", task.kind)
        doing.refuse(problem)
    except Exception as problem:
        doing.refuse(
            SwitchhookError(
                sentence("a fault of this program's, which its log tells: %(what)s", what=problem)
            )
        )
        raise
    return doing


@contextmanager
def _alone(paths: Paths, kind: str) -> Iterator[None]:
    """One of a kind at a time, and of long ones one at all. Raises OperationError."""
    name = "long" if kind in LONG else kind
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(paths.task_states / f"{name}.lock", flags, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | (fcntl.LOCK_NB if name == "long" else 0))
        except BlockingIOError:
            raise OperationError(
                "", "a backup, restore, update or self-test is under way; wait until it is done"
            ) from None
        yield
    finally:
        os.close(fd)


# ---- the kinds of work


def _change_settings(doing: Doing, work: tasks.ChangeSettings) -> SettingsOutcome:
    paths, before = doing.paths, _settings(doing.paths)
    box = doing.means.open_box(paths, before)

    def plans(settings: Settings) -> Mapping[str, Any]:
        """All but the pages' own: they are started again when they have told the outcome."""
        return {name: one for name, one in doing.means.plans(settings).items() if name != "admin"}

    with closing(box.db):
        changed = change_settings(
            box, doing.actor, paths, work.values, plans, work.during_calls, seen=work.seen
        )
    after, own = _settings(paths), doing.means.plans
    if own(before).get("admin") != own(after).get("admin"):
        doing.afterwards.append(lambda: restart(paths, ["admin"]))
    return SettingsOutcome(
        tuple((one.setting.name, one.old, one.new) for one in changed.changes),
        changed.restarts.done,
        _pending(changed.restarts),
        tuple(told(one.sentence) for one in changed.problems),
    )


def _make_backup(doing: Doing, work: tasks.MakeBackup) -> object:
    doing.say(N_("the store is copied, sealed and written"))
    return backups.make_backup(doing.paths, doing.actor, work.passphrase, doing.means.clock)


def _remove_backup(doing: Doing, work: tasks.RemoveBackup) -> None:
    backups.remove_backup(doing.paths, doing.actor)
    backups.forget_restore(doing.paths, doing.actor)


def _check_backup(doing: Doing, work: tasks.CheckBackup) -> object:
    doing.say(N_("the file is read to its end, with all checksums"))
    return backups.check_backup(doing.paths, doing.actor, doing.means.open_box, work.passphrase)


def _begin_restore(doing: Doing, work: tasks.BeginRestore) -> Told:
    shown = tasks.result_of(tasks.read_task(doing.paths, "restore-check"), BackupFacts)
    backups.begin_restore(doing.paths, doing.actor, shown, work.made_at)
    if is_device(doing.paths):
        doing.afterwards.append(lambda: run("reboot"))
        return Told(N_("the box starts again now, with the backup in place"))
    return Told(N_("the backup takes the place of what is here when `make run` is started again"))


def _of_one_step(one: Told, other: Told) -> bool:
    """Whether two sentences differ in their percentage alone."""
    return one.text == other.text and {**one.values, "percent": 0} == {**other.values, "percent": 0}


@contextmanager
def _uploaded_bundle(doing: Doing) -> Iterator[tuple[Bundle, Callable[[], Here]]]:
    """What was uploaded, and what it is judged against. What is wrong names the field "file"."""
    require_role(doing.actor, Role.NETWORK, "update the box")
    paths = doing.paths

    def here() -> Here:
        box = doing.means.open_box(paths, _settings(paths))
        with closing(box.db):
            return updates.what_holds_here(paths, update_place.disk_of(paths), box)

    with opened_upload(paths, BUNDLE) as path:
        try:
            yield open_bundle(path, updates.trusted_keys()), here
        except UpdateError as problem:
            raise OperationError("file", problem.text) from problem


def _check_bundle(doing: Doing, work: tasks.CheckBundle) -> Said:
    with _uploaded_bundle(doing) as (bundle, here):
        lines = list(updates.describe(bundle, here, _moment))
    return Said(tuple(map(told, lines)), True)


def _install_bundle(doing: Doing, work: tasks.InstallBundle) -> Said:
    with _uploaded_bundle(doing) as (bundle, here):
        disk = update_place.disk_of(doing.paths)
        done = updates.install_update(doing.paths, disk, bundle, here(), doing.say)
    remove_upload(doing.paths, BUNDLE)
    if work.restart:
        doing.afterwards.append(lambda: run("reboot"))
    return Said((told(done),), True)


def _moment(at: float) -> str:
    """Seconds since 1970 as the pages say them."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def _self_test(doing: Doing, work: tasks.SelfTest) -> Said:
    require_role(doing.actor, Role.NETWORK, "start the self-test")
    lines, well = list[Told](), True
    for outcome in doing.means.self_test():
        doing.say(outcome.sentence)
        lines.append(told(outcome.sentence))
        well = well and outcome.result is not Result.FAILED
    return Said(tuple(lines), well)


def _restart_services(doing: Doing, work: tasks.RestartServices) -> Restarted:
    require_role(doing.actor, Role.NETWORK, "start services again")
    known = (*own_services(_settings(doing.paths).phone.board), "phone", "mail", "admin")
    for name in work.services:
        if name not in known:
            raise OperationError(
                "services",
                "there is no service %(name)s: %(known)s",
                name=name,
                known=", ".join(known),
            )
    names = [name for name in known if name in work.services and name != "admin"]
    restarts = restart(doing.paths, names, work.during_calls)
    if "admin" in work.services:
        doing.afterwards.append(lambda: restart(doing.paths, ["admin"]))
    return Restarted(restarts.done, _pending(restarts))


def _pending(restarts: Restarts) -> tuple[tuple[Told, Told], ...]:
    return tuple((told(one.what), told(one.why)) for one in restarts.pending)


def _start_again(doing: Doing, work: tasks.StartAgain) -> Told:
    require_role(doing.actor, Role.NETWORK, "start the box again")
    if not is_device(doing.paths):
        raise OperationError("", NO_DEVICE)
    doing.afterwards.append(lambda: run("reboot"))
    return Told(N_("the box starts again now; calls end, and recordings are finished first"))


def _shut_down(doing: Doing, work: tasks.ShutDown) -> Told:
    require_role(doing.actor, Role.NETWORK, "shut the box down")
    if not is_device(doing.paths):
        raise OperationError("", NO_DEVICE)
    doing.afterwards.append(lambda: run("poweroff"))
    return Told(N_("the box shuts down now; calls end, and recordings are finished first"))


def _erase_box(doing: Doing, work: tasks.EraseBox) -> Told:
    require_admin(doing.actor, "erase the box")
    if not is_device(doing.paths):
        raise OperationError("", NO_DEVICE)
    request_reset(doing.paths)
    doing.afterwards.append(lambda: run("reboot"))
    return Told(N_("the box starts again now and is erased"))


NO_DEVICE = sentence(
    "this is the virtual board, a program of somebody's machine, which is not started again from"
    " here: end `make run` with Ctrl-C and start it anew"
)


def _use_certificate(doing: Doing, work: tasks.UseCertificate) -> None:
    require_role(doing.actor, Role.NETWORK, "change the certificate")
    from app.device import permissions
    from app.device.certify import use_files

    permissions.may_share()
    with opened_upload(doing.paths, CERTIFICATE) as path:
        try:
            use_files(doing.paths, doing.paths.settings(), [path])
        except SwitchhookError as problem:
            raise OperationError("file", problem.text) from problem
        finally:
            remove_upload(doing.paths, CERTIFICATE)  # there is a secret key in it
    permissions.share(doing.paths)


def _own_certificate(doing: Doing, work: tasks.OwnCertificate) -> Told:
    require_role(doing.actor, Role.NETWORK, "change the certificate")
    from app.device import permissions
    from app.device.by_acme import renew
    from app.device.certify import use_own

    permissions.may_share()
    settings = doing.paths.settings()
    if settings.certificate.acme_directory:
        made = renew(doing.paths, settings)
        said = N_("a new certificate was made") if made else N_("the certificate is good as it is")
    else:
        use_own(doing.paths, settings)
        said = N_("the box's own authority signs")
    permissions.share(doing.paths)
    return Told(said)


def _make_signing_key(doing: Doing, work: tasks.MakeSigningKey) -> Record:
    from app.operations.signing import make_signing_key

    found = make_signing_key(doing.paths, doing.paths.settings(), doing.actor, work.again)
    return Record(found.name, found.text, found.zone_line)


_WORKERS: Mapping[type[tasks.Work], Callable[[Doing, Any], object]] = {
    tasks.ChangeSettings: _change_settings,
    tasks.MakeBackup: _make_backup,
    tasks.RemoveBackup: _remove_backup,
    tasks.CheckBackup: _check_backup,
    tasks.BeginRestore: _begin_restore,
    tasks.CheckBundle: _check_bundle,
    tasks.InstallBundle: _install_bundle,
    tasks.SelfTest: _self_test,
    tasks.RestartServices: _restart_services,
    tasks.StartAgain: _start_again,
    tasks.ShutDown: _shut_down,
    tasks.EraseBox: _erase_box,
    tasks.UseCertificate: _use_certificate,
    tasks.OwnCertificate: _own_certificate,
    tasks.MakeSigningKey: _make_signing_key,
}


def is_device(paths: Paths) -> bool:
    """Whether this is a device, and not somebody's machine that runs the virtual board."""
    return first_boot_mark(paths).exists()


def _settings(paths: Paths) -> Settings:
    """Those of the file; the defaults if it cannot be used, which a change may mend."""
    try:
        return paths.settings()
    except SettingsError:
        return Settings()
