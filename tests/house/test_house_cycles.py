"""No module imports another in a circle, also not for type checking only.

Two modules that need each other are one module, or one of them needs a Protocol.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def module_name(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def imports(path: Path, known: set[str]) -> set[str]:
    """The project's modules that this file imports anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            # "from package import module" needs the module; anything else needs the package.
            found |= (members & known) or {node.module}
    return found & known - {module_name(path)}


def graph() -> dict[str, set[str]]:
    paths = [p for folder in ("app", "drivers") for p in sorted((ROOT / folder).rglob("*.py"))]
    known = {module_name(path) for path in paths}
    assert len(known) > 100, "the tree is not where this test looks for it"
    return {module_name(path): imports(path, known) for path in paths}


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """One circle for each module that reaches itself, each circle once."""
    found: dict[frozenset[str], list[str]] = {}
    for start in sorted(edges):
        paths, seen = [[start]], set[str]()
        while paths:
            path = paths.pop(0)
            for target in sorted(edges[path[-1]]):
                if target == start:
                    found.setdefault(frozenset(path), path)
                    paths.clear()
                    break
                if target not in seen:
                    seen.add(target)
                    paths.append([*path, target])
    return list(found.values())


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_imports_make_no_circle() -> None:
    found = circles(graph())
    assert not found, "\n".join(" -> ".join([*path, path[0]]) for path in found)
