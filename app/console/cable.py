"""A serial line without wires, on a laptop: what plugs into it finds the console at its end.

Two pseudo terminals, end to end. Ours is where the login runs; the other is for whoever attaches:
`screen`, `picocom`, pyserial. As at a line without handshake, what is sent while nobody reads is
lost in the end, and nobody notices who comes and goes. It loads next to nothing, since the process
that it is in stays for as long as the box runs.
"""

import os
import pty
import select
import signal
import tty
from collections.abc import Mapping, Sequence

MOST = 65_536
"""Octets that wait for whoever attaches; of more the oldest are dropped."""
INVITATION = b"\r\nSwitchhook: press Enter to log in.\r\n"
END_WITHIN_S = 5.0


class Cable:
    """One line: `lay` it, `relay`, and `stop` it at the end."""

    def __init__(self, link: str, login: Sequence[str], environment: Mapping[str, str]) -> None:
        """`link` becomes the name of the far end; `login` runs when somebody presses a key.

        The name of the terminal that it is to open is appended to its words.
        """
        self.link = link
        self._login, self._environment = login, environment
        self._logged_in = 0
        """The process of the login; 0: there is none."""
        self._watched: list[int] = []
        """Readable when the login has ended [pidfd_open(2)]."""
        self._for_user, self._for_box = bytearray(INVITATION), bytearray()

    def lay(self) -> None:
        """Make the terminals and the link. Raises OSError."""
        self._user, user_end = pty.openpty()
        self._box, box_end = pty.openpty()
        self._ends = (user_end, box_end)  # held open: else the line is gone with who leaves it
        tty.setraw(user_end)
        for fd in (self._user, self._box):
            os.set_blocking(fd, False)
        self._terminal = os.ttyname(box_end)
        self._unlink()
        os.symlink(os.ttyname(user_end), self.link)  # noqa: PTH211 - pathlib is half a megabyte

    def stop(self) -> None:
        """Take it away; who is logged in is logged out."""
        self._unlink()
        if self._logged_in:
            os.kill(self._logged_in, signal.SIGTERM)
            if not select.select(self._watched, [], [], END_WITHIN_S)[0]:
                os.kill(self._logged_in, signal.SIGKILL)
            os.waitpid(self._logged_in, 0)
        for fd in (self._user, self._box, *self._ends, *self._watched):
            os.close(fd)

    def _unlink(self) -> None:
        if os.path.lexists(self.link):
            os.unlink(self.link)  # noqa: PTH108 - as above

    def relay(self, until: int) -> None:
        """Octets both ways, and a login when a key is pressed and there is none.

        Returns when the descriptor `until` is readable.
        """
        while True:
            reads = [until, self._user, self._box, *self._watched]
            writes = [self._user] * bool(self._for_user) + [self._box] * bool(self._for_box)
            ready, free, _ = select.select(reads, writes, [])
            if until in ready:
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
        if self._logged_in:
            self._for_box += octets[: MOST - len(self._for_box)]
            return
        words = [*self._login, self._terminal]
        silent = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
        try:
            self._logged_in = os.posix_spawn(
                words[0], words, self._environment, file_actions=[silent], setsid=True
            )
            self._watched = [os.pidfd_open(self._logged_in)]
        except OSError as problem:
            import logging  # a login that does not start is rare, and this is for ever

            logging.getLogger(__name__).error("the console's login does not start: %s", problem)

    def _logged_out(self) -> None:
        os.waitpid(self._logged_in, 0)
        os.close(self._watched.pop())
        self._logged_in = 0
        self._for_box.clear()
        self._for_user += INVITATION


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 4096)
    except BlockingIOError:
        return b""


def _write(fd: int, waiting: bytearray) -> None:
    """Send what goes now, and take it off."""
    try:
        sent = os.write(fd, waiting[:4096])
    except BlockingIOError:
        return
    del waiting[:sent]
