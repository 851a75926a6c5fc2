"""The report of a bring-up: text for people, the values below it for programs; and going on later.

It names no person, number or network: only board, chips and what was measured.
"""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.core import files
from app.core.errors import SwitchhookError
from app.core.records import BadRecord, from_json, parse_json, to_json

VALUES = "=== values (JSON) ==="
LARGEST = 4_000_000
"""Octets of a report that is read again; a log of a minute is 100 kB at most."""


class NoReport(SwitchhookError):
    """A file cannot be used as the report; the text says why and what to do."""


@dataclass(frozen=True)
class Result:
    """What one experiment showed."""

    key: str
    jack: str
    as_assumed: bool
    """Whether the hardware does what the drivers count on."""
    text: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Report:
    """All that was done so far."""

    board: str
    program: str
    """Its version."""
    chips: dict[str, str]
    """By jack: which chip and revision, or what is wrong with it."""
    results: list[Result] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """Keys of experiments."""

    def with_result(self, result: Result) -> "Report":
        """This report with a result instead of an earlier one of the same experiment."""
        others = [one for one in self.results if one.key != result.key]
        left = [key for key in self.skipped if key != result.key]
        return replace(self, results=[*others, result], skipped=left)

    def with_skipped(self, key: str) -> "Report":
        """This report with an experiment that was left out."""
        return replace(self, skipped=[*(k for k in self.skipped if k != key), key])

    def done(self, key: str) -> bool:
        """Whether there is a result, or it was left out."""
        return key in self.skipped or any(one.key == key for one in self.results)


def text_of(report: Report, titles: dict[str, str]) -> str:
    """The whole file; `titles` are those of the experiments, by key."""
    lines = [
        "Switchhook: bring-up of a line hat",
        f"board {report.board}, program {report.program}",
        *(f"{jack}: {chip}" for jack, chip in report.chips.items()),
    ]
    for one in report.results:
        verdict = "as the drivers assume" if one.as_assumed else "NOT as the drivers assume"
        lines += ["", f"{titles.get(one.key, one.key)} ({one.jack}): {verdict}", f"  {one.text}"]
    lines += ["", *(f"left out: {titles.get(key, key)}" for key in report.skipped)]
    values = json.dumps(to_json(report), allow_nan=False)
    return "\n".join([*lines, "", VALUES, values, ""])


def save(report: Report, path: Path, titles: dict[str, str]) -> None:
    """Write the file, whole or not at all. Raises NoReport."""
    try:
        files.write(path, text_of(report, titles))
    except OSError as problem:
        raise NoReport(
            f"{path}: the report cannot be written ({problem.strerror}); name another by --report"
        ) from problem


def load(path: Path) -> Report | None:
    """What was done so far; None if there is no such file. Raises NoReport."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1).decode()
        values = text.partition(f"\n{VALUES}\n")[2]
        if len(text) > LARGEST or not values:
            raise NoReport(f"{path} is no report of ours; name another by --report")
        return _read(parse_json(values), str(path))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, BadRecord) as problem:
        raise NoReport(f"{path} cannot be read as a report: {problem}; move it away") from problem


def _read(written: Any, where: str) -> Report:
    """A report of JSON values; what an experiment measured is taken as it is. Raises BadRecord."""
    if not isinstance(written, dict) or not isinstance(written.get("results"), list):
        raise BadRecord(f"{where}: an object with results is expected")
    results = [
        replace(
            from_json(Result, {**one, "values": {}}, f"{where}.results"),
            values=dict(one["values"]),
        )
        for one in written["results"]
        if isinstance(one, dict) and isinstance(one.get("values"), dict)
    ]
    return replace(from_json(Report, {**written, "results": []}, where), results=results)
