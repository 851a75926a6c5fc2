"""Passwords that are said to a service: who may still guess, and whose turn it is.

All protocols of a service share it: what is guessed by the one is charged at the other.

    logins = Logins(people.check_password, names.login_of, clock)
    verdict = await logins.judge("anna", "pass word", "192.0.2.7", lambda: True)

All of it lives in the service's memory: a crash forgives every failure.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.core.clock import Clock
from app.core.pace import Pace
from app.net.peers import source

FIRST_WAIT_S = 1.0
"""Seconds that the first refused login of a peer costs; each further one costs twice as much."""

LONGEST_WAIT_S = 16.0
"""Seconds that a refused login costs at most."""

PERSON_PACE = Pace(at_once=5, every_s=LONGEST_WAIT_S)
"""Wrong passwords for one person from one address: seven in the first 40 s, then one in 16 s."""

ADDRESS_PACE = Pace(at_once=30, every_s=4.0)
"""Wrong passwords from one address for all persons; a house behind one router logs in at once."""

MOST_PEERS = 1000
"""Sources that are remembered; the one that tried longest ago is forgotten first."""

LONGEST_LOGIN = 64
"""Characters of a login that tell one from another here; nobody may fill the memory with names."""

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """Values by key, of the MOST_PEERS keys that were put last."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, Value] = OrderedDict()

    def get(self, key: str, otherwise: Value) -> Value:
        """The value of a key, or this one."""
        return self._values.get(key, otherwise)

    def put(self, key: str, value: Value) -> None:
        """Remember a value as the latest."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > MOST_PEERS:
            self._values.popitem(last=False)

    def __len__(self) -> int:
        return len(self._values)

    def forget(self, key: str) -> None:
        """No longer remember a key."""
        self._values.pop(key, None)

    def items(self) -> list[tuple[str, Value]]:
        """All of them, those that were put longest ago first."""
        return list(self._values.items())


class LoginThrottle:
    """What guessing a password costs: tries, charged when they begin, and a wait for each answer.

    Who hangs up instead of waiting, or guesses over many connections at once, has paid all the
    same. A right password gives back what it was charged, and never waits. For one thread: the one
    that looks at passwords, one after the other.
    """

    def __init__(self) -> None:
        self._failures: Remembered[int] = Remembered()
        self._addresses: Remembered[float] = Remembered()
        self._logins: Remembered[float] = Remembered()

    def remembered(self) -> Iterable[Sized]:
        """The lists that are kept, for looking at their lengths."""
        return self._failures, self._addresses, self._logins

    def kept(self) -> dict[str, list[tuple[str, float]]]:
        """All that is counted, as plain values for a file."""
        return {
            "failures": [(key, float(count)) for key, count in self._failures.items()],
            "addresses": self._addresses.items(),
            "logins": self._logins.items(),
        }

    def take(self, kept: Mapping[str, Sequence[tuple[str, float]]]) -> None:
        """Count on from what `kept` gave."""
        for key, failures in kept.get("failures", ()):
            self._failures.put(key, int(failures))
        for key, owed_until in kept.get("addresses", ()):
            self._addresses.put(key, owed_until)
        for key, owed_until in kept.get("logins", ()):
            self._logins.put(key, owed_until)

    def begin(self, peer: str, login: str, now: float) -> bool:
        """Charge a try to the address and to this person there; False if none is left.

        `now` in monotonic seconds.
        """
        address, person = source(peer), _person_there(peer, login)
        of_address = ADDRESS_PACE.spend(self._addresses.get(address, 0.0), now)
        of_person = PERSON_PACE.spend(self._logins.get(person, 0.0), now)
        if of_address is None or of_person is None:
            return False
        self._addresses.put(address, of_address)
        self._logins.put(person, of_person)
        return True

    def failed(self, peer: str) -> float:
        """Count a failure; the seconds to hold its answer back."""
        address = source(peer)
        failures = self._failures.get(address, 0)
        self._failures.put(address, failures + 1)
        return min(FIRST_WAIT_S * 2.0 ** min(failures, 10), LONGEST_WAIT_S)

    def succeeded(self, peer: str, login: str) -> None:
        """Give back what the right password was charged, and forget what came before it."""
        address = source(peer)
        self._failures.forget(address)
        self._logins.forget(_person_there(peer, login))
        self._addresses.put(address, ADDRESS_PACE.give_back(self._addresses.get(address, 0.0)))

    def not_judged(self, peer: str, login: str) -> None:
        """Give back what a try was charged that nobody could judge."""
        address, person = source(peer), _person_there(peer, login)
        self._addresses.put(address, ADDRESS_PACE.give_back(self._addresses.get(address, 0.0)))
        self._logins.put(person, PERSON_PACE.give_back(self._logins.get(person, 0.0)))


def _person_there(peer: str, login: str) -> str:
    return f"{source(peer)} {login[:LONGEST_LOGIN].lower()}"


class LoginQueue:
    """Whose password is looked at next: one at a time, and the sources take turns.

    Looking at a password takes tens of milliseconds on purpose. However many a source sends, it has
    one turn in each round, and sources whose last password was wrong come after those that have
    not failed: whoever logs in waits for the one password that is being looked at, and for one
    of each other source that has not failed either. For the loop's thread.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._wrong: Remembered[bool] = Remembered()
        self._busy = False

    def __len__(self) -> int:
        """How many passwords wait."""
        return sum(map(len, self._waiting.values()))

    async def turn(self, origin: str) -> None:
        """Wait for a turn of this source (see `source`); `done` must follow."""
        if not self._busy:
            self._busy = True
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(origin, deque()).append(turn)
        await turn

    def done(self, origin: str, wrong: bool | None) -> None:
        """End a turn: its password was wrong, right (False) or not looked at (None)."""
        if wrong:
            self._wrong.put(origin, True)
        elif wrong is False:
            self._wrong.forget(origin)
        self._busy = bool(self._waiting)
        if self._busy:
            self._next().set_result(None)

    def _next(self) -> "asyncio.Future[None]":
        """The source whose last turn was longest ago comes first, in two ranks."""
        sources = iter(self._waiting)
        good = (origin for origin in sources if not self._wrong.get(origin, False))
        origin = next(good, None) or next(iter(self._waiting))
        turns = self._waiting[origin]
        turn = turns.popleft()
        if turns:
            self._waiting.move_to_end(origin)
        else:
            del self._waiting[origin]
        return turn


Who = TypeVar("Who")
"""What stands for a person."""


@dataclass(frozen=True)
class Verdict(Generic[Who]):
    """What came of a password: whose it is, or how many seconds its refusal is held back.

    Neither: it was not looked at, since its source has guessed too often.
    """

    person: Who | None
    wait_s: float | None


Result = TypeVar("Result")


class Logins(Generic[Who]):
    """Judges passwords, one at a time (each takes up to 19 MiB), the sources in turn.

    For the loop's thread; the passwords are looked at in one of their own.
    """

    def __init__(
        self,
        check: Callable[[str, str], Who | None],
        login_of: Callable[[str], str | None],
        clock: Clock,
    ) -> None:
        """`check` looks at a login's password, `login_of` says whose login a name means."""
        self._check = check
        self._login_of = login_of
        self._clock = clock
        self._throttle = LoginThrottle()
        self._queue = LoginQueue()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="login")

    def __len__(self) -> int:
        """How many passwords wait."""
        return len(self._queue)

    def close(self) -> None:
        """End the thread, after the servers have stopped."""
        self._thread.shutdown(wait=True)

    async def judge(
        self, user: str, password: str, peer: str, is_wanted: Callable[[], bool]
    ) -> Verdict[Who] | None:
        """What is found when it is this login's turn; None if it is not wanted any more by then.

        `peer` is the client's IP address. Raises StoreFailed.
        """
        wrong, origin = None, source(peer)
        await self._queue.turn(origin)
        try:
            if not is_wanted():
                return None
            verdict = await self.in_thread(lambda: self._judge(user, password, peer))
            wrong = verdict.person is None
            return verdict
        finally:
            self._queue.done(origin, wrong)

    async def in_thread(self, work: Callable[[], Result]) -> Result:
        """Do something beside the loop that follows from a login and takes a while."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _judge(self, user: str, password: str, peer: str) -> Verdict[Who]:
        user = self._login_of(user) or user
        if not self._throttle.begin(peer, user, self._clock.monotonic()):
            return Verdict(None, None)
        try:
            person = self._check(user, password)
        except Exception:
            self._throttle.not_judged(peer, user)
            raise
        if person is None:
            return Verdict(None, self._throttle.failed(peer))
        self._throttle.succeeded(peer, user)
        return Verdict(person, None)
