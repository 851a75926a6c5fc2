"""minimodem, which we did not write, reads the caller ID that the office sends."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from drivers.models.sound import save_wav
from tests.kit.models import new_box, run, set_up_trunk


@pytest.mark.parametrize(
    ("number", "name", "lines"),
    [
        ("5551234567", "ALICE", ("Phone: 555-123-4567", "Name: ALICE")),
        ("5559876", "BOB THE BUILDER", ("Phone: 5559876", "Name: BOB THE BUILDER")),
    ],
)
def test_minimodem_reads_the_offices_caller_id(
    tmp_path: Path, number: str, name: str, lines: tuple[str, ...]
) -> None:
    assert shutil.which("minimodem"), "minimodem is not installed (apt-get install minimodem)"
    box = new_box(0, 1)
    set_up_trunk(box, "line1")
    box.office_lines["line1"].ring(number, name)
    path = tmp_path / "line1.wav"
    save_wav(path, np.asarray(run(box, 600)[0]))
    answer = subprocess.run(
        ["minimodem", "--rx", "callerid", "-f", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    squeezed = [" ".join(line.split()) for line in answer.stdout.splitlines()]
    assert "Time: 01/01 08:00" in squeezed, answer.stdout
    for line in lines:
        assert line in squeezed, answer.stdout
