"""Aliases as files: CSV, for spreadsheets, and the alias files of Postfix.

    name,kind,owner,members                      CSV: the first line names the columns
    family,list,cleo,bob y@far.example

    family: bob, y@far.example                   aliases(5) of Postfix and Sendmail
    owner-family: cleo                           which makes family a list
    sales@our.example  anna, bob                 virtual(5) of Postfix
    @our.example       cleo                      the catch-all alias

Reading needs no store: it gives what the file says with the number of the line, and what in it can
be no alias here. A line of an alias file that begins with a blank goes on with the one before;
empty lines and those that begin with # count for nothing [aliases(5), virtual(5)].
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from app.core.sentences import N_, Sentence, sentence
from app.inbox.addresses import CATCH_ALL, DeliveryConfig
from app.inbox.expansion import Alias, AliasKind

COLUMNS = ("name", "kind", "owner", "members")
OWNER = "owner-"  # what local(8) of Postfix looks for beside an alias


class AliasFormat(StrEnum):
    """How a file of aliases is written."""

    CSV = "csv"
    POSTFIX = "postfix"


@dataclass(frozen=True)
class FileAlias:
    """One alias as a file has it."""

    line: int
    name: str
    members: tuple[str, ...]
    owner: str | None = None
    """None: the file does not say."""
    kind: AliasKind | None = None
    """None: the file does not say."""


@dataclass(frozen=True)
class Finding:
    """What is wrong in a line (1..n; 0: with the file as a whole)."""

    line: int
    text: Sentence

    @property
    def sentence(self) -> Sentence:
        """With the number of its line."""
        if not self.line:
            return self.text
        return sentence("line %(line)s: %(what)s", line=self.line, what=self.text)


@dataclass
class FileContent:
    """What a file says."""

    aliases: list[FileAlias] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def wrong(self, line: int, text: Sentence) -> None:
        """Note what is wrong in a line."""
        self.findings.append(Finding(line, text))


def read(octets: bytes, form: AliasFormat | None, config: DeliveryConfig) -> FileContent:
    """Read a file; `form` None: its first line says what it is. `config` names our domains."""
    try:
        text = octets.decode("utf-8-sig")  # spreadsheets begin with a mark of the byte order
    except UnicodeDecodeError as problem:
        line = octets.count(b"\n", 0, problem.start) + 1
        said = sentence("this is not UTF-8; save the file as UTF-8")
        return FileContent(findings=[Finding(line, said)])
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return FileContent(findings=[Finding(line, sentence("this is no text"))])
    if form is None:
        form = AliasFormat.CSV if _is_csv(text) else AliasFormat.POSTFIX
    return _read_csv(text) if form is AliasFormat.CSV else _Postfix(config).read(text)


# ---- CSV


def _delimiter(heading: str) -> str:
    """Spreadsheets write semicolons where a comma is the decimal sign."""
    return max(",;\t", key=heading.count)


def _is_csv(text: str) -> bool:
    heading = text.lstrip().partition("\n")[0]
    names = [name.strip(' "\r').lower() for name in heading.split(_delimiter(heading))]
    return "name" in names and "members" in names


def _read_csv(text: str) -> FileContent:
    found = FileContent()
    rows = csv.reader(
        io.StringIO(text, newline=""), delimiter=_delimiter(text.partition("\n")[0]), strict=True
    )
    try:
        heading = [name.strip().lower() for name in next(rows, [])]
        for name in heading:
            if name not in COLUMNS:
                known = ", ".join(COLUMNS)
                text = N_("there is no column %(name)s; there are: %(known)s")
                found.wrong(1, sentence(text, name=name or sentence("(empty)"), known=known))
        for name in ("name", "members"):
            if name not in heading:
                text = N_("the column %(name)s is missing; the first line names the columns")
                found.wrong(1, sentence(text, name=name))
        if found.findings:
            return found
        for row in rows:
            if any(cell.strip() for cell in row):
                if len(row) != len(heading):
                    text = N_("%(cells)s cells where there are %(columns)s columns")
                    said = sentence(text, cells=len(row), columns=len(heading))
                    found.wrong(rows.line_num, said)
                _csv_row(found, rows.line_num, dict(zip(heading, row, strict=False)))
    except csv.Error as problem:
        found.wrong(rows.line_num, sentence("this is no CSV: %(why)s", why=problem))
    return found


def _csv_row(found: FileContent, line: int, cells: dict[str, str]) -> None:
    kind = cells.get("kind", "").strip().lower()
    if kind and kind not in list(AliasKind):
        text = N_("there is no kind %(kind)s; there are: %(known)s")
        found.wrong(line, sentence(text, kind=kind, known=", ".join(AliasKind)))
        kind = ""
    members = cells.get("members", "").replace(",", " ").replace(";", " ").split()
    owner = cells.get("owner", "").strip() or None
    name = cells.get("name", "").strip()
    found.aliases.append(
        FileAlias(line, name, tuple(members), owner, AliasKind(kind) if kind else None)
    )


def write_csv(aliases: Iterable[Alias]) -> str:
    """These aliases as CSV."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for alias in aliases:
        rows.writerow([alias.name, alias.kind, alias.owner or "", " ".join(alias.members)])
    return text.getvalue()


# ---- alias files of Postfix


class _Postfix:
    """Reads aliases(5) and virtual(5), also mixed."""

    def __init__(self, config: DeliveryConfig) -> None:
        self._config = config
        self._found = FileContent()
        self._owners: dict[str, tuple[int, str]] = {}

    def read(self, text: str) -> FileContent:
        """All that the file says."""
        for line, logical in self._logical(text):
            self._entry(line, logical)
        self._found.aliases = [self._with_owner(alias) for alias in self._found.aliases]
        for name, (line, _) in self._owners.items():
            text = N_("%(owner)s owns nothing: there is no %(name)s in this file")
            self._found.wrong(line, sentence(text, owner=f"{OWNER}{name}", name=name))
        return self._found

    def _with_owner(self, alias: FileAlias) -> FileAlias:
        _, owner = self._owners.pop(alias.name.lower(), (0, None))
        return alias if owner is None else replace(alias, owner=owner, kind=AliasKind.LIST)

    def _logical(self, text: str) -> Iterator[tuple[int, str]]:
        """Lines with those that continue them, each with the number of its first."""
        begun, parts = 0, list[str]()
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            if line[0] in " \t":
                if not parts:
                    text = N_("begins with a blank and goes on with no line before")
                    self._found.wrong(number, sentence(text))
                    continue
            elif parts:
                yield begun, " ".join(parts)
                parts = []
            if not parts:
                begun = number
            parts.append(line.strip())
        if parts:
            yield begun, " ".join(parts)

    def _entry(self, line: int, text: str) -> None:
        words = _words(text)
        if words is None:
            self._found.wrong(line, sentence("a quotation mark opens and does not close"))
            return
        if len(words) < 2:
            said = sentence("there is no member: a line is `name: member, member`")
            self._found.wrong(line, said)
            return
        members = [member for word in words[1:] if (member := self._member(line, word))]
        name = self._name(line, words[0])
        if name is None:
            return
        if name.startswith(OWNER) and len(name) > len(OWNER):
            self._owner(line, name.removeprefix(OWNER), members)
        else:
            self._found.aliases.append(FileAlias(line, name, tuple(members)))

    def _owner(self, line: int, of: str, members: Sequence[str]) -> None:
        if len(members) != 1:
            said = sentence("%(name)s: the owner is one person here", name=f"{OWNER}{of}")
            self._found.wrong(line, said)
            return
        local = self._config.local_part(members[0])
        self._owners[of] = line, members[0] if local is None else local

    def _name(self, line: int, key: str) -> str | None:
        """The alias that a key means."""
        if "@" not in key:
            return key.lower()
        if key.startswith("@"):
            ours = self._config.local_part(f"x{key}") is not None
            name = CATCH_ALL if ours else None
        else:
            name = self._config.whole_local_part(key)
        if name is None:
            domains = ", ".join(self._config.domains)
            text = N_("%(name)s is at none of our domains, which are: %(domains)s")
            self._found.wrong(line, sentence(text, name=key, domains=domains))
        return name

    def _member(self, line: int, word: str) -> str | None:
        """A member; None if it is something that is none here, which is noted."""
        member = word.removeprefix("\\")  # which keeps Sendmail from expanding it again
        why = _why_not(member)
        if why:
            self._found.wrong(line, why)
            return None
        return member


def _why_not(member: str) -> Sentence | None:
    """Why something that may stand in an alias file can be no member here; None if it can."""
    if not member:
        return sentence("there is an empty member")
    if member.startswith("|"):
        text = N_("%(member)s: mail is given to no program here; name people or addresses")
    elif member == "/dev/null":
        text = N_("%(member)s: mail is not thrown away here; without the line its sender is told")
    elif member.startswith(("/", "./", "../", "~")):
        text = N_("%(member)s: mail is written to no file here; name people or addresses")
    elif member.lower().startswith(":include:"):
        text = N_("%(member)s: no other file is read; write its addresses into the line")
    elif member.startswith(":"):
        text = N_("%(member)s: there is no such command here; name people or addresses")
    else:
        return None
    return sentence(text, member=member)


def _words(text: str) -> list[str] | None:
    """A logical line as its key and members, without quotation marks.

    A command for a program goes on to the next comma. None: a quotation mark does not close.
    """
    words, at, colon = list[str](), 0, False
    while at < len(text):
        if text[at] in " \t,":
            at += 1
            continue
        if len(words) == 1 and not colon and text[at] == ":" and not _is_include(text, at):
            colon, at = True, at + 1
            continue
        word, at = _word(text, at, ends=" \t,:" if not words else " \t,")
        if word is None:
            return None
        words.append(word)
    return words


def _is_include(text: str, at: int) -> bool:
    """Whether a member `:include:file` begins at a place, and no `:` behind a key."""
    return text[at - 1] in " \t" and text[at:].lower().startswith(":include:")


def _word(text: str, at: int, ends: str) -> tuple[str | None, int]:
    """The word that begins at a place, and where it ends; None if a quotation mark stays open."""
    if text[at] == "|":
        ends = ","
    letters, quoted = list[str](), False
    while at < len(text) and (quoted or text[at] not in ends):
        if text[at] == '"':
            quoted = not quoted
        elif quoted and text[at] == "\\" and at + 1 < len(text):
            at += 1
            letters.append(text[at])
        else:
            letters.append(text[at])
        at += 1
    return (None if quoted else "".join(letters).strip()), at


def write_postfix(aliases: Iterable[Alias], config: DeliveryConfig) -> str:
    """These aliases as aliases(5) of Postfix."""
    lines = [f"# Aliases of {config.hostname}, as in aliases(5) of Postfix."]
    for alias in aliases:
        members = ", ".join(alias.members)
        if alias.name == CATCH_ALL:
            lines.append(
                "# For names that nobody has; Postfix knows such a line in virtual(5) only."
            )
            lines.append(f"@{config.canonical('x').partition('@')[2]}: {members}")
            continue
        lines.append(f"{alias.name}: {members}")
        if alias.kind is AliasKind.LIST:
            lines.append(f"{OWNER}{alias.name}: {alias.owner}")
        elif alias.owner is not None:
            lines.append(f"# {alias.owner} answers for {alias.name}, which this form cannot say.")
    return "\n".join(lines) + "\n"
