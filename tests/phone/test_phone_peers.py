"""What we send, judged by programs that others wrote: minimodem, multimon-ng, sox."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from app.phone.calls.line import Caller
from app.phone.lines import caller_id
from app.phone.sound import audio, dsp
from app.phone.sound.player import ToneSource
from drivers.buses import PERIOD, Samples
from drivers.countries import country as country_of
from drivers.sampling import amplitude


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


def run(*command: str | Path, octets: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(command, input=octets, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done


def sox_raw(path: Path) -> tuple[str | Path, ...]:
    return ("-t", "raw", "-r", "8000", "-e", "signed", "-b", "16", "-c", "1", path)


def written(samples: Samples, path: Path) -> Path:
    path.write_bytes(audio.to_bytes(samples))
    return path


@needs("minimodem")
@needs("sox")
def test_caller_id_is_decoded_by_minimodem(tmp_path: Path) -> None:
    message = caller_id.caller_message(Caller("5551234567", "CALLER NAME"), "11241530")
    quiet = np.zeros(4000, np.int16)
    samples = np.concatenate([quiet, dsp.fsk_message(message), quiet])
    wav = tmp_path / "call.wav"
    run("sox", *sox_raw(written(samples, tmp_path / "call.raw")), wav)
    text = run("minimodem", "--rx", "callerid", "-f", wav).stdout.decode()
    assert "555-123-4567" in text and "CALLER NAME" in text and "11/24 15:30" in text


@needs("multimon-ng")
@needs("sox")
def test_dtmf_is_decoded_by_multimon(tmp_path: Path) -> None:
    raw = written(dsp.dtmf("1234567890*#"), tmp_path / "digits.raw")
    fast = tmp_path / "fast.raw"
    run("sox", *sox_raw(raw), "-r", "22050", "-t", "raw", "-e", "signed", "-b", "16", fast)
    said = run("multimon-ng", "-q", "-t", "raw", "-a", "DTMF", fast).stdout.decode()
    assert [line.removeprefix("DTMF: ") for line in said.split("\n") if line] == [*"1234567890*#"]


@needs("sox")
@pytest.mark.parametrize(("country", "hz"), [("fr", 440), ("jp", 400), ("de", 425)])
def test_dial_tone_has_its_frequency_by_sox(country: str, hz: int, tmp_path: Path) -> None:
    source, rows = ToneSource(country_of(country).tones.dial), np.zeros((100, PERIOD), np.int16)
    for row in rows:
        source.fill(row, 0)
    raw = written(rows.reshape(-1), tmp_path / "tone.raw")
    report = run("sox", *sox_raw(raw), "-n", "stat").stderr.decode()
    numbers = dict(line.split(":", 1) for line in report.splitlines() if ":" in line)
    assert int(numbers["Rough   frequency"]) == pytest.approx(hz, rel=0.01)
    peak = amplitude(-18.0) / 32768
    assert float(numbers["Maximum amplitude"]) == pytest.approx(peak, rel=0.01)
