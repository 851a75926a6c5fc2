"""`python -m app alias …`: names that stand for people, groups and outside addresses."""

import click
from rich.table import Table

from app.commands.common import actor, console, inbox
from app.commands.errors import reports_errors
from app.operations import aliases as operations


@click.group()
def alias() -> None:
    """Message aliases: where a name's mail and voicemail go."""


@alias.command("set")
@click.argument("name")
@click.argument("members", nargs=-1, required=True)
@click.option("--responsible", metavar="LOGIN", help="Who gets back what cannot go outside.")
@reports_errors
def set_(name: str, members: tuple[str, ...], responsible: str | None) -> None:
    """NAME stands for MEMBERS: logins, other aliases, outside addresses.

    A person's login as NAME forwards their mail and their voicemail; name the login among the
    members, too, to keep a copy here.
    """
    made = operations.set_alias(inbox(), actor(), name, members, responsible)
    console.print(f"{made.name} stands for {', '.join(made.members)}")


@alias.command("list")
@reports_errors
def list_() -> None:
    """Every alias with its members."""
    table = Table("alias", "members", "answers for it", box=None)
    for one in operations.list_aliases(inbox(), actor()):
        table.add_row(one.name, ", ".join(one.members), one.responsible or "-")
    console.print(table)


@alias.command("rm")
@click.argument("name")
@reports_errors
def rm(name: str) -> None:
    """Remove an alias."""
    operations.remove_alias(inbox(), actor(), name)
    console.print(f"the alias {name} is removed")


@alias.command("trace")
@click.argument("name")
@reports_errors
def trace(name: str) -> None:
    """Say step by step where a message to NAME would go, and why; nothing is sent."""
    for number, step in enumerate(operations.trace_alias(inbox(), actor(), name).steps, 1):
        console.print(f"{number}. {step}")
