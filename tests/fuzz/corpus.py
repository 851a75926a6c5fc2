"""The kept corpus: inputs of one target as lines of a text file, each a Python bytes literal.

Small inputs only, in the order of their lengths; whoever changes a reader can read what reaches it.
"""

import ast
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
LONGEST = 1_000
"""Octets of an input that is kept."""
MOST = 150
"""Inputs of a target that are kept."""


def kept(target: str) -> list[bytes]:
    """The kept inputs of a target."""
    path = FOLDER / f"{target}.txt"
    lines = path.read_text("ascii").splitlines() if path.exists() else []
    return [ast.literal_eval(line) for line in lines if not line.startswith("#")]


def keep(target: str, inputs: Iterable[bytes]) -> int:
    """Replace the kept inputs, as far as they are short and few; how many are kept."""
    chosen = sorted({i for i in inputs if len(i) <= LONGEST}, key=lambda i: (len(i), i))[:MOST]
    (FOLDER / f"{target}.txt").write_text("".join(f"{one!r}\n" for one in chosen), "ascii")
    return len(chosen)
