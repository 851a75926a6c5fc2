"""Deliberate faults ("mutants") in our own modules: which there can be, a sample, their source.

Cosmic Ray makes them; it is imported here alone and lives in a virtual environment of its own
(requirements/mutate.txt). Of its operators only those are used whose mutants are not killed by any
test at all, as `a @ b` for `a + b` would be; two are added: a statement that is left out, and a
number that is another one.
Annotations and decorators' arguments are spared, for no behaviour hangs on them.
"""

import ast
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import parso
from cosmic_ray.ast import ast_nodes, get_ast, is_number
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator

Position = tuple[int, int]
"""Line from 1 and column from 0."""

BINARY = (
    *("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_FloorDiv", "Pow_Mul"),
    *("RShift_LShift", "LShift_RShift", "BitOr_BitAnd", "BitAnd_BitOr", "BitXor_BitAnd"),
)
COMPARISON = (
    *("Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Is_IsNot", "IsNot_Is"),
)
PLAIN = (
    *("AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr"),
    *("ReplaceOrWithAnd", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak"),
    *("ZeroIterationForLoop", "ReplaceUnaryOperator_Delete_Not"),
    *("ReplaceUnaryOperator_Delete_USub", "ReplaceUnaryOperator_Delete_Invert"),
)
NAMES = (
    *PLAIN,
    *(f"ReplaceBinaryOperator_{pair}" for pair in BINARY),
    *(f"ReplaceComparisonOperator_{pair}" for pair in COMPARISON),
)
LEAVE_OUT, NUMBER = "LeaveOut", "Number"
COUNT_MOST = 16
"""Up to here a whole number is taken for a count or an index, where one more is a fault."""


class LeaveOut(Operator):  # type: ignore[misc]
    """Replaces a call, an assignment to an attribute, a `+=` or a `raise` by `pass`."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Position, Position]]:
        """Where: the statement itself."""
        if _can_be_left_out(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The statement as `pass`, with its indentation."""
        prefix = node.get_first_leaf().prefix
        return parso.python.tree.Keyword("pass", node.start_pos, prefix)

    @classmethod
    def examples(cls) -> tuple[()]:
        """None."""
        return ()


class Number(Operator):  # type: ignore[misc]
    """Replaces a count by one more or one less, any other number by its double or its half.

    One hertz or one second more is no fault that anybody could notice.
    """

    def mutation_positions(self, node: Any) -> Iterator[tuple[Position, Position]]:
        """Where: each number twice."""
        if is_number(node):
            yield node.start_pos, node.end_pos
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The number as something else."""
        value = ast.literal_eval(node.value)
        if isinstance(value, int) and value <= COUNT_MOST:
            changed: float = value + (-1 if index else 1)
        elif index:
            changed = value // 2 if isinstance(value, int) else value / 2 - (not value)
        else:
            changed = value * 2 + (not value)
        prefix = node.prefix if changed >= 0 else f"{node.prefix} "
        return parso.python.tree.Number(repr(changed), node.start_pos, prefix)

    @classmethod
    def examples(cls) -> tuple[()]:
        """None."""
        return ()


def _can_be_left_out(node: Any) -> bool:
    if node.parent is None or node.parent.type != "simple_stmt":
        return False
    code = node.get_code(include_prefix=False)
    if code.startswith(("log.", "console.")):
        return False  # what only a reader of logs sees
    if node.type == "expr_stmt":
        return "+=" in code or "-=" in code or code.startswith("self.")
    called = node.type in ("atom_expr", "power") and code.endswith(")")
    awaited = node.type == "await_expr" or code.startswith("await ")
    return bool(called or awaited or node.type == "raise_stmt")


@dataclass(frozen=True)
class Mutant:
    """One deliberate fault: an operator's nth place in a module."""

    path: str
    operator: str
    occurrence: int
    """Which of the operator's places in the module, from 0."""
    line: int

    @property
    def key(self) -> str:
        """What tells it from all others of the same source."""
        return f"{self.path}:{self.line}:{self.operator}:{self.occurrence}"


def _operator(name: str) -> Operator:
    own = {LEAVE_OUT: LeaveOut, NUMBER: Number}.get(name)
    return own() if own else get_operator(f"core/{name}")()


def mutants(root: Path, path: Path) -> dict[Position, list[Mutant]]:
    """All mutants of a module, by where in it they are."""
    source = path.read_text()
    spared = list(_spared(ast.parse(source)))
    tree = get_ast(source)
    found: dict[Position, list[Mutant]] = {}
    for name in (*NAMES, NUMBER, LEAVE_OUT):
        operator = _operator(name)
        places = (place for node in ast_nodes(tree) for place in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(places):
            if not any(first <= start < last for first, last in spared):
                mutant = Mutant(str(path.relative_to(root)), name, occurrence, start[0])
                found.setdefault(start, []).append(mutant)
    return found


def _spared(tree: ast.Module) -> Iterator[tuple[Position, Position]]:
    """From where to where nothing is changed."""
    for node in ast.walk(tree):
        spared: list[ast.expr | None] = []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            spared = [node.returns, *node.decorator_list]
        elif isinstance(node, ast.ClassDef):
            spared = list(node.decorator_list)
        elif isinstance(node, ast.arg | ast.AnnAssign):
            spared = [node.annotation]
        for part in spared:
            if part is not None and part.end_lineno is not None:
                end = (part.end_lineno, part.end_col_offset or 0)
                yield (part.lineno, part.col_offset), end


def sample(root: Path, paths: Sequence[Path], count: int, seed: int) -> list[Mutant]:
    """So many mutants, each place of the modules as likely as any other, in random order.

    At most one mutant a place; `seed` makes the sample the same again, and a larger one of the
    same seed begins with the smaller one.
    """
    chance = random.Random(seed)
    places = [
        by_place[place]
        for path in paths
        for by_place in [mutants(root, path)]
        for place in sorted(by_place)
    ]
    chance.shuffle(places)
    return [chance.choice(options) for options in places[:count]]


def mutated(source: str, mutant: Mutant) -> str:
    """The module's source with this fault."""
    changed: str | None = mutate_code(source, _operator(mutant.operator), mutant.occurrence)
    assert changed is not None, f"{mutant.key}: no such place"
    return changed
