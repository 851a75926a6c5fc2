"""What every step uses: running programs, telling how far it is, one error, and folders."""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The source tree."""


_EVERYWHERE = {"LC_ALL": "C", "TZ": "UTC"}
"""What programs would else take from this machine: mtools writes local time into a FAT."""


class BuildError(Exception):
    """The image cannot be built; the text says what is in the way and what to do."""


@dataclass(frozen=True)
class Folders:
    """Where a build puts things."""

    build: Path
    """Products and what is made on the way; emptied at will."""
    cache: Path
    """Downloads and kernels, kept from build to build, named by what went in."""

    def made(self, *parts: str) -> Path:
        """A folder under `build`, made if missing."""
        folder = self.build.joinpath(*parts)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def kept(self, *parts: str) -> Path:
        """A folder under `cache`, made if missing."""
        folder = self.cache.joinpath(*parts)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def alone(self, say: Callable[[str], None]) -> Iterator[None]:
        """Around a build: no other one works in these folders meanwhile; waits for it."""
        with (self.made() / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"another build is at work in {self.build}; waiting for its end")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


def default_cache() -> Path:
    """$SWITCHHOOK_CACHE, else a folder in the user's own cache."""
    named = os.environ.get("SWITCHHOOK_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "switchhook"


def run(
    *command: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> str:
    """Run a program and give what it printed. Raises BuildError with its last words."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, **_EVERYWHERE, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as problem:
        raise BuildError(f"{words[0]} is missing; `scripts/setup image` installs it") from problem
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-15:]
        raise BuildError(
            f"{' '.join(words[:6])} failed (exit {done.returncode}):\n  " + "\n  ".join(said)
        )
    return done.stdout


class Progress:
    """Tells each step and its time, and remembers them."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.times: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Around one step."""
        begun = time.monotonic()
        self.say(f"{name} …")
        yield
        self.times[name] = time.monotonic() - begun
        self.say(f"{name}: {self.times[name]:.1f} s")

    def say(self, words: str) -> None:
        """One line, with the time since the start."""
        print(f"image {time.monotonic() - self.started:6.1f} s  {words}", file=sys.stderr)


def sha256(path: Path) -> str:
    """Checksum of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def key_of(*parts: str | bytes) -> str:
    """A short name for what goes into a cached product: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        octets = part.encode() if isinstance(part, str) else part
        digest.update(len(octets).to_bytes(8, "big") + octets)
    return digest.hexdigest()[:16]


def files_of(folder: Path, names: Sequence[str] = ("*",)) -> list[Path]:
    """All files below a folder that match, sorted: the same order on every machine."""
    return sorted(path for name in names for path in folder.rglob(name) if path.is_file())
