"""Passwords and PINs at rest: what their judging costs."""

import subprocess
import sys

from app.config.paths import PROJECT

JUDGE_OFTEN = """
from app.inbox.credentials import hashed, matches
def private():
    with open("/proc/self/smaps_rollup") as told:
        return sum(int(line.split()[1]) for line in told if line.startswith("Private"))
before = private()
stored = hashed("right")
for _ in range(3):
    assert matches(stored, "right") and not matches(stored, "wrong") and not matches(None, "any")
print(private() - before)
"""


def test_judging_passwords_leaves_no_memory_taken() -> None:
    """Of 19 MiB that each takes, a service keeps nothing."""
    done = subprocess.run(
        [sys.executable, "-c", JUDGE_OFTEN], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 3_000, "kB"
