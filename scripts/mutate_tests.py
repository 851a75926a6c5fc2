"""Which tests `make mutate` runs for a mutant: those that execute its line, the fastest first."""

import ast
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MOST_TESTS, MOST_S = 40, 10.0
"""Of a first round; a mutant that survives it meets the others, up to `LONGEST_S`."""
LONGEST_S = 20.0


@dataclass(frozen=True)
class Record:
    """What the tests do without any fault."""

    seconds: Mapping[str, float]
    """Duration of each test."""
    lines: Mapping[str, Mapping[int, Sequence[str]]]
    """The tests that execute a line, by module and line from 1."""

    @classmethod
    def read(cls, paths: Sequence[Path]) -> "Record":
        """From the files that scripts/mutate_record.py wrote."""
        seconds: dict[str, float] = {}
        lines: dict[str, dict[int, list[str]]] = {}
        for path in paths:
            found = json.loads(path.read_text())
            seconds |= found["seconds"]
            for name, of in found["lines"].items():
                known = lines.setdefault(name, {})
                for line, tests in of.items():
                    known.setdefault(int(line), []).extend(tests)
        return cls(seconds, lines)

    def fastest_first(self, tests: Iterable[str]) -> list[str]:
        """Without doubles."""
        return sorted(set(tests), key=lambda test: (self.seconds[test], test))

    def rounds(self, module: str, source: str, line: int, own: Sequence[str]) -> list[list[str]]:
        """The tests for a fault in `line` of a module, as one list or two, to be run in turn.

        A line that runs while the module is imported meets those of its package, `own` (folders),
        and those that execute anything of its module. So does one that no test executes: it may run
        in a process that a test starts, so the longest tests come first.
        """
        known = self.lines.get(module, {})
        at_line = [test for near in statement(source, line) for test in known.get(near, ())]
        in_module = [test for tests in known.values() for test in tests]
        in_package = [test for test in self.seconds if test.startswith(tuple(own))]
        if not in_function(source, line):  # the first test that imports it says nothing
            tests = self.fastest_first(in_module + in_package)
        elif at_line:
            tests = self.fastest_first(at_line)
        else:
            tests = self.fastest_first(in_module + in_package)[::-1]
        first = self._up_to(tests[:MOST_TESTS], MOST_S)
        others = self._up_to(tests[len(first) :], LONGEST_S)
        return [tests for tests in (first, others) if tests]

    def _up_to(self, tests: Sequence[str], most_s: float) -> list[str]:
        """As many of the tests as `most_s` seconds hold, one at least."""
        taken: list[str] = []
        total_s = 0.0
        for test in tests:
            total_s += self.seconds[test]
            if taken and total_s > most_s:
                break
            taken.append(test)
        return taken


def statement(source: str, line: int) -> range:
    """The lines of the innermost statement that `line` is in; of a block, those of its head."""
    found = range(line, line + 1)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0):
            body: list[ast.stmt] = getattr(node, "body", [])
            last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            if line <= last:
                found = range(node.lineno, last + 1)
    return found


def in_function(source: str, line: int) -> bool:
    """False for what runs while the module is imported."""
    return any(
        node.body[0].lineno <= line <= (node.end_lineno or 0)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
