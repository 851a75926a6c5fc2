"""Signatures that a mail has, DKIM and ARC, and whether they are good [RFC 6376 §6, RFC 8617 §5.2].

A mail goes by once: what it claims is read from its header first, then all hashes of the body that
are needed are made together, then each claim is judged.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from app.mail.signing import tags
from app.mail.signing.keys import KeyFinder, NoKey
from app.message.canonical import BodyHash, canonical_field
from app.message.headers import Field, HeadReader

SIGNATURES = 5
"""DKIM signatures of a mail that are judged."""
SETS = 50
"""ARC sets that a mail may have [RFC 8617 §4.2.1]."""
_SET = ("arc-authentication-results", "arc-message-signature", "arc-seal")
HASHES = ("rsa-sha256", "ed25519-sha256")


@dataclass(frozen=True)
class Claim:
    """One signature over header and body, as its field says."""

    field: Field
    found: dict[str, str]

    @property
    def relaxed(self) -> tuple[bool, bool]:
        """Whether header and body are relaxed."""
        header, _, body = self.found.get("c", "simple/simple").partition("/")
        return header.strip() == "relaxed", body.strip() == "relaxed"


@dataclass(frozen=True)
class Verdict:
    """What is said of one DKIM signature [RFC 8601 §2.7.1]."""

    result: str
    """pass, fail, neutral, temperror or permerror."""
    domain: str
    selector: str
    why: str = ""


@dataclass(frozen=True)
class ArcSet:
    """The three fields of one forwarder, by the names in _SET."""

    fields: dict[str, Field]

    def tags(self, name: str) -> dict[str, str]:
        """Raises BadTags."""
        return tags.parse(self.fields[name].body)


class Bodies:
    """The hashes of a body that are needed: simple, relaxed, or both."""

    def __init__(self, relaxed: Iterable[bool]) -> None:
        self._hashes = {one: BodyHash(one) for one in set(relaxed)}
        self._tail = b""

    def feed(self, octets: bytes) -> None:
        """More of the body."""
        for one in self._hashes.values():
            one.feed(octets)
        self._tail = (self._tail + octets[-2:])[-2:]

    def end(self) -> None:
        """The body is over; on its way out it gets a line end if it has none."""
        if self._tail and self._tail != b"\r\n":
            self.feed(b"\r\n")

    def digest(self, relaxed: bool) -> bytes:
        """The hash of one form."""
        return self._hashes[relaxed].digest()


async def hash_body(pieces: Iterable[bytes], bodies: Bodies) -> None:
    """Feed the body of a message, which comes in pieces, a piece a turn of the loop."""
    reader = HeadReader()
    for piece in pieces:
        if reader.complete:
            bodies.feed(piece)
        elif octets := reader.feed(piece):
            bodies.feed(after_head(octets, len(reader.head)))
        await asyncio.sleep(0)
    if not reader.complete:
        bodies.feed(after_head(reader.end(), len(reader.head)))
    bodies.end()


def after_head(octets: bytes, head: int) -> bytes:
    """The body in octets that begin with a header so long; the empty line belongs to neither."""
    return octets[head + 2 :] if octets[head : head + 2] == b"\r\n" else octets[head:]


def dkim_claims(fields: list[Field]) -> list[Claim | Verdict]:
    """The DKIM signatures in a header, the first SIGNATURES; a verdict on those that are none."""
    claims: list[Claim | Verdict] = []
    for field in [one for one in fields if one.name == "dkim-signature"][:SIGNATURES]:
        try:
            claims.append(_dkim_claim(field))
        except tags.BadTags as problem:
            claims.append(Verdict("permerror", "", "", str(problem)))
    return claims


def _dkim_claim(field: Field) -> Claim | Verdict:
    found = tags.parse(field.body)
    tags.need(found, "v", "a", "b", "bh", "d", "h", "s")
    domain, selector = found["d"].lower(), found["s"]
    if found["v"] != "1" or "from" not in tags.names_of(found["h"]):
        raise tags.BadTags("another version, or From is not signed")
    if found["a"] not in HASHES:
        return Verdict("neutral", domain, selector, "an algorithm that counts no more")
    if "l" in found:
        return Verdict("neutral", domain, selector, "it signs a part of the body only")
    return Claim(field, found)


async def judged(claim: Claim, fields: list[Field], bodies: Bodies, keys: KeyFinder) -> Verdict:
    """Whether a signature over header and body is good. Never raises."""
    found = claim.found
    domain, selector = found["d"].lower(), found["s"]
    header_relaxed, body_relaxed = claim.relaxed
    try:
        if tags.octets_of(found["bh"]) != bodies.digest(body_relaxed):
            return Verdict("fail", domain, selector, "the body was changed")
        octets = tags.signed_octets(fields, tags.names_of(found["h"]), claim.field, header_relaxed)
        key = await keys.find(domain, selector)
        good = key.fits(found["a"], octets, tags.octets_of(found["b"]))
    except tags.BadTags as problem:
        return Verdict("permerror", domain, selector, str(problem))
    except NoKey as problem:
        return Verdict(
            "temperror" if problem.later else "permerror", domain, selector, str(problem)
        )
    if good:
        return Verdict("pass", domain, selector)
    return Verdict("fail", domain, selector, "the header was changed")


# ---- ARC


def arc_sets(fields: list[Field]) -> list[ArcSet] | None:
    """The sets in a header, in order; None if they are no chain."""
    sets: dict[int, dict[str, Field]] = {}
    for field in fields:
        if field.name not in _SET:
            continue
        number = _instance(field)
        if number is None or field.name in sets.setdefault(number, {}):
            return None
        sets[number][field.name] = field
    if sorted(sets) != list(range(1, len(sets) + 1)) or len(sets) > SETS:
        return None
    if any(len(one) < len(_SET) for one in sets.values()):
        return None
    return [ArcSet(sets[number]) for number in sorted(sets)]


def _instance(field: Field) -> int | None:
    first = field.value.partition(b";")[0] if field.name == _SET[0] else field.value
    try:
        text = tags.parse(first).get("i", "")
    except tags.BadTags:
        return None
    return int(text) if text.isdigit() and len(text) <= 2 else None


def arc_claim(sets: list[ArcSet]) -> Claim | None:
    """The newest set's signature over header and body, which alone must still be good."""
    try:
        found = sets[-1].tags("arc-message-signature")
        tags.need(found, "a", "b", "bh", "d", "h", "s")
    except tags.BadTags:
        return None
    return Claim(sets[-1].fields["arc-message-signature"], found)


async def chain_is_good(
    sets: list[ArcSet], claim: Claim, fields: list[Field], bodies: Bodies, keys: KeyFinder
) -> str:
    """pass, fail or temperror for a chain of one set or more [RFC 8617 §5.2]. Never raises."""
    newest = await judged(claim, fields, bodies, keys)
    if newest.result != "pass":
        return "temperror" if newest.result == "temperror" else "fail"
    for number in range(len(sets), 0, -1):
        result = await _seal_is_good(sets[:number], keys)
        if result != "pass":
            return result
    return "pass"


async def _seal_is_good(sets: list[ArcSet], keys: KeyFinder) -> str:
    """Whether the last of these sets' seal is good."""
    seal = sets[-1].fields["arc-seal"]
    try:
        found = tags.parse(seal.body)
        tags.need(found, "a", "b", "d", "s", "cv")
        if found["cv"] != ("none" if len(sets) == 1 else "pass") or "h" in found:
            return "fail"
        key = await keys.find(found["d"].lower(), found["s"])
        good = key.fits(found["a"], sealed_octets(sets, seal), tags.octets_of(found["b"]))
    except tags.BadTags:
        return "fail"
    except NoKey as problem:
        return "temperror" if problem.later else "fail"
    return "pass" if good else "fail"


def sealed_octets(sets: list[ArcSet], seal: Field) -> bytes:
    """What a seal signs: all sets in order, its own seal last [RFC 8617 §5.1.1]."""
    before = sealed_before(sets)
    return before + tags.signed_octets([], [], seal)


def sealed_before(sets: list[ArcSet]) -> bytes:
    """What a seal signs before itself: all fields of the sets but the last set's seal."""
    ordered = [one.fields[name] for one in sets for name in _SET if name in one.fields]
    if sets and _SET[2] in sets[-1].fields:
        ordered.pop()
    return b"".join(canonical_field(field, True) for field in ordered)
