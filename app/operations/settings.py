"""Settings: listed with their meaning, checked, and changed in the owner's file.

The file is the truth; services read it when they start. So a change is written first (whole, or not
at all), and then the services that it concerns are started again where no call is cut off by it.
"""

import contextlib
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from app.config import toml_file
from app.config.annotated import annotated
from app.config.catalogue import Setting, catalogue, from_words
from app.config.edit import with_value
from app.config.paths import Paths
from app.config.settings import TABLES, Settings, SettingsError, from_text
from app.core import files
from app.core.errors import DeviceError
from app.core.process import run
from app.core.sentences import joined, sentence
from app.device.boot_env import device_env
from app.device.first_boot import done as first_boot_mark
from app.inbox.audit import AuditEvent
from app.inbox.people import Person
from app.operations.actor import Actor, require_admin
from app.operations.box import Box
from app.operations.domains import SETTINGS as DOMAIN_SETTINGS
from app.operations.domains import LookUp, look_up_now, refresh
from app.operations.domains import setting_problems as domain_problems
from app.operations.errors import NotFound, OperationError
from app.operations.kept_secrets import (
    KEPT_SECRETS,
    SHOWN,
    checked_account,
    is_kept,
    keep,
    moved,
    secret_problems,
    take_out,
)
from app.operations.references import Problem, known_of, problems, read_board
from app.operations.rights import may_use_setting, require_setting
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
class Change:
    """A setting with what it was and is, as shown."""

    setting: Setting
    old: str
    new: str


@dataclass(frozen=True)
class ChangedSettings:
    """What a change of some settings did."""

    changes: tuple[Change, ...]
    restarts: Restarts
    problems: tuple[Problem, ...]
    """What has become wrong by it elsewhere: a handset that the new board does not have."""


@dataclass(frozen=True)
class ChangedSetting:
    """What a change of one setting did; see ChangedSettings."""

    setting: Setting
    old: str
    new: str
    restarts: Restarts
    problems: tuple[Problem, ...]


def list_settings(
    actor: Actor, settings: Settings, kept: Collection[str] = ()
) -> list[SettingLine]:
    """Every setting that the actor may use, in the file's order. Raises NotAllowed.

    `kept` are the names of those that lie in the store (app/operations/kept_secrets.py, `kept`).
    """
    allowed = [one for one in _catalogue(settings) if may_use_setting(actor, one.name)]
    if not allowed:
        require_admin(actor, "see the settings")
    return [_line(setting, settings, kept) for setting in allowed]


def get_setting(
    actor: Actor, settings: Settings, name: str, kept: Collection[str] = ()
) -> SettingLine:
    """One setting. Raises NotFound, which names the section's settings, or NotAllowed."""
    require_setting(actor, name, "see this setting")
    return _line(find_setting(settings, name), settings, kept)


def check_settings(actor: Actor, settings: Settings, box: Box) -> list[Problem]:
    """What settings and people name that is not there. Raises NotAllowed."""
    require_admin(actor, "check the settings")
    found = problems(settings, box.people.all(), known_of(settings))
    return [*found, *secret_problems(box, settings)]


def set_setting(
    box: Box,
    actor: Actor,
    paths: Paths,
    name: str,
    words: str | None,
    plans: Plans,
    during_calls: bool = False,
    look_up: LookUp = look_up_now,
) -> ChangedSetting:
    """Write a setting into the owner's file, and let the services take it up.

    A password of the box's own accounts goes into the store instead, which needs no restart.

    `words` are the value as typed, lists with commas; None takes it out, so that the default holds.
    `during_calls`: the phone service, too, if a call goes on. `look_up` asks the DNS when our
    domains change, which takes some seconds at most. Raises NotFound, NotAllowed,
    OperationError with the setting's name if it cannot be or a service does not start with it (then
    everything is as it was); SettingsError if the file cannot be changed.
    """
    changed = change_settings(box, actor, paths, {name: words}, plans, during_calls, look_up)
    (one,) = changed.changes
    return ChangedSetting(one.setting, one.old, one.new, changed.restarts, changed.problems)


def change_settings(
    box: Box,
    actor: Actor,
    paths: Paths,
    values: Mapping[str, str | None],
    plans: Plans,
    during_calls: bool = False,
    look_up: LookUp = look_up_now,
    seen: Mapping[str, str] | None = None,
) -> ChangedSettings:
    """Write some settings, all of them or none; otherwise as set_setting does.

    `seen` is what settings were as whoever changes them was shown them: if one is another by now,
    OperationError with its name says so, and nothing is changed.
    """
    for name in values:
        require_setting(actor, name, "change this setting")
    wanted = [(find_setting(box.settings, name), words) for name, words in values.items()]
    secrets = [(one, words) for one, words in wanted if one.name in KEPT_SECRETS]
    in_file = [(one, words) for one, words in wanted if one.name not in KEPT_SECRETS]
    with _one_change(paths):
        _refuse_unseen(paths, seen or {})
        changed = ChangedSettings((), Restarts(), ())
        if in_file:
            able = partial(_refuse_secrets, secrets)
            changed = _set(box, actor, paths, in_file, plans, during_calls, able)
        for setting, typed in secrets:
            one = _set_secret(box, actor, paths, setting, typed)
            changed = replace(changed, changes=(*changed.changes, one))
    if not any(name in DOMAIN_SETTINGS for name in values):
        return changed
    now = paths.settings()
    facts = refresh(box, [*now.site.domains, now.site.hostname], look_up)
    about = domain_problems(now, box.delivery.config, facts)
    return replace(changed, problems=(*changed.problems, *about))


def _refuse_unseen(paths: Paths, seen: Mapping[str, str]) -> None:
    """Raise OperationError if a setting is not any more what somebody was shown."""
    now = _current(paths) or Settings()
    for name, shown in seen.items():
        if name in KEPT_SECRETS:
            continue  # nobody was shown one
        is_now = find_setting(now, name).shown(now)
        if is_now != shown:
            raise OperationError(
                name,
                "%(name)s has been changed meanwhile, from %(shown)s to %(is_now)s;"
                " nothing was saved. Look at it again",
                name=name,
                shown=shown or "-",
                is_now=is_now or "-",
            )


def _set(
    box: Box,
    actor: Actor,
    paths: Paths,
    wanted: Sequence[tuple[Setting, str | None]],
    plans: Plans,
    during_calls: bool,
    check: Callable[[Settings], None],
) -> ChangedSettings:
    """`check` raises OperationError for what else cannot be with the new settings."""
    old = _current(paths)
    text = changed_text = toml_file.read(paths.settings_file)[0] or annotated()
    for setting, words in wanted:
        value = None if words is None else from_words(setting, words)
        changed_text = with_value(changed_text, setting.path, value)
    settings = [setting for setting, _ in wanted]
    new = _allowed(changed_text, paths, settings, old)
    caused = _caused(settings, old or Settings(), new, box.people.all())
    caused += moved(box, old or new, new)
    check(new)
    first = settings[0].name
    try:
        files.write(paths.settings_file, changed_text)
    except OSError as problem:
        raise OperationError(
            first,
            "%(settings_file)s cannot be written: %(strerror)s",
            settings_file=paths.settings_file,
            strerror=problem.strerror,
        ) from problem
    changes = [Change(one, one.shown(old or Settings()), one.shown(new)) for one in settings]
    _note(box, actor, [f"{one.setting.name}: {one.old} → {one.new}" for one in changes])
    try:
        restarts = _take_up(paths, old, new, plans, during_calls)
    except DeviceError as problem:
        _put_back(paths, text, old, new, plans)
        back = [f"{x.setting.name}: {x.new} → {x.old}, as it was: {problem}" for x in changes]
        _note(box, actor, back)
        as_it_was = ", ".join(f"{one.setting.name} is {one.old or '-'}" for one in changes)
        raise OperationError(
            first,
            "%(as_it_was)s as it was: with it %(problem)s",
            as_it_was=as_it_was,
            problem=problem,
        ) from problem
    return ChangedSettings(tuple(changes), restarts, tuple(caused))


def _refuse_secrets(secrets: Sequence[tuple[Setting, str | None]], settings: Settings) -> None:
    """Raise OperationError if one of these could not be kept with these settings."""
    for setting, words in secrets:
        if words:
            checked_account(settings, KEPT_SECRETS[setting.name], words)


def _set_secret(
    box: Box, actor: Actor, paths: Paths, setting: Setting, words: str | None
) -> Change:
    secret = KEPT_SECRETS[setting.name]
    before = SHOWN if is_kept(box, secret) else ""
    keep(box, actor, paths.settings(), secret, words or "")
    take_out(paths, setting.name)
    return Change(setting, before, SHOWN if words else "")


@contextlib.contextmanager
def _one_change(paths: Paths) -> Iterator[None]:
    """One change at a time: each reads the whole file, and writes it, and perhaps puts it back."""
    lock = FileLock(paths.run / "settings.lock")
    try:
        lock.acquire()
        yield
    finally:
        lock.close()


def _note(box: Box, actor: Actor, texts: Iterable[str]) -> None:
    """Write changes into the history."""
    events = [AuditEvent(None, None, text) for text in texts]
    box.db.now(
        lambda tx: box.store.audit_log.write(tx, "setting changed", actor.door, actor.login, events)
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
    named = (parts[1], parts[2]) if len(parts) == 4 and parts[1] in TABLES else None
    known = {setting.name: setting for setting in _catalogue(settings, named)}
    if name in known:
        return known[name]
    beside = [other for other in known if other.split(".")[0] == parts[0]] or list(known)
    raise NotFound(
        name,
        "there is no setting %(name)s; there are: %(beside)s",
        name=name,
        beside=", ".join(beside),
    )


def _catalogue(settings: Settings, named: tuple[str, str] | None = None) -> list[Setting]:
    """All declarations, with those of one line or group that the settings do not name yet."""
    board = read_board(settings)
    jacks = [x.name for x in board.jacks if x.kind == "trunk"] if board is not None else []
    lines, groups = dict.fromkeys([*jacks, *settings.phone.incoming]), dict(settings.phone.groups)
    receiving = dict.fromkeys([*jacks, *settings.fax.receiving])
    tables = {"incoming": list(lines), "groups": list(groups), "receiving": list(receiving)}
    if named is not None and named[1] not in tables.get(named[0], [named[1]]):
        tables[named[0]].append(named[1])
    return list(catalogue(tables))


def _line(setting: Setting, settings: Settings, kept: Collection[str]) -> SettingLine:
    if setting.name in kept:
        return SettingLine(setting, SHOWN, False)
    by_default = setting.value(settings) == setting.default
    return SettingLine(setting, setting.shown(settings), by_default)


def _current(paths: Paths) -> Settings | None:
    """The settings in the file; None if they cannot be used (which this change may mend)."""
    try:
        return paths.settings()
    except SettingsError:
        return None


def _allowed(text: str, paths: Paths, wanted: Sequence[Setting], old: Settings | None) -> Settings:
    """The settings of this text. Raises OperationError if one of those that are wanted cannot be.

    `old` are the settings without the change; None if they could not be used.
    """
    try:
        return from_text(text, paths.settings_file, paths.beneath)
    except SettingsError as problem:
        for name, reason in problem.reasons:
            for one in wanted:
                if name == one.name or name.startswith(f"{one.name}."):
                    raise OperationError(
                        one.name, "%(name)s: %(reason)s", name=one.name, reason=reason
                    ) from problem
        if old is not None:  # alone it could be, beside another setting it cannot
            reasons = [
                sentence("%(name)s: %(reason)s", name=name, reason=reason)
                for name, reason in problem.reasons
            ]
            raise OperationError(wanted[0].name, joined("; ", reasons)) from problem
        raise


def _caused(
    wanted: Sequence[Setting], old: Settings, new: Settings, people: list[Person]
) -> list[Problem]:
    """What changes make wrong elsewhere. Raises OperationError if one is wrong itself."""
    before = problems(old, people, known_of(old))
    caused = [p for p in problems(new, people, known_of(new)) if p not in before]
    for problem in caused:
        for one in wanted:
            if problem.concerns(one.name):
                raise OperationError(
                    one.name,
                    "%(name)s: %(what)s. %(meaning)s",
                    name=one.name,
                    what=problem.text,
                    meaning=sentence(one.meaning),
                )
    return caused


def _take_up(
    paths: Paths, old: Settings | None, new: Settings, plans: Plans, during_calls: bool
) -> Restarts:
    """Let what runs take up the new settings, where that cuts nothing off."""
    _device_apply(paths)
    pending: list[Pending] = []
    if old is None:  # nobody knows by what settings the services run
        why = sentence("`settings apply`, or start the appliance again")
        pending.append(Pending(sentence("what runs"), why))
        return Restarts((), tuple(pending))
    if own_services(old.phone.board) != own_services(new.phone.board):
        why = sentence("other services are needed; start it again")
        pending.append(Pending(sentence("the appliance"), why))
        return Restarts((), tuple(pending))
    before, after = plans(old), plans(new)
    names = [name for name in SERVICE_ORDER if after.get(name) != before.get(name)]
    if "box" in names and "phone" not in names:
        names.insert(1, "phone")  # its telephones are gone with the box
    restarts = restart(paths, [name for name in names if name in after], during_calls)
    if first_boot_mark(paths).exists() and device_env(old) != device_env(new):
        why = sentence("its own services read it at a start; `reboot`")
        pending.append(Pending(sentence("the device"), why))
    return replace(restarts, pending=(*restarts.pending, *pending))


def _device_apply(paths: Paths) -> None:
    """On a device, prepare what follows from the settings for boot scripts and services.

    Elsewhere that is the certificate, which has the names of the settings. Raises DeviceError.
    """
    if first_boot_mark(paths).exists():
        run(sys.executable, "-m", "app", "device", "apply")
    elif (paths.keys / "ca.crt").exists():
        from app.device.certify import certify  # cryptography is only loaded where it is needed

        certify(paths, paths.settings())
