"""`python -m app store …`: the inboxes move to a mail system, and back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import click

from app.appliance import Inbox
from app.commands.common import actor, inbox
from app.commands.errors import reports_errors
from app.commands.output import say
from app.imap.mirror.migration import Migration, Step
from app.mail_plan import migration
from app.operations.migration import migrating

EVERY = 100
"""Messages between two lines."""


@click.group()
def store() -> None:
    """Where the inboxes live: move them to a mail system, or back."""


@store.command("migrate-to-imap")
@click.option(
    "--uidl-map",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write login, UIDVALIDITY, UID and POP3 unique-id of each message into this file.",
)
@reports_errors
def migrate_to_imap(uidl_map: Path | None) -> None:
    """Copy all messages to the IMAP server that store.server names, and compare each.

    Nothing is removed here. Again, it goes on where it ended. Then set store.kind to imap.
    """
    box = inbox()
    with migrating(box, actor()):
        moving = _migration(box)
        left = asyncio.run(_shown(moving.to_server()))
        if uidl_map is not None:
            rows = [f"{r.login}\t{r.uidvalidity}\t{r.uid}\t{r.uidl}\n" for r in moving.uidls()]
            uidl_map.write_text("".join(rows))
            say(f"{uidl_map}: {len(rows)} messages")
    _end(left, "Everything is there. Now: `settings set store.kind imap`")


@store.command("migrate-from-imap")
@reports_errors
def migrate_from_imap() -> None:
    """Fetch all messages of the inboxes on the IMAP server that store.server names, and compare.

    Nothing is removed there. Set store.kind to local first; again, it goes on where it ended.
    """
    box = inbox()
    with migrating(box, actor()):
        left = asyncio.run(_shown(_migration(box).from_server()))
    _end(left, "Everything is here.")


def _migration(box: Inbox) -> Migration:
    found = migration(box)
    assert found is not None, "migrating() has looked at the settings"
    return found


async def _shown(steps: AsyncIterator[Step]) -> int:
    """Say how far it is; how many messages or inboxes were left."""
    left = 0
    async for step in steps:
        if step.problem:
            left += 1
            say(f"{step.login}: {step.problem}")
        if step.of and (step.done == step.of or not step.done % EVERY):
            say(f"{step.login}: {step.done} of {step.of}")
    return left


def _end(left: int, said: str) -> None:
    if left:
        raise click.ClickException(f"{left} left as they are, see above; again, it tries them.")
    say(said)
