"""The clerk as a process: orders in order, pushes, deaths; and what the desk tells of the store."""

import os
import select
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.clerk import frames
from app.clerk.client import InProcessClerk, ProcessClerk
from app.core.clock import ManualClock
from app.phone.calls.scripting import Script, Wait
from app.phone.jobs import JobFailed
from app.voicemail.message_waiting import MessageWaitingLamps
from tests.kit.voicemail import PIN, House, tone

ANSWER_WITHIN_S = 30  # an end for the wait of a test that would fail anyway


class Office:
    """A house whose clerk is a process, and the loop that a phone service would run."""

    def __init__(self, directory: Path) -> None:
        self.house = House(directory)
        self.pushes: list[dict[str, Any]] = []
        self.clock = ManualClock()
        self.clerk = ProcessClerk(self.house.config, self.pushes.append, self.clock)

    def until(self, done: Callable[[], bool]) -> None:
        """Serve the clerk's descriptor until something is so."""
        while not done():
            readable, _, _ = select.select([self.clerk], [], [], ANSWER_WITHIN_S)
            assert readable, "nothing came from the clerk"
            self.clerk.dispatch()

    def ask(self, job: str, **arguments: Any) -> Any:
        """Ask and serve until it is answered."""
        wait = self.clerk.ask(job, **arguments)
        self.until(lambda: wait.done)
        return wait.result()

    def kill(self) -> None:
        """Kill the clerk where it stands."""
        assert self.clerk.pid is not None
        os.kill(self.clerk.pid, signal.SIGKILL)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.clerk.close()


def test_jobs_are_answered(office: Office) -> None:
    assert office.ask("mailbox", mailbox="201")["name"] == "Anna A."
    assert office.ask("mailbox", mailbox="999") is None
    assert office.ask("check_pin", mailbox="201", pin=PIN)["result"] == "ok"
    assert office.ask("check_pin", mailbox="999", pin=PIN)["result"] == "wrong"
    sound = office.ask("sound", sound={"prompt": "vm-intro"}, start=0, count=16_000)
    assert isinstance(sound, bytes) and len(sound) == 32_000


def test_the_directory(office: Office) -> None:
    assert office.ask("directory") == {
        "people": [
            {"person": 1, "name": "Anna A.", "mailbox": "201", "handset": "101"},
            {"person": 2, "name": "Bob B.", "mailbox": "202", "handset": "102"},
            {"person": 3, "name": "Cleo C.", "mailbox": "203", "handset": None},
        ],
        "default": "201",
        "services": [],
    }


@pytest.mark.parametrize(
    ("job", "arguments"),
    [
        ("no such job", {}),
        ("mailbox", {"number": 1}),
        ("sound", {"sound": {"entry": 4711}, "start": 0, "count": 1}),
        ("sound", {"sound": {"greeting": 1, "kind": "../x"}, "start": 0, "count": 1}),
        ("sound", {"sound": {}, "start": 0, "count": 1}),
    ],
)
def test_a_job_that_cannot_be_done_fails_alone(
    office: Office, job: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(JobFailed):
        office.ask(job, **arguments)
    assert office.ask("mailbox", mailbox="201") is not None


def test_a_whole_recording(office: Office) -> None:
    begun = office.ask("begin_recording", mailbox="201", line="line1", number="555", name=None)
    spoken = tone(5)
    for seq in range(5):
        piece = spoken[seq * 16_000 : (seq + 1) * 16_000]
        office.clerk.tell("samples", recording=begun["recording"], seq=seq, octets=piece)
    ended = office.ask("end_recording", recording=begun["recording"], why="hung up")
    assert ended == {"delivered": True}
    assert office.clerk.pending == 0
    assert [entry.duration_s for entry in office.house.voicemails("anna")] == [5]


# ---- pushes


def test_the_first_push_tells_where_things_stand(office: Office) -> None:
    office.until(lambda: bool(office.pushes))
    assert office.pushes[0] == {
        "waiting": {"101": 0, "102": 0},
        "change": office.house.kit.store.last_change(),
    }


def test_a_change_by_another_process_is_pushed(office: Office) -> None:
    office.until(lambda: bool(office.pushes))
    office.house.leave("201")
    change = office.house.kit.store.last_change()
    office.until(lambda: office.pushes[-1]["change"] >= change)
    assert office.pushes[-1]["waiting"] == {"101": 1, "102": 0}
    (entry,) = office.house.voicemails("anna")
    office.house.kit.db.now(lambda tx: office.house.kit.store.remove(tx, [entry.id], "pop3", "a"))
    office.until(lambda: office.pushes[-1]["change"] > change)
    assert office.pushes[-1]["waiting"] == {"101": 0, "102": 0}


# ---- deaths


def test_a_clerk_that_is_killed_is_replaced_and_nothing_is_unanswered(office: Office) -> None:
    waits = [office.clerk.ask("mailbox", mailbox="201") for _ in range(50)]
    first = office.clerk.pid
    office.kill()
    waits += [office.clerk.ask("mailbox", mailbox="202") for _ in range(50)]
    office.until(lambda: all(wait.done for wait in waits))
    assert [wait.result()["name"] for wait in waits] == ["Anna A."] * 50 + ["Bob B."] * 50
    assert office.clerk.pid != first


@pytest.mark.parametrize("killed_after", [0, 1, 4, 9])
def test_a_recording_survives_its_clerk(office: Office, killed_after: int) -> None:
    begun = office.ask("begin_recording", mailbox="201", line="line1", number="555", name=None)
    spoken = tone(10, hz=523)
    for seq in range(10):
        piece = spoken[seq * 16_000 : (seq + 1) * 16_000]
        office.clerk.tell("samples", recording=begun["recording"], seq=seq, octets=piece)
        if seq == killed_after:
            office.until(lambda: office.clerk.pending <= 1)
            office.kill()
    ended = office.ask("end_recording", recording=begun["recording"], why="hung up")
    assert ended == {"delivered": True}
    (entry,) = office.house.voicemails("anna")
    heard = office.ask("sound", sound={"entry": entry.id}, start=0, count=100_000)
    assert heard == spoken


def test_killed_while_it_delivers_there_is_one_message(office: Office) -> None:
    begun = office.ask("begin_recording", mailbox="201", line="line1", number="555", name=None)
    for seq in range(60):
        office.clerk.tell("samples", recording=begun["recording"], seq=seq, octets=tone(1))
    office.until(lambda: office.clerk.pending == 0)
    wait = office.clerk.ask("end_recording", recording=begun["recording"], why="hung up")
    office.kill()
    office.until(lambda: wait.done)
    assert [entry.duration_s for entry in office.house.voicemails("anna")] == [60]
    assert office.house.kit.store.recordings() == []


def test_what_a_dead_phone_left_is_delivered_at_the_next_start(tmp_path: Path) -> None:
    first = Office(tmp_path)
    begun = first.ask("begin_recording", mailbox="201", line="line1", number="555", name=None)
    first.clerk.tell("samples", recording=begun["recording"], seq=0, octets=tone(2))
    first.until(lambda: first.clerk.pending == 0)
    first.clerk.close()  # the phone is gone; its clerk ends with what it has
    assert first.house.voicemails("anna") == []
    second = ProcessClerk(first.house.config, first.pushes.append, ManualClock())
    first.clerk = second
    first.ask("directory")
    second.close()
    assert [entry.duration_s for entry in first.house.voicemails("anna")] == [2]


def test_an_order_that_kills_the_clerk_fails_and_the_others_go_on(office: Office) -> None:
    """The clerk is killed as soon as it works on the first order; every time."""
    office.ask("directory")
    bad = office.clerk.ask("sound", sound={"text": "a " * 900}, start=0, count=10)
    good = office.clerk.ask("mailbox", mailbox="201")
    while not bad.done:
        office.kill()
        pid = office.clerk.pid
        office.until(lambda pid=pid: office.clerk.pid != pid)  # type: ignore[misc]
    with pytest.raises(JobFailed, match="died 3 times"):
        bad.result()
    office.until(lambda: good.done)
    assert good.result()["name"] == "Anna A."


def test_a_clerk_that_cannot_live_is_given_up_and_tried_again(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.ask("directory")
    office.house.kit.db.close()
    store = tmp_path / "inbox.db"
    for path in tmp_path.glob("inbox.db*"):
        path.unlink()
    store.mkdir()  # nobody can open that
    office.kill()
    wait = office.clerk.ask("directory")
    office.until(lambda: wait.done)
    with pytest.raises(JobFailed):
        wait.result()
    office.until(lambda: office.clerk.pid is None)
    assert office.clerk.ask("directory").done, "while it is given up, orders fail at once"
    store.rmdir()
    office.clock.advance(11)
    office.clerk.tick()
    assert office.ask("directory")["people"] == []
    office.clerk.close()


def test_too_much_unanswered_is_refused_not_kept(office: Office) -> None:
    waits: list[Wait[Any]] = []
    os.kill(office.clerk.pid or 0, signal.SIGSTOP)
    while not waits or not waits[-1].done:
        waits.append(office.clerk.ask("samples", recording=1, seq=0, octets=bytes(1 << 20)))
        assert len(waits) < 100
    with pytest.raises(JobFailed, match="orders waiting"):
        waits[-1].result()
    os.kill(office.clerk.pid or 0, signal.SIGCONT)
    office.until(lambda: office.clerk.pending == 0)
    assert len(waits) == 8


# ---- the same in this process


def test_in_process_jobs_are_done_when_ask_returns(tmp_path: Path) -> None:
    house = House(tmp_path)
    wait = house.clerk.ask("mailbox", mailbox="201")
    assert wait.done and wait.result()["name"] == "Anna A."
    failed = house.clerk.ask("sound", sound={"entry": 1}, start=0, count=1)
    with pytest.raises(JobFailed):
        failed.result()
    house.clerk.tell("no such job")
    assert house.clerk.pending == 0


def test_in_process_changes_are_pushed_before_ask_returns(tmp_path: Path) -> None:
    house = House(tmp_path)
    lamps: dict[str, bool] = {}
    panel = MessageWaitingLamps(lamps.__setitem__)
    clerk = InProcessClerk(house.desk, panel.update)
    clerk.dispatch()
    assert lamps == {} and panel.lit() == []
    recording = clerk.ask("begin_recording", mailbox="201", line="line1").result()["recording"]
    clerk.tell("samples", recording=recording, seq=0, octets=tone(2))
    clerk.tell("end_recording", recording=recording, why="hung up")
    assert lamps == {"101": True}
    assert panel.settled(house.kit.store.last_change())
    assert not panel.settled(house.kit.store.last_change() + 1)
    (entry,) = house.voicemails("anna")
    house.kit.db.now(lambda tx: house.kit.store.remove(tx, [entry.id], "pop3", "anna"))
    clerk.dispatch()
    assert lamps == {"101": False}
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.store.restore(tx, [entry.id], "web", "anna"))
    clerk.dispatch()
    assert lamps == {"101": True}
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, handset="103"))
    clerk.dispatch()
    assert lamps == {"101": False, "103": True}


def test_a_script_waits_for_the_process(office: Office) -> None:
    said: list[str] = []

    async def script() -> None:
        box = await office.clerk.ask("mailbox", mailbox="202")
        said.append(box["name"])

    ended: list[BaseException | None] = []
    Script(script(), ended.append).start()
    office.until(lambda: bool(ended))
    assert (said, ended) == (["Bob B."], [None])


# ---- frames


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_frames_however_they_are_cut(size: int) -> None:
    sent = [
        frames.order(1, "mailbox", {"mailbox": "201"}),
        frames.order(2, "samples", {"recording": 1, "octets": bytes(range(256))}),
        frames.answer(3, b"sound"),
        frames.answer(4, {"a": [1, None, "é"]}),
    ]
    decoder, got = frames.Decoder(), []
    whole = b"".join(sent)
    for at in range(0, len(whole), size):
        got += decoder.feed(whole[at : at + size])
    assert got[0] == ({"n": 1, "job": "mailbox", "arguments": {"mailbox": "201"}}, b"")
    assert frames.arguments_of(*got[1]) == {"recording": 1, "octets": bytes(range(256))}
    assert got[2] == ({"n": 3, "raw": True}, b"sound")
    assert got[3] == ({"n": 4, "result": {"a": [1, None, "é"]}}, b"")
    assert len(got) == 4


@pytest.mark.parametrize("octets", [b"\xff" * 8, frames.encode({})[:8] + b"[]"])
def test_what_is_no_frame(octets: bytes) -> None:
    with pytest.raises(frames.BadFrame):
        frames.Decoder().feed(octets)
