"""Messages of other systems in a clerk that is a process, with workers: what it says of each."""

import select
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from app.clerk.client import ProcessClerk
from app.core.clock import ManualClock
from app.inbox.entries import Kind
from app.phone.calls.scripting import Wait
from app.phone.jobs import MessageAudio
from app.voicemail.jobs import MessageSound, MessageStatus
from tests.kit import foreign_voicemail as foreign
from tests.kit.foreign_sound import encoded
from tests.kit.hearing import find, prompt, prompt_file
from tests.kit.voicemail import House

T = TypeVar("T")
SPEECH = "tt-weasels"
WITHIN_S = 30
UNKNOWN = foreign.wav(b"\0\0\0\x20ftypM4A ", "voice.m4a", "audio/mp4")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.kit.db.close()


@pytest.fixture
def clerk(house: House) -> Iterator[ProcessClerk]:
    clerk = ProcessClerk(house.config, house.pushes.append, ManualClock())
    yield clerk
    clerk.close()


def answer(clerk: ProcessClerk, wait: Wait[T]) -> T:
    first, end = clerk.pid, time.monotonic() + WITHIN_S
    while not wait.done:
        assert select.select([clerk], [], [], WITHIN_S)[0], "nothing came from the clerk"
        assert time.monotonic() < end, "the clerk does not answer"
        clerk.dispatch()
        assert clerk.pid == first, "the clerk was replaced"
    return wait.result()


def look(house: House, clerk: ProcessClerk, entry: int) -> MessageSound:
    status: MessageStatus = answer(clerk, clerk.look(house.kit.person("anna").id, entry))
    assert status.there
    return status.sound


@pytest.mark.parametrize("name", ["wav49", "mp3", "amr"])
def test_message_in_anothers_codec_is_whole_and_heard(
    house: House, clerk: ProcessClerk, name: str
) -> None:
    mail = foreign.asterisk(foreign.wav(encoded(name, prompt_file(SPEECH))))
    entry = house.kit.put("anna", mail, Kind.VOICEMAIL)
    assert look(house, clerk, entry.id) is MessageSound.WHOLE
    octets = answer(clerk, clerk.sound(MessageAudio(entry.id), 0, 100_000))
    heard = np.frombuffer(octets, "<i2").astype(np.int16)
    assert find(prompt(SPEECH)[400:-1200], heard)[0] >= 0.8
    assert look(house, clerk, entry.id) is MessageSound.WHOLE


def test_message_that_breaks_off_is_known_to_when_it_has_been_heard(
    house: House, clerk: ProcessClerk
) -> None:
    mail = foreign.vpim(foreign.wav(encoded("mp3", prompt_file(SPEECH))), UNKNOWN)
    entry = house.kit.put("anna", mail, Kind.VOICEMAIL)
    assert look(house, clerk, entry.id) in (MessageSound.WHOLE, MessageSound.BROKEN_OFF)
    assert answer(clerk, clerk.sound(MessageAudio(entry.id), 0, 100_000))
    assert look(house, clerk, entry.id) is MessageSound.BROKEN_OFF


def test_message_without_a_sound_that_can_be_played_has_none(
    house: House, clerk: ProcessClerk
) -> None:
    entry = house.kit.put("anna", foreign.asterisk(UNKNOWN), Kind.VOICEMAIL)
    assert look(house, clerk, entry.id) is MessageSound.NONE


def test_message_that_cannot_be_read_has_failed_until_it_can(
    house: House, clerk: ProcessClerk
) -> None:
    sound = foreign.wav(encoded("wav49", prompt_file(SPEECH)))
    entry = house.kit.put("anna", foreign.asterisk(sound), Kind.VOICEMAIL)
    away, back = (entry.content << 20, -1), (-1, entry.content << 20)
    move = "UPDATE chunk SET place = ? WHERE place = ?"
    house.kit.db.now(lambda tx: tx.execute(move, away[::-1]))
    assert look(house, clerk, entry.id) is MessageSound.FAILED
    house.kit.db.now(lambda tx: tx.execute(move, back[::-1]))
    assert look(house, clerk, entry.id) is MessageSound.WHOLE
