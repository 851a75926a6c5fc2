"""Caller and owner on the real switch: tones, samples and digits through its beat."""

from pathlib import Path

import numpy as np
import pytest

from app.call_parts import call_scripts
from app.clerk.client import InProcessClerk
from app.clerk.levels import levelled
from app.phone.config import PhoneConfig
from app.phone.pbx import Pbx
from app.phone.sound.dsp import dtmf
from app.voicemail.config import RecordingLimits
from app.voicemail.message_waiting import MessageWaitingLamps
from drivers.buses import PERIOD, Samples
from tests.kit.phone import StubBoard, StubPort, power_at
from tests.kit.voicemail import PACKS, PIN, House, tone


class SwitchHouse:
    """A house with voicemail on a switch with hands at its ports."""

    def __init__(self, directory: Path) -> None:
        self.house = House(directory)
        self.board = StubBoard(stations=2, trunks=1)
        self.lamps = MessageWaitingLamps(lambda station, on: self.pbx.message_waiting(station, on))
        self.clerk = InProcessClerk(self.house.jobs, self.lamps.update)
        self.pbx = Pbx(
            self.board,
            self.board.slots,
            self.clerk,
            PhoneConfig(ring_seconds=6),
            *call_scripts(self.clerk, RecordingLimits()),
        )
        self.pbx.power_up()
        self.run(10)

    def run(self, periods: int) -> None:
        """Let line time pass; the clerk looks at the store as often as its process would."""
        for count in range(periods):
            heard = np.zeros((self.board.slots, PERIOD), np.int16)
            for port in self.board.ports:
                if port.says:
                    heard[port.slot] = port.says.pop(0)
            played = self.pbx.beat(heard)
            for port in self.board.ports:
                port.heard.append(played[port.slot])
            if count % 50 == 0:
                self.clerk.dispatch()

    def say(self, port: StubPort, raw: bytes) -> None:
        """Say S16LE samples, in whole periods."""
        samples = np.frombuffer(raw, "<i2").astype(np.int16)
        port.says.extend(samples[: len(samples) // PERIOD * PERIOD].reshape(-1, PERIOD))

    def dial(self, port: StubPort, digits: str) -> None:
        """Dial by DTMF."""
        for digit in digits:
            samples = dtmf(digit, on_ms=80, off_ms=80)
            self.say(port, samples.astype("<i2").tobytes())
            self.run(len(samples) // PERIOD + 2)

    def until(self, port: StubPort, what: Samples, seconds: float) -> None:
        """Run until this was played to a port, sample by sample."""
        wanted = what.tobytes()
        for _ in range(round(seconds * 10)):
            self.run(10)
            if wanted in np.concatenate(port.heard).tobytes():
                port.heard.clear()
                return
        raise AssertionError("it was not played")


def prompt(name: str) -> Samples:
    """The middle of a prompt, as it must come out."""
    recorded = levelled((PACKS / "en_US_f_Allison" / f"{name}.wav").read_bytes()[44:])
    samples = np.frombuffer(recorded, "<i2").astype(np.int16)
    return samples[1000:3000]


@pytest.fixture
def at(tmp_path: Path) -> SwitchHouse:
    return SwitchHouse(tmp_path)


def leave_message(at: SwitchHouse, spoken: bytes) -> None:
    line = at.board.trunks["line1"]
    for _ in range(3):
        line.burst(True)
        at.run(200)
        line.burst(False)
        at.run(400)
        if line.seized:
            break
    assert line.seized, "voicemail has not answered"
    at.until(line, prompt("vm-intro"), 15)
    for _ in range(80):
        at.run(10)
        heard = np.concatenate(line.heard[-10:])
        if power_at(heard, 1000.0) > -16:
            break
    else:
        raise AssertionError("no beep")
    at.run(50)
    at.say(line, spoken)
    at.run(len(spoken) // 160 + 20)
    line.battery(False)
    at.run(100)
    line.battery(True)
    at.run(200)


def test_a_caller_leaves_a_message_and_the_owner_works_through_it(at: SwitchHouse) -> None:
    spoken = tone(3, hz=523)
    leave_message(at, spoken)
    (entry,) = at.house.voicemails("anna")
    assert entry.duration_s in (3, 4)
    assert at.pbx.stations["101"].message_waiting
    assert at.lamps.lit() == ["101"]
    assert at.lamps.shows(at.house.kit.store.last_change())

    handset = at.board.stations["101"]
    handset.lift()
    at.run(150)
    at.dial(handset, "201")
    at.until(handset, prompt("vm-password"), 15)
    at.dial(handset, f"{PIN}#")
    at.until(handset, prompt("vm-youhave"), 5)
    at.until(handset, prompt("vm-onefor"), 10)
    at.dial(handset, "1")
    at.until(handset, np.frombuffer(spoken[16_000:32_000], "<i2").astype(np.int16), 30)
    at.dial(handset, "7")
    at.until(handset, prompt("vm-deleted"), 5)
    assert at.house.voicemails("anna") == []
    at.run(60)
    assert at.lamps.lit() == []
    at.dial(handset, "7")
    at.until(handset, prompt("vm-undeleted"), 5)
    at.dial(handset, "7#")
    at.until(handset, prompt("vm-goodbye"), 5)
    handset.lower()
    at.run(300)
    assert not at.pbx.busy
    assert at.house.voicemails("anna") == []


def test_an_owner_who_hangs_up_leaves_nothing_behind(at: SwitchHouse) -> None:
    at.house.leave("201")
    handset = at.board.stations["102"]
    handset.lift()
    at.run(150)
    at.dial(handset, f"201{PIN}#1")
    at.run(100)
    handset.lower()
    at.run(300)
    assert not at.pbx.busy
    assert [entry.state.value for entry in at.house.voicemails("anna")] == ["new"]
