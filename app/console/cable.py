"""A serial line without wires, on a laptop: what plugs into it finds the console at its end.

Two pseudo terminals, end to end. Ours is where the login runs; the other is for whoever attaches:
`screen`, `picocom`, pyserial. As at a line without handshake, what is sent while nobody reads is
lost in the end, and nobody notices who comes and goes. It uses the standard library alone, since
the process that it is in stays for as long as the box runs.
"""

import logging
import os
import pty
import select
import subprocess
import threading
import tty
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

log = logging.getLogger(__name__)

MOST = 65_536
"""Octets that wait for whoever attaches; of more the oldest are dropped."""
INVITATION = b"\r\nSwitchhook: press Enter to log in.\r\n"
END_WITHIN_S = 5.0


class Cable:
    """One line: `start` it, and `stop` it at the end."""

    def __init__(self, link: Path, login: Sequence[str], environment: Mapping[str, str]) -> None:
        """`link` becomes the name of the far end; `login` runs when somebody presses a key.

        The name of the terminal that it is to open is appended to its words.
        """
        self.link = link
        self._login, self._environment = login, environment
        self._process: subprocess.Popen[bytes] | None = None
        self._watched: list[int] = []
        """Readable when the login has ended [pidfd_open(2)]."""
        self._for_user, self._for_box = bytearray(INVITATION), bytearray()

    def __enter__(self) -> "Cable":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Lay it. Raises OSError."""
        self._user, user_end = pty.openpty()
        self._box, box_end = pty.openpty()
        self._ends = (user_end, box_end)  # held open: else the line is gone with who leaves it
        tty.setraw(user_end)
        for fd in (self._user, self._box):
            os.set_blocking(fd, False)
        self._terminal = os.ttyname(box_end)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(user_end))
        self._wake, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._relay, name="console", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take it away; who is logged in is logged out."""
        os.close(self._stop)
        self._thread.join()
        self.link.unlink(missing_ok=True)
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(END_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for fd in (self._user, self._box, *self._ends, self._wake, *self._watched):
            os.close(fd)

    def _relay(self) -> None:
        """Until `stop`: octets both ways, and a login when a key is pressed and there is none."""
        while True:
            reads = [self._user, self._box, self._wake, *self._watched]
            writes = [self._user] * bool(self._for_user) + [self._box] * bool(self._for_box)
            ready, free, _ = select.select(reads, writes, [])
            if self._wake in ready:
                return
            if self._watched and self._watched[0] in ready:
                self._logged_out()
            if self._user in ready:
                self._typed(_read(self._user))
            if self._box in ready:
                self._for_user += _read(self._box)
                del self._for_user[: max(0, len(self._for_user) - MOST)]
            if self._user in free:
                _write(self._user, self._for_user)
            if self._box in free:
                _write(self._box, self._for_box)

    def _typed(self, octets: bytes) -> None:
        if self._process is not None:
            self._for_box += octets[: MOST - len(self._for_box)]
            return
        words = [*self._login, self._terminal]
        try:
            self._process = subprocess.Popen(
                words, env=self._environment, start_new_session=True, stdin=subprocess.DEVNULL
            )
            self._watched = [os.pidfd_open(self._process.pid)]
        except OSError as problem:
            log.error("the console's login does not start: %s", problem)

    def _logged_out(self) -> None:
        assert self._process is not None
        self._process.wait()
        os.close(self._watched.pop())
        self._process = None
        self._for_box.clear()
        self._for_user += INVITATION


def _read(fd: int) -> bytes:
    with suppress(BlockingIOError):
        return os.read(fd, 4096)
    return b""


def _write(fd: int, waiting: bytearray) -> None:
    """Send what goes now, and take it off."""
    with suppress(BlockingIOError):
        del waiting[: os.write(fd, waiting[:4096])]
