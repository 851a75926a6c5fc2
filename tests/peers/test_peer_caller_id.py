"""minimodem and multimon-ng, which we did not write, judge caller ID and digits as we send them.

minimodem reads our data in both standards, and what it sends as the same is read by us; sox makes
the information tone.
"""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from app.phone.calls.line import Caller
from app.phone.lines.caller_id import (
    caller_message,
    parse,
    single_caller_message,
    waiting_message,
)
from app.phone.lines.caller_signal import caller_sound
from app.phone.sound import dsp
from drivers.buses import PERIOD, Samples
from drivers.countries import codes, country
from drivers.countries.base import Modem
from drivers.models.sound import load_wav, save_wav
from tests.kit import caller_sound as kit
from tests.kit.detecting import information_tones_in

CARL = Caller("5551234567", "CARL CALLER")
DATE = "11241530"
HERTZ = {Modem.BELL_202: (1200, 2200), Modem.V23: (1300, 2100)}
ALL_KEYS = "1234567890*#ABCD"


def command(name: str, *words: str, sends: bytes = b"") -> bytes:
    assert shutil.which(name), f"{name} is not installed (apt-get install {name})"
    done = subprocess.run([name, *words], input=sends, capture_output=True, timeout=60, check=True)
    return done.stdout


def octets_read(sound: Samples, modem: Modem, path: Path) -> bytes:
    """What minimodem reads as 1200 bit/s with these frequencies."""
    save_wav(path, np.concatenate((kit.silence(200), sound, kit.silence(200))))
    mark, space = HERTZ[modem]
    return command(
        "minimodem", "--rx", "1200", "-M", str(mark), "-S", str(space), "-q", "-f", str(path)
    )


@pytest.mark.parametrize("modem", [Modem.BELL_202, Modem.V23])
@pytest.mark.parametrize("seizure", [True, False])
def test_minimodem_reads_our_data_in_both_standards(
    tmp_path: Path, modem: Modem, seizure: bool
) -> None:
    for message in (
        caller_message(CARL, DATE),
        single_caller_message(CARL, DATE),
        waiting_message(True),
        waiting_message(True, single=True),
        waiting_message(False, single=True),
    ):
        octets = octets_read(dsp.fsk_message(message, modem, seizure), modem, tmp_path / "x.wav")
        checksum = bytes((-sum(message) & 0xFF,))
        assert message + checksum in octets


@pytest.mark.parametrize(
    ("message", "lines"),
    [
        (
            caller_message(CARL, DATE),
            ("Time: 11/24 15:30", "Phone: 555-123-4567", "Name: CARL CALLER"),
        ),
        (single_caller_message(CARL, DATE), ("Time: 11/24 15:30", "Phone: 555-123-4567")),
    ],
    ids=["MDMF", "SDMF"],
)
def test_minimodem_shows_the_caller_that_we_send(
    tmp_path: Path, message: bytes, lines: tuple[str, ...]
) -> None:
    path = tmp_path / "x.wav"
    save_wav(path, np.concatenate((dsp.fsk_message(message), kit.silence(300))))
    shown = command("minimodem", "--rx", "callerid", "-f", str(path)).decode()
    squeezed = [" ".join(line.split()) for line in shown.splitlines()]
    for line in lines:
        assert line in squeezed, shown


@pytest.mark.parametrize("modem", [Modem.BELL_202, Modem.V23])
@pytest.mark.parametrize("volume", ["0.9", "0.05"])  # +2 and -23 dBm0
def test_caller_that_minimodem_sends_is_read(tmp_path: Path, modem: Modem, volume: str) -> None:
    def sent(octets: bytes, *more: str) -> Samples:
        mark, space = HERTZ[modem]
        path = tmp_path / "sent.wav"
        words = ["--tx", "1200", "-M", str(mark), "-S", str(space), "-R", "48000", "-v", volume]
        command("minimodem", *words, *more, "-f", str(path), sends=octets)
        return load_wav(path)

    # At 48 kHz a bit is 40 samples; at 8 kHz minimodem would round it to 7, 5 % too long.
    marks = sent(b"\xff" * 20, "--startbits", "0")
    data = sent(kit.etsi("5551234", "CARL CALLER"))
    sound = np.concatenate((kit.silence(100), sent(b"\x55" * 30), marks, data, kit.silence(200)))
    receiver = dsp.FskReceiver(modem)
    rows = sound[: len(sound) // PERIOD * PERIOD].reshape(-1, PERIOD)
    callers = [parse(message) for row in rows for message in receiver.hear(row)]
    assert callers == [Caller("5551234", "CARL CALLER")]


def digits_read(sound: Samples, tmp_path: Path) -> str:
    """What multimon-ng hears."""
    wav, raw = tmp_path / "x.wav", tmp_path / "x.raw"
    save_wav(wav, np.concatenate((kit.silence(200), sound, kit.silence(200))))
    command("sox", str(wav), *["-r", "22050", "-t", "raw", "-e", "signed", "-b", "16"], str(raw))
    answer = command("multimon-ng", "-q", "-t", "raw", "-a", "DTMF", str(raw)).decode()
    lines = [line for line in answer.splitlines() if line.startswith("DTMF: ")]
    return "".join(line.removeprefix("DTMF: ") for line in lines)


@pytest.mark.parametrize(("gain_db", "heard"), [(-6, 1), (-30, 1), (-60, 0)])
@pytest.mark.parametrize("hertz", [("950", "1400", "1800"), ("985.2", "1370.6", "1776.7")])
def test_information_tone_made_by_sox_is_understood(
    tmp_path: Path, hertz: tuple[str, ...], gain_db: int, heard: int
) -> None:
    path = tmp_path / "x.wav"
    pieces = []
    for hz in hertz:
        pieces.append(str(tmp_path / f"{hz}.wav"))
        made = ["synth", "0.33", "sine", hz]
        command("sox", "-n", "-r", "8000", "-b", "16", "-c", "1", pieces[-1], *made)
    silent = str(tmp_path / "silent.wav")
    command("sox", "-n", "-r", "8000", "-b", "16", "-c", "1", silent, "trim", "0", "1")
    command("sox", silent, *pieces, silent, str(path), "gain", str(gain_db))
    assert len(information_tones_in(load_wav(path))) == heard


@pytest.mark.parametrize("dbm0", [-27, -18, -10, -4])
def test_multimon_reads_all_digits_that_we_dial(tmp_path: Path, dbm0: int) -> None:
    """From -25 to 0 dBm0, both tones together: the high one is 2 dB above the low one."""
    sound = dsp.dtmf(ALL_KEYS, dbm0)
    assert digits_read(sound, tmp_path) == ALL_KEYS


def test_multimon_reads_short_digits_that_we_dial_in_noise(tmp_path: Path) -> None:
    clean = dsp.dtmf(ALL_KEYS, -12, on_ms=60, off_ms=60)
    noise = np.random.default_rng(5).normal(0, kit.peak(-32) / 2**0.5, len(clean))
    assert digits_read(np.rint(clean + noise).astype(np.int16), tmp_path) == ALL_KEYS


@pytest.mark.parametrize(
    "code",
    [c for c in codes() if (s := country(c).caller_id) is not None and s.modem is Modem.DTMF],
)
def test_multimon_reads_the_caller_that_a_handset_is_shown_by_digits(
    tmp_path: Path, code: str
) -> None:
    service = country(code).caller_id
    assert service is not None
    sound = caller_sound(CARL, DATE, country(code))
    wanted = f"{service.digits.start}5551234567{service.digits.end}"
    assert digits_read(sound, tmp_path) == wanted
