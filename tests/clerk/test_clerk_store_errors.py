"""The store fails while somebody speaks: every word is delivered, in its order, once."""

import os
import select
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.clerk.client import InProcessClerk, ProcessClerk
from app.clerk.composer import PIECE
from app.clerk.desk import desk_over
from app.clerk.media import InlineMedia
from app.clerk.recordings import RETRY_S
from app.message.sound_parts import sound_parts
from app.phone.calls.caller import Caller
from app.store.connection import Tx, WriteConnection
from app.store.locks import FileLock
from app.voicemail.jobs import RecordingResult
from tests.kit.defaults import add_person
from tests.kit.voicemail import House, tone

CARL = Caller("5551234", "CARL CALLER")
ERRORS = {
    "I/O error": (sqlite3.SQLITE_IOERR, "disk I/O error"),
    "locked": (sqlite3.SQLITE_BUSY, "database is locked"),
    "full": (sqlite3.SQLITE_FULL, "database or disk is full"),
}


class Fault:
    """Makes every transaction of the store fail while it is on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: tuple[int, str] | None = None
        self.failed = 0
        begin = WriteConnection._begin

        def failing(connection: WriteConnection) -> object:
            if self.error is None:
                return begin(connection)
            self.failed += 1
            code, text = self.error
            problem = sqlite3.OperationalError(text)
            problem.sqlite_errorcode = code
            raise problem

        monkeypatch.setattr(WriteConnection, "_begin", failing)


class Speaker:
    """A caller who speaks second by second, each at another pitch, into one recording."""

    def __init__(self, house: House, mailbox: str = "201", line: str = "line1") -> None:
        self.house, self.seconds = house, 0
        self.recording = house.begin(mailbox, line=line, caller=CARL)

    def say(self, seconds: int) -> None:
        for _ in range(seconds):
            piece = words(self.seconds)
            self.house.clerk.samples(self.recording, self.seconds, piece).result()
            self.house.kit.clock.advance(1)
            self.house.clerk.dispatch()
            self.seconds += 1

    def hang_up(self) -> RecordingResult:
        return self.house.clerk.end_recording(self.recording, "hung up").result()


def words(second: int) -> bytes:
    """What is said in this second."""
    return tone(1, hz=300 + 40 * (second % 40))


def spoken(seconds: int, missing: tuple[int, ...] = ()) -> bytes:
    return b"".join(bytes(PIECE) if n in missing else words(n) for n in range(seconds))


def sound_of(house: House, login: str = "anna") -> bytes:
    (entry,) = house.voicemails(login)
    part = next(sound_parts(house.kit.store.octets(entry)))
    return b"".join(part.octets)[44:]


def same_words(heard: bytes, expected: bytes) -> None:
    """A failure names the first second that is not as it was spoken."""
    mine, theirs = np.frombuffer(heard, "<i2"), np.frombuffer(expected, "<i2")
    assert len(mine) == len(theirs), f"{len(mine) / 8000} s of {len(theirs) / 8000} s"
    differs = np.flatnonzero(mine != theirs)
    assert not len(differs), f"the second {differs[0] // 8000} is not as it was spoken"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Fault:
    return Fault(monkeypatch)


def left(house: House) -> list[Path]:
    folders = (house.directory / "spool", house.directory / "memory")
    return [path for folder in folders for path in folder.glob("*.voice")]


@pytest.mark.parametrize("seconds", [3, 30])
@pytest.mark.parametrize("error", ERRORS)
def test_store_that_fails_in_the_middle_costs_no_word(
    house: House, fault: Fault, error: str, seconds: int
) -> None:
    caller = Speaker(house)
    caller.say(3)
    fault.error = ERRORS[error]
    caller.say(seconds)
    assert fault.failed
    fault.error = None
    caller.say(4)
    assert caller.hang_up() is RecordingResult.DELIVERED
    same_words(sound_of(house), spoken(3 + seconds + 4))
    assert left(house) == [] and house.kit.store.recordings.all() == []


@pytest.mark.parametrize("error", ERRORS)
def test_recording_that_ends_while_the_store_fails_is_delivered_when_it_works(
    house: House, fault: Fault, error: str
) -> None:
    caller = Speaker(house)
    caller.say(2)
    fault.error = ERRORS[error]
    caller.say(5)
    assert caller.hang_up() is RecordingResult.KEPT
    for _ in range(60):
        house.kit.clock.advance(1)
        house.clerk.dispatch()
    assert house.voicemails("anna") == []
    fault.error = None
    house.kit.clock.advance(60)  # the longest time between two tries
    house.clerk.dispatch()
    same_words(sound_of(house), spoken(7))
    assert left(house) == [] and house.kit.store.recordings.all() == []


def test_store_that_fails_at_the_end_only_delivers_within_seconds(
    house: House, fault: Fault
) -> None:
    caller = Speaker(house)
    caller.say(2)
    fault.error = ERRORS["I/O error"]
    assert caller.hang_up() is RecordingResult.KEPT
    fault.error = None
    house.kit.clock.advance(RETRY_S)
    house.clerk.dispatch()
    same_words(sound_of(house), spoken(2))


def test_call_that_begins_while_the_store_fails_is_recorded(house: House, fault: Fault) -> None:
    house.clerk.directory()
    fault.error = ERRORS["I/O error"]
    caller = Speaker(house)
    caller.say(4)
    assert caller.hang_up() is RecordingResult.KEPT
    fault.error = None
    house.kit.clock.advance(60)
    house.clerk.dispatch()
    (entry,) = house.voicemails("anna")
    assert (entry.caller_number, entry.caller_name) == ("5551234", "CARL CALLER")
    same_words(sound_of(house), spoken(4))


def test_two_lines_keep_their_words_apart(house: House, fault: Fault) -> None:
    anna, bob = Speaker(house), Speaker(house, "202", "line2")
    anna.say(2)
    fault.error = ERRORS["locked"]
    bob.say(3)
    anna.say(3)
    fault.error = None
    bob.say(1)
    anna.hang_up()
    bob.hang_up()
    house.kit.clock.advance(60)
    house.clerk.dispatch()
    same_words(sound_of(house, "anna"), spoken(5))
    same_words(sound_of(house, "bob"), spoken(4))


@pytest.mark.parametrize("killed_at", ["speaking", "after the end"])
def test_clerk_that_dies_while_the_store_fails_loses_nothing(
    house: House, fault: Fault, killed_at: str
) -> None:
    caller = Speaker(house)
    caller.say(2)
    fault.error = ERRORS["I/O error"]
    caller.say(3)
    if killed_at == "speaking":
        house.restart()
        house.recover(frozenset({caller.recording}))
        caller.say(2)
        caller.hang_up()
    else:
        caller.hang_up()
        house.restart()
        house.recover()
    assert house.voicemails("anna") == []
    fault.error = None
    house.kit.clock.advance(60)
    house.clerk.dispatch()
    same_words(sound_of(house), spoken(caller.seconds))
    house.restart()
    assert house.recover() == 0
    assert len(house.voicemails("anna")) == 1


def test_recording_delivered_whose_file_stays_is_not_delivered_again(
    house: House, fault: Fault
) -> None:
    caller = Speaker(house)
    fault.error = ERRORS["full"]
    caller.say(3)
    fault.error = None
    (path,) = left(house)
    octets = path.read_bytes()
    caller.hang_up()
    path.write_bytes(octets)  # as if the power had failed between the commit and the removal
    house.restart()
    house.recover()
    assert len(house.voicemails("anna")) == 1
    assert left(house) == []


def test_disk_that_takes_no_file_leaves_the_recording_in_memory(house: House, fault: Fault) -> None:
    (house.directory / "spool").mkdir(exist_ok=True)
    caller = Speaker(house)
    caller.say(1)
    fault.error = ERRORS["I/O error"]
    _blocked(house.directory / "spool" / f"{caller.recording}.voice")
    caller.say(3)
    assert [path.parent.name for path in left(house) if path.is_file()] == ["memory"]
    fault.error = None
    caller.hang_up()
    same_words(sound_of(house), spoken(4))


def test_seconds_that_nothing_could_keep_are_silence_and_told(house: House, fault: Fault) -> None:
    caller = Speaker(house)
    caller.say(3)
    fault.error = ERRORS["I/O error"]
    for folder in ("spool", "memory"):
        (house.directory / folder).mkdir(exist_ok=True)
        _blocked(house.directory / folder / f"{caller.recording}.voice")
    for seq in (3, 4):
        wait = house.clerk.samples(caller.recording, seq, words(seq))
        with pytest.raises(Exception, match="neither store nor spool"):
            wait.result()
    house.kit.clock.advance(RETRY_S)
    fault.error, caller.seconds = None, 5
    caller.say(3)
    assert caller.hang_up() is RecordingResult.DELIVERED
    same_words(sound_of(house), spoken(8, missing=(3, 4)))
    (entry,) = house.voicemails("anna")
    text = house.kit.text(entry)
    assert b"X-VoiceMessage-Missing: 3-5\r\n" in text
    assert b"Missing:  0:03 to 0:05, which could not be kept" in text


@pytest.mark.parametrize("ends", ["while nothing is kept", "when the store works again"])
def test_last_seconds_that_nothing_could_keep_are_told(
    house: House, fault: Fault, ends: str
) -> None:
    caller = Speaker(house)
    caller.say(3)
    fault.error = ERRORS["I/O error"]
    files = [house.directory / f / f"{caller.recording}.voice" for f in ("spool", "memory")]
    for path in files:
        path.parent.mkdir(exist_ok=True)
        _blocked(path)
    for seq in (3, 4):
        house.clerk.samples(caller.recording, seq, words(seq))
    if ends == "while nothing is kept":
        files[0].rmdir()  # the disk has room for a word again
    else:
        fault.error = None
        house.kit.clock.advance(RETRY_S)
    house.clerk.end_recording(caller.recording, "hung up", 5)
    fault.error = None
    house.kit.clock.advance(60)
    house.clerk.dispatch()
    same_words(sound_of(house), spoken(3))
    (entry,) = house.voicemails("anna")
    assert b"Missing:  0:03 to 0:05, " in house.kit.text(entry)


def _blocked(path: Path) -> None:
    """Put a folder where a file is to be: nobody can write that."""
    path.mkdir()


def test_file_that_a_power_cut_has_left_half_gives_what_is_whole(
    house: House, fault: Fault
) -> None:
    caller = Speaker(house)
    fault.error = ERRORS["I/O error"]
    caller.say(3)
    (path,) = left(house)
    path.write_bytes(path.read_bytes()[:-5_000])
    house.restart()
    house.recover(frozenset({caller.recording}))
    house.clerk.samples(caller.recording, 3, words(3)).result()
    fault.error = None
    house.kit.clock.advance(60)
    caller.hang_up()
    same_words(sound_of(house), spoken(4, missing=(2,)))


def test_full_spool_refuses_the_caller_in_words_and_forgets_nothing(
    house: House, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.clerk.spool.MOST_FILES", 2)
    house.clerk.directory()
    fault.error = ERRORS["I/O error"]
    for line in range(4):
        Speaker(house, line=f"line{line}").say(1)
    refused = house.clerk.begin_recording("201", "line9", CARL).result()
    assert (refused.recording, refused.refused) == (None, "no space")
    fault.error = None
    house.restart()
    house.kit.clock.advance(60)
    assert house.recover() == 4
    assert len(house.voicemails("anna")) == 4


def _kept_for_cleo(house: House, fault: Fault) -> Speaker:
    """A recording for Cleo (203) that lies in the spool when the store works again."""
    house.clerk.directory()
    fault.error = ERRORS["I/O error"]
    caller = Speaker(house, "203")
    caller.say(3)
    assert caller.hang_up() is RecordingResult.KEPT
    fault.error = None
    return caller


def _wait(house: House, minutes: int = 3) -> None:
    for _ in range(minutes):
        house.kit.clock.advance(60)
        house.clerk.dispatch()


@pytest.mark.parametrize("given_away", [False, True], ids=["nobody's now", "another's now"])
@pytest.mark.parametrize("restarted", [False, True], ids=["same clerk", "new clerk"])
def test_recording_is_for_whom_it_was_left_though_the_mailbox_has_another_number(
    house: House, fault: Fault, restarted: bool, given_away: bool
) -> None:
    people, cleo = house.kit.people, house.kit.person("cleo").id
    _kept_for_cleo(house, fault)
    house.kit.db.now(lambda tx: people.change(tx, cleo, mailbox="303"))
    if given_away:
        bob = house.kit.person("bob").id
        house.kit.db.now(lambda tx: people.change(tx, bob, mailbox="203"))
    if restarted:
        house.restart()
        house.recover()
    _wait(house)
    same_words(sound_of(house, "cleo"), spoken(3))
    assert house.voicemails("bob") == [] and left(house) == []


@pytest.mark.parametrize("restarted", [False, True], ids=["same clerk", "new clerk"])
def test_recording_waits_for_a_store_that_has_its_owner(
    house: House, fault: Fault, restarted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    cleo = house.kit.person("cleo")
    _kept_for_cleo(house, fault)
    house.kit.db.now(lambda tx: house.kit.people.remove(tx, cleo.id))
    if restarted:
        house.restart()
        house.recover()
    _wait(house)
    assert len(left(house)) == 1, "a recording for somebody who is not here was given away"
    entries = [house.voicemails(login) for login in ("anna", "bob")]
    assert entries == [[], []] and house.kit.store.missed_calls(None) == []
    said = [record.getMessage() for record in caplog.records]
    assert sum("nobody in this store has the mailbox 203" in text for text in said) == 1

    house.kit.db.now(lambda tx: add_person(house.kit.people, tx, "cleo", "Cleo", "203"))
    _wait(house)
    same_words(sound_of(house, "cleo"), spoken(3))
    assert left(house) == []


def test_store_without_anybody_gets_neither_recordings_nor_missed_calls(
    house: House, fault: Fault
) -> None:
    _kept_for_cleo(house, fault)
    house.jobs.recordings.spool_missed_call(77, "line1", CARL, "no mailbox is set for it")

    def remove_all(tx: Tx) -> None:
        for person in house.kit.people.all():
            house.kit.people.remove(tx, person.id)

    house.kit.db.now(remove_all)
    _wait(house)
    assert len(left(house)) == 2
    assert house.kit.store.missed_calls(None) == []


def test_clerk_that_dies_knows_whose_the_rest_of_a_recording_is(house: House, fault: Fault) -> None:
    caller = Speaker(house, "203")
    caller.say(2)
    house.restart()
    house.recover(frozenset({caller.recording}))
    fault.error = ERRORS["I/O error"]
    caller.say(1)
    (path,) = left(house)
    assert b"203" in path.read_bytes() and b"CARL CALLER" in path.read_bytes()


def test_missed_call_while_the_store_fails_is_noted_when_it_works(
    house: House, fault: Fault
) -> None:
    fault.error = ERRORS["locked"]
    house.clerk.missed_call("line1", CARL, "no mailbox is set for it").result()
    fault.error = None
    house.kit.clock.advance(60)
    house.clerk.dispatch()
    (call,) = house.kit.store.missed_calls(None)
    assert (call.caller_number, call.line, call.reason) == (
        "5551234",
        "line1",
        "no mailbox is set for it",
    )


def test_job_asked_twice_by_its_number_is_done_once(house: House) -> None:
    for _ in range(2):
        house.jobs.missed_call(77, "line1", CARL, "nobody")
    assert len(house.kit.store.missed_calls(None)) == 1
    for _ in range(2):
        assert house.jobs.begin_recording(78, "201", "line1", CARL).recording == 78
    assert [found.id for found in house.kit.store.recordings.all()] == [78]


def test_process_that_holds_the_write_lock_for_ever_keeps_no_call_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.clerk.desk.LOCK_S", 0.05)
    house.jobs = desk_over(house.config, house.kit.clock, InlineMedia())
    house.clerk = InProcessClerk(house.jobs, house.pushes.append)
    house.clerk.directory()
    other = FileLock(house.kit.path.with_name("inbox.db.write"))
    other.acquire()
    caller = Speaker(house)
    caller.say(3)
    assert caller.hang_up() is RecordingResult.KEPT
    other.release()
    house.kit.clock.advance(60)
    house.clerk.dispatch()
    same_words(sound_of(house), spoken(3))
    house.jobs.close()


def test_clerk_process_killed_while_the_store_is_locked_loses_no_word(house: House) -> None:
    clerk = ProcessClerk(house.config, house.pushes.append, house.kit.clock)

    def until(done: Callable[[], bool]) -> None:
        while not done():
            assert select.select([clerk], [], [], 30)[0], "nothing came from the clerk"
            clerk.dispatch()

    def say(recording: int, *seconds: int) -> None:
        for second in seconds:
            clerk.samples(recording, second, words(second))
        until(lambda: clerk.pending == 0)

    begun = clerk.begin_recording("201", "line1", CARL)
    until(lambda: begun.done)
    recording = begun.result().recording
    assert recording is not None
    say(recording, 0, 1)
    other = FileLock(house.kit.path.with_name("inbox.db.write"))
    other.acquire()
    say(recording, 2, 3)
    os.kill(clerk.pid or 0, signal.SIGKILL)
    say(recording, 4, 5)
    ended = clerk.end_recording(recording, "hung up")
    until(lambda: ended.done)
    assert ended.result() is RecordingResult.KEPT
    other.release()
    until(lambda: len(house.voicemails("anna")) == 1)
    same_words(sound_of(house), spoken(6))
    clerk.close()
    assert left(house) == []
