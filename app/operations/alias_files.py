"""Aliases taken from a file, and written to one. An administrator's alone.

What a file does not say (who owns a group, whether an alias is a list) stays as it is here.
"""

from dataclasses import dataclass
from typing import Any

from app.core.sentences import N_, joined, sentence
from app.inbox import alias_files
from app.inbox.alias_files import AliasFormat, FileAlias, Finding
from app.inbox.aliases import Alias, AliasDraft, AliasKind
from app.inbox.domains import watched_domains
from app.inbox.errors import BadAliases
from app.operations.actor import Actor, require_admin
from app.operations.box import Box
from app.operations.domains import LookUp, alias_problems, look_up_now, refresh
from app.operations.errors import OperationError
from app.operations.references import Problem

__all__ = ["AliasFormat", "BadFile", "Imported", "export_aliases", "import_aliases"]

SHOWN = 100
"""Findings that the text of an error lists, at most."""


class BadFile(OperationError):
    """Nothing of a file was taken; the text lists what is wrong, a line each."""

    def __init__(self, findings: list[Finding]) -> None:
        """`findings` are in the order of their lines."""
        lines = [sentence("nothing is taken from this file:")]
        lines += [finding.sentence for finding in findings[:SHOWN]]
        if len(findings) > SHOWN:
            lines.append(sentence("and %(count)s more", count=len(findings) - SHOWN))
        super().__init__("file", joined("\n", lines))
        self.findings = tuple(findings)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (list(self.findings),)  # as it comes from a process of its own


@dataclass(frozen=True)
class Imported:
    """What a file brought."""

    aliases: tuple[Alias, ...]
    """All that are in it."""
    changed: int
    """How many of them were not so before."""
    problems: tuple[Problem, ...]
    """What is wrong with the domains of their members."""


def import_aliases(
    box: Box,
    actor: Actor,
    octets: bytes,
    form: AliasFormat | None = None,
    check: bool = False,
    look_up: LookUp | None = look_up_now,
) -> Imported:
    """Make or replace all aliases of a file, or none; `check` changes nothing.

    `form` None: the file's first line says how it is written. `look_up` asks the DNS for the
    members' domains, once all is good, which takes some seconds at most; None: what it has said
    last. Raises NotAllowed, and BadFile with everything that is wrong in it.
    """
    require_admin(actor, "import aliases")
    content = alias_files.read(octets, form, box.delivery.config)
    before = {alias.name: alias for alias in box.aliases.all()}
    drafts = [_draft(alias, before.get(alias.name.lower())) for alias in content.aliases]
    findings = [*content.findings, *_wrong_kinds(box, content.aliases)]
    if not content.aliases and not findings:
        findings.append(Finding(0, sentence("there is no alias in it")))
    try:
        made = box.db.now(lambda tx: box.aliases.judge(tx, drafts))
    except BadAliases as found:
        findings += [
            Finding(content.aliases[place].line, sentence("%(why)s", why=problem))
            for place, problem in found.findings
        ]
    if findings:
        raise BadFile(sorted(findings, key=lambda finding: finding.line))
    changed = sum(before.get(alias.name) != alias for alias in made)
    if not check:
        box.db.now(lambda tx: box.aliases.set_all(tx, drafts, by=actor.login, door=actor.door))
    facts = refresh(box, watched_domains(box.delivery.config, made), look_up)
    problems = [problem for alias in made for problem in alias_problems(box, alias, facts)]
    return Imported(tuple(made), changed, tuple(problems))


def _draft(found: FileAlias, before: Alias | None) -> AliasDraft:
    kind, owner = found.kind, found.owner
    if before is not None:
        kind, owner = kind or before.kind, owner or before.owner
    return AliasDraft(found.name, found.members, owner, kind is AliasKind.LIST)


def _wrong_kinds(box: Box, found: list[FileAlias]) -> list[Finding]:
    """Kinds that contradict the names: the forward of a person bears a login."""
    wrong = []
    logins = {person.login for person in box.people.all()}
    for alias in found:
        if alias.kind is AliasKind.PERSON and alias.name.lower() not in logins:
            text = N_("%(name)s is no login, so it is no person's")
            wrong.append(Finding(alias.line, sentence(text, name=alias.name)))
        if alias.kind is AliasKind.GROUP and alias.name.lower() in logins:
            text = N_("%(name)s is a login, so it is that person's forward and no group")
            wrong.append(Finding(alias.line, sentence(text, name=alias.name)))
    return wrong


def export_aliases(box: Box, actor: Actor, form: AliasFormat) -> str:
    """Every alias as the text of a file that `import_aliases` reads. Raises NotAllowed."""
    require_admin(actor, "export aliases")
    aliases = box.aliases.all()
    if form is AliasFormat.CSV:
        return alias_files.write_csv(aliases)
    return alias_files.write_postfix(aliases, box.delivery.config)
