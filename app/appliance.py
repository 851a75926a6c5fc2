"""What is joined to what: the only module, with the commands, that sees every part.

Four services make the appliance (README, "Processes"); each is put together by one function here,
from the settings and the folder it works in. Tests join the same parts in one process.
Parts are imported inside these functions: a service loads what it uses and no more.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app.config.paths import PROJECT, Paths
from app.core import files
from app.core.clock import Clock, SystemClock
from app.core.own_addresses import own_addresses
from app.core.units import MB

if TYPE_CHECKING:
    from app.clerk.config import ClerkConfig
    from app.clerk.jobs import ClerkJobs
    from app.config.settings import Settings
    from app.inbox.addresses import DeliveryConfig
    from app.inbox.aliases import Aliases
    from app.inbox.delivery import Delivery
    from app.inbox.people import People
    from app.inbox.queue import Queue
    from app.inbox.retention import Retention
    from app.inbox.store import Store
    from app.mail.service import MailConfig
    from app.phone.calls.call import CallScript
    from app.phone.config import PhoneConfig
    from app.phone.pbx import Pbx
    from app.phone.service import PhoneService
    from app.phone_plan import PhonePlan
    from app.store.database import Database
    from app.voicemail.config import RecordingLimits
    from app.voicemail.jobs import VoicemailClerk
    from drivers.board import BoardSpec, Hardware


@dataclass(frozen=True)
class Inbox:
    """The store and what works on it, for one process."""

    settings: Settings
    db: Database
    store: Store
    people: People
    aliases: Aliases
    queue: Queue
    delivery: Delivery


def open_inbox(paths: Paths, settings: Settings, clock: Clock | None = None) -> Inbox:
    """Open the store in the box's folder. Raises SchemaTooNew if a newer program has used it."""
    from app.inbox.aliases import Aliases
    from app.inbox.delivery import Delivery
    from app.inbox.people import People
    from app.inbox.queue import Queue
    from app.inbox.store import Store
    from app.store.database import Database

    clock = clock or SystemClock()
    db = Database(paths.database, clock)
    config = delivery_config(settings)
    store, people = Store(db, clock), People(db, clock)
    aliases = Aliases(db, people, config, clock)
    queue = Queue(db, store, people, config, clock)
    delivery = Delivery(store, people, aliases, queue, config)
    return Inbox(settings, db, store, people, aliases, queue, delivery)


def delivery_config(settings: Settings) -> DeliveryConfig:
    """What delivery must know of the settings."""
    from app.inbox.addresses import DeliveryConfig

    return DeliveryConfig(
        domains=settings.site.domains,
        host_addresses=own_addresses(),
        hostname=settings.site.hostname,
        postmaster=settings.site.postmaster,
        free_floor=settings.keeping.free_floor_mb * MB,
        voice_reserve=settings.keeping.voice_reserve_mb * MB,
    )


def phone_config(settings: Settings) -> PhoneConfig:
    """What the phone service must know of the settings."""
    from app.phone.config import IncomingRoute, PhoneConfig

    return PhoneConfig(
        country=settings.site.country,
        ring_seconds=settings.phone.ring_seconds,
        no_answer_seconds=settings.phone.ring_seconds,
        incoming={
            jack: IncomingRoute(line.handsets, line.mailbox)
            for jack, line in settings.phone.incoming.items()
        },
    )


def clerk_config(paths: Paths, settings: Settings) -> ClerkConfig:
    """What the clerk must know of the settings."""
    from app.clerk.config import ClerkConfig

    return ClerkConfig(
        store=str(paths.database),
        packs=str(settings.voicemail.sounds),
        cache=str(paths.spoken),
        greetings=str(paths.greetings),
        hostname=settings.site.hostname,
        domains=settings.site.domains,
        host_addresses=own_addresses(),
        postmaster=settings.site.postmaster,
        language=settings.site.language,
        shortest_s=settings.voicemail.shortest_s,
        zone=settings.site.time_zone,
        free_floor=settings.keeping.free_floor_mb * MB,
        voice_reserve=settings.keeping.voice_reserve_mb * MB,
    )


def retention(settings: Settings) -> Retention:
    """How long the admin service keeps what was removed."""
    from app.inbox.retention import DAY_S, Retention

    return Retention(
        grace_s=settings.keeping.grace_days * DAY_S, bin_share=settings.keeping.bin_share
    )


def clerk_jobs(paths: Paths, box: Inbox, clock: Clock | None = None) -> ClerkJobs:
    """What does the clerk's jobs, in this process (at real pace it has a process of its own)."""
    from app.clerk.jobs import ClerkJobs
    from app.clerk.media import InlineMedia

    return ClerkJobs(
        clerk_config(paths, box.settings),
        box.db,
        box.store,
        box.people,
        box.aliases,
        box.delivery,
        clock or SystemClock(),
        InlineMedia(),
    )


def recording_limits(settings: Settings) -> RecordingLimits:
    """When a caller's recording ends by itself."""
    from app.voicemail.config import RecordingLimits

    return RecordingLimits(settings.voicemail.longest_s, settings.voicemail.silence_s)


def board_spec(settings: Settings) -> BoardSpec:
    """The board named in the settings. Raises BoardFileError."""
    from drivers.board import load_board

    spec = load_board(PROJECT / "board" / settings.phone.board / "board.toml")
    return replace(spec, country=settings.site.country)


def has_box(board: str) -> bool:
    """Whether a board is made of Python: its folder then brings the service that plays it."""
    return (PROJECT / "board" / board / "services" / "box").is_dir()


def phone_plan(paths: Paths, settings: Settings) -> PhonePlan:
    """The settings of the phone service as plain values. Raises BoardFileError."""
    from app.phone_plan import PhonePlan

    return PhonePlan(
        board=board_spec(settings),
        has_box=has_box(settings.phone.board),
        calls=phone_config(settings),
        clerk=clerk_config(paths, settings),
        limits=recording_limits(settings),
    )


def make_pbx(
    plan: PhonePlan, hardware: Hardware, clerk: VoicemailClerk, date: Callable[[], str]
) -> Pbx:
    """Drivers, lines and calls without a pace: for tests, which beat them. `date` is MMDDHHMM."""
    from app.phone.pbx import Pbx
    from drivers.board import LineBoard
    from drivers.countries import country

    board = LineBoard(plan.board, hardware, country(plan.calls.country))
    answer, internal = call_scripts(clerk, plan.limits)
    return Pbx(board, plan.board.slots, clerk, plan.calls, answer, internal, date)


def call_scripts(clerk: VoicemailClerk, limits: RecordingLimits) -> tuple[CallScript, CallScript]:
    """What callers talk to, and what a handset talks to that dials a mailbox or a service."""
    from app.voicemail.answer import answer
    from app.voicemail.internal import internal

    return (
        lambda line, mailbox: answer(line, clerk, mailbox, limits),
        lambda line, number: internal(line, clerk, number),
    )


def make_phone(
    paths: Paths, plan: PhonePlan, hardware: Hardware, ready: Callable[[], None]
) -> PhoneService:
    """The phone service: drivers, lines and calls over this hardware, with a clerk of its own."""
    from app.clerk.client import ProcessClerk
    from app.phone.service import PhoneService
    from app.voicemail.message_waiting import MessageWaitingLamps

    zone = ZoneInfo(plan.clerk.zone) if plan.clerk.zone else None
    lamps = MessageWaitingLamps(lambda station, on: service.pbx.message_waiting(station, on))
    clerk = ProcessClerk(plan.clerk, lamps.update, SystemClock())
    answer, internal = call_scripts(clerk, plan.limits)
    service = PhoneService(
        plan.board,
        hardware,
        clerk,
        plan.calls,
        answer,
        internal,
        paths.phone_control,
        lamps.shows,
        ready,
        date=lambda: datetime.now(zone).strftime("%m%d%H%M"),  # caller ID shows local time
    )
    return service


def mail_config(paths: Paths, settings: Settings) -> MailConfig:
    """What the mail service must know of the settings."""
    from app.mail.service import MailConfig, RetrySchedule

    outbound = settings.outbound
    return MailConfig(
        delivery=delivery_config(settings),
        listen=settings.mail.listen,
        pop3_port=settings.mail.pop3_port,
        smtp_port=settings.mail.smtp_port,
        lan=settings.mail.lan,
        largest=settings.mail.largest_mb * MB,
        connections=settings.mail.connections,
        connections_per_peer=settings.mail.connections_per_peer,
        smarthost=_host_and_port(outbound.smarthost),
        retry=RetrySchedule(outbound.first_retry_s, outbound.longest_retry_s, outbound.give_up_s),
        srs_secret=_secret(paths.srs_key) if outbound.public_domain else b"",
        srs_domain=outbound.public_domain,
    )


def _host_and_port(smarthost: str) -> tuple[str, int] | None:
    if not smarthost:
        return None
    host, _, port = smarthost.rpartition(":") if smarthost[-1] != "]" else (smarthost, "", "")
    if not host:
        host, port = smarthost, ""
    return host.strip("[]"), int(port) if port else 25


def _secret(path: Path) -> bytes:
    """The secret kept in this file, made if there is none; never one that is half written."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        files.write(path, secrets.token_bytes(32), 0o600)
    return path.read_bytes()
