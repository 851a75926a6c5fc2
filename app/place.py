"""Where a running box keeps its things: one folder, `./var` on a laptop, `/data` on the device."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.settings import Settings

PROJECT = Path(__file__).resolve().parent.parent
"""The folder that holds app/, board/ and drivers/."""


@dataclass(frozen=True)
class Place:
    """The folder of one box, and what lies where in it."""

    var: Path

    @property
    def settings_file(self) -> Path:
        """The owner's settings."""
        return self.var / "settings.toml"

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
        return self.var / "keys" / "srs.key"

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
        """The phone service's own door: status, settled."""
        return self.run / "phone.sock"

    @property
    def logs(self) -> Path:
        """One folder a service."""
        return self.var / "log"

    def settings(self) -> "Settings":
        """The settings as they are in the file now. Raises SettingsError."""
        from app.settings import load  # whoever needs no settings is spared their machinery

        return load(self.settings_file)

    def make(self) -> None:
        """Make the folders that are missing; only the owner may look inside."""
        for folder in (
            self.var,
            self.database.parent,
            self.run,
            self.logs,
            self.spoken,
            self.greetings,
        ):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def here() -> Place:
    """The place named by SWITCHHOOK_VAR, else ./var."""
    return Place(Path(os.environ.get("SWITCHHOOK_VAR", "var")).absolute())
