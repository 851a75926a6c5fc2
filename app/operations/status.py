"""How the box is, in one report. Whatever cannot be read is said, and the rest is shown."""

from collections.abc import Callable
from dataclasses import dataclass, field

from app.config.paths import Paths
from app.config.settings import Settings, SettingsError
from app.core.clock import Clock, SystemClock
from app.core.control import NotRunning
from app.core.errors import SwitchhookError
from app.inbox.delivery import disk_free
from app.inbox.entries import MissedCall
from app.operations.actor import Actor, require_admin
from app.operations.box import Box
from app.operations.references import Problem, known_of, problems
from app.operations.running import ServiceState, phone_status, service_states

DAYS = 7
"""Missed calls of so many days are in the report."""
DAY_S = 86_400


@dataclass(frozen=True)
class LineStatus:
    """One jack."""

    name: str
    kind: str
    """"station" or "trunk"."""
    state: str
    call: str
    """State of its call; "" if there is none."""
    message_waiting: bool | None
    """None: it is an outside line."""
    fault: str
    """What is wrong with it; "" if nothing is."""


@dataclass(frozen=True)
class Lines:
    """All jacks, or why nothing is known of them."""

    lines: tuple[LineStatus, ...] = ()
    lost_periods: int = 0
    """Periods of 10 ms since the phone service's start that came too late."""
    problem: str = ""


@dataclass(frozen=True)
class Holdings:
    """What the store holds: how many `inboxes`; in octets `used`, `in_bin` and `disk_free`."""

    inboxes: int = 0
    used: int = 0
    in_bin: int = 0
    disk_free: int = 0


@dataclass(frozen=True)
class PinLock:
    """Whose PIN is locked after too many wrong ones."""

    login: str
    until: float
    """Seconds since 1970."""


@dataclass(frozen=True)
class MissedCalls:
    """Calls of the last DAYS days that left no message."""

    by_login: tuple[tuple[str, int], ...] = ()
    """Login and count, of those who missed any."""
    for_nobody: tuple[MissedCall, ...] = ()
    """Calls that nobody could take, oldest first."""


@dataclass(frozen=True)
class StatusReport:
    """The box at a glance."""

    notices: tuple[str, ...]
    """What a device's boot scripts want its owner to know."""
    settings_problem: str
    """Why the settings cannot be read; what follows is then by the defaults."""
    services: tuple[ServiceState, ...]
    lines: Lines
    store_problem: str
    """Why the store cannot be opened; what follows is then empty."""
    queue_waiting: int = 0
    """How many mails wait to be sent."""
    queue_tried: int = 0
    """How many of them have been tried before."""
    holdings: Holdings = field(default_factory=Holdings)
    problems: tuple[Problem, ...] = ()
    """What settings and people name that is not there."""
    locks: tuple[PinLock, ...] = ()
    missed: MissedCalls = field(default_factory=MissedCalls)


def read_status(
    actor: Actor,
    paths: Paths,
    open_box: Callable[[Paths, Settings], Box],
    clock: Clock | None = None,
) -> StatusReport:
    """The report. Raises NotAllowed, and nothing else that is our own."""
    require_admin(actor, "see the status")
    settings, settings_problem = _settings(paths)
    services = tuple(service_states(paths, settings.phone.board))
    notices, lines = _notices(paths), _lines(paths)
    try:
        box = open_box(paths, settings)
    except SwitchhookError as problem:
        return StatusReport(notices, settings_problem, services, lines, str(problem))
    try:
        waiting = [row for row in box.queue.all() if row.state == "waiting"]
        people = box.people.all()
        return StatusReport(
            notices,
            settings_problem,
            services,
            lines,
            "",
            len(waiting),
            sum(row.attempts > 0 for row in waiting),
            _holdings(box, paths),
            tuple(problems(settings, people, known_of(settings))),
            _locks(box),
            _missed(box, (clock or SystemClock()).now() - DAYS * DAY_S),
        )
    finally:
        box.db.close()


def _settings(paths: Paths) -> tuple[Settings, str]:
    try:
        return paths.settings(), ""
    except SettingsError as problem:
        return Settings(), str(problem)


def _notices(paths: Paths) -> tuple[str, ...]:
    files = sorted(paths.notices.iterdir()) if paths.notices.is_dir() else []
    return tuple(file.read_text(errors="replace").strip() for file in files)


def _lines(paths: Paths) -> Lines:
    try:
        answer = phone_status(paths)
    except NotRunning as problem:
        return Lines(problem=str(problem))
    lines = tuple(
        LineStatus(
            name,
            line["kind"],
            line["state"],
            line["call"],
            line.get("message_waiting"),
            line["fault"] or "",
        )
        for name, line in answer["lines"].items()
    )
    return Lines(lines, int(answer["lost_periods"]))


def _holdings(box: Box, paths: Paths) -> Holdings:
    people = box.people.all()
    used = sum(box.store.used(person.id) for person in people)
    free = disk_free(paths.database.parent)
    return Holdings(len(people), used, box.store.bin_octets(), free)


def _locks(box: Box) -> tuple[PinLock, ...]:
    return tuple(PinLock(lock.person.login, lock.until) for lock in box.people.pin_locks())


def _missed(box: Box, since: float) -> MissedCalls:
    counts = box.store.missed_call_counts(since)
    by_login = ((p.login, counts[p.id]) for p in box.people.all() if p.id in counts)
    return MissedCalls(tuple(by_login), tuple(box.store.missed_calls(None, since)))
