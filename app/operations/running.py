"""The services that run: how they are, and starting one again so that it takes up its settings."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.config.paths import PROJECT, Paths
from app.core.control import NotRunning, ask
from app.core.errors import DeviceError
from app.core.process import run
from app.core.sentences import sentence

SERVICES = ("phone", "mail", "admin", "tasks")
READY_WITHIN_S = 40
ASK_WITHIN_S = 3.0


@dataclass(frozen=True)
class ServiceState:
    """One service as its supervisor sees it."""

    name: str
    supervised: bool
    state: str
    """How it is: it begins with "up " if it runs and is ready."""


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
        return ServiceState(name, False, sentence("not supervised here"))
    try:
        shown = subprocess.run(
            ["s6-svstat", str(folder)], check=False, capture_output=True, text=True
        )
    except OSError as problem:
        text = sentence("s6-svstat cannot be run: %(why)s", why=problem.strerror)
        return ServiceState(name, False, text)
    return ServiceState(name, shown.returncode == 0, _in_words(shown.stdout or shown.stderr))


def _in_words(shown: str) -> str:
    """What s6-svstat says, as a sentence if it is usual."""
    found = re.match(r"(up|down) \(.*\) ([0-9]+) seconds(.*)", shown)
    if found is None:
        return shown.strip()
    hours, left = divmod(int(found[2]), 3600)
    span = f"{hours}:{left // 60:02}:{left % 60:02}"
    if found[1] == "down":
        return sentence("down for %(time)s", time=span)
    if "ready" not in found[3]:
        return sentence("up for %(time)s, not ready yet", time=span)
    return sentence("up for %(time)s", time=span)


def phone_status(paths: Paths) -> dict[str, Any]:
    """What the phone service says of lines and calls. Raises NotRunning."""
    return ask(paths.phone_control, {"ask": "status"}, ASK_WITHIN_S)


def mail_connections(paths: Paths) -> dict[str, Any]:
    """What the mail service says of its connections. Raises NotRunning."""
    return ask(paths.mail_control, {"ask": "connections"}, ASK_WITHIN_S)


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
                Pending(
                    name,
                    sentence(
                        "a call goes on (%(line)s); `settings apply` when it is over", line=line
                    ),
                )
            )
            continue
        try:
            with stopped(paths, (name,)):
                pass
        except DeviceError as problem:
            log = paths.logs / name / "current"
            raise DeviceError(
                sentence(
                    "the service %(name)s does not start; %(log)s says why", name=name, log=log
                )
            ) from problem
        done.append(name)
    return Restarts(tuple(done), tuple(pending))


@contextmanager
def stopped(paths: Paths, names: Iterable[str]) -> Iterator[None]:
    """Stop these services, those that run, for the length of a `with` block.

    Raises DeviceError if one does not stop, or does not start again; all are wanted up whatever
    happens. (`s6-svc -wR -r` would do both for one, but was seen to miss the event of a service
    that came up at once.)
    """
    folders = [_folder(paths, name) for name in names if _state(paths, name).supervised]
    try:
        for folder in folders:
            _bring(folder, up=False)
        yield
    finally:
        for folder in folders:
            _bring(folder, up=True)


def _bring(folder: Path, up: bool) -> None:
    """Have a service up and ready, or down, and wait for it; raises DeviceError if it is not so.

    A service that ends or starts by itself at this very moment may have its event missed by the
    wait, so its state has the last word.
    """
    wait, change, field = ("-wU", "-u", "ready") if up else ("-wD", "-d", "up")
    try:
        run("s6-svc", wait, "-T", str(READY_WITHIN_S * 1000), change, folder)
    except DeviceError:
        if (run("s6-svstat", "-o", field, folder).strip() == "true") is not up:
            raise


def _line_in_use(paths: Paths) -> str | None:
    """A line that has a call; None if there is none, or no phone service to ask."""
    try:
        lines = phone_status(paths)["lines"]
    except NotRunning:
        return None
    return next((name for name, line in lines.items() if line["call"]), None)
