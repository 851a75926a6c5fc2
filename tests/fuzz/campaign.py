"""Run targets under the engine for long, and go on where the last run ended.

    python -m tests.fuzz.campaign --inputs 1000000           every target, until it has had so many
    python -m tests.fuzz.campaign --short --jobs 2           as CI does: each for a minute or less
    python -m tests.fuzz.campaign --keep                     minimise into tests/fuzz/corpus

The corpus grows in build/fuzz/corpus, and build/fuzz/ledger.json holds how many inputs each target
has had in all, of which seeds. A fault ends its target; its input lies in build/fuzz/faults and is
run again by `python -m tests.fuzz.campaign TARGET --again FILE`. Exit code 1 if there was one.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

from app.config.paths import PROJECT
from tests.fuzz import corpus
from tests.fuzz.targets import TARGETS

BUILD = PROJECT / "build" / "fuzz"
PYTHON = PROJECT / "build" / "fuzz-venv" / "bin" / "python"
SLICE_S = 300
"""Seconds of one process; after that the next one goes on, and the ledger is written."""
MOST_RUNS = (1 << 31) - 1  # a number of libFuzzer is an int of C
_DONE = re.compile(r"^Done (\d+) runs in (\d+) second", re.MULTILINE)
_COVERED = re.compile(r"cov: (\d+)")


class Ledger:
    """How many inputs each target has had."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, Lock()
        self._found: dict[str, dict[str, Any]] = (
            json.loads(path.read_text()) if path.exists() else {}
        )

    def of(self, target: str) -> dict[str, Any]:
        """What is known of a target: inputs, seconds, slices, covered, faults."""
        new = {"inputs": 0, "seconds": 0, "slices": 0, "covered": 0, "faults": 0}
        return self._found.setdefault(target, new)

    def add(self, target: str, inputs: int, seconds: int, covered: int, faults: int) -> None:
        """Count a slice."""
        with self._lock:
            sums = self.of(target)
            for name, more in (("inputs", inputs), ("seconds", seconds), ("faults", faults)):
                sums[name] += more
            sums["slices"] += 1
            sums["covered"] = max(covered, sums["covered"])
            new = self._path.with_suffix(".new")
            new.write_text(json.dumps(self._found, indent=1, sort_keys=True) + "\n")
            new.replace(self._path)


def folders(target: str) -> tuple[Path, Path]:
    """(corpus, faults) of a target, made if need be; what is kept goes into an empty corpus."""
    grown, faults = BUILD / "corpus" / target, BUILD / "faults" / target
    faults.mkdir(parents=True, exist_ok=True)
    if not grown.exists():
        grown.mkdir(parents=True)
        for number, octets in enumerate(corpus.kept(target)):
            (grown / f"kept-{number}").write_bytes(octets)
    return grown, faults


def engine(target: str, *options: str, within: float | None = None) -> tuple[int, str]:
    """Run the engine; its exit code and what it said.

    One seed is one run, as far as the target's code is the same each time: sets keep their order.
    """
    command = [str(PYTHON), "-m", "tests.fuzz.engine", target, *options]
    done = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True, text=True, errors="replace", timeout=within,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def fuzz(target: str, ledger: Ledger, inputs: int | None, seconds: int | None) -> bool:
    """Feed one target until it has had enough, in all or in this run; False if it has a fault."""
    grown, faults = folders(target)
    end = time.monotonic() + seconds if seconds is not None else None
    while True:
        missing = inputs - ledger.of(target)["inputs"] if inputs is not None else MOST_RUNS
        left = SLICE_S if end is None else min(SLICE_S, round(end - time.monotonic()))
        if missing <= 0 or left <= 0:
            return True
        code, said = engine(
            target, str(faults), str(grown), f"-artifact_prefix={faults}/",
            f"-runs={min(missing, MOST_RUNS)}", f"-max_total_time={left}",
            f"-seed={ledger.of(target)['slices'] + 1}",
            "-timeout=60", "-rss_limit_mb=1024", "-len_control=20", "-reload=0",
        )  # fmt: skip
        done, covered = _DONE.search(said), _COVERED.findall(said)
        most = int(covered[-1]) if covered else 0
        ran, took = (int(done[1]), int(done[2])) if done else (0, left)
        ledger.add(target, ran, took, most, int(code != 0))
        sums = ledger.of(target)
        print(
            f"{target}: {ran:,} inputs in {took} s, {sums['inputs']:,} in all, cov {most}",
            flush=True,
        )
        if code or not in_time(target, faults):
            print(_told(said), flush=True)
            return False


def in_time(target: str, faults: Path) -> bool:
    """Run what took too long under the engine again, without it; False if it still does."""
    slow = [str(path) for path in faults.glob("slow-*")]
    command = [sys.executable, "-m", "tests.fuzz.limits", target, *slow]
    return not slow or subprocess.run(command, cwd=PROJECT).returncode == 0


def _told(said: str) -> str:
    """What the engine said of a fault, without what it says at every start and every success."""
    error = said.find(" === Uncaught")
    return said[error if error >= 0 else 0 :][-4000:]


def keep(target: str) -> bool:
    """Minimise what has grown to what reaches different code, and keep the short of it."""
    grown, faults = folders(target)
    with tempfile.TemporaryDirectory() as fresh:
        code, said = engine(target, str(faults), "-merge=1", fresh, str(grown))
        if code:
            print(_told(said))
            return False
        inputs = [path.read_bytes() for path in Path(fresh).iterdir()]
    count = corpus.keep(target, inputs)
    print(f"{target}: {len(inputs)} inputs reach different code, {count} are kept")
    return True


def main() -> int:
    """The command line."""
    names = [path.stem for path in sorted(corpus.FOLDER.glob("*.txt"))]
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.fuzz.campaign")
    parser.add_argument("targets", nargs="*", default=[], metavar="TARGET", help=", ".join(names))
    parser.add_argument("--inputs", type=int, help="until each target has had so many in all")
    parser.add_argument("--seconds", type=int, help="for so long each, in this run")
    parser.add_argument("--short", action="store_true", help="for as long as `make fuzz-short` has")
    parser.add_argument("--jobs", type=int, default=1, help="targets at one time")
    parser.add_argument("--keep", action="store_true", help="minimise into tests/fuzz/corpus")
    parser.add_argument("--again", type=Path, help="run one input again")
    given = parser.parse_args()
    targets = given.targets or names
    BUILD.mkdir(parents=True, exist_ok=True)
    if given.again is not None:
        code, said = engine(targets[0], str(BUILD), str(given.again))
        print(_told(said))
        return code
    if given.keep:
        return int(not all([keep(target) for target in targets]))
    ledger = Ledger(BUILD / "ledger.json")
    with ThreadPoolExecutor(given.jobs) as pool:
        seconds = {t: TARGETS[t].short_s if given.short else given.seconds for t in targets}
        went = [pool.submit(fuzz, t, ledger, given.inputs, seconds[t]) for t in targets]
        good = [one.result() for one in went]
    failed = [name for name, well in zip(targets, good, strict=True) if not well]
    print("with a fault, told above:", ", ".join(failed) or "none")
    print(f"{good.count(True)} passed, {good.count(False)} failed")
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
