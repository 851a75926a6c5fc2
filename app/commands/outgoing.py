"""`python -m app people outgoing …`: accounts elsewhere by which people's own mail leaves."""

from pathlib import Path

import click

from app.commands.account import asked_password
from app.commands.common import actor, inbox
from app.commands.errors import reports_errors
from app.commands.output import Listing, say
from app.inbox.fetch_accounts import Tls
from app.operations import outgoing_accounts as operations
from app.operations.box import person_for
from app.operations.outgoing_accounts import NewOutgoing

MODES = click.Choice([mode.value for mode in Tls])


@click.group()
def outgoing() -> None:
    """Accounts at mail servers elsewhere, by which people's own mail leaves."""


@outgoing.command("set")
@click.argument("login")
@click.argument("server")
@click.argument("user")
@click.option("--tls", type=MODES, default=Tls.IMPLICIT.value, show_default=True)
@click.option("--port", type=int, help="Default: 465, or 587 without implicit TLS.")
@click.option("--password-file", type=click.Path(path_type=Path), help="Its first line.")
@reports_errors
def set_(
    login: str, server: str, user: str, tls: str, port: int | None, password_file: Path | None
) -> None:
    """Send the mail of LOGIN by SERVER, with the login USER there; asks for the password.

    It goes before the setting outbound.smarthost, and takes what waits along.
    """
    box = inbox()
    person_for(box, actor(), login)  # whether LOGIN is there, before asking
    new = NewOutgoing(server, user, asked_password(password_file), Tls(tls), port)
    made = operations.set_outgoing(box, actor(), login, new)
    say(f"The mail of {login} leaves as {made.place}, port {made.port}.")
    if made.tls is Tls.NONE:
        say("Without TLS everybody on the way can read the password and the mail.")


@outgoing.command("list")
@reports_errors
def list_() -> None:
    """The accounts."""
    table = Listing("login", "user and server", "TLS")
    for line in operations.list_outgoing(inbox(), actor()):
        one = line.account
        table.row(line.login, f"{one.place}:{one.port}", one.tls.value)
    table.show()


@outgoing.command("remove")
@click.argument("login")
@reports_errors
def remove(login: str) -> None:
    """Send the mail of LOGIN as all other mail is sent."""
    gone = operations.remove_outgoing(inbox(), actor(), login)
    say(f"The mail of {login} no longer leaves as {gone.place}.")
