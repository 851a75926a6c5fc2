"""Call scripts as plain coroutines, run without an event loop.

A script waits by awaiting a Wait; whoever makes the awaited thing happen (the beat, a finished
job) wakes it, and the script runs on at once, inside that call, until its next Wait. So a script
is never run per frame, and the same input always gives the same order of steps.
"""

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")


class HungUp(Exception):
    """The party of this script has hung up. Scripts let it pass; `finally` may still tidy up."""


class FaxTone(HungUp):
    """A fax machine calls: the conversation of this script is over, and a fax call begins."""


class Wait(Generic[T]):
    """Something that will happen once. `await wait` gives its result or raises its failure.

    `cancelled` is called if the script is stopped (HungUp) while it waits here.
    """

    def __init__(self, cancelled: Callable[[], None] | None = None) -> None:
        self._script: Script | None = None
        self._done = False
        self._result: T | None = None
        self._failure: BaseException | None = None
        self._cancelled = cancelled
        self._then: Callable[[], None] | None = None

    @property
    def done(self) -> bool:
        """Whether it has happened (or failed, or was given up)."""
        return self._done

    def result(self) -> T:
        """What came of it, once `done`; raises its failure. For those who do not await."""
        if not self._done:
            raise RuntimeError("asked for the result before it is there")
        if self._failure is not None:
            raise self._failure
        return self._result  # type: ignore[return-value]

    def happened(self, result: T) -> None:
        """It happened: keep the result and run the waiting script on. Later calls are ignored."""
        self._finish(result, None)

    def failed(self, failure: BaseException) -> None:
        """It will not happen: the waiting script gets this exception."""
        self._finish(None, failure)

    def give_up(self) -> None:
        """The script will not come back for it: whoever provides it may stop working on it."""
        if not self._done:
            self._done = True
            self._script = None
            if self._cancelled is not None:
                self._cancelled()

    def _finish(self, result: T | None, failure: BaseException | None) -> None:
        if self._done:
            return
        self._done, self._result, self._failure = True, result, failure
        if self._then is not None:
            self._then()
        if self._script is not None:
            script, self._script = self._script, None
            script.resume()

    def then(self, made: Callable[[T], U]) -> "Wait[U]":
        """A Wait for what `made` makes of the result; this one is for nobody else then."""
        later: Wait[U] = Wait(self.give_up)

        def pass_on() -> None:
            try:
                later.happened(made(self.result()))
            except Exception as failure:  # this one's, or what was made of it
                later.failed(failure)

        if self._done:
            pass_on()
        else:
            self._then = pass_on
        return later

    def __await__(self) -> Generator["Wait[T]", None, T]:
        if not self._done:
            yield self
        return self.result()

    def waited_by(self, script: "Script") -> None:
        """Remember whom to wake (called by Script only)."""
        self._script = script


class Script:
    """One running coroutine. `ended` is called once with None, or with the exception it died of.

    HungUp is a normal end and reported as None, but for FaxTone.
    """

    def __init__(
        self, coro: Coroutine[Any, Any, None], ended: Callable[[BaseException | None], None]
    ) -> None:
        self._coro = coro
        self._ended = ended
        self._waiting: Wait[Any] | None = None
        self._running = False
        self._again = False
        self._stop: BaseException | None = None
        self.finished = False

    def start(self) -> None:
        """Run until the first wait."""
        self.resume()

    def resume(self) -> None:
        """Run until the next wait (called when the awaited thing has happened)."""
        if self._running:  # woken from inside its own step: go on when that step yields
            self._again = True
            return
        self._running = True
        try:
            self._step()
            while self._again and not self.finished:
                self._again = False
                self._step()
        finally:
            self._running = False

    def stop(self, reason: BaseException | None = None) -> None:
        """Raise HungUp (or `reason`) inside the script, now or as soon as it waits."""
        if self.finished:
            return
        self._stop = reason if reason is not None else HungUp()
        if self._waiting is not None:
            self._waiting.give_up()
        self.resume()

    def _step(self) -> None:
        self._waiting = None
        stop, self._stop = self._stop, None
        try:
            wait = self._coro.throw(stop) if stop is not None else self._coro.send(None)
        except StopIteration:
            self._end(None)
        except FaxTone as tone:
            self._end(tone)
        except HungUp:
            self._end(None)
        except Exception as failure:  # reported to the owner of the script, who logs it
            self._end(failure)
        else:
            self._waiting = wait
            wait.waited_by(self)
            if wait.done:
                self._again = True

    def _end(self, failure: BaseException | None) -> None:
        self.finished = True
        self._ended(failure)
