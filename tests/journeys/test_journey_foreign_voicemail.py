"""Voicemail of other systems, sent as they send it: lamp, caller, sound, and gone when deleted.

What must be heard is what sox makes of the very octets that were sent; a spoken name must not be.
"""

import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.phone.sound.sounds import Prompt
from drivers.buses import Samples
from tests.kit import foreign_voicemail as foreign
from tests.kit.foreign_sound import encoded
from tests.kit.hearing import Hearing, at_8_khz, prompt, prompt_file
from tests.kit.letters import parsed
from tests.kit.world import World

WORDS, NAME, INTRODUCTION = "tt-weasels", "vm-theperson", "vm-intro"


def as_sox_hears(octets: bytes, ending: str, directory: Path) -> Samples:
    file = directory / f"sent.{ending}"
    file.write_bytes(octets)
    subprocess.run(["sox", "-V1", str(file), str(directory / "heard.wav")], check=True)
    return at_8_khz(directory / "heard.wav")


def listen(world: World, handset: str = "101", login: str = "anna") -> Hearing:
    """Dial in and have the first message played; it is announced now."""
    visit = world.dial_in(handset, login)
    visit.hears("vm-youhave")
    world.board(f"dial {handset} 1")
    visit.hears("vm-message")
    return visit


def hears_number(world: World, visit: Hearing, number: str, handset: str = "101") -> None:
    """Ask who called, and have the message played once more."""
    world.board(f"dial {handset} 8")
    for digit in number:
        visit.hears(f"digits/{digit}")
    visit.hears("vm-received")
    world.board(f"dial {handset} 5")
    visit.hears("vm-message")


def deleted(world: World, visit: Hearing) -> None:
    """Deleted by telephone it is gone at POP3, and the lamp is dark."""
    world.board("dial 101 7")
    visit.hears("vm-deleted")
    world.board("hangup 101")
    assert world.fetch("anna") == []
    assert world.lamps() == {"101": "dark", "102": "dark"}


@pytest.mark.parametrize(
    ("system", "sound", "name", "kind"),
    [
        (foreign.asterisk, "wav49", "msg0000.WAV", "audio/x-WAV"),
        (foreign.freeswitch, "mp3", "msg_2f1b.mp3", "audio/mpeg"),
        (foreign.unity, "ima-adpcm", "VoiceMessage.wav", "audio/wav"),
        (foreign.asterisk, "amr", "voice.amr", "application/octet-stream"),
    ],
)
def test_message_of_another_system_is_heard_with_its_caller_and_gone_when_deleted(
    world: World,
    tmp_path: Path,
    system: Callable[[foreign.Part], bytes],
    sound: str,
    name: str,
    kind: str,
) -> None:
    octets = encoded(sound, prompt_file(WORDS))
    world.send("anna@box.test", system(foreign.wav(octets, name, kind)))
    assert world.lamps() == {"101": "lit", "102": "dark"}
    visit = listen(world)
    hears_number(world, visit, "5551234")
    ending = {"amr": "amr-nb"}.get(sound, name.rpartition(".")[2].lower())
    heard = as_sox_hears(octets, ending, tmp_path)
    visit.hears(heard[400:-1200])
    deleted(world, visit)


def test_spoken_name_is_left_out_and_an_introduction_comes_before_what_it_introduces(
    world: World,
) -> None:
    """RFC 3801 §4.4.3 and §5: a message that Dora has sent on, with a few words of hers."""
    first = foreign.vpim(
        foreign.spoken(encoded("g726", prompt_file(NAME)), "Originator-Spoken-Name"),
        foreign.spoken(encoded("g726", prompt_file(WORDS))),
    )
    sent_on = foreign.vpim(
        foreign.spoken(encoded("g726", prompt_file(NAME)), "Originator-Spoken-Name"),
        foreign.spoken(encoded("g726", prompt_file(INTRODUCTION))),
        foreign.forwarded(first.replace(b"MessageBoundary", b"Inner")),
        number="5559876",
        name="Dora Distant",
    )
    world.send("anna@box.test", sent_on)
    assert world.lamps() == {"101": "lit", "102": "dark"}
    visit = listen(world)
    hears_number(world, visit, "5559876")
    whole = world.listen("101")
    visit.hears(prompt(INTRODUCTION)[400:-1200])
    visit.hears(prompt(WORDS)[400:-1200])
    assert not whole.heard(prompt(NAME)[400:-1200]), "the sender's name was played"
    (entry,) = world.voicemails("anna")
    assert (entry.caller_number, entry.caller_name) == ("5559876", "Dora Distant")
    deleted(world, visit)


def test_base64_in_blocks_that_each_end_is_heard_as_it_was_spoken(world: World) -> None:
    octets = prompt_file(WORDS).read_bytes()
    blocks = [b64encode(octets[at : at + 1000]) for at in range(0, len(octets), 1000)]
    assert all(block.endswith(b"=") for block in blocks[:-1])
    sound = foreign.wav(b"")
    text = b"\r\n".join(block[at : at + 76] for block in blocks for at in range(0, len(block), 76))
    whole = foreign.asterisk(sound).replace(sound.wire, sound.wire + text + b"\r\n")
    world.send("anna@box.test", whole)
    listen(world).hears(WORDS)


@pytest.mark.parametrize("kind", ["application/octet-stream", "text/plain"])
def test_sound_of_a_wrong_type_with_an_unfinished_header_is_heard(world: World, kind: str) -> None:
    octets = bytearray(prompt_file(WORDS).read_bytes())
    place = octets.index(b"data") + 4
    octets[4:8] = octets[place : place + 4] = bytes(4)
    world.send("anna@box.test", foreign.asterisk(foreign.wav(bytes(octets), "msg.wav", kind)))
    listen(world).hears(WORDS)


def test_message_that_another_switchhook_took_comes_with_its_callers_number(
    world: World, words: Path, words_at_8_khz: Samples
) -> None:
    """As a mail program, fetchmail or an alias sends it on: with the header it had."""
    world.leave_message(words)
    (message,) = world.fetch("anna")
    world.send("ben@box.test", message, sender="anna@far.test")
    assert world.lamps() == {"101": "lit", "102": "lit"}
    visit = listen(world, "102", "ben")
    hears_number(world, visit, "5551234", "102")
    visit.hears(words_at_8_khz)
    (entry,) = world.voicemails("ben")
    assert (entry.caller_number, entry.caller_name) == ("5551234", "CARL CALLER")


def test_message_that_cannot_be_played_is_said_to_be_one_and_does_not_light_the_lamp_for_ever(
    world: World,
) -> None:
    m4a = foreign.wav(b"\0\0\0\x20ftypM4A " + bytes(2000), "voice.m4a", "audio/mp4")
    world.send("anna@box.test", foreign.asterisk(m4a))
    assert world.lamps() == {"101": "lit", "102": "dark"}
    visit = listen(world)
    hears_number(world, visit, "5551234")
    told = world.phone.jobs.sound(Prompt("switchhook/cannot-play"), 0, 1 << 20)
    visit.hears(np.frombuffer(told, "<i2").astype(np.int16))
    world.board("hangup 101")
    assert world.lamps() == {"101": "dark", "102": "dark"}
    (kept,) = world.fetch("anna")
    assert parsed(kept)["X-Asterisk-CallerID"] == "5551234"
