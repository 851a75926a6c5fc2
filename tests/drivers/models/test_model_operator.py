"""The operator's verbs, on a board whose chips are set up by hand."""

import struct
from pathlib import Path

import numpy as np
import pytest

from drivers.models.box import VirtualBox
from drivers.models.faults import Fault
from drivers.models.operator import Operator, seconds
from drivers.models.operator_verbs import VERBS, OperatorError, WaitFailed, with_absolute_file
from drivers.models.sound import load_wav, save_wav
from tests.kit.models import daa_write, new_box, run, set_up_station, set_up_trunk, sine, slic_write


class OperatorBench:
    """An operator whose periods play what is put into `tones`."""

    def __init__(self) -> None:
        self.box: VirtualBox = new_box(2, 1)
        self.slic = set_up_station(self.box, "101")
        set_up_station(self.box, "102")
        self.daa = set_up_trunk(self.box, "line1")
        self.settled = False
        self.operator = Operator(self.box, lambda: self.settled)
        self.sound = np.zeros((3, 0), np.int16)
        self.periods = 0

    def play(self, slot: int, sound: np.ndarray[tuple[int], np.dtype[np.int16]]) -> None:
        self.sound = np.zeros((3, -(-len(sound) // 80) * 80), np.int16)
        self.sound[slot, : len(sound)] = sound

    def period(self) -> None:
        rows = np.zeros((3, 80), np.int16)
        if self.sound.shape[1]:
            rows, self.sound = self.sound[:, :80], self.sound[:, 80:]
        self.box.period(rows)
        self.periods += 1

    def do(self, line: str) -> str:
        doing = self.operator.run(line)
        while True:
            try:
                next(doing)
            except StopIteration as done:
                return str(done.value)
            self.period()


@pytest.fixture
def bench() -> OperatorBench:
    return OperatorBench()


def test_operator_rings_speaks_and_hangs_up_on_an_outside_line(
    bench: OperatorBench, tmp_path: Path
) -> None:
    said = sine([700], -10, 400)
    save_wav(tmp_path / "hello there.wav", said)
    assert bench.do('ring line1 from 5551234 "ANNA BELL"') == "line1 rings: 5551234 ANNA BELL"
    assert bench.do("wait-for line1 ringing") == "line1 ringing after 0.00 s"
    assert bench.do("wait-for line1 ringback").startswith("line1 hears ringback")
    daa_write(bench.daa, 5, 1)
    assert bench.do("wait-for line1 answered").startswith("line1 answered after 0.0")
    bench.do("time 500ms")
    bench.play(2, sine([1000], -13, 300))
    assert bench.do("wait-for line1 beep").startswith("line1 hears beep after 0.")
    out = tmp_path / "out.wav"
    bench.do(f"hear line1 {out}")
    bench.play(2, sine([300], -20, 200))
    assert "(0.4 s)" in bench.do(f"say line1 '{tmp_path / 'hello there.wav'}'")
    assert bench.do("hangup line1") == "line1 hung up"
    assert np.array_equal(load_wav(out)[:1600], sine([300], -20, 200))


def test_operator_lifts_dials_flashes_and_hangs_up_a_handset(bench: OperatorBench) -> None:
    assert bench.do("lift 101") == "101 is lifted"
    assert bench.do("dial 101 201") == "101 dialled 201"
    assert bench.periods == 1 + 3 * 20
    assert bench.do("flash 101") == "101 flashed"
    assert bench.do("hangup 101") == "101 hung up"
    slic_write(bench.slic, 64, 4)
    assert bench.do("wait-for 101 ringing within 1s").startswith("101 ringing")
    assert bench.do("lamps") == "101 dark\n102 dark"


def test_waits_hear_what_was_said_before_they_began(bench: OperatorBench) -> None:
    bench.do("lift 101")
    bench.play(0, np.concatenate([sine([350, 440], -13, 100), np.zeros(800, np.int16)] * 4))
    bench.do("time 2s")
    assert bench.do("wait-for 101 stutter") == "101 hears stutter after 0.00 s"
    with pytest.raises(WaitFailed):
        bench.do("wait-for 101 stutter within 1s")  # heard once, counts once


def test_a_failed_wait_says_what_was_heard_instead(bench: OperatorBench) -> None:
    bench.do("lift 101")
    bench.play(0, sine([350, 440], -13, 1500))
    with pytest.raises(WaitFailed) as failure:
        bench.do("wait-for 101 busy within 3s")
    assert str(failure.value) == "101 heard no busy within 3 s; heard: dial-tone, silence"
    with pytest.raises(WaitFailed, match="heard: nothing"):
        bench.do("wait-for 102 dial-tone within 100ms")
    with pytest.raises(WaitFailed, match="line1 not answered within 1 s; it is idle"):
        bench.do("wait-for line1 answered within 1s")


def test_the_limit_is_a_minute_of_line_time(bench: OperatorBench) -> None:
    bench.periods = 0
    with pytest.raises(WaitFailed):
        bench.do("wait-for line1 answered")
    assert bench.periods == pytest.approx(6000, abs=1)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("jump 101", "no verb 'jump'; there are: ring, lift"),
        ("lift 999", "nobody is at '999'; there are: 101, 102, line1"),
        ("ring 101", "101 is a handset; outside lines are: line1"),
        ("flash line1", "line1 is an outside line; handsets are: 101, 102"),
        ("dial 101 1", "101 lies on its hook; `lift 101` first"),
        ("say line1 x.wav", "line1 is idle; a call must be answered first"),
        ("lift line1", "line1 is idle: cannot lift"),
        ("time soon", "'soon' is no duration"),
        ("time 5\u0660s", "is no duration"),
        ("time " + "9" * 400, "99999999999999999999… is too long; 1440m (a day) is the most"),
        ("time 86401s", "is too long"),
        ("wait-for 101 ringing within " + "9" * 400 + "ms", "is too long"),
        ("wait-for 101 busy within " + "9" * 30, "is too long"),
        ("hear 101 \0", "embedded null"),
        ("ring line1 5551234", "write: ring line1"),
        ("wait-for 101 answered", "101 cannot be waited for 'answered'; there are: ringing"),
        ("hear 101 /nowhere/x.wav", "No such file"),
        ('ring line1 from "', "cannot read"),
    ],
)
def test_mistaken_commands_are_refused_in_words(bench: OperatorBench, line: str, text: str) -> None:
    with pytest.raises(OperatorError) as failure:
        bench.do(line)
    assert text in str(failure.value)


def test_wrong_keys_and_files_are_refused(bench: OperatorBench) -> None:
    bench.do("lift 101")
    with pytest.raises(OperatorError, match="'x' is not on a telephone's keys"):
        bench.do("dial 101 12x")
    with pytest.raises(OperatorError, match=r"none\.wav"):
        bench.do("say 101 none.wav")


def wav(rate: int = 8000, bits: int = 16, octets: bytes = bytes(160)) -> bytes:
    """A mono WAV file whose header may say what it likes [RIFF]."""
    form = struct.pack("<HHIIHH", 1, 1, rate, 0, bits // 8, bits)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(octets)) + octets
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (wav(rate=0), "0 Hz of 16 bits cannot be played"),
        (wav(rate=1), "1 Hz of 16 bits cannot be played"),
        (wav(bits=64), "8000 Hz of 64 bits cannot be played"),
        (wav(rate=1000, octets=bytes(3_600_002)), "longer than 30 minutes"),
        (b"RIFF", "a.wav"),
    ],
)
def test_strange_wav_is_refused_in_words(
    bench: OperatorBench, tmp_path: Path, content: bytes, text: str
) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    bench.do("lift 101")
    with pytest.raises(OperatorError) as failure:
        bench.do(f"say 101 {tmp_path}/a.wav")
    assert text in str(failure.value)


def test_wav_that_ends_within_a_sample_is_played(bench: OperatorBench, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(octets=bytes(1601)))
    bench.do("lift 101")
    assert "(0.1 s)" in bench.do(f"say 101 {tmp_path}/a.wav")


def test_recording_on_a_full_disk_ends_and_nothing_else(bench: OperatorBench) -> None:
    bench.do("lift 101")
    bench.do("hear 101 /dev/full")
    bench.do("time 2500ms")
    assert bench.do("hangup 101") == "101 hung up"


def test_settle_waits_until_the_telephone_side_is_settled(bench: OperatorBench) -> None:
    doing = bench.operator.run("settle")
    for _ in range(10):
        next(doing)
        bench.period()
    bench.settled = True
    with pytest.raises(StopIteration) as done:
        next(doing)
    assert done.value.value == "settled"


def test_empty_lines_comments_and_help(bench: OperatorBench) -> None:
    assert bench.do("") == bench.do("# nothing") == ""
    text = bench.do("help")
    assert all(verb.usage in text for verb in VERBS.values())


def test_files_are_taken_from_the_askers_folder() -> None:
    folder = Path("/some/where")
    assert with_absolute_file("say line1 a.wav", folder) == "say line1 /some/where/a.wav"
    assert with_absolute_file("hear 101 /x/b.wav", folder) == "hear 101 /x/b.wav"
    assert with_absolute_file("dial 101 201", folder) == "dial 101 201"


@pytest.mark.parametrize(("text", "value"), [("5s", 5), ("500ms", 0.5), ("2m", 120), ("1.5", 1.5)])
def test_duration_is_read_in_milliseconds_seconds_and_minutes(text: str, value: float) -> None:
    assert seconds(text) == value


def test_time_is_line_time(bench: OperatorBench) -> None:
    bench.do("time 1s")
    assert bench.periods == 100
    run(bench.box, 1)


def test_a_hash_is_a_key_and_starts_a_comment_only_at_the_beginning(bench: OperatorBench) -> None:
    assert bench.do("# nothing to do") == ""
    bench.do("lift 101")
    assert bench.do("dial 101 12#") == "101 dialled 12#"


def test_operator_says_what_becomes_of_outside_numbers_and_reads_what_was_dialled(
    bench: OperatorBench,
) -> None:
    assert bench.do("number 5551234 answers after 2s reversal") == (
        "5551234: answers after 2s reversal"
    )
    assert bench.do("number 5559999 busy") == "5559999: busy"
    assert bench.do("dialled line1") == "on line1 was dialled: nothing"
    for wrong in ("number 5551234", "number anna busy", "number 555 busy 2s", "number 5 sleeps"):
        with pytest.raises(OperatorError):
            bench.do(wrong)
    subscriber = bench.box.subscribers.find("5551234")
    assert (subscriber.after_ms, subscriber.reversal) == (2000, True)


def test_operator_hears_the_loudspeaker_and_pulls_its_cable(
    bench: OperatorBench, tmp_path: Path
) -> None:
    out, said = tmp_path / "played.wav", sine([1000], -13, 300)
    bench.do(f"hear loudspeaker {out}")
    output = bench.box.sound_output("")
    for start in range(0, len(said), 80):
        output.write(said[start : start + 80])
        bench.do("time 10ms")
    assert bench.do("wait-for loudspeaker beep").startswith("loudspeaker hears beep")
    bench.do("time 1s")
    bench.box.loudspeaker.close_recordings()
    assert (load_wav(out)[: len(said)] == said).all()
    assert bench.do("unplug loudspeaker") == "the loudspeaker is unplugged"
    assert not bench.box.loudspeaker.plugged
    assert bench.do("plug loudspeaker") == "the loudspeaker is plugged in"
    for line in ("lift loudspeaker", "dial loudspeaker 1", "hangup loudspeaker"):
        with pytest.raises(OperatorError, match="can only be listened to"):
            bench.do(line)
    with pytest.raises(OperatorError, match="cannot be waited for 'ringing'; there are: dial-tone"):
        bench.do("wait-for loudspeaker ringing")


def test_operator_breaks_a_chip_and_mends_it(bench: OperatorBench) -> None:
    assert bench.do("break 101 no-supply") == f"101: {Fault.NO_SUPPLY.value}"
    assert bench.box.chips["101"].faults == {Fault.NO_SUPPLY}
    assert bench.do("mend 101 no-supply") == "101: no-supply is gone"
    assert bench.box.chips["101"].faults == set()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("break 101", "write: break 101 no-supply"),
        ("break 999 short", "no chip is at '999'; there are: 101"),
        ("break 101 ?", "no fault '\\?'; there are: stuck-bus"),
        ("mend 101 rust", "no fault 'rust'"),
        ("break line1 no-supply", "no si3050 has the fault 'no-supply', and line1 is one; there"),
        (
            "break 101 no-link",
            "no si3210 has the fault 'no-link', and 101 is one; there are: stuck-",
        ),
        (
            "mend line1 short",
            "there are: stuck-bus, stuck-low, hung, no-clock, wrong-revision, no-link$",
        ),
    ],
)
def test_operator_names_the_faults_there_are(bench: OperatorBench, line: str, text: str) -> None:
    with pytest.raises(OperatorError, match=text):
        bench.do(line)


def test_echo_of_a_line_is_set_and_what_no_line_has_is_refused(bench: OperatorBench) -> None:
    hybrid = bench.box.hybrid("line1")
    assert hybrid is not None
    assert bench.do("echo line1 12") == "line1: echo return loss 12"
    assert hybrid.loss_db == 12.0
    assert bench.do("echo line1 none") == "line1: echo return loss none"
    assert hybrid.loss_db is None
    for wrong in ("3", "twelve"):
        with pytest.raises(OperatorError, match=r"write: echo line1 12\|none"):
            bench.do(f"echo line1 {wrong}")
    with pytest.raises(OperatorError, match="can only be listened to"):
        bench.do("echo loudspeaker 12")
