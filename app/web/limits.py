"""How many requests one source may make. No sockets here, and the time is handed in."""

from collections import OrderedDict
from dataclasses import dataclass

from app.core.clock import Clock
from app.net.peers import source
from app.web.service import Application, Message, Receive, Send

AT_ONCE = 60
"""Requests that a source may make in one go: a page takes three."""
PER_SECOND = 5.0
"""Requests a second that it may go on with."""
SOURCES = 1024
"""Sources that are remembered; of more, those that have been quiet longest are forgotten."""


@dataclass
class _Account:
    left: float
    at: float


class RequestLimit:
    """Before an application: answers 429 [RFC 6585 §4] to a source that asks too often."""

    def __init__(self, application: Application, clock: Clock) -> None:
        self._application, self._clock = application, clock
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """As an application."""
        peer = scope["client"][0]
        if self.may_ask(peer):
            scope["uncounted"] = lambda: self.give_back(peer)
            await self._application(scope, receive, send)
            return
        headers = [(b"retry-after", b"10"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 429, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def give_back(self, peer: str) -> None:
        """Do not count this request: whoever is logged in asks as often as pages need it."""
        account = self._accounts.get(source(peer))
        if account is not None:
            account.left = min(AT_ONCE, account.left + 1)

    def may_ask(self, peer: str) -> bool:
        """Count one request of this IP address; False if it is one too many."""
        now, origin = self._clock.monotonic(), source(peer)
        account = self._accounts.pop(origin, None) or _Account(AT_ONCE, now)
        account.left = min(AT_ONCE, account.left + (now - account.at) * PER_SECOND)
        account.at = now
        self._accounts[origin] = account
        if len(self._accounts) > SOURCES:
            self._accounts.popitem(last=False)
        if account.left < 1:
            return False
        account.left -= 1
        return True
