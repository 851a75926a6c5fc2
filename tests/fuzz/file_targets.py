"""Files that come from outside: update bundles, and settings that their owner has edited."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.config import edit
from app.config import settings as settings_file
from app.config.toml_file import SettingsError
from app.device.update.bundle import open_bundle, read_manifest
from app.device.update.errors import BundleError
from tests.fuzz.shaping import grown

READ = 65_536


@contextmanager
def _file(octets: bytes) -> Iterator[Path]:
    """A file in memory with this content."""
    descriptor = os.memfd_create("input")
    try:
        os.write(descriptor, octets)
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def bundle(data: bytes) -> None:
    """A bundle's manifest, or a whole bundle whose signature no key fits."""
    octets = grown(data, READ)
    try:
        if len(octets) >= 512:
            with _file(octets) as path:
                open_bundle(path, [])
        else:
            read_manifest(octets).to_json()
    except BundleError:
        return


def settings(data: bytes) -> None:
    """A settings file as its owner has left it; then a value is changed by command."""
    octets = grown(data, READ)
    with _file(octets) as path:
        try:
            read = settings_file.load(path)
            text = edit.with_value(path.read_text("utf-8-sig"), ("site", "hostname"), "a.test")
        except SettingsError as problem:
            str(problem).encode("utf-8")
            return
        changed = settings_file.from_text(text, path)
    assert changed == read.model_copy(
        update={"site": read.site.model_copy(update={"hostname": "a.test"})}
    )
