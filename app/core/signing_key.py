"""The key that mail of the box's public domain is signed with, and its DNS record [RFC 6376 §3.6].

RSA of 2,048 bits with SHA-256, which every verifier knows [RFC 8301 §3]; receivers that know
Ed25519 alone do not exist. The selector follows from the key: a new key has a new one, so that an
old record may stay until mail signed with the old key has arrived.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.core import files

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

BITS = 2048
TEXT = 255
"""Octets of one string in a TXT record [RFC 1035 §3.3]."""


class BadSigningKey(Exception):
    """The file holds no key that mail could be signed with."""


@dataclass(frozen=True)
class SigningKey:
    """A key that was read."""

    private: "RSAPrivateKey"
    public: bytes
    """SubjectPublicKeyInfo, DER."""

    @property
    def selector(self) -> str:
        """Which record has the public key: a label before `._domainkey.` and the domain."""
        return f"sh-{hashlib.sha256(self.public).hexdigest()[:8]}"

    @property
    def record(self) -> str:
        """What that record says."""
        return f"v=DKIM1; k=rsa; p={base64.b64encode(self.public).decode()}"

    def zone_line(self, domain: str) -> str:
        """The record as a line of a zone file [RFC 1035 §5.1], in strings that are not too long."""
        text = self.record
        strings = (text[at : at + TEXT] for at in range(0, len(text), TEXT))
        quoted = " ".join(f'"{one}"' for one in strings)
        return f"{self.selector}._domainkey.{domain}. IN TXT ( {quoted} )"

    def sign(self, octets: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 over SHA-256 of the octets; about a millisecond."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        return self.private.sign(octets, PKCS1v15(), SHA256())


def make(path: Path) -> None:
    """Make a key, or another one; a second or more on the board. Raises OSError."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = rsa.generate_private_key(public_exponent=65_537, key_size=BITS)
    octets = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files.write(path, octets, 0o600)


def load(path: Path) -> SigningKey:
    """Read a key. Raises OSError, or BadSigningKey."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_private_key,
    )

    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as problem:
        raise BadSigningKey(f"{path.name} holds no key: {problem}") from problem
    if not isinstance(key, RSAPrivateKey):
        raise BadSigningKey(f"{path.name} holds no RSA key")
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return SigningKey(key, public)
