"""The processes that write voicemail down, with a small program in the model's place."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from app.inbox.entries import Entry, Kind
from app.inbox.transcripts import TRIES, Outcome, Transcript
from app.store.database import Tx
from app.transcript import transcriber
from app.transcript.transcriber import (
    LONGEST_S,
    MOST_SAMPLES,
    Transcriber,
    as_message,
    nobody_on_a_line,
)
from app.transcript.worker import sound_of
from tests.kit.store import StoreKit, open_store

ECHO = """
import json, sys
text = sys.stdin.buffer.read().decode().splitlines()[-1]
print(json.dumps({"outcome": "said", "said": text, "number": ""}))
"""
WAITS = "import sys; sys.stdin.buffer.read(); import signal; signal.pause()"
DIES = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
BABBLES = "print('no JSON')"


class Bench:
    """A store, a transcriber over it, and what it is told."""

    def __init__(self, kit: StoreKit) -> None:
        self.kit = kit
        self.program: str | None = ECHO
        self.quiet = True
        self.transcriber = Transcriber(
            kit.db, kit.store, kit.clock, self.command, lambda: self.quiet
        )

    def command(self) -> Sequence[str] | None:
        return None if self.program is None else (sys.executable, "-c", self.program)

    def voicemail(self, text: str = "Call me back.") -> Entry:
        octets = f"Subject: x\r\n\r\n{text}\r\n".encode()
        return self.kit.put("anna", octets, kind=Kind.VOICEMAIL)

    @property
    def pid(self) -> int:
        run = self.transcriber._run
        assert run is not None
        return run._process.pid

    def wait(self) -> None:
        """Until the process has ended; it is left for the transcriber to find."""
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)

    def outcome(self, entry: Entry) -> Outcome | None:
        found = self.kit.store.transcripts.get(entry.content)
        return None if found is None else found.outcome


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    kit = open_store(tmp_path)
    bench = Bench(kit)
    yield bench
    bench.transcriber.stop()
    kit.close()


def state_of(pid: int) -> str:
    """The kernel's letter for it [proc(5), stat]."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_message_is_written_down_and_then_the_one_before_it(bench: Bench) -> None:
    older, newer = bench.voicemail("The older one."), bench.voicemail("The newer one.")
    bench.transcriber.look()
    bench.wait()
    bench.transcriber.look()
    assert bench.outcome(newer) is Outcome.SAID and bench.outcome(older) is None
    bench.wait()
    bench.transcriber.look()
    texts = bench.kit.store.transcripts.of((older.content, newer.content))
    assert [text.said for text in texts.values()] == ["The older one.", "The newer one."]
    bench.transcriber.look()
    assert bench.transcriber._run is None


def test_without_a_pack_nothing_is_begun_and_nothing_is_noted(bench: Bench) -> None:
    bench.program = None
    entry = bench.voicemail()
    bench.transcriber.look()
    assert bench.transcriber._run is None and bench.outcome(entry) is None
    bench.program = ECHO  # it is added while the box runs
    bench.transcriber.look()
    bench.wait()
    bench.transcriber.look()
    assert bench.outcome(entry) is Outcome.SAID


def test_while_somebody_telephones_none_begins_and_one_that_works_stands_still(
    bench: Bench,
) -> None:
    bench.program, bench.quiet = WAITS, False
    entry = bench.voicemail()
    bench.transcriber.look()
    assert bench.transcriber._run is None
    bench.quiet = True
    bench.transcriber.look()
    bench.quiet = False
    bench.kit.clock.advance(5)
    bench.transcriber.look()
    os.waitid(os.P_PID, bench.pid, os.WSTOPPED | os.WNOWAIT)
    assert state_of(bench.pid) == "T"
    bench.kit.clock.advance(LONGEST_S)  # a long call does not count
    bench.transcriber.look()
    assert bench.outcome(entry) is None
    bench.quiet = True
    bench.transcriber.look()
    os.waitid(os.P_PID, bench.pid, os.WCONTINUED | os.WNOWAIT)
    assert state_of(bench.pid) != "T"


def test_one_that_takes_too_long_is_ended_and_its_message_stays(bench: Bench) -> None:
    bench.program = WAITS
    entry = bench.voicemail()
    bench.transcriber.look()
    pid = bench.pid
    bench.kit.clock.advance(LONGEST_S + 1)
    bench.transcriber.look()
    assert bench.outcome(entry) is Outcome.FAILED
    assert not Path(f"/proc/{pid}").exists()
    assert bench.kit.text(entry).endswith(b"Call me back.\r\n")


@pytest.mark.parametrize("program", [DIES, BABBLES, "raise SystemExit(3)"])
def test_one_that_dies_or_babbles_costs_the_text_alone(bench: Bench, program: str) -> None:
    bench.program = program
    entry = bench.voicemail()
    for _ in range(TRIES):
        bench.transcriber.look()
        bench.wait()
        bench.kit.clock.advance(1)
        bench.program, before = None, bench.program
        bench.transcriber.look()
        bench.program = before
    assert bench.outcome(entry) is Outcome.FAILED
    bench.transcriber.look()
    assert bench.transcriber._run is None, "it is not tried for ever"


def test_one_that_works_when_the_service_ends_is_ended_and_begins_again(bench: Bench) -> None:
    bench.program = WAITS
    entry = bench.voicemail()
    bench.transcriber.look()
    pid = bench.pid
    os.kill(pid, signal.SIGSTOP)
    bench.transcriber.stop()
    assert not Path(f"/proc/{pid}").exists()
    assert bench.outcome(entry) is None and bench.kit.store.transcripts.next() == entry


def test_message_longer_than_five_minutes_is_copied_in_part(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcriber, "MOST_OCTETS", 300_000)
    bench.program = (
        "import json, sys; n = len(sys.stdin.buffer.read());"
        "print(json.dumps({'outcome': 'said', 'said': str(n), 'number': ''}))"
    )
    entry = bench.voicemail("x" * 2_000_000)
    bench.transcriber.look()
    bench.wait()
    bench.transcriber.look()
    found = bench.kit.store.transcripts.get(entry.content)
    assert found is not None and 300_000 < int(found.said) < 600_000


def test_a_phone_that_does_not_answer_is_busy(tmp_path: Path) -> None:
    assert not nobody_on_a_line(tmp_path / "phone.sock")


# ---- recordings that wait for their text


def recorded(bench: Bench, takes: tuple[int, ...] = ()) -> int:
    """A recording of two pieces that has ended and waits for its text."""
    kit = bench.kit
    recordings, anna = kit.store.recordings, kit.person("anna").id
    started_at = kit.clock.now()

    def keep(tx: Tx) -> int:
        number = recordings.begin(tx, anna, "line1", None, None, started_at)
        for seq in (0, 1):
            recordings.add_samples(tx, number, seq, bytes([seq + 1]) * 16_000)
        recordings.end(tx, number, "hung up", takes)
        kit.store.awaited_texts.begin(tx, number, 5)
        return number

    return kit.db.now(keep)


def test_recording_that_waits_comes_before_every_message(bench: Bench) -> None:
    bench.voicemail("An older message.")
    number = recorded(bench)
    bench.voicemail("A newer message.")
    bench.transcriber.look()
    bench.wait()
    bench.transcriber.look()
    awaited = bench.kit.store.awaited_texts.get(number)
    assert awaited is not None and awaited.transcript is not None
    assert awaited.transcript.outcome is Outcome.SAID


def test_recording_that_waits_is_tried_once(bench: Bench) -> None:
    number, bench.program = recorded(bench), DIES
    bench.transcriber.look()
    bench.wait()
    bench.transcriber.look()
    awaited = bench.kit.store.awaited_texts.get(number)
    assert awaited is not None and awaited.transcript == Transcript(Outcome.FAILED)
    assert bench.kit.store.awaited_texts.next() is None


def test_what_the_caller_has_said_anew_is_written_down_alone(bench: Bench) -> None:
    number = recorded(bench, takes=(1,))
    work = bench.transcriber._awaited()
    assert work is not None and str(number) in work.name
    assert sound_of(iter(work.message)) == b"\2" * 16_000


def test_of_a_long_recording_five_minutes_are_written_down() -> None:
    heard = sound_of(as_message(bytes(16_000) for _ in range(400)))
    assert len(heard) == MOST_SAMPLES == 300 * 16_000
