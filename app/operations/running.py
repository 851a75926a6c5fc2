"""The services that run: how they are, and starting one again so that it takes up its settings."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.config.paths import PROJECT, Paths
from app.core.control import NotRunning, ask
from app.core.errors import DeviceError
from app.core.process import run

SERVICES = ("phone", "mail", "admin")
READY_WITHIN_S = 40
ASK_WITHIN_S = 3.0


@dataclass(frozen=True)
class ServiceState:
    """One service as its supervisor sees it."""

    name: str
    supervised: bool
    state: str
    """The supervisor's words: "up (pid 123 pgid 123) 42 seconds, ready 40 seconds"."""


@dataclass(frozen=True)
class Pending:
    """Something that has not taken up the new settings yet."""

    what: str
    """A service's name, or "the device"."""
    why: str
    """Why it was left alone, and what will do it."""


@dataclass(frozen=True)
class Restarts:
    """What has taken up the new settings, and what has not."""

    done: tuple[str, ...] = ()
    pending: tuple[Pending, ...] = ()


def own_services(board: str) -> list[str]:
    """Services that a board brings itself: the virtual board's box."""
    folder = PROJECT / "board" / board / "services"
    return sorted(service.name for service in folder.iterdir()) if folder.is_dir() else []


def service_states(paths: Paths, board: str) -> list[ServiceState]:
    """How each service is that this board needs."""
    return [_state(paths, name) for name in (*own_services(board), *SERVICES)]


def _folder(paths: Paths, name: str) -> Path:
    return paths.run / "services" / name


def _state(paths: Paths, name: str) -> ServiceState:
    folder = _folder(paths, name)
    if not folder.is_dir():
        return ServiceState(name, False, "not supervised here")
    try:
        shown = subprocess.run(
            ["s6-svstat", str(folder)], check=False, capture_output=True, text=True
        )
    except OSError as problem:
        return ServiceState(name, False, f"s6-svstat cannot be run: {problem.strerror}")
    return ServiceState(name, shown.returncode == 0, (shown.stdout or shown.stderr).strip())


def phone_status(paths: Paths) -> dict[str, Any]:
    """What the phone service says of lines and calls. Raises NotRunning."""
    return ask(paths.phone_control, {"ask": "status"}, ASK_WITHIN_S)


def restart(paths: Paths, names: Iterable[str], during_calls: bool = False) -> Restarts:
    """Start these services again, those that run: new settings are read at a start.

    Mail programs connect again by themselves. The phone service, and the box it plays on, are left
    alone while a call goes on, unless `during_calls`. Raises DeviceError, which names the service,
    if one does not start.
    """
    done, pending = [], []
    for name in names:
        if not _state(paths, name).supervised:
            continue
        if name in ("phone", "box") and not during_calls and (line := _line_in_use(paths)):
            pending.append(
                Pending(name, f"a call goes on ({line}); `settings apply` when it is over")
            )
            continue
        try:
            _restart_one(_folder(paths, name))
        except DeviceError as problem:
            log = paths.logs / name / "current"
            raise DeviceError(f"the service {name} does not start; {log} says why") from problem
        done.append(name)
    return Restarts(tuple(done), tuple(pending))


def _restart_one(folder: Path) -> None:
    """Stop a service, start it, and wait until it is ready; it is wanted up whatever happens.

    Both waits are for states: `s6-svc -wR -r` was seen to miss the event of a service that came up
    at once. Raises DeviceError.
    """
    limit = str(READY_WITHIN_S * 1000)
    try:
        run("s6-svc", "-wD", "-T", limit, "-d", folder)
    finally:
        run("s6-svc", "-wU", "-T", limit, "-u", folder)


def _line_in_use(paths: Paths) -> str | None:
    """A line that has a call; None if there is none, or no phone service to ask."""
    try:
        lines = phone_status(paths)["lines"]
    except NotRunning:
        return None
    return next((name for name, line in lines.items() if line["call"]), None)
