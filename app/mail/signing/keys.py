"""Public keys of other domains, found in the DNS [RFC 6376 §3.6], and signatures by them."""

import base64
import binascii
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.resolver import Resolver, load_dns
from app.mail.signing import tags

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

KNOWN = 100
"""Records that are remembered."""
KNOWN_S = 600.0
LEAST_BITS = 1024  # of an RSA key that counts [RFC 8301 §3.2]
MOST_BITS = 4096
_LABELS = re.compile(r"(?=.{1,200}\Z)[a-z0-9_-]+(\.[a-z0-9_-]+)*")


class NoKey(Exception):
    """There is no key; `later` says that the DNS did not answer, and a later try may find one."""

    def __init__(self, text: str, later: bool = False) -> None:
        super().__init__(text)
        self.later = later


@dataclass(frozen=True)
class PublicKey:
    """A key that was found."""

    key: "RSAPublicKey | Ed25519PublicKey"

    def fits(self, algorithm: str, octets: bytes, signature: bytes) -> bool:
        """Whether the signature is by this key; False for an algorithm that is none of ours."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.hazmat.primitives.hashes import SHA256, Hash

        try:
            if isinstance(self.key, RSAPublicKey) and algorithm == "rsa-sha256":
                self.key.verify(signature, octets, PKCS1v15(), SHA256())
                return True
            if not isinstance(self.key, RSAPublicKey) and algorithm == "ed25519-sha256":
                digest = Hash(SHA256())  # [RFC 8463 §3]: the hash is what is signed
                digest.update(octets)
                self.key.verify(signature, digest.finalize())
                return True
        except InvalidSignature:
            return False
        return False


class KeyFinder:
    """Finds keys; `resolver` gives the name servers of now, and may raise."""

    def __init__(
        self,
        resolver: Callable[[], Resolver],
        monotonic: Callable[[], float],
    ) -> None:
        self._resolver = resolver
        self._monotonic = monotonic
        self._known: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def find(self, domain: str, selector: str) -> PublicKey:
        """The key of a domain. Raises NoKey."""
        name = f"{selector}._domainkey.{domain}".lower().rstrip(".")
        if not _LABELS.fullmatch(name):
            raise NoKey("the name of its key is none")
        record = self._remembered(name)
        if record is None:
            record = await self._ask(name)
            self._known[name] = (self._monotonic() + KNOWN_S, record)
            if len(self._known) > KNOWN:
                self._known.popitem(last=False)
        return key_of(record)

    def _remembered(self, name: str) -> bytes | None:
        until, record = self._known.get(name, (0.0, b""))
        return record if until > self._monotonic() else None

    async def _ask(self, name: str) -> bytes:
        await load_dns()
        import dns.exception
        import dns.resolver

        try:
            answer = await self._resolver().resolve(name, "TXT")
        except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
            raise NoKey("its domain has no such key") from None
        except (dns.exception.DNSException, OSError) as problem:
            raise NoKey(f"its key could not be looked up: {problem}", later=True) from problem
        return b"".join(next(iter(answer)).strings)


def key_of(record: bytes) -> PublicKey:
    """The key in a record. Raises NoKey."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        found = tags.parse(record)
        octets = base64.b64decode(re.sub(r"\s", "", found.get("p", "")), validate=True)
        if found.get("v", "DKIM1") != "DKIM1" or not octets:
            raise NoKey("its key is revoked" if "p" in found else "its key has no value")
        if found.get("k", "rsa") == "ed25519":
            return PublicKey(Ed25519PublicKey.from_public_bytes(octets))
        key = load_der_public_key(octets)
    except (tags.BadTags, binascii.Error, ValueError) as problem:
        raise NoKey("its key is none") from problem
    if not isinstance(key, RSAPublicKey) or not LEAST_BITS <= key.key_size <= MOST_BITS:
        raise NoKey("its key is of another kind, or too short")
    return PublicKey(key)
