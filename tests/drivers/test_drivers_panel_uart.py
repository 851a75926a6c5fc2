"""The box's side of the panel's serial line; time is handed in, the line is made of lists."""

import pytest

from drivers.errors import HardwareError
from drivers.panel import ButtonChange, Light
from drivers.panel_frames import LONGEST, Decoder, Frame, frame
from drivers.panel_spec import PanelPart, PanelSpec
from drivers.panel_uart import LOST_S, MOST_LOGGED, UartPanel

SPEC = PanelSpec(
    "uart",
    leds=(PanelPart("power", 0), PanelPart("quota", 3)),
    buttons=(PanelPart("play", 1),),
    device="/dev/ttyUSB0",
)
GREETING = frame("G", 1, b"\x01\x04\x02panel")


class Line:
    """A serial line: what is written is kept, what is to be read is put there."""

    def __init__(self) -> None:
        self.written, self.coming = bytearray(), bytearray()
        self.broken = self.closed = False

    def fileno(self) -> int:
        return 99

    def read(self, most: int = 4096) -> bytes:
        if self.broken:
            raise OSError(5, "Input/output error")
        octets, self.coming = bytes(self.coming), bytearray()
        return octets

    def write(self, octets: bytes) -> int:
        self.written += octets
        return len(octets)

    def close(self) -> None:
        self.closed = True


class Bench:
    """A panel whose line can be pulled out and plugged in."""

    def __init__(self) -> None:
        self.line = Line()
        self.plugged = True
        self.panel = UartPanel(SPEC, self._open)

    def _open(self) -> Line:
        if not self.plugged:
            raise HardwareError("/dev/ttyUSB0: No such file or directory")
        return self.line

    def said(self) -> list[Frame]:
        octets, self.line.written = bytes(self.line.written), bytearray()
        return Decoder().receive(octets)

    def hear(self, octets: bytes, now: float) -> list[ButtonChange]:
        self.line.coming += octets
        return self.panel.look(now)

    def greeted(self) -> "Bench":
        self.panel.look(0.0)
        self.hear(GREETING, 0.1)
        self.said()
        return self


def kinds(frames: list[Frame]) -> str:
    return "".join(one.kind for one in frames)


def test_it_is_asked_who_it_is_until_it_says_so() -> None:
    bench = Bench()
    assert not bench.panel.present
    bench.panel.look(0.0)
    bench.panel.look(1.0)
    assert set(kinds(bench.said())) == {"H"}
    bench.hear(GREETING, 1.1)
    assert (bench.panel.present, bench.panel.problem) == (True, "")
    assert kinds(bench.said())[0] == "L"


def test_leds_are_said_at_once_and_every_second() -> None:
    bench = Bench().greeted()
    bench.panel.show({"quota": Light.FAST, "power": Light.ON})
    assert bench.panel.wait_s(0.2) == 0.0
    bench.panel.look(0.2)
    assert [one.payload for one in bench.said()] == [bytes((1, 0, 0, 3))]
    bench.panel.look(0.5)
    assert bench.said() == []
    bench.hear(GREETING, 1.9)
    assert kinds(bench.said()) == "LP"


def test_a_press_counts_once_however_often_it_is_said() -> None:
    bench = Bench().greeted()
    event = frame("B", 7, bytes((1, 1, 0, 50)))
    changes = bench.hear(event + event, 1.0) + bench.hear(event, 1.1)
    assert changes == [ButtonChange("play", True, 0.95)]
    assert [(f.kind, f.sequence) for f in bench.said() if f.kind == "A"] == [("A", 7)] * 3
    assert bench.hear(frame("B", 8, bytes((9, 1, 0, 0))), 1.2) == [], "there is no such button"


def test_a_release_that_was_lost_is_told_by_the_next_ping() -> None:
    bench = Bench().greeted()
    bench.hear(frame("B", 7, bytes((1, 1, 0, 0))), 1.0)
    assert bench.hear(frame("Q", 1, bytes((0, 2, 0, 0))), 1.1) == []
    assert bench.hear(frame("Q", 2, bytes((0, 0, 0, 3))), 1.2) == [ButtonChange("play", False, 1.2)]
    assert bench.panel.bad_frames_there == 3


def test_wrong_crcs_are_counted_and_ignored() -> None:
    bench = Bench().greeted()
    spoilt = bytearray(frame("B", 7, bytes((1, 1, 0, 0))))
    spoilt[4] ^= 1
    assert bench.hear(bytes(spoilt), 1.0) == []
    assert bench.panel.bad_frames == 1
    assert bench.hear(b"\x00\x7d" * 500 + frame("B", 7, bytes((1, 1, 0, 0))), 1.1) != []
    assert bench.panel.bad_frames == 2


def test_a_panel_that_says_nothing_is_lost_and_looked_for_again() -> None:
    bench = Bench().greeted()
    bench.hear(frame("B", 7, bytes((1, 1, 0, 0))), 1.0)
    assert bench.panel.look(1.1 + LOST_S) == [ButtonChange("play", False, 1.1 + LOST_S)]
    assert (bench.panel.present, bench.line.closed, bench.panel.fileno()) == (False, True, -1)
    assert "does not answer" in bench.panel.problem
    bench.said()
    bench.panel.show({"power": Light.ON})
    bench.panel.look(1.2 + LOST_S)
    assert bench.said() == []
    bench.panel.look(3.2 + LOST_S)
    bench.hear(GREETING, 3.3 + LOST_S)
    assert bytes((1, 0, 0, 0)) in [one.payload for one in bench.said()]


def test_a_line_that_is_pulled_out_is_no_error() -> None:
    bench = Bench().greeted()
    bench.line.broken, bench.plugged = True, False
    assert bench.panel.look(1.0) == []
    assert bench.panel.wait_s(1.0) == 2.0
    assert bench.panel.look(3.0) == []
    assert "No such file" in bench.panel.problem
    bench.line, bench.plugged = Line(), True
    bench.panel.look(5.0)
    bench.hear(GREETING, 5.1)
    assert bench.panel.present


def test_a_panel_that_starts_anew_is_told_its_leds_at_once() -> None:
    bench = Bench().greeted()
    bench.hear(frame("B", 7, bytes((1, 1, 0, 0))), 1.0)
    bench.said()
    assert bench.hear(GREETING, 1.05) == [ButtonChange("play", False, 1.05)]
    assert kinds(bench.said()) == "L"


def test_another_version_is_not_spoken_with() -> None:
    bench = Bench()
    bench.panel.look(0.0)
    bench.hear(frame("G", 1, b"\x02\x04\x02panel"), 0.1)
    assert not bench.panel.present
    assert "version 2, not 1" in bench.panel.problem
    assert "firmware" in bench.panel.problem


def test_what_it_logs_is_harmless_and_bounded(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench().greeted()
    with caplog.at_level("INFO"):
        for _ in range(100):
            bench.hear(frame("T", 0, b"\x1b[2J\nroot: all is lost\xff"), 1.0)
    assert len(caplog.messages) == MOST_LOGGED
    assert "\x1b" not in caplog.text.replace("\\x1b", "")


def test_a_frame_has_room_for_so_much() -> None:
    assert Decoder().receive(frame("L", 1, b"\x7e" * LONGEST))[0].payload == b"\x7e" * LONGEST
    with pytest.raises(ValueError, match="60 octets"):
        frame("L", 1, bytes(LONGEST + 1))
