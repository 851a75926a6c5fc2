"""Who a name and a password, or a code, belong to: judged by the rules that mail programs have."""

import asyncio
import secrets
from collections import OrderedDict
from dataclasses import dataclass

from starlette.requests import Request

from app.core.pace import Pace
from app.inbox.people import Person
from app.net.logins import Logins
from app.net.peers import source
from app.operations.sessions import login_finder, password_check
from app.web.web import Web

LONGEST_PASSWORD = 1024
"""Characters; more is nobody's."""
CODE_S = 300.0
"""Seconds between a right password and the code."""
CODE_PACE = Pace(at_once=5, every_s=60.0)
"""Wrong codes for one person from one address, after a right password."""
MOST = 200
"""Logins that wait for their code at one time."""


@dataclass(frozen=True)
class _Waiting:
    person: Person
    peer: str
    until: float


class Judge:
    """For the loop's thread."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._logins: Logins[Person] | None = None
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()
        self._codes: OrderedDict[tuple[int, str], float] = OrderedDict()

    async def person(self, request: Request, user: str, password: str) -> Person | None:
        """Whose password it is; a wrong one is answered late. Raises StoreError."""
        if self._logins is None:
            check = await self._web.do(password_check)
            finder = await self._web.do(login_finder)
            self._logins = Logins(check, finder, self._web.clock)
            self._web.at_end.append(self._logins.close)
        verdict = await self._logins.judge(
            user, password[:LONGEST_PASSWORD], request.scope["client"][0], lambda: True
        )
        assert verdict is not None
        if verdict.wait_s is not None:
            await asyncio.sleep(verdict.wait_s)
        return verdict.person

    def wait_for_code(self, request: Request, person: Person) -> str:
        """The ticket by which this person, whose password was right, sends the code."""
        ticket = secrets.token_urlsafe(32)
        peer, until = source(request.scope["client"][0]), self._web.clock.monotonic() + CODE_S
        self._waiting[ticket] = _Waiting(person, peer, until)
        if len(self._waiting) > MOST:
            self._waiting.popitem(last=False)
        return ticket

    async def person_by_code(self, request: Request, ticket: str, code: str) -> Person | None:
        """Who has sent the right code for a ticket; None if nobody has, or too many were wrong.

        Raises SwitchhookError.
        """
        waiting, now = self._waiting.get(ticket), self._web.clock.monotonic()
        peer = source(request.scope["client"][0])
        if waiting is None or waiting.until < now or waiting.peer != peer:
            return None
        account = (waiting.person.id, peer)
        spent = CODE_PACE.spend(self._codes.get(account, 0.0), now)
        if spent is None:
            return None
        self._codes[account] = spent
        self._codes.move_to_end(account)
        if len(self._codes) > MOST:
            self._codes.popitem(last=False)
        check = "app.operations.second_factor:check_code"
        if not await self._web.apart(check, waiting.person.id, code[:LONGEST_PASSWORD]):
            return None
        self._waiting.pop(ticket, None)
        self._codes.pop(account, None)
        return waiting.person

    def waits(self, ticket: str) -> bool:
        """Whether a ticket still holds."""
        waiting = self._waiting.get(ticket)
        return waiting is not None and waiting.until >= self._web.clock.monotonic()
