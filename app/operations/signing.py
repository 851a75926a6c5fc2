"""The key that mail of the public domain is signed with: an administrator makes it, once.

Without a public domain there is nothing to sign for; without the record in the DNS nobody can check
a signature, and it is as if there were none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.config.paths import Paths
from app.core import signing_key
from app.core.signing_key import BadSigningKey, SigningKey
from app.device.permissions import set_group
from app.operations.actor import Actor, require_admin
from app.operations.errors import NotFound, OperationError

if TYPE_CHECKING:
    from app.config.settings import Settings


@dataclass(frozen=True)
class SigningRecord:
    """What the owner enters in the DNS."""

    name: str
    """Of the record, whole."""
    text: str
    """What the TXT record says."""
    zone_line: str
    """Both as a line of a zone file."""


def make_signing_key(
    paths: Paths, settings: Settings, actor: Actor, again: bool = False
) -> SigningRecord:
    """Make the key; mail is signed with it from now on. `again` replaces one that is there.

    Raises NotAllowed, and OperationError: field "outbound.public_domain" without such a domain,
    field "again" if there is a key already.
    """
    require_admin(actor, "make the key that mail is signed with")
    _domain(settings)
    if paths.signing_key.exists() and not again:
        raise OperationError(
            "again", "there is a key already; with another one its new record must be entered"
        )
    paths.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    signing_key.make(paths.signing_key)
    set_group(paths.signing_key, 0o640)  # the mail service reads it; on a device root makes it
    return read_signing_record(paths, settings, actor)


def read_signing_record(paths: Paths, settings: Settings, actor: Actor) -> SigningRecord:
    """The record of the key that there is. Raises NotAllowed, NotFound or OperationError."""
    require_admin(actor, "see the key that mail is signed with")
    domain, key = _domain(settings), _key(paths)
    name = f"{key.selector}._domainkey.{domain}"
    return SigningRecord(name, key.record, key.zone_line(domain))


def _domain(settings: Settings) -> str:
    domain = settings.outbound.public_domain
    if not domain:
        raise OperationError(
            "outbound.public_domain",
            "mail is signed for a public domain; the setting outbound.public_domain names none",
        )
    return domain


def _key(paths: Paths) -> SigningKey:
    try:
        return signing_key.load(paths.signing_key)
    except FileNotFoundError:
        raise NotFound("", "there is no key yet: `signing key` makes one") from None
    except (OSError, BadSigningKey) as problem:
        raise OperationError(
            "again", "%(problem)s; `signing key --again` makes another", problem=problem
        ) from problem
