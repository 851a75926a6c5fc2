"""The phone's end of its clerk: in a child process (real pace) or in this one (free pace).

The phone has one thread and a beat of 10 ms, so nothing here waits: questions go into a buffer and
out as the socket takes them, answers are read when they are there. A clerk that dies, or does not
give a sign of life for HUNG_S while it owes an answer, is replaced and everything unanswered is
asked again, in order; jobs are made so that doing one twice does no harm. A question under which
the clerk dies repeatedly fails, and so does one that a living clerk has put off for LATER_S; the
others go on.
"""

import logging
import select
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from app.clerk import frames
from app.clerk.api import JOBS, ClerkApi, ClerkBackend, Job, JobClient, NotReady
from app.clerk.config import ClerkConfig
from app.core.clock import Clock
from app.core.records import BadRecord, from_json, to_json
from app.phone.calls.scripting import Wait
from app.phone.jobs import JobFailed
from app.voicemail.jobs import WaitingMessages

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
Push = Callable[[WaitingMessages], None]

QUESTIONS_LIMIT = 16 * 1024 * 1024  # octets not answered: 20 s of sound from 48 lines
DEATHS_ALLOWED = 2  # under one and the same question
LATER_S = 60.0  # a job may take: three sounds whose workers hang are given up one after the other
HUNG_S = 15.0  # without a frame from a clerk that owes an answer; a card's worst pauses are shorter
STARTS_ALLOWED = 5  # within STARTS_WITHIN_S; then the clerk is given up for REST_S
STARTS_WITHIN_S = 10.0
REST_S = 2.0
READ_AT_ONCE = 1 << 20
FRAMES_AT_ONCE = 64  # in one call of the kernel

ROOT = Path(__file__).resolve().parents[2]


def _job(function: Callable[..., Any]) -> Job:
    return JOBS[function.__name__]


class InProcessClerk(JobClient):
    """A clerk that does each job at once, inside the call; for free pace."""

    def __init__(self, jobs: ClerkBackend, push: Push) -> None:
        super().__init__()
        self._jobs = jobs
        self._push = push

    @property
    def pending(self) -> int:
        """Always 0: a job is done when it was asked for."""
        return 0

    def _ask(
        self, job: Callable[Concatenate[ClerkApi, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> Wait[R]:
        wait: Wait[R] = Wait()
        try:
            result = self._do(_job(job), args, kwargs)
        except JobFailed as failure:
            log.error("%s", failure)
            wait.failed(failure)
        else:
            wait.happened(result)
        self.dispatch()
        return wait

    def _do(self, job: Job, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        arguments = job.arguments(*args, **kwargs)
        while True:
            try:
                answer = job.call(self._jobs, arguments)
                self._jobs.flush()
                return job.result(answer)
            except NotReady:
                if not self._jobs.work():
                    raise JobFailed(f"{job.name} waits for work that nobody does") from None

    def dispatch(self) -> None:
        """Do what is due, look whether the store has changed, through whatever door, and push."""
        while self._jobs.work():
            pass
        news = self._jobs.news()
        if news is not None:
            self._push(news)


class _Question:
    """A job that is not answered yet."""

    def __init__(self, job: Job, arguments: dict[str, Any], number: int, now: float) -> None:
        self.job = job
        self.frame = frames.question_parts(number, job.name, arguments)
        self.octets = sum(map(len, self.frame))
        self.recording = arguments.get("recording")
        self.number = arguments["number"] if job.name == "begin_recording" else None
        self.wait: Wait[Any] = Wait()
        self.deaths = 0
        self.later = False  # the clerk has said that it takes longer
        self.asked_at = now

    def failed(self, why: str) -> None:
        """Nobody will do it."""
        log.error("job %s: %s", self.job.name, why)
        self.wait.failed(JobFailed(why))

    def answered(self, header: dict[str, Any], raw: bytes) -> Any:
        """It was done, or could not be done; the result, None for a failure."""
        if "failed" in header:
            self.failed(str(header["failed"]))
            return None
        try:
            result = self.job.result(raw if header.get("raw") else header.get("result"))
        except JobFailed as failure:
            self.failed(str(failure))
            return None
        self.wait.happened(result)
        return result


class ProcessClerk(JobClient):
    """A clerk in a child process. The service calls dispatch() when fileno() is readable."""

    def __init__(self, config: ClerkConfig, push: Push, clock: Clock) -> None:
        super().__init__()
        self._config = config
        self._push = push
        self._clock = clock
        self._epoll = select.epoll()  # its descriptor stays the same over restarts
        self._questions: dict[int, _Question] = {}
        self._octets = 0
        self._number = 0
        self._live: set[int] = set()  # recordings that a line is feeding
        self._out: deque[bytes | memoryview] = deque()
        self._watched = select.EPOLLIN  # what the descriptor is told of
        self._decoder = frames.Decoder()
        self._heard_at = 0.0
        self._socket: socket.socket | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._dead: list[subprocess.Popen[bytes]] = []
        self._starts: list[float] = []
        self._start()

    @property
    def pending(self) -> int:
        """Jobs asked for and not answered."""
        return len(self._questions)

    @property
    def pid(self) -> int | None:
        """The child's process number; None while there is none."""
        return self._child.pid if self._child is not None else None

    def fileno(self) -> int:
        """A descriptor that is readable when dispatch() has something to do; never changes."""
        return self._epoll.fileno()

    def tick(self) -> None:
        """Once a second or so: replace a clerk that hangs, start one that had been given up."""
        self._dead = [child for child in self._dead if child.poll() is None]
        if self._socket is None:
            self._start()
            return
        self.dispatch()  # it may have answered while this process was held up
        now = self._clock.monotonic()
        owed = [question.asked_at for question in self._questions.values()]
        if owed and now - max(self._heard_at, min(owed)) >= HUNG_S:
            log.error("the clerk has given no sign of life for %g s", HUNG_S)
            self._died()
            return
        for number, question in list(self._questions.items()):
            if question.later and now - question.asked_at >= LATER_S:
                self._give_up(number, f"no answer within {LATER_S:g} s")

    def dispatch(self) -> None:
        """Read answers and pushes, send what waits, notice a death. Never blocks."""
        for _, events in self._epoll.poll(0):
            if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                self._receive()
            if self._socket is not None and events & select.EPOLLOUT:
                self._send()

    def close(self) -> None:
        """Let the child finish what it has, and end it; fails what is unanswered."""
        self._send()
        if self._socket is not None:
            self._epoll.unregister(self._socket)
            self._socket.close()
            self._socket = None
        for child in (*self._dead, *([self._child] if self._child else ())):
            _reap(child)
        self._child, self._dead = None, []
        self._fail_all("the clerk was closed")
        self._epoll.close()

    def _ask(
        self, job: Callable[Concatenate[ClerkApi, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> Wait[R]:
        self._number += 1
        arguments = _job(job).arguments(*args, **kwargs)
        question = _Question(_job(job), arguments, self._number, self._clock.monotonic())
        if self._octets + question.octets > QUESTIONS_LIMIT:
            question.failed(f"the clerk has {self.pending} questions waiting")
            return question.wait
        if self._socket is None:
            self._start()
        if self._socket is None:
            question.failed("the clerk cannot be started")
            return question.wait
        self._questions[self._number] = question
        self._octets += question.octets
        self._out += question.frame
        if question.job.takes_octets:  # of several lines in one beat: sent together after it
            self._watch(select.EPOLLIN | select.EPOLLOUT)
        else:
            self._send()
        return question.wait

    def _start(self) -> None:
        now = self._clock.monotonic()
        self._starts = [at for at in self._starts if now - at < STARTS_WITHIN_S]
        if len(self._starts) >= STARTS_ALLOWED and now - self._starts[-1] < REST_S:
            return
        self._starts.append(now)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        command = [sys.executable, "-m", "app.clerk.server", str(theirs.fileno())]
        with theirs:
            self._child = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=ROOT)
        self._socket, self._decoder, self._heard_at = ours, frames.Decoder(), now
        live = self._live | {q.number for q in self._questions.values() if q.number is not None}
        self._out = deque([frames.encode({"config": to_json(self._config), "live": sorted(live)})])
        for question in self._questions.values():
            question.later = False
            self._out += question.frame
        self._epoll.register(ours, select.EPOLLIN)
        self._watched = select.EPOLLIN
        self._send()

    def _send(self) -> None:
        """Send what waits, as far as the socket takes it."""
        if self._socket is None:
            return
        wanted = select.EPOLLIN
        try:
            while self._out:
                self._sent(self._socket.sendmsg(list(islice(self._out, FRAMES_AT_ONCE))))
        except BlockingIOError:
            wanted |= select.EPOLLOUT
        except OSError as problem:  # it died, which the next read notices
            log.debug("nothing can be sent to the clerk: %s", problem)
        self._watch(wanted)

    def _sent(self, octets: int) -> None:
        """So many octets of what waits are on their way."""
        while octets:
            first = self._out.popleft()
            if octets < len(first):
                self._out.appendleft(memoryview(first)[octets:])
                return
            octets -= len(first)

    def _watch(self, wanted: int) -> None:
        """Have dispatch() called when the socket is ready for this."""
        if self._socket is not None and wanted != self._watched:
            self._watched = wanted
            self._epoll.modify(self._socket, wanted)

    def _receive(self) -> None:
        if self._socket is None:
            return
        try:
            octets = self._socket.recv(READ_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            octets = b""
        if not octets:
            self._died()
            return
        self._heard_at = self._clock.monotonic()
        try:
            for header, raw in self._decoder.feed(octets):
                self._received(header, raw)
        except (frames.BadFrame, BadRecord, KeyError, TypeError) as problem:
            log.error("the clerk sent what is no frame of ours: %r", problem)
            self._died()

    def _received(self, header: dict[str, Any], raw: bytes) -> None:
        if "push" in header:
            self._push(from_json(WaitingMessages, header["push"], "push"))
            return
        if header.get("alive"):
            return
        if "done" in header:
            for number in header["done"]:
                self._answered({"n": number, "result": None}, b"")
            return
        if header.get("later"):
            if header["n"] in self._questions:
                self._questions[header["n"]].later = True
            return
        self._answered(header, raw)

    def _answered(self, header: dict[str, Any], raw: bytes) -> None:
        question = self._questions.pop(header["n"], None)
        if question is None:
            log.info("an answer that nobody waits for any more: %s", header)
            return
        self._octets -= question.octets
        if question.job.name == "end_recording":
            self._live.discard(int(question.recording or 0))
        if question.job.name == "begin_recording":
            begun = (header.get("result") or {}).get("recording")
            self._live |= {begun} if begun is not None else set()
        question.answered(header, raw)

    def _died(self) -> None:
        assert self._socket is not None and self._child is not None
        self._epoll.unregister(self._socket)
        self._socket.close()
        self._child.kill()  # it may have closed its socket and live, or hang
        log.error("the clerk (process %d) is gone, %d unanswered", self._child.pid, self.pending)
        self._dead.append(self._child)
        self._socket, self._child, self._out = None, None, deque()
        self._blame()
        self._start()
        if self._socket is None:
            self._fail_all("the clerk does not stay alive")

    def _blame(self) -> None:
        """The clerk works in order, so it died under the first question that it has not put off."""
        suspects = sorted(self._questions, key=lambda number: self._questions[number].later)
        if not suspects:
            return
        number = suspects[0]
        suspect = self._questions[number]
        suspect.deaths += 1
        if suspect.deaths > DEATHS_ALLOWED:
            self._give_up(number, f"the clerk died {suspect.deaths} times of it")

    def _give_up(self, number: int, why: str) -> None:
        question = self._questions.pop(number)
        self._octets -= question.octets
        question.failed(why)

    def _fail_all(self, why: str) -> None:
        questions, self._questions, self._octets = list(self._questions.values()), {}, 0
        for question in questions:
            question.failed(why)


def _reap(child: "subprocess.Popen[bytes]") -> None:
    try:
        child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        log.warning("the clerk (process %d) does not end: killed", child.pid)
        child.kill()
        child.wait()
