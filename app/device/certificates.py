"""The device's own certificate authority, and the server certificate that it signs [RFC 5280].

Owners give ca.crt to their programs once; the server's certificate is made anew when a name or an
address changes or its end is near. Elliptic curve P-256: small, and quick on a small processor.

A board without a battery starts with a wrong date, and a time server may move it by years. So the
authority is valid from a day that is past on every clock, and a server's certificate that was made
under a date to come is made anew once the clock has gone back; neither key ever changes.

The authority may sign servers only, and no other authority. It has no name constraints [RFC 5280
4.2.1.10]: what the box is called and where it is found changes later, and the addresses that stand
among the names for fetchmail would each need a constraint of their own. It holds for twenty years:
at its end every program must be given another one, whatever its age.

Clients differ in where they look for the name of a server: fetchmail wants a common name and looks
for an IPv4 address among the DNS names, all others among the addresses. So both are there.
"""

import ipaddress
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.core import files
from app.core.clock import Clock, SystemClock
from app.core.errors import DeviceError
from app.device import given, pem

CA_DAYS = 20 * 365
SERVER_DAYS = 820
"""Some clients refuse more than 825 days."""
RENEW_BEFORE_S = 60 * 86_400
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
"""The authority is valid from then on, whatever the clock says when it is made."""
_CLOCK_MAY_DIFFER = timedelta(hours=1)
"""A certificate is valid from this long ago: a client's clock may be behind ours."""
COMMON_NAME = 64
"""Most characters of a common name [RFC 5280 appendix A.1, ub-common-name]."""
_FOR_SERVERS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
NAMES = "server.names"
"""Beside the keys: whom the certificate is for; the boot scripts compare it with an address."""


def ensure(
    keys: Path,
    names: Iterable[str],
    addresses: Iterable[str] = (),
    renew_before_s: int = RENEW_BEFORE_S,
    clock: Clock | None = None,
) -> bool:
    """Make what is missing, and the server's certificate anew if it must be; True if it was.

    `names` are those by which clients know this device, its own one first; `addresses` its IP
    addresses as text. `renew_before_s` is how many seconds before its end a certificate is made
    anew. Raises DeviceError if a key that is there cannot be used.
    """
    wanted = [*dict.fromkeys(names), *useful(addresses)]
    now = datetime.fromtimestamp(int((clock or SystemClock()).now()), UTC)
    if not (keys / "ca.crt").exists():
        _make_ca(keys, wanted[0], now)
    elif _is_good(keys, wanted, now, timedelta(seconds=renew_before_s)):
        return False
    (keys / NAMES).unlink(missing_ok=True)  # a power cut now must not leave it with another one
    _make_server(keys, wanted, now)
    return True


def check(keys: Path) -> None:
    """Whether what is there of keys and certificates are such, and a certificate's is its key.

    Raises DeviceError.
    """
    for name in ("ca", "server"):
        key, certificate = keys / f"{name}.key", keys / f"{name}.crt"
        if key.exists() != certificate.exists():
            raise DeviceError(f"{name}.key or {name}.crt is missing")
        if not key.exists():
            continue
        if name == "server" and given.mark(keys) is not None:
            given.read(keys)
        elif not pem.fits(_read_key(key), _read_certificate(certificate)):
            raise DeviceError(f"{name}.crt is not the certificate of {name}.key")
    if (keys / "acme.key").exists():
        _read_key(keys / "acme.key")


def useful(addresses: Iterable[str]) -> list[str]:
    """The addresses that a client may connect to, in order: neither link-local nor unspecified."""
    found = {ipaddress.ip_address(address) for address in addresses}
    kept = [ip for ip in found if not (ip.is_link_local or ip.is_unspecified or ip.is_multicast)]
    return [str(ip) for ip in sorted(kept, key=lambda ip: (ip.version, int(ip)))]


def common_name(host: str, suffix: str = "") -> str:
    """The host's name as a common name of at most COMMON_NAME characters, with this suffix.

    A longer one is cut to its first label, and that to what fits; the whole stands among the
    alternative names.
    """
    room = COMMON_NAME - len(suffix)
    return (host if len(host) <= room else host.partition(".")[0][:room]) + suffix


def _make_ca(keys: Path, host: str, now: datetime) -> None:
    key = _make_key(keys / "ca.key", 0o600)
    # of two boxes with one name, a client must not take one's authority for the other's
    title = common_name(host, f" ({secrets.token_hex(4)})")
    builder = (
        _builder(title, title, key.public_key())
        .not_valid_before(_LONG_AGO)
        .not_valid_after(max(now, _LONG_AGO) + timedelta(days=CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(_FOR_SERVERS, critical=False)
    )
    files.write(keys / "ca.crt", builder.sign(key, SHA256()).public_bytes(Encoding.PEM))


def _make_server(keys: Path, wanted: list[str], now: datetime) -> None:
    authority = _read_certificate(keys / "ca.crt")
    issuer_key = _read_key(keys / "ca.key")
    if (keys / "server.key").exists():
        key = _read_key(keys / "server.key")
    else:
        key = _make_key(keys / "server.key", 0o640)
    builder = (
        _builder(common_name(wanted[0]), authority.subject, key.public_key())
        .not_valid_before(now - _CLOCK_MAY_DIFFER)
        .not_valid_after(now + timedelta(days=SERVER_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(_FOR_SERVERS, critical=False)
        .add_extension(x509.SubjectAlternativeName(list(_alternatives(wanted))), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    files.write(keys / "server.crt", builder.sign(issuer_key, SHA256()).public_bytes(Encoding.PEM))
    (keys / NAMES).write_text(" ".join(wanted) + "\n")


def _builder(
    name: str, issuer: str | x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    """What authority and server have in common [RFC 5280 4.1, 4.2.1.2]."""
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer) if isinstance(issuer, str) else issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _key_usage(
    digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    """What the key may be used for, and nothing else [RFC 5280 4.2.1.3]."""
    return x509.KeyUsage(
        digital_signature, False, False, False, False, key_cert_sign, crl_sign, False, False
    )


def _alternatives(wanted: Iterable[str]) -> Iterator[x509.GeneralName]:
    """Names and addresses [RFC 5280 4.2.1.6]; an IPv4 address also as a name, for fetchmail."""
    for text in wanted:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            yield x509.DNSName(text)
            continue
        if address.version == 4:
            yield x509.DNSName(text)
        yield x509.IPAddress(address)


def _is_good(keys: Path, wanted: list[str], now: datetime, renew_before: timedelta) -> bool:
    """Whether the certificate is for these, belongs to its key and authority, holds and lasts."""
    known = keys / NAMES
    if not (known.exists() and (keys / "server.key").exists()):
        return False
    if known.read_text().split() != wanted:
        return False
    try:
        certificate = _read_certificate(keys / "server.crt")
        fits = pem.fits(_read_key(keys / "server.key"), certificate)
        signed = pem.signed_by(certificate, _read_certificate(keys / "ca.crt"))
    except DeviceError:
        return False
    begins, ends = pem.validity(certificate)
    return fits and signed and begins <= now < ends - renew_before


def _make_key(path: Path, mode: int) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    octets = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # [RFC 5208]
    files.write(path, octets, mode)
    return key


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as problem:
        raise DeviceError(f"the key {path} cannot be used: {problem}") from problem
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise DeviceError(f"the key {path} is not of an elliptic curve")
    return key


def _read_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as problem:
        raise DeviceError(f"the certificate {path} cannot be used: {problem}") from problem
