"""What an operator's connection has besides commands: it watches the board, hears and speaks."""

import json
import socket
from base64 import b64decode, b64encode
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from drivers.buses import PERIOD, Samples
from drivers.models.live import LOOK, MOST, PREFILL, LiveVoice
from drivers.models.live_link import LATEST, LiveLink
from drivers.models.operator import Operator
from drivers.models.operator_link import OperatorLink
from tests.kit.models import daa_write, new_box, run, set_up_station, set_up_trunk, sine, slic_write


def periods(*values: int) -> Samples:
    return np.repeat(np.array(values, np.int16), PERIOD)


def test_live_voice_begins_when_enough_has_come_and_keeps_the_order() -> None:
    voice = LiveVoice()
    assert voice.next_period() is None
    sound = np.arange(PREFILL * PERIOD + 5, dtype=np.int16)
    voice.put(sound[: PREFILL * PERIOD - 1])
    assert voice.next_period() is None
    voice.put(sound[PREFILL * PERIOD - 1 :])
    heard = [voice.next_period() for _ in range(PREFILL + 1)]
    joined = np.concatenate([row for row in heard if row is not None])
    assert np.array_equal(joined[: len(sound)], sound) and not joined[len(sound) :].any()
    voice.put(sound[:10])
    assert voice.next_period() is None, "what is late is gathered anew"


def test_live_voice_that_comes_too_fast_loses_its_oldest_and_gains_no_delay() -> None:
    voice = LiveVoice()
    voice.put(periods(*range(MOST)))
    assert np.array_equal(spoken(voice), periods(0))
    voice.put(periods(MOST, MOST + 1))
    for value in range(MOST + 2 - PREFILL, MOST + 2):
        assert np.array_equal(spoken(voice), periods(value))
    assert not spoken(voice).any()


def spoken(voice: LiveVoice) -> Samples:
    row = voice.next_period()
    assert row is not None
    return row


def test_live_voice_that_was_late_once_is_not_late_for_ever() -> None:
    voice = LiveVoice()
    voice.put(periods(*range(MOST)))
    for value in range(MOST, MOST + LOOK - 1):
        spoken(voice)
        voice.put(periods(value))
    late = MOST + LOOK - 2 - int(spoken(voice)[0])
    voice.put(periods(MOST + LOOK - 1))
    assert (late, MOST + LOOK - 1 - int(spoken(voice)[0])) == (MOST - 1, PREFILL - 1)


class Bench:
    """One link to a board of two handsets and a line, whose chips are set up by hand."""

    def __init__(self) -> None:
        self.box = new_box(2, 1)
        self.slic = set_up_station(self.box, "101")
        set_up_station(self.box, "102")
        self.daa = set_up_trunk(self.box, "line1")
        ours, self.socket = socket.socketpair()
        ours.setblocking(False)
        self.link = OperatorLink(ours, Operator(self.box), LiveLink(self.box))
        self.socket.settimeout(0)
        self._left = b""

    def say(self, line: str) -> None:
        self.socket.sendall(line.encode() + b"\n")
        self.link.receive()

    def period(self, played: Samples | None = None) -> Samples:
        heard = run(self.box, 1, played)
        self.link.period()
        return heard

    def told(self) -> list[str]:
        try:
            self._left += self.socket.recv(1_000_000)
        except BlockingIOError:
            return []
        *lines, self._left = self._left.split(b"\n")
        return [line.decode() for line in lines]

    def do(self, line: str) -> list[str]:
        """Say it, let a period pass, and hear what is told."""
        self.say(line)
        self.period()
        return self.told()


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.link.close()
    bench.link.socket.close()
    bench.socket.close()


def viewed(lines: list[str]) -> dict[str, Any]:
    (line,) = (line for line in lines if line.startswith("* "))
    found = json.loads(line[2:])
    assert isinstance(found, dict)
    return found


def test_who_watches_is_told_at_once_and_then_of_changes_only(bench: Bench) -> None:
    answer, *lines = bench.do("watch")
    assert answer == "ok watching"
    seen = viewed(lines)
    assert seen["country"] == "us"
    assert list(seen["handsets"]) == ["101", "102"] and list(seen["lines"]) == ["line1"]
    assert seen["leds"]["voicemail"] is False and "play" in seen["buttons"]
    handset = seen["handsets"]["101"]
    assert handset == {
        "off_hook": False,
        "ringing": False,
        "powered": True,
        "lamp": False,
        "number": "",
        "name": "",
    }
    bench.period()
    assert bench.told() == []
    assert viewed(bench.do("lift 101"))["handsets"]["101"]["off_hook"]
    slic_write(bench.slic, 64, 4)
    assert viewed(bench.do('ring line1 from 5551234 "A"'))["lines"]["line1"]["state"] == "ringing"


def test_who_watches_sees_the_panels_leds_as_they_are(bench: Bench) -> None:
    assert bench.box.panel is not None and bench.box.spec.panel is not None
    bench.do("watch")
    power = next(part for part in bench.box.spec.panel.leds if part.name == "power")
    bench.box.output_pin(power.place).set(True)
    bench.period()
    assert viewed(bench.told())["leds"]["power"] is True


def sound(lines: list[str]) -> Samples:
    rows = [np.frombuffer(b64decode(line[2:]), "<i2") for line in lines if line.startswith("~ ")]
    return np.concatenate(rows) if rows else np.zeros(0, np.int16)


def test_ear_hears_what_its_party_hears_from_then_on(bench: Bench) -> None:
    tone = sine([500], -10, 10)
    played = np.zeros((3, PERIOD), np.int16)
    played[0] = tone
    bench.do("lift 101")
    bench.period(played)
    assert bench.do("ear 101")[0] == "ok ear at 101"
    bench.period(played)
    assert np.array_equal(sound(bench.told())[-PERIOD:], tone)
    assert bench.do("ear -")[0] == "ok ear at -"
    bench.period(played)
    assert sound(bench.told()).size == 0


def test_ear_that_is_behind_hears_the_latest_only(bench: Bench) -> None:
    bench.do("lift 101")
    bench.do("ear 101")
    run(bench.box, 3 * LATEST)
    bench.link.period()
    assert sound(bench.told()).size == LATEST * PERIOD


def voice(samples: Samples) -> str:
    return "~ " + b64encode(samples.astype("<i2").tobytes()).decode()


def test_mouth_is_heard_on_the_line_of_its_party(bench: Bench) -> None:
    bench.do("ring line1")
    daa_write(bench.daa, 5, 1)
    for _ in range(40):  # the chip listens a while before it passes sound on
        bench.period()
    assert bench.box.office_lines["line1"].answered
    said = sine([700], -10, 40)
    bench.do("mouth line1")
    bench.say(voice(said[:200]))
    bench.say(voice(said[200:]))
    assert not any(line.startswith("ok") for line in bench.told())
    heard = np.concatenate([bench.period()[2] for _ in range(4)])
    assert np.abs(heard[80:240]).max() > 5000
    bench.do("mouth -")
    bench.say(voice(said))
    assert not np.any([bench.period()[2] for _ in range(4)])


def test_keys_go_before_the_voice(bench: Bench) -> None:
    bench.do("lift 101")
    bench.do("mouth 101")
    phone = bench.box.telephones["101"]
    phone.dial("5")
    pressed = []
    for _ in range(5):
        bench.say(voice(periods(1)))
        bench.say(voice(periods(1)))
        pressed.append(bench.period()[0])
    assert np.abs(pressed[2]).max() > 1000


@pytest.mark.parametrize("text", ["~ ", "~ *", "~ AA=", "~ \xff", "~ AAAA" * 50])
def test_sound_that_is_none_is_dropped(bench: Bench, text: str) -> None:
    bench.do("mouth 101")
    bench.say(text)
    assert not bench.link.closed and bench.do("lamps")[-1] == "ok 102 dark"


def test_nobody_is_there_is_said(bench: Bench) -> None:
    for verb in ("ear", "mouth"):
        (answer,) = bench.do(f"{verb} 999")
        assert answer == "failed nobody is at '999'; there are: 101, 102, line1"


def test_who_does_not_read_is_let_go(bench: Bench) -> None:
    bench.do("lift 101")
    bench.do("ear 101")
    for _ in range(20_000):
        bench.period()
        if bench.link.closed:
            return
    raise AssertionError("what nobody reads is kept")


def test_pulses_are_dialled_as_a_rotary_dial_does(bench: Bench) -> None:
    bench.do("lift 101")
    bench.say("pulse 101 3")
    phone = bench.box.telephones["101"]
    hook = []
    for _ in range(200):
        hook.append(phone.off_hook)
        bench.period()
        if bench.told():
            break
    breaks = sum(1 for before, now in pairwise(hook) if before and not now)
    assert breaks == 3
    (answer,) = bench.do("pulse 101 #")
    assert answer == "failed '#' is not on a rotary dial"
