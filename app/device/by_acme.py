"""When a certificate is asked for by ACME, and what becomes of it (acme.py talks to the authority).

Until there is one, and whenever there is none that holds, the box's own authority signs: mail by
TLS goes on for those who know it. What went wrong lies in acme.problem, for the status.
"""

import logging
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from app.config.own_names import own_names
from app.config.paths import Paths
from app.config.settings import Settings
from app.core import files
from app.core.clock import Clock, SystemClock
from app.core.errors import DeviceError
from app.device import given, pem
from app.device.acme import AcmeClient, AcmeFailed
from app.device.certificate_notes import PROBLEM as PROBLEM
from app.device.certify import certify

log = logging.getLogger(__name__)

ACCOUNT = "acme.key"
LEFT = 1 / 3
"""Part of its time that a certificate still has when it is renewed; long before its end."""


def renew(
    paths: Paths, settings: Settings, client: AcmeClient | None = None, clock: Clock | None = None
) -> bool:
    """Ask for a certificate if the settings want one and it is time; True if one was made.

    Without such settings as `certify`. Raises DeviceError if the authority did not sign, and the
    box goes on with what it has.
    """
    clock = clock or SystemClock()
    made = certify(paths, settings, clock)
    if not settings.certificate.acme_directory:
        (paths.keys / PROBLEM).unlink(missing_ok=True)
        return made
    names = public_names(settings)
    now = datetime.fromtimestamp(clock.now(), UTC)
    if _is_good(paths, names, now):
        return made
    try:
        if not names:
            raise AcmeFailed(
                f"{settings.site.hostname} is no public name; an authority signs only for such, and"
                " the setting site.hostname gives the box one"
            )
        client = client or AcmeClient(
            settings.certificate.acme_directory, account_key(paths), paths.challenges
        )
        _obtain(paths, names, settings.certificate.acme_contact, client)
    except DeviceError as problem:
        files.write(paths.keys / PROBLEM, f"{problem}\n", 0o644)
        raise
    (paths.keys / PROBLEM).unlink(missing_ok=True)
    return True


def public_names(settings: Settings) -> list[str]:
    """The names that an authority of the world can look up."""
    return [name for name in own_names(settings) if "." in name and not name.endswith(".local")]


def account_key(paths: Paths) -> ec.EllipticCurvePrivateKey:
    """The key of our account with authorities, made when there is none yet. Raises DeviceError."""
    path = paths.keys / ACCOUNT
    if not path.exists():
        files.write(path, _octets(ec.generate_private_key(ec.SECP256R1())), 0o600)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as problem:
        raise DeviceError(f"the key {path} cannot be used: {problem}") from problem
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise DeviceError(f"the key {path} is not of an elliptic curve")
    return key


def _obtain(paths: Paths, names: list[str], contact: str, client: AcmeClient) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    found = pem.pair(_octets(key) + client.obtain(names, key, contact))
    given.install(paths.keys, found, "acme")
    log.info("an authority has signed for %s", ", ".join(names))


def _is_good(paths: Paths, names: list[str], now: datetime) -> bool:
    """Whether there is a certificate by ACME for these names that need not be renewed yet.

    One that begins only later by our clock is good: the authority's clock is right.
    """
    mark = given.mark(paths.keys)
    if mark is None or mark.by != "acme":
        return False
    shown = given.read(paths.keys).certificate
    begins, ends = pem.validity(shown)
    is_for_all = all(pem.is_for(shown, name) for name in names)
    return is_for_all and now < ends - (ends - begins) * LEFT


def _octets(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
