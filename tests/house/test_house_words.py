"""Every public name is documented, files and functions stay short, the folder map is true."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 500
LONGEST_FUNCTION = 50


def sources() -> list[Path]:
    return [p for f in ("app", "drivers", "scripts") for p in sorted((ROOT / f).rglob("*.py"))]


def public_definitions(tree: ast.Module) -> list[ast.AST]:
    found: list[ast.AST] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name.startswith("_"):
                continue
            found.append(node)
            if isinstance(node, ast.ClassDef):
                found += [
                    m
                    for m in node.body
                    if isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef)
                    and not m.name.startswith("_")
                ]
    return found


def test_every_public_name_is_documented() -> None:
    silent = []
    for path in sources():
        tree = ast.parse(path.read_text())
        if not ast.get_docstring(tree):
            silent.append(f"{path}: the module does not say what it is for")
        for node in public_definitions(tree):
            assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if not ast.get_docstring(node):
                silent.append(f"{path}:{node.lineno}: {node.name} has no docstring")
    assert silent == []


def test_files_and_functions_are_short() -> None:
    long = []
    for path in sources():
        text = path.read_text()
        lines = text.count("\n")
        if lines > LONGEST_FILE:
            long.append(f"{path} has {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long.append(f"{path}:{node.lineno}: {node.name}: {length} lines")
    assert long == []


def test_the_folder_map_of_the_readme_is_true() -> None:
    readme = (ROOT / "README.md").read_text()
    block = readme.split("<!-- folder map -->")[1]
    named = set(re.findall(r"^\| `([^`]+)` ", block, flags=re.MULTILINE))
    assert len(named) > 10, "the folder map is not where this test looks for it"
    for name in named:
        assert (ROOT / name).exists(), f"README names {name}, which is not there"
    folders = {"board", "rootfs-overlay", "drivers", "drivers/models", "scripts", "tests", "docs"}
    folders |= {
        str(p.relative_to(ROOT)) for p in (ROOT / "app").iterdir() if (p / "__init__.py").exists()
    }
    missing = {f for f in folders if (ROOT / f).is_dir()} - {n.rstrip("/") for n in named}
    assert not missing, f"README's folder map lacks {sorted(missing)}"


def test_nothing_is_swallowed_and_nobody_sleeps() -> None:
    for path in sources():
        text = path.read_text()
        assert not re.search(r"except[^\n]*:\s*\n\s+pass\b", text), f"{path}: except: pass"
        may_sleep = path.parts[-2] in ("scripts", "commands")  # waiting for processes they started
        assert "time.sleep(" not in text or may_sleep, f"{path}: time.sleep"


def test_files_are_replaced_in_one_place() -> None:
    """What is written beside and renamed is synced (app/core/files.py), unless it is a cache."""
    caches = {"app/clerk/speech.py", "app/config/services.py"}
    written_beside = re.compile(r"""\.name\}\.new|with_suffix\([^\n]*\.new|\bfresh\.replace\(""")
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "app").rglob("*.py")
        if written_beside.search(path.read_text())
    }
    assert found - caches == {"app/core/files.py"}
