"""Passwords of the box's own accounts elsewhere: set like settings, kept encrypted in the store.

Each has the name of a setting, so that it is set and listed as one and may also be written into the
settings file, from which the next start takes it: no file that is read, copied or backed up shows
it from then on. It is kept for one user at one server (app/inbox/account_passwords.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.config import toml_file
from app.config.host_port import host_and_port
from app.config.paths import Paths
from app.core import files
from app.core.sentences import sentence
from app.inbox.account_passwords import BOX, BoxAccount
from app.inbox.audit import AuditEvent
from app.inbox.destinations import WHOLE
from app.operations.accounts import checked_password
from app.operations.actor import Actor, require_admin
from app.operations.box import Box
from app.operations.errors import NotFound, OperationError
from app.operations.references import Problem
from app.store.database import Tx
from app.store.errors import StoreError

if TYPE_CHECKING:
    from app.config.settings import Settings

log = logging.getLogger(__name__)

SHOWN = "…"
"""What is shown of one that is kept."""


@dataclass(frozen=True)
class KeptSecret:
    """Where a password belongs, by names of settings."""

    setting: str
    """The name by which it is set."""
    account: str
    """What it is kept under."""
    server: str
    user: str

    def named_in(self, settings: Settings) -> str:
        """The password, if the settings file still has it; else ""."""
        return _text(settings, self.setting)


SMARTHOST = KeptSecret(
    "outbound.smarthost_password", "smarthost", "outbound.smarthost", "outbound.smarthost_user"
)
MQTT = KeptSecret("mqtt.password", "mqtt", "mqtt.server", "mqtt.user")
INBOX_STORE = KeptSecret("store.password", "imap", "store.server", "store.user")
KEPT_SECRETS = {secret.setting: secret for secret in (SMARTHOST, MQTT, INBOX_STORE)}
"""All of them, by the names of settings."""


def account_of(settings: Settings, secret: KeptSecret) -> BoxAccount | None:
    """The account that these settings name; None if they name no server, or no user there."""
    place, user = host_and_port(_text(settings, secret.server), 0), _text(settings, secret.user)
    return BoxAccount(secret.account, user, place[0].lower()) if place and user else None


def is_kept(box: Box, secret: KeptSecret) -> bool:
    """Whether there is a password; it may have been set for another user or server."""
    return box.passwords.has(BOX, secret.account)


def kept(box: Box) -> frozenset[str]:
    """The names of those that there are."""
    return frozenset(name for name, secret in KEPT_SECRETS.items() if is_kept(box, secret))


def kept_in(paths: Paths, open_box: Callable[[Paths, Settings], Box]) -> frozenset[str]:
    """The same of a store that is opened for it; none if it cannot be. Raises SettingsError."""
    try:
        box = open_box(paths, paths.settings())
    except StoreError:
        return frozenset()
    with closing(box.db):
        return kept(box)


def password(box: Box, actor: Actor, setting: str) -> str:
    """The password of this name, for the account of the box's settings; for its use alone.

    Raises NotAllowed, NotFound if no account is named, NoSuchPassword and PasswordUnreadable.
    """
    require_admin(actor, "say the box's passwords")
    account = account_of(box.settings, KEPT_SECRETS[setting])
    if account is None:
        raise NotFound(setting, "no account is named for %(setting)s", setting=setting)
    return box.passwords.of_box(account)


def keep(box: Box, actor: Actor, settings: Settings, secret: KeptSecret, password: str) -> None:
    """Keep a password for the account of these settings; "" forgets it.

    What waits for the smarthost is tried again at once. Raises OperationError if no account is
    named, or the password cannot be one.
    """
    before = SHOWN if is_kept(box, secret) else "-"
    account = checked_account(settings, secret, password)
    event = AuditEvent(None, None, f"{secret.setting}: {before} → {SHOWN if password else '-'}")

    def change(tx: Tx) -> None:
        if account is not None and password:
            box.passwords.set(tx, BOX, account.name, account.place, password)
        else:
            box.passwords.remove(tx, BOX, secret.account)
        if secret is SMARTHOST:
            box.queue.destinations.answered(tx, WHOLE)
        box.store.audit_log.write(tx, "setting changed", actor.door, actor.login, [event])

    box.db.now(change)


def checked_account(settings: Settings, secret: KeptSecret, password: str) -> BoxAccount | None:
    """The account that a password would be kept for; none need be there for "".

    Raises OperationError if no account is named, or the password cannot be one.
    """
    account = account_of(settings, secret)
    if password and account is None:
        raise OperationError(
            secret.setting,
            "%(setting)s is kept for one user at one server: set %(server)s and %(user)s first",
            setting=secret.setting,
            server=secret.server,
            user=secret.user,
        )
    if password:
        checked_password(password, secret.setting)
    return account


def take_in(
    actor: Actor, paths: Paths, open_box: Callable[[Paths, Settings], Box]
) -> tuple[str, ...]:
    """Take passwords out of the settings file into the store; the names of those that were there.

    Whatever cannot be done is told to the log, and tried again at the next start: until then the
    file keeps it. The store is only opened if there is one to be taken. Raises SettingsError.
    """
    settings = paths.settings()
    there = [secret for secret in KEPT_SECRETS.values() if secret.named_in(settings)]
    if not there:
        return ()
    try:
        box = open_box(paths, settings)
    except StoreError as problem:
        log.warning("%s keeps its passwords: %s", paths.settings_file, problem)
        return ()
    with closing(box.db):
        return tuple(s.setting for s in there if _taken(box, actor, paths, settings, s))


def _taken(box: Box, actor: Actor, paths: Paths, settings: Settings, secret: KeptSecret) -> bool:
    try:
        keep(box, actor, settings, secret, secret.named_in(settings))
        take_out(paths, secret.setting)
    except (OperationError, StoreError, OSError, toml_file.SettingsError) as problem:
        log.warning("%s stays in %s: %s", secret.setting, paths.settings_file, problem)
        return False
    return True


def take_out(paths: Paths, name: str) -> None:
    """Write the settings files without this setting. Raises OSError or SettingsError."""
    from app.config.edit import with_value  # tomlkit is for whoever changes settings

    for path in (paths.settings_file, paths.good_settings):
        if not path.exists():
            continue
        text = toml_file.read_text(path)
        without = with_value(text, name.split("."), None)
        if without != text:
            files.write(path, without)


def secret_problems(box: Box, settings: Settings) -> list[Problem]:
    """Accounts without a password."""
    return [
        Problem(
            name,
            sentence(
                "there is no password for %(place)s: `settings set %(name)s` asks for it",
                place=account.place,
                name=name,
            ),
        )
        for name, secret in KEPT_SECRETS.items()
        if (account := account_of(settings, secret)) is not None and not is_kept(box, secret)
    ]


def moved(box: Box, old: Settings, new: Settings) -> list[Problem]:
    """Passwords that are kept for another user or server than the new settings name."""
    return [
        Problem(
            name,
            sentence(
                "the password is kept for %(place)s: `settings set %(name)s` asks for it",
                place=before.place,
                name=name,
            ),
        )
        for name, secret in KEPT_SECRETS.items()
        if (before := account_of(old, secret)) is not None
        and account_of(new, secret) not in (None, before)
        and is_kept(box, secret)
    ]


def _text(settings: Settings, name: str) -> str:
    section, field = name.split(".")
    return str(getattr(getattr(settings, section), field))
