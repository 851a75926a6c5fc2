"""When voicemail is written down: one message at a time, while nobody is on a line.

A message is copied into memory, and a process is started that has it as its standard input
(worker.py). While somebody telephones it stands still. One that is killed, or takes too long, costs
nothing but the text; it is tried once more (app/inbox/transcripts.py).
"""

import logging
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from app.core.clock import Clock
from app.core.control import NotRunning, ask
from app.core.records import BadRecord, from_json, parse_json
from app.inbox.entries import Entry
from app.inbox.errors import ContentGone
from app.inbox.store import Store
from app.inbox.transcripts import Outcome, Transcript
from app.store.database import Database

log = logging.getLogger(__name__)

LONGEST_S = 900.0
"""Seconds that a process may work; those while it stood still do not count."""
MOST_OCTETS = 8 * 1024 * 1024
"""Of a message that are copied: its first five minutes, as base64."""
LONGEST_ANSWER = 65_536
ANSWER_WITHIN_S = 2.0
"""That the phone service may take to say whether a line is used."""


class _Run:
    """A process at work on one message."""

    def __init__(self, entry: Entry, message: Iterator[bytes], command: Sequence[str]) -> None:
        """Raises OSError if there is no memory or no process for it, and what `message` raises."""
        self.entry = entry
        self.worked_s = 0.0
        self._stands = False
        self._answer = os.memfd_create("transcript")
        source = os.memfd_create("message")
        try:
            copied = 0
            for piece in message:
                os.write(source, piece)
                copied += len(piece)
                if copied > MOST_OCTETS:
                    break
            os.lseek(source, 0, os.SEEK_SET)
            self._process = subprocess.Popen(command, stdin=source, stdout=self._answer)
        except BaseException:
            os.close(self._answer)
            raise
        finally:
            os.close(source)

    def stand(self, still: bool) -> None:
        """Have it stand still, or go on [signal(7)]."""
        if still != self._stands:
            self._stands = still
            self._process.send_signal(signal.SIGSTOP if still else signal.SIGCONT)

    def ended(self) -> bool:
        """Whether there is an answer, or never will be."""
        return self._process.poll() is not None

    def result(self) -> Transcript:
        """What came out of it; frees what it had. Ends the process if it has not ended."""
        if not self.ended():
            self._process.kill()  # also one that stands still
        code = self._process.wait()
        answer = os.pread(self._answer, LONGEST_ANSWER, 0)
        os.close(self._answer)
        if code == 0:
            try:
                return from_json(Transcript, parse_json(answer), "transcript")
            except BadRecord as problem:
                log.error("message %d: its text is not understood: %s", self.entry.id, problem)
        else:
            log.error("message %d was not written down (exit %d)", self.entry.id, code)
        return Transcript(Outcome.FAILED)


class Transcriber:
    """Starts the processes and keeps what they write; `look` at it every few seconds."""

    def __init__(
        self,
        db: Database,
        store: Store,
        clock: Clock,
        command: Callable[[], Sequence[str] | None],
        quiet: Callable[[], bool],
    ) -> None:
        """`command` is the worker, None where there is no pack; `quiet`: nobody is on a line."""
        self._db, self._store, self._clock = db, store, clock
        self._command, self._quiet = command, quiet
        self._run: _Run | None = None
        self._looked_at = clock.monotonic()
        self._version = -1

    def look(self) -> None:
        """Keep what is written, and begin with what is next. Raises StoreError."""
        now = self._clock.monotonic()
        passed_s, self._looked_at = now - self._looked_at, now
        if self._run is not None:
            self._go_on(self._run, passed_s)
        if self._run is None:
            self._begin()

    def _go_on(self, run: _Run, passed_s: float) -> None:
        if not run.ended():
            quiet = self._quiet()
            run.stand(still=not quiet)
            run.worked_s += passed_s if quiet else 0.0
            if run.worked_s < LONGEST_S:
                return
            log.error("message %d: no text within %g s", run.entry.id, LONGEST_S)
        self._run = None
        transcript, content = run.result(), run.entry.content
        self._db.now(lambda tx: self._store.transcripts.keep(tx, content, transcript))

    def _begin(self) -> None:
        command = self._command()
        if command is None:
            return
        version = self._store.data_version()
        if version == self._version:
            return
        entry = self._store.transcripts.next()
        if entry is None:
            self._version = version
            return
        if not self._quiet():
            return
        try:
            self._run = _Run(entry, self._store.octets(entry), command)
        except ContentGone:
            return
        except OSError as problem:
            log.error("message %d cannot be written down now: %s", entry.id, problem)

    def stop(self) -> None:
        """End a process that works; its message is next again."""
        if self._run is not None:
            self._run.result()
            self._run = None


def nobody_on_a_line(control: Path) -> bool:
    """Whether the phone service says that no line is used; one that does not answer is busy."""
    try:
        status = ask(control, {"ask": "status"}, ANSWER_WITHIN_S)
    except NotRunning:
        return False
    lines = status.get("lines", {})
    return not any(line.get("call") for line in lines.values())
