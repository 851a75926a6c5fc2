"""`make mutate`: how many deliberate faults the tests notice, on a random sample.

    scripts/setup mutate && build/mutate-venv/bin/python -m scripts.mutate [PACKAGE ...]
        [--mutants 150] [--seed N] [--again]

Works in copies of the tree, build/mutate/tree-N, one for each process at work. First it runs all
tests once and notes which executes what (scripts/mutate_record.py); then each mutant meets the
tests that execute its line, the fastest first, up to the first failure (scripts/mutate_tests.py).
Results are kept in build/mutate/results.json after each mutant; a run with the same seed goes on
where the last one ended, and a mutant of a module that has changed since is tried again. Accepted
survivors are in docs/mutations.md with their reasons.
"""

import difflib
import importlib.util
import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from scripts.mutants import Mutant, mutated, sample
from scripts.mutate_packages import PACKAGES, TESTS, WITHOUT
from scripts.mutate_tests import Record

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "mutate"
RESULTS = WORK / "results.json"
PYTHON = ROOT / ".venv" / "bin" / "python"
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)  # byte code halves what most mutants cost
KILLED, TIMED_OUT, SURVIVED = "killed", "timed out", "survived"
LEAST_TIME_S = 20.0
"""Added to four times what the tests need without a fault."""


@dataclass(frozen=True)
class Result:
    """What became of one mutant."""

    key: str
    source: str
    """Digest of the module it was made from."""
    outcome: str
    seconds: float
    diff: str
    tests: int
    """How many were run, or begun."""


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


class Bench:
    """A copy of the tree with a process that runs tests in it."""

    def __init__(self, number: int) -> None:
        self.tree = WORK / f"tree-{number}"
        self._copy()
        self._trials = 0
        self._server = subprocess.Popen(
            [str(PYTHON), "scripts/mutate_server.py"],
            cwd=self.tree,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )

    def close(self) -> None:
        """End the process."""
        self._server.communicate()

    def _copy(self) -> None:
        """A fresh copy of all files that git knows or would add."""
        shutil.rmtree(self.tree, ignore_errors=True)
        listing = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        for name in listing.stdout.decode().split("\0"):
            if name and (ROOT / name).is_file():
                (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.tree / name)
        (self.tree / ".venv").symlink_to(ROOT / ".venv")

    def run_tests(self, tests: Sequence[str], limit_s: float) -> str:
        """Run these tests up to the first failure; the outcome."""
        assert self._server.stdin is not None and self._server.stdout is not None
        self._server.stdin.write(json.dumps({"tests": tests, "limit_s": limit_s}) + "\n")
        self._server.stdin.flush()
        return self._server.stdout.readline().strip()

    def judge(self, mutant: Mutant, record: Record, own: Sequence[str]) -> Result:
        """Try one mutant; the tree is as before afterwards."""
        path = self.tree / mutant.path
        source = path.read_text()
        changed = mutated(source, mutant)
        began = time.monotonic()
        outcome, count = SURVIVED, 0
        self._write(path, changed)
        try:
            for tests in record.rounds(mutant.path, source, mutant.line, own):
                needed_s = sum(record.seconds[test] for test in tests)
                outcome = self.run_tests(tests, 4 * needed_s + LEAST_TIME_S)
                count += len(tests)
                if outcome != SURVIVED:
                    break
        finally:
            self._write(path, source)
        seconds = round(time.monotonic() - began, 1)
        diff = _diff(source, changed)
        return Result(mutant.key, _digest(source), outcome, seconds, diff, count)

    def _write(self, path: Path, source: str) -> None:
        """Write a module with a time of its own, so that no byte code of another one is used."""
        self._trials += 1
        path.write_text(source)
        os.utime(path, (time.time(), time.time() + self._trials))


def _diff(source: str, changed: str) -> str:
    lines = difflib.unified_diff(source.splitlines(), changed.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def _digest(source: str) -> str:
    return sha256(source.encode()).hexdigest()[:16]


def modules(tree: Path, package: str) -> list[Path]:
    """The modules of a package in a copy."""
    return [
        path
        for folder in PACKAGES[package].folders
        for path in sorted((tree / folder).rglob("*.py"))
        if not path.is_relative_to(tree / WITHOUT)
    ]


def record_tests(trees: Sequence[Path], console: Console) -> Record:
    """Run all tests once without a fault and note what each executes. Raises ClickException."""
    found = importlib.util.find_spec("coverage")
    assert found is not None and found.origin is not None
    began = time.monotonic()
    parts = [WORK / f"record-{number}.json" for number in range(len(trees))]
    runs = []
    for number, (tree, part) in enumerate(zip(trees, parts, strict=True)):
        part.unlink(missing_ok=True)
        plugins = ["-p", "scripts.mutate_record", "-p", "no:cacheprovider"]
        run = subprocess.Popen(
            [str(PYTHON), "-m", "pytest", *plugins, *TESTS[number :: len(trees)]],
            cwd=tree,
            env={
                **ENVIRONMENT,
                "SWITCHHOOK_COVERAGE": str(Path(found.origin).parents[1]),
                "SWITCHHOOK_RECORD": str(part),
            },
            stdout=(WORK / f"record-{number}.log").open("w"),
        )
        runs.append(run)
    for run in runs:
        run.wait()
    if not all(part.exists() for part in parts):
        raise click.ClickException(f"the tests do not run, see {WORK}/record-*.log")
    record = Record.read(parts)
    console.print(f"{len(record.seconds)} tests noted in {time.monotonic() - began:.0f} s")
    return record


def try_package(
    package: str,
    wanted: list[Mutant],
    results: Results,
    record: Record,
    benches: Sequence[Bench],
    console: Console,
) -> None:
    """Try those mutants of the sample that have no result yet."""
    known = results.of(package)
    tree = benches[0].tree
    digests = {m.path: _digest((tree / m.path).read_text()) for m in wanted}
    kept = {
        m.key: known[m.key]
        for m in wanted
        if m.key in known and known[m.key].source == digests[m.path]
    }
    left = [mutant for mutant in wanted if mutant.key not in kept]
    console.print(f"\n{package}: {len(wanted)} mutants, {len(left)} to try")
    free: SimpleQueue[Bench] = SimpleQueue()
    for bench in benches:
        free.put(bench)

    def judge(mutant: Mutant) -> Result:
        bench = free.get()
        try:
            return bench.judge(mutant, record, PACKAGES[package].own)
        finally:
            free.put(bench)

    with ThreadPoolExecutor(len(benches)) as pool:
        trials = [pool.submit(judge, mutant) for mutant in left]
        for trial in track(as_completed(trials), package, len(trials), console=console):
            result = trial.result()
            kept[result.key] = result
            results.keep(package, list(kept.values()))
            if result.outcome == SURVIVED:
                console.print(f"{result.key}\n{result.diff}", highlight=False, markup=False)


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
@click.option("--keep-record", is_flag=True, help="Use what the last run noted of the tests.")
@click.option("--processes", default=2, show_default=True, help="How many work side by side.")
def main(
    packages: tuple[str, ...],
    count: int,
    seed: int | None,
    again: bool,
    keep_record: bool,
    processes: int,
) -> None:
    """Try a random sample of mutants of each PACKAGE; without any, of all."""
    console = Console(soft_wrap=True)
    chosen = packages or tuple(PACKAGES)
    seed = random.randrange(1, 10_000) if seed is None else seed
    console.print(f"seed {seed}; to continue: --seed {seed}", highlight=False)
    WORK.mkdir(parents=True, exist_ok=True)
    benches = [Bench(number) for number in range(processes)]
    tree = benches[0].tree
    noted = sorted(WORK.glob("record-*.json"))
    if keep_record and noted:
        record = Record.read(noted)
    else:
        record = record_tests([bench.tree for bench in benches], console)
    results = Results(RESULTS, seed)
    for package in chosen:
        if again:
            rest = [r for r in results.of(package).values() if r.outcome != SURVIVED]
            results.keep(package, rest)
        wanted = sample(tree, modules(tree, package), count, seed)
        try_package(package, wanted, results, record, benches, console)
    for bench in benches:
        bench.close()
    console.print()
    console.print(table(results, chosen))
    console.print(f"All results, with each mutant's change: {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main(prog_name="python -m scripts.mutate")
