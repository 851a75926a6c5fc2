"""Tasks: what a door asks the service `tasks` for, which on a device is root, and how each went.

The web pages run as a user without rights. What needs more, or code that is not to stay in memory
(settings, certificates), or longer than a page can wait, they ask for:

    run/tasks              a pipe into which nobody but the pages' own user may write (and root)
    run/task/KIND.json     how a task of this kind is, or how the last one ended

A task is one line of JSON: its kind, who asks, and values that are checked against the dataclass of
the kind. It names no program and no path: what is done is in app/operations/task_work.py. Each is
done in a process of its own, so it goes on when the page is closed and the pages are started again.
"""

import errno
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from app.config.paths import Paths
from app.core import files
from app.core.control import NotRunning
from app.core.process import started_at
from app.core.records import BadRecord, from_json, parse_json, to_json
from app.core.sentences import Sentence
from app.core.told import Told
from app.inbox.entries import Door
from app.operations.actor import Actor, Role
from app.operations.errors import OperationError

LONGEST = 4096
"""Octets of a task's line: what a pipe takes as a whole or not at all [pipe(7), PIPE_BUF]."""
STATE_LONGEST = 1_000_000
"""Octets of a state that are read."""


@dataclass(frozen=True)
class ChangeSettings:
    """Write settings into the owner's file, all or none."""

    values: Mapping[str, str | None]
    """What was typed, by the names of settings; None: the default holds again."""
    seen: Mapping[str, str]
    """What each was as it was shown to whoever typed."""
    during_calls: bool


@dataclass(frozen=True)
class MakeBackup:
    """Make a sealed backup for download."""

    passphrase: str = field(repr=False)


@dataclass(frozen=True)
class RemoveBackup:
    """Remove the backup that was made for download."""


@dataclass(frozen=True)
class CheckBackup:
    """Verify the uploaded backup and lay it beside what is there; nothing in use is touched."""

    passphrase: str = field(repr=False)


@dataclass(frozen=True)
class BeginRestore:
    """Let what was checked take the place of what is there, at a start that begins now."""

    made_at: int
    """Of the backup that was shown: another one is not meant."""


@dataclass(frozen=True)
class CheckBundle:
    """Say what is in the uploaded update, and whether it can be installed."""


@dataclass(frozen=True)
class InstallBundle:
    """Install the uploaded update."""

    restart: bool


@dataclass(frozen=True)
class SelfTest:
    """Let each part of the board try itself."""


@dataclass(frozen=True)
class RestartServices:
    """Start services again."""

    services: tuple[str, ...]
    during_calls: bool


@dataclass(frozen=True)
class StartAgain:
    """Start the whole box again."""


@dataclass(frozen=True)
class ShutDown:
    """Shut the box down, so that its power may be taken away."""


@dataclass(frozen=True)
class EraseBox:
    """Start the whole box again, as new: people, messages, settings and keys are erased."""


@dataclass(frozen=True)
class UseCertificate:
    """Show the uploaded certificate to mail programs and browsers."""


@dataclass(frozen=True)
class OwnCertificate:
    """Let the box's own authority sign again, or ask the one of the settings by ACME."""


@dataclass(frozen=True)
class MakeSigningKey:
    """Make the key that outgoing mail is signed with."""

    again: bool


Work = (
    ChangeSettings
    | MakeBackup
    | RemoveBackup
    | CheckBackup
    | BeginRestore
    | CheckBundle
    | InstallBundle
    | SelfTest
    | RestartServices
    | StartAgain
    | ShutDown
    | EraseBox
    | UseCertificate
    | OwnCertificate
    | MakeSigningKey
)

KINDS: Mapping[str, type[Work]] = {
    "settings": ChangeSettings,
    "backup": MakeBackup,
    "backup-removal": RemoveBackup,
    "restore-check": CheckBackup,
    "restore": BeginRestore,
    "update-check": CheckBundle,
    "update": InstallBundle,
    "selftest": SelfTest,
    "restart": RestartServices,
    "start-again": StartAgain,
    "shut-down": ShutDown,
    "erase": EraseBox,
    "certificate": UseCertificate,
    "own-certificate": OwnCertificate,
    "signing-key": MakeSigningKey,
}
"""What each kind of task is told."""
_KIND_OF = {work: kind for kind, work in KINDS.items()}


@dataclass(frozen=True)
class Asker:
    """An Actor as a line of JSON has it."""

    login: str
    door: Door
    roles: tuple[Role, ...]
    person: int | None


@dataclass(frozen=True)
class Task:
    """One task as it is asked for."""

    number: str
    """By which whoever has asked knows its outcome."""
    actor: Actor
    work: Work

    @property
    def kind(self) -> str:
        """Its kind, one of KINDS."""
        return _KIND_OF[type(self.work)]


@dataclass(frozen=True)
class TaskState:
    """How a task is, or how it ended."""

    number: str
    kind: str
    by: str
    """Who asked for it."""
    begun_at: float
    """Seconds since 1970."""
    ended_at: float | None
    """Seconds since 1970; None while it runs."""
    outcome: Literal["running", "done", "refused", "lost"]
    """lost: its process has ended without a word, by a power cut for example."""
    said: tuple[Told, ...]
    """What it told meanwhile, oldest first."""
    field: str
    """What was wrong, of a refused one: see OperationError."""
    why: Told
    """Why it was refused, in words; see `text`."""
    result: str
    """What it gives, as JSON; "" if it gives nothing yet."""
    process: tuple[int, int]
    """Its number, and when it started (app/core/process.py)."""

    @property
    def text(self) -> Sentence:
        """Why it was refused, in words."""
        return self.why.sentence

    @property
    def runs(self) -> bool:
        """Whether it has not ended yet."""
        return self.outcome == "running"


def ask(paths: Paths, actor: Actor, work: Work) -> str:
    """Ask for a task, whose rights are checked by whoever does it; its number.

    Raises NotRunning if the service is not there, and OperationError if it is told too much.
    """
    task = Task(secrets.token_hex(8), actor, work)
    line = as_line(task)
    if len(line) > LONGEST:
        raise OperationError("", "this is too much for one time; change less at once")
    try:
        pipe = os.open(paths.task_pipe, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        if problem.errno not in (errno.ENOENT, errno.ENXIO):
            raise
        raise NotRunning(
            "the service `tasks` does not run, so nothing can be changed here that needs more"
            " rights than these pages have; commands at the console do the same"
        ) from problem
    try:
        os.write(pipe, line)
    except BlockingIOError as problem:
        raise NotRunning("the service `tasks` is busy; try again in a while") from problem
    finally:
        os.close(pipe)
    return task.number


def as_line(task: Task) -> bytes:
    """The task as the pipe takes it."""
    who = task.actor
    asker = Asker(who.login, who.door, tuple(sorted(who.roles)), who.person)
    told = {
        "number": task.number,
        "kind": task.kind,
        "actor": to_json(asker),
        "work": to_json(task.work),
    }
    return json.dumps(told).encode() + b"\n"


def from_line(line: bytes) -> Task:
    """A task from its line, every value checked. Raises BadRecord."""
    told = parse_json(line)
    if not isinstance(told, dict) or told.keys() != {"number", "kind", "actor", "work"}:
        raise BadRecord("a task has number, kind, actor and work")
    number, kind = (from_json(str, told[name], name) for name in ("number", "kind"))
    if kind not in KINDS:
        raise BadRecord(f"there is no task {kind[:40]!r}")
    asker = from_json(Asker, told["actor"], "actor")
    actor = Actor(asker.login, asker.door, frozenset(asker.roles), asker.person)
    return Task(number, actor, from_json(KINDS[kind], told["work"], kind))


def read_task(paths: Paths, kind: str) -> TaskState | None:
    """How the last task of this kind is; None if there was none since the start."""
    try:
        with (paths.task_states / f"{kind}.json").open("rb") as file:
            state = from_json(TaskState, parse_json(file.read(STATE_LONGEST)), kind)
    except (OSError, BadRecord):
        return None
    if state.runs and started_at(state.process[0]) != state.process[1]:
        return TaskState(**{**vars(state), "outcome": "lost"})
    return state


def write_state(paths: Paths, state: TaskState, mode: int = 0o640) -> None:
    """Keep how a task is, for whoever has asked. Raises OSError."""
    files.write(paths.task_states / f"{state.kind}.json", json.dumps(to_json(state)), mode)


Result = TypeVar("Result")


def result_of(state: TaskState | None, kind: type[Result]) -> Result | None:
    """What a task that is done gave; None if it is not, or gave something else."""
    if state is None or state.outcome != "done":
        return None
    try:
        return from_json(kind, parse_json(state.result), state.kind)
    except BadRecord:
        return None
