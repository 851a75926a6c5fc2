"""The clerk as a process: `python -m app.clerk.server FD`, started by the phone.

FD is one end of a socket pair. Questions are answered in the order in which they come, but for
those whose answer takes long (a text that must be spoken, a recording that becomes a message): they
are put off and answered when they can be, so that nobody else waits for them. The store's changes,
whoever makes them, are pushed. When the phone is gone, so is the clerk.
"""

import logging
import select
import signal
import socket
import sys
from typing import Any

from app.clerk import frames
from app.clerk.api import JOBS, NotReady
from app.clerk.config import ClerkConfig
from app.clerk.desk import Desk, desk_over
from app.clerk.media import MediaWorkers
from app.core import logs
from app.core.clock import SystemClock
from app.core.records import from_json, to_json
from app.phone.jobs import JobFailed

log = logging.getLogger(__name__)

LOOK_S = 0.5  # a lost notice costs no more than this
REST_S = 0.05
"""After news, before the store is looked at again: mail that comes in hundreds a second makes the
lamps 0.05 s late, and not the clerk and the phone busy."""
ALIVE_S = 1.0  # between signs of life while an answer takes longer
READ_AT_ONCE = 1 << 20

Question = tuple[dict[str, Any], bytes]
Answer = bytes | None
"""A frame; None: the job gives nothing, and is done."""


class Server:
    """Answers questions on a socket until it is closed at the other end."""

    def __init__(self, connection: socket.socket, jobs: Desk, media: MediaWorkers) -> None:
        self._connection = connection
        self._jobs = jobs
        self._media = media
        self._put_off: list[Question] = []
        self._alive_at = 0.0
        self._clock = SystemClock()
        self._rests_until = 0.0  # monotonic seconds; the store is not looked at before

    def serve(self, decoder: frames.Decoder, first: list[Question]) -> None:
        """Work; `first` are questions that came together with the configuration."""
        clock = self._clock
        self._answer_all(first)
        busy = True
        while True:
            rests_s = self._rests_until - clock.monotonic()
            watched = [self._connection.fileno(), *self._media.readers()]
            watched += self._jobs.readers() if rests_s <= 0 else []
            sleep_s = rests_s if rests_s > 0 else LOOK_S
            readable, writable, _ = select.select(
                watched, self._media.writers(), [], 0 if busy else sleep_s
            )
            if self._connection.fileno() in readable:
                octets = self._connection.recv(READ_AT_ONCE)
                if not octets:
                    break
                self._answer_all(decoder.feed(octets))
            busy = self._jobs.work()
            if self._media.serve(readable, writable) or busy:
                self._answer_put_off()
            self._push()
            self._show_life(clock.monotonic())

    def _show_life(self, now: float) -> None:
        """Who waits for an answer that takes longer must know that somebody works on it."""
        if self._put_off and now - self._alive_at >= ALIVE_S:
            self._alive_at = now
            self._connection.sendall(frames.encode({"alive": True}))

    def _answer_all(self, questions: list[Question]) -> None:
        """Answer what came together; the samples in it share a commit, answered after it."""
        answers = [self._answer(header, raw) for header, raw in questions]
        try:
            self._jobs.flush()
        except Exception as problem:  # no disk and no memory takes them: the recording has a hole
            log.exception("samples could not be kept")
            answers = [
                _failed(header["n"], f"samples: {problem}") if header["job"] == "samples" else given
                for given, (header, _) in zip(answers, questions, strict=True)
            ]
        self._send(
            [(header["n"], given) for given, (header, _) in zip(answers, questions, strict=True)]
        )
        self._push()

    def _send(self, answers: list[tuple[int, Answer]]) -> None:
        """What gave nothing is told in one frame, before the others: most of it are samples."""
        done = [number for number, given in answers if given is None]
        if done:
            self._connection.sendall(frames.done(done))
        for _, given in answers:
            if given is not None:
                self._connection.sendall(given)

    def _answer(self, header: dict[str, Any], raw: bytes) -> Answer:
        try:
            return self._try(header, raw)
        except NotReady:
            self._put_off.append((header, raw))
            return frames.encode({"n": header["n"], "later": True})

    def _answer_put_off(self) -> None:
        """Try again what could not be answered."""
        waiting, self._put_off = self._put_off, []
        for header, raw in waiting:
            try:
                self._send([(header["n"], self._try(header, raw))])
            except NotReady:
                self._put_off.append((header, raw))

    def _try(self, header: dict[str, Any], raw: bytes) -> Answer:
        job = JOBS.get(header["job"])
        if job is None:
            return _failed(header["n"], f"there is no job {header['job']}")
        try:
            result = job.call(self._jobs, frames.arguments_of(header, raw))
            return None if result is None else frames.answer(header["n"], result)
        except (JobFailed, frames.TooLarge) as failure:
            return _failed(header["n"], str(failure))

    def _push(self) -> None:
        now = self._clock.monotonic()
        if now < self._rests_until:
            return
        self._jobs.clear_notices()
        news = self._jobs.news()
        if news is not None:
            self._rests_until = now + REST_S
            self._connection.sendall(frames.encode({"push": to_json(news)}))


def _failed(number: int, why: str) -> bytes:
    return frames.encode({"n": number, "failed": why})


def run(connection: socket.socket) -> None:
    """Read the configuration, begin to recover what was left, serve."""
    decoder = frames.Decoder()
    received: list[Question] = []
    while not received:
        octets = connection.recv(READ_AT_ONCE)
        if not octets:
            return
        received = decoder.feed(octets)
    (first, _), *questions = received
    config, clock = from_json(ClerkConfig, first["config"], "config"), SystemClock()
    media = MediaWorkers(clock)
    jobs = desk_over(config, clock, media)
    try:
        jobs.recover(set(first["live"]))
        Server(connection, jobs, media).serve(decoder, questions)
    except (BrokenPipeError, ConnectionResetError):
        log.info("the phone is gone")
    finally:
        while jobs.work():  # what has been recorded becomes a message all the same
            pass
        media.close()
        jobs.close()


def main() -> None:
    """The process: standard error is the log, an interrupt from the terminal is the phone's."""
    logs.begin("clerk")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        run(connection)


if __name__ == "__main__":
    main()
