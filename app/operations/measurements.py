"""What can be measured of the box, for programs that watch it: kept counts and a few questions.

None costs more because more lies in the store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.config.paths import Paths
from app.core.control import NotRunning, ask
from app.inbox.mirror import Mirror
from app.operations.box import Box
from app.operations.running import ASK_WITHIN_S
from app.operations.states import LINE_STATES, line_state
from app.store.condition import State, StoreCondition
from app.store.space import disk_free

MOST_DOWN = 1000
"""Destinations that are counted as down at most."""

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Measurement:
    """One quantity; several values differ by their labels."""

    name: str
    """In small letters, its unit at the end; without the prefix of the product."""
    meaning: str
    kind: Literal["gauge", "counter"]
    values: Sequence[tuple[Labels, float]] = ()


@dataclass(frozen=True)
class Answers:
    """What the services say of themselves; None of one that does not answer."""

    phone: Mapping[str, Any] | None
    mail: Mapping[str, Any] | None


def ask_services(paths: Paths) -> Answers:
    """Ask them; a service that hangs costs ASK_WITHIN_S."""
    return Answers(*(_asked(path) for path in (paths.phone_control, paths.mail_control)))


def measure_services(answers: Answers) -> list[Measurement]:
    """Of the services that answer."""
    up = [("phone", answers.phone), ("mail", answers.mail)]
    found = [
        Measurement(
            "service_answers",
            "Whether a service answers.",
            "gauge",
            [({"service": name}, float(answer is not None)) for name, answer in up],
        )
    ]
    if answers.phone is not None:
        found += _of_phone(answers.phone)
    if answers.mail is not None:
        found += [
            _one("mail_connections", "Connections of POP3 and SMTP.", answers.mail["connections"]),
            _one(
                "mail_loop_late_seconds",
                "How late the mail service came to what was due, at most, in the last minutes.",
                answers.mail["loop_late_ms"] / 1000,
            ),
            _one("mail_listening", "Whether mail is served.", answers.mail["listening"]),
        ]
    return found


def measure_store(box: Box, paths: Paths) -> list[Measurement]:
    """Of inboxes, queue and disk. Raises StoreFailed."""
    people = box.people.all()
    store, queue = box.store, box.queue
    unread = [(person.login, *store.unheard(person.id)) for person in people]
    kinds = [
        ({"login": login, "kind": kind}, float(count))
        for login, voicemails, emails in unread
        for kind, count in (("voicemail", voicemails), ("email", emails))
    ]
    sizes = [({"login": one.login}, float(store.used(one.id))) for one in people]
    recipients = [
        ({"state": "waiting"}, float(queue.waiting())),
        ({"state": "held"}, float(queue.held.count())),
    ]
    return [
        *_of_mail_system(box),
        Measurement("inbox_new_messages", "Messages nobody has heard or read.", "gauge", kinds),
        Measurement("inbox_size_bytes", "Octets in an inbox.", "gauge", sizes),
        Measurement("queue_recipients", "Recipients whose mail waits.", "gauge", recipients),
        _one(
            "queue_destinations_down",
            "Destinations that cannot be reached.",
            len(queue.destinations.down(MOST_DOWN)),
        ),
        _one("bin_size_bytes", "Octets that can be restored.", store.bin_octets()),
        _one("disk_free_bytes", "Free octets of the disk.", disk_free(paths.database.parent)),
        _one(
            "store_changes_total",
            "Changes of inboxes since the box was new.",
            store.audit_log.last_change(),
            "counter",
        ),
    ]


def _of_mail_system(box: Box) -> list[Measurement]:
    """Of the IMAP server, where the inbox lives on one."""
    mirror = Mirror(box.db)
    if not mirror.is_on:
        return []
    waiting, people = mirror.waiting(), box.people.all()
    counts = [({"login": one.login}, float(waiting.get(one.id, 0))) for one in people]
    steps = [({"login": one.login}, float(not mirror.account(one.id).error)) for one in people]
    return [
        Measurement("imap_waiting", "Changes that the mail system does not know.", "gauge", counts),
        Measurement("imap_in_step", "Whether an inbox is as the mail system's.", "gauge", steps),
    ]


def measure_files(paths: Paths) -> list[Measurement]:
    """Of what is known also without a store."""
    damage = StoreCondition(paths.database).damage()
    return [
        _one("store_damaged", "Whether the store needs its owner.", damage.state is not State.WELL),
        _one("spooled_recordings", "Recordings that wait for the store.", len(paths.spooled())),
    ]


_XRUNS = "Stops of a stream of the PCM port, after each of which slots are proved again."
_SLOTS = "Proofs that a line's slot of the PCM port did not pass."


def _of_phone(phone: Mapping[str, Any]) -> list[Measurement]:
    lines = phone["lines"]
    states = [
        ({"line": name, "state": state}, float(state == line_state(line)))
        for name, line in lines.items()
        for state in LINE_STATES
    ]
    working = [({"line": name}, float(line["working"])) for name, line in lines.items()]
    lost = phone["lost_periods"]
    return [
        Measurement("line_state", "Which state a line is in: 1 of it, else 0.", "gauge", states),
        Measurement("line_working", "Whether a line's chip works.", "gauge", working),
        _one("phone_periods_total", "Periods of 10 ms so far.", phone["periods"], "counter"),
        _one("phone_lost_periods_total", "Those that came too late.", lost, "counter"),
        _one("phone_xruns_total", _XRUNS, phone.get("xruns", 0), "counter"),
        _one("phone_slot_failures_total", _SLOTS, phone.get("slot_failures", 0), "counter"),
        _one("phone_scripts", "Conversations with callers and owners.", phone["scripts"]),
    ]


def _one(
    name: str, meaning: str, value: float, kind: Literal["gauge", "counter"] = "gauge"
) -> Measurement:
    return Measurement(name, meaning, kind, [({}, float(value))])


def _asked(path: Any) -> Mapping[str, Any] | None:
    try:
        return ask(path, {"ask": "status"}, ASK_WITHIN_S)
    except NotRunning:
        return None
