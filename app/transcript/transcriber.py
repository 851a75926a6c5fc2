"""When voicemail is written down: one message at a time, while nobody is on a line.

A message is copied into memory, and a process is started that has it as its standard input
(worker.py). While somebody telephones it stands still. One that is killed, or takes too long, costs
nothing but the text; it is tried once more (app/inbox/transcripts.py). Recordings whose owner wants
the text in the mail come before everything else, and are tried once (app/inbox/awaited_texts.py).
"""

import logging
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.clock import Clock
from app.core.control import NotRunning, ask
from app.core.records import BadRecord, from_json, parse_json
from app.inbox.errors import ContentGone
from app.inbox.store import Store
from app.inbox.transcripts import Outcome, Transcript
from app.message.audio_formats import wave_head
from app.message.composing import base64_lines
from app.store.database import Database, Tx
from drivers.sampling import SAMPLE_RATE

log = logging.getLogger(__name__)

LONGEST_S = 900.0
"""Seconds that a process may work; those while it stood still do not count."""
MOST_OCTETS = 8 * 1024 * 1024
"""Of a message that are copied: its first five minutes, as base64."""
MOST_SAMPLES = 300 * 2 * SAMPLE_RATE
"""Octets of a recording that are copied: five minutes."""
LONGEST_ANSWER = 65_536
ANSWER_WITHIN_S = 2.0
"""That the phone service may take to say whether a line is used."""


@dataclass(frozen=True)
class _Work:
    """What is to be written down."""

    name: str
    """For the log."""
    message: Iterator[bytes]
    """Its octets; may raise ContentGone."""
    keep: Callable[[Tx, Transcript], None]
    """Keeps what comes out of it."""


class _Run:
    """A process at work on one message."""

    def __init__(self, work: _Work, command: Sequence[str]) -> None:
        """Raises OSError if there is no memory or no process for it, and ContentGone."""
        self.work = work
        self.worked_s = 0.0
        self._stands = False
        self._answer = os.memfd_create("transcript")
        source = os.memfd_create("message")
        try:
            copied = 0
            for piece in work.message:
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
                log.error("%s: its text is not understood: %s", self.work.name, problem)
        else:
            log.error("%s was not written down (exit %d)", self.work.name, code)
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
            log.error("%s: no text within %g s", run.work.name, LONGEST_S)
        self._run = None
        transcript = run.result()
        self._db.now(lambda tx: run.work.keep(tx, transcript))

    def _begin(self) -> None:
        command = self._command()
        if command is None:
            return
        version = self._store.data_version()
        if version == self._version:
            return
        work = self._awaited() or self._newest()
        if work is None:
            self._version = version
            return
        if not self._quiet():
            return
        try:
            self._run = _Run(work, command)
        except ContentGone:
            return
        except OSError as problem:
            log.error("%s cannot be written down now: %s", work.name, problem)

    def _awaited(self) -> _Work | None:
        """The recording that has waited longest for its text."""
        number = self._store.awaited_texts.next()
        recording = None if number is None else self._store.recordings.get(number)
        if number is None or recording is None:
            return None
        last_take = max(recording.takes, default=0)
        sound = (octets for _, octets in self._store.recordings.samples(number, last_take))
        awaited = self._store.awaited_texts
        return _Work(
            f"recording {number}",
            as_message(sound),
            lambda tx, transcript: awaited.keep(tx, number, transcript),
        )

    def _newest(self) -> _Work | None:
        """The newest message that has not been looked at."""
        entry = self._store.transcripts.next()
        if entry is None:
            return None
        content, texts = entry.content, self._store.transcripts
        return _Work(
            f"message {entry.id}",
            self._store.octets(entry),
            lambda tx, transcript: texts.keep(tx, content, transcript),
        )

    def stop(self) -> None:
        """End a process that works; its message is next again."""
        if self._run is not None:
            self._run.result()
            self._run = None


def as_message(sound: Iterable[bytes]) -> Iterator[bytes]:
    """S16LE at 8 kHz as a message whose only part it is; what is beyond MOST_SAMPLES is cut."""
    samples = bytearray()
    for octets in sound:
        samples += octets
        if len(samples) >= MOST_SAMPLES:
            break
    wav = wave_head(len(samples) // 2) + bytes(samples[: len(samples) // 2 * 2])
    yield b"Content-Type: audio/wav\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    yield base64_lines(wav)


def nobody_on_a_line(control: Path) -> bool:
    """Whether the phone service says that no line is used; one that does not answer is busy."""
    try:
        status = ask(control, {"ask": "status"}, ANSWER_WITHIN_S)
    except NotRunning:
        return False
    lines = status.get("lines", {})
    return not any(line.get("call") for line in lines.values())
