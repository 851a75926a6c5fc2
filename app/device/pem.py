"""Certificates and keys as PEM files [RFC 7468], of whatever kind somebody else gives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from app.core.errors import DeviceError

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
LEAST_RSA = 2048
"""Bits; programs of today refuse less [CA/Browser Forum, Baseline Requirements 6.1.5]."""


@dataclass(frozen=True)
class Pair:
    """A server's certificate with its key, and the certificates that lead to an authority."""

    key: PrivateKey
    chain: tuple[x509.Certificate, ...]
    """The server's own first, then the one that has signed it, and so on."""

    @property
    def certificate(self) -> x509.Certificate:
        """The server's own."""
        return self.chain[0]

    def key_octets(self) -> bytes:
        """PEM, not encrypted."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def chain_octets(self) -> bytes:
        """PEM, in the order of the chain [RFC 8446 §4.4.2]."""
        return b"".join(one.public_bytes(Encoding.PEM) for one in self.chain)


def pair(octets: bytes) -> Pair:
    """Key and chain from PEM blocks in any order. Raises DeviceError, which says what lacks."""
    keys, certificates = [], []
    for block in _blocks(octets):
        if b" PRIVATE KEY-----" in block.partition(b"\n")[0]:
            keys.append(_key(block))
        elif block.startswith(b"-----BEGIN CERTIFICATE-----"):
            certificates.append(_certificate(block))
    if len(keys) != 1:
        raise DeviceError(
            f"there are {len(keys)} private keys in what was given; one is needed, as a block that"
            " begins with -----BEGIN PRIVATE KEY-----"
        )
    own = [one for one in certificates if fits(keys[0], one)]
    if not own:
        raise DeviceError(
            f"the key fits none of the {len(certificates)} certificates that were given; it must be"
            " the one that the certificate was asked for with"
        )
    return Pair(keys[0], tuple(_chain(own[0], certificates)))


def refuse_unusable(found: Pair, now: datetime) -> None:
    """Raise DeviceError if no program would take this certificate now."""
    begins, ends = validity(found.certificate)
    if now < begins:
        raise DeviceError(
            f"the certificate is valid from {begins:%Y-%m-%d} on, and the box's date is"
            f" {now:%Y-%m-%d}; if that date is wrong, wait until the box has the time"
        )
    if now >= ends:
        raise DeviceError(f"the certificate has ended on {ends:%Y-%m-%d}; ask for a new one")
    if isinstance(found.key, rsa.RSAPrivateKey) and found.key.key_size < LEAST_RSA:
        raise DeviceError(f"the key has {found.key.key_size} bits; programs want {LEAST_RSA}")
    if not _is_for_servers(found.certificate):
        raise DeviceError("the certificate is not one for servers (extended key usage)")


def names(certificate: x509.Certificate) -> list[str]:
    """The names and addresses that a certificate is for, as text."""
    try:
        found = certificate.extensions.get_extension_for_oid(
            ExtensionOID.SUBJECT_ALTERNATIVE_NAME
        ).value
    except x509.ExtensionNotFound:
        return []
    assert isinstance(found, x509.SubjectAlternativeName)
    addresses = map(str, found.get_values_for_type(x509.IPAddress))
    return [*found.get_values_for_type(x509.DNSName), *addresses]


def is_for(certificate: x509.Certificate, name: str) -> bool:
    """Whether a certificate is for this host name, if need be by a wildcard [RFC 9525 §6.3]."""
    wanted = name.lower()
    return any(
        found.lower() in (wanted, f"*.{wanted.partition('.')[2]}") for found in names(certificate)
    )


def validity(certificate: x509.Certificate) -> tuple[datetime, datetime]:
    """Beginning and end."""
    if hasattr(certificate, "not_valid_after_utc"):
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc
    begins, ends = certificate.not_valid_before, certificate.not_valid_after
    return begins.replace(tzinfo=UTC), ends.replace(tzinfo=UTC)  # cryptography before 42


def fits(key: PrivateKey, certificate: x509.Certificate) -> bool:
    """Whether this is the certificate of this key."""
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    certified = certificate.public_key().public_bytes(*form)
    return key.public_key().public_bytes(*form) == certified


def signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether this issuer has signed this certificate [RFC 5280 6.1.3]."""
    if certificate.issuer != issuer.subject:
        return False
    algorithm = certificate.signature_hash_algorithm
    public = issuer.public_key()
    if algorithm is None:
        return False
    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(
                certificate.signature,
                certificate.tbs_certificate_bytes,
                padding.PKCS1v15(),
                algorithm,
            )
        elif isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(
                certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(algorithm)
            )
        else:
            return False
    except InvalidSignature:
        return False
    return True


def issuer_name(certificate: x509.Certificate) -> str:
    """The common name of who has signed it, or the whole name."""
    found = certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else certificate.issuer.rfc4514_string()


def _blocks(octets: bytes) -> Iterator[bytes]:
    """The PEM blocks; what stands between them is passed over [RFC 7468 §2]."""
    block: list[bytes] = []
    for line in octets.splitlines():
        if line.startswith(b"-----BEGIN "):
            block = []
        block.append(line.strip())
        if line.startswith(b"-----END "):
            yield b"\n".join(block) + b"\n"


def _key(block: bytes) -> PrivateKey:
    try:
        key = load_pem_private_key(block, password=None)
    except TypeError as problem:
        raise DeviceError(
            "the key is encrypted; give it as it is without a password"
            " (openssl pkey -in KEY -out NEW)"
        ) from problem
    except ValueError as problem:
        raise DeviceError(f"the key cannot be read: {problem}") from problem
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise DeviceError("the key is neither RSA nor of an elliptic curve; programs know no other")
    return key


def _certificate(block: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(block)
    except ValueError as problem:
        raise DeviceError(f"a certificate cannot be read: {problem}") from problem


def _chain(own: x509.Certificate, others: Sequence[x509.Certificate]) -> Iterator[x509.Certificate]:
    """From the server's certificate upwards, as far as was given; a root is left out."""
    yield own
    current = own
    for _ in others:
        signers = (one for one in others if one is not current and signed_by(current, one))
        signer = next(signers, None)
        if signer is None or signer.issuer == signer.subject:
            return
        yield signer
        current = signer


def _is_for_servers(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_oid(ExtensionOID.EXTENDED_KEY_USAGE).value
    except x509.ExtensionNotFound:
        return True
    assert isinstance(usage, x509.ExtendedKeyUsage)
    return ExtendedKeyUsageOID.SERVER_AUTH in usage
