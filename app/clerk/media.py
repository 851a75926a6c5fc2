"""Slow sounds and sounds from outside are made in processes of their own, under limits.

A conversion is a function that reads octets and yields S16LE mono at 8 kHz: it decodes the audio
part of a mail, reads a WAVE file of another rate, or runs the speech synthesizer. MediaWorkers
forks a child of this process for each; the child has a limit of memory and of CPU time and is
killed when nothing comes from it in time, or when this process ends. What becomes of a child
becomes of one conversion.

    this process -> child   frames with octets of the source, then {"end": true}
    child -> this process   frames with sound, then {"end": true} or {"failed": "why"}

A child gets no more than it reads and is read only as far as somebody listens, some minutes ahead.
The child of a process with an open SQLite connection must not use it, nor close it in an orderly
way [sqlite.org/howtocorrupt.html §2.6]; ours closes the bare descriptors and ends by _exit().
"""

import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from app.clerk import frames
from app.clerk.api import NotReady
from app.core.clock import Clock
from app.core.confined import confine
from app.core.process import end_with
from app.message.audio_formats import UnknownSound
from drivers.sampling import SAMPLE_RATE

log = logging.getLogger(__name__)

SILENT_FOR_S = 10.0  # without a frame from a child that is waited for
SPEECH_S = 25.0  # the same for the synthesizer, which has 20 s
CPU_LIMIT_S = 300  # an hour of sound at another rate takes two minutes
MEMORY_LIMIT = 128 * 1024 * 1024  # octets of data beyond ours [setrlimit(2), RLIMIT_DATA]
NICE = 5  # below everything that a caller waits for
AHEAD = 4 * 1024 * 1024  # octets of sound that are read before they are asked for: 4 minutes
LONGEST = 60 * 60 * SAMPLE_RATE * 2  # octets of one sound that are kept: an hour
TOO_LONG = f"longer than {LONGEST // (SAMPLE_RATE * 2)} s"
WORKERS = 3  # children at one time; further conversions wait
READ_AT_ONCE = 1 << 18
FEED_AT_ONCE = 4  # pieces of the source, so that nobody waits for a large mail


class MediaFailed(Exception):
    """A sound cannot be made; the text is for the log."""


class SourceFailed(MediaFailed):
    """The octets of a sound cannot be read now; that says nothing about the sound."""


class Source:
    """Octets in pieces, read as a file is."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._kept = b""

    def __iter__(self) -> Iterator[bytes]:
        if self._kept:
            kept, self._kept = self._kept, b""
            yield kept
        yield from self._pieces

    def read(self, most: int) -> bytes:
        """At most so many octets; b"" is the end."""
        while not self._kept:
            more = next(self._pieces, None)
            if more is None:
                return b""
            self._kept = more
        given, self._kept = self._kept[:most], self._kept[most:]
        return given

    def peek(self, count: int) -> bytes:
        """The next `count` octets, fewer at the end, without taking them."""
        while len(self._kept) < count:
            more = next(self._pieces, None)
            if more is None:
                break
            self._kept += more
        return self._kept[:count]

    def exactly(self, count: int) -> bytes:
        """So many octets; fewer at the end."""
        read = bytearray()
        while len(read) < count and (piece := self.read(count - len(read))):
            read += piece
        return bytes(read)


Convert = Callable[[Source], Iterator[bytes]]
"""Makes sound of octets, piece by piece. Raises MediaFailed or UnknownSound."""


class Conversion(Protocol):
    """A sound that is being made, or is made."""

    def piece(self, start: int, count: int) -> bytes:
        """Octets of the sound from octet `start` on; fewer than `count` at its end.

        Raises NotReady until they are there, and MediaFailed.
        """
        ...

    def __len__(self) -> int:
        """Octets that are kept."""
        ...

    def made(self, start: int, count: int) -> bytes:
        """What is made of these octets of the sound, although the rest may have failed."""
        ...

    @property
    def failure(self) -> MediaFailed | None:
        """Why there is no more sound although there should be."""
        ...

    @property
    def dropped(self) -> bool:
        """Whether it was ended early, to make room for others: begin it anew."""
        ...

    def close(self) -> None:
        """Nobody wants it any more."""
        ...


class Media(Protocol):
    """Where conversions are made."""

    def convert(
        self, convert: Convert, source: Iterable[bytes] = (), silent_for_s: float = SILENT_FOR_S
    ) -> Conversion:
        """Begin a conversion of these octets; given up when it lets somebody wait for so long."""
        ...


class InlineConversion:
    """A conversion made in this process, inside piece(), as far as it is asked for."""

    def __init__(self, convert: Convert, source: Iterable[bytes]) -> None:
        self._more = _guarded(convert, source)
        self._sound = bytearray()
        self.failure: MediaFailed | None = None

    def __len__(self) -> int:
        return len(self._sound)

    def piece(self, start: int, count: int) -> bytes:
        """See Conversion; `start` and `count` are octets. Never raises NotReady."""
        while len(self._sound) < start + count:
            if self.failure is not None:
                raise self.failure
            more = self._next()
            if more is None:
                break
            self._sound += more
        return self.made(start, count)

    def _next(self) -> bytes | None:
        try:
            if len(self._sound) >= LONGEST:
                raise MediaFailed(TOO_LONG)
            return next(self._more, None)
        except MediaFailed as problem:
            self.failure = problem
            raise
        except Exception as problem:  # the source: see ChildConversion.feed
            self.failure = SourceFailed(str(problem))
            raise self.failure from problem

    def made(self, start: int, count: int) -> bytes:
        """See Conversion; `start` and `count` are octets."""
        return bytes(self._sound[start : start + count])

    @property
    def dropped(self) -> bool:
        """See Conversion."""
        return False

    def close(self) -> None:
        """See Conversion."""
        self._more = iter(())


class InlineMedia:
    """Conversions made in this process: for free pace, where nobody waits."""

    def convert(
        self, convert: Convert, source: Iterable[bytes] = (), silent_for_s: float = SILENT_FOR_S
    ) -> Conversion:
        """See Media; here nothing is given up."""
        return InlineConversion(convert, source)


def _guarded(convert: Convert, source: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from convert(Source(source))
    except UnknownSound as problem:
        raise MediaFailed(str(problem)) from problem


class ChildConversion:
    """A conversion in a child; MediaWorkers starts it, feeds it and reads it."""

    def __init__(
        self, convert: Convert, source: Iterable[bytes], clock: Clock, silent_for_s: float
    ) -> None:
        self._convert, self._source, self._clock = convert, iter(source), clock
        self.silent_for_s = silent_for_s
        self._sound = bytearray()
        self._wanted = 0
        self._ended = False
        self.failure: MediaFailed | None = None
        self._decoder = frames.Decoder()
        self._out = b""
        self._fed = False
        self._silent_since: float | None = None
        self.dropped = False
        self.socket: socket.socket | None = None
        self.pid = 0

    def __len__(self) -> int:
        return len(self._sound)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self._ended

    @property
    def waited_for(self) -> bool:
        """Whether somebody has asked for more than is there."""
        return not self._ended and len(self._sound) < self._wanted

    @property
    def wants_input(self) -> bool:
        """Whether the child may be sent more of the source."""
        return self.socket is not None and (bool(self._out) or not self._fed)

    @property
    def wants_output(self) -> bool:
        """Whether the child's sound is to be read."""
        return self.socket is not None and len(self._sound) < self._wanted + AHEAD

    def piece(self, start: int, count: int) -> bytes:
        """See Conversion; `start` and `count` are octets. Raises NotReady and MediaFailed."""
        self._wanted = max(self._wanted, min(start + count, LONGEST))
        if self.waited_for:
            if self._silent_since is None:
                self._silent_since = self._clock.monotonic()
            raise NotReady
        if self.failure is not None:
            raise self.failure
        return self.made(start, count)

    def made(self, start: int, count: int) -> bytes:
        """See Conversion; `start` and `count` are octets."""
        return bytes(self._sound[start : start + count])

    def close(self) -> None:
        """See Conversion."""
        self.dropped = self.dropped or not self._ended
        self.fail("ended to make room")

    def start(self) -> None:
        """Fork the child."""
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            _child(theirs, self._convert, parent)
        theirs.close()
        ours.setblocking(False)
        self.socket = ours
        self._silent_since = self._clock.monotonic()

    def feed(self) -> None:
        """Send the child a few pieces of the source, as many as its socket has room for."""
        assert self.socket is not None
        try:
            for _ in range(FEED_AT_ONCE):
                if not self._out and not self._next_frame():
                    break
                self._out = self._out[self.socket.send(self._out) :]
        except BlockingIOError:
            return
        except OSError:  # the child reads no more: it has what it needs, or it is gone
            self._fed, self._out = True, b""

    def _next_frame(self) -> bool:
        if self._fed:
            return False
        try:
            more = next(self._source, None)
        except Exception as problem:  # a mail that another process has removed, or a bad page
            self._fed = True
            self.fail(str(problem), SourceFailed)
            return False
        self._fed = more is None
        self._out = frames.encode({"end": True}) if more is None else frames.encode({}, more)
        return True

    def receive(self) -> None:
        """Read what the child has made."""
        assert self.socket is not None
        try:
            octets = self.socket.recv(READ_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            octets = b""
        if not octets:
            self.fail("the worker died (out of memory or of time, or killed)")
            return
        before = len(self._sound)
        for header, raw in self._decoder.feed(octets):
            self._sound += raw
            if "failed" in header:
                self.fail(str(header["failed"]))
            elif "end" in header:
                self._end()
        if len(self._sound) >= LONGEST:
            self.fail(TOO_LONG)
        if not self.waited_for:
            self._silent_since = None
        elif len(self._sound) > before:
            self._silent_since = self._clock.monotonic()

    def expired(self) -> bool:
        """Whether the child has let somebody wait for too long."""
        if not self.waited_for or self._silent_since is None or self.socket is None:
            return False
        return self._clock.monotonic() - self._silent_since >= self.silent_for_s

    def fail(self, why: str, kind: type[MediaFailed] = MediaFailed) -> None:
        """It cannot be made; kills the child."""
        if not self._ended:
            self.failure = kind(why)
        self._end()

    def _end(self) -> None:
        self._ended = True
        if self.socket is not None:
            self.socket.close()
            self.socket = None
            for kill in (os.killpg, os.kill):  # it may not have its own group yet
                with contextlib.suppress(ProcessLookupError):
                    kill(self.pid, signal.SIGKILL)


class MediaWorkers:
    """Conversions in children of this process; serve() is called with what select() has found."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[ChildConversion] = []
        self._running: list[ChildConversion] = []
        self._dead: set[int] = set()

    def convert(
        self, convert: Convert, source: Iterable[bytes] = (), silent_for_s: float = SILENT_FOR_S
    ) -> Conversion:
        """See Media."""
        conversion = ChildConversion(convert, source, self._clock, silent_for_s)
        self._waiting.append(conversion)
        self._schedule()
        return conversion

    def readers(self) -> list[int]:
        """Descriptors to be watched for reading."""
        return [c.socket.fileno() for c in self._running if c.socket and c.wants_output]

    def writers(self) -> list[int]:
        """Descriptors to be watched for writing."""
        return [c.socket.fileno() for c in self._running if c.socket and c.wants_input]

    def serve(self, readable: Sequence[int], writable: Sequence[int]) -> bool:
        """Feed and read children, end those that are too slow; whether anything happened.

        `readable` and `writable` are descriptors.
        """
        happened = False
        for conversion in list(self._running):
            if conversion.socket is not None and conversion.socket.fileno() in writable:
                conversion.feed()
                happened |= conversion.ended  # its source has failed
            if conversion.socket is not None and conversion.socket.fileno() in readable:
                conversion.receive()
                happened = True
            if conversion.expired():
                limit = conversion.silent_for_s
                log.error("media worker %d: nothing for %g s: killed", conversion.pid, limit)
                conversion.fail(f"nothing came within {limit:g} s")
                happened = True
        self._schedule()
        return happened

    def close(self) -> None:
        """End all children."""
        for conversion in (*self._waiting, *self._running):
            conversion.close()
        self._schedule()
        for pid in self._dead:
            os.waitpid(pid, 0)
        self._dead.clear()

    def _schedule(self) -> None:
        self._dead |= {c.pid for c in self._running if c.ended}
        self._running = [c for c in self._running if not c.ended]
        self._waiting = [c for c in self._waiting if not c.ended]
        self._dead = {pid for pid in self._dead if os.waitpid(pid, os.WNOHANG)[0] == 0}
        if self._waiting and len(self._running) >= WORKERS:
            self._make_room()
        while self._waiting and len(self._running) < WORKERS:
            conversion = self._waiting.pop(0)
            conversion.start()
            self._running.append(conversion)

    def _make_room(self) -> None:
        """End a child that nobody waits for now; its sound is made anew when it is wanted."""
        idle = next((c for c in self._running if not c.waited_for), None)
        if idle is not None:
            idle.close()
            self._running.remove(idle)
            self._dead.add(idle.pid)


# ---- in the child


def _child(connection: socket.socket, convert: Convert, parent: int) -> None:
    """Convert, send, end; never returns."""
    code = 1
    try:
        end_with(parent)  # nobody wants the sound of a clerk that was killed
        os.setsid()  # one process group with the synthesizer, so that both are killed at once
        _close_all_but(connection.fileno())
        confine(MEMORY_LIMIT, CPU_LIMIT_S, NICE)
        _serve(connection, convert)
        code = 0
    except BaseException:
        log.exception("media worker")
    finally:
        os._exit(code)


def _serve(connection: socket.socket, convert: Convert) -> None:
    try:
        for piece in _guarded(convert, _received(connection)):
            connection.sendall(frames.encode({}, piece))
        connection.sendall(frames.encode({"end": True}))
    except (BrokenPipeError, ConnectionResetError):
        return
    except (MediaFailed, MemoryError) as problem:
        why = str(problem) or "out of memory"
        connection.sendall(frames.encode({"failed": why}))


def _received(connection: socket.socket) -> Iterator[bytes]:
    decoder = frames.Decoder()
    while octets := connection.recv(READ_AT_ONCE):
        for header, raw in decoder.feed(octets):
            if "end" in header:
                return
            yield raw


def _close_all_but(kept: int) -> None:
    for name in [path.name for path in Path("/proc/self/fd").iterdir()]:
        if int(name) > 2 and int(name) != kept:
            with contextlib.suppress(OSError):  # the one that listed them
                os.close(int(name))
