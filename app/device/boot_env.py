"""What follows from the settings on a device: a file of shell variables for the boot scripts.

Boot scripts cannot read TOML, and starting Python for each of their questions would cost seconds.
So whenever the settings have changed, they are checked once and what the scripts need is written to
etc/device.env.
"""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from app.config.paths import Paths
from app.config.settings import Settings, SettingsError, load
from app.config.toml_file import read_text
from app.core import files

SETTINGS_REFUSED, CARD_REFUSED = "settings-refused", "card-refused"
"""Files below etc/ that say why settings were not taken; shown at each start until it is mended."""
FRESH_NOTE = "# Taken from switchhook.toml on the card's boot partition.\n"


def device_env(settings: Settings) -> Mapping[str, str]:
    """What boot scripts need to know."""
    network = settings.network
    return {
        "BOARD": settings.phone.board,
        "HOST_NAME": settings.site.hostname.partition(".")[0],
        "FULL_NAME": settings.site.hostname,
        "TIME_ZONE": settings.site.time_zone,
        "ADDRESS": network.address,
        "GATEWAY": network.gateway,
        "NAMESERVERS": " ".join(network.nameservers),
        "TIME_SERVERS": " ".join(network.time_servers),
        "WLAN": network.wlan,
        "PASSPHRASE": network.passphrase,
    }


def write_env(path: Path, values: Mapping[str, str]) -> None:
    """The variables as a file for `.` of a shell; only root may read it (a secret may be in it)."""
    lines = "".join(f"{name}={shlex.quote(text)}\n" for name, text in values.items())
    files.write(path, lines, 0o600)


def usable(paths: Paths, boards: Path) -> Settings:
    """The settings, once the owner's file can be used.

    A file that cannot be used is put aside, the last one that could takes its place (the defaults,
    if there was none), and etc/settings-refused says why.
    """
    good, refused = paths.good_settings, paths.etc / SETTINGS_REFUSED
    try:
        settings = checked(paths.settings_file, paths.beneath, boards)
    except SettingsError as problem:
        if not paths.settings_file.exists():
            raise  # what lies beneath cannot be used: nothing is mended by putting a file aside
        aside = paths.settings_file.with_suffix(".refused")
        paths.settings_file.replace(aside)
        refused.write_text(f"{problem}\nThe file is kept as {aside.name}.\n")
        if good.exists():
            files.write(paths.settings_file, good.read_bytes())
        return load(paths.settings_file, paths.beneath)
    refused.unlink(missing_ok=True)
    if paths.settings_file.exists():
        _keep(paths.settings_file.read_bytes(), good)
    return settings


def take_card_file(paths: Paths, card: Path, boards: Path) -> bool:
    """Make the file on the card's boot partition the owner's settings; False if it cannot be used.

    etc/card-refused then says why. A file without a single setting changes nothing.
    """
    refused = paths.etc / CARD_REFUSED
    refused.unlink(missing_ok=True)
    try:
        checked(card, paths.beneath, boards)
    except SettingsError as problem:
        refused.write_text(f"{problem}\nThe settings stay as they were.\n")
        return False
    text = read_text(card)  # without a byte order mark, which could not stand below the note
    if re.search(r"^\s*[^#\s\[]", text, flags=re.MULTILINE):
        files.write(paths.settings_file, FRESH_NOTE + text)
    return True


def _keep(octets: bytes, good: Path) -> None:
    if not good.exists() or good.read_bytes() != octets:  # not at every boot: cards wear out
        files.write(good, octets)


def checked(path: Path, beneath: tuple[Path, ...], boards: Path) -> Settings:
    """The settings of a file, with a board that is there. Raises SettingsError."""
    settings = load(path, beneath)
    board = settings.phone.board
    if not (boards / board / "board.toml").is_file():
        there = ", ".join(sorted(f.parent.name for f in boards.glob("*/board.toml")))
        raise SettingsError(f"{path}: phone.board: there is no board {board}; there are: {there}")
    return settings
