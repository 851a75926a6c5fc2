"""The box behind its sockets: a server in a thread whose clock the test turns by hand."""

import contextlib
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from drivers.board import virtual_board
from drivers.buses import Samples
from drivers.errors import BusClosed, HardwareError
from drivers.models.box import VirtualBox
from drivers.models.bus_client import RemoteBox, RemotePcm
from drivers.models.bus_server import BoxServer
from drivers.models.bus_wire import CONTROL, HELLO, VERSION
from drivers.models.remote_operator import RemoteOperator

ANSWER_S = 5.0


class Pace:
    """The server's thread and the hands of its clock."""

    def __init__(self, folder: Path, set_up_periods: int = 0) -> None:
        self.box = VirtualBox(virtual_board(1, 1))
        self.bus, self.operator = folder / "bus", folder / "operator"
        self.time = 100.0
        self.server = BoxServer(
            self.box,
            self.bus,
            self.operator,
            lambda: self.time,
            set_up_periods=set_up_periods,
        )
        self.time += 0.005  # between two beats, so that rounding cannot matter
        self._thread = threading.Thread(target=self.server.run, daemon=True)
        self._thread.start()

    def beats(self, count: int) -> None:
        """Let so many periods come due; returns without waiting for them."""
        self.time += count * 0.01
        self.server.poke()

    def end(self) -> None:
        self.server.stop()
        self._thread.join(ANSWER_S)
        assert not self._thread.is_alive()
        self.server.close()


@pytest.fixture
def pace(tmp_path: Path) -> Iterator[Pace]:
    pace = Pace(tmp_path)
    yield pace
    pace.end()


def heard(pcm: RemotePcm) -> Samples:
    """The next period; waits for it."""
    ready, _, _ = select.select([pcm], [], [], ANSWER_S)
    assert ready, "no period came"
    period = pcm.read()
    assert period is not None
    return period


def silence() -> Samples:
    return np.zeros((2, 80), np.int16)


def test_spi_and_pins_through_the_socket(pace: Pace) -> None:
    box = RemoteBox(pace.bus)
    slic = box.spi(0, 0)
    assert slic.transfer([0x80 | 11, 0, 0x80 | 8, 0]) == [0, 0x33, 0, 0x02]
    slic.transfer([72, 0x11])
    box.output_pin(5).set(False)
    box.output_pin(5).set(True)
    assert slic.transfer([0x80 | 72, 0]) == [0, 0x20]
    assert box.spi(0, 7).transfer([0x80, 0]) == [0xFF, 0xFF]
    with pytest.raises(HardwareError, match="pin 3 goes nowhere"):
        box.output_pin(3).set(True)
    box.close()


def test_interrupt_levels_come_with_each_answer(pace: Pace) -> None:
    box = RemoteBox(pace.bus)
    box.pcm().start()
    pin, slic = box.input_pin(8), box.spi(0, 0)
    assert pin.read()
    slic.transfer([23, 0x02, 30, 1])
    for _ in range(5):
        slic.transfer([0x80 | 31, 0])
    assert not pin.read()
    slic.transfer([20, 0xFF])
    assert pin.read()
    box.pcm().close()
    box.close()


def test_periods_travel_both_ways_with_two_of_prefill(pace: Pace) -> None:
    box = RemoteBox(pace.bus)
    pcm = box.pcm()
    pcm.start()
    box.spi(0, 0).transfer([8, 2, 1, 0x3C, 2, 1, 4, 1])  # digital loopback on slot 0
    assert pcm.slots == 2
    assert pcm.read() is None
    got = []
    for value in range(1, 8):
        pace.beats(1)
        got.append(int(heard(pcm)[0, 0]))
        period = silence()
        period[0] = value
        pcm.write(period)
    assert got == [0, 0, 1, 2, 3, 4, 5]
    assert pcm.lost_periods == 0
    assert pcm.now == 7 * 80
    box.close()


def test_periods_pass_quickly_until_a_line_is_fed_and_then_by_the_clock(tmp_path: Path) -> None:
    pace = Pace(tmp_path, set_up_periods=100)
    box = RemoteBox(pace.bus)
    pcm = box.pcm()
    pcm.start()
    for _ in range(20):  # the clock stands still
        heard(pcm)
        pcm.write(silence())
    box.spi(0, 0).transfer([14, 0, 64, 1])
    while pcm.read() is not None:
        pcm.write(silence())
    passed = pcm.now
    pace.server.poke()
    box.spi(0, 0).transfer([0x80, 0])
    assert pcm.read() is None
    pace.beats(1)
    heard(pcm)
    assert pcm.now == passed + 80
    assert pcm.lost_periods == 0
    box.close()
    pace.end()


def test_lines_that_are_never_fed_are_waited_for_by_the_clock(tmp_path: Path) -> None:
    pace = Pace(tmp_path, set_up_periods=10)
    box = RemoteBox(pace.bus)
    pcm = box.pcm()
    pcm.start()
    for _ in range(10):
        heard(pcm)
        pcm.write(silence())
    box.spi(0, 0).transfer([0x80, 0])
    assert pcm.read() is None
    pace.beats(1)
    heard(pcm)
    assert pcm.now == 11 * 80
    box.close()
    pace.end()


def test_a_late_service_loses_periods_but_no_latency(pace: Pace) -> None:
    box = RemoteBox(pace.bus)
    pcm = box.pcm()
    pcm.start()
    box.spi(0, 0).transfer([8, 2, 1, 0x3C, 2, 1, 4, 1])
    pace.beats(6)
    for _ in range(6):  # read late, answered late: four of the six were due already
        heard(pcm)
    for value in range(1, 7):
        period = silence()
        period[0] = value
        pcm.write(period)
    box.spi(0, 0).transfer([0x80, 0])
    got = []
    for value in range(7, 12):
        pace.beats(1)
        got.append(int(heard(pcm)[0, 0]))
        period = silence()
        period[0] = value
        pcm.write(period)
    assert got == [5, 6, 7, 8, 9]
    assert pcm.lost_periods == 4
    box.close()


def test_a_service_that_dies_leaves_telephones_and_office_as_they_were(pace: Pace) -> None:
    first = RemoteBox(pace.bus)
    first.pcm().start()
    operator = RemoteOperator(pace.operator)
    pace.beats(1)
    assert _run(pace, operator, "ring line1 from 5551234")[0]
    first.pcm()._open().close()
    first.close()
    pace.beats(50)
    second = RemoteBox(pace.bus)
    second.pcm().start()
    pace.beats(1)
    heard(second.pcm())
    assert pace.box.office_lines["line1"].ringing
    assert second.spi(1, 0).transfer([0x60, 2, 0])[2] == 0x03
    second.close()
    operator.close()


def _run(pace: Pace, operator: RemoteOperator, line: str) -> tuple[bool, str]:
    """A command that takes one period."""
    answer: list[tuple[bool, str]] = []
    asker = threading.Thread(target=lambda: answer.append(operator.run(line)))
    asker.start()
    for _ in range(1000):
        asker.join(0.005)
        if not asker.is_alive():
            break
        pace.beats(1)
    assert answer, f"no answer to {line!r}"
    return answer[0]


def test_operators_get_one_answer_a_line(pace: Pace) -> None:
    operator, other = RemoteOperator(pace.operator), RemoteOperator(pace.operator)
    assert operator.run("lamps") == (True, "101 dark")
    done, text = operator.run("help")
    assert done and text.count("\n") > 10
    assert other.run("lift 999") == (False, "nobody is at '999'; there are: 101, line1")
    assert _run(pace, operator, "time 50ms") == (True, "50ms passed")
    assert _run(pace, other, "wait-for line1 answered within 100ms")[0] is False
    operator.close()
    other.close()


def test_an_operator_who_leaves_gives_up_the_command(pace: Pace) -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(pace.operator))
        raw.sendall(b"time 100s\nlift 101\n")
        pace.beats(3)
    operator = RemoteOperator(pace.operator)
    assert operator.run("lamps")[0]
    assert not pace.box.telephones["101"].off_hook
    operator.close()


def test_bad_messages_are_answered_or_dropped(pace: Pace) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as raw:
        raw.settimeout(ANSWER_S)
        raw.connect(str(pace.bus))
        raw.send(HELLO.pack(CONTROL, VERSION + 1))
        assert b"the box speaks version" in raw.recv(1000)
        assert raw.recv(1000) == b""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as raw:
        raw.settimeout(ANSWER_S)
        raw.connect(str(pace.bus))
        raw.send(HELLO.pack(CONTROL, VERSION))
        raw.recv(1000)
        raw.send(b"?junk")
        assert b"no such request: 3f" in raw.recv(1000)
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(ANSWER_S)
        raw.connect(str(pace.operator))
        raw.sendall(b"x" * 100_000)
        with contextlib.suppress(ConnectionResetError):
            assert raw.recv(1000) == b""
    assert RemoteBox(pace.bus).spi(0, 0).transfer([0x8B, 0])[1] == 0x33


def test_connection_where_no_box_answers_raises_bus_closed(tmp_path: Path) -> None:
    with pytest.raises(BusClosed, match="no virtual box answers"):
        RemoteBox(tmp_path / "bus")
    with pytest.raises(BusClosed, match="no virtual box answers"):
        RemoteOperator(tmp_path / "operator")


def test_the_end_of_the_box_is_noticed(tmp_path: Path) -> None:
    pace = Pace(tmp_path)
    box = RemoteBox(pace.bus)
    box.pcm().start()
    pace.end()
    with pytest.raises(BusClosed):
        box.spi(0, 0).transfer([0, 0])
    with pytest.raises(BusClosed):
        box.pcm().read()


def test_two_boxes_cannot_share_a_path(pace: Pace, tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="another virtual box is running"):
        BoxServer(VirtualBox(virtual_board(1, 0)), pace.bus, tmp_path / "d2")


def test_a_dead_socket_is_replaced(tmp_path: Path) -> None:
    for name in ("bus", "operator"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dead:
            dead.bind(str(tmp_path / name))
    pace = Pace(tmp_path)
    assert RemoteBox(pace.bus).spi(0, 0).transfer([0x8B, 0])[1] == 0x33
    pace.end()
    assert not pace.bus.exists() and not pace.operator.exists()


def test_a_machine_that_slept_does_not_race_to_catch_up(pace: Pace) -> None:
    box = RemoteBox(pace.bus)
    box.pcm().start()
    pace.beats(100_000)
    heard(box.pcm())
    box.spi(0, 0).transfer([0, 0])
    assert pace.box.now <= 3 * 80
    box.close()


SERVE = """
import sys
from pathlib import Path
from drivers.board import virtual_board
from drivers.models.bus_server import serve
serve(virtual_board(1, 1), Path(sys.argv[1]), Path(sys.argv[2]), lambda: print("ready", flush=True))
"""


def test_the_box_process_serves_until_it_is_terminated(tmp_path: Path) -> None:
    paths = [tmp_path / "bus", tmp_path / "operator"]
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, *map(str, paths)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        operator = RemoteOperator(paths[1])
        assert operator.run("time 50ms") == (True, "50ms passed")
        operator.close()
        box = RemoteBox(paths[0])
        box.pcm().start()
        heard(box.pcm())
        box.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(ANSWER_S) == 0
    assert not any(path.exists() for path in paths)


def test_fault_in_a_command_ends_the_command_and_not_the_box(
    pace: Pace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lamps(words: list[str]) -> Iterator[None]:
        raise ZeroDivisionError("no such sum")
        yield

    monkeypatch.setitem(pace.server._operator._do, "lamps", lamps)
    operator = RemoteOperator(pace.operator)
    done, text = operator.run("lamps")
    assert not done and "a fault of the virtual box" in text and "no such sum" in text
    assert operator.run("help")[0]
    operator.close()


def test_client_that_goes_before_it_is_greeted_is_forgotten(pace: Pace) -> None:
    for role in (CONTROL, 99):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(str(pace.bus))
            client.send(HELLO.pack(role, VERSION))
    assert RemoteBox(pace.bus).pcm().slots == 2


def test_loudspeaker_of_the_box_takes_sound_and_can_be_unplugged(pace: Pace) -> None:
    remote = RemoteBox(pace.bus)
    output = remote.sound_output("plughw:CARD=Device")
    recording = pace.box.loudspeaker.hear()
    words = np.arange(1, 801, dtype=np.int16)
    taken = output.write(words)
    assert 0 < taken < len(words)
    assert output.write(words) == 0
    for _ in range(7):
        pace.box.loudspeaker.period()
    assert (recording.samples[:taken] == words[:taken]).all()
    pace.box.loudspeaker.plug(False)
    with pytest.raises(HardwareError, match="unplugged"):
        output.write(words)
    with pytest.raises(HardwareError, match="unplugged"):
        remote.sound_output("")
    remote.close()
