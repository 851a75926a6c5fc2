"""What makes one device another than the next: its name, and the password of its console."""

import secrets
from pathlib import Path

from app.core import files
from app.core.process import run

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
