"""What is joined to what: the only module, with the commands, that sees every part.

Four services make the appliance (README, "Processes"); each is put together by one function here,
from the settings and the folder it works in. Tests join the same parts in one process.
Parts are imported inside these functions: a service loads what it uses and no more.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.config.host_port import host_and_port
from app.config.own_names import own_names
from app.config.paths import PROJECT, Paths
from app.core import files
from app.core.clock import Clock, SystemClock
from app.core.own_addresses import own_addresses
from app.core.units import MB

ANY_QUOTA = 1 << 50  # octets: the mail system that the inbox lives on has a quota of its own
PORTS = {"smtp": 25, "lmtp": 24}  # LMTP must not be spoken on port 25 [RFC 2033 §1]

if TYPE_CHECKING:
    from app.admin_plan import AdminPlan
    from app.clerk.config import ClerkConfig
    from app.clerk.desk import Desk
    from app.config.settings import Settings
    from app.inbox.account_passwords import AccountPasswords
    from app.inbox.addresses import DeliveryConfig
    from app.inbox.aliases import Aliases
    from app.inbox.delivery import Delivery
    from app.inbox.fetch_accounts import FetchAccounts
    from app.inbox.greetings import Greetings
    from app.inbox.limits import Limits
    from app.inbox.outgoing_accounts import OutgoingAccounts
    from app.inbox.people import People
    from app.inbox.queue import Queue
    from app.inbox.retention import Retention
    from app.inbox.search_index import SearchIndex
    from app.inbox.store import Store
    from app.mail.service import MailConfig
    from app.phone.lines.kept_callers import CallerMemory
    from app.phone.pbx import Pbx
    from app.phone.service import PhoneService
    from app.phone_plan import PhonePlan
    from app.store.database import Database
    from app.voicemail.jobs import VoicemailClerk
    from app.web.config import WebConfig
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
    passwords: AccountPasswords
    fetch_accounts: FetchAccounts
    outgoing_accounts: OutgoingAccounts
    greetings: Greetings
    search: SearchIndex


def open_inbox(paths: Paths, settings: Settings, clock: Clock | None = None) -> Inbox:
    """Open the store in the box's folder. Raises SchemaTooNew if a newer program has used it."""
    from app.core.privileges import is_root
    from app.store.by_root import RootsDatabase
    from app.store.database import Database

    clock = clock or SystemClock()
    db = (RootsDatabase if is_root() else Database)(paths.database, clock)
    return joined(paths, settings, db, clock)


def joined(paths: Paths, settings: Settings, db: Database, clock: Clock) -> Inbox:
    """What works on a store that is open, by these settings."""
    from app.inbox.account_passwords import AccountPasswords
    from app.inbox.aliases import Aliases
    from app.inbox.delivery import Delivery
    from app.inbox.fetch_accounts import FetchAccounts
    from app.inbox.greetings import Greetings
    from app.inbox.outgoing_accounts import OutgoingAccounts
    from app.inbox.people import People
    from app.inbox.queue import Queue
    from app.inbox.room import Room
    from app.inbox.search_index import SearchIndex
    from app.inbox.store import Store

    config = delivery_config(settings)
    store, people = Store(db, clock), People(db, clock)
    aliases = Aliases(db, people, config, clock)
    queue = Queue(db, store, people, config, clock)
    delivery = Delivery(store, people, aliases, queue, config, Room(db, store, config))
    passwords = AccountPasswords(db, lambda: account_key(paths))
    fetched, outgoing = FetchAccounts(db, passwords, clock), OutgoingAccounts(db, passwords, clock)
    parts = (settings, db, store, people, aliases, queue, delivery, passwords, fetched, outgoing)
    return Inbox(*parts, Greetings(paths.greetings), SearchIndex(db, store))


def open_existing(paths: Paths, settings: Settings) -> Inbox:
    """open_inbox() for whoever must not make a store. Raises StoreMissing, too."""
    from app.store.presence import must_exist

    must_exist(paths.database)
    return open_inbox(paths, settings)


def open_or_make(paths: Paths, settings: Settings, memory: Path | None) -> Inbox:
    """open_inbox() for the first start, which makes the store unless there has been one.

    Files in the box's folder tell of it, and the file `memory` of a folder that has gone as a
    whole. Raises StoreMissing, too.
    """
    from app.store.presence import marker_of, note

    markers = [marker_of(paths.database), *([memory] if memory else [])]
    must_not_be_gone(paths, *markers, paths.known)
    inbox = open_inbox(paths, settings)
    for marker in markers:
        note(paths.database, marker)
    return inbox


def must_not_be_gone(paths: Paths, *markers: Path) -> None:
    """Raise StoreMissing if the box has no store, but one of these files tells of one."""
    from app.store.presence import must_not_have_been

    must_not_have_been(paths.database, *markers)


def opened_or_why(
    paths: Paths, settings: Settings, memory: Path | None
) -> tuple[Inbox | None, str]:
    """open_or_make() with "", or None with why the store cannot be used: calls go on without it.

    Raises SchemaTooNew: a program that is too old must not run at all.
    """
    from app.store.errors import StoreFailed

    try:
        inbox = open_or_make(paths, settings, memory)
    except StoreFailed as problem:
        return None, str(problem)
    try:
        inbox.people.all()
    except StoreFailed as problem:
        inbox.db.close()
        return None, str(problem)
    return inbox, ""


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
        shared=settings.site.shared_domains,
        limits=default_limits(settings),
        callers_percent=settings.keeping.callers_percent,
        full_is_permanent=settings.keeping.full_is_permanent,
    )


def default_limits(settings: Settings) -> Limits:
    """What an inbox may hold where neither its person nor their template says it."""
    from app.inbox.limits import Limits

    keeping = settings.keeping
    if settings.store.kind == "imap":
        return Limits(ANY_QUOTA, 0, 0, 0, 0, 0, elsewhere=True)
    return Limits(
        quota=keeping.quota_mb * MB,
        voicemails=keeping.voicemails,
        heard_days=keeping.heard_voicemail_days,
        unheard_days=keeping.unheard_voicemail_days,
        fetched_days=keeping.fetched_mail_days,
        unfetched_days=keeping.unfetched_mail_days,
    )


def clerk_config(paths: Paths, settings: Settings) -> ClerkConfig:
    """What the clerk must know of the settings."""
    from app.clerk.config import ClerkConfig

    return ClerkConfig(
        store=str(paths.database),
        packs=str(settings.voicemail.sounds),
        hold_music=settings.calls.hold_music,
        cache=str(paths.spoken),
        spool=str(paths.spool),
        spool_memory=str(paths.spool_memory),
        greetings=str(paths.greetings),
        hostname=settings.site.hostname,
        domains=settings.site.domains,
        host_addresses=own_addresses(),
        postmaster=settings.site.postmaster,
        language=settings.site.language,
        country=settings.site.country,
        shortest_s=settings.voicemail.shortest_s,
        cleaned=settings.voicemail.cleaned,
        zone=settings.site.time_zone,
        free_floor=settings.keeping.free_floor_mb * MB,
        voice_reserve=settings.keeping.voice_reserve_mb * MB,
        limits=default_limits(settings),
        callers_percent=settings.keeping.callers_percent,
        full_is_permanent=settings.keeping.full_is_permanent,
    )


def retention(settings: Settings) -> Retention:
    """How long the admin service keeps what was removed."""
    from app.inbox.retention import DAY_S, Retention

    return Retention(
        grace_s=settings.keeping.grace_days * DAY_S,
        bin_share=settings.keeping.bin_share,
        delivery=delivery_config(settings),
    )


def admin_plan(paths: Paths, settings: Settings) -> AdminPlan:
    """What the admin service must know of the settings."""
    from app.admin_plan import AdminPlan
    from app.monitoring.config import mqtt_config
    from app.panel_parts import panel_config

    limits, of_python = default_limits(settings), has_box(settings.phone.board)
    return AdminPlan(
        retention(settings),
        web_config(paths, settings),
        mqtt_config(settings),
        panel_config(settings.panel, lambda: board_spec(settings), of_python, limits),
    )


def web_config(paths: Paths, settings: Settings) -> WebConfig:
    """What the web pages must know of the settings."""
    from app.mail_plan import mail_access
    from app.web.config import SAMPLE, WebConfig

    web = settings.web
    return WebConfig(
        listen=web.listen,
        http_port=web.http_port,
        https_port=web.https_port,
        connections=web.connections,
        strangers_percent=settings.mail.strangers_percent,
        lan=settings.mail.lan,
        idle_s=web.idle_hours * 3600.0,
        session_s=web.session_days * 86_400.0,
        names=own_names(settings),
        access=mail_access(settings),
        keys=str(paths.keys),
        mail_ports=str(paths.mail_ports),
        web_ports=str(paths.web_ports),
        metrics=web.metrics,
        metrics_token=web.metrics_token,
        challenges=str(paths.challenges),
        operator=str(paths.operator) if has_board_page(settings) else "",
        sample=str(settings.voicemail.sounds / SAMPLE),
    )


def clerk_jobs(paths: Paths, box: Inbox, clock: Clock | None = None) -> Desk:
    """What does the clerk's jobs, in this process (at real pace it has a process of its own)."""
    from app.clerk.desk import Desk
    from app.clerk.jobs import ClerkJobs
    from app.clerk.media import InlineMedia

    clock, media, config = clock or SystemClock(), InlineMedia(), clerk_config(paths, box.settings)

    def opened() -> ClerkJobs:
        return ClerkJobs(
            config, box.db, box.store, box.people, box.aliases, box.delivery, clock, media
        )

    return Desk(config, clock, media, opened)


def board_spec(settings: Settings) -> BoardSpec:
    """The board named in the settings. Raises BoardFileError."""
    from drivers.board_spec import load_board

    spec = load_board(PROJECT / "board" / settings.phone.board / "board.toml")
    return replace(spec, country=settings.site.country)


def has_box(board: str) -> bool:
    """Whether a board is made of Python: its folder then brings the service that plays it."""
    return (PROJECT / "board" / board / "services" / "box").is_dir()


def has_board_page(settings: Settings) -> bool:
    """Whether the board is operated by a page: a virtual one is, but not on a device."""
    return has_box(settings.phone.board) and (PROJECT / "app" / "web" / "board").is_dir()


def phone_plan(paths: Paths, settings: Settings) -> PhonePlan:
    """The settings of the phone service as plain values. Raises BoardFileError."""
    from app.call_parts import attendant_config
    from app.phone_plan import PhonePlan, phone_config
    from app.voicemail.config import RecordingLimits

    voicemail = settings.voicemail
    return PhonePlan(
        board=board_spec(settings),
        has_box=has_box(settings.phone.board),
        calls=phone_config(settings),
        clerk=clerk_config(paths, settings),
        limits=RecordingLimits(
            voicemail.longest_s,
            voicemail.silence_s,
            voicemail.warn_s,
            voicemail.review,
            settings.attendant.operator,
        ),
        attendant=attendant_config(settings),
        loudspeaker=settings.panel.loudspeaker,
    )


def make_pbx(
    plan: PhonePlan,
    hardware: Hardware,
    clerk: VoicemailClerk,
    date: Callable[[], str],
    kept: CallerMemory | None = None,
) -> Pbx:
    """Drivers, lines and calls without a pace: for tests, which beat them. `date` is MMDDHHMM."""
    from app.call_parts import call_scripts, loudspeaker, receptionist
    from app.phone.fax.session import FaxSession
    from app.phone.pbx import Pbx
    from app.voicemail.aloud import play_script
    from app.voicemail.fax import fax_script
    from app.voicemail.fax_sending import FaxSender
    from app.voicemail.follow_me import follow_script
    from app.voicemail.notify import notify_script
    from drivers.board import LineBoard
    from drivers.countries import country

    board = LineBoard(plan.board, hardware, country(plan.calls.country))
    answer, internal = call_scripts(clerk, plan.limits)
    play, slots = play_script(clerk), plan.board.slots
    more: dict[str, Any] = {
        "play": play,
        "attendant": receptionist(clerk, plan.attendant, plan.numbers),
    }
    pbx = Pbx(board, slots, clerk, plan.calls, answer, internal, date, kept, **more)
    pbx.calls.follow = follow_script(clerk)
    pbx.calls.call_outs.script = notify_script(clerk)
    pbx.calls.fax = fax_script(clerk, FaxSession, plan.calls.fax)
    pbx.calls.loudspeaker = loudspeaker(pbx.calls, hardware, clerk, plan.loudspeaker)
    pbx.on_faxes = FaxSender(clerk, pbx.calls, FaxSession, plan.calls.fax).waiting
    return pbx


async def make_phone(
    paths: Paths, plan: PhonePlan, hardware: Awaitable[Hardware], ready: Callable[[], None]
) -> PhoneService:
    """The phone service: drivers, lines and calls over this hardware, with a clerk of its own.

    The hardware is waited for when all else has been loaded: a virtual box starts meanwhile.
    """
    from app.call_parts import call_scripts, loudspeaker, on_news, receptionist
    from app.clerk.client import ProcessClerk
    from app.core.zones import zone_of
    from app.phone.fax.process import FaxProcess
    from app.phone.lines.kept_callers import kept_callers
    from app.phone.service import PhoneService
    from app.voicemail.aloud import play_script
    from app.voicemail.fax import fax_script
    from app.voicemail.fax_sending import FaxSender
    from app.voicemail.follow_me import follow_script
    from app.voicemail.message_waiting import MessageWaitingLamps
    from app.voicemail.notify import notify_script

    board = await hardware
    zone = zone_of(plan.clerk.zone)
    lamps = MessageWaitingLamps(
        lambda station, on: service.pbx.message_waiting(station, on), plan.jacks("station")
    )
    clerk = ProcessClerk(plan.clerk, on_news(lamps.update, lambda: service.pbx), SystemClock())
    answer, internal = call_scripts(clerk, plan.limits)
    parts = (plan.board, board, clerk, plan.calls, answer, internal, paths.phone_control)
    service = PhoneService(
        *parts,
        lamps.shows,
        ready,
        date=lambda: datetime.now(zone).strftime("%m%d%H%M"),  # caller ID shows local time
        kept=kept_callers(paths.callers, plan.jacks("trunk"), time.monotonic),
        play=play_script(clerk),
        attendant=receptionist(clerk, plan.attendant, plan.numbers),
    )
    service.pbx.calls.follow = follow_script(clerk)
    calls = service.pbx.calls
    calls.call_outs.script = notify_script(clerk)
    calls.fax = fax_script(clerk, FaxProcess, plan.calls.fax)
    calls.loudspeaker = loudspeaker(calls, board, clerk, plan.loudspeaker)
    service.pbx.on_faxes = FaxSender(clerk, calls, FaxProcess, plan.calls.fax).waiting
    return service


def mail_config(paths: Paths, settings: Settings) -> MailConfig:
    """What the mail service must know of the settings."""
    from app.mail.outbound.client_session import Tls
    from app.mail.service import MailConfig, Rates, RetrySchedule
    from app.mail_plan import fax_numbers, imap_config
    from app.operations.kept_secrets import SMARTHOST, account_of

    outbound, account = settings.outbound, account_of(settings, SMARTHOST)
    smarthost = host_and_port(outbound.smarthost, PORTS[outbound.smarthost_protocol])
    return MailConfig(
        delivery=delivery_config(settings),
        listen=settings.mail.listen,
        pop3_port=settings.mail.pop3_port,
        pop3s_port=settings.mail.pop3s_port,
        smtp_port=settings.mail.smtp_port,
        submission_port=settings.mail.submission_port,
        submissions_port=settings.mail.submissions_port,
        certificate=(str(paths.keys / "server.crt"), str(paths.keys / "server.key")),
        plain_passwords=settings.mail.plain_passwords,
        login_delay_s=settings.mail.login_delay_s,
        lan=settings.mail.lan,
        largest=settings.mail.largest_mb * MB,
        connections=settings.mail.connections,
        connections_per_peer=settings.mail.connections_per_peer,
        strangers_percent=settings.mail.strangers_percent,
        rates=Rates(settings.mail.strangers_mails, settings.mail.recipients_outside),
        smarthost=smarthost,
        smarthost_tls=Tls.meant(
            outbound.smarthost_tls, (smarthost or ("", 0))[1], account is not None
        ),
        smarthost_verify=outbound.smarthost_verify,
        smarthost_lmtp=outbound.smarthost_protocol == "lmtp",
        smarthost_account=account,
        demand_tls=outbound.demand_tls,
        retry=RetrySchedule(
            outbound.first_retry_s,
            outbound.longest_retry_s,
            outbound.give_up_s,
            outbound.delay_warning_s or None,
        ),
        srs_secret=_secret(paths.srs_key) if outbound.public_domain else b"",
        srs_domain=outbound.public_domain,
        account_key=str(paths.account_key),
        signing_key=str(paths.signing_key),
        faxes=fax_numbers(settings),
        imap=imap_config(settings),
    )


def account_key(paths: Paths) -> bytes:
    """The key of kept passwords, made if there is none yet: at the first start. Raises OSError."""
    return _secret(paths.account_key)


def _secret(path: Path) -> bytes:
    """The secret kept in this file, made if there is none; never one that is half written."""
    from app.device.permissions import set_group

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        files.write_once(path, secrets.token_bytes(32), 0o600)
        set_group(path, 0o640)  # the mail service reads it; on a device root makes it
    return path.read_bytes()
