"""The phone's end of its clerk: in a child process (real pace) or in this one (free pace).

The phone has one thread and a beat of 10 ms, so nothing here waits: orders go into a buffer and
out as the socket takes them, answers are read when they are there. A clerk that dies is started
again and everything unanswered is ordered again, in order; jobs are made so that doing one twice
does no harm. An order under which the clerk dies repeatedly fails, the others go on.
"""

import logging
import select
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from app.clerk import frames
from app.clerk.config import ClerkConfig
from app.core.clock import Clock
from app.phone.calls.scripting import Wait
from app.phone.jobs import JobFailed

log = logging.getLogger(__name__)

Push = Callable[[dict[str, Any]], None]

ORDERS_LIMIT = 8 * 1024 * 1024  # octets not answered: 20 s of sound from 24 lines
DEATHS_ALLOWED = 2  # under one and the same order
STARTS_ALLOWED = 5  # within STARTS_WITHIN_S; then the clerk is given up for REST_S
STARTS_WITHIN_S = 10.0
REST_S = 2.0
READ_AT_ONCE = 1 << 20

ROOT = Path(__file__).resolve().parents[2]


class JobHandler(Protocol):
    """What does the jobs: app.clerk.jobs.Desk."""

    def handle(self, job: str, arguments: dict[str, Any]) -> Any:
        """Do one job. Raises JobFailed."""
        ...

    def settle(self) -> None:
        """Make samples durable that handle() has only taken. Raises JobFailed."""
        ...

    def news(self) -> dict[str, Any] | None:
        """What to push if the store has changed since the last time, else None."""
        ...


class InProcessClerk:
    """A clerk that does each job at once, inside the call; for free pace."""

    def __init__(self, desk: JobHandler, push: Push) -> None:
        self._desk = desk
        self._push = push

    @property
    def pending(self) -> int:
        """Never anything: jobs are done when ask() returns."""
        return 0

    def ask(self, job: str, **arguments: Any) -> Wait[Any]:
        """Do a job; the Wait has its result already."""
        wait: Wait[Any] = Wait()
        try:
            result = self._desk.handle(job, arguments)
            self._desk.settle()
        except JobFailed as failure:
            wait.failed(failure)
        else:
            wait.happened(result)
        self.dispatch()
        return wait

    def tell(self, job: str, **arguments: Any) -> None:
        """Do a job whose failure only the log hears of."""
        try:
            self.ask(job, **arguments).result()
        except JobFailed as failure:
            log.error("job %s: %s", job, failure)

    def dispatch(self) -> None:
        """Look whether the store has changed, through whatever door, and push."""
        news = self._desk.news()
        if news is not None:
            self._push(news)


class _Order:
    """A job that is not answered yet."""

    def __init__(
        self, job: str, frame: bytes, wait: Wait[Any] | None, recording: int | None
    ) -> None:
        self.job = job
        self.frame = frame
        self.recording = recording
        self.wait = wait
        self.deaths = 0

    def failed(self, why: str) -> None:
        """Nobody will do it."""
        log.error("job %s: %s", self.job, why)
        if self.wait is not None:
            self.wait.failed(JobFailed(why))

    def answered(self, header: dict[str, Any], raw: bytes) -> None:
        """It was done, or could not be done."""
        if "failed" in header:
            self.failed(str(header["failed"]))
        elif self.wait is not None:
            self.wait.happened(raw if header.get("raw") else header["result"])


class ProcessClerk:
    """A clerk in a child process. The service calls dispatch() when fileno() is readable."""

    def __init__(self, config: ClerkConfig, push: Push, clock: Clock) -> None:
        self._config = config
        self._push = push
        self._clock = clock
        self._epoll = select.epoll()  # its descriptor stays the same over restarts
        self._orders: dict[int, _Order] = {}
        self._octets = 0
        self._number = 0
        self._live: set[int] = set()  # recordings that a line is feeding
        self._out = bytearray()
        self._decoder = frames.Decoder()
        self._socket: socket.socket | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._dead: list[subprocess.Popen[bytes]] = []
        self._starts: list[float] = []
        self._start()

    @property
    def pending(self) -> int:
        """Jobs ordered and not answered."""
        return len(self._orders)

    @property
    def pid(self) -> int | None:
        """The child's process number; None while there is none."""
        return self._child.pid if self._child is not None else None

    def fileno(self) -> int:
        """A descriptor that is readable when dispatch() has something to do; never changes."""
        return self._epoll.fileno()

    def ask(self, job: str, **arguments: Any) -> Wait[Any]:
        """Order a job; the Wait gives its result or raises JobFailed."""
        wait: Wait[Any] = Wait()
        self._order(job, arguments, wait)
        return wait

    def tell(self, job: str, **arguments: Any) -> None:
        """Order a job that nobody waits for."""
        self._order(job, arguments, None)

    def tick(self) -> None:
        """Once a second or so: start a clerk again that had been given up."""
        self._dead = [child for child in self._dead if child.poll() is None]
        if self._socket is None:
            self._start()

    def dispatch(self) -> None:
        """Read answers and pushes, send what waits, notice a death. Never blocks."""
        for _, events in self._epoll.poll(0):
            if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                self._receive()
            if self._socket is not None and events & select.EPOLLOUT:
                self._send()

    def close(self) -> None:
        """Let the child finish what it has, and end it; fails what is unanswered."""
        if self._socket is not None:
            self._epoll.unregister(self._socket)
            self._socket.close()
            self._socket = None
        for child in (*self._dead, *([self._child] if self._child else ())):
            _reap(child)
        self._child, self._dead = None, []
        self._fail_all("the clerk was closed")
        self._epoll.close()

    def _order(self, job: str, arguments: dict[str, Any], wait: Wait[Any] | None) -> None:
        self._number += 1
        frame = frames.order(self._number, job, arguments)
        order = _Order(job, frame, wait, arguments.get("recording"))
        if self._octets + len(order.frame) > ORDERS_LIMIT:
            order.failed(f"the clerk has {self.pending} orders waiting")
            return
        if self._socket is None:
            self._start()
        if self._socket is None:
            order.failed("the clerk cannot be started")
            return
        self._orders[self._number] = order
        self._octets += len(order.frame)
        self._out += order.frame
        self._send()

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
        self._socket, self._decoder = ours, frames.Decoder()
        self._out = bytearray(
            frames.encode({"config": self._config.to_json(), "live": sorted(self._live)})
        )
        for order in self._orders.values():
            self._out += order.frame
        self._epoll.register(ours, select.EPOLLIN)
        self._send()

    def _send(self) -> None:
        if self._socket is None:
            return
        try:
            while self._out:
                del self._out[: self._socket.send(self._out)]
        except BlockingIOError:
            wanted = select.EPOLLIN | select.EPOLLOUT
        except OSError:  # it died: reading will tell
            wanted = select.EPOLLIN
        else:
            wanted = select.EPOLLIN
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
        try:
            received = self._decoder.feed(octets)
        except (frames.BadFrame, ValueError) as problem:
            log.error("the clerk sent rubbish: %s", problem)
            self._died()
            return
        for header, raw in received:
            self._take(header, raw)

    def _take(self, header: dict[str, Any], raw: bytes) -> None:
        if "push" in header:
            self._push(header["push"])
            return
        order = self._orders.pop(int(header["n"]), None)
        if order is None:
            log.error("the clerk answered what was not asked: %s", header)
            return
        self._octets -= len(order.frame)
        self._follow_recordings(order, header)
        order.answered(header, raw)

    def _follow_recordings(self, order: _Order, header: dict[str, Any]) -> None:
        result = header.get("result")
        if order.job == "begin_recording" and result and result["recording"] is not None:
            self._live.add(int(result["recording"]))
        elif order.job == "end_recording" and order.recording is not None:
            self._live.discard(order.recording)

    def _died(self) -> None:
        assert self._socket is not None and self._child is not None
        self._epoll.unregister(self._socket)
        self._socket.close()
        self._child.kill()  # it may have closed its socket and live
        log.error("the clerk (process %d) is gone, %d unanswered", self._child.pid, self.pending)
        self._dead.append(self._child)
        self._socket, self._child, self._out = None, None, bytearray()
        self._blame_first()
        self._start()
        if self._socket is None:
            self._fail_all("the clerk does not stay alive")

    def _blame_first(self) -> None:
        """The clerk works in order, so it died under the first order that is unanswered."""
        number = next(iter(self._orders), None)
        if number is None:
            return
        first = self._orders[number]
        first.deaths += 1
        if first.deaths > DEATHS_ALLOWED:
            del self._orders[number]
            self._octets -= len(first.frame)
            first.failed(f"the clerk died {first.deaths} times of it")

    def _fail_all(self, why: str) -> None:
        orders, self._orders, self._octets = list(self._orders.values()), {}, 0
        for order in orders:
            order.failed(why)


def _reap(child: "subprocess.Popen[bytes]") -> None:
    try:
        child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        log.warning("the clerk (process %d) does not end: killed", child.pid)
        child.kill()
        child.wait()
