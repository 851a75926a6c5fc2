"""`python -m app packs …`: what a box may have besides its image, such as text of voicemail."""

from pathlib import Path

import click

from app.commands.errors import reports_errors
from app.commands.output import say
from app.config.paths import PROJECT, here

KEYS = PROJECT / "keys"


@click.group()
def packs() -> None:
    """Optional packs: transcribe-en writes English voicemail down."""


def _folder() -> Path:
    return here().var / "packs"


@packs.command("list")
@reports_errors
def list_() -> None:
    """The packs that are here."""
    from app.commands.common import size
    from app.core import pack
    from app.device import text_packs

    for one in text_packs.kept(_folder()):
        say(f"{one.name:<16} {one.version:<10} {size(one.path.stat().st_size)}")
    used = pack.found()
    say(f"voicemail is written down by {used}" if used else "voicemail is not written down")


@packs.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@reports_errors
def add(file: Path) -> None:
    """Add the pack FILE, which replaces an older one of its name. Voicemail of now on is written
    down while nobody telephones, and the latest 200 messages with it.
    """
    from app.device import text_packs

    new = text_packs.add(file, _folder(), sorted(KEYS.glob("*.pub")))
    text_packs.mount(new)
    say(f"{new.name} {new.version} is in use")


@packs.command("remove")
@click.argument("name")
@reports_errors
def remove(name: str) -> None:
    """Take the pack NAME away. What it has written down stays with its messages."""
    from app.device import text_packs

    text_packs.remove(name, _folder())
    say(f"{name} is removed")
