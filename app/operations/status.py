"""How the box is, in one report. Whatever cannot be read is said, and the rest is shown."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from app.config.paths import Paths
from app.config.ports import PORTS
from app.config.toml_file import SettingsError
from app.core.clock import Clock, SystemClock
from app.core.errors import SwitchhookError
from app.core.records import parse_json
from app.inbox.entries import Kind, MissedCall
from app.operations.actor import Actor, Role, require_role
from app.operations.box import Box
from app.operations.certificate import certificate_problems
from app.operations.domains import domain_problems
from app.operations.kept_secrets import secret_problems
from app.operations.line_readings import BoardReading
from app.operations.lines import Lines, read_lines
from app.operations.mail_system import mail_system_problems
from app.operations.panel_state import PanelState, told_problem
from app.operations.queue import DownDestination, down_destinations
from app.operations.references import Problem, known_of, problems, read_board
from app.operations.running import ServiceState, service_states
from app.operations.setup_page import setup_page
from app.store.condition import StoreCondition
from app.store.space import disk_free

if TYPE_CHECKING:
    from app.config.settings import Settings

DAYS = 7
"""Missed calls of so many days are in the report."""
DAY_S = 86_400


@dataclass(frozen=True)
class Holdings:
    """What the store holds: how many `inboxes`; in octets `used`, `in_bin` and `disk_free`.

    `no_mail` and `no_voicemail`: the disk has no room even for the smallest.
    """

    inboxes: int = 0
    used: int = 0
    in_bin: int = 0
    disk_free: int = 0
    no_mail: bool = False
    no_voicemail: bool = False


@dataclass(frozen=True)
class PinLock:
    """Whose mailbox takes no PIN from where, after too many wrong ones."""

    login: str
    origin: str
    """A handset, or an outside line and its caller."""
    until: float
    """Seconds since 1970."""


@dataclass(frozen=True)
class Elsewhere:
    """An account whose mail is fetched from a server elsewhere."""

    login: str
    """Whose it is."""
    number: int
    place: str
    """User and server."""
    ok_at: float | None
    """When its mail was fetched last, in seconds since 1970; None: never yet."""
    error: str
    """What went wrong at the last visit, in the server's words; "" if nothing did."""
    error_at: float | None
    """When, in seconds since 1970; None: never."""


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
    ports: dict[str, int]
    """TCP ports that mail is really served on, by their names in app.config.ports."""
    store_problem: str
    """Why the store cannot be read; what follows is then empty."""
    queue_waiting: int = 0
    """How many recipients wait for mail to be sent."""
    queue_held: int = 0
    """How many recipients' mail is held since a restore."""
    queue_down: tuple[DownDestination, ...] = ()
    """Where they cannot be sent now."""
    holdings: Holdings = field(default_factory=Holdings)
    problems: tuple[Problem, ...] = ()
    """What settings and people name that is not there."""
    locks: tuple[PinLock, ...] = ()
    missed: MissedCalls = field(default_factory=MissedCalls)
    elsewhere: tuple[Elsewhere, ...] = ()
    spooled: int = 0
    """How many recordings and missed calls wait until the store takes them."""
    certificate_problems: tuple[str, ...] = ()
    setup_page: str = ""
    """Where mail programs are set up."""
    web_served: bool = False
    """Whether that page is there now."""
    panel: PanelState | None = None
    """The front panel; None: the board has none, or the settings want none."""
    damage: str = ""
    """What is damaged in the store, what that means and what to do; "" if nothing is known."""
    measured: BoardReading | None = None
    """What the lines' chips measure; None: it was not asked, or nobody tells."""


def read_status(
    actor: Actor,
    paths: Paths,
    open_box: Callable[[Paths, Settings], Box],
    clock: Clock | None = None,
) -> StatusReport:
    """The report. Raises NotAllowed, and nothing else that is our own."""
    require_role(actor, Role.NETWORK, "see the status")
    settings, settings_problem = _settings(paths)
    services = tuple(service_states(paths, settings.phone.board))
    notices, lines = _notices(paths), read_lines(paths)
    report = StatusReport(
        notices,
        settings_problem,
        services,
        lines,
        _ports(paths),
        "",
        spooled=len(paths.spooled()),
        certificate_problems=certificate_problems(paths.keys, (clock or SystemClock()).now()),
        setup_page=setup_page(paths, settings),
        web_served=paths.web_ports.exists(),
        panel=_panel(paths, settings),
    )
    try:
        box = open_box(paths, settings)
        with closing(box.db):
            report = _with_store(report, box, paths, settings, clock or SystemClock())
    except SwitchhookError as problem:
        report = replace(report, store_problem=problem.text)
    damage = StoreCondition(paths.database).damage()
    return replace(report, damage=damage.text)


def _with_store(
    report: StatusReport, box: Box, paths: Paths, settings: Settings, clock: Clock
) -> StatusReport:
    """The report with what only the store knows. Raises StoreDamaged or StoreFailed."""
    return replace(
        report,
        queue_waiting=box.queue.waiting(),
        queue_held=box.queue.held.count(),
        queue_down=down_destinations(box),
        holdings=_holdings(box, paths),
        problems=(
            *problems(settings, box.people.all(), known_of(settings)),
            *domain_problems(box, settings),
            *secret_problems(box, settings),
            *mail_system_problems(box, settings),
        ),
        locks=_locks(box),
        elsewhere=_elsewhere(box),
        missed=_missed(box, clock.now() - DAYS * DAY_S),
    )


def _panel(paths: Paths, settings: Settings) -> PanelState | None:
    board = read_board(settings) if settings.panel.enabled else None
    if board is None or board.panel is None:
        return None
    return PanelState(board.panel.kind, told_problem(paths.panel_state))


def _settings(paths: Paths) -> tuple[Settings, str]:
    from app.config.settings import Settings  # whoever does not ask is spared its machinery

    try:
        return paths.settings(), ""
    except SettingsError as problem:
        return Settings(), str(problem)


def _ports(paths: Paths) -> dict[str, int]:
    """What the mail service listens on; nothing while it does not run."""
    try:
        told = parse_json(paths.mail_ports.read_text())
    except (OSError, ValueError):
        return {}
    return {name: told[name] for name in PORTS if name in told}


def notices(paths: Paths) -> tuple[str, ...]:
    """What the owner must see to, a text each: notices of this start, and a damaged store.

    Needs no store.
    """
    damage = StoreCondition(paths.database).damage()
    return (*_notices(paths), *filter(None, [damage.text]))


def _notices(paths: Paths) -> tuple[str, ...]:
    files = sorted(paths.notices.iterdir()) if paths.notices.is_dir() else []
    return tuple(file.read_text(errors="replace").strip() for file in files)


def _holdings(box: Box, paths: Paths) -> Holdings:
    people = box.people.all()
    used = sum(box.store.used(person.id) for person in people)
    free = disk_free(paths.database.parent)
    refused = [box.delivery.room.is_refused(kind) for kind in (Kind.EMAIL, Kind.VOICEMAIL)]
    return Holdings(len(people), used, box.store.bin_octets(), free, *refused)


def _locks(box: Box) -> tuple[PinLock, ...]:
    return tuple(
        PinLock(lock.person.login, lock.origin, lock.until) for lock in box.people.pin_locks()
    )


def _elsewhere(box: Box) -> tuple[Elsewhere, ...]:
    logins = {person.id: person.login for person in box.people.all()}
    return tuple(
        Elsewhere(
            logins.get(one.person, "?"), one.id, one.place, one.ok_at, one.error, one.error_at
        )
        for one in box.fetch_accounts.all()
    )


def _missed(box: Box, since: float) -> MissedCalls:
    counts = box.store.missed_call_counts(since)
    by_login = ((p.login, counts[p.id]) for p in box.people.all() if p.id in counts)
    return MissedCalls(tuple(by_login), tuple(box.store.missed_calls(None, since)))
