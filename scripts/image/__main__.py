"""`python -m scripts.image`: build the firmware image."""

import sys
from pathlib import Path

import click

from scripts.image.build import build, build_request, build_root_again
from scripts.image.check import check
from scripts.image.report import report
from scripts.image.work import PROJECT, BuildError, Folders, Progress, default_cache

_PATH = click.Path(path_type=Path)


@click.command()
@click.option("--build-dir", type=_PATH, default=PROJECT / "build", help="Default: ./build.")
@click.option("--cache", type=_PATH, help="Default: $SWITCHHOOK_CACHE or ~/.cache/switchhook.")
@click.option("--version", help="Version of the release; default: pyproject.toml's.")
@click.option("--key", type=_PATH, help="Ed25519 key (PEM) that signs the update.")
@click.option("--twice", is_flag=True, help="Build the root once more and compare.")
def main(
    build_dir: Path, cache: Path | None, version: str | None, key: Path | None, twice: bool
) -> None:
    """Build the firmware image into ./build/image."""
    progress = Progress()
    folders = Folders(build_dir.absolute(), (cache or default_cache()).absolute())
    try:
        check(folders)
        asked = build_request(folders, version, key)
        with folders.alone(progress.say):
            build(asked, progress)
            if twice:
                build_root_again(asked, progress)
            report(asked, progress)
    except BuildError as problem:
        progress.say(f"stopped: {problem}")
        sys.exit(1)


main()
