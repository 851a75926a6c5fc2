"""Every name of a prompt that the scripts of the telephone can ask for, found in their source.

A name is found as a string: below one of our own or the packs' folders, with a name that a pack
has, as an argument of what says prompts, or in a value annotated as Names. Names that are put
together at run time are found by their beginning, and what grammars make by asking them.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from app.phone.sound import prompts
from app.phone.sound.grammar import Grammar

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("app/phone", "app/voicemail", "app/clerk")
ASKED = ("sound/languages/", "sound/prompts.py", "sound/translations.py")
"""Where words lie: their names are found by asking."""
LISTS = Path(__file__).resolve().parents[1] / "phone" / "packs"
"""<language>.txt: the recordings that Debian's asterisk-core-sounds-* 1.6.1-1 have."""

_NAME = re.compile(r"[A-Za-z0-9]+(?:[-/][A-Za-z0-9-]+)*")
_FOLDER = re.compile(r"(?:switchhook|digits|letters)/|vm-")
_SAYS = {"say", "_say", "Prompt"}


@cache
def recorded(language: str) -> frozenset[str]:
    """What the language's pack has."""
    return frozenset((LISTS / f"{language}.txt").read_text().split())


def in_source(source: str) -> set[str]:
    """The names in one module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _called(node) in _SAYS:
            found |= set(_names(node.args))
        elif isinstance(node, ast.AnnAssign) and "Names" in ast.unparse(node.annotation):
            found |= set(_names([node.value])) if node.value is not None else set()
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {node.value} if _is_name(node.value) else set()
        elif isinstance(node, ast.JoinedStr):
            found |= _put_together(node)
    return found


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _names(nodes: list[ast.expr]) -> Iterator[str]:
    """Strings that are given as they are, not what is asked for by them."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            yield node.value
        elif isinstance(node, ast.Starred | ast.Tuple | ast.List | ast.IfExp | ast.Dict):
            inner = [node.body, node.orelse] if isinstance(node, ast.IfExp) else _values(node)
            yield from _names(inner)


def _values(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.Starred):
        return [node.value]
    if isinstance(node, ast.Dict):
        return node.values
    return node.elts if isinstance(node, ast.Tuple | ast.List) else []


def _is_name(text: str) -> bool:
    if not _NAME.fullmatch(text) or text.endswith("-"):  # the beginning of one
        return False
    return bool(_FOLDER.match(text)) or ("-" in text and text in recorded("en"))


def _put_together(node: ast.JoinedStr) -> set[str]:
    """All names with words that begin so; the beginning itself, if there is none."""
    first = node.values[0] if node.values else None
    if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
        return set()
    start = first.value
    if not start.startswith("switchhook/") or start == prompts.TIMES:
        return set()
    return {name for name in prompts.WORDS if name.startswith(start)} or {start}


def by_grammar(grammar: Grammar) -> set[str]:
    """What a grammar makes of numbers, times, dates, lengths and counts."""
    said: set[str] = set()
    for value in (*range(1300), 2000, 21_100, 22_000, 999_999):
        said |= {*grammar.number(value), *grammar.have(value, "e-mail", "new")}
        said |= {*grammar.have(value, "message", "old"), *grammar.many("message", "new")}
        said |= {*grammar.lasting(value % 3600), *grammar.have(value, "e-mail", "old")}
    for minute in range(24 * 60):
        said |= set(grammar.at(*divmod(minute, 60)))
    for day in range(12 * 31):
        said |= set(grammar.date(day // 31 + 1, day % 31 + 1))
    return said | {name for ago in range(7) for name in grammar.day(1, 1, ago, ago)}


@cache
def by_scripts() -> frozenset[str]:
    """What any script asks for by its name."""
    found: set[str] = set()
    for place in PLACES:
        for path in (ROOT / place).rglob("*.py"):
            if not any(asked in str(path) for asked in ASKED):
                found |= in_source(path.read_text())
    return frozenset(found | set(prompts.digits("0123456789*#")))
