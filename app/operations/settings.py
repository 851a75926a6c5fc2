"""Settings: listed with their meaning, checked, and changed in the owner's file.

The file is the truth; services read it when they start. So a change is written first (whole, or not
at all), and then the services that it concerns are started again where no call is cut off by it.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.config import toml_file
from app.config.catalogue import Setting, catalogue, from_words
from app.config.edit import with_value
from app.config.paths import Paths
from app.config.settings import Settings, SettingsError, annotated, from_text
from app.core import files
from app.core.errors import DeviceError
from app.core.process import run
from app.device.boot_env import device_env
from app.device.first_boot import done as first_boot_mark
from app.inbox.audit import AuditEvent
from app.inbox.people import Person
from app.operations.actor import Actor, require_admin
from app.operations.box import Box
from app.operations.errors import NotFound, OperationError
from app.operations.references import Problem, known_of, problems, read_board
from app.operations.running import Pending, Restarts, own_services, restart
from app.store.locks import FileLock

Plans = Callable[[Settings], Mapping[str, Any]]
"""Each service's plan for some settings; a service whose plan stays the same need not restart."""

SERVICE_ORDER = ("box", "phone", "mail", "admin")


@dataclass(frozen=True)
class SettingLine:
    """One setting with what it is now."""

    setting: Setting
    shown: str
    """Its value as text; of a secret only that there is one."""
    by_default: bool


@dataclass(frozen=True)
class ChangedSetting:
    """What a change did."""

    setting: Setting
    old: str
    new: str
    restarts: Restarts
    problems: tuple[Problem, ...]
    """What has become wrong by it elsewhere: a handset that the new board does not have."""


def list_settings(actor: Actor, settings: Settings) -> list[SettingLine]:
    """Every setting, in the file's order. Raises NotAllowed."""
    require_admin(actor, "see the settings")
    return [_line(setting, settings) for setting in _catalogue(settings)]


def get_setting(actor: Actor, settings: Settings, name: str) -> SettingLine:
    """One setting. Raises NotFound, which names the section's settings, or NotAllowed."""
    require_admin(actor, "see the settings")
    return _line(find_setting(settings, name), settings)


def check_settings(actor: Actor, settings: Settings, box: Box) -> list[Problem]:
    """What settings and people name that is not there. Raises NotAllowed."""
    require_admin(actor, "check the settings")
    return problems(settings, box.people.all(), known_of(settings))


def set_setting(
    box: Box,
    actor: Actor,
    paths: Paths,
    name: str,
    words: str | None,
    plans: Plans,
    during_calls: bool = False,
) -> ChangedSetting:
    """Write a setting into the owner's file, and let the services take it up.

    `words` are the value as typed, lists with commas; None takes it out, so that the default holds.
    `during_calls`: the phone service, too, if a call goes on. Raises NotFound, NotAllowed,
    OperationError with the setting's name if it cannot be or a service does not start with it (then
    everything is as it was); SettingsError if the file cannot be changed.
    """
    require_admin(actor, "change settings")
    setting = find_setting(box.settings, name)
    with _one_change(paths):
        return _set(box, actor, paths, setting, words, plans, during_calls)


def _set(
    box: Box,
    actor: Actor,
    paths: Paths,
    setting: Setting,
    words: str | None,
    plans: Plans,
    during_calls: bool,
) -> ChangedSetting:
    old = _current(paths)
    text = toml_file.read(paths.settings_file)[0] or annotated()
    value = None if words is None else from_words(setting, words)
    changed_text = with_value(text, setting.path, value)
    new = _allowed(changed_text, paths, setting, old)
    caused = _caused(setting, old or Settings(), new, box.people.all())
    try:
        files.write(paths.settings_file, changed_text)
    except OSError as problem:
        raise OperationError(
            setting.name, f"{paths.settings_file} cannot be written: {problem.strerror}"
        ) from problem
    before, after = setting.shown(old or Settings()), setting.shown(new)
    _note(box, actor, f"{setting.name}: {before} → {after}")
    try:
        restarts = _take_up(paths, old, new, plans, during_calls)
    except DeviceError as problem:
        _put_back(paths, text, old, new, plans)
        _note(box, actor, f"{setting.name}: {after} → {before}, as it was: {problem}")
        raise OperationError(
            setting.name, f"{setting.name} is {before or '-'} as it was: with it {problem}"
        ) from problem
    return ChangedSetting(setting, before, after, restarts, tuple(caused))


@contextlib.contextmanager
def _one_change(paths: Paths) -> Iterator[None]:
    """One change at a time: each reads the whole file, and writes it, and perhaps puts it back."""
    lock = FileLock(paths.run / "settings.lock")
    try:
        lock.acquire()
        yield
    finally:
        lock.close()


def _note(box: Box, actor: Actor, text: str) -> None:
    """Write a change into the history."""
    event = AuditEvent(None, None, text)
    box.db.now(
        lambda tx: box.store.audit_log.write(
            tx, "setting changed", actor.door, actor.login, [event]
        )
    )


def _put_back(paths: Paths, text: str, old: Settings | None, new: Settings, plans: Plans) -> None:
    """Write the file as it was, and let the services run by it again: with `new` one did not.

    What was not to be interrupted has not taken up `new` either, so no call is cut off.
    """
    files.write(paths.settings_file, text)
    if old is not None:
        with contextlib.suppress(DeviceError):  # the first one says what is wrong
            _take_up(paths, new, old, plans, False)


def apply_settings(
    actor: Actor, paths: Paths, settings: Settings, during_calls: bool = False
) -> Restarts:
    """Start every running service again, so that it takes up the settings as they are now.

    Raises NotAllowed, and DeviceError if a service does not start again.
    """
    require_admin(actor, "start services again")
    _device_apply(paths)
    names = [*own_services(settings.phone.board), "phone", "mail", "admin"]
    return restart(paths, names, during_calls)


def find_setting(settings: Settings, name: str) -> Setting:
    """The declaration of a setting. Raises NotFound with the names that there are."""
    parts = name.split(".")
    line = [parts[2]] if parts[:2] == ["phone", "incoming"] and len(parts) == 4 else []
    known = {setting.name: setting for setting in _catalogue(settings, line)}
    if name in known:
        return known[name]
    beside = [other for other in known if other.split(".")[0] == parts[0]] or list(known)
    raise NotFound(name, f"there is no setting {name}; there are: {', '.join(beside)}")


def _catalogue(settings: Settings, more_lines: list[str] | None = None) -> list[Setting]:
    board = read_board(settings)
    jacks = [x.name for x in board.lines if x.kind == "trunk"] if board is not None else []
    return list(
        catalogue(list(dict.fromkeys([*jacks, *settings.phone.incoming, *(more_lines or [])])))
    )


def _line(setting: Setting, settings: Settings) -> SettingLine:
    by_default = setting.value(settings) == setting.default
    return SettingLine(setting, setting.shown(settings), by_default)


def _current(paths: Paths) -> Settings | None:
    """The settings in the file; None if they cannot be used (which this change may mend)."""
    try:
        return paths.settings()
    except SettingsError:
        return None


def _allowed(text: str, paths: Paths, setting: Setting, old: Settings | None) -> Settings:
    """The settings of this text. Raises OperationError if this setting cannot be.

    `old` are the settings without the change; None if they could not be used.
    """
    try:
        return from_text(text, paths.settings_file, paths.beneath)
    except SettingsError as problem:
        for name, reason in problem.reasons:
            if name == setting.name or name.startswith(f"{setting.name}."):
                raise OperationError(setting.name, f"{setting.name}: {reason}") from problem
        if old is not None:  # alone it could be, beside another setting it cannot
            reasons = "; ".join(f"{name}: {reason}" for name, reason in problem.reasons)
            raise OperationError(setting.name, reasons) from problem
        raise


def _caused(setting: Setting, old: Settings, new: Settings, people: list[Person]) -> list[Problem]:
    """What the change makes wrong elsewhere. Raises OperationError if it is wrong itself."""
    before = problems(old, people, known_of(old))
    caused = [p for p in problems(new, people, known_of(new)) if p not in before]
    for problem in caused:
        if problem.field == setting.name or setting.name.startswith(f"{problem.field}."):
            raise OperationError(setting.name, f"{setting.name}: {problem.text}. {setting.meaning}")
    return caused


def _take_up(
    paths: Paths, old: Settings | None, new: Settings, plans: Plans, during_calls: bool
) -> Restarts:
    """Let what runs take up the new settings, where that cuts nothing off."""
    _device_apply(paths)
    pending: list[Pending] = []
    if old is None:  # nobody knows by what settings the services run
        pending.append(Pending("what runs", "`settings apply`, or start the appliance again"))
        return Restarts((), tuple(pending))
    if own_services(old.phone.board) != own_services(new.phone.board):
        pending.append(Pending("the appliance", "other services are needed; start it again"))
        return Restarts((), tuple(pending))
    before, after = plans(old), plans(new)
    names = [name for name in SERVICE_ORDER if after.get(name) != before.get(name)]
    if "box" in names and "phone" not in names:
        names.insert(1, "phone")  # its telephones are gone with the box
    restarts = restart(paths, [name for name in names if name in after], during_calls)
    if first_boot_mark(paths).exists() and device_env(old) != device_env(new):
        pending.append(Pending("the device", "its own services read it at a start; `reboot`"))
    return replace(restarts, pending=(*restarts.pending, *pending))


def _device_apply(paths: Paths) -> None:
    """On a device, prepare what follows from the settings for boot scripts and services."""
    if first_boot_mark(paths).exists():
        run(sys.executable, "-m", "app", "device", "apply")
