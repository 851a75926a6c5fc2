"""Texts that pages show are sentences [app/core/sentences.py], so that they can be translated.

In the modules below every text of several words is one, or is given to a function that makes one;
what is told to the log, and what stands in a docstring, is not for pages.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPOKEN = (
    "app/device/selftest/*.py",
    "app/device/update/*.py",
    "app/inbox/alias_files.py",
    "app/operations/*.py",
    "drivers/si3050.py",
    "drivers/si3050_setup.py",
    "drivers/si321x.py",
    "drivers/si321x_calibration.py",
    "drivers/si321x_indirect.py",
    "drivers/si321x_setup.py",
    "drivers/slot_proof.py",
)
MAKES_SENTENCES = frozenset(
    {"sentence", "N_", "joined", "OperationError", "NotFound", "NotAllowed", "require_admin"}
    | {"require_role", "require_setting", "NotRunning"}
)
FOR_NOBODY = frozenset(
    {"debug", "info", "warning", "error", "exception", "execute", "query", "ArgumentParser"}
    | {"compile", "fullmatch", "TypeVar", "ValueError", "AssertionError", "BadRecord", "write"}
)
"""Calls whose texts go to the log, to the store or to programmers."""
WORDS = re.compile(r"[a-z]{2,}[,;:]? [a-z]{2,}[,;:]? [a-z]{2,}", re.IGNORECASE)


ELSEWHERE = frozenset({"measurements.py", "recovery.py", "repair.py", "restore_slot.py"})
"""Of the modules above, those whose texts are for programs that watch, or for the console."""
KEPT = frozenset(
    {
        "A new version tries itself.\n",  # a mail that is removed again
        "The first mail of this box",  # mail
        "This mail went in by SMTP, as a mail of any program in the LAN does.\n"
        "Your mail program fetches it by POP3, and My Switchhook shows it.\n",
        "all that was heard or fetched", "x: x → x, as it was: x",  # of the history
        "second factor on",  # a verb of the history, which has words in app/web/tables.py
        "the reading of x", "the test of x",  # what a record is called
        # values of enumerations, which pages word anew
        "this slot has proved itself before", "this slot is good from now on",
        "this slot has not proved itself", "waits for the next start",
    }
)  # fmt: skip
"""What is kept as it is, whoever reads it."""


def spoken() -> list[Path]:
    found = sorted(path for pattern in SPOKEN for path in ROOT.glob(pattern))
    return [path for path in found if path.name not in ELSEWHERE]


def unspoken(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Texts of three words in a row that nothing makes a sentence of: line, and text."""
    skipped = set[int]()
    for node in ast.walk(tree):
        called = isinstance(node, ast.Call) and _name(node.func) in MAKES_SENTENCES | FOR_NOBODY
        if called or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            skipped |= {id(inner) for inner in ast.walk(node)}
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = (getattr(part, "value", "x") for part in node.values)
            text = "".join(part if isinstance(part, str) else "x" for part in parts)
            skipped |= {id(inner) for inner in ast.walk(node)}
            if WORDS.search(text):
                yield node.lineno, text
        elif isinstance(node, ast.Constant) and WORDS.search(str(node.value)):
            yield node.lineno, str(node.value)


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def test_house_texts_of_pages_can_be_translated() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text[:70]}"
        for path in spoken()
        for line, text in unspoken(ast.parse(path.read_text()))
        if text not in KEPT and not text.startswith("# ")  # a line of a file that is written
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        ("raise Broken(f'{name}: nobody feeds it now')", True),
        ("def f():\n    'This says what it does.'\n    return 'no serial line there'", True),
        ("raise Broken(sentence('%(name)s: nobody feeds it now', name=name))", False),
        ("log.warning('%s: nobody feeds it now', name)", False),
        ("x = 1\n'''What this value is for.'''", False),
    ],
)
def test_house_texts_finds_what_is_no_sentence(code: str, is_found: bool) -> None:
    assert bool(list(unspoken(ast.parse(code)))) is is_found
