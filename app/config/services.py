"""The settings that each service needs, as plain values: its plan.

Working it out needs pydantic: a short-lived child does it, so that the service stays small. Even
that is done beforehand, on a device when the settings change (`device apply`), elsewhere by `run`:
services that start at once would each need a second or two for it, just when callers and mail
programs wait.
"""

import hashlib
import json
import logging
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.errors import OURS
from app.config.paths import PROJECT, Paths
from app.core.records import BadRecord, from_json, parse_json, to_json
from app.core.subprocess_call import in_child

if TYPE_CHECKING:
    from app.admin_plan import AdminPlan
    from app.config.settings import Settings
    from app.mail.service import MailConfig
    from app.phone_plan import PhonePlan

log = logging.getLogger(__name__)


_TYPES = {
    "box": ("drivers.board_spec", "BoardSpec"),
    "phone": ("app.phone_plan", "PhonePlan"),
    "mail": ("app.mail.service", "MailConfig"),
    "admin": ("app.admin_plan", "AdminPlan"),
}
"""Module and name of each plan's dataclass; only the service itself loads it."""
NAMES = tuple(_TYPES)


def work_out(paths: Paths, settings: "Settings", service: str) -> Any:
    """The plan of a service by these settings. Raises BoardFileError."""
    from app import appliance  # a service whose plan is prepared does without it

    made: Mapping[str, Callable[[Paths, Settings], Any]] = {
        "box": lambda _, settings: appliance.board_spec(settings),
        "phone": appliance.phone_plan,
        "mail": appliance.mail_config,
        "admin": appliance.admin_plan,
    }
    return made[service](paths, settings)


def plan(paths: Paths, service: str) -> Any:
    """The plan of a service: the prepared one if it is of these settings, else worked out now.

    Raises SettingsError or BoardFileError.
    """
    prepared = _prepared(paths, service)
    if prepared is None:
        return in_child(lambda: work_out(paths, paths.settings(), service), OURS)
    return _REFRESHED.get(service, lambda value: value)(prepared)


def plans(paths: Paths, settings: "Settings") -> dict[str, Any]:
    """The plans of all services by these settings. Raises BoardFileError."""
    return {service: work_out(paths, settings, service) for service in NAMES}


def prepare(paths: Paths, settings: "Settings", names: Iterable[str] = NAMES) -> None:
    """Work the plans of these services out and keep them, as JSON, for their next start."""
    from app.appliance import account_key
    from app.device.permissions import set_group

    account_key(paths)  # the first time: only root may make it, and services need it
    folder = paths.etc / "plans"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    inputs = _inputs(paths)
    for service in names:
        fresh = folder / f"{service}.new"
        written = {"inputs": inputs, "plan": to_json(work_out(paths, settings, service))}
        fresh.write_text(json.dumps(written, indent=1))
        fresh.chmod(0o640)  # whatever the umask: it has secrets, and services do what it says
        set_group(fresh, 0o640)
        fresh.replace(folder / service)


def stale(paths: Paths, names: Iterable[str] = NAMES) -> list[str]:
    """Which of these services have no plan that was prepared of these settings."""
    inputs = _inputs(paths)
    return [name for name in names if _made_of(paths.etc / "plans" / name) != inputs]


def _made_of(plan: Path) -> str | None:
    """The checksum that a prepared plan names; None if there is none that can be read."""
    try:
        return str(parse_json(plan.read_bytes())["inputs"])
    except (OSError, BadRecord, ValueError, KeyError, TypeError):
        return None


def _prepared(paths: Paths, service: str) -> Any:
    """The prepared plan; None if there is none that is whole, the box's and of these settings."""
    path = paths.etc / "plans" / service
    try:
        owner = paths.var.stat().st_uid
        if not _only_of(owner, path) or not _only_of(owner, path.parent):
            return None
        written = parse_json(path.read_bytes())
        if written["inputs"] != _inputs(paths):
            return None
        module, name = _TYPES[service]
        return from_json(getattr(import_module(module), name), written["plan"], service)
    except OSError:
        return None
    except (BadRecord, ValueError, KeyError, TypeError) as problem:
        log.warning("%s is worked out anew: %s", path, problem)
        return None


def _only_of(owner: int, path: Path) -> bool:
    """Whether only the owner of the box's folder can have written this: on a device, root."""
    facts = path.stat()
    return facts.st_uid == owner and not facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _inputs(paths: Paths) -> str:
    """A checksum of everything that plans follow from: settings, boards, program, its folder."""
    digest = hashlib.sha256(os.fsencode(paths.var))
    boards = sorted((PROJECT / "board").glob("*/board.toml"))
    for path in (*paths.beneath, paths.settings_file, PROJECT / "release.json", *boards):
        octets = path.read_bytes() if path.exists() else b""
        digest.update(len(octets).to_bytes(8, "big") + octets)
    if not (PROJECT / "release.json").exists():  # a source tree, which may be worked on
        for folder in ("app", "drivers"):
            digest.update(_changed_at(str(PROJECT / folder)).to_bytes(8, "big"))
    return digest.hexdigest()


def _changed_at(folder: str) -> int:
    """When a source in this folder was changed last, in ns since 1970; 0: there is none."""
    latest = 0
    if Path(folder).is_dir():
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir() and entry.name != "__pycache__":
                    latest = max(latest, _changed_at(entry.path))
                elif entry.name.endswith(".py"):
                    latest = max(latest, entry.stat().st_mtime_ns)
    return latest


def _mail_now(config: "MailConfig") -> "MailConfig":
    from app.core.own_addresses import own_addresses

    return replace(config, delivery=replace(config.delivery, host_addresses=own_addresses()))


def _phone_now(known: "PhonePlan") -> "PhonePlan":
    from app.core.own_addresses import own_addresses

    return replace(known, clerk=replace(known.clerk, host_addresses=own_addresses()))


def _admin_now(known: "AdminPlan") -> "AdminPlan":
    from app.core.own_addresses import own_addresses

    delivery = replace(known.keeping.delivery, host_addresses=own_addresses())
    return replace(known, keeping=replace(known.keeping, delivery=delivery))


_REFRESHED: Mapping[str, Callable[[Any], Any]] = {
    "mail": _mail_now,
    "phone": _phone_now,
    "admin": _admin_now,
}
"""What is true of this start only."""
