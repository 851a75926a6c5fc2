"""The words of web pages and mails in other languages: gettext catalogues, brought up to date.

    python -m scripts.languages            take up new words, drop old ones, compile
    python -m scripts.languages --check    the same without writing

Both tell what lacks; the exit code is 1 if anything does. A person translates in
app/web/languages/*.po and app/message/languages/*.po; the .mo beside each is what the box reads.
"""

import argparse
import ast
import io
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import IO, cast

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from app.__main__ import main as commands
from app.config.catalogue import catalogue as settings_catalogue
from app.config.settings import TABLES
from app.console.in_words import helps
from app.console.offered import Offered
from app.console.own import Session, help_command, own_commands
from app.operations.actor import Actor

PROJECT = Path(__file__).resolve().parents[1]
APP = PROJECT / "app"
DRIVERS = PROJECT / "drivers"
WEB = APP / "web"
MAILS = APP / "message"
FOLDERS = (WEB / "languages", MAILS / "languages")
LANGUAGES = ("es", "fr", "it", "ru")
"""Besides English, which is what stands in templates and code: those of the prompts."""
METHODS = [("**.html", "jinja2.ext:babel_extract"), ("**.py", "scripts.languages:from_python")]
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    **{name: None for name in ("_", "gettext", "say", "N_")},
    **{name: (1, 2) for name in ("ngettext",)},
    **{name: (1,) for name in ("Item", "Section")},  # of the navigation
}
"""Functions whose first argument is a text for people."""
SENTENCES = (
    "commands", "config", "console", "core", "device", "inbox", "operations", "phone",
)  # fmt: skip
"""Packages whose sentences [app/core/sentences.py] pages and the console show."""
SENTENCES_OF: dict[str, tuple[int, ...] | None] = {
    **{name: None for name in ("sentence", "N_")},
    **{name: (2,) for name in ("OperationError", "NotFound", "NotAllowed", "require_admin")},
    **{name: (3,) for name in ("require_role", "require_setting")},
}
EACH = {"Quantity": 2, "missing": 1, "_leave_out": 1}
"""Calls of tests of a line whose texts are each for people: the first, and from this place on."""
WRITTEN: dict[str, tuple[int, ...] | None] = {
    **{name: None for name in ("sentence", "N_", "in_words")},
    "say": (2,),
}
"""Of mails: the language stands before the text, where it is not bound to the function's name."""
OPTIONS = {"**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_VALUE = re.compile(r"%\(\w+\)[sd]")
_WORD = re.compile(r"[^\W\d_]{2,}")
SEVERAL = 3
"""Words from which on no sentence is the same in two languages."""
_TAG = re.compile(r"</?\w+")


def from_python(
    file: IO[bytes], keywords: Collection[str], _tags: object, options: object
) -> Iterator[tuple[int, str, tuple[str | None, ...], list[str]]]:
    """The texts of a module, for babel, whose own way misses a call inside another."""
    del options  # there are none
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in EACH:
                given = [
                    *node.args[:1],
                    *node.args[EACH[name] :],
                    *(k.value for k in node.keywords),
                ]
                for one in given:
                    if isinstance(one, ast.Constant) and isinstance(one.value, str):
                        yield one.lineno, "N_", (one.value,), []
            said = (getattr(argument, "value", None) for argument in node.args)
            if name in keywords:
                texts = tuple(text if isinstance(text, str) else None for text in said)
                yield node.lineno, name, texts, []


def extracted(folder: Path = FOLDERS[0]) -> Catalog:
    """All words of one folder's catalogues, with where they stand."""
    catalog = Catalog(project="Switchhook")
    if folder.parent == WEB:
        found = list(extract_from_dir(WEB, METHODS, OPTIONS, {**KEYWORDS, **SENTENCES_OF}))
        for package in (*(APP / name for name in SENTENCES), DRIVERS):
            found += extract_from_dir(package, METHODS, OPTIONS, SENTENCES_OF)
        for text in helps(_commands()):
            catalog.add(text, None, [("app/commands", 1)])
        for setting in settings_catalogue({table: ["1"] for table in TABLES}):
            catalog.add(setting.meaning, None, [("app/config", 1)])
    else:
        found = list(extract_from_dir(MAILS, METHODS, OPTIONS, WRITTEN))
    for file, line, message, comments, context in found:
        catalog.add(message, None, [(file, line)], auto_comments=comments, context=context)
    return catalog


def _commands() -> Offered:
    """All that can be typed at the console; nothing is carried out, so there is no session."""
    nobody = cast(Session, None)
    own = {"help": help_command(nobody), **own_commands(nobody)}
    return Offered(commands, own, Actor("", "console", frozenset()))


def read(path: Path) -> Catalog:
    """A catalogue as it lies in the project; the file is named after its language."""
    language = path.stem
    if not path.exists():
        return Catalog(locale=language, project="Switchhook")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def brought_up_to_date(path: Path, words: Catalog) -> Catalog:
    """The catalogue with these words and no others; what is not translated yet is empty."""
    catalog = read(path)
    catalog.update(deepcopy(words), no_fuzzy_matching=True)  # else all share what one is given
    catalog.obsolete.clear()
    return catalog


def problems(catalog: Catalog) -> Iterator[str]:
    """What lacks in a catalogue, a sentence each."""
    for message in catalog:
        if message.id and (problem := _problem(message)):
            yield f"{catalog.locale}: {message.id!r}: {problem}"


def alike(catalogs: Sequence[Catalog]) -> Iterator[str]:
    """Sentences of several words that two languages say alike: one of them is not translated."""
    for one, other in combinations(catalogs, 2):
        for message in one:
            said, also = message.string, other.get(message.id) if message.id else None
            if also is None or not isinstance(said, str) or said != also.string:
                continue
            if said != message.id and len(_WORD.findall(_VALUE.sub("", said))) >= SEVERAL:
                yield f"{one.locale} and {other.locale} say alike: {said!r}"


def _problem(message: Message) -> str:
    said = message.string if isinstance(message.string, tuple | list) else [message.string or ""]
    asked = message.id if isinstance(message.id, tuple | list) else [message.id]
    if message.fuzzy or not all(said):
        return "is not translated"
    for pattern, what in ((_VALUE, "values"), (_TAG, "tags")):
        wanted = {found for text in asked for found in pattern.findall(text)}
        if any(set(pattern.findall(text)) - wanted for text in said):
            return f"has other {what} in its translation"
        if wanted - set(pattern.findall(said[-1])):
            return f"lacks {what} in its translation"
    return ""


def as_po(catalog: Catalog) -> bytes:
    """The file that people edit; no line numbers, so that only new words change it."""
    out = io.BytesIO()
    write_po(out, catalog, width=100, no_location=True, omit_header=False, sort_output=True)
    lines = out.getvalue().decode().splitlines(keepends=True)
    dated = ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By')
    return "".join(line for line in lines if not line.startswith(dated)).encode()


def as_mo(catalog: Catalog) -> bytes:
    """The file that the box reads; the same words make the same octets."""
    out = io.BytesIO()
    catalog.creation_date = catalog.revision_date = _ANY_TIME
    write_mo(out, catalog)
    return out.getvalue()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m scripts.languages")
    parser.add_argument("--check", action="store_true", help="write nothing")
    given = parser.parse_args()
    count, told = 0, list[str]()
    for folder in FOLDERS:
        words = extracted(folder)
        count += len(words)
        paths = [folder / f"{language}.po" for language in LANGUAGES]
        for path in paths:
            told += bring_up_to_date(path, words, given.check)
        told += alike([read(path) for path in paths])
    print("\n".join(told) or f"{count} texts, all translated")
    return int(bool(told))


def bring_up_to_date(path: Path, words: Catalog, check: bool) -> Iterator[str]:
    """Write a catalogue and what is compiled of it, or only `check` them; what lacks."""
    catalog = brought_up_to_date(path, words)
    yield from problems(catalog)
    po = as_po(catalog)
    mo = as_mo(read_po(io.BytesIO(po), locale=path.stem))
    for file, octets in ((path, po), (path.with_suffix(".mo"), mo)):
        if not check:
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(octets)
        elif not file.exists() or file.read_bytes() != octets:
            name = file.relative_to(PROJECT)
            yield f"{name} is not up to date: run python -m scripts.languages"


if __name__ == "__main__":
    sys.exit(main())
