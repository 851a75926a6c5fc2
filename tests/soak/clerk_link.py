"""The phone's end of a clerk's socket, as a program that waits for each answer."""

import socket
import threading
from typing import Any

from app.appliance import clerk_config
from app.clerk import frames
from app.clerk.api import JOBS, new_number
from app.core.records import from_json, to_json
from app.phone.calls.caller import Caller
from app.voicemail.jobs import RecordingResult, RecordingStart, WaitingMessages
from tests.kit.killing import House

ANSWER_S = 60.0


class ClerkGone(ConnectionError):
    """The clerk has died."""


class Failed(Exception):
    """The clerk says that it cannot do this."""


class ClerkLink:
    """Asks the clerk at the other end of `connection`; used by one thread at a time."""

    def __init__(self, connection: socket.socket, house: House) -> None:
        self._socket, self._decoder = connection, frames.Decoder()
        self._socket.settimeout(ANSWER_S)
        self._number = 0
        self._lock = threading.Lock()
        self.waiting: WaitingMessages | None = None
        """What the lamps were told last."""
        config = to_json(clerk_config(house.paths, house.paths.settings()))
        self._send(frames.encode({"config": config, "live": []}))

    def begin_recording(self, mailbox: str, line: str, number: str) -> int:
        """See ClerkApi. Raises Failed if it is refused, too."""
        caller = Caller(number, None, None)
        answer = self.ask("begin_recording", new_number(), mailbox, line, caller)
        start: RecordingStart = answer
        if start.recording is None:
            raise Failed(str(start.refused))
        return start.recording

    def end_recording(self, recording: int) -> RecordingResult:
        """See ClerkApi."""
        result: RecordingResult = self.ask("end_recording", recording, "hung up")
        return result

    def ask(self, job: str, *values: Any) -> Any:
        """Do a job; its result. Raises Failed and ClerkGone."""
        with self._lock:
            self._number += 1
            number = self._number
            self._send(frames.question(number, job, JOBS[job].arguments(*values)))
            while True:
                for header, raw in self._receive():
                    if number in header.get("done", ()):
                        return None
                    if header.get("n") == number and not header.get("later"):
                        return self._result(job, header, raw)

    def _result(self, job: str, header: dict[str, Any], raw: bytes) -> Any:
        if "failed" in header:
            raise Failed(str(header["failed"]))
        return JOBS[job].result(raw if header.get("raw") else header["result"])

    def _send(self, octets: bytes) -> None:
        try:
            self._socket.sendall(octets)
        except OSError as gone:
            raise ClerkGone(str(gone)) from gone

    def _receive(self) -> list[tuple[dict[str, Any], bytes]]:
        try:
            octets = self._socket.recv(1 << 18)
        except TimeoutError:
            raise AssertionError(f"the clerk is silent for {ANSWER_S:g} s") from None
        except OSError as gone:
            raise ClerkGone(str(gone)) from gone
        if not octets:
            raise ClerkGone("end of file")
        found = self._decoder.feed(octets)
        for header, _ in found:
            if "push" in header:
                self.waiting = from_json(WaitingMessages, header["push"], "push")
        return found

    def close(self) -> None:
        """Hang up; the clerk ends when it has finished what it has."""
        self._socket.close()
