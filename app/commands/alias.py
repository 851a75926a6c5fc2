"""`python -m app alias …`: names that stand for people, groups and outside addresses."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import click

from app.commands.common import actor, inbox, when
from app.commands.errors import reports_errors
from app.commands.output import Listing, say, say_text
from app.core import files
from app.operations import alias_files, probes
from app.operations import aliases as operations
from app.operations.alias_files import AliasFormat
from app.operations.box import Box
from app.operations.domains import check_domains

RETURN_S = 5.0
"""Seconds that a probe which everybody has taken is waited for to come back."""
LOOK_S = 0.2
"""Seconds between two looks at what became of a probe."""
FORMATS = click.Choice([form.value for form in AliasFormat])


@click.group()
def alias() -> None:
    """Message aliases: where a name's mail and voicemail go."""


@alias.command("set")
@click.argument("name")
@click.argument("members", nargs=-1, required=True)
@click.option("--list", "is_list", is_flag=True, help="Sent on in the name of its owner.")
@click.option("--owner", metavar="LOGIN", help="Who gets back what cannot go outside.")
@reports_errors
def set_(name: str, members: tuple[str, ...], is_list: bool, owner: str | None) -> None:
    """NAME stands for MEMBERS: logins, other aliases, outside addresses.

    A person's login as NAME forwards their mail and their voicemail; name the login among the
    members, too, to keep a copy here. Any other NAME is a group, which sends mail on as it came, or
    with --list a list: it sends in the name of its owner, who gets what bounces. The NAME '*' gets
    mail to names that nobody has.
    """
    made = operations.set_alias(inbox(), actor(), name, members, owner, is_list)
    say(f"{made.alias.name} stands for {', '.join(made.alias.members)}", *made.notes)
    for problem in made.problems:
        say(f"ATTENTION: {problem}")


@alias.command("list")
@reports_errors
def list_() -> None:
    """Every alias with its members."""
    table = Listing("alias", "kind", "members", "owner")
    for one in operations.list_aliases(inbox(), actor()):
        table.row(one.name, one.kind.value, ", ".join(one.members), one.owner or "-")
    table.show()


@alias.command("rm")
@click.argument("name")
@reports_errors
def rm(name: str) -> None:
    """Remove an alias."""
    operations.remove_alias(inbox(), actor(), name)
    say(f"the alias {name} is removed")


@alias.command("trace")
@click.argument("address")
@click.option("--from", "sender", metavar="ADDRESS", default="", help="Who writes; else anybody.")
@reports_errors
def trace(address: str, sender: str) -> None:
    """Say step by step what happens to a message to ADDRESS, and why; nothing is sent.

    Each alias on the way, whose inbox keeps it, what leaves by which way, what comes back to whom.
    """
    found = operations.trace_alias(inbox(), actor(), address, sender)
    for number, step in enumerate(found.steps, 1):
        say(f"{number}. {step}")
    if not found.taken:
        raise SystemExit(1)


@alias.command("check")
@reports_errors
def check() -> None:
    """Look up now where the mail of our domains and of the members' domains goes."""
    found = check_domains(inbox(), actor())
    table = Listing("domain", "state", "mail goes to")
    for one in found.facts:
        table.row(one.domain, one.state.value, ", ".join(one.hosts) or one.reason or "-")
    table.show()
    for problem in found.problems:
        say(f"ATTENTION: {problem}")


@alias.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--format", "form", type=FORMATS, help="How FILE is written; else its heading says.")
@click.option(
    "--check", is_flag=True, help="Only say what is wrong in it and what it would change."
)
@reports_errors
def import_(file: BinaryIO, form: str | None, check: bool) -> None:
    """Make or replace the aliases of FILE ("-": what is typed), all or none.

    FILE is CSV with the columns name, kind, owner and members, or an alias file of Postfix,
    aliases(5) or virtual(5). Aliases that are not in it stay.
    """
    chosen = None if form is None else AliasFormat(form)
    found = alias_files.import_aliases(inbox(), actor(), file.read(), chosen, check)
    done = "would be changed" if check else "are changed"
    say(f"{len(found.aliases)} aliases in the file, of which {found.changed} {done}")
    for problem in found.problems:
        say(f"ATTENTION: {problem}")


@alias.command("export")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--format", "form", type=FORMATS, default="csv", show_default=True)
@reports_errors
def export(file: Path | None, form: str) -> None:
    """Write every alias to FILE, or show them, so that `alias import` can read them."""
    text = alias_files.export_aliases(inbox(), actor(), AliasFormat(form))
    if file is None:
        say_text(text)
    else:
        files.write(file, text)
        say(f"written to {file}")


@alias.command("probe")
@click.argument("name")
@click.option(
    "--wait", "wait_s", default=60, show_default=True, help="Seconds to wait for answers."
)
@click.option(
    "--last", "only_last", is_flag=True, help="Send nothing: what became of the last one."
)
@reports_errors
def probe(name: str, wait_s: int, only_last: bool) -> None:
    """Send a test mail to the outside members of NAME, and tell what became of it.

    What the next mail server said of each member, and whether the mail came back to this box.
    Nobody here gets it.
    """
    box = inbox()
    if not only_last:
        probes.send_probe(box, actor(), name)
        _await(box, name, wait_s, until=lambda found: found.decided)
        _await(box, name, min(wait_s, RETURN_S), until=lambda found: found.returned_at is not None)
    show_probe(probes.last_probe(box, actor(), name))


def _await(box: Box, name: str, wait_s: float, until: Callable[[probes.Probe], bool]) -> None:
    """Wait for something to become known of the last probe, for so long at most."""
    end = time.monotonic() + wait_s
    while not until(probes.last_probe(box, actor(), name)) and time.monotonic() < end:
        time.sleep(LOOK_S)


def show_probe(found: probes.Probe) -> None:
    """Print what became of a probe."""
    words = {"taken": "taken", "refused": "refused", "waiting": "not yet taken"}
    say(f"sent {when(found.at)}")
    for part in found.parts:
        reply = part.reply or "nobody has tried yet; is the mail service running?"
        say(f"{part.recipient}: {words.get(part.state.value, part.state.value)}: {reply}")
    if found.returned_at is not None:
        say(
            f"It came back here, to {found.returned_to}, after"
            f" {found.returned_at - found.at:.0f} s: what {found.alias} sends there goes in a"
            " circle, and mail in it is refused (5.4.6)."
        )
    else:
        say("It has not come back here.")
    if not found.decided:
        say(f"It is tried again by itself; `alias probe {found.alias} --last` tells how it went.")
