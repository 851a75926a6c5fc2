"""The list that Raspberry Pi Imager reads as a custom repository: one entry, for a built image.

`python -m scripts.image.os_list build/image/card.img.zst --url https://…/card.img.zst`. The fields
are those of Imager's own schema (doc/json-schema/os-list-schema.json in its source).
"""

import json
import sys
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import click

from scripts.image import image_file
from scripts.image.image_file import ImageError
from scripts.image.work import PROJECT

DESCRIPTION = "Telephone exchange with one inbox for voicemail and mail (Pi 3B+, 4, Zero 2 W)"
DEVICES = ("pi4-64bit", "pi3-64bit")
"""Imager's tags of the boards the image starts on: Pi 4; Pi 3B+ and Zero 2 W."""


@dataclass(frozen=True)
class Offer:
    """What the list says beside what the image itself tells."""

    version: str
    url: str
    """Where the image will be fetched from."""
    released: str
    """YYYY-MM-DD."""
    icon: str = ""


def os_list(image: Path, offer: Offer) -> dict[str, object]:
    """The list as JSON values. Raises ImageError if the file is no card image."""
    content = image_file.content(image)
    entry = {
        "name": f"Switchhook {offer.version}",
        "description": DESCRIPTION,
        "icon": offer.icon,
        "url": offer.url,
        "extract_size": content.octets,
        "extract_sha256": content.sha256,
        "image_download_size": image.stat().st_size,
        "release_date": offer.released,
        "init_format": "none",  # Imager's own settings page has nothing to set
        "devices": list(DEVICES),
    }
    return {"os_list": [entry]}


def _address(context: click.Context, parameter: click.Parameter, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "file") or not parts.path:
        raise click.BadParameter(f"{url!r} is not the address of a file (https://host/name)")
    return url


def _version() -> str:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


@click.command()
@click.argument("image", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--url", required=True, callback=_address, help="Where people will fetch the image.")
@click.option("--version", default=_version, help="Version shown; else pyproject.toml's.")
@click.option(
    "--released",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    help="Else the day the image was made.",
)
@click.option("--icon", default="", help="Address of a picture, or data:image/svg+xml;base64,…")
@click.option("--output", type=click.File("w"), default="-", help="File for the list.")
def main(
    image: Path,
    url: str,
    version: str,
    released: datetime | None,
    icon: str,
    output: IO[str],
) -> None:
    """Write the list of Raspberry Pi Imager for a built IMAGE."""
    day = released or datetime.fromtimestamp(image.stat().st_mtime, UTC)
    try:
        listed = os_list(image, Offer(version, url, day.date().isoformat(), icon))
    except ImageError as problem:
        sys.exit(f"os_list: {problem}")
    output.write(json.dumps(listed, indent=1) + "\n")


if __name__ == "__main__":
    main()
