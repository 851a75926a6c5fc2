"""Sender rewriting (SRS): a forwarded mail leaves with a sender of our own domain, and finds back.

The next hop checks the envelope sender's domain against the address that mail comes from (SPF
[RFC 7208 §4]). A forwarder therefore puts its own domain there and packs the true sender into the
local part. There is no RFC; the form is the one of the SRS paper that all mail servers share:

    SRS0=hash=day=author.example=anna@box.example        a first forwarder's address (ours)
    SRS1=hash=first.example==hash=day=author.example=anna@box.example    forwarded once more

`hash` is a keyed digest over what follows, so nobody can make us relay; it and `day` are base32,
because some hosts change the letter case of addresses. `day` is the day number modulo 1024.
"""

import base64
import hashlib
import hmac
import re

from app.core.clock import Clock
from app.mail.smtp.grammar import Address

DAY = 86_400  # seconds
WRAP = 1024  # days until the two letters of a day number come again
AGE_LIMIT = 21  # days; a notice about a mail comes within the queue time of its hop, 5 days
HASH_LETTERS = 8  # of 5 bits each: 40 bits, guessed once in 10^12 tries
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"

_SRS0 = re.compile(r"SRS0[=+-]([^=]+)=([^=]+)=([^=]+)=(.+)", re.IGNORECASE)
_SRS1 = re.compile(r"SRS1[=+-]([^=]+)=([^=]+)=(.+)", re.IGNORECASE)
_OTHER_SRS = re.compile(r"SRS([01])[=+-](.+)", re.IGNORECASE)


class SrsError(ValueError):
    """The address is not a rewritten sender of ours: forged, damaged or too old."""


class Srs:
    """Rewrites senders into `domain`, and back; the secret must stay the same over restarts."""

    def __init__(self, secret: bytes, domain: str, clock: Clock) -> None:
        if not secret:
            raise ValueError("the rewriting of senders needs a secret")
        self.domain = domain
        self._secret = secret
        self._clock = clock

    def rewrite(self, sender: Address) -> Address:
        """The sender to use when forwarding; the null sender and our own addresses stay."""
        if sender.is_null or sender.domain in ("", self.domain):
            return sender
        other = _OTHER_SRS.fullmatch(sender.local)
        if other is None:
            return self._signed("SRS0", f"{self._day()}={sender.domain}={sender.local}")
        if other.group(1) == "0":
            return self._signed("SRS1", f"{sender.domain}=={other.group(2)}")
        inner = _SRS1.fullmatch(sender.local)
        if inner is None:  # looks like SRS1 but is somebody's name
            return self._signed("SRS0", f"{self._day()}={sender.domain}={sender.local}")
        return self._signed("SRS1", f"{inner.group(2)}={inner.group(3)}")

    def is_ours(self, address: Address) -> bool:
        """True if the address has the form of a rewritten sender in our domain."""
        return address.domain == self.domain and bool(_OTHER_SRS.fullmatch(address.local))

    def restore(self, address: Address) -> Address:
        """Where a notice to a rewritten sender must go. Raises SrsError."""
        if match := _SRS0.fullmatch(address.local):
            signature, day, domain, local = match.groups()
            self._check(signature, f"{day}={domain}={local}")
            self._check_age(day)
            return Address(local, domain.lower())
        if match := _SRS1.fullmatch(address.local):
            signature, domain, rest = match.groups()
            self._check(signature, f"{domain}={rest}")
            return Address(f"SRS0{rest}", domain.lower())  # rest begins with its "="
        raise SrsError("not a rewritten sender")

    def _signed(self, kind: str, rest: str) -> Address:
        return Address(f"{kind}={self._digest(rest)}={rest}", self.domain)

    def _digest(self, rest: str) -> str:
        digest = hmac.new(self._secret, rest.lower().encode("utf-8"), hashlib.sha256).digest()
        return base64.b32encode(digest)[:HASH_LETTERS].decode("ascii").lower()

    def _check(self, signature: str, rest: str) -> None:
        right = self._digest(rest)
        if not hmac.compare_digest(signature.lower().encode("utf-8"), right.encode("ascii")):
            raise SrsError("the signature is not ours")

    def _day(self) -> str:
        high, low = divmod(int(self._clock.now() // DAY) % WRAP, 32)
        return _BASE32[high] + _BASE32[low]

    def _check_age(self, day: str) -> None:
        letters = day.lower()
        if len(letters) != 2 or any(letter not in _BASE32 for letter in letters):
            raise SrsError("the day is damaged")
        then = _BASE32.index(letters[0]) * 32 + _BASE32.index(letters[1])
        age = (int(self._clock.now() // DAY) - then) % WRAP
        if age > AGE_LIMIT and age != WRAP - 1:  # the clock may have been set back by a day
            raise SrsError("the rewritten sender is too old")
