"""No setting, and no field of a person, without effect: each reaches something that reads it."""

import dataclasses
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

from app.config import services
from app.config.mqtt import Mqtt
from app.config.paths import Paths
from app.config.settings import Settings
from app.config.store import InboxStore
from app.device.boot_env import device_env
from app.inbox.people import Person

ROOT = Path(__file__).resolve().parents[2]

OTHER: dict[str, Any] = {
    "site.hostname": "pbx.example.org",
    "site.domains": ["example.org"],
    "site.shared_domains": ["switchhook.local"],
    "site.country": "de",
    "site.language": "de",
    "site.time_zone": "Europe/Berlin",
    "site.postmaster": "anna",
    "network.address": "192.168.1.10/24",
    "network.gateway": "192.168.1.1",
    "network.nameservers": ["192.168.1.1"],
    "network.time_servers": ["ntp.example.org"],
    "network.wlan": "house",
    "network.passphrase": "tin whistle",
    "mail.listen": "0.0.0.0",
    "mail.lan": ["10.0.0.0/8"],
    "web.listen": "0.0.0.0",
    "certificate.names": ["autoconfig.example.org"],
    "panel.enabled": False,
    "panel.mailbox": "201",
    "panel.handset": "102",
    "panel.loudspeaker": "plughw:CARD=Device",
    "outbound.smarthost": "mail.example.org:587",
    "outbound.smarthost_verify": False,
    "outbound.smarthost_user": "anna",
    "outbound.public_domain": "example.org",
    "web.metrics_token": "0" * 64,
    "mqtt.server": "broker.example.org:8883",
    "mqtt.encryption": "yes",
    "mqtt.authority": "/data/broker.crt",
    "mqtt.user": "box",
    "mqtt.topic": "house/box",
    "mqtt.discovery": "",
    "store.server": "imap.example.org",
    "store.encryption": "starttls",
    "store.fingerprint": "0" * 64,
    "store.user": "box",
    "store.authorize": "{mailbox}",
    "store.inbox": "Calls",
    "store.trash": "Bin",
    "phone.board": "rpi",
    "codes.pick_up": "*31",
    "codes.park": "*32",
    "codes.fetch": "*33",
    "codes.flash": "*34",
    "calls.hold_music": "/srv/music.wav",
    "calls.loop_break_ms": 500,
    "calls.without_call_waiting": ["102"],
    "phone.incoming": {"line1": {"handsets": ["101"], "mailbox": "201"}},
    "phone.groups": {"620": {"handsets": ["101"]}},
    "attendant.operator": "201",
    "attendant.welcome": "Good day.",
    "numbers.access_digits": {"0": ["line1"]},
    "numbers.pulse_lines": ["line1"],
    "numbers.person_class": "local",
    "numbers.handset_class": "internal",
    "numbers.number_classes": {"0190": "premium"},
    "codes.own_mailbox": "*70",
    "codes.any_mailbox": "*71",
    "voicemail.sounds": "/srv/sounds",
    "fax.station": "+1 555 0100",
    "fax.receiving": {"line1": {"mailbox": "201"}},
    "lamps.stutter": ["101"],
    "lamps.fsk": [],
    "lamps.sdmf": ["101"],
    "lamps.number_display": ["101"],
    "lamps.polarity": ["101"],
    "lamps.neon": ["102"],
}
"""A value that is not the default, of settings whose kind does not give one."""

BY_COMMANDS = {
    "outbound.smarthost_password": "app/operations/kept_secrets.py",
    "mqtt.password": "app/operations/kept_secrets.py",
    "store.password": "app/operations/kept_secrets.py",
    "certificate.acme_directory": "app/device/by_acme.py",
    "certificate.acme_contact": "app/device/by_acme.py",
    "console.idle_minutes": "app/commands/console.py",
}
"""Settings that no service is told: what reads them instead, when it is needed."""

BESIDE: dict[str, dict[str, Any]] = {
    "outbound.smarthost_user": {"smarthost": "mail.example.org:587"},
    **{
        f"mqtt.{field}": {"server": "broker.example.org"}
        for field in Mqtt.model_fields
        if field not in ("server", "password")
    },
    **{
        f"store.{field}": {"server": "imap.test", "user": "anna", "kind": "imap"}
        for field in InboxStore.model_fields
        if field not in ("password", "kind")
    },
    "store.kind": {"server": "imap.test", "user": "anna"},
}
"""Settings of the same section without which one has no effect."""

HOLDERS = (
    r"\b_?(?:config|access|settings|plan|known|limits|incoming|keeps?|retention|schedule|patience"
    r"|spec|lamps|route|group)"
)
"""What plans, and parts of them, are called where they are read."""
PERSONS = r"\b_?(?:person|owner|user|subscriber|to|sender|heir|row|one)"
"""What people are called where they are read."""


def names() -> Iterator[str]:
    """Every setting: section.field."""
    for section, values in Settings():
        yield from (f"{section}.{field}" for field in type(values).model_fields)


def another_value(name: str) -> Any:
    """A value that this setting may have and has not by default."""
    if name in OTHER:
        return OTHER[name]
    section, field = name.split(".")
    declared = type(getattr(Settings(), section)).model_fields[field]
    if isinstance(declared.default, bool):
        return not declared.default
    choices = get_args(declared.annotation)
    if choices:
        return choices[-1]
    assert isinstance(declared.default, int | float), f"{name}: say in OTHER what it may be"
    return declared.default + (1 if isinstance(declared.default, int) else 0.1)


def effects(settings: Settings, paths: Paths) -> dict[str, Any]:
    """What services and boot scripts are told of these settings."""
    plans = services.plans(paths, settings)
    return {**plans, "boot scripts": device_env(settings)}


@pytest.mark.parametrize("name", list(names()))
def test_setting_changes_what_a_service_or_a_boot_script_is_told(name: str, tmp_path: Path) -> None:
    if name in BY_COMMANDS:
        assert name in (ROOT / BY_COMMANDS[name]).read_text()
        return
    section, field = name.split(".")
    beside = BESIDE.get(name, {})
    without = Settings.model_validate({section: beside})
    changed = Settings.model_validate({section: {**beside, field: another_value(name)}})
    paths = Paths(tmp_path)
    assert effects(changed, paths) != effects(without, paths), f"{name} has no effect"


@cache
def sources(*without: str) -> str:
    """The text of all modules but these."""
    paths = (p for p in sorted((ROOT / "app").rglob("*.py")) if not p.match("*/settings.py"))
    return "\n".join(
        path.read_text() for path in paths if not str(path.relative_to(ROOT)).startswith(without)
    )


def plan_classes(value: Any) -> Iterator[type]:
    """The classes of a plan and of everything in it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield type(value)
        for field in dataclasses.fields(value):
            yield from plan_classes(getattr(value, field.name))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from plan_classes(inner)


def told_fields() -> list[tuple[str, str]]:
    """(class, field) of everything that services are told."""
    tables: dict[str, Any] = {"incoming": {"line1": {}}, "groups": {"620": {}}}
    settings = Settings.model_validate({"phone": tables})
    paths = Paths(ROOT / "build" / "nowhere")
    found = {
        (kind.__name__, field.name)
        for plan in services.plans(paths, settings).values()
        for kind in plan_classes(plan)
        if kind.__module__.startswith("app.") and kind.__name__ != "PhonePlan"
        for field in dataclasses.fields(kind)
    }
    assert len(found) > 30
    return sorted(found)


@pytest.mark.parametrize(("kind", "field"), told_fields())
def test_what_a_service_is_told_is_read(kind: str, field: str) -> None:
    text = sources(
        "app/appliance.py", "app/call_parts.py", "app/operations/", "app/commands/settings.py"
    )
    own = re.search(rf"^class {kind}\b.*?(?=^\S)", text, flags=re.DOTALL | re.MULTILINE)
    read = re.search(rf"{HOLDERS}(?:\.\w+)*\.{field}\b(?! *=[^=])", text)
    by_itself = own is not None and f"self.{field}" in own[0]
    assert read or by_itself, f"nothing reads {kind}.{field}"


READ_BY_THEMSELVES = {"admin", "roles"}
"""Fields whose effect is in People itself, and in the rights of operations."""
FIELDS = [f.name for f in dataclasses.fields(Person) if f.name not in READ_BY_THEMSELVES]


@pytest.mark.parametrize("field", FIELDS)
def test_field_of_a_person_is_read_where_it_takes_effect(field: str) -> None:
    text = sources("app/inbox/people.py", "app/operations/", "app/commands/")
    assert re.search(rf"{PERSONS}\.{field}\b", text), f"nothing reads Person.{field}"
