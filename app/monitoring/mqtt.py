"""Tells a broker what goes on, by MQTT 3.1.1 [OASIS MQTT].

A connection begins with the last will set and everything told anew, so nothing depends on what was
said before it; while there is none nothing is read, kept or counted. What fails is tried again
after 1 s, and then after twice as long each time, 5 minutes at most.

The library is loaded when the first connection is made: a box without a broker carries none of it.
"""

import asyncio
import logging
import ssl
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import SwitchhookError
from app.core.text import visible
from app.monitoring.config import MqttConfig
from app.monitoring.sources import BoxDoor, Sleep, StoreNews, phone_status
from app.monitoring.telling import OFFLINE, ONLINE, Payloads, Telling
from app.operations.actor import Actor, Role
from app.operations.news import News, Unread

if TYPE_CHECKING:
    from aiomqtt import Client, Message

log = logging.getLogger(__name__)

FIRST_S, LONGEST_S = 1.0, 300.0
"""Seconds until a connection is tried again."""
KEEP_ALIVE_S = 30
"""After one and a half of them in silence the broker tells our last will."""
AT_LEAST_ONCE = 1
PASSWORD = "mqtt.password"
ACTOR = Actor("mqtt", "mqtt", frozenset({Role.SYSTEM}))


class MqttService:
    """Tells one broker, in the loop that runs it; `phone` is the phone service's control socket."""

    def __init__(
        self, config: MqttConfig, door: BoxDoor, phone: Path, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._config, self._phone, self._sleep = config, phone, sleep
        self._telling = Telling(config)
        self._store = StoreNews(door, ACTOR)
        self._wait = FIRST_S
        self._said = ""

    async def run(self) -> None:
        """Tell what goes on until this is cancelled; the broker then hears that we have gone."""
        try:
            while True:
                try:
                    # A task each: a group that fails leaves its task cancelled [Python 3.11].
                    await asyncio.create_task(self._connection())
                except Exception as problem:
                    self._failed(problem)
                await self._sleep(self._wait)
                self._wait = min(2 * self._wait, LONGEST_S)
        finally:
            self._store.close()

    def _failed(self, problem: Exception) -> None:
        """Say why once, not with every try."""
        while isinstance(problem, ExceptionGroup):
            problem = problem.exceptions[0]
        from aiomqtt import MqttError

        known = isinstance(problem, (MqttError, SwitchhookError, OSError))
        text = visible(str(problem) or type(problem).__name__)
        if text != self._said:
            where = f"{self._config.server} port {self._config.port}"
            log.error("MQTT, %s: %s", where, text, exc_info=None if known else problem)
        self._said = text

    async def _connection(self) -> None:
        from aiomqtt import Client, MqttError, Will

        config = self._config
        password = await self._store.password(PASSWORD) if config.user else None
        client = Client(
            config.server,
            config.port,
            username=config.user or None,
            password=password,
            identifier=self._telling.availability.replace("/", "-"),
            will=Will(self._telling.availability, OFFLINE, AT_LEAST_ONCE, retain=True),
            keepalive=KEEP_ALIVE_S,
            tls_context=await asyncio.to_thread(self._tls) if config.tls else None,
            logger=logging.getLogger(f"{__name__}.client"),
        )
        async with client:
            log.info("MQTT: %s is told what goes on", config.server)
            self._wait, self._said = FIRST_S, ""
            try:
                await Connection(client, self._telling, config).tell(self._phone, self._store)
            finally:
                with suppress(MqttError):  # the connection is gone: the last will says it
                    await client.publish(
                        self._telling.availability, OFFLINE, AT_LEAST_ONCE, retain=True
                    )

    def _tls(self) -> ssl.SSLContext:
        """Raises OSError if the authority's file cannot be read, or holds no certificate."""
        context = ssl.create_default_context(cafile=self._config.authority or None)
        if not self._config.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context


class Connection:
    """What has been told in one connection, so that only what is new is told."""

    def __init__(self, client: "Client", telling: Telling, config: MqttConfig) -> None:
        self._client, self._telling, self._config = client, telling, config
        self._told: Payloads = {}
        self._jacks: tuple[str, ...] = ()
        self._people: tuple[Unread, ...] | None = None
        self._discovery: Payloads = {}
        self._seen: set[str] = set()
        """Topics of discovery that the broker has."""

    async def tell(self, phone: Path, store: StoreNews) -> None:
        """Until the connection fails. Raises ExceptionGroup of MqttError and others."""
        await self._publish({self._telling.availability: ONLINE})
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hear())
            tasks.create_task(self._tell_lines(phone))
            tasks.create_task(self._tell_news(store))

    async def _tell_lines(self, phone: Path) -> None:
        async for status in phone_status(phone):
            if status is not None and tuple(status["lines"]) != self._jacks:
                self._jacks = tuple(status["lines"])
                await self._tell_discovery()
            await self._publish(self._telling.lines(status, self._jacks))

    async def _tell_news(self, store: StoreNews) -> None:
        async for news in store.news():
            await self._tell_one(news)

    async def _tell_one(self, news: News) -> None:
        before = [one.login for one in self._people or ()]
        first, self._people = self._people is None, news.unread
        if first or before != [one.login for one in news.unread]:
            await self._tell_discovery()
        await self._publish(self._telling.unread(news.unread))
        for message in news.arrived:
            topic, payload = self._telling.arrived(message)
            await self._client.publish(topic, payload, AT_LEAST_ONCE)
            _end_if_cancelled()

    async def _tell_discovery(self) -> None:
        if self._people is None or not self._config.discovery:
            return
        found = self._telling.discovery(self._jacks, self._people)
        self._discovery = found
        await self._publish(found)
        await self._forget()

    async def _forget(self) -> None:
        """Have things of this box forgotten that are no more, also those of an earlier start."""
        if self._jacks and self._people is not None:
            gone = self._seen - self._discovery.keys()
            self._seen -= gone
            await self._publish(dict.fromkeys(gone, ""))

    async def _hear(self) -> None:
        """Home Assistant has started, or has things of ours that are no more."""
        if self._config.discovery:
            for topic in (f"{self._config.discovery}/status", self._telling.discovered):
                await self._client.subscribe(topic, AT_LEAST_ONCE)
                _end_if_cancelled()
        async for message in self._client.messages:
            await self._heard(message)

    async def _heard(self, message: "Message") -> None:
        topic = str(message.topic)
        if topic == f"{self._config.discovery}/status":
            if message.payload == ONLINE.encode():
                again, self._told = self._told, {}
                await self._publish(again)
        elif message.payload:
            self._seen.add(topic)
            await self._forget()

    async def _publish(self, payloads: Payloads) -> None:
        """Have these retained, as far as they are not yet."""
        for topic, payload in payloads.items():
            if self._told.get(topic) == payload:
                continue
            if payload:
                self._told[topic] = payload
            else:
                self._told.pop(topic, None)
            await self._client.publish(topic, payload, AT_LEAST_ONCE, retain=True)
            _end_if_cancelled()


def _end_if_cancelled() -> None:
    """The library waits by asyncio.wait_for, which in Python 3.11 loses a cancellation that comes
    together with what it waits for. Raises CancelledError.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
