"""`python -m scripts.image`: build the firmware image."""

import sys
from pathlib import Path

import click

from scripts.image.build import build, wish
from scripts.image.work import PROJECT, BuildError, Folders, Progress, default_cache


@click.command()
@click.option("--build-dir", type=click.Path(path_type=Path), default=PROJECT / "build")
@click.option("--cache", type=click.Path(path_type=Path), default=None)
@click.option("--version", default=None, help="Version of the release; else pyproject.toml's.")
@click.option("--key", type=click.Path(path_type=Path), default=None, help="Signs the update.")
def main(build_dir: Path, cache: Path | None, version: str | None, key: Path | None) -> None:
    """Build the firmware image into ./build/image."""
    progress = Progress()
    try:
        folders = Folders(build_dir, cache or default_cache())
        products = build(wish(folders, version, key), progress)
    except BuildError as problem:
        progress.say(str(problem))
        sys.exit(1)
    progress.say(f"done: {products}")


main()
