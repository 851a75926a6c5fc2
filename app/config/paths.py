"""Where a running box keeps its files: one folder, `./var` on a laptop, `/data` on the device."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import SwitchhookError

if TYPE_CHECKING:
    from app.config.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
"""The folder that holds app/, board/ and drivers/."""


LONGEST_SOCKET = 107
"""Octets in the path of a socket at most [unix(7)]."""


class PathsError(SwitchhookError):
    """The folder cannot be used; the text says which and why."""


@dataclass(frozen=True)
class Paths:
    """The folder of one box, and what lies where in it."""

    var: Path
    beneath: tuple[Path, ...] = ()
    """Settings files that hold where the owner's says nothing: a device's own defaults."""

    @property
    def settings_file(self) -> Path:
        """The owner's settings."""
        return self.var / "settings.toml"

    @property
    def etc(self) -> Path:
        """What a device keeps of itself: its name, what follows from the settings."""
        return self.var / "etc"

    @property
    def keys(self) -> Path:
        """Secrets and certificates."""
        return self.var / "keys"

    @property
    def notices(self) -> Path:
        """Notices for the owner, a file each, until the device is started again."""
        return self.run / "notices"

    @property
    def database(self) -> Path:
        """The store: people, messages, queue, in one SQLite file."""
        return self.var / "store" / "inbox.db"

    @property
    def spoken(self) -> Path:
        """Prompts made by the speech synthesizer, kept for the next time."""
        return self.var / "spoken"

    @property
    def srs_key(self) -> Path:
        """Secret that signs rewritten senders; made at the first start."""
        return self.keys / "srs.key"

    @property
    def mail_ports(self) -> Path:
        """Which TCP ports the mail service really listens on (JSON); there while it runs."""
        return self.run / "mail-ports.json"

    @property
    def greetings(self) -> Path:
        """People's own greetings."""
        return self.var / "greetings"

    @property
    def run(self) -> Path:
        """Sockets and the service folders of the running box."""
        return self.var / "run"

    @property
    def bus(self) -> Path:
        """The virtual board's buses."""
        return self.run / "bus.sock"

    @property
    def operator(self) -> Path:
        """The virtual board's operator: lift, dial, ring."""
        return self.run / "operator.sock"

    @property
    def phone_control(self) -> Path:
        """Control socket of the phone service (app/phone/control.py)."""
        return self.run / "phone.sock"

    @property
    def logs(self) -> Path:
        """One folder a service."""
        return self.var / "log"

    def settings(self) -> "Settings":
        """The settings as they are in the file now. Raises SettingsError."""
        from app.config.settings import load  # whoever needs no settings is spared their machinery

        return load(self.settings_file, self.beneath)

    def make(self) -> None:
        """Make the folders that are missing; only the owner may look inside.

        Raises PathsError.
        """
        try:
            for folder in (
                self.var,
                self.database.parent,
                self.run,
                self.logs,
                self.spoken,
                self.greetings,
            ):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise PathsError(
                f"the folder {problem.filename} cannot be made: {problem.strerror};"
                " SWITCHHOOK_VAR may name another one"
            ) from problem
        too_long = len(os.fsencode(self.operator)) - LONGEST_SOCKET
        if too_long > 0:
            raise PathsError(
                f"the name of the folder {self.var} is {too_long} octets too long for the sockets"
                " in it; SWITCHHOOK_VAR may name another one"
            )


def here() -> Paths:
    """The folder that SWITCHHOOK_VAR names, else ./var; SWITCHHOOK_DEFAULTS names files beneath."""
    beneath = os.environ.get("SWITCHHOOK_DEFAULTS", "")
    return Paths(
        Path(os.environ.get("SWITCHHOOK_VAR", "var")).absolute(),
        tuple(Path(path) for path in beneath.split(":") if path),
    )
