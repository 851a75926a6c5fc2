"""Notes beside the certificate: where it is from, and why none was had by ACME.

Apart from what makes certificates (given.py, by_acme.py), which needs the cryptography library.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.core.records import BadRecord, from_json, parse_json

MARK = "server.given"
"""In the folder of keys: the certificate is not signed by the box's own authority."""
PROBLEM = "acme.problem"
"""In the folder of keys: why the last certificate asked for by ACME was not had, in words."""


@dataclass(frozen=True)
class Mark:
    """What server.given says."""

    by: Literal["files", "acme"]
    ends: int
    """Seconds since 1970."""


def mark(keys: Path) -> Mark | None:
    """Where the certificate is from; None: the box's own authority has signed it."""
    try:
        return from_json(Mark, parse_json((keys / MARK).read_bytes()), MARK)
    except (OSError, BadRecord):
        return None
