"""The phone's end of a fax call whose terminal runs in a process of its own.

Nothing here waits: a period that was heard is put into the socket, and what the engine has sent is
taken. CUSHION periods lie ready, so that a beat or an engine that is a little late makes no gap in
a signal. While the engine waits for the disk, with a page that is to be kept, they run out and the
line hears silence, as it does at that moment anyway; when the engine goes on, as many silent
periods are left out, so that the delay does not grow.
"""

import contextlib
import json
import logging
import socket
import subprocess
import sys
from collections import deque
from pathlib import Path

import numpy as np

from app.core.records import BadRecord, from_json, parse_json, to_json
from app.phone.fax.folder import FaxEnd
from app.phone.fax.link import FaxOrder
from app.phone.timers import FAX_ENGINE_LATE
from drivers.buses import PERIOD, Samples

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[3]
PACKET = 65536
SOUND, END = b"S", b"E"
"""How the engine's packets begin: a period of samples, or how the call has ended."""
CUSHION = 4
"""Periods that lie ready: 40 ms of delay."""
ENGINES_MOST = 8
"""Fax calls at one time; each engine takes 20 to 30 MB."""
_SILENCE = bytes(2 * PERIOD)
_ENGINES: list["subprocess.Popen[bytes]"] = []  # ended, or about to: to be reaped


class FaxProcess:
    """A fax call; is a FaxLink. Raises OSError if no engine can be started."""

    def __init__(self, order: FaxOrder) -> None:
        self.end: FaxEnd | None = None
        self._waiting: deque[bytes] = deque()
        self._flowing = False  # whether the cushion is there
        self._late = 0  # periods since the engine has sent anything
        self.unanswered = 0
        """Periods that the engine has been given and not answered."""
        self._told: FaxEnd | None = None
        _reap()
        if len(_ENGINES) >= ENGINES_MOST:
            raise OSError(f"{ENGINES_MOST} fax calls are under way, which is the most")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        command = [sys.executable, "-m", "app.phone.fax.engine", str(theirs.fileno())]
        with theirs:
            self._child = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=ROOT)
        _ENGINES.append(self._child)
        self._socket: socket.socket | None = ours
        ours.send(json.dumps(to_json(order)).encode())

    def period(self, heard: Samples) -> Samples:
        """See FaxLink."""
        if self._socket is not None:
            self._late += 1
            # An engine that is late gets a gap, as from a bad line; one that is over hears nothing.
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                self._socket.send(heard.astype("<i2").tobytes())
                self.unanswered += 1
            self.receive()
        waiting = self._waiting
        while len(waiting) > CUSHION + 1 and waiting[0] == _SILENCE:
            waiting.popleft()
        self._flowing = bool(waiting) and (self._flowing or len(waiting) > CUSHION)
        if self._told is not None and not waiting:
            self.end = self._told
        if not self._flowing and self._told is None:
            return np.zeros(PERIOD, np.int16)
        octets = waiting.popleft() if waiting else _SILENCE
        return np.frombuffer(octets, "<i2").astype(np.int16)

    def receive(self) -> None:
        """Take what the engine has sent."""
        try:
            while self._socket is not None and (packet := self._socket.recv(PACKET)):
                self._take(packet)
        except BlockingIOError:
            if self._late >= FAX_ENGINE_LATE.periods:
                self._fail(f"the fax engine has sent nothing for {FAX_ENGINE_LATE.ms} ms")
        except (OSError, BadRecord) as problem:
            self._fail(f"the fax engine has gone: {problem}")
        else:
            self._fail("the fax engine has gone")

    def _take(self, packet: bytes) -> None:
        self._late = 0
        if packet[:1] == SOUND:
            self._waiting.append(packet[1:])
            self.unanswered -= 1
        else:
            self._told = from_json(FaxEnd, parse_json(packet[1:]), "end")

    def _fail(self, why: str) -> None:
        if self._told is None:
            log.error("%s", why)
            self._told = FaxEnd(False, why)
        self._close_socket()

    def close(self) -> None:
        """See FaxLink: the engine keeps what it has and ends by itself."""
        self._close_socket()
        if self._told is None:
            self._told = FaxEnd(False, "the call was ended")
        if self.end is None:  # what the engine has told holds, though its last sounds were not sent
            self.end = self._told

    def _close_socket(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _reap() -> None:
    _ENGINES[:] = [engine for engine in _ENGINES if engine.poll() is None]
