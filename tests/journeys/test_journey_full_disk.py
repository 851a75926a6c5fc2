"""Journey: a whole box, in its own processes, on a disk of 64 MB that gets full."""

import os
import subprocess
import sys
from pathlib import Path

from app.config.paths import PROJECT
from tests.kit.small_disk import MB, needs_mount, on_small_disk

INSIDE = Path(__file__).with_name("full_disk_inside.py")
WITHIN_S = 600
PARTS = 6


@needs_mount
def test_full_disk_stops_nothing_for_good(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    pytest = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(INSIDE)]
    done = subprocess.run(
        on_small_disk(disk, 64 * MB, *pytest),
        cwd=PROJECT,
        env={**os.environ, "SMALL_DISK": str(disk)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("." * PARTS), done.stdout
