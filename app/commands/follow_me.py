"""`python -m app people follow-me …`: an outside number at which somebody is called besides."""

import click

from app.commands.common import actor, inbox
from app.commands.errors import reports_errors
from app.commands.output import say
from app.operations import follow_me as operations
from app.operations.follow_me import AFTER_LEAST, AFTER_MOST, AFTER_USUAL, FollowMe


@click.command("follow-me")
@click.argument("login")
@click.option("--number", help="As dialled on an outside line, or empty for none.")
@click.option(
    "--after",
    type=click.IntRange(AFTER_LEAST, AFTER_MOST),
    default=AFTER_USUAL,
    show_default=True,
    help="Seconds that the handset rings before.",
)
@reports_errors
def follow_me(login: str, number: str | None, after: int) -> None:
    """Call LOGIN besides at an outside number, or show where; they accept a call by a 1."""
    if number is None:
        found = operations.show_follow_me(inbox(), actor(), login)
    else:
        found = operations.set_follow_me(inbox(), actor(), login, number, after)
    say(f"{login}: {_words(found)}")


def _words(found: FollowMe | None) -> str:
    return f"called at {found.number} after {found.after_s} s" if found else "no follow-me"
