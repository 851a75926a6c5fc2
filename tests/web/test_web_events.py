"""Live updates of open pages: who is told what, when a stream ends, and what many of them cost."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from app.appliance import Inbox
from app.inbox.audit import AuditEvent
from app.store.database import Tx
from app.web import events
from app.web.thread import PER_PEER
from tests.kit.running import until
from tests.kit.web import WebHouse, serving, web_settings
from tests.kit.web_visitor import Visitor, furnish


@dataclass
class Stream:
    """A page that is open."""

    sock: socket.socket
    come: bytes = b""

    def line(self) -> bytes:
        """What comes next that says anything; b"" at the end."""
        while True:
            while b"\n\n" not in self.come:
                if self.come.endswith(b"0\r\n\r\n"):  # the last chunk [RFC 9112 §7.1]
                    return b""
                more = self.sock.recv(4096)
                if not more:
                    return b""
                self.come += more
            piece, _, self.come = self.come.partition(b"\n\n")
            if b"data:" in piece:
                return piece

    def topics(self) -> list[str]:
        """What the next event says is out of date."""
        found: list[str] = json.loads(self.line().partition(b"data: ")[2].partition(b"\r\n")[0])
        return found


@contextmanager
def opened(house: WebHouse, visitor: Visitor) -> Iterator[Stream]:
    ((name, value),) = visitor.cookies.items()
    with socket.create_connection(("127.0.0.1", house.http), timeout=20) as sock:
        head = f"GET /events HTTP/1.1\r\nHost: a\r\nCookie: {name}={value}\r\n\r\n"
        sock.sendall(head.encode())
        stream = Stream(sock)
        while b"retry:" not in stream.come:
            octets = sock.recv(4096)
            assert octets, "the connection ended before anything was told"
            stream.come += octets
            assert stream.come[:13] == b"HTTP/1.1 200 "[: len(stream.come)], stream.come
        assert b"text/event-stream" in stream.come
        stream.come = b""
        yield stream


@pytest.fixture(scope="module", autouse=True)
def often() -> Iterator[None]:
    """Closed pages are looked for often."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "LOOK_S", 0.05)
        yield


@pytest.fixture(scope="module")
def box(house: WebHouse) -> Iterator[Inbox]:
    box = furnish(house, anna={"admin": True}, ben={}, cora={})
    yield box
    box.db.close()


def change(box: Inbox, login: str) -> None:
    """Something happens to a person's box."""
    person = box.people.by_login(login)
    assert person is not None
    event = AuditEvent(person.id, None)

    def work(tx: Tx) -> None:
        box.store.audit_log.write(tx, "heard", "phone", login, [event])

    box.db.now(work)


def test_page_is_told_of_its_own_person_and_an_administrators_of_all(
    house: WebHouse, box: Inbox
) -> None:
    anna, ben = Visitor(house).log_in("anna"), Visitor(house).log_in("ben")
    with opened(house, anna) as of_anna, opened(house, ben) as of_ben:
        change(box, "cora")
        assert of_anna.topics() == ["box"]
        change(box, "ben")
        assert of_ben.topics() == ["inbox"], "what concerns cora is not ben's"
        assert of_anna.topics() == ["box"]
        change(box, "anna")
        assert of_anna.topics() == ["inbox"]


def test_stream_ends_with_its_session(house: WebHouse, box: Inbox) -> None:
    ben, again = Visitor(house).log_in("ben"), Visitor(house).log_in("ben")
    with opened(house, ben) as stream, opened(house, again) as other:
        ben.post("/logout")
        while stream.line():
            continue
        assert stream.come.endswith(b"0\r\n\r\n"), "it has come to its proper end"
        assert other.topics() == ["inbox"]
        change(box, "ben")
        assert other.topics() == ["inbox"], "the other session goes on"


def test_streams_leave_room_for_pages(house: WebHouse, box: Inbox) -> None:
    """Each holds a connection for as long as its page is open."""
    ben = Visitor(house).log_in("ben")
    with serving(house.paths.var, web_settings(connections=10)) as again, ExitStack() as pages:
        ben = Visitor(again).log_in("ben")
        for _ in range(3):
            pages.enter_context(opened(again, ben))
        assert ben.get("/events").status == 503
        assert ben.get("/account").status == 200


def test_page_that_was_closed_holds_its_connection_no_longer(house: WebHouse, box: Inbox) -> None:
    ben = Visitor(house).log_in("ben")

    def opens() -> bool:
        try:
            with opened(house, ben):
                return True
        except (OSError, AssertionError):  # as long as too many are held
            return False

    for _ in range(3 * PER_PEER):
        until(opens)


def test_pages_that_are_open_do_not_hold_up_the_end_of_the_service(
    house: WebHouse, box: Inbox
) -> None:
    with ExitStack() as kept:
        with serving(house.paths.var, house.settings) as again:
            stream = kept.enter_context(opened(again, Visitor(again).log_in("ben")))
            began = time.monotonic()
        assert time.monotonic() - began < 4.0, "less than what a connection is waited for"
        assert stream.line() == b""


def processor_s() -> float:
    times = os.times()
    return times.user + times.system


def test_fifty_open_pages_cost_next_to_nothing_while_nothing_happens(
    house: WebHouse, box: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the lines that keep them open cost; in earnest each has one every 25 s."""
    monkeypatch.setattr(events, "KEEP_S", 1.0)
    settings = web_settings(connections=200)
    monkeypatch.setattr("app.web.thread.PER_PEER", 100)
    with serving(house.paths.var, settings) as again, ExitStack() as pages:
        visitor = Visitor(again).log_in("ben")
        streams = [pages.enter_context(opened(again, visitor)) for _ in range(50)]
        started, events_s = processor_s(), 25.0
        heard = 0
        for stream in streams:
            heard += stream.sock.recv(64).count(b":")
        spent = processor_s() - started
        assert heard >= 50
        assert spent < events_s * 0.01, f"{spent:.3f} s for fifty signs of life"
