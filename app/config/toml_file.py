"""Reads a TOML file that its owner edited with whatever editor was at hand.

A byte order mark is skipped [Unicode 23.8]. What TOML does not allow (another encoding, quotation
marks of a word processor, text without quotation marks) is refused in words that say what to do;
the parser's own words follow in brackets.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.core.errors import SwitchhookError

CURLY = "“”„‟‘’‚‛«»‹›″′`´"
"""Quotation marks that are none in TOML: those of word processors and telephones."""
SECRETS = ("passphrase", "smarthost_password", "password")
"""Settings whose values no error, history or list shows."""
_DEEP = re.compile(r"""(?<![\w-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){16}""")
"""A name of more parts than any setting has: what tomllib spends on one grows with their square."""
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"
_SAVE_AS = "save it again as UTF-8 (Windows' Notepad: Save as, Encoding: UTF-8)"


class SettingsError(SwitchhookError, ValueError):
    """The settings file cannot be used; the text says file, line, name and what is allowed."""

    def __init__(self, text: str, reasons: Sequence[tuple[str, str]] = ()) -> None:
        """`reasons` are the settings that cannot be, each with its reason, where that is known."""
        super().__init__(text)
        self.reasons = tuple(reasons)


def read(path: Path) -> tuple[str, dict[str, Any]]:
    """A file's text, without a byte order mark, and its values; of a missing file nothing.

    Raises SettingsError.
    """
    try:
        text = read_text(path)
    except FileNotFoundError:
        return "", {}
    return text, parse(path, text)


def read_text(path: Path) -> str:
    """The text of a file, without a byte order mark; line ends are as they were written.

    Raises FileNotFoundError, and SettingsError if it cannot be read or is not UTF-8.
    """
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as problem:
        raise SettingsError(f"{path}: cannot be read: {problem.strerror}") from problem
    if octets.startswith(_UTF16) or b"\0" in octets:
        raise SettingsError(f"{path}: the file is saved as UTF-16 (“Unicode”); {_SAVE_AS}")
    octets = octets.removeprefix(_BOM)
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as problem:
        number = octets.count(b"\n", 0, problem.start) + 1
        line = shown(octets.split(b"\n")[number - 1].decode("cp1252", "replace"))
        raise SettingsError(
            f"{path}, line {number}: a letter of `{line}` is not saved as UTF-8"
            f" but in an older encoding; {_SAVE_AS}"
        ) from problem


def parse(path: Path, text: str) -> dict[str, Any]:
    """The values of a file's text; `path` is for the error only. Raises SettingsError."""
    if deep := _DEEP.search(text):
        number = text.count("\n", 0, deep.start()) + 1
        raise SettingsError(
            f"{path}, line {number}: a name has far more parts than any setting;"
            " the file is damaged: take it back from a backup, or take that line out"
        )
    import tomllib  # services whose plans are prepared read no settings

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError(_explain(path, text, str(problem))) from problem
    except (ValueError, RecursionError) as problem:  # a number of thousands of digits; [[[[...
        raise SettingsError(
            f"{path}: a value is far too long or nested far too deep ({problem});"
            " the file is damaged: take it back from a backup, or take that value out"
        ) from problem


def shown(line: str) -> str:
    """A line as an error may quote it: a secret's value is left out."""
    return re.sub(rf"({'|'.join(SECRETS)})\s*=.*", r"\1 = …", line.strip())


def _explain(path: Path, text: str, problem: str) -> str:
    """Where and why a file is not TOML, in an owner's words."""
    lines = text.splitlines()
    found = re.search(r"\(at line (\d+)", problem)
    number = int(found[1]) if found else len(lines)
    line = shown(lines[number - 1]) if 0 < number <= len(lines) else ""
    where = f"{path}, line {number}"
    curly = [character for character in line if character in CURLY]
    if curly:
        plain = "".join('"' if character in CURLY else character for character in line)
        return (
            f"{where}: the quotation marks {' '.join(dict.fromkeys(curly))} are a word"
            f" processor's; write plain ones: {plain}"
        )
    bare = re.fullmatch(r"([\w.-]+)\s*=\s*([A-Za-z/][^\"'\[{#]*)(#.*)?", line)
    if bare and bare[2].strip() not in ("true", "false"):
        return f'{where}: text needs quotation marks: {bare[1]} = "{bare[2].strip()}"'
    return f"{where}: `{line}` cannot be understood; a setting is NAME = VALUE ({problem})"


def line_of(text: str, name: list[str]) -> int:
    """The line of a key (1..n), or 0 if it is not written there: TOML readers do not say."""
    section: list[str] = []
    best = 0
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line.startswith("["):
            section = line.strip("[]").replace('"', "").split(".")
            if section == name[: len(section)]:
                best = number
        elif "=" in line and not line.startswith("#"):
            key = [part.strip().strip('"') for part in line.split("=", 1)[0].split(".")]
            written = section + key
            if written == name[: len(written)]:
                return number
    return best
