"""The grammar of SMTP's command arguments: paths, addresses and parameters.

One function per rule of RFC 5321 §4.1.2 (as widened by RFC 6531 for UTF-8), each named after
its rule. A cursor walks over the text; a rule either moves it or raises `GrammarError`.

Where we accept more than the standard, because it is really sent (docs/mail.md says by what):

- from everybody: a space after the colon, a path without angle brackets, a local part alone (a
  login), and dots at the ends of a local part or two in a row;
- from the LAN, where the cursor is `lenient`: a name before the path, blanks in it, a dot after the
  domain, a space before the colon, and none before the parameters.
"""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache


class GrammarError(ValueError):
    """The text does not follow the rule; the text says which one."""


# atext [RFC 5322 §3.2.3] plus UTF8-non-ascii [RFC 6531 §3.3], with dots wherever they stand: some
# carriers hand out addresses with two in a row.
_DOT_STRING = re.compile(r"[\w!#$%&'*+\-/=?^`{|}~.\u0080-\U0010ffff]+")
_DISPLAY_NAME = re.compile(r'(?:"(?:[^"\\]|\\.)*+"|[^<>"])*+(?=<)')  # up to the path
_QTEXT = re.compile(r"[ !\x23-\x5b\x5d-\x7e\u0080-\U0010ffff]*")
_DOMAIN = re.compile(
    r"[A-Za-z0-9_\u0080-\U0010ffff](?:[A-Za-z0-9_\-\u0080-\U0010ffff]*)"
    r"(?:\.[A-Za-z0-9_\-\u0080-\U0010ffff]+)*"
)
_PLAIN_PATH = re.compile(f"<({_DOT_STRING.pattern})@({_DOMAIN.pattern})>", re.ASCII)
"""Nearly every path that is sent, in one look; what it does not match goes by the rules."""
_LITERAL = re.compile(r"\[([0-9A-Za-z:.\-]+)\]")
_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_VALUE = re.compile(r"[!-<>-~\u0080-\U0010ffff]+")

LOCAL_LIMIT = 255  # octets; RFC 5321 §4.5.3.1.1 promises only 64, SRS and VERP addresses need more
DOMAIN_LIMIT = 255  # octets [RFC 5321 §4.5.3.1.2]
PLAIN_LIMIT = min(LOCAL_LIMIT, DOMAIN_LIMIT)


@dataclass(frozen=True)
class Address:
    """A mailbox: local part without its quotes, and domain in lower case ("" for a bare login).

    An address literal keeps its square brackets in `domain`.
    """

    local: str
    domain: str

    @property
    def is_null(self) -> bool:
        """True for `<>`, the sender of notices that must not be answered [RFC 5321 §4.5.5]."""
        return not self.local

    @property
    def needs_utf8(self) -> bool:
        """True when it can only travel under SMTPUTF8 [RFC 6531]."""
        return not (self.local + self.domain).isascii()

    def __str__(self) -> str:
        local = self.local
        if local and not _DOT_STRING.fullmatch(local):
            local = '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
        return f"{local}@{self.domain}" if self.domain else local


NULL = Address("", "")


class Cursor:
    """A place in a text; rules take from it what they match.

    `lenient` rules take what devices of the LAN send besides.
    """

    def __init__(self, text: str, lenient: bool = False) -> None:
        self.text = text
        self.at = 0
        self.lenient = lenient

    def peek(self) -> str:
        """The next character, or "" at the end."""
        return self.text[self.at : self.at + 1]

    def skip(self, word: str) -> bool:
        """Step over the word (in any letter case) if it is next."""
        found = self.text[self.at : self.at + len(word)].upper() == word
        self.at += len(word) * found
        return found

    def need(self, word: str) -> None:
        """Step over the word. Raises GrammarError if it is not next."""
        if not self.skip(word):
            raise GrammarError(f"{word!r} expected at {self.at}")

    def take(self, pattern: re.Pattern[str], rule: str) -> re.Match[str]:
        """Take what the pattern matches here. Raises GrammarError that names the rule."""
        match = pattern.match(self.text, self.at)
        if match is None:
            raise GrammarError(f"{rule} expected at {self.at}")
        self.at = match.end()
        return match

    def pass_over(self, pattern: re.Pattern[str]) -> None:
        """Step over what the pattern matches here, if it does."""
        match = pattern.match(self.text, self.at)
        if match is not None:
            self.at = match.end()

    def spaces(self) -> None:
        """Step over blanks."""
        while self.peek() == " ":
            self.at += 1

    def done(self) -> bool:
        """True at the end of the text."""
        return self.at >= len(self.text)


def keyword(cursor: Cursor, word: str) -> None:
    """`FROM:` or `TO:` [RFC 5321 §4.1.1.2, §4.1.1.3]. Raises GrammarError."""
    cursor.need(word)
    if cursor.lenient:
        cursor.spaces()
    cursor.need(":")


def reverse_path(cursor: Cursor) -> Address:
    """`MAIL FROM:` argument: a path or `<>` [RFC 5321 Reverse-path]."""
    cursor.spaces()
    if cursor.skip("<>"):
        return NULL
    return path(cursor)


def path(cursor: Cursor) -> Address:
    """`<[@a,@b:]mailbox>` [RFC 5321 Path]; the source route is ignored as §3.6.1 wants."""
    cursor.spaces()
    plain = _PLAIN_PATH.match(cursor.text, cursor.at)
    if plain is not None and plain.end() - cursor.at <= PLAIN_LIMIT and plain[0].isascii():
        cursor.at = plain.end()
        return Address(plain[1], plain[2].lower())
    if cursor.lenient:
        cursor.pass_over(_DISPLAY_NAME)
    if not cursor.skip("<"):
        return mailbox(cursor)
    if cursor.lenient:
        cursor.spaces()
    if cursor.peek() == "@":
        source_route(cursor)
    address = mailbox(cursor)
    if cursor.lenient:
        cursor.spaces()
    cursor.need(">")
    return address


def source_route(cursor: Cursor) -> None:
    """`@a,@b:` [RFC 5321 A-d-l]: read and forgotten."""
    while cursor.skip("@"):
        domain(cursor)
        cursor.skip(",")
    cursor.need(":")


def mailbox(cursor: Cursor) -> Address:
    """`local@domain` [RFC 5321 Mailbox], or a local part alone: `postmaster` or a login."""
    local = local_part(cursor)
    if not cursor.skip("@"):
        return Address(local, "")
    literal = cursor.peek() == "["
    return Address(local, address_literal(cursor) if literal else domain(cursor))


def local_part(cursor: Cursor) -> str:
    """Dot-string or Quoted-string [RFC 5321 Local-part], given without quotes.

    Raises GrammarError.
    """
    quoted = cursor.peek() == '"'
    local = quoted_string(cursor) if quoted else cursor.take(_DOT_STRING, "local part").group()
    if not local or len(local.encode("utf-8")) > LOCAL_LIMIT:
        raise GrammarError("local part is empty or too long")
    return local


def quoted_string(cursor: Cursor) -> str:
    """`"..."` with backslash pairs [RFC 5321 Quoted-string], given as what it means.

    Raises GrammarError.
    """
    cursor.need('"')
    pieces = [cursor.take(_QTEXT, "quoted string").group()]
    while cursor.skip("\\"):
        escaped = cursor.peek()
        if not " " <= escaped <= "~":
            raise GrammarError("quoted pair expected")
        cursor.at += 1
        pieces += [escaped, cursor.take(_QTEXT, "quoted string").group()]
    cursor.need('"')
    return "".join(pieces)


def domain(cursor: Cursor) -> str:
    """Host labels, U-labels and (seen in the field) underscores [RFC 5321 Domain], lower case.

    Raises GrammarError.
    """
    name = cursor.take(_DOMAIN, "domain").group().lower()
    if cursor.lenient:
        cursor.skip(".")
    if len(name.encode("utf-8")) > DOMAIN_LIMIT or ".." in name:
        raise GrammarError("domain is too long")
    return name


def address_literal(cursor: Cursor) -> str:
    """`[192.0.2.1]` or `[IPv6:2001:db8::1]` [RFC 5321 address-literal], in canonical form.

    Raises GrammarError.
    """
    inner = cursor.take(_LITERAL, "address literal").group(1)
    tagged = inner[:5].upper() == "IPV6:"
    try:
        host = ipaddress.ip_address(inner[5:] if tagged else inner)
    except ValueError as wrong:
        raise GrammarError("address literal holds no IP address") from wrong
    return host_literal(str(host))


def parameters(cursor: Cursor) -> dict[str, str]:
    """` KEY=value KEY` up to the end [RFC 5321 Mail-parameters]; keys in upper case.

    Raises GrammarError.
    """
    found: dict[str, str] = {}
    while not cursor.done():
        if not cursor.lenient or found:
            cursor.need(" ")
        cursor.spaces()
        key = cursor.take(_KEYWORD, "parameter").group().upper()
        if key in found:
            raise GrammarError(f"parameter {key} is given twice")
        found[key] = cursor.take(_VALUE, "value").group() if cursor.skip("=") else ""
    return found


def parse_address(text: str) -> Address:
    """Read one whole address, as it stands in the store or a settings file.

    Raises GrammarError.
    """
    cursor = Cursor(text)
    address = mailbox(cursor)
    if not cursor.done():
        raise GrammarError(f"more than an address: {text!r}")
    return address


def host_literal(host: str) -> str:
    """`192.0.2.1` → `[192.0.2.1]`, `::1` → `[IPv6:::1]` [RFC 5321 §4.1.3]."""
    return f"[IPv6:{host}]" if ":" in host else f"[{host}]"


def host_named(host: str) -> str:
    """A host as Received fields name it: an IP address as a literal, a name as it is."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    return host_literal(host)


@lru_cache
def is_domain(text: str) -> bool:
    """True when the whole text is a domain or an address literal, fit for a Received line."""
    cursor = Cursor(text)
    try:
        _ = address_literal(cursor) if text[:1] == "[" else domain(cursor)
    except GrammarError:
        return False
    return cursor.done() and text.isascii()
