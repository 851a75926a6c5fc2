"""What takes long keeps nobody else waiting, and has an end: speech, foreign sound, composing."""

import os
import select
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from app.clerk import frames, media
from app.clerk.api import JOBS, NotReady
from app.clerk.client import HUNG_S, LATER_S, ProcessClerk
from app.clerk.desk import desk_over
from app.clerk.levels import levelled
from app.clerk.media import (
    MEMORY_LIMIT,
    SILENT_FOR_S,
    WORKERS,
    Conversion,
    MediaFailed,
    MediaWorkers,
    Source,
)
from app.clerk.server import Server
from app.core.clock import ManualClock
from app.core.presence import Presence
from app.phone.calls.caller import Caller
from app.phone.calls.scripting import Wait
from app.phone.fax.folder import FaxEnd
from app.phone.jobs import EndedCall, JobFailed, MessageAudio, Prompt, Spoken, Take
from app.voicemail.fax_jobs import FaxCallOver, FaxOutcome
from app.voicemail.jobs import Letter, MessageList, PinVerdict, RecordingResult, WaitingMessages
from app.voicemail.owner_jobs import OwnSetting
from tests.kit.voicemail import PACKS, PIN, House, tone

T = TypeVar("T")

WITHIN_S = 30  # an end for the wait of a test that would fail anyway


class Office:
    """A house whose clerk is a process; its synthesizer speaks when it is let go."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        programs = directory / "bin"
        programs.mkdir()
        self.gate = programs / "gate"
        os.mkfifo(self.gate)
        synthesizer = programs / "espeak-ng"
        synthesizer.write_text(f'#!/bin/sh\nread go < {self.gate}\nexec /usr/bin/espeak-ng "$@"\n')
        synthesizer.chmod(synthesizer.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        self.house = House(directory)
        self.clock = ManualClock()
        self.pushes: list[WaitingMessages] = []
        self.clerk = ProcessClerk(self.house.config, self.pushes.append, self.clock)

    def until(self, done: Callable[[], bool]) -> None:
        """Serve the clerk's descriptor until something is so."""
        while not done():
            readable, _, _ = select.select([self.clerk], [], [], WITHIN_S)
            assert readable, "nothing came from the clerk"
            self.clerk.dispatch()

    def get(self, wait: Wait[T]) -> T:
        """Serve until this is answered."""
        self.until(lambda: wait.done)
        return wait.result()

    def worker(self) -> int:
        """The clerk's child that makes a sound, once it runs the synthesizer."""
        end = time.monotonic() + WITHIN_S
        while time.monotonic() < end:
            for child in _children(self.clerk.pid or 0):
                if _children(child):
                    return child
        raise AssertionError("the clerk has no worker")

    def let_go(self) -> None:
        """Let the synthesizer speak."""
        self.gate.write_text("go\n")


def _children(pid: int) -> list[int]:
    try:
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    office = Office(tmp_path, monkeypatch)
    yield office
    office.clerk.close()


def test_prompt_pin_and_listing_are_answered_while_the_synthesizer_speaks(office: Office) -> None:
    clerk = office.clerk
    spoken = clerk.sound(Spoken("a long text"), 0, 100_000)
    office.worker()
    assert office.get(clerk.check_pin("201", PIN, "101", None)).result is PinVerdict.OK
    assert office.get(clerk.sound(Prompt("vm-intro"), 0, 16_000))
    assert office.get(clerk.listing(1, MessageList.NEW)).messages == ()
    assert not spoken.done
    office.let_go()
    assert len(office.get(spoken)) > 8000


def test_message_from_elsewhere_is_played_while_the_synthesizer_speaks(office: Office) -> None:
    office.house.leave("201", tone(3, hz=523))
    (entry,) = office.house.voicemails("anna")
    spoken = office.clerk.sound(Spoken("a long text"), 0, 100_000)
    office.worker()
    heard = office.get(office.clerk.sound(MessageAudio(entry.id), 0, 100_000))
    assert heard == tone(3, hz=523)
    assert not spoken.done
    office.let_go()
    office.get(spoken)


def test_pin_is_judged_before_a_long_recording_is_a_message(office: Office) -> None:
    clerk, minutes = office.clerk, 4
    recording = office.get(clerk.begin_recording("201", "line1", Caller("555"))).recording
    assert recording is not None
    for seq in range(60 * minutes):
        clerk.samples(recording, seq, tone(1))
    office.until(lambda: clerk.pending == 0)
    ended = clerk.end_recording(recording, "hung up")
    judged = clerk.check_pin("201", PIN, "101", None)
    assert office.get(judged).result is PinVerdict.OK
    assert not ended.done
    assert office.get(ended) is RecordingResult.DELIVERED
    assert [entry.duration_s for entry in office.house.voicemails("anna")] == [60 * minutes]


def test_killed_worker_costs_its_own_sound_and_the_pack_says_it(office: Office) -> None:
    spoken = office.clerk.sound(Spoken("Ab 7"), 0, 1_000_000)
    os.kill(office.worker(), signal.SIGKILL)
    pack = PACKS / "en_US_f_Allison"
    said = [pack / name for name in ("letters/a.wav", "letters/b.wav", "digits/7.wav")]
    assert office.get(spoken) == b"".join(levelled(path.read_bytes()[44:]) for path in said)
    assert office.clerk.pid is not None


def test_clerk_that_hangs_is_ended_and_every_job_is_asked_again(office: Office) -> None:
    clerk = office.clerk
    office.house.leave("201", tone(2))
    (entry,) = office.house.voicemails("anna")
    recording = office.get(clerk.begin_recording("201", "line1", Caller("555"))).recording
    assert recording is not None
    draft = office.get(clerk.begin_draft())
    office.until(lambda: bool(office.pushes))
    hung = clerk.pid or 0
    alive = os.pidfd_open(hung)
    os.kill(hung, signal.SIGSTOP)
    waits: dict[str, Wait[Any]] = {
        "directory": clerk.directory(),
        "missed_call": clerk.missed_call("line2", Caller("556"), "nobody was there"),
        "sound": clerk.sound(MessageAudio(entry.id), 0, 100_000),
        "mailbox": clerk.mailbox("201"),
        "check_pin": clerk.check_pin("201", PIN, "101", None),
        "claim_code": clerk.claim_code(),
        "listing": clerk.listing(1, MessageList.NEW),
        "look": clerk.look(1, entry.id),
        "mark": clerk.mark(1, (entry.id,), True),
        "remove": clerk.remove(1, (entry.id,)),
        "restore": clerk.restore(1, (entry.id,)),
        "claim": clerk.claim(1, entry.id, "101"),
        "release": clerk.release(1, entry.id, "101"),
        "begin_recording": clerk.begin_recording("202", "line2", Caller("557")),
        "samples": clerk.samples(recording, 0, tone(1)),
        "end_recording": clerk.end_recording(recording, "hung up"),
        "ended_call": clerk.ended_call(
            EndedCall("line2", Caller("556"), "202", "voicemail", 20, 1)
        ),
        "set_presence": clerk.set_presence(1, Presence.OUT),
        "greetings": clerk.greetings(1),
        "begin_draft": clerk.begin_draft(),
        "draft_samples": clerk.draft_samples(draft, 0, tone(1)),
        "keep_greeting": clerk.keep_greeting(1, "busy", draft),
        "remove_greeting": clerk.remove_greeting(1, "night"),
        "drop_draft": clerk.drop_draft(draft),
        "follow_me": clerk.follow_me(1, "101"),
        "missed_calls": clerk.missed_calls(1),
        "called_out": clerk.called_out(1, "no answer"),
        "next_fax": clerk.next_fax(),
        "fax_over": clerk.fax_over(
            FaxCallOver(entry.id, 1, "line1", FaxOutcome.BUSY, FaxEnd(False, "busy"))
        ),
        "first_use": clerk.first_use(1),
        "first_use_done": clerk.first_use_done(1, "name"),
        "set_pin": clerk.set_pin(1, "1234"),
        "languages": clerk.languages(),
        "set_own": clerk.set_own(1, OwnSetting.MAIL_BY_PHONE, "no"),
        "mails": clerk.mails(1),
        "read_mail": clerk.read_mail(1, entry.id),
        "set_marks": clerk.set_marks(1, entry.id, True, False),
        "addressee": clerk.addressee(1, "202"),
        "caller_of": clerk.caller_of(1, entry.id),
        "send_letter": clerk.send_letter(1, Letter(("bob@box.test",), enclosed=entry.id)),
        "begin_fax": clerk.begin_fax("201", "line2", Caller("558")),
        "end_fax": clerk.end_fax(),
    }
    assert waits.keys() == JOBS.keys(), "a job that is not asked while the clerk hangs"
    office.clock.advance(HUNG_S - 1)
    clerk.tick()
    assert clerk.pid == hung
    office.clock.advance(1)
    clerk.tick()
    assert clerk.pid != hung
    assert select.select([alive], [], [], WITHIN_S)[0], "the clerk that hangs was not ended"
    os.close(alive)
    clerk.tick()
    assert not Path(f"/proc/{hung}").exists(), "it is still in the process table"
    office.until(lambda: all(wait.done for wait in waits.values()))
    for wait in waits.values():
        wait.result()  # raises what went wrong
    assert office.get(clerk.mailbox("201")) is not None
    assert [e.duration_s for e in office.house.voicemails("anna")] == [2, 1]


def test_clerk_that_hangs_while_an_answer_takes_longer_is_replaced(office: Office) -> None:
    spoken = office.clerk.sound(Spoken("a long text"), 0, 100_000)
    office.get(office.clerk.directory())
    worker, hung = office.worker(), office.clerk.pid or 0
    os.kill(hung, signal.SIGSTOP)
    os.killpg(worker, signal.SIGKILL)
    office.clerk.dispatch()  # a sign of life from before
    office.clock.advance(HUNG_S)
    office.clerk.tick()
    assert office.clerk.pid != hung
    assert not spoken.done
    office.worker()
    office.let_go()
    assert len(office.get(spoken)) > 8000


def test_job_that_a_living_clerk_puts_off_for_too_long_fails(office: Office) -> None:
    spoken, pid = office.clerk.sound(Spoken("a long text"), 0, 100_000), office.clerk.pid
    office.worker()
    for _ in range(round(LATER_S / (HUNG_S - 1)) + 1):
        office.clock.advance(HUNG_S - 1)
        select.select([office.clerk], [], [], WITHIN_S)
        office.clerk.tick()
    assert spoken.done and office.clerk.pid == pid
    with pytest.raises(JobFailed, match="no answer within 60 s"):
        spoken.result()
    office.let_go()


def test_clerk_whose_answers_were_not_read_in_time_is_not_hung(office: Office) -> None:
    pid, wait = office.clerk.pid, office.clerk.mailbox("201")
    select.select([office.clerk], [], [], WITHIN_S)
    office.clock.advance(10 * HUNG_S)  # this process was held up, not the clerk
    office.clerk.tick()
    office.get(wait)
    assert office.clerk.pid == pid


def test_slow_sound_is_no_reason_to_replace_the_clerk(office: Office) -> None:
    spoken, pid = office.clerk.sound(Spoken("a long text"), 0, 10), office.clerk.pid
    office.get(office.clerk.directory())
    for _ in range(2):
        office.clock.advance(HUNG_S)
        assert select.select([office.clerk], [], [], WITHIN_S)[0], "no sign of life"
        office.clerk.tick()
    assert office.clerk.pid == pid
    office.worker()
    office.let_go()
    office.get(spoken)


def test_clerk_that_ends_takes_the_synthesizer_with_it(office: Office) -> None:
    office.clerk.sound(Spoken("a long text"), 0, 100_000)
    alive = os.pidfd_open(office.worker())
    office.clerk.close()
    assert select.select([alive], [], [], 0)[0], "a worker has outlived its clerk"
    os.close(alive)


def test_notice_of_a_change_is_taken_so_that_the_clerk_can_sleep(tmp_path: Path) -> None:
    house, workers = House(tmp_path), MediaWorkers(ManualClock())
    desk = desk_over(house.config, house.kit.clock, workers)
    desk.directory()
    house.leave("201", tone(2))
    assert select.select(desk.readers(), [], [], 0)[0], "no notice"
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.shutdown(socket.SHUT_WR)  # so that serve() takes one turn
        Server(ours, desk, workers).serve(frames.Decoder(), [])
    assert not select.select(desk.readers(), [], [], 0)[0]
    desk.close()


def test_pieces_that_come_together_are_answered_in_one_frame(tmp_path: Path) -> None:
    """48 lines that record have a piece each second; each answer of its own costs as much."""
    house, workers = House(tmp_path), MediaWorkers(ManualClock())
    desk = desk_over(house.config, house.kit.clock, workers)
    begun = desk.begin_recording(77, "201", "line1", Caller())
    pieces = [JOBS["samples"].arguments(begun.recording, seq, tone(1)) for seq in range(3)]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(frames.question(7, "mailbox", JOBS["mailbox"].arguments("201")))
        for number, piece in enumerate(pieces, 8):
            theirs.sendall(frames.question(number, "samples", piece))
        theirs.shutdown(socket.SHUT_WR)
        Server(ours, desk, workers).serve(frames.Decoder(), [])
        told = [header for header, _ in frames.Decoder().feed(theirs.recv(1 << 18))]
    assert [header for header in told if "done" in header] == [{"done": [8, 9, 10]}]
    assert [header["n"] for header in told if "result" in header] == [7]
    assert len(desk.sound(Take(77, 0), 0, 30_000)) == 2 * 24_000, "they are kept"
    desk.close()


# ---- the workers themselves


class Workers:
    """Media workers, served as the clerk's process does."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.media = MediaWorkers(self.clock)

    def serve(self) -> None:
        """One turn of the loop."""
        ready, free, _ = select.select(self.media.readers(), self.media.writers(), [], 0.5)
        self.media.serve(ready, free)

    def whole(self, conversion: Conversion) -> bytes:
        """The sound, when it is made."""
        return self.part(conversion, 1 << 26)

    def part(self, conversion: Conversion, count: int) -> bytes:
        """So many octets of the sound, when they are made."""
        end = time.monotonic() + WITHIN_S
        while time.monotonic() < end:
            try:
                return conversion.piece(0, count)
            except NotReady:
                self.serve()
        raise AssertionError("it is never made")


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = Workers()
    yield workers
    workers.media.close()


def copied(source: Source) -> Iterator[bytes]:
    yield from source


def asleep(_: Source) -> Iterator[bytes]:
    signal.pause()
    yield b""


def halting(source: Source) -> Iterator[bytes]:
    yield from source
    signal.pause()


def greedy(_: Source) -> Iterator[bytes]:
    yield bytes(2 * MEMORY_LIMIT)


def dying(_: Source) -> Iterator[bytes]:
    os.kill(os.getpid(), signal.SIGKILL)
    yield b""


def failing(_: Source) -> Iterator[bytes]:
    yield bytes(10)
    raise MediaFailed("no more")


def test_every_octet_of_a_large_source_goes_through_a_worker(workers: Workers) -> None:
    pieces = [bytes([n]) * 200_000 for n in range(100)]
    assert workers.whole(workers.media.convert(copied, pieces)) == b"".join(pieces)


def test_sound_is_read_as_far_as_it_is_listened_to(workers: Workers) -> None:
    given = 0

    def source() -> Iterator[bytes]:
        nonlocal given
        for _ in range(500):
            given += 1
            yield bytes(200_000)

    conversion = workers.media.convert(copied, source())
    while True:
        try:
            assert conversion.piece(0, 32_000) == bytes(32_000)
            break
        except NotReady:
            workers.serve()
    for _ in range(100):
        workers.serve()
        if not workers.media.readers():
            break
    assert given < 60
    assert conversion.piece(1_000_000, 32_000) == bytes(32_000), "no sound is made ahead"


@pytest.mark.parametrize(
    ("convert", "why"),
    [(greedy, "memory"), (dying, "worker died"), (failing, "no more")],
)
def test_worker_that_fails_says_why(
    workers: Workers, convert: Callable[[Source], Iterator[bytes]], why: str
) -> None:
    with pytest.raises(MediaFailed, match=why):
        workers.whole(workers.media.convert(convert))
    assert workers.whole(workers.media.convert(copied, [b"next"])) == b"next"


def test_worker_that_gives_nothing_in_time_is_killed(workers: Workers) -> None:
    conversion = workers.media.convert(asleep)
    with pytest.raises(NotReady):
        conversion.piece(0, 1)
    workers.clock.advance(SILENT_FOR_S - 1)
    workers.media.serve([], [])
    with pytest.raises(NotReady):
        conversion.piece(0, 1)
    workers.clock.advance(1)
    workers.media.serve([], [])
    with pytest.raises(MediaFailed, match="nothing came"):
        conversion.piece(0, 1)


def test_worker_that_stops_in_the_middle_of_its_sound_is_killed(workers: Workers) -> None:
    conversion = workers.media.convert(halting, [b"begin"])
    assert workers.part(conversion, 5) == b"begin"
    with pytest.raises(NotReady):
        conversion.piece(5, 1)
    workers.clock.advance(SILENT_FOR_S)
    workers.media.serve([], [])
    with pytest.raises(MediaFailed, match="nothing came"):
        conversion.piece(5, 1)


def test_worker_that_has_its_whole_source_is_sent_nothing_more(workers: Workers) -> None:
    assert workers.part(workers.media.convert(halting, [b"all"]), 3) == b"all"
    assert workers.media.writers() == []


def test_worker_whose_sound_has_the_greatest_length_is_ended(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "LONGEST", 100_000)
    conversion = workers.media.convert(halting, [bytes(100_000)])
    with pytest.raises(MediaFailed, match="longer than"):
        workers.part(conversion, 200_000)
    assert len(conversion.made(0, 200_000)) == 100_000
    assert workers.media.readers() == [], "it may go on without end"


def test_closed_workers_leave_no_process_behind(workers: Workers) -> None:
    before = _children(os.getpid())
    workers.whole(workers.media.convert(copied, [b"made"]))
    workers.media.convert(asleep)
    assert _children(os.getpid()) != before
    workers.media.close()
    assert _children(os.getpid()) == before


def test_more_sounds_than_workers_are_all_made(workers: Workers) -> None:
    wanted = [bytes([n]) for n in range(3 * WORKERS)]
    conversions = []
    for octets in wanted:
        conversions.append(workers.media.convert(copied, [octets]))
        with pytest.raises(NotReady):
            conversions[-1].piece(0, 2)
    assert [workers.whole(found) for found in conversions] == wanted


def test_worker_that_nobody_waits_for_makes_room(workers: Workers) -> None:
    held = [workers.media.convert(asleep) for _ in range(WORKERS)]
    assert workers.whole(workers.media.convert(copied, [b"next"])) == b"next"
    assert [found.dropped for found in held].count(True) == 1


def test_source_that_fails_fails_the_sound(workers: Workers) -> None:
    def gone() -> Iterator[bytes]:
        yield b"begin"
        raise JobFailed("the mail is gone")

    with pytest.raises(MediaFailed, match="the mail is gone"):
        workers.whole(workers.media.convert(copied, gone()))
