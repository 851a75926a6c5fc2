"""`python -m app people presence …`: whether somebody can be reached, and what callers get then."""

import click

from app.commands.common import actor, inbox
from app.commands.errors import reports_errors
from app.commands.output import Listing, say
from app.core.presence import Presence
from app.operations import presence as operations

NAMES = click.Choice([presence.value for presence in Presence])


@click.group()
def presence() -> None:
    """Whether people can be reached: in, out, meeting, away, dnd (do not disturb)."""


@presence.command("show")
@click.argument("login")
@reports_errors
def show(login: str) -> None:
    """What holds for LOGIN now, and what each presence means to callers."""
    shown = operations.show_presence(inbox(), actor(), login)
    say(f"{shown.person.login}: {shown.words}")
    table = Listing("presence", "handset rings", "callers may leave messages")
    for name, rule in shown.rules.items():
        table.row(name.value, _yes(rule.rings), _yes(rule.messages))
    table.show()


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


@presence.command("set")
@click.argument("login")
@click.argument("presence", type=NAMES)
@click.option("--until", default="", help="Day on which it ends: YYYY-MM-DD, or MM-DD.")
@reports_errors
def set_(login: str, presence: str, until: str) -> None:
    """Say that LOGIN is in, out, in a meeting, away, or not to be disturbed."""
    shown = operations.set_presence(inbox(), actor(), login, presence, until)
    say(f"{shown.person.login}: {shown.words}")


@presence.command("rule")
@click.argument("login")
@click.argument("presence", type=NAMES)
@click.option("--rings/--silent", default=None, help="Whether the handset rings then.")
@click.option(
    "--messages/--no-messages", default=None, help="Whether callers may leave a message then."
)
@reports_errors
def rule_(login: str, presence: str, rings: bool | None, messages: bool | None) -> None:
    """Say what a presence of LOGIN means to callers; what is not named stays."""
    shown = operations.set_presence_rule(inbox(), actor(), login, presence, rings, messages)
    rule = shown.rules[Presence(presence)]
    rings_words = "the handset rings" if rule.rings else "the handset does not ring"
    takes = "callers may leave a message" if rule.messages else "callers only hear the greeting"
    say(f"{shown.person.login}, {presence}: {rings_words}, {takes}")
