"""One place prints, one logs and one reads JSON: what strangers write does no harm there."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "app").rglob("*.py"))]

PRINTS = "app/commands/output.py"
LOGS = "app/core/logs.py"
ALLOWED = {
    PRINTS: {"rich", "print", "sys.stdout", "sys.stderr"},
    LOGS: {"logging.basicConfig", "logging.StreamHandler", "sys.stderr"},
    # The octets of one message, into a file or another program.
    "app/commands/inbox.py": {"sys.stdout"},
    # Octets for the service that has started the process.
    "app/clerk/sound_worker.py": {"sys.stdout"},
    "app/message/safe_html.py": {"sys.stdout"},
    "app/transcript/worker.py": {"sys.stdout"},
    # Errors of a short-lived child; core imports no command.
    "app/core/subprocess_call.py": {"print", "sys.stdout", "sys.stderr"},
    # One line from the service that hands tasks over.
    "app/commands/task.py": {"sys.stdin"},
    "app/core/apart.py": {"sys.stdout", "sys.stderr"},
    # Whether somebody can be asked, and the terminal of the board's prompt.
    "app/commands/common.py": {"sys.stdin"},
    "app/commands/board.py": {"sys.stdin"},
}
WATCHED = {
    *("print", "click.echo", "click.secho", "click.echo_via_pager", "sys.stdout", "sys.stderr"),
    *("logging.basicConfig", "logging.StreamHandler"),
}


def used(tree: ast.AST) -> set[str]:
    """What of WATCHED, and of rich, a module names."""
    names = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    found = names & WATCHED
    for node in ast.walk(tree):
        modules = []
        if isinstance(node, ast.Import):
            modules = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        if any(module.split(".")[0] == "rich" for module in modules):
            found.add("rich")
    return found


def test_only_one_module_prints_and_only_one_logs() -> None:
    found = {source: used(ast.parse((ROOT / source).read_text())) for source in SOURCES}
    more = {source: names - ALLOWED.get(source, set()) for source, names in found.items()}
    wrong = {source: names for source, names in more.items() if names}
    assert wrong == {}, f"print by {PRINTS}, log by {LOGS}"


def test_the_two_modules_make_everything_visible() -> None:
    for source in (PRINTS, LOGS):
        assert "visible(" in (ROOT / source).read_text()


def test_only_one_module_reads_json() -> None:
    wrong = [
        f"{source}:{node.lineno}"
        for source in SOURCES
        if source != "app/core/records.py"
        for node in ast.walk(ast.parse((ROOT / source).read_text()))
        if isinstance(node, ast.Attribute)
        if ast.unparse(node) in {"json.loads", "json.load", "json.JSONDecoder"}
    ]
    assert wrong == [], "records.parse_json() also takes what json.loads() does not survive"
