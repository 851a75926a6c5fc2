"""Journey: the clerk, and then the phone service, are killed while a caller speaks.

What the clerk had committed becomes a message. A clerk that dies costs nothing: the phone starts
another and tells it again what it had not answered. Here the appliance runs as its processes, at
real pace.
"""

import io
import os
import poplib
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.appliance import Inbox
from drivers.buses import SAMPLE_RATE, Samples
from tests.kit.hearing import SAME, find, read_wav
from tests.kit.killing import PASSWORD, House
from tests.kit.letters import parsed, wav_of
from tests.kit.running import Running, until

SETTINGS = "[phone]\nring_seconds = 4\n"


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path / "var")
    house.furnish(["anna", "ben"], SETTINGS)
    return house


@pytest.fixture
def box(house: House) -> Iterator[Running]:
    with Running(house) as box:
        yield box


@pytest.fixture
def inbox(house: House, box: Running) -> Iterator[Inbox]:
    inbox = house.inbox()
    yield inbox
    inbox.db.close()


def call(box: Running, inbox: Inbox) -> None:
    """A caller is asked to speak, and the recording has begun."""
    box.board('ring line1 from 5551234 "CARL CALLER"', "wait-for line1 speech")
    box.board("dial line1 #")  # past the greeting
    until(lambda: committed(inbox) > 0)


def committed(inbox: Inbox) -> int:
    """How many samples of the one recording are on the disk; 0 if there is none."""
    found = inbox.store.recordings.all()
    return found[0].octets // 2 if found else 0


def until_committed(inbox: Inbox, seconds: float) -> int:
    """Wait until so much of the recording is on the disk; the samples that are."""
    until(lambda: committed(inbox) >= seconds * SAMPLE_RATE)
    return committed(inbox)


def kill(process: int) -> int:
    """Kill it; its id."""
    assert process > 0, "it does not run"
    os.kill(process, signal.SIGKILL)
    return process


def check_kept(sound: Samples, kept: int, words: Samples) -> None:
    """All that was on the disk is in the message, without a gap."""
    assert len(sound) >= kept - SAMPLE_RATE  # silence at the end is cut off
    likely, start = find(words[:SAMPLE_RATE], sound)
    assert likely >= SAME
    rest = words[: min(kept, len(sound)) - start]
    assert len(rest) >= SAMPLE_RATE and find(rest, sound)[0] >= SAME


def messages(box: Running) -> list[Samples]:
    """The sound of every message anna has, by POP3."""
    client = poplib.POP3("127.0.0.1", box.ports()["pop3"], 30)
    client.user("anna")
    client.pass_(PASSWORD)
    sounds = []
    for number in range(1, client.stat()[0] + 1):
        message = parsed(b"\r\n".join(client.retr(number)[1]) + b"\r\n")
        assert message["X-CallingTelephoneNumber"] == "5551234"
        sounds.append(read_wav(io.BytesIO(wav_of(message))))
    client.quit()
    return sounds


def test_what_a_caller_had_said_when_the_phone_was_killed_becomes_a_message(
    box: Running, inbox: Inbox, words: Path, words_at_8_khz: Samples
) -> None:
    call(box, inbox)
    saying = box.beside(f"say line1 {words}")
    until_committed(inbox, 2.5)
    first_clerk = kill(box.clerk())
    kept = until_committed(inbox, 5.0)  # the second clerk goes on with the same recording
    assert box.clerk() not in (0, first_clerk)

    first_phone = kill(box.pid("phone"))
    until(lambda: not inbox.store.recordings.all())
    assert box.pid("phone") not in (0, first_phone)
    (sound,) = messages(box)
    check_kept(sound, kept, words_at_8_khz)
    saying.join(30)


@pytest.mark.soak
def test_clerks_that_die_one_after_the_other_cost_not_a_syllable(
    box: Running, inbox: Inbox, words: Path, words_at_8_khz: Samples
) -> None:
    call(box, inbox)
    saying, killed = box.beside(f"say line1 {words}"), set[int]()
    for second in (2.0, 3.0, 4.0):
        until_committed(inbox, second)
        killed.add(kill(box.clerk()))
    saying.join(30)
    box.board("hangup line1")
    until(lambda: not inbox.store.recordings.all())
    assert len(killed) == 3 and box.clerk() not in killed
    (sound,) = messages(box)
    assert find(words_at_8_khz, sound)[0] >= SAME


@pytest.mark.soak
@pytest.mark.parametrize("second", [3.0, 3.3, 3.6, 3.9, 4.2, 4.5])
def test_a_phone_killed_at_any_moment_of_a_recording(
    box: Running, inbox: Inbox, words: Path, words_at_8_khz: Samples, second: float
) -> None:
    call(box, inbox)
    saying = box.beside(f"say line1 {words}")
    kept = until_committed(inbox, second)
    kill(box.pid("phone"))
    until(lambda: not inbox.store.recordings.all())
    (sound,) = messages(box)
    check_kept(sound, kept, words_at_8_khz)
    saying.join(30)
