"""Two trees measured in turn: an earlier commit and this one, each by its own bench.

Machines get slower and faster while one measures, so base and tree take turns (A B A B …) within
one run, and the median of each is compared. Figures are compared by name; those that only one of
the two has are left out. A ratio above 1 is better than the base, whichever way the figure goes.
"""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from scripts.bench import PARTS, ROOT, WIDTH, Row, machine, measured, write_report

OUT = Path("var/bench-against.json")
KEPT = 0.95
"""A ratio from here on counts as kept; below it, a figure has become worse."""
_LITTLE = 1e-9  # so that 0 against 0 is no change

Series = dict[str, list[float]]
"""Figures by name, one value a turn."""


@contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """A checkout of a commit in ./build, removed afterwards. Raises ClickException."""
    path = ROOT / "build" / f"bench-{commit}"
    done = _git("worktree", "add", "--force", "--detach", str(path), commit)
    if done.returncode:
        raise click.ClickException(done.stderr.strip())
    try:
        (path / ".venv").symlink_to(ROOT / ".venv")
        if (path / "scripts" / "native").exists():
            subprocess.run([path / "scripts" / "native"], check=True)
        yield path
    finally:
        _git("worktree", "remove", "--force", str(path))


def _git(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)


def run(
    console: Console,
    commit: str,
    parts: Sequence[str],
    seconds: float,
    directory: str,
    rounds: int,
) -> None:
    """Measure both, `seconds` for each measurement, `rounds` turns each; print and keep it."""
    base, here = dict[str, Series](), dict[str, Series]()
    where = str(Path(directory).absolute())
    with worktree(commit) as tree:
        for name in parts:
            console.print(f"\n[bold]{name}: {PARTS[name].title}")
            for number in range(rounds):
                with console.status(f"turn {number + 1} of {rounds} …"):
                    _add(base.setdefault(name, {}), measured(name, seconds, where, tree))
                    _add(here.setdefault(name, {}), measured(name, seconds, where))
            console.print(_table(PARTS[name].rows, base[name], here[name], commit))
    _keep(commit, seconds, rounds, base, here)
    console.print(f"\nAll figures are in {OUT}.")


def _add(series: Series, figures: dict[str, float]) -> None:
    for key, value in figures.items():
        series.setdefault(key, []).append(value)


def ratio(row: Row, base: Sequence[float], here: Sequence[float]) -> float:
    """How much better the median of the second is: 1 is the same, 2 twice as good."""
    before, now = median(base) + _LITTLE, median(here) + _LITTLE
    return now / before if row.more_is_better else before / now


def _table(rows: Sequence[Row], base: Series, here: Series, commit: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("", min_width=WIDTH, no_wrap=True)
    for heading in (commit, "this tree", ""):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    table.add_column("ratio", justify="right", no_wrap=True)
    for row in rows:
        if row.key in base and row.key in here:
            found = ratio(row, base[row.key], here[row.key])
            shown = f"{found:.2f}" if found >= KEPT else f"[red]{found:.2f}, worse"
            before, now = (f"{median(series[row.key]):,g}" for series in (base, here))
            table.add_row(row.what, before, now, row.unit, shown)
    return table


def _keep(
    commit: str, seconds: float, rounds: int, base: dict[str, Series], here: dict[str, Series]
) -> None:
    figures = {
        row.key: {
            "unit": row.unit,
            "base": base[name][row.key],
            "here": here[name][row.key],
            "ratio": round(ratio(row, base[name][row.key], here[name][row.key]), 3),
        }
        for name in base
        for row in PARTS[name].rows
        if row.key in base[name] and row.key in here[name]
    }
    kept = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": machine(),
        "base": commit,
        "here": _git("describe", "--always", "--dirty").stdout.strip(),
        "seconds": seconds,
        "rounds": rounds,
        "figures": figures,
        "worse": [key for key, found in figures.items() if float(str(found["ratio"])) < KEPT],
    }
    write_report(OUT, kept)
