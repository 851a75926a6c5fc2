"""Where a running box keeps its files: one folder, `./var` on a laptop, `/data` on the device."""

import hashlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import SwitchhookError

if TYPE_CHECKING:
    from app.config.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
"""The folder that holds app/, board/ and drivers/."""


MEMORY = Path("/dev/shm")
"""Files in it lie in memory and outlive a process, not the machine [shm_overview(7)]."""

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
    def good_settings(self) -> Path:
        """The last ones that a device could use (app/device/boot_env.py)."""
        return self.etc / "settings.good"

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
    def spool(self) -> Path:
        """Recordings that the store could not take, and who is here, for when it is away."""
        return self.var / "spool"

    @property
    def known(self) -> Path:
        """Who was in the store when it was open last; for when it is away."""
        return self.spool / "known.json"

    @property
    def spool_memory(self) -> Path:
        """The same in memory, for when this folder cannot be written."""
        return MEMORY / f"switchhook-{zlib.crc32(os.fsencode(self.var)):08x}"

    def spooled(self) -> list[Path]:
        """The files of recordings that wait for the store (app/clerk/spool.py)."""
        folders = (self.spool, self.spool_memory)
        return sorted(path for folder in folders for path in folder.glob("*.voice"))

    @property
    def srs_key(self) -> Path:
        """Secret that signs rewritten senders; made at the first start."""
        return self.keys / "srs.key"

    @property
    def signing_key(self) -> Path:
        """Key that mail of the public domain is signed with (app/core/signing_key.py), if any."""
        return self.keys / "dkim.key"

    @property
    def account_key(self) -> Path:
        """Key of the passwords that the box says elsewhere (app/inbox/account_passwords.py)."""
        return self.keys / "accounts.key"

    @property
    def mail_ports(self) -> Path:
        """Which TCP ports the mail service really listens on (JSON); there while it runs."""
        return self.sockets / "mail-ports.json"

    @property
    def web_ports(self) -> Path:
        """Which TCP ports the web pages are really served on (JSON); there while they are."""
        return self.sockets / "web-ports.json"

    @property
    def challenges(self) -> Path:
        """What a certificate authority looks for while it is asked to sign; root's alone."""
        return self.run / "challenges"

    @property
    def greetings(self) -> Path:
        """People's own greetings."""
        return self.var / "greetings"

    @property
    def run(self) -> Path:
        """The service folders of the running box, notices, and locks: on a device, root's alone."""
        return self.var / "run"

    @property
    def sockets(self) -> Path:
        """What services make for one another while they run; all of them may write here."""
        return self.run / "sock"

    @property
    def task_pipe(self) -> Path:
        """Where the web pages ask for what they may not do themselves (app/operations/tasks.py)."""
        return self.run / "tasks"

    @property
    def task_states(self) -> Path:
        """How each of these went, a file a kind; on a device root writes them."""
        return self.run / "task"

    @property
    def uploads(self) -> Path:
        """Files that have come by a page and wait to be used."""
        return self.var / "uploads"

    @property
    def downloads(self) -> Path:
        """The backup that was made to be downloaded; on a device root's."""
        return self.var / "downloads"

    @property
    def console(self) -> Path:
        """The far end of a laptop's serial console: a link to a terminal (app/console/cable.py)."""
        return self.run / "console"

    @property
    def panel_held(self) -> Path:
        """Which buttons of the front panel are held; locked while it is served."""
        return self.sockets / "panel-held"

    @property
    def panel_state(self) -> Path:
        """How the front panel is; locked while it is served."""
        return self.sockets / "panel-state"

    @property
    def bus(self) -> Path:
        """The virtual board's buses."""
        return self.sockets / "bus.sock"

    @property
    def operator(self) -> Path:
        """The virtual board's operator: lift, dial, ring."""
        return self.sockets / "operator.sock"

    @property
    def phone_control(self) -> Path:
        """Control socket of the phone service (app/phone/control.py)."""
        return self.sockets / "phone.sock"

    @property
    def mail_control(self) -> Path:
        """Control socket of the mail service (app/mail/control.py)."""
        return self.sockets / "mail.sock"

    @property
    def callers(self) -> Path:
        """Callers of lines that ring, in memory: for a phone service that is started again."""
        mark = hashlib.sha256(os.fsencode(self.var)).hexdigest()[:16]
        return Path("/dev/shm") / f"switchhook-callers-{mark}"

    @property
    def memory(self) -> Path:
        """What tells, outside of the folder, that there was a box in it [XDG Base Directory]."""
        state = os.environ.get("XDG_STATE_HOME") or f"{os.environ.get('HOME', '')}/.local/state"
        mark = hashlib.sha256(os.fsencode(self.var)).hexdigest()[:16]
        return Path(state) / "switchhook" / f"box-{mark}"

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
                self.run,
                self.sockets,
                self.logs,
                self.database.parent,
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
