"""`python -m app signing …`: the key that mail of the public domain is signed with (DKIM)."""

import click

from app.commands.common import actor
from app.commands.errors import reports_errors
from app.commands.output import say
from app.config.paths import here
from app.operations import signing as operations
from app.operations.signing import SigningRecord


@click.group()
def signing() -> None:
    """Signatures of outgoing mail (DKIM, ARC), by which others know that it is from here."""


@signing.command("key")
@click.option("--again", is_flag=True, help="Replace the key; its record is another one then.")
@reports_errors
def key(again: bool) -> None:
    """Make the key, and show the DNS record that goes with it."""
    paths = here()
    _show(operations.make_signing_key(paths, paths.settings(), actor(), again))
    say("", "Mail is signed from now on. Others can check it when they find this record.")


@signing.command("record")
@reports_errors
def record() -> None:
    """Show the DNS record of the key."""
    paths = here()
    _show(operations.read_signing_record(paths, paths.settings(), actor()))


def _show(found: SigningRecord) -> None:
    say("Enter this in the DNS of your domain, a TXT record:", "")
    say(f"  name   {found.name}", f"  text   {found.text}", "")
    say("As a line of a zone file:", "", found.zone_line)
