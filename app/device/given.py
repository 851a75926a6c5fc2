"""A certificate that the box's own authority has not signed: the owner's files, or an ACME one's.

server.crt and server.key hold it as they else hold the box's own, so services know no difference;
server.given beside them says where it is from, and keeps the box's own from taking its place.
"""

import json
from pathlib import Path
from typing import Literal

from app.core import files
from app.core.errors import DeviceError
from app.device import pem
from app.device.certificate_notes import MARK as MARK
from app.device.certificate_notes import mark as mark
from app.device.permissions import set_group

KEY, CERTIFICATE = "server.key", "server.crt"


def install(keys: Path, found: pem.Pair, by: Literal["files", "acme"]) -> None:
    """Let this certificate be the box's; services take it up by themselves.

    A power cut in the middle leaves a mark without its certificate, which `is_whole` tells.
    """
    _, ends = pem.validity(found.certificate)
    files.write(keys / MARK, json.dumps({"by": by, "ends": int(ends.timestamp())}), 0o644)
    files.write(keys / KEY, found.key_octets(), 0o640)
    set_group(keys / KEY, 0o640)
    files.write(keys / CERTIFICATE, found.chain_octets(), 0o644)


def read(keys: Path) -> pem.Pair:
    """The certificate in use and its key. Raises DeviceError if they are not a pair."""
    try:
        octets = (keys / KEY).read_bytes() + b"\n" + (keys / CERTIFICATE).read_bytes()
    except OSError as problem:
        raise DeviceError(f"{problem.filename} cannot be read: {problem.strerror}") from problem
    return pem.pair(octets)


def is_whole(keys: Path) -> bool:
    """Whether certificate and key belong together."""
    try:
        read(keys)
    except DeviceError:
        return False
    return True


def remove(keys: Path) -> None:
    """Forget it; the box's own authority then signs for a new key."""
    for name in (KEY, MARK):
        (keys / name).unlink(missing_ok=True)
