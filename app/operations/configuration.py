"""What pages show of settings, certificate, signing key and DNS.

It needs pydantic, cryptography or a DNS library, so pages have it done in a process of its own;
what is given can be read without any of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.config.paths import Paths
from app.core.clock import SystemClock
from app.core.errors import DeviceError
from app.core.sentences import sentence
from app.operations.actor import Actor, Role, require_admin, require_role
from app.operations.box import Box
from app.operations.certificate import certificate_problems

if TYPE_CHECKING:
    from app.operations.settings import SettingLine
    from app.operations.status import StatusReport


@dataclass(frozen=True)
class ShownSetting:
    """One setting as it is declared, and what it is now."""

    name: str
    meaning: str
    allowed: str
    """Range or choices in words; "" if its kind says it all."""
    kind: str
    """"choice", "yes or no", "list", "number" or "text"."""
    unit: str
    choices: tuple[str, ...]
    least: float | None
    """The smallest number, in `unit`; None if there is none."""
    most: float | None
    """The largest number, in `unit`."""
    default: str
    """Of a secret nothing."""
    shown: str
    """Its value as text; of a secret only whether there is one."""
    by_default: bool
    secret: bool

    @property
    def section(self) -> str:
        """What stands before the first dot."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class ShownSettings:
    """All settings, and what there is to be named in them."""

    settings: tuple[ShownSetting, ...]
    lines: tuple[str, ...]
    """Jacks of outside lines on this board."""
    handsets: tuple[str, ...]
    languages: tuple[str, ...]

    def of(self, *names: str) -> list[ShownSetting]:
        """The settings of these sections, or of these names, in the file's order."""
        return [one for one in self.settings if one.section in names or one.name in names]

    def shown(self, name: str) -> str:
        """The value of one setting; "" if there is none of this name."""
        return next((one.shown for one in self.settings if one.name == name), "")


@dataclass(frozen=True)
class ShownCertificate:
    """What the box shows to mail programs and browsers."""

    names: tuple[str, ...]
    issuer: str
    ends: str
    """A date."""
    by: str
    """"own", "files" or "acme"."""
    fingerprint: str
    """SHA-256 of the own authority; "" if it is not the one that signs."""
    acme_directory: str
    problems: tuple[str, ...]


@dataclass(frozen=True)
class ShownSigning:
    """The DNS record that goes with the key that mail is signed with."""

    domain: str
    """"": there is no public domain to sign for."""
    name: str
    """"": there is no key yet."""
    text: str
    zone_line: str


@dataclass(frozen=True)
class ShownDomain:
    """What the DNS says of one domain."""

    domain: str
    state: str
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class ShownDomains:
    """Our domains and those of aliases' members, just looked up."""

    domains: tuple[ShownDomain, ...]
    problems: tuple[str, ...]


def show_settings(box: Box, actor: Actor) -> ShownSettings:
    """All settings; of whoever looks after the network alone those of that. Raises NotAllowed."""
    from app.operations.kept_secrets import kept
    from app.operations.references import known_of
    from app.operations.settings import list_settings

    lines = tuple(_shown(line) for line in list_settings(actor, box.settings, kept(box)))
    known = known_of(box.settings)
    languages = tuple(sorted(known.languages))
    return ShownSettings(lines, known.trunks or (), known.stations or (), languages)


def _shown(line: SettingLine) -> ShownSetting:
    from app.config.catalogue import as_text

    one = line.setting
    return ShownSetting(
        one.name,
        one.meaning,
        one.allowed,
        one.kind,
        one.unit,
        one.choices,
        one.least,
        one.most,
        "" if one.secret else as_text(one.default),
        line.shown,
        line.by_default,
        one.secret,
    )


def show_certificate(box: Box, actor: Actor, paths: Paths) -> ShownCertificate:
    """The certificate in use, or why none can be read, as a problem. Raises NotAllowed."""
    require_role(actor, Role.NETWORK, "see to the certificate")
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    from app.device import given, pem

    mark, fingerprint, acme = given.mark(paths.keys), "", box.settings.certificate.acme_directory
    problems = certificate_problems(paths.keys, SystemClock().now())
    by = "own" if mark is None else mark.by
    try:
        found = given.read(paths.keys)
        if mark is None:
            authority = x509.load_pem_x509_certificate((paths.keys / "ca.crt").read_bytes())
            fingerprint = authority.fingerprint(SHA256()).hex(":").upper()
    except (DeviceError, OSError, ValueError) as problem:
        why = sentence(
            "no certificate can be read: %(why)s. Mail programs and browsers cannot use TLS. Let"
            " the box's own authority sign, or give the box a certificate of yours, below.",
            why=problem,
        )
        return ShownCertificate((), "", "", by, "", acme, (why, *problems))
    _, ends = pem.validity(found.certificate)
    return ShownCertificate(
        tuple(dict.fromkeys(pem.names(found.certificate))),
        pem.issuer_name(found.certificate),
        f"{ends:%Y-%m-%d}",
        by,
        fingerprint,
        acme,
        problems,
    )


def show_signing(box: Box, actor: Actor, paths: Paths) -> ShownSigning:
    """The record of the signing key. Raises NotAllowed, and OperationError for a bad key."""
    require_admin(actor, "see the key that mail is signed with")
    from app.operations.errors import NotFound
    from app.operations.signing import read_signing_record

    domain = box.settings.outbound.public_domain
    if not domain:
        return ShownSigning("", "", "", "")
    try:
        found = read_signing_record(paths, box.settings, actor)
    except NotFound:
        return ShownSigning(domain, "", "", "")
    return ShownSigning(domain, found.name, found.text, found.zone_line)


def show_status(box: Box, actor: Actor, paths: Paths) -> StatusReport:
    """How the box is. Raises NotAllowed."""
    from app.operations.line_readings import readings_or_none
    from app.operations.status import read_status

    report = read_status(actor, paths, lambda _paths, _settings: box)
    return replace(report, measured=readings_or_none(actor, paths))


def show_domains(box: Box, actor: Actor) -> ShownDomains:
    """What the DNS says now; takes some seconds. Raises NotAllowed."""
    from app.operations.domains import check_domains

    found = check_domains(box, actor)
    domains = tuple(ShownDomain(x.domain, x.state.value, x.hosts) for x in found.facts)
    return ShownDomains(domains, tuple(one.sentence for one in found.problems))
