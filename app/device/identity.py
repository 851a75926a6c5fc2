"""What makes one device another than the next: its name, and the password of its console."""

import re
import secrets
from pathlib import Path

from app.core import files
from app.core.process import run
from app.inbox.credentials import new_password

PREFIX = "switchhook"
NET = Path("/sys/class/net")
CONSOLE_USER = "admin"
_AGES = ":1:0:99999:7:::"
"""Days of change and warning [shadow(5)]: busybox overlooks a line in which they are missing."""


def new_name(net: Path = NET) -> str:
    """switchhook-XXXX: the last two octets of the first network card, else chance."""
    for card in sorted(net.glob("*/device")):  # loopback and tunnels have no device
        octets = (card.parent / "address").read_text().strip().split(":")
        if len(octets) == 6 and any(octet != "00" for octet in octets):
            return f"{PREFIX}-{octets[4]}{octets[5]}"
    return f"{PREFIX}-{secrets.token_hex(2)}"


def write_shadow(path: Path, password: str) -> None:
    """The console's password file: root cannot log in, the administrator with this password.

    crypt(3) with SHA-512, which busybox's login can check. Raises DeviceError.
    """
    crypted = run("openssl", "passwd", "-6", "-stdin", stdin=f"{password}\n").strip()
    files.write(path, f"root:*{_AGES}\n{CONSOLE_USER}:{crypted}{_AGES}\n", 0o600)


def new_console_password(path: Path) -> str:
    """Make a new password for the console and write that file. Raises DeviceError."""
    fresh = new_password()
    path.parent.mkdir(exist_ok=True)
    write_shadow(path, fresh)
    return fresh


def console_password_fits(path: Path, password: str) -> bool:
    """Whether this is the console's password; nothing is where there is no password file.

    Raises DeviceError if the program that crypts is missing, OSError if the file cannot be read.
    """
    if not path.exists():
        return False
    found = re.search(rf"^{CONSOLE_USER}:(\$6\$([^$:]+)\$[^:]+):", path.read_text(), re.MULTILINE)
    if found is None or "\n" in password or "\0" in password:
        return False
    stored, salt = found.groups()
    crypted = run("openssl", "passwd", "-6", "-salt", salt, "-stdin", stdin=f"{password}\n")
    return secrets.compare_digest(crypted.strip().encode(), stored.encode())
