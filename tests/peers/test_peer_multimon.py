"""multimon-ng, which we did not write, reads the digits that the telephone model and we dial."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from app.phone.sound import dsp
from drivers.buses import Samples
from drivers.models.sound import save_wav
from tests.kit import caller_sound as kit
from tests.kit.detecting import digits_in
from tests.kit.foreign_tones import as_samples, noise
from tests.kit.models import new_box, run, set_up_station

DIALLED = "2019876543*0#11"
EVERY_KEY = "1234567890*#ABCD"


def multimon_reads(samples: Samples, path: Path) -> str:
    """The digits that multimon-ng finds."""
    for tool in ("sox", "multimon-ng"):
        assert shutil.which(tool), f"{tool} is not installed (apt-get install {tool})"
    wav, raw = path / "dialled.wav", path / "dialled.raw"
    save_wav(wav, samples)
    rate = ["-r", "22050", "-t", "raw", "-e", "signed", "-b", "16"]
    subprocess.run(["sox", str(wav), *rate, str(raw), "gain", "-3"], check=True, timeout=60)
    answer = subprocess.run(
        ["multimon-ng", "-q", "-t", "raw", "-a", "DTMF", str(raw)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    heard = [line.removeprefix("DTMF: ") for line in answer.stdout.splitlines() if "DTMF" in line]
    return "".join(heard)


def test_multimon_reads_what_the_telephone_dials(tmp_path: Path) -> None:
    box = new_box(1, 0)
    set_up_station(box, "101")
    phone = box.telephones["101"]
    phone.lift()
    run(box, 20)
    phone.dial(DIALLED)
    assert multimon_reads(run(box, 20 * len(DIALLED) + 50)[0], tmp_path) == DIALLED


@pytest.mark.parametrize("level", [-25, -10, -5])
@pytest.mark.parametrize("on_ms", [40, 100])  # 40: the shortest that counts [ITU-T Q.24]
@pytest.mark.parametrize("snr_db", [20.0, 60.0])
def test_multimon_reads_every_digit_that_we_dial(
    tmp_path: Path, level: int, on_ms: int, snr_db: float
) -> None:
    dialled = dsp.dtmf(EVERY_KEY, level, on_ms, on_ms).astype(np.float64)
    sent = as_samples(dialled + noise(len(dialled), level - snr_db))
    assert multimon_reads(sent, tmp_path) == EVERY_KEY


@pytest.mark.parametrize("twist_db", [-4, 0, 4])
@pytest.mark.parametrize("on_ms", [40, 100])
def test_multimon_and_we_read_the_same_digits_with_twist(
    tmp_path: Path, twist_db: int, on_ms: int
) -> None:
    sent = kit.dtmf(EVERY_KEY, on_ms, on_ms, -14, twist_db)
    assert multimon_reads(sent, tmp_path) == digits_in(sent) == EVERY_KEY


def test_twist_of_8_db_is_read_by_us_alone(tmp_path: Path) -> None:
    """Q.24 asks for a low group 8 dB stronger; multimon-ng hears nothing beyond about 5 dB, so that
    it can judge what we dial, and not how much twist we take."""
    sent = kit.dtmf(EVERY_KEY, 40, 60, -10, -8)
    assert digits_in(sent) == EVERY_KEY
    assert multimon_reads(sent, tmp_path) == ""
