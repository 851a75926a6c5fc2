"""What an SPF record says, read whole before anything of it counts [RFC 7208 §4.6, §5, §7].

    parse("v=spf1 ip4:192.0.2.0/24 include:far.test -all").mechanisms

A record with a fault anywhere counts for nothing: who wrote it must hear of it [§4.6].
"""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

VERSION = "v=spf1"
LONGEST = 4_096
"""Characters of a record; those of the field have 450, of large senders 2,000 [RFC 7208 §3.4]."""


class SpfResult(StrEnum):
    """What is found, in the words of RFC 7208 §2.6 and RFC 8601 §2.7.2."""

    NONE = "none"
    """The domain says nothing, or is no domain."""
    NEUTRAL = "neutral"
    PASS = "pass"
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    """The DNS does not answer now."""
    PERMERROR = "permerror"
    """What the domain says has a fault."""


class BadRecord(ValueError):
    """A record, or a name in it, that is not written as RFC 7208 has it."""


Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_QUALIFIERS = {
    "+": SpfResult.PASS,
    "-": SpfResult.FAIL,
    "~": SpfResult.SOFTFAIL,
    "?": SpfResult.NEUTRAL,
}

# Letters c, r and t have a meaning in the text of an explanation only [RFC 7208 §7.2].
_MACRO = r"%\{[slodiphvSLODIPHV](?:[1-9]\d{0,2})?[rR]?[.\-+,/_=]*\}|%[%_\-]"
_LITERAL = r"[!-$&-~]"
_TOP_LABEL = r"\.(?:\d*[A-Za-z][A-Za-z0-9]*|[A-Za-z0-9]+-[A-Za-z0-9-]*[A-Za-z0-9])\.?"
_MACRO_STRING = re.compile(rf"(?:{_MACRO}|{_LITERAL})*+")
_ENDS_WELL = re.compile(rf"(?:{_TOP_LABEL}|{_MACRO})\Z")
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9._-]*)=(.*)")
_MECHANISM = re.compile(r"([+\-~?]?)([A-Za-z][A-Za-z0-9._-]*)([:/].*)?")
_LENGTHS = re.compile(r"(.*?)(?:/(0|[1-9]\d?))?(?://(0|[1-9]\d{0,2}))?")
_IP4 = re.compile(r"[0-9.]+(?:/(?:0|[1-9]\d?))?")
_IP6 = re.compile(r"[0-9A-Fa-f:.]+(?:/(?:0|[1-9]\d{0,2}))?")


@dataclass(frozen=True)
class Mechanism:
    """One mechanism [RFC 7208 §5]; what it has none of has its default."""

    result: SpfResult
    """What is found where it matches."""
    name: str
    domain: str = ""
    """Its domain-spec, macros and all; "" is the domain whose record this is."""
    network: Network | None = None
    """Of ip4 and ip6."""
    lengths: tuple[int, int] = (32, 128)
    """Bits that count of an address of IPv4 and of IPv6."""


@dataclass(frozen=True)
class Record:
    """A whole record."""

    mechanisms: tuple[Mechanism, ...]
    redirect: str = ""
    """Domain-spec of the record that counts where nothing here matches [RFC 7208 §6.1]."""


def is_record(text: str) -> bool:
    """Whether a TXT record is one of SPF [RFC 7208 §4.5]."""
    first, _, _ = text.partition(" ")
    return first.lower() == VERSION


def parse(text: str) -> Record:
    """Read a record. Raises BadRecord."""
    if len(text) > LONGEST:
        raise BadRecord("it is too long")
    mechanisms: list[Mechanism] = []
    modifiers: dict[str, str] = {}
    for term in text[len(VERSION) :].split(" "):
        if not term:
            continue
        modifier = _MODIFIER.fullmatch(term)
        if modifier is None:
            mechanisms.append(_mechanism(term))
        else:
            _note(modifiers, modifier[1].lower(), modifier[2])
    return Record(tuple(mechanisms), modifiers.get("redirect", ""))


def _note(modifiers: dict[str, str], name: str, value: str) -> None:
    """Read a modifier; one that nobody knows says nothing, but its value is well formed [§6]."""
    if name in ("redirect", "exp"):
        if name in modifiers:
            raise BadRecord(f"{name}= twice")
        modifiers[name] = _domain_spec(value)
    elif not _MACRO_STRING.fullmatch(value):
        raise BadRecord(f"the value of {name}=")


def _mechanism(term: str) -> Mechanism:
    found = _MECHANISM.fullmatch(term)
    if found is None:
        raise BadRecord("neither mechanism nor modifier")
    result = _QUALIFIERS[found[1] or "+"]
    name, rest = found[2].lower(), found[3] or ""
    if name == "all" and not rest:
        return Mechanism(result, name)
    if name in ("ip4", "ip6") and rest.startswith(":"):
        return Mechanism(result, name, network=_network(name, rest[1:]))
    if name in ("include", "exists") and rest.startswith(":"):
        return Mechanism(result, name, _domain_spec(rest[1:]))
    if name == "ptr" and not rest.startswith("/"):
        return Mechanism(result, name, _domain_spec(rest[1:]) if rest else "")
    if name in ("a", "mx"):
        return _addressed(result, name, rest)
    raise BadRecord("no mechanism of that kind")


def _addressed(result: SpfResult, name: str, rest: str) -> Mechanism:
    """`a` and `mx`: a domain or none, and lengths or none."""
    found = _LENGTHS.fullmatch(rest)
    assert found is not None, "it matches any text"
    domain, bits4, bits6 = found.groups()
    lengths = int(bits4 or 32), int(bits6 or 128)
    if lengths[0] > 32 or lengths[1] > 128:
        raise BadRecord("a length beyond an address's")
    if domain and not domain.startswith(":"):
        raise BadRecord("no length")
    return Mechanism(result, name, _domain_spec(domain[1:]) if domain else "", lengths=lengths)


def _network(name: str, text: str) -> Network:
    pattern = _IP4 if name == "ip4" else _IP6
    if not pattern.fullmatch(text):
        raise BadRecord("no network")
    kind = ipaddress.IPv4Network if name == "ip4" else ipaddress.IPv6Network
    try:
        return kind(text, strict=False)
    except ValueError as problem:
        raise BadRecord("no network") from problem


def _domain_spec(text: str) -> str:
    if not _MACRO_STRING.fullmatch(text) or not _ENDS_WELL.search(text):
        raise BadRecord("no domain")
    return text
