"""The certificate that the box shows, made or renewed as the settings want it."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from app.config.own_names import own_names
from app.config.paths import Paths
from app.config.settings import Settings
from app.core.clock import Clock, SystemClock
from app.core.errors import DeviceError
from app.core.own_addresses import own_addresses
from app.device import certificates, given, pem

log = logging.getLogger(__name__)


def certify(paths: Paths, settings: Settings, clock: Clock | None = None) -> bool:
    """See to it that there is a certificate; True if one was made. Asks nobody else.

    One that the box's own authority has not signed stays, unless a power cut has left half of it,
    or it is by ACME and the settings want that no more.
    Raises DeviceError.
    """
    keys = paths.keys
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark = given.mark(keys)
    unwanted = mark is not None and mark.by == "acme" and not settings.certificate.acme_directory
    if mark is not None and not unwanted and given.is_whole(keys):
        return False
    if unwanted:
        given.remove(keys)
    elif mark is not None:
        log.warning("certificate and key in %s are no pair: the box signs one of its own", keys)
        given.remove(keys)
    return certificates.ensure(keys, *_wanted(settings), clock=clock)


def use_own(paths: Paths, settings: Settings) -> None:
    """Let the box's own authority sign again. Raises DeviceError."""
    if given.mark(paths.keys) is not None:
        given.remove(paths.keys)
    certify(paths, settings)


def use_files(
    paths: Paths, settings: Settings, names: Iterable[Path], clock: Clock | None = None
) -> pem.Pair:
    """Let the owner's certificate be the box's, from PEM files: key, certificate, and chain.

    Raises DeviceError if it cannot be used, or is not for the box's name.
    """
    if settings.certificate.acme_directory:
        raise DeviceError(
            "the certificate comes by ACME; `settings set certificate.acme_directory ''` ends that"
        )
    found = pem.pair(b"\n".join(_read(name) for name in names))
    pem.refuse_unusable(found, datetime.fromtimestamp((clock or SystemClock()).now(), UTC))
    host = settings.site.hostname
    if not pem.is_for(found.certificate, host):
        raise DeviceError(
            f"the certificate is for {', '.join(pem.names(found.certificate)) or 'no name'}, and"
            f" mail programs are told to connect to {host}; the setting site.hostname names the box"
        )
    paths.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    given.install(paths.keys, found, "files")
    return found


def _read(name: Path) -> bytes:
    try:
        return name.read_bytes()
    except OSError as problem:
        raise DeviceError(f"{name} cannot be read: {problem.strerror}") from problem


def _wanted(settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and addresses of the box's own certificate."""
    fixed = settings.network.address.partition("/")[0]
    return (*own_names(settings), "localhost"), own_addresses() + ((fixed,) if fixed else ())
