"""docs/states.md is what the tables say, and no table is missing; nothing else moves a machine."""

import ast
import re
from pathlib import Path

from scripts.states import MACHINES, PAGE, page

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [p for folder in ("app", "drivers") for p in sorted((ROOT / folder).rglob("*.py"))]
ENGINE = ROOT / "app" / "core" / "fsm.py"


def test_states_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text() == page(), "run: python -m scripts.states"


def test_every_table_is_on_the_states_page() -> None:
    with_table = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if re.search(r"^from app\.core\.fsm import .*\bTable\b", path.read_text(), re.MULTILINE)
        and re.search(r" = Table\(", path.read_text())
    }
    assert with_table == {machine.file for machine in MACHINES}


def test_only_the_engine_changes_a_machines_state() -> None:
    wrong = [
        f"{path}:{node.lineno}: {ast.unparse(target)} is set"
        for path in SOURCES
        if path != ENGINE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute) and target.attr == "state"
        if ast.unparse(target.value).endswith("machine")
    ]
    assert wrong == []
