"""Running the system's own small programs."""

import subprocess
from pathlib import Path

from app.core.errors import DeviceError


def run(*command: str | Path, stdin: str | None = None) -> str:
    """Run a program; what it printed. Raises DeviceError with its last words."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)
    except FileNotFoundError as problem:
        raise DeviceError(f"the program {words[0]} is missing here") from problem
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
        raise DeviceError(f"{words[0]} failed (exit {done.returncode}): {'; '.join(said)}")
    return done.stdout
