"""What was acknowledged survives a disk that fails and a process that is killed.

A child writes under strace, which makes fdatasync fail or kills the child at a chosen call; the
product knows nothing of it. Afterwards the store is opened again and compared with what the child
has reported as done.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.store import StoreKit, open_store

ROOT = Path(__file__).parents[2]
CHILD = """
import sys
from pathlib import Path
from app.inbox.entries import Facts
from app.store.errors import StoreFailed
from tests.kit.store import StoreKit

kit = StoreKit(Path(sys.argv[1]))
anna = 1  # reading her id would open a reader, and with it hide a missing keeper

def letter(n):
    octets = b"Subject: %d\\r\\n\\r\\n" % n + b"x" * 2000 + b"\\r\\n"
    def work(tx):
        content = kit.store.contents.write(tx, (octets,))
        return kit.store.add_entry(tx, anna, content, b"", "email", "new", Facts(0, "", str(n)))
    return work

def say(*words):
    print(" ".join(map(str, words)) + "\\n", end="", flush=True)  # one write, one line of trace

say("begin")
for n in range(0, 120, 4):
    if sys.argv[2] == "now":
        promises = [lambda n=n: kit.db.now(letter(n))]
    else:
        promises = [kit.db.submit(letter(m)).result for m in range(n, n + 4)]
    for m, promise in enumerate(promises, n):
        try:
            promise()
            say("done", m)
        except StoreFailed:
            say("failed", m)
say("seen", *sorted(int(entry.subject) for entry in kit.inbox("anna")))
"""


def can_trace() -> bool:
    strace = shutil.which("strace")
    return strace is not None and subprocess.run([strace, "-qq", "true"]).returncode == 0


needs_strace = pytest.mark.skipif(not can_trace(), reason="strace is missing or not allowed here")


def run(path: Path, way: str, fault: str) -> tuple[dict[str, set[int]], list[str]]:
    """What the child reported, by kind, and its traced calls."""
    trace = path.parent / "trace"
    calls = "fdatasync,write"
    command: list[str | Path] = ["strace", "-f", "-qq", "-y", "-o", trace, "-e", f"trace={calls}"]
    if fault:
        command += ["-e", f"inject=fdatasync:{fault}"]
    child = subprocess.run(
        [*command, sys.executable, "-c", CHILD, path, way], cwd=ROOT, capture_output=True, text=True
    )
    assert "begin" in child.stdout, child.stderr
    said: dict[str, set[int]] = {"done": set(), "failed": set(), "seen": set()}
    for line in child.stdout.splitlines()[1:]:
        kind, *numbers = line.split()
        said[kind] |= set(map(int, numbers))
    return said, trace.read_text().splitlines()


def stored(path: Path) -> list[int]:
    kit = StoreKit(path)
    assert kit.db.pragma("integrity_check") == "ok"
    numbers = [int(entry.subject) for entry in kit.inbox("anna")]
    assert kit.store.used(kit.person("anna").id) == sum(e.size for e in kit.inbox("anna"))
    kit.close()
    return numbers


@pytest.fixture
def path(tmp_path: Path) -> Path:
    kit = open_store(tmp_path)
    kit.close()
    return kit.path


@needs_strace
@pytest.mark.parametrize("way", ["now", "submit"])
@pytest.mark.parametrize("fault", ["error=EIO:when=9..12", "error=ENOSPC:when=8..14"])
def test_a_sync_that_fails_is_reported_and_nothing_promised_is_lost(
    path: Path, way: str, fault: str
) -> None:
    said, _ = run(path, way, fault)
    assert said["failed"] and said["done"]
    assert said["seen"] == said["done"]  # what failed was not quietly taken in after all
    numbers = stored(path)
    assert set(numbers) == said["done"] and len(numbers) == len(said["done"])


@needs_strace
@pytest.mark.parametrize("way", ["now", "submit"])
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_what_failed_last_does_not_come_back_when_the_box_starts_anew(
    path: Path, way: str, error: str
) -> None:
    said, _ = run(path, way, f"error={error}:when=8+")
    assert said["failed"] and said["done"]
    assert set(stored(path)) == said["done"], "what was refused is there after all"


@needs_strace
@pytest.mark.parametrize("way", ["now", "submit"])
@pytest.mark.parametrize("when", [8, 12, 17, 23])
def test_a_kill_in_the_middle_of_a_sync_loses_nothing_promised(
    path: Path, way: str, when: int
) -> None:
    said, _ = run(path, way, f"signal=KILL:when={when}")
    numbers = stored(path)
    assert said["done"] and not said["seen"]
    assert said["done"] <= set(numbers) and len(numbers) == len(set(numbers))


@needs_strace
@pytest.mark.parametrize("way", ["now", "submit"])
def test_a_sync_of_the_wal_comes_before_every_promise(path: Path, way: str) -> None:
    said, trace = run(path, way, "")
    synced, promised = False, []
    for line in trace:
        if re.search(r"fdatasync\(\d+<[^>]*-wal>( <unfinished|\) += 0)", line):
            synced = True
        if done := re.search(r'write\(1<[^>]*>, "done (\d+)', line):
            assert synced, line
            promised.append(int(done[1]))
            if way == "now" or promised[-1] % 4 == 3:  # the next work begins after this answer
                synced = False
    assert set(promised) == said["done"] and len(promised) in (30, 120)
