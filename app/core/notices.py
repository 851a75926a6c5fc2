"""Change notices: a datagram from process to process that says only "look".

A process that has changed the store sends a notice; a process that needs to know listens, then
reads from the store what it has not seen yet. A notice has no content, so a lost one costs nothing
but time: listeners also look every 0.5 s. Each listener is a Unix datagram socket in one directory;
a notice is one send to each. Names are never used twice, so that removing a dead listener's socket
cannot hit a live one.
"""

import errno
import logging
import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

LOOK = b"look"
# Failures that mean "nobody will ever read this socket again".
_DEAD = frozenset({errno.ECONNREFUSED, errno.ENOENT, errno.ENOTSOCK, errno.EPROTOTYPE})


class _Directory:
    """A directory of sockets, held open so that its path may be longer than a socket address.

    A Unix socket address holds 107 octets [unix(7)]; /proc/self/fd/N/name always fits.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def address(self, name: str) -> str:
        """The socket address of `name` in this directory."""
        return f"/proc/self/fd/{self.fd}/{name}"

    def close(self) -> None:
        """Close the directory; closing twice is harmless."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Notices:
    """The sending side; `directory` is where the listeners' sockets are."""

    def __init__(self, directory: Path) -> None:
        self._directory = _Directory(directory)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def send(self) -> None:
        """Send "look" to every listener. Never blocks; a dead listener's socket is removed."""
        for name in os.listdir(self._directory.fd):  # noqa: PTH208 (a Path cannot list a descriptor)
            try:
                self._socket.sendto(LOOK, self._directory.address(name))
            except BlockingIOError:
                continue  # its buffer is full of notices it has yet to read: it will look anyway
            except OSError as problem:
                self._failed(name, problem)

    def _failed(self, name: str, problem: OSError) -> None:
        if problem.errno not in _DEAD:
            log.warning("notice to %s failed: %s", name, problem)
            return
        with suppress(FileNotFoundError):  # another sender was quicker
            os.unlink(name, dir_fd=self._directory.fd)

    def close(self) -> None:
        """Send no more."""
        self._socket.close()
        self._directory.close()


class Listener:
    """The listening side: a file descriptor that becomes readable when a notice has come."""

    def __init__(self, directory: Path, name: str) -> None:
        """`name` says who listens; it is for people who look into the directory."""
        self._directory = _Directory(directory)
        self._name = f"{name}.{os.getpid()}.{secrets.token_hex(4)}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(self._directory.address(self._name))

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def clear(self) -> bool:
        """Read all waiting notices; True if there was one. Call this before reading the store."""
        found = False
        while True:
            try:
                self._socket.recv(64)
            except BlockingIOError:
                return found
            found = True

    def close(self) -> None:
        """Stop listening and remove the socket."""
        if self._directory.fd < 0:
            return
        self._socket.close()
        with suppress(FileNotFoundError):  # a sender may have found it closed and removed it
            os.unlink(self._name, dir_fd=self._directory.fd)
        self._directory.close()
