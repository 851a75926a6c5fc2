"""`make mutate`: how many deliberate faults the tests notice, on a random sample.

    scripts/setup mutate && build/mutate-venv/bin/python -m scripts.mutate [PACKAGE ...]
        [--mutants 150] [--seed N] [--again]

Works in a copy of the tree, build/mutate/tree, and runs each mutant's tests there: first those of
the package, then those that use it, up to the first failure. Results are kept in
build/mutate/results.json after each mutant; a run with the same seed goes on where the last one
ended, and a mutant of a module that has changed since is tried again. Accepted survivors are in
docs/mutations.md with their reasons.
"""

import difflib
import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.util import cache_from_source
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from scripts.mutants import Mutant, mutated, sample
from scripts.mutate_packages import PACKAGES

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "mutate"
TREE = WORK / "tree"
RESULTS = WORK / "results.json"
PYTHON = ROOT / ".venv" / "bin" / "python"
KILLED, TIMED_OUT, SURVIVED = "killed", "timed out", "survived"
LEAST_TIME_S = 30.0
"""Added to three times what the tests need without a fault."""


@dataclass(frozen=True)
class Result:
    """What became of one mutant."""

    key: str
    source: str
    """Digest of the module it was made from."""
    outcome: str
    seconds: float
    diff: str


class Results:
    """Results by `seed` and package, kept in a file."""

    def __init__(self, path: Path, seed: int) -> None:
        self._path, self._seed = path, str(seed)
        self._all: dict[str, dict[str, list[dict[str, object]]]] = {}
        if path.exists():
            self._all = json.loads(path.read_text())
        self._mine = self._all.setdefault(self._seed, {})

    def of(self, package: str) -> dict[str, Result]:
        """Results so far, by the mutant's key."""
        rows = [Result(**row) for row in self._mine.get(package, [])]  # type: ignore[arg-type]
        return {row.key: row for row in rows}

    def keep(self, package: str, results: Sequence[Result]) -> None:
        """Write what is known of a package."""
        self._mine[package] = [asdict(result) for result in results]
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(self._all, indent=1))
        new.replace(self._path)


def copy_tree() -> None:
    """A fresh copy of all files that git knows or would add."""
    shutil.rmtree(TREE, ignore_errors=True)
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listing.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, TREE / name)
    (TREE / ".venv").symlink_to(ROOT / ".venv")


def run_tests(tests: Sequence[str], limit_s: float) -> str:
    """Run these tests in the copy up to the first failure; the outcome."""
    process = subprocess.Popen(
        [str(PYTHON), "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests],
        cwd=TREE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        return KILLED if process.wait(limit_s) else SURVIVED
    except subprocess.TimeoutExpired:
        return TIMED_OUT
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)  # and what a killed test has left running
        except ProcessLookupError:
            process.wait()
        process.wait()


def write_source(path: Path, source: str) -> None:
    """Put source into the copy, and remove the byte code of what was there."""
    path.write_text(source)
    Path(cache_from_source(str(path))).unlink(missing_ok=True)


def judge(mutant: Mutant, groups: Sequence[tuple[Sequence[str], float]]) -> Result:
    """Try one mutant on groups of (tests, limit in seconds); the tree is as before afterwards."""
    path = TREE / mutant.path
    source = path.read_text()
    changed = mutated(source, mutant)
    lines = difflib.unified_diff(source.splitlines(), changed.splitlines(), lineterm="", n=0)
    diff = "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))
    began = time.monotonic()
    outcome = SURVIVED
    write_source(path, changed)
    try:
        for tests, limit_s in groups:
            outcome = run_tests(tests, limit_s)
            if outcome != SURVIVED:
                break
    finally:
        write_source(path, source)
    return Result(mutant.key, _digest(source), outcome, round(time.monotonic() - began, 1), diff)


def _digest(source: str) -> str:
    return sha256(source.encode()).hexdigest()[:16]


def modules(package: str) -> list[Path]:
    """The modules of a package in the copy."""
    without = PACKAGES[package].without
    return [
        path
        for path in sorted((TREE / package).rglob("*.py"))
        if not (without and path.is_relative_to(TREE / without))
    ]


def limits(package: str, console: Console) -> list[tuple[Sequence[str], float]]:
    """The groups of tests, each with its time limit in seconds. Raises ClickException.

    They must pass without any fault, or nothing could be told from their failure.
    """
    groups: list[tuple[Sequence[str], float]] = []
    for tests in (PACKAGES[package].own, PACKAGES[package].users):
        began = time.monotonic()
        outcome = run_tests(tests, 900.0)
        took_s = time.monotonic() - began
        console.print(f"  without a fault: {took_s:5.1f} s  {' '.join(tests)}", highlight=False)
        if outcome != SURVIVED:
            raise click.ClickException(f"these tests fail without any fault: {' '.join(tests)}")
        groups.append((tests, 3 * took_s + LEAST_TIME_S))
    return groups


def try_package(package: str, wanted: list[Mutant], results: Results, console: Console) -> None:
    """Try those mutants of the sample that have no result yet."""
    known = results.of(package)
    digests = {m.path: _digest((TREE / m.path).read_text()) for m in wanted}
    kept = {
        m.key: known[m.key]
        for m in wanted
        if m.key in known and known[m.key].source == digests[m.path]
    }
    left = [mutant for mutant in wanted if mutant.key not in kept]
    console.print(f"\n{package}: {len(wanted)} mutants, {len(left)} to try")
    if not left:
        return
    groups = limits(package, console)
    for mutant in track(left, package, console=console):
        result = judge(mutant, groups)
        kept[mutant.key] = result
        results.keep(package, list(kept.values()))
        if result.outcome == SURVIVED:
            console.print(f"{mutant.key}\n{result.diff}", highlight=False, markup=False)


def table(results: Results, packages: Sequence[str]) -> Table:
    """Outcomes by package."""
    shown = Table(box=None, pad_edge=False)
    for heading in ("package", "mutants", KILLED, TIMED_OUT, SURVIVED, "share"):
        shown.add_column(heading, justify="left" if heading == "package" else "right")
    for package in packages:
        outcomes = [result.outcome for result in results.of(package).values()]
        counts = [outcomes.count(outcome) for outcome in (KILLED, TIMED_OUT, SURVIVED)]
        share = f"{100 * counts[2] / len(outcomes):.0f} %" if outcomes else ""
        shown.add_row(package, str(len(outcomes)), *map(str, counts), share)
    return shown


@click.command()
@click.argument("packages", nargs=-1, type=click.Choice(list(PACKAGES)))
@click.option("--mutants", "count", default=150, show_default=True, help="Mutants a package.")
@click.option("--seed", type=int, help="Repeats or continues an earlier sample.")
@click.option("--again", is_flag=True, help="Try survivors of earlier runs of this seed anew.")
def main(packages: tuple[str, ...], count: int, seed: int | None, again: bool) -> None:
    """Try a random sample of mutants of each PACKAGE; without any, of all."""
    console = Console(soft_wrap=True)
    chosen = packages or tuple(PACKAGES)
    seed = random.randrange(1, 10_000) if seed is None else seed
    console.print(f"seed {seed}; to continue: --seed {seed}", highlight=False)
    WORK.mkdir(parents=True, exist_ok=True)
    copy_tree()
    results = Results(RESULTS, seed)
    for package in chosen:
        if again:
            kept = [r for r in results.of(package).values() if r.outcome != SURVIVED]
            results.keep(package, kept)
        try_package(package, sample(TREE, modules(package), count, seed), results, console)
    console.print()
    console.print(table(results, chosen))
    console.print(f"All results, with each mutant's change: {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main(prog_name="python -m scripts.mutate")
