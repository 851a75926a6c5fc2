"""Processes that end with the one that started them; the rest is tested where it is used."""

import subprocess
import sys

from app.config.paths import PROJECT


def test_process_whose_parent_ended_before_it_could_ask_ends_itself() -> None:
    code = "from app.core.process import end_with\nend_with(1)\nprint('lives')"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (-9, "")
