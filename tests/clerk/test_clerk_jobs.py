"""The clerk as a process: answers, pushes, deaths; and the same jobs in this process."""

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from app.clerk import frames
from app.clerk.api import JOBS, JobClient
from app.clerk.client import (
    REST_S,
    STARTS_ALLOWED,
    STARTS_WITHIN_S,
    InProcessClerk,
    ProcessClerk,
)
from app.clerk.desk import Desk
from app.core.clock import ManualClock
from app.core.presence import Presence
from app.phone.calls.caller import Caller
from app.phone.calls.dialplan import Directory, Subscriber
from app.phone.calls.scripting import Script, Wait
from app.phone.jobs import (
    Clerk,
    ClerkSound,
    Greeting,
    JobFailed,
    MessageAudio,
    Prompt,
    Spoken,
)
from app.voicemail.jobs import (
    MailboxInfo,
    PinCheck,
    PinVerdict,
    RecordingResult,
    VoicemailClerk,
    WaitingMessages,
)
from app.voicemail.message_waiting import MessageWaitingLamps
from app.voicemail.owner_jobs import OwnerClerk
from tests.kit.voicemail import PIN, House, tone

T = TypeVar("T")
ANSWER_WITHIN_S = 30  # an end for the wait of a test that would fail anyway


class Office:
    """A house whose clerk is a process, and the loop that a phone service would run."""

    def __init__(self, directory: Path) -> None:
        self.house = House(directory)
        self.pushes: list[WaitingMessages] = []
        self.clock = ManualClock()
        self.clerk = ProcessClerk(self.house.config, self.pushes.append, self.clock)

    def until(self, done: Callable[[], bool]) -> None:
        """Serve the clerk's descriptor until something is so."""
        while not done():
            readable, _, _ = select.select([self.clerk], [], [], ANSWER_WITHIN_S)
            assert readable, "nothing came from the clerk"
            self.clerk.dispatch()

    def get(self, wait: Wait[T]) -> T:
        """Serve until this is answered."""
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


def test_clerk_process_answers_every_kind_of_job(office: Office) -> None:
    clerk = office.clerk
    anna = office.get(clerk.mailbox("201"))
    assert anna == MailboxInfo(1, "201", "Anna A.", "en", "switchhook", (), mail_by_phone=True)
    assert office.get(clerk.mailbox("999")) is None
    assert office.get(clerk.check_pin("201", PIN, "101", None)) == PinCheck(PinVerdict.OK, 1)
    assert office.get(clerk.check_pin("999", PIN, "101", None)) == PinCheck(PinVerdict.WRONG, None)
    assert len(office.get(clerk.sound(Prompt("vm-intro"), 0, 16_000))) == 32_000
    assert office.get(clerk.claim_code()) is None


def test_directory_has_everybody_and_the_default(office: Office) -> None:
    assert office.get(office.clerk.directory()) == Directory(
        (
            Subscriber(1, "Anna A.", "201", "101"),
            Subscriber(2, "Bob B.", "202", "102"),
            Subscriber(3, "Cleo C.", "203", None),
        ),
        default="201",
    )


def test_presence_is_set_by_telephone_and_known_to_calls_and_voicemail(office: Office) -> None:
    clerk = office.clerk
    assert office.get(clerk.set_presence(1, Presence.AWAY, "12-24"))
    anna, told = office.get(clerk.directory()).people[0], office.get(clerk.mailbox("201"))
    assert (anna.presence, anna.rings) == (Presence.AWAY, False)
    assert told is not None and told.until is not None
    assert (told.presence, told.messages) == (Presence.AWAY, True)
    assert (told.until.month, told.until.day) == (12, 24) and told.until.days_ago < 0
    assert not office.get(clerk.set_presence(1, Presence.AWAY, "02-30"))
    assert not office.get(clerk.set_presence(1, Presence.AWAY, "2001-01-01"))
    assert not office.get(clerk.set_presence(99, Presence.DND))
    assert office.get(clerk.set_presence(1, Presence.IN))
    assert office.get(clerk.directory()).people[0].rings


@pytest.mark.parametrize(
    "sound",
    [MessageAudio(4711), Greeting(1, "../x"), Greeting(4711), Prompt("")],
)
def test_sound_that_is_not_there_fails_and_the_clerk_lives(
    office: Office, sound: ClerkSound
) -> None:
    with pytest.raises(JobFailed):
        office.get(office.clerk.sound(sound, 0, 1))
    assert office.get(office.clerk.mailbox("201")) is not None


@pytest.mark.parametrize(
    ("job", "arguments", "why"),
    [
        ("mailbox", {"number": 1, "why": "busy"}, "str expected"),
        ("mailbox", {}, "wanted"),
        ("mailbox", {"number": "1", "more": 2}, "wanted"),
        ("sound", {"sound": {"x": 1}, "start": 0, "count": 1}, "is no"),
        ("sound", {"sound": {"entry": "1"}, "start": 0, "count": 1}, "is no"),
        (
            "mark",
            {"person": 1, "entries": ["x"], "saved": None, "new": False, "door": "phone"},
            r"entries\[0\]: int expected",
        ),
    ],
)
def test_argument_of_another_type_fails_before_the_job_is_done(
    tmp_path: Path, job: str, arguments: dict[str, Any], why: str
) -> None:
    house = House(tmp_path)
    with pytest.raises(JobFailed, match=why):
        JOBS[job].call(house.jobs, arguments)


@pytest.mark.parametrize(
    ("job", "answer"), [("sound", "text"), ("directory", {"people": []}), ("remove", "1")]
)
def test_result_of_another_type_fails(job: str, answer: Any) -> None:
    with pytest.raises(JobFailed, match=f"{job}: "):
        JOBS[job].result(answer)


def test_both_ends_know_the_same_jobs() -> None:
    asked = {name for name in vars(JobClient) if not name.startswith("_")}
    wanted = {
        n for c in (Clerk, OwnerClerk, VoicemailClerk) for n in vars(c) if not n.startswith("_")
    }
    assert set(JOBS) == asked == wanted - {"pending"}
    assert all(callable(getattr(Desk, name)) for name in JOBS)


def begin(office: Office) -> int:
    start = office.get(office.clerk.begin_recording("201", "line1", Caller("555")))
    assert start.recording is not None
    return start.recording


def test_recording_that_ends_is_delivered(office: Office) -> None:
    recording, spoken = begin(office), tone(5)
    for seq in range(5):
        office.clerk.samples(recording, seq, spoken[seq * 16_000 : (seq + 1) * 16_000])
    ended = office.get(office.clerk.end_recording(recording, "hung up"))
    assert ended is RecordingResult.DELIVERED
    assert office.clerk.pending == 0
    assert [entry.duration_s for entry in office.house.voicemails("anna")] == [5]


# ---- pushes


def test_first_push_after_the_start_has_all_handsets(office: Office) -> None:
    office.until(lambda: bool(office.pushes))
    change = office.house.kit.store.last_change()
    first = office.pushes[0]
    assert first == WaitingMessages({"101": 0, "102": 0}, change, directory=first.directory)


def test_change_by_another_process_is_pushed(office: Office) -> None:
    office.until(lambda: bool(office.pushes))
    office.house.leave("201")
    change = office.house.kit.store.last_change()
    office.until(lambda: office.pushes[-1].change >= change)
    assert office.pushes[-1].unheard == {"101": 1, "102": 0}
    (entry,) = office.house.voicemails("anna")
    office.house.kit.db.now(lambda tx: office.house.kit.store.remove(tx, [entry.id], "pop3", "a"))
    office.until(lambda: office.pushes[-1].change > change)
    assert office.pushes[-1].unheard == {"101": 0, "102": 0}


# ---- deaths


def test_clerk_that_is_killed_is_replaced_and_everything_is_answered(office: Office) -> None:
    waits = [office.clerk.mailbox("201") for _ in range(50)]
    first = office.clerk.pid
    office.kill()
    waits += [office.clerk.mailbox("202") for _ in range(50)]
    office.until(lambda: all(wait.done for wait in waits))
    names = [box.name if (box := wait.result()) else "" for wait in waits]
    assert names == ["Anna A."] * 50 + ["Bob B."] * 50
    assert office.clerk.pid != first


def test_clerk_that_dies_again_and_again_is_given_a_rest_and_old_deaths_are_forgotten(
    office: Office,
) -> None:
    def die() -> int | None:
        dead = office.clerk.pid
        office.kill()
        office.until(lambda: office.clerk.pid != dead)
        return office.clerk.pid

    for _ in range(STARTS_ALLOWED - 1):
        office.clock.advance(REST_S)  # not in the blink of an eye: each start takes its time
        assert die() is not None
    office.clock.advance(REST_S / 2)
    assert die() is None
    office.clerk.tick()
    assert office.clerk.pid is None
    office.clock.advance(REST_S / 2)
    office.clerk.tick()
    assert office.clerk.pid is not None
    office.clock.advance(STARTS_WITHIN_S)
    assert die() is not None and die() is not None


@pytest.mark.parametrize("killed_after", [0, 1, 4, 9])
def test_recording_with_its_clerk_killed_is_whole(office: Office, killed_after: int) -> None:
    recording = begin(office)
    spoken = tone(10, hz=523)
    for seq in range(10):
        piece = spoken[seq * 16_000 : (seq + 1) * 16_000]
        office.clerk.samples(recording, seq, piece)
        if seq == killed_after:
            office.until(lambda: office.clerk.pending <= 1)
            office.kill()
    ended = office.get(office.clerk.end_recording(recording, "hung up"))
    assert ended is RecordingResult.DELIVERED
    (entry,) = office.house.voicemails("anna")
    heard = office.get(office.clerk.sound(MessageAudio(entry.id), 0, 100_000))
    assert heard == spoken


def test_clerk_killed_while_it_delivers_makes_one_message(office: Office) -> None:
    recording = begin(office)
    for seq in range(60):
        office.clerk.samples(recording, seq, tone(1))
    office.until(lambda: office.clerk.pending == 0)
    wait = office.clerk.end_recording(recording, "hung up")
    office.kill()
    office.until(lambda: wait.done)
    assert [entry.duration_s for entry in office.house.voicemails("anna")] == [60]
    assert office.house.kit.store.recordings.all() == []


def test_recording_that_a_dead_phone_left_is_delivered_at_the_next_start(tmp_path: Path) -> None:
    first = Office(tmp_path)
    recording = begin(first)
    first.clerk.samples(recording, 0, tone(2))
    first.until(lambda: first.clerk.pending == 0)
    first.clerk.close()  # the phone is gone; its clerk ends with what it has
    assert first.house.voicemails("anna") == []
    second = ProcessClerk(first.house.config, first.pushes.append, ManualClock())
    first.clerk = second
    first.get(second.directory())
    second.close()
    assert [entry.duration_s for entry in first.house.voicemails("anna")] == [2]


def test_question_that_kills_the_clerk_fails_and_the_others_are_answered(office: Office) -> None:
    """The clerk is killed as soon as it works on the first question; every time."""
    office.get(office.clerk.directory())
    bad = office.clerk.sound(Spoken("a " * 900), 0, 10)
    good = office.clerk.mailbox("201")
    while not bad.done:
        office.kill()
        pid = office.clerk.pid
        office.until(lambda pid=pid: office.clerk.pid != pid)  # type: ignore[misc]
    with pytest.raises(JobFailed, match="died 3 times"):
        bad.result()
    office.until(lambda: good.done)
    found = good.result()
    assert found is not None and found.name == "Anna A."


def test_clerk_that_cannot_start_is_given_up_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, python = Office(tmp_path), sys.executable
    office.get(office.clerk.directory())
    monkeypatch.setattr(sys, "executable", "/bin/false")
    office.kill()
    wait = office.clerk.directory()
    office.until(lambda: wait.done)
    with pytest.raises(JobFailed):
        wait.result()
    office.until(lambda: office.clerk.pid is None)
    assert office.clerk.directory().done, "while it is given up, questions fail at once"
    monkeypatch.setattr(sys, "executable", python)
    office.clock.advance(11)
    office.clerk.tick()
    assert len(office.get(office.clerk.directory()).people) == 3
    office.clerk.close()


def test_question_beyond_the_limit_of_unanswered_octets_fails(office: Office) -> None:
    waits: list[Wait[Any]] = []
    os.kill(office.clerk.pid or 0, signal.SIGSTOP)
    while not waits or not waits[-1].done:
        waits.append(office.clerk.samples(1, 0, bytes(1 << 20)))
        assert len(waits) < 100
    with pytest.raises(JobFailed, match="questions waiting"):
        waits[-1].result()
    os.kill(office.clerk.pid or 0, signal.SIGCONT)
    office.until(lambda: office.clerk.pending == 0)
    assert len(waits) == 16


# ---- the same in this process


def test_in_process_jobs_are_done_when_they_were_asked_for(tmp_path: Path) -> None:
    house = House(tmp_path)
    wait = house.clerk.mailbox("201")
    assert wait.done and (found := wait.result()) is not None and found.name == "Anna A."
    failed = house.clerk.sound(MessageAudio(1), 0, 1)
    with pytest.raises(JobFailed):
        failed.result()
    assert house.clerk.pending == 0


def test_in_process_changes_are_pushed_before_ask_returns(tmp_path: Path) -> None:
    house = House(tmp_path)
    lamps: dict[str, bool] = {}
    panel = MessageWaitingLamps(lamps.__setitem__)
    clerk = InProcessClerk(house.jobs, panel.update)
    clerk.dispatch()
    assert lamps == {} and panel.lit() == []
    recording = clerk.begin_recording("201", "line1", Caller()).result().recording
    assert recording is not None
    clerk.samples(recording, 0, tone(2))
    clerk.end_recording(recording, "hung up")
    assert lamps == {"101": True}
    assert panel.shows(house.kit.store.last_change())
    assert not panel.shows(house.kit.store.last_change() + 1)
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


def test_script_that_awaits_a_job_goes_on_with_the_answer(office: Office) -> None:
    said: list[str] = []

    async def script() -> None:
        box = await office.clerk.mailbox("202")
        assert box is not None
        said.append(box.name)

    ended: list[BaseException | None] = []
    Script(script(), ended.append).start()
    office.until(lambda: bool(ended))
    assert (said, ended) == (["Bob B."], [None])


# ---- frames


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_frames_cut_anywhere_are_read_whole(size: int) -> None:
    sent = [
        frames.question(1, "mailbox", {"mailbox": "201"}),
        frames.question(2, "samples", {"recording": 1, "octets": bytes(range(256))}),
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
def test_octets_that_are_no_frame_are_refused(octets: bytes) -> None:
    with pytest.raises(frames.BadFrame):
        frames.Decoder().feed(octets)
