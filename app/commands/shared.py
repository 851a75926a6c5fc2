"""`python -m app people share …`, `inbox take …`: mailboxes that several people listen to."""

import click

from app.commands.common import actor, inbox
from app.commands.errors import reports_errors
from app.commands.output import say
from app.operations import shared as operations
from app.operations.shared import Sharing


@click.command("share")
@click.argument("login")
@click.argument("member", required=False)
@reports_errors
def share(login: str, member: str | None) -> None:
    """Let MEMBER listen to LOGIN's mailbox; without MEMBER, show who does.

    Unheard voicemail there lights the member's lamp, too.
    """
    if member is None:
        _say(operations.show_sharing(inbox(), actor(), login))
    else:
        _say(operations.share_mailbox(inbox(), actor(), login, member))


@click.command("unshare")
@click.argument("login")
@click.argument("member")
@reports_errors
def unshare(login: str, member: str) -> None:
    """No longer let MEMBER listen to LOGIN's mailbox; what they had taken is released."""
    _say(operations.unshare_mailbox(inbox(), actor(), login, member))


def _say(sharing: Sharing) -> None:
    members = ", ".join(person.login for person in sharing.members) or "nobody else"
    say(f"{sharing.person.login}'s mailbox is listened to by: {members}")
    if sharing.mailboxes:
        names = ", ".join(person.login for person in sharing.mailboxes)
        say(f"{sharing.person.login} listens to the mailboxes of: {names}")


@click.command("take")
@click.argument("entry", type=int)
@reports_errors
def take(entry: int) -> None:
    """Take a message of a shared mailbox: it lights nobody else's lamp."""
    claim = operations.claim_message(inbox(), actor(), entry)
    say(f"entry {entry}: taken by {claim.name}")


@click.command("release")
@click.argument("entry", type=int)
@reports_errors
def release(entry: int) -> None:
    """Give a message back that somebody has taken."""
    done = operations.release_message(inbox(), actor(), entry)
    say(f"entry {entry}: {'released' if done else 'nobody had taken it'}")
