"""Mutated inputs by the million, without an engine: no coverage is measured, so readers run fast.

    python -m tests.fuzz.plain --inputs 10000000        every target, until it has had so many
    python -m tests.fuzz.plain pop3 smtp --seconds 60   these, for a minute each

What is mutated are the kept corpus and what `tests.fuzz.campaign` has bred in build/fuzz/corpus.
Inputs follow from the number of the slice, so a fault can be had again. It ends its target, and its
input lies in build/fuzz/faults. tests/fuzz/mutated.json holds how many inputs there have been, of
all states of the code that a reader has had; it is committed, so that others go on from there.
"""

import argparse
import logging
import random
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from app.config.paths import PROJECT
from tests.fuzz import corpus
from tests.fuzz.campaign import Ledger, folders
from tests.fuzz.limits import Limited
from tests.fuzz.shaping import REPEATING
from tests.fuzz.targets import TARGETS, Target

RECORD = PROJECT / "tests" / "fuzz" / "mutated.json"
SLICE_S = 120
"""Seconds of one process."""
LONGEST_PART = 64
LONG_ONES = 0.02
"""Share of inputs that may be grown (tests/fuzz/shaping.py); one costs as much as a hundred."""
_TOKEN = re.compile(rb"[^\s:;=,<>]{2,40}")
_NUMBER = re.compile(rb"\d+")
_NUMBERS = (b"0", b"1", b"-1", b"127", b"255", b"65536", b"2147483648", b"99999999999999999999")


class Mutator:
    """Makes inputs of those that are there."""

    def __init__(self, inputs: list[bytes], dice: random.Random, longest: int) -> None:
        self._inputs, self._dice, self._longest = inputs, dice, longest
        self._tokens: list[bytes] = sorted(
            {token for one in inputs for token in _TOKEN.findall(one)}
        ) or [b"\r\n"]
        self._changes = (
            self._random, self._flip, self._delete, self._repeat, self._token, self._token,
            self._number, self._splice, self._end,
        )  # fmt: skip

    def next(self) -> bytes:
        """One more input; short ones are begun from more often, since many can be had of them."""
        octets = min(self._dice.choice(self._inputs), self._dice.choice(self._inputs), key=len)
        for _ in range(self._dice.choice((1, 1, 2, 3, 5, 8))):
            octets = self._dice.choice(self._changes)(octets)
        if octets[:1] >= bytes((REPEATING,)) and self._dice.random() > LONG_ONES:
            octets = bytes((self._dice.randrange(REPEATING),)) + octets[1:]
        return octets[: self._longest]

    def _at(self, octets: bytes) -> int:
        return int(self._dice.random() * (len(octets) + 1))

    def _part(self, octets: bytes) -> tuple[int, int]:
        at = self._at(octets)
        return at, at + 1 + int(self._dice.random() ** 3 * LONGEST_PART)

    def _random(self, octets: bytes) -> bytes:
        at = self._at(octets)
        size = self._dice.choice((1, 1, 2, 4))
        return (
            octets[:at] + self._dice.randbytes(size) + octets[at + self._dice.choice((0, size)) :]
        )

    def _flip(self, octets: bytes) -> bytes:
        if not octets:
            return b"\0"
        at = int(self._dice.random() * len(octets))
        changed = bytearray(octets)
        changed[at] ^= 1 << self._dice.randrange(8)
        return bytes(changed)

    def _delete(self, octets: bytes) -> bytes:
        start, end = self._part(octets)
        return octets[:start] + octets[end:]

    def _repeat(self, octets: bytes) -> bytes:
        start, end = self._part(octets)
        to = self._at(octets)
        return octets[:to] + octets[start:end] * self._dice.choice((1, 1, 2, 9)) + octets[to:]

    def _token(self, octets: bytes) -> bytes:
        at = self._at(octets)
        return octets[:at] + self._dice.choice(self._tokens) + octets[at:]

    def _number(self, octets: bytes) -> bytes:
        found = list(_NUMBER.finditer(octets))
        if not found:
            return self._random(octets)
        one = self._dice.choice(found)
        return octets[: one.start()] + self._dice.choice(_NUMBERS) + octets[one.end() :]

    def _splice(self, octets: bytes) -> bytes:
        other = self._dice.choice(self._inputs)
        return octets[: self._at(octets)] + other[self._at(other) :]

    def _end(self, octets: bytes) -> bytes:
        return octets[: self._at(octets)]


def feed(target: Target, slice_: int, inputs: int, seconds: float) -> tuple[int, bytes | None]:
    """Feed this process with a slice; how many inputs, and the one that showed a fault."""
    logging.getLogger().addHandler(logging.NullHandler())  # lines of what was refused take longest
    function = target.function()
    function(b"")
    grown, _ = folders(target.name)
    files = [path.read_bytes() for path in sorted(grown.iterdir())]
    dice = random.Random(f"{target.name} {slice_}")
    mutator = Mutator(files or corpus.kept(target.name), dice, target.longest)
    limited, end = Limited(function), time.monotonic() + seconds
    for number in range(inputs):
        if number % 64 == 0 and time.monotonic() >= end:
            return number, None
        octets = mutator.next()
        try:
            limited(octets)
        except Exception as fault:
            print(f"{target.name}, slice {slice_}: {type(fault).__name__}: {fault}", flush=True)
            return number + 1, octets
    return inputs, None


def one_slice(name: str, slice_: int, inputs: int, seconds: float) -> int:
    """The program of one process; prints how many inputs there were, 1 if there is a fault."""
    count, bad = feed(TARGETS[name], slice_, inputs, seconds)
    print(f"Done {count}", flush=True)
    if bad is not None:
        file = folders(name)[1] / f"plain-{sha256(bad).hexdigest()[:16]}"
        file.write_bytes(bad)
        print(f"its input: {file}", flush=True)
    return int(bad is not None)


def fuzz(name: str, ledger: Ledger, inputs: int | None, seconds: int | None) -> bool:
    """Feed one target until it has had enough, in all or in this run; False if it has a fault."""
    end = time.monotonic() + seconds if seconds is not None else float("inf")
    while True:
        missing = inputs - ledger.of(name)["inputs"] if inputs is not None else 1 << 40
        left = min(SLICE_S, end - time.monotonic())
        if missing <= 0 or left < 1:
            return True
        slice_ = ledger.of(name)["slices"] + 1
        command = [sys.executable, "-m", "tests.fuzz.plain", name, "--slice", str(slice_)]
        command += ["--inputs", str(missing), "--seconds", str(round(left))]
        begun = time.monotonic()
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
        took = round(time.monotonic() - begun)
        found = re.search(r"^Done (\d+)", done.stdout, re.MULTILINE)
        ran = int(found[1]) if found else 0
        ledger.add(name, ran, took, 0, int(done.returncode != 0))
        print(f"{name}: {ran:,} in {took} s, {ledger.of(name)['inputs']:,} in all", flush=True)
        if done.returncode:
            print((done.stdout + done.stderr)[-3000:], flush=True)
            return False


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.fuzz.plain")
    parser.add_argument("targets", nargs="*", default=[], metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--inputs", type=int, help="until each target has had so many in all")
    parser.add_argument("--seconds", type=int, help="for so long each, in this run")
    parser.add_argument("--jobs", type=int, default=1, help="targets at one time")
    parser.add_argument("--slice", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.slice is not None:
        return one_slice(given.targets[0], given.slice, given.inputs, given.seconds)
    ledger, targets = Ledger(RECORD), given.targets or list(TARGETS)
    with ThreadPoolExecutor(given.jobs) as pool:
        went = [pool.submit(fuzz, t, ledger, given.inputs, given.seconds) for t in targets]
        good = [one.result() for one in went]
    failed = [name for name, well in zip(targets, good, strict=True) if not well]
    print("with a fault, told above:", ", ".join(failed) or "none")
    print(f"{good.count(True)} passed, {good.count(False)} failed")
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
