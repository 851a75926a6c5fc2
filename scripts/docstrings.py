"""What docstrings leave out: units of numbers, errors raised, sources of rules.

    python -m scripts.docstrings [--limit 40] [FOLDER ...]

prints the three shares over app/, drivers/ and scripts/ (or the folders given) and, for each, what
is missing with file and line. tests/house/test_house_docstrings.py holds the shares.

- *units*: of the int and float parameters of public functions and methods, and the fields of
  public classes, those whose unit or meaning is given: by the name (`limit_s`, `line_number`), by
  a field's own docstring, or by a docstring that names the parameter. A docstring with a unit is
  enough where the function has one such parameter.
- *errors*: of the public functions that raise an error of the project, those with "Raises" or
  "Raise".
- *sources*: of the modules that keep rules of a standard or a datasheet (mail, message, lines,
  drivers), those that cite at least one in brackets, such as [RFC 1939 §7] or [Si3050 DS 5.3].
"""

import ast
import re
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("app", "drivers", "scripts")
RULED = ("app/mail", "app/message", "app/phone/lines", "drivers")
"""Packages whose rules come from standards and datasheets."""

_UNITS = """
s ms us ns hz khz mhz db dbm dbm0 v mv ma ohm ohms percent ppm octets bytes kb mb gb kib mib samples
frames periods seconds minutes hours days months years digits lines rows pages words messages
entries mails bits sectors blocks chars columns bursts rings
"""
_MEANINGS = """
count number numbers index id seq port pid fd uid gid mode year month day weekday hour minute second
line slot channel bit register address place position digit attempt attempts tries times code status
version signal ago bus select pin octet byte factor share ratio change entry person content
recording
"""
UNITS = frozenset(_UNITS.split())
"""Last words of a name that say the unit."""
MEANINGS = frozenset(_MEANINGS.split())
"""Last words of a name that need no unit: a number of something, or what it counts."""
UNIT_WORD = re.compile(
    r"\b(seconds?|s|ms|milliseconds?|µs|Hz|kHz|dB|dBm0|V|mV|mA|ohms?|Ω|octets?|bytes?|k?MB|kB|GB|"
    r"samples?|frames?|periods?|digits?|minutes?|hours?|days?|percent|numbers? of|counts?|times|"
    r"number|from 0|from 1)\b|%"
)
SOURCE = re.compile(r"\[[A-Z][^\]\n]*?(?:\d|DS|datasheet)[^\]\n]*\]")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Share:
    """How many of all are as they should be, and where the others are."""

    good: int = 0
    """How many are as they should be."""
    missing: list[str] = field(default_factory=list)

    @property
    def percent(self) -> float:
        """The share in percent; 100 where there is nothing to count."""
        total = self.good + len(self.missing)
        return 100.0 * self.good / total if total else 100.0

    def count(self, good: bool, where: str) -> None:
        """One more."""
        if good:
            self.good += 1
        else:
            self.missing.append(where)


@dataclass
class Shares:
    """The three measures."""

    units: Share = field(default_factory=Share)
    errors: Share = field(default_factory=Share)
    sources: Share = field(default_factory=Share)


def measure(folders: tuple[str, ...] = FOLDERS) -> Shares:
    """Measure all modules below these folders, which are relative to the project's root."""
    shares = Shares()
    errors = own_errors()
    for path in _modules(folders):
        module = _Module(path, errors)
        module.measure(shares)
        name = str(path.relative_to(ROOT))
        if name.startswith(tuple(f"{folder}/" for folder in RULED)) and module.has_code:
            shares.sources.count(module.cites(), name)
    return shares


def own_errors() -> frozenset[str]:
    """Names of the project's error classes: those derived, by name, from an exception."""
    bases: dict[str, set[str]] = {}
    for path in _modules(FOLDERS):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {_last_name(base) for base in node.bases}
    found: set[str] = set()
    while True:
        more = {
            name
            for name, above in bases.items()
            if name not in found and any(_is_error(base) or base in found for base in above)
        }
        if not more:
            return frozenset(found)
        found |= more


def _is_error(name: str) -> bool:
    return name in ("Exception", "RuntimeError") or name.endswith("Error")


def _modules(folders: tuple[str, ...]) -> Iterator[Path]:
    for folder in folders:
        path = ROOT / folder
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _raised_name(node: ast.Raise) -> str:
    error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return _last_name(error) if error is not None else ""


class _Module:
    """One file's findings."""

    def __init__(self, path: Path, errors: frozenset[str]) -> None:
        self._path, self._errors = path, errors
        self._tree = ast.parse(path.read_text())
        self._doc = ast.get_docstring(self._tree) or ""

    @property
    def has_code(self) -> bool:
        """Whether there is more than a docstring."""
        return len(self._tree.body) > 1

    def measure(self, shares: Shares) -> None:
        """Count units and errors of all public functions and classes."""
        for node in self._tree.body:
            if isinstance(node, Function):
                self._function(node, (self._doc,), shares)
            elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                self._class(node, shares)

    def cites(self) -> bool:
        """Whether a docstring or comment names a source in brackets."""
        with tokenize.open(self._path) as file:
            tokens = list(tokenize.generate_tokens(file.readline))
        words = (t.string for t in tokens if t.type in (tokenize.COMMENT, tokenize.STRING))
        return any(SOURCE.search(text) for text in words)

    def _class(self, node: ast.ClassDef, shares: Shares) -> None:
        doc = ast.get_docstring(node) or ""
        for member, following in zip(node.body, [*node.body[1:], None], strict=True):
            if isinstance(member, Function):
                self._function(member, (doc, self._doc), shares, node.name)
            elif isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
                self._field(node, member, following, shares)

    def _field(
        self, owner: ast.ClassDef, member: ast.AnnAssign, following: ast.stmt | None, shares: Shares
    ) -> None:
        assert isinstance(member.target, ast.Name)
        name = member.target.id
        if name.startswith("_") or not _is_number(member.annotation):
            return
        own = _is_docstring(following) or f"`{name}`" in self._doc
        doc = ast.get_docstring(owner) or ""
        described = member.value is not None and "description=" in ast.unparse(member.value)
        good = named(name) or own or described or mentions(doc, name)
        shares.units.count(good, self._where(member, f"{owner.name}.{name}"))

    def _function(
        self, node: Function, around: tuple[str, ...], shares: Shares, owner: str = ""
    ) -> None:
        if (node.name.startswith("_") and node.name != "__init__") or _is_command(node):
            return
        doc = ast.get_docstring(node) or ""
        if doc.startswith("See "):  # said where it is declared
            return
        full = f"{owner}.{node.name}" if owner else node.name
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        numbers = [a for a in arguments if a.annotation is not None and _is_number(a.annotation)]
        unnamed = [a for a in numbers if not named(a.arg)]
        for argument in numbers:
            good = (
                argument not in unnamed
                or mentions(doc, argument.arg)
                or any(f"`{argument.arg}`" in text for text in around)
                or (len(unnamed) == 1 and UNIT_WORD.search(doc) is not None)
            )
            shares.units.count(good, self._where(argument, f"{full}({argument.arg})"))
        raised = set(self._raised(node))
        if raised:
            good = re.search(r"\bRaises?\b", doc) is not None
            shares.errors.count(good, self._where(node, f"{full}: {', '.join(sorted(raised))}"))

    def _raised(self, node: Function) -> Iterator[str]:
        """Names of the project's errors that this function itself raises and does not catch."""
        inner = [n for n in ast.walk(node) if isinstance(n, Function) and n is not node]
        hidden = {id(n) for function in inner for n in ast.walk(function)}
        for handler in (n for n in ast.walk(node) if isinstance(n, ast.Try)):
            caught = {
                _last_name(n)
                for h in handler.handlers
                if h.type is not None
                for n in ast.walk(h.type)
                if isinstance(n, ast.expr)
            }
            hidden |= {
                id(n)
                for statement in handler.body
                for n in ast.walk(statement)
                if isinstance(n, ast.Raise) and _raised_name(n) in caught
            }
        for found in ast.walk(node):
            if isinstance(found, ast.Raise) and id(found) not in hidden:
                name = _raised_name(found)
                if name in self._errors:
                    yield name

    def _where(self, node: ast.stmt | ast.arg, what: str) -> str:
        return f"{self._path.relative_to(ROOT)}:{node.lineno}: {what}"


def _is_number(annotation: ast.expr) -> bool:
    """Whether this is int, float, or one of them or None."""
    text = ast.unparse(annotation).replace(" | None", "")
    return text in ("int", "float", "int | float")


def _is_docstring(node: ast.stmt | None) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_command(node: Function) -> bool:
    """Whether click calls this: its docstring is the help that a person reads at a terminal."""
    return any("command(" in ast.unparse(decorator) for decorator in node.decorator_list)


def named(name: str) -> bool:
    """Whether a name says the unit or meaning of its number by itself."""
    words = name.lower().split("_")
    return words[-1] in UNITS | MEANINGS or (len(words) > 1 and words[0] in ("count", "index"))


def mentions(doc: str, name: str) -> bool:
    """Whether a docstring speaks of this parameter, by its name."""
    return re.search(rf"\b{re.escape(name)}\b", doc) is not None


@click.command()
@click.argument("folders", nargs=-1)
@click.option("--limit", default=40, show_default=True, help="Lines shown a measure.")
def main(folders: tuple[str, ...], limit: int) -> None:
    """Print the shares and what is missing."""
    shares = measure(tuple(folder.rstrip("/") for folder in folders) or FOLDERS)
    for name in ("units", "errors", "sources"):
        share: Share = getattr(shares, name)
        total = share.good + len(share.missing)
        click.echo(f"{name}: {share.good} of {total}, {share.percent:.1f} %")
        for line in share.missing[:limit]:
            click.echo(f"  {line}")
        if len(share.missing) > limit:
            click.echo(f"  … and {len(share.missing) - limit} more (--limit)")


if __name__ == "__main__":
    sys.exit(main(prog_name="python -m scripts.docstrings"))
