"""A real broker is told what goes on, and hears that the box has gone."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.appliance import Inbox, open_existing, open_inbox
from app.config.mqtt import Mqtt
from app.config.paths import Paths
from app.config.settings import Settings, Site
from app.inbox.entries import EntryState, Facts, Kind
from app.monitoring.config import MqttConfig, mqtt_config
from app.monitoring.mqtt import LONGEST_S, MqttService
from app.operations import kept_secrets
from app.operations.people import NewPerson, add_person, remove_person
from app.operations.states import LINE_STATES
from tests.kit.actors import ADMIN
from tests.kit.box_keys import box_keys
from tests.kit.broker import Broker, Ear
from tests.kit.phone_house import House

HOSTILE = 'EVE"}\r\n\x1b[2J{{ 7*7 }}<b>\u202e'
BOX, LINE1 = "switchhook/box-1", "switchhook/box-1/line/line1"


class Door:
    """How the service reaches the store: as the pages do, in one process."""

    def __init__(self, paths: Paths, settings: Settings) -> None:
        self._paths, self._settings = paths, settings
        self._box: Inbox | None = None

    def box(self) -> Inbox:
        self._box = self._box or open_existing(self._paths, self._settings)
        return self._box

    def apart(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        assert operation == "app.operations.kept_secrets:password"
        return kept_secrets.password(self.box(), *args, **kwargs)

    def close(self) -> None:
        if self._box is not None:
            self._box.db.close()


class Bench:
    """A box with Anna in it, and settings that name a broker."""

    def __init__(self, folder: Path, port: int, **mqtt: Any) -> None:
        self.paths = Paths(folder / "var")
        self.paths.make()
        self.folder = folder
        server = f"{mqtt.pop('host', '127.0.0.1')}:{port}"
        self.settings = Settings(
            site=Site(hostname="box-1.local"), mqtt=Mqtt(server=server, **mqtt)
        )
        self.inbox = open_inbox(self.paths, self.settings)
        add_person(self.inbox, ADMIN, NewPerson("anna", "Anna", "201", "101"))

    @property
    def config(self) -> MqttConfig:
        config = mqtt_config(self.settings)
        assert config is not None
        return config

    @asynccontextmanager
    async def served(
        self,
        phone: Path | None = None,
        config: MqttConfig | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> AsyncIterator[asyncio.Task[None]]:
        door = Door(self.paths, self.settings)
        service = MqttService(config or self.config, door, phone or self.folder / "none", sleep)
        task = asyncio.create_task(service.run())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait([task])

    def message(self, kind: Kind, facts: Facts) -> None:
        anna = self.inbox.people.by_login("anna")
        assert anna is not None

        def work(tx: Any) -> None:
            content = self.inbox.store.contents.write(tx, (b"Subject: x\r\n\r\nhello\r\n",))
            self.inbox.store.add_entry(tx, anna.id, content, b"", kind, EntryState.NEW, facts)

        self.inbox.db.now(work)

    def topic(self, login: str) -> str:
        person = self.inbox.people.by_login(login)
        assert person is not None
        return f"{BOX}/person/{person.id}"


async def until(ear: Ear, topic: str, payload: str | None = None, **fields: Any) -> dict[str, Any]:
    return await asyncio.to_thread(lambda: ear.until(topic, payload, **fields))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Broker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


def test_lines_and_a_callers_words_are_told_and_act_on_nothing(
    tmp_path: Path, broker: Broker
) -> None:
    bench = Bench(tmp_path, broker.port)

    async def story() -> None:
        with broker.hear() as ear:
            async with House(tmp_path) as house, bench.served(house.path):
                await until(ear, f"{BOX}/status", "online")
                assert await until(ear, LINE1, state="idle") == {"state": "idle"}
                await until(ear, f"{BOX}/line/101", state="idle")
                house.box.office_lines["line1"].ring("5551234", HOSTILE)
                told = await until(ear, LINE1, state="ringing", caller_number="5551234")
                shown = told["caller_name"]
                assert shown.startswith('EVE"}') and len(shown) <= 80
                assert shown.isprintable() and "\u202e" not in shown and "\x1b" not in shown
                sensor = await until(ear, "homeassistant/sensor/box-1/line_line1/config")
                assert sensor["state_topic"] == LINE1 and sensor["options"] == list(LINE_STATES)
                assert sensor["availability_topic"] == f"{BOX}/status"
            await until(ear, f"{BOX}/status", "offline")
            assert not any("EVE" in topic for topic in ear.topics)
            assert "EVE" not in json.dumps([v for k, v in ear.topics.items() if "config" in k])

    asyncio.run(story())


def test_new_messages_are_told_once_and_counts_stay(tmp_path: Path, broker: Broker) -> None:
    bench = Bench(tmp_path, broker.port)
    anna = bench.topic("anna")
    bench.message(Kind.EMAIL, Facts(0.0, sender="was here before"))

    async def story() -> None:
        with broker.hear() as ear:
            async with bench.served():
                await until(ear, anna, voicemails=0, emails=1)
                call = Facts(0.0, caller_number="5551234", caller_name=HOSTILE, duration_s=3)
                bench.message(Kind.VOICEMAIL, call)
                event = await until(ear, f"{anna}/message", event_type="voicemail")
                assert event["number"] == "5551234" and event["from"].startswith('EVE"}')
                await until(ear, anna, voicemails=1, emails=1)
                bench.message(Kind.EMAIL, Facts(0.0, sender="Carl <carl@far.test>", subject="x"))
                event = await until(ear, f"{anna}/message", event_type="email")
                assert (event["from"], event["number"]) == ("Carl <carl@far.test>", "")
            await until(ear, f"{BOX}/status", "offline")
            events = [told for topic, told, _ in ear.came if topic == f"{anna}/message"]
            assert len(events) == 2 and "was here" not in str(events)
        with broker.hear() as late:
            await until(late, anna, emails=2)
            assert f"{anna}/message" not in late.topics, "an event is not retained"

    asyncio.run(story())


def test_who_calls_and_writes_is_nobodys_business_where_the_owner_says_so(
    tmp_path: Path, broker: Broker
) -> None:
    bench = Bench(tmp_path, broker.port, callers=False, discovery="", topic="quiet")

    async def story() -> None:
        with broker.hear() as ear:
            async with House(tmp_path) as house, bench.served(house.path):
                await until(ear, "quiet/box-1/line/line1", state="idle")
                house.box.office_lines["line1"].ring("5551234", "MARTA")
                await until(ear, "quiet/box-1/line/line1", state="ringing")
                bench.message(Kind.EMAIL, Facts(0.0, sender="carl@far.test"))
                await until(ear, f"quiet/{bench.topic('anna').partition('/')[2]}/message")
            await until(ear, "quiet/box-1/status", "offline")
            mine = [told for topic, told, _ in ear.came if topic.startswith("quiet/")]
            assert not any(word in str(mine) for word in ("5551234", "MARTA", "carl"))

    asyncio.run(story())


def test_home_assistant_that_starts_is_told_again_and_what_is_gone_is_forgotten(
    tmp_path: Path, broker: Broker
) -> None:
    bench = Bench(tmp_path, broker.port)
    add_person(bench.inbox, ADMIN, NewPerson("ben", "Ben", "202"))
    ben = bench.topic("ben").rpartition("/")[2]
    config = f"homeassistant/event/box-1/person_{ben}_message/config"

    async def story() -> None:
        with broker.hear() as ear:
            async with House(tmp_path) as house:
                async with bench.served(house.path):
                    await until(ear, config)
                remove_person(bench.inbox, ADMIN, "ben")
                async with bench.served(house.path):
                    await until(ear, config, "")
                    came = len(ear.came)
                    await asyncio.to_thread(broker.say, "homeassistant/status", "online")
                    again = "homeassistant/sensor/box-1/line_line2/config"
                    while not any(topic == again for topic, *_ in ear.came[came:]):
                        await asyncio.to_thread(ear.more)

    asyncio.run(story())


class Cut:
    """A relay to the broker whose connections can be cut, so that nobody says good-bye."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._writers: list[asyncio.StreamWriter] = []
        self.port = 0

    async def __aenter__(self) -> "Cut":
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers += [writer, here]
        await asyncio.gather(self._copy(reader, here), self._copy(there, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while octets := await reader.read(65536):
                writer.write(octets)
        except ConnectionError:
            writer.transport.abort()


def test_a_lost_connection_is_told_by_the_last_will_and_all_is_told_anew(
    tmp_path: Path, broker: Broker
) -> None:
    bench = Bench(tmp_path, broker.port)

    async def story() -> None:
        async with Cut(broker.port) as cut:
            config = replace(bench.config, port=cut.port)
            slept: list[float] = []
            go_on = asyncio.Event()

            async def sleep(seconds: float) -> None:
                slept.append(seconds)
                if seconds == 1.0:
                    await go_on.wait()
                await asyncio.sleep(0)

            with broker.hear() as ear:
                async with bench.served(config=config, sleep=sleep):
                    await until(ear, f"{BOX}/status", "online")
                    await until(ear, bench.topic("anna"), emails=0)
                    cut.cut()
                    await until(ear, f"{BOX}/status", "offline")
                    bench.message(Kind.EMAIL, Facts(0.0, sender="while it was away"))
                    go_on.set()
                    await until(ear, f"{BOX}/status", "online")
                    await until(ear, bench.topic("anna"), emails=1)

    asyncio.run(story())


def test_a_broker_that_is_not_there_is_tried_ever_more_rarely_and_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    bench = Bench(tmp_path, port)
    slept: list[float] = []

    async def story() -> None:
        enough = asyncio.Event()

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 11:
                enough.set()
                await asyncio.Event().wait()

        async with bench.served(sleep=sleep):
            async with asyncio.timeout(20):
                await enough.wait()

    asyncio.run(story())
    assert slept == [1, 2, 4, 8, 16, 32, 64, 128, 256, LONGEST_S, LONGEST_S]
    told = [one.getMessage() for one in caplog.records if one.name == "app.monitoring.mqtt"]
    assert len(told) == 1 and f"127.0.0.1 port {port}: " in told[0] and "refused" in told[0]


def failure(bench: Bench, caplog: pytest.LogCaptureFixture) -> str:
    """Why the first try failed."""

    async def story() -> None:
        failed = asyncio.Event()

        async def sleep(_: float) -> None:
            failed.set()
            await asyncio.Event().wait()

        async with bench.served(sleep=sleep), asyncio.timeout(20):
            await failed.wait()

    caplog.clear()
    asyncio.run(story())
    return caplog.text


def test_login_and_certificate_are_checked_on_both_sides(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = box_keys(tmp_path / "keys")
    with Broker(tmp_path, {"box": "tin whistle"}, keys) as broker:
        (tmp_path / "a").mkdir()
        told = {"host": "localhost", "encryption": "yes", "user": "box"}
        bench = Bench(tmp_path / "a", broker.port, authority=str(keys.authority), **told)
        assert "no password for box at localhost" in failure(bench, caplog)
        secret = kept_secrets.MQTT
        kept_secrets.keep(bench.inbox, ADMIN, bench.settings, secret, "wrong")
        assert "Not authorized" in failure(bench, caplog)
        assert "wrong" not in caplog.text
        kept_secrets.keep(bench.inbox, ADMIN, bench.settings, secret, "tin whistle")
        with broker.hear("box", "tin whistle") as ear:

            async def story() -> None:
                async with bench.served():
                    await until(ear, f"{BOX}/status", "online")

            asyncio.run(story())
        bench.settings = Settings(mqtt=bench.settings.mqtt.model_copy(update={"authority": ""}))
        assert "CERTIFICATE_VERIFY_FAILED" in failure(bench, caplog)


def test_without_a_broker_there_is_none_and_tls_goes_with_its_port() -> None:
    assert mqtt_config(Settings()) is None
    assert mqtt_config(Settings(mqtt=Mqtt(server="b:8883"))).tls  # type: ignore[union-attr]
    assert not mqtt_config(Settings(mqtt=Mqtt(server="b"))).tls  # type: ignore[union-attr]
