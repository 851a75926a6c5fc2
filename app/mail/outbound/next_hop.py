"""Offering a mail to its next hops, one after the other, and keeping connections for the next.

A connection that has taken a mail is kept until `release_idle`, so that the mail which follows for
the same servers need not connect, greet, encrypt and log in again. A server may close a connection
whenever it likes: a mail that a kept one no longer takes goes on by a new one.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Container
from dataclasses import dataclass, replace

from app.inbox.errors import InboxError
from app.mail.outbound.client_session import Answer, Terms
from app.mail.outbound.routing import NoHop, Route
from app.mail.outbound.smtp_client import OutgoingMail, SmtpClient, Unreachable, connect

log = logging.getLogger(__name__)

MAILS_A_CONNECTION = 100
"""Number of mails after which a connection ends: servers have limits, which few of them tell."""


@dataclass(frozen=True)
class Tried:
    """What came of offering a mail."""

    answers: dict[str, Answer]
    """For each recipient."""
    unreached: str = ""
    """Why the destination as such could not be reached; "" if it could."""


class NextHops:
    """Gives mail to whoever the route names."""

    def __init__(self, route: Route, terms: Callable[[str], Terms]) -> None:
        """`terms` tells for a route's key how its servers are spoken to."""
        self._route = route
        self._terms = terms
        self._idle: defaultdict[str, list[SmtpClient]] = defaultdict(list)  # by the route's key
        self._leaving: set[asyncio.Task[None]] = set()

    async def offer(self, mail: OutgoingMail, destination: str) -> Tried:
        """Try the next hops one by one until each recipient has an answer [RFC 5321 §5.1].

        A recipient whose conversation broke before the message was sent is offered to the next one.
        """
        key = self._route.key(destination)
        attempt = _Attempt(mail)
        if (kept := self._kept(key)) is not None:
            await self._send(kept, key, attempt)
        try:
            if attempt.left:
                for hop in await self._route.hops(destination):
                    try:
                        # A password is decrypted: the first time that loads a library.
                        terms = await asyncio.to_thread(self._terms, key)
                        client = await connect(hop, terms)
                    except Unreachable as problem:
                        attempt.unreachable(str(problem), problem.spoken)
                    else:
                        await self._send(client, key, attempt)
                    if not attempt.left:
                        break
        except NoHop as problem:
            attempt.unreachable(problem.reply, spoken=True)
        except InboxError as problem:  # the password
            attempt.unreachable(f"451 4.7.0 {problem}", spoken=True)
        return attempt.result()

    def release_idle(self, busy: Container[str]) -> None:
        """Take leave of all servers with kept connections, but those whose keys are `busy`."""
        for key in [key for key in self._idle if key not in busy]:
            for client in self._idle.pop(key):
                task = asyncio.get_running_loop().create_task(client.quit())
                self._leaving.add(task)
                task.add_done_callback(self._leaving.discard)

    async def stop(self) -> None:
        """As release_idle, and wait for it."""
        self.release_idle(busy=())
        await asyncio.gather(*self._leaving)

    def _kept(self, key: str) -> SmtpClient | None:
        """A kept connection that the server has not closed, if there is one."""
        kept = self._idle[key]
        while kept:
            client = kept.pop()
            if client.usable:
                return client
            client.abort()
        return None

    async def _send(self, client: SmtpClient, key: str, attempt: "_Attempt") -> None:
        attempt.answered(await client.send(replace(attempt.mail, recipients=attempt.left)))
        if client.usable and client.mails < MAILS_A_CONNECTION:
            self._idle[key].append(client)
        else:
            await client.quit()


class _Attempt:
    """One mail on its way from hop to hop."""

    def __init__(self, mail: OutgoingMail) -> None:
        self.mail = mail
        self.left = mail.recipients
        self._answers: dict[str, Answer] = {}
        self._reply = "451 4.4.1 no server to try"
        self._spoken = False

    def answered(self, answers: dict[str, Answer]) -> None:
        """Take the answers of one hop; who got none that counts stays left."""
        self._answers |= {one: answer for one, answer in answers.items() if not answer.broken}
        broken = [answer for answer in answers.values() if answer.broken]
        self.left = tuple(one for one in self.left if one not in self._answers)
        if broken:
            self.unreachable(broken[0].reply, spoken=True)

    def unreachable(self, reply: str, spoken: bool) -> None:
        """Note why a hop took nothing: what servers say tells more than what the network does."""
        if spoken or not self._spoken:
            self._reply, self._spoken = reply, spoken

    def result(self) -> Tried:
        """What came of it. A server that is shutting down counts as one that was not reached."""
        rest = Answer(self._reply)
        answers = {one: self._answers.get(one, rest) for one in self.mail.recipients}
        leaving = [one.reply for one in answers.values() if one.reply.startswith("421")]
        if not self._answers and not rest.final:
            return Tried(answers, self._reply)
        return Tried(answers, leaving[0] if len(leaving) == len(answers) else "")
