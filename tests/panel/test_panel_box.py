"""What the panel knows of a box: a real store, a phone service's socket, files."""

import json
import os
import select
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.config.paths import Paths
from app.core.clock import ManualClock
from app.core.presence import Presence
from app.device import first_boot
from app.inbox.entries import Kind
from app.operations.errors import OperationError
from app.operations.panel import PANEL
from app.operations.tasks import EraseBox, ShutDown, from_line
from app.panel.box import ANYWAY_S, ENDING_S, READ_S, REOPEN_S, START_S, LiveBox
from app.panel.config import PanelConfig
from app.panel.gestures import Meaning, TurnPresence
from app.panel.lights import Condition, LineUse, PanelFacts
from app.panel.phone_link import AWAY_S
from app.panel_parts import open_for_panel
from app.store.condition import StoreCondition
from drivers.panel_spec import LOUDSPEAKER, virtual_panel
from tests.kit.panels import LIMITS
from tests.kit.store import StoreKit

LINE = {"kind": "station", "state": "on hook", "working": True, "call": "", "fault": ""}


class Service:
    """A service's control socket, answered by hand."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.unlink(missing_ok=True)
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(str(path))
        self.door.listen()
        self._client: socket.socket | None = None

    def question(self) -> dict[str, Any]:
        if self._client is None:
            self._client = self.door.accept()[0]
        assert select.select([self._client], [], [], 5)[0]
        found: dict[str, Any] = json.loads(self._client.recv(4096).splitlines()[-1])
        return found

    def answer(self, changes: int, **lines: str) -> None:
        assert self._client is not None
        told = {name: {**LINE, "state": state} for name, state in lines.items()}
        answer = {"ready": True, "changes": changes, "lines": told}
        self._client.sendall(json.dumps(answer).encode() + b"\n")

    def end(self) -> None:
        if self._client is not None:
            self._client.close()
        self.door.close()
        self._path.unlink(missing_ok=True)


class Bench:
    """A store with Anna, Bob and Cleo, and the panel's box over it; 201 is Anna's mailbox."""

    def __init__(self, paths: Paths, mailbox: str = "201") -> None:
        self.paths = paths
        paths.make()
        self.clock = ManualClock()
        self.kit = StoreKit(paths.database, clock=self.clock)
        self.kit.add_people()
        self.mail = Service(paths.mail_control)
        self.config = PanelConfig(virtual_panel(["101"]), False, mailbox, "101", LIMITS)
        self.box = self.opened()

    def opened(self) -> LiveBox:
        return LiveBox(
            self.config, self.paths, lambda: open_for_panel(self.paths, self.config), self.clock
        )

    def facts(self, seconds: float = READ_S) -> PanelFacts:
        """What is known so much later."""
        self.clock.advance(seconds)
        return self.box.facts(self.clock.monotonic())

    def close(self) -> None:
        self.box.close()
        self.mail.end()
        self.kit.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(Paths(tmp_path / "var"))
    yield bench
    bench.close()


def test_panel_box_tells_of_new_voicemail_as_soon_as_it_is_there(bench: Bench) -> None:
    assert bench.facts().store.unheard == 0
    entry = bench.kit.put("anna", kind=Kind.VOICEMAIL)
    bench.kit.put("bob", kind=Kind.VOICEMAIL)
    bench.kit.put("anna", kind=Kind.EMAIL)
    assert select.select(bench.box.filenos(), [], [], 5)[0], "no notice has come"
    assert bench.facts().store.unheard == 1
    bench.kit.db.now(lambda tx: bench.kit.store.remove(tx, [entry.id], "phone", "anna"))
    assert bench.facts().store.unheard == 0


def test_panel_box_counts_everybodys_voicemail_where_no_mailbox_is_named(tmp_path: Path) -> None:
    bench = Bench(Paths(tmp_path / "var"), mailbox="")
    bench.kit.put("anna", kind=Kind.VOICEMAIL)
    bench.kit.put("bob", kind=Kind.VOICEMAIL)
    assert bench.facts().store.unheard == 2
    with pytest.raises(OperationError, match="names no mailbox") as refused:
        bench.box.do(Meaning.PLAY, frozenset())
    assert refused.value.field == "panel.mailbox"
    bench.close()


def test_panel_box_reads_a_busy_store_no_more_often_than_every_50_ms(bench: Bench) -> None:
    bench.facts()
    bench.kit.put("anna", kind=Kind.VOICEMAIL)
    assert bench.facts(READ_S / 2).store.unheard == 0
    assert bench.facts(READ_S / 2).store.unheard == 1
    assert bench.box.wait_s(bench.clock.monotonic()) > 0


def test_panel_box_names_full_and_nearly_full_mailboxes(bench: Bench) -> None:
    bench.kit.put("anna", b"X: y\r\n\r\n" + b"a" * 8_500)
    bench.kit.put("bob", b"X: y\r\n\r\n" + b"a" * 10_500)
    store = bench.facts().store
    assert (store.nearly_full, store.full) == (("anna",), ("bob",))


def test_panel_box_follows_the_lines(bench: Bench) -> None:
    phone = Service(bench.paths.phone_control)
    assert bench.facts().condition is Condition.STARTING
    assert phone.question() == {"ask": "changed", "since": -1}
    phone.answer(7, **{"101": "on hook"})
    found = bench.facts()
    assert (found.condition, found.lines) == (Condition.WORKING, {"101": LineUse.IDLE})
    assert phone.question() == {"ask": "changed", "since": 7}
    phone.answer(8, **{"101": "ringing"})
    assert bench.facts().lines == {"101": LineUse.RINGING}
    phone.end()
    assert bench.facts().down == ()
    assert bench.facts(AWAY_S).down == ("phone",)
    again = Service(bench.paths.phone_control)
    bench.facts(1)
    again.question()
    again.answer(1, **{"101": "on hook"})
    assert bench.facts(1).down == ()
    again.end()


def test_panel_box_of_a_phone_that_never_comes_is_no_longer_starting(bench: Bench) -> None:
    assert bench.facts().condition is Condition.STARTING
    found = bench.facts(START_S)
    assert (found.condition, found.down) == (Condition.WORKING, ("phone",))


def test_panel_box_misses_the_mail_service_and_knows_damage(bench: Bench) -> None:
    bench.facts(START_S)
    found = bench.facts(AWAY_S)
    assert (found.down, found.damage) == (("phone",), False)
    bench.mail.end()
    StoreCondition(bench.paths.database).note("page 7 is broken")
    found = bench.facts(1)
    assert (found.down, found.damage) == (("mail", "phone"), True)


def test_panel_box_turns_night_and_day_and_the_history_says_who(bench: Bench) -> None:
    bench.facts()
    bench.box.do(Meaning.NIGHT, frozenset())
    assert bench.facts().store.night
    bench.box.do(Meaning.NIGHT, frozenset())
    assert not bench.facts().store.night
    bench.box.do(Meaning.ACKNOWLEDGE, frozenset({"line 101 fails"}))
    told = [(row.door, row.by, row.verb, row.detail) for row in bench.kit.store.history()]
    assert told[-3:] == [
        ("panel", "panel", "night", "begins"),
        ("panel", "panel", "night", "ends"),
        ("panel", "panel", "fault acknowledged", "line 101 fails"),
    ]


def test_panel_box_says_who_is_out_and_lets_them_go_and_come(bench: Bench) -> None:
    anna, people = bench.kit.person("anna"), bench.kit.people
    assert bench.facts().store.away == {"101": False, "102": False}
    bench.box.do(TurnPresence("101"), frozenset())
    assert bench.facts(1).store.away == {"101": True, "102": False}
    assert people.presences.of(anna.id).presence is Presence.OUT
    bench.kit.db.now(lambda tx: people.presences.set(tx, anna.id, Presence.MEETING))
    assert bench.facts(1).store.away == {"101": True, "102": False}
    bench.box.do(TurnPresence("101"), frozenset())
    assert bench.facts(1).store.away == {"101": False, "102": False}
    told = [(row.door, row.by, row.detail) for row in bench.kit.store.history()]
    assert [row for row in told if row[0] == "panel"] == [
        ("panel", "panel", "out"),
        ("panel", "panel", "in"),
    ]
    with pytest.raises(OperationError, match="handset 103 is nobody's"):
        bench.box.do(TurnPresence("103"), frozenset())


def test_panel_box_goes_on_without_a_store_and_finds_it_again(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "var")
    paths.make()
    bench = Bench(paths)
    bench.box.close()
    bench.kit.close()
    hidden = paths.database.with_name("hidden")
    paths.database.rename(hidden)
    bench.box = bench.opened()
    assert bench.facts().store.unheard == 0
    with pytest.raises(OperationError, match="cannot be used now"):
        bench.box.do(Meaning.NIGHT, frozenset())
    assert not paths.database.exists(), "it was made anew"
    hidden.rename(paths.database)
    bench.kit = StoreKit(paths.database, clock=bench.clock)
    bench.kit.put("anna", kind=Kind.VOICEMAIL)
    assert bench.facts(1).store.unheard == 0
    assert bench.facts(REOPEN_S).store.unheard == 1
    bench.close()


def test_panel_box_without_a_phone_service_cannot_play(bench: Bench) -> None:
    with pytest.raises(OperationError, match="is the appliance running"):
        bench.box.do(Meaning.PLAY, frozenset())
    with pytest.raises(OperationError, match="is the appliance running"):
        bench.box.do(Meaning.DELETE, frozenset())


def test_panel_box_plays_on_the_loudspeaker_and_stops_it_by_the_same_button(bench: Bench) -> None:
    assert asked_for_play(bench, playing=False) == [
        {"ask": "press", "handset": LOUDSPEAKER, "key": "2"},
        {"ask": "play", "handset": LOUDSPEAKER, "mailbox": "201"},
    ]
    assert asked_for_play(bench, playing=True) == [
        {"ask": "press", "handset": LOUDSPEAKER, "key": "2"}
    ]


def asked_for_play(bench: Bench, playing: bool) -> list[dict[str, object]]:
    """What the phone service is asked when somebody presses play."""
    bench.config = replace(bench.config, handset=LOUDSPEAKER)
    box, questions = bench.opened(), list[dict[str, object]]()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(bench.paths.phone_control))
        door.listen()
        done = threading.Thread(target=box.do, args=(Meaning.PLAY, frozenset()), daemon=True)
        done.start()
        for _ in range(1 if playing else 2):
            client, _address = door.accept()
            with client, client.makefile("rw") as talk:
                questions.append(json.loads(talk.readline()))
                refused = not playing and len(questions) == 1
                talk.write(json.dumps({"error": "no"} if refused else {"done": True}) + "\n")
        done.join(5)
        assert not done.is_alive()
    bench.paths.phone_control.unlink()
    box.close()
    return questions


def test_panel_box_asks_the_machine_to_end_on_a_device_only(bench: Bench) -> None:
    bench.facts()
    for meaning in (Meaning.SHUT_DOWN, Meaning.ERASE):
        with pytest.raises(OperationError, match="virtual board"):
            bench.box.do(meaning, frozenset())
    mark = first_boot.done(bench.paths)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    with pytest.raises(OperationError, match="service `tasks` does not run"):
        bench.box.do(Meaning.SHUT_DOWN, frozenset())
    os.mkfifo(bench.paths.task_pipe)
    pipe = os.open(bench.paths.task_pipe, os.O_RDONLY | os.O_NONBLOCK)
    for meaning, work in ((Meaning.SHUT_DOWN, ShutDown()), (Meaning.ERASE, EraseBox())):
        bench.box.do(meaning, frozenset())
        task = from_line(os.read(pipe, 4096))
        assert (task.work, task.actor) == (work, PANEL)
        assert bench.facts().condition is Condition.ENDING
    os.close(pipe)
    assert bench.facts(ENDING_S).condition is not Condition.ENDING


def test_panel_box_looks_at_a_quiet_store_once_a_minute(bench: Bench) -> None:
    bench.facts()
    (bench.paths.greetings / "night").touch()  # by another process, which says nothing
    assert not bench.facts().store.night
    assert bench.facts(ANYWAY_S).store.night
