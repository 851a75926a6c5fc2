"""multimon-ng, which we did not write, reads the digits that the telephone model dials."""

import shutil
import subprocess
from pathlib import Path

from drivers.models.sound import save_wav
from tests.kit.models import new_box, run, set_up_station

DIALLED = "2019876543*0#11"


def test_multimon_reads_what_the_telephone_dials(tmp_path: Path) -> None:
    for tool in ("sox", "multimon-ng"):
        assert shutil.which(tool), f"{tool} is not installed (apt-get install {tool})"
    box = new_box(1, 0)
    set_up_station(box, "101")
    phone = box.telephones["101"]
    phone.lift()
    run(box, 20)
    phone.dial(DIALLED)
    wav, raw = tmp_path / "101.wav", tmp_path / "101.raw"
    save_wav(wav, run(box, 20 * len(DIALLED) + 50)[0])
    rate = ["-r", "22050", "-t", "raw", "-e", "signed", "-b", "16"]
    subprocess.run(["sox", str(wav), *rate, str(raw)], check=True, timeout=60)
    answer = subprocess.run(
        ["multimon-ng", "-q", "-t", "raw", "-a", "DTMF", str(raw)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    heard = [line.removeprefix("DTMF: ") for line in answer.stdout.splitlines() if "DTMF" in line]
    assert "".join(heard) == DIALLED
