"""Sender rewriting (SRS): a forwarded mail leaves with a sender of our own domain, and finds back.

The next hop checks the envelope sender's domain against the address that mail comes from (SPF
[RFC 7208 §4]). A forwarder therefore puts its own domain there and packs the true sender into the
local part. There is no RFC; the form is the one of the SRS paper that all mail servers share:

    SRS0=hash=day=author.example=anna@box.example        a first forwarder's address (ours)
    SRS1=hash=first.example==hash=day=author.example=anna@box.example    forwarded once more
    SRS0=hash=day==token@box.example                     what would be too long, kept in the store

A local part has 64 octets at most [RFC 5321 §4.5.3.1.1], and strict hosts refuse a longer one; a
sender that does not fit is kept in the store, and its token stands for it.

`hash` is a keyed digest over what follows, so nobody can make us relay; after its eight letters may
come the number of the entry that was sent on, which the digest covers, too: a notice that comes
late leads to it. `day` is the number of the day by box time (app/store/box_time.py) modulo 1024, so
that a wrong date refuses no notice. All is base32, because some hosts change the letter case of
addresses. The key is the box's secret and a salt that changes (app/inbox/rewritten_senders.py).
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

from app.inbox.rewritten_senders import RewrittenSenders
from app.mail.smtp.grammar import Address, GrammarError, parse_address
from app.store.database import Tx

DAY = 86_400  # seconds
WRAP = 1024  # days until the two letters of a day number come again
AGE_LIMIT = 21  # days; a notice about a mail comes within the queue time of its hop, 5 days
HASH_LETTERS = 8  # of 5 bits each: 40 bits, guessed once in 10^12 tries
TOKEN_LETTERS = 16  # 80 bits: two senders never have the same
LOCAL_LIMIT = 64  # octets [RFC 5321 §4.5.3.1.1]
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"

_SRS0 = re.compile(r"SRS0[=+-]([^=]{8,24})=([^=]+)=([^=]*)=(.+)", re.IGNORECASE)
_SRS1 = re.compile(r"SRS1[=+-]([^=]+)=([^=]+)=(.+)", re.IGNORECASE)
_OTHER_SRS = re.compile(r"SRS([01])[=+-](.+)", re.IGNORECASE)


class SrsError(ValueError):
    """The address is not a rewritten sender of ours: forged, damaged or too old."""


@dataclass(frozen=True)
class Origin:
    """Where a rewritten sender leads back to."""

    address: Address
    entry: int | None
    """Number of the entry that was sent on without a copy, if it was one."""


class Srs:
    """Rewrites senders into `domain`, and back; the secret must stay the same over restarts.

    `box_time` gives the present in seconds.
    """

    def __init__(
        self, secret: bytes, domain: str, box_time: Callable[[], float], memory: RewrittenSenders
    ) -> None:
        if not secret:
            raise ValueError("the rewriting of senders needs a secret")
        self.domain = domain
        self._secret = secret
        self._box_time = box_time
        self._memory = memory

    def preparation(self, sender: Address, entry: int | None = None) -> Callable[[Tx], None] | None:
        """What must be committed before `rewrite` may be used for this sender; None: nothing."""
        if self._stays(sender):
            return None
        token = None if self._fits(sender, entry) else self._token(sender)
        if token is None and not self._memory.is_due:
            return None

        def work(tx: Tx) -> None:
            self._memory.renew(tx)
            if token is not None:
                self._memory.keep(tx, token, str(sender))

        return work

    def rewrite(self, sender: Address, entry: int | None = None) -> Address:
        """The sender to use when forwarding; the null sender and our own addresses stay.

        `entry` is the number of the entry that is sent on, if no copy of it is kept.
        """
        if self._stays(sender):
            return sender
        kind, rest = self._packed(sender)
        if not self._fits(sender, entry):
            kind, rest = "SRS0", f"{self._day()}=={self._token(sender)}"
        number = _letters(entry)
        digest = self._digest(self._memory.salts()[0], f"{number}={rest}")
        return Address(f"{kind}={digest}{number}={rest}", self.domain)

    def is_ours(self, address: Address) -> bool:
        """True if the address has the form of a rewritten sender in our domain."""
        return address.domain == self.domain and bool(_OTHER_SRS.fullmatch(address.local))

    def restore(self, address: Address) -> Origin:
        """Where a notice to a rewritten sender must go. Raises SrsError."""
        if match := _SRS0.fullmatch(address.local):
            signature, day, domain, local = match.groups()
            entry = self._check(signature, f"{day}={domain}={local}")
            self._check_age(day)
            return Origin(Address(local, domain.lower()) if domain else self._kept(local), entry)
        if match := _SRS1.fullmatch(address.local):
            signature, domain, rest = match.groups()
            entry = self._check(signature, f"{domain}={rest}")
            return Origin(Address(f"SRS0{rest}", domain.lower()), entry)  # rest begins with its "="
        raise SrsError("not a rewritten sender")

    def _stays(self, sender: Address) -> bool:
        return sender.is_null or sender.domain in ("", self.domain)

    def _packed(self, sender: Address) -> tuple[str, str]:
        """Kind of the address, and what follows the hash, if all of it is packed."""
        other = _OTHER_SRS.fullmatch(sender.local)
        if other is not None and other.group(1) == "0":
            return "SRS1", f"{sender.domain}=={other.group(2)}"
        inner = _SRS1.fullmatch(sender.local)
        if other is not None and inner is not None:
            return "SRS1", f"{inner.group(2)}={inner.group(3)}"
        return "SRS0", f"{self._day()}={sender.domain}={sender.local}"  # or somebody's odd name

    def _fits(self, sender: Address, entry: int | None) -> bool:
        kind, rest = self._packed(sender)
        packed = Address(f"{kind}={'a' * HASH_LETTERS}{_letters(entry)}={rest}", "")
        return len(str(packed).encode("utf-8")) <= LOCAL_LIMIT

    def _token(self, sender: Address) -> str:
        """The same for the same sender, so that it is kept once."""
        digest = hashlib.sha256(str(sender).encode("utf-8")).digest()
        return base64.b32encode(digest)[:TOKEN_LETTERS].decode("ascii").lower()

    def _kept(self, token: str) -> Address:
        sender = self._memory.find(token.lower())
        try:
            if sender is not None:
                return parse_address(sender)
        except GrammarError as problem:
            raise SrsError("the sender that was kept is damaged") from problem
        raise SrsError("the sender is not kept any more")

    def _digest(self, salt: bytes, rest: str) -> str:
        key = hmac.digest(self._secret, salt, hashlib.sha256)
        digest = hmac.digest(key, rest.lower().encode("utf-8"), hashlib.sha256)
        return base64.b32encode(digest)[:HASH_LETTERS].decode("ascii").lower()

    def _check(self, signature: str, rest: str) -> int | None:
        """The number of the entry, if the signature is ours. Raises SrsError."""
        given, number = signature[:HASH_LETTERS].lower(), signature[HASH_LETTERS:].lower()
        for salt in self._memory.salts():
            right = self._digest(salt, f"{number}={rest}")
            if hmac.compare_digest(given.encode("utf-8"), right.encode("ascii")):
                return _number(number)
        raise SrsError("the signature is not ours, or too old")

    def _day(self) -> str:
        high, low = divmod(int(self._box_time() // DAY) % WRAP, 32)
        return _BASE32[high] + _BASE32[low]

    def _check_age(self, day: str) -> None:
        letters = day.lower()
        if len(letters) != 2 or any(letter not in _BASE32 for letter in letters):
            raise SrsError("the day is damaged")
        then = _BASE32.index(letters[0]) * 32 + _BASE32.index(letters[1])
        age = (int(self._box_time() // DAY) - then) % WRAP
        if age > AGE_LIMIT and age != WRAP - 1:  # a power cut may have cost the turn of a day
            raise SrsError("the rewritten sender is too old")


def _letters(entry: int | None) -> str:
    """A number in base32, without leading zeros; "" for none."""
    letters, left = "", entry or 0
    while left:
        left, low = divmod(left, 32)
        letters = _BASE32[low] + letters
    return letters


def _number(letters: str) -> int | None:
    """What `_letters` wrote; the letters have been checked to be ours."""
    number = 0
    for letter in letters:
        number = number * 32 + _BASE32.index(letter)
    return number or None
