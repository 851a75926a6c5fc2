"""`python -m app prompts …`: the sound packs on a device's data partition."""

from pathlib import Path

import click

from app.commands.errors import reports_errors
from app.commands.output import say
from app.config.paths import here


@click.group()
def prompts() -> None:
    """Recorded prompts: one pack a language."""


@prompts.command("list")
@reports_errors
def list_() -> None:
    """The packs that are here."""
    from app.commands.common import size
    from app.device import packs

    for one in packs.packs(here().var / "prompts"):
        octets = size(one.path.stat().st_size)
        say(f"{one.language}   {one.version:<10} {octets}")


@prompts.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@reports_errors
def add(file: Path) -> None:
    """Add the pack FILE (en-1.6.1.sqfs), which replaces older ones of its language."""
    from app.device import packs

    new = packs.add(file, here().var / "prompts")
    packs.mount(new)
    say(f"prompts in {new.language!r}, version {new.version}, are in use")
