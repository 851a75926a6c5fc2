"""The lines' states as the phone service tells them: it answers when something has changed.

The socket is read when it is readable and never waited for; a phone service that is away is looked
for again every second.
"""

import json
import logging
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.core.records import BadRecord, parse_json

log = logging.getLogger(__name__)

RETRY_S = 1.0
AWAY_S = 5.0
"""Away for so long, it counts as a service that does not run; a restart is shorter."""
ANSWER_MOST = 1_000_000
"""Octets of an answer; one line of it has about two hundred."""


class PhoneLink:
    """One conversation with the phone service. Times are monotonic seconds and handed in."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._octets = b""
        self._try_at = 0.0
        self._away_since: float | None = None
        self.status: Mapping[str, Any] | None = None
        """The last answer; None: nothing is known."""

    def fileno(self) -> int:
        """Readable when an answer has come; -1 while nobody is there."""
        return -1 if self._socket is None else self._socket.fileno()

    def wait_s(self, now_s: float) -> float | None:
        """Seconds until it is looked for again; None: nothing is due."""
        return None if self._socket is not None else max(0.0, self._try_at - now_s)

    def away(self, now_s: float) -> bool:
        """Whether it has been away for AWAY_S."""
        return self._away_since is not None and now_s - self._away_since >= AWAY_S

    def look(self, now_s: float) -> None:
        """Take what has come, and ask for the next change."""
        if self._socket is None and now_s >= self._try_at:
            self._connect(now_s)
        if self._socket is not None:
            try:
                self._receive(self._socket)
            except (OSError, BadRecord, KeyError) as problem:
                log.info("the phone service is away: %s", problem)
                self._lose(now_s)

    def close(self) -> None:
        """Ask no more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self, now_s: float) -> None:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(str(self._path))
            link.setblocking(False)
            self._ask(link, -1)
        except OSError:
            link.close()
            self._lose(now_s)
            return
        self._socket, self._octets, self._away_since = link, b"", None

    def _lose(self, now_s: float) -> None:
        self.close()
        self.status = None
        self._try_at = now_s + RETRY_S
        if self._away_since is None:
            self._away_since = now_s

    def _receive(self, link: socket.socket) -> None:
        while True:
            try:
                octets = link.recv(65536)
            except BlockingIOError:
                return
            if not octets or len(self._octets) > ANSWER_MOST:
                raise ConnectionError("it has ended the conversation")
            *lines, self._octets = (self._octets + octets).split(b"\n")
            for line in lines:
                answer = parse_json(line)
                self._ask(link, answer["changes"])
                self.status = answer

    @staticmethod
    def _ask(link: socket.socket, since: int) -> None:
        link.send(json.dumps({"ask": "changed", "since": since}).encode() + b"\n")
