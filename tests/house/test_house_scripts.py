"""Scripts for people can be read by their shell: nothing is made by one that cannot."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHELLS = {b"#!/bin/sh": "sh", b"#!/bin/bash": "bash"}


def scripts() -> list[Path]:
    found = [*(ROOT / "scripts").iterdir(), *(ROOT / "findings").iterdir(), ROOT / ".ci" / "run"]
    return sorted(path for path in found if path.is_file() and _first_line(path) in SHELLS)


def _first_line(path: Path) -> bytes:
    return path.read_bytes().split(b"\n", 1)[0]


@pytest.mark.parametrize("script", scripts(), ids=lambda path: path.name)
def test_a_script_can_be_read_by_its_shell(script: Path) -> None:
    shell = SHELLS[_first_line(script)]
    told = subprocess.run([shell, "-n", script], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
