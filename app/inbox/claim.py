"""The claim code: who stands at a handset of a new box may become its administrator.

It lies in a file beside the store from the first boot until the first administrator has logged in
anywhere. A handset that dials the service number below hears it until then.
"""

import logging
import secrets
from pathlib import Path

from app.core import files

log = logging.getLogger(__name__)

SERVICE_NUMBER = "*0"
"""What a handset dials to hear the code; a "#" may follow."""
DIGITS = 8


class Claim:
    """The claim code of one store."""

    def __init__(self, store: Path) -> None:
        """`store` is the path of the store's file."""
        self.path = store.with_name("claim-code")

    @property
    def code(self) -> str | None:
        """The code; None when the box has its administrator."""
        try:
            return self.path.read_text().strip() or None
        except FileNotFoundError:
            return None

    def open(self) -> str:
        """Make a code, unless there is one."""
        code = self.code
        if code is None:
            code = "".join(str(secrets.randbelow(10)) for _ in range(DIGITS))
            files.write(self.path, code + "\n", 0o660)
        return code

    def fits(self, code: str) -> bool:
        """Whether this is the code; nothing fits once it is closed."""
        there = self.code
        return there is not None and secrets.compare_digest(there.encode(), code.encode())

    def close(self) -> None:
        """An administrator has logged in: nobody hears the code any more."""
        if not self.path.exists():  # a read-only disk would refuse to remove even what is not there
            return
        self.path.unlink(missing_ok=True)
        log.info("the first administrator has logged in; the claim code is void")
