"""Changes one value in a settings file; every comment and every other line stays as it is.

A value that is written already is replaced where it stands. A new one goes below the commented
line that shows its default (`#country = "us"`), else to the end of its section. The result is read
back before it is given out, so a form of TOML that we do not know cannot lose a setting.
"""

import copy
import re
import tomllib
from collections.abc import Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from app.config.toml_file import SettingsError

Value = str | int | float | bool | list[str] | dict[str, list[str]] | dict[str, str]
_HEADER = re.compile(r"^\s*\[")


def with_value(text: str, name: Sequence[str], value: Value | None) -> str:
    """The file's text with this setting; None takes the setting out, so that its default holds.

    `name` is the way to it: ("site", "country"). Raises SettingsError if the text cannot be changed
    without touching something else.
    """
    before = tomllib.loads(text)
    if value is None and _get(before, name) is None:
        return text
    ways = (_replaced,) if _get(before, name) is not None else (_inserted, _replaced)
    for way in ways:  # into an inline table only tomlkit can put something
        changed = way(text, name, value)
        if _says(changed, before, name, value):
            return changed
    raise SettingsError(
        f"{'.'.join(name)} cannot be changed in this file by command; edit the file by hand"
    )


def _replaced(text: str, name: Sequence[str], value: Value | None) -> str:
    document = tomlkit.parse(text)
    table: Any = document
    try:
        for part in name[:-1]:
            table = table[part]
        if value is None:
            table.remove(name[-1])
            _prune(document, name)
        else:
            table[name[-1]] = _item(value)
    except (TOMLKitError, TypeError, AttributeError):  # what is there is no table
        return text
    return tomlkit.dumps(document)


def _prune(document: Any, name: Sequence[str]) -> None:
    """Take out the table of one line or group of which nothing is left: it would be there still."""
    if len(name) > 3:
        beside = document[name[0]][name[1]]
        if not beside[name[2]]:
            beside.remove(name[2])


def _item(value: Value) -> Any:
    """A value as it is written: entries within one line, so that no other line moves."""
    if not isinstance(value, dict):
        return tomlkit.item(value)
    table = tomlkit.inline_table()
    table.update(value)
    return table


def _inserted(text: str, name: Sequence[str], value: Value | None) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines()
    section, key = list(name[:-1]), name[-1]
    start = _header_line(lines, section)
    said = "" if value is None else _item(value).as_string()
    line = f"{_key(key)} = {said}"
    if start is None:
        parent = _header_line(lines, section[:1]) if len(section) > 1 else None
        if parent is not None and _defined_in_parent(lines[parent:], section[1:]):
            line = f"{'.'.join(map(_key, [*section[1:], key]))} = {said}"
            start = parent
        else:
            header = f"[{'.'.join(map(_key, section))}]"
            return newline.join([*lines, *([""] if lines else []), header, line, ""])
    lines.insert(_index_below(lines, start, key), line)
    return newline.join([*lines, ""])


def _key(part: str) -> str:
    """A part of a name as TOML writes it: bare where it can be."""
    return part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else tomlkit.item(part).as_string()


def _header_line(lines: Sequence[str], section: Sequence[str]) -> int | None:
    """Index of the line [section]; None if there is none."""
    for index, line in enumerate(lines):
        if _HEADER.match(line) and not line.strip().startswith("[["):
            inner = line.split("#")[0].strip().strip("[]")
            if [part.strip().strip("\"'") for part in inner.split(".")] == list(section):
                return index
    return None


def _defined_in_parent(lines: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a section's parent already has it as a dotted key: `incoming.line1.mailbox = …`."""
    dotted = r"\s*\.\s*".join(map(re.escape, below))
    wanted = re.compile(rf"^\s*{dotted}\s*\.")
    for line in lines[1:]:
        if _HEADER.match(line):
            return False
        if wanted.match(line):
            return True
    return False


def _index_below(lines: Sequence[str], start: int, key: str) -> int:
    """Where a new key of the section that begins at `start` goes."""
    last = start
    for index in range(start + 1, len(lines)):
        line = lines[index].strip()
        if _HEADER.match(line):
            break
        if re.match(rf"#\s?{re.escape(key)}\s*=", line):
            return index + 1
        if line and not line.startswith("# "):
            last = index
    return last + 1


def _get(values: dict[str, Any], name: Sequence[str]) -> Any:
    found: Any = values
    for part in name:
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found


def _says(text: str, before: dict[str, Any], name: Sequence[str], value: Value | None) -> bool:
    """Whether the text says what it said before, and this, and nothing else."""
    wanted = copy.deepcopy(before)
    table: Any = wanted
    try:
        for part in name[:-1]:
            table = table.setdefault(part, {})
        if value is None:
            table.pop(name[-1], None)
        else:
            table[name[-1]] = value
        return _without_empty(tomllib.loads(text)) == _without_empty(wanted)
    except (tomllib.TOMLDecodeError, TypeError, AttributeError):  # a part of the name is no table
        return False


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    """Values without empty tables, which change nothing."""
    inner = {k: _without_empty(v) if isinstance(v, dict) else v for k, v in values.items()}
    return {k: v for k, v in inner.items() if v != {}}
