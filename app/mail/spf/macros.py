"""Names with macros in them [RFC 7208 §7]."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_MACRO = re.compile(r"%(?:\{([A-Za-z])(\d*)([rR]?)([^}]*)\}|([%_\-]))")
_PLAIN = {"%": "%", "_": " ", "-": "%20"}
_LONGEST = 253  # characters of a domain name


@dataclass(frozen=True)
class Values:
    """What macros stand for while the record of `domain` is looked at."""

    ip: Address
    sender: str
    """local part and domain of who is said to send."""
    domain: str
    helo: str
    validated: str = "unknown"
    """The name that %{p} stands for."""

    def of(self, letter: str) -> str:
        """The value of a macro letter, in small letters."""
        local, _, host = self.sender.rpartition("@")
        return {
            "s": self.sender,
            "l": local,
            "o": host,
            "d": self.domain,
            "i": _dotted(self.ip),
            "p": self.validated,
            "v": "in-addr" if self.ip.version == 4 else "ip6",
            "h": self.helo,
        }[letter]


def _dotted(ip: Address) -> str:
    return str(ip) if ip.version == 4 else ".".join(f"{int(ip):032x}")


def wants_validated(spec: str) -> bool:
    """Whether %{p} is in it, for which the DNS must be asked."""
    return any(found[1] in ("p", "P") for found in _MACRO.finditer(spec))


def expanded(spec: str, values: Values) -> str:
    """The name that a well-formed domain-spec means; of a long one, its end [RFC 7208 §7.3].

    A stranger writes the record, and macros by the hundred: no more are read than that end needs.
    """
    parts, octets, end = [], 0, len(spec)
    for found in reversed([*_MACRO.finditer(spec)]):
        parts += [spec[found.end() : end], _said(found, values)]
        octets += len(parts[-2]) + len(parts[-1])
        end = found.start()
        if octets > _LONGEST + 2:  # a dot at the end does not count
            break
    else:
        parts.append(spec[:end])
    name = "".join(reversed(parts)).removesuffix(".")
    # One octet more than may be, so that a label which begins right there stays.
    return name if len(name) <= _LONGEST else name[-_LONGEST - 1 :].partition(".")[2]


def _said(found: re.Match[str], values: Values) -> str:
    letter, count, backwards, delimiters, plain = found.groups()
    if plain:
        return _PLAIN[plain]
    value = values.of(letter.lower())
    parts = re.split(f"[{re.escape(delimiters or '.')}]", value)
    if backwards:
        parts.reverse()
    value = ".".join(parts[-int(count) :] if count else parts)
    return quote(value, safe="") if letter.isupper() else value
