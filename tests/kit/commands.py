"""Commands of `python -m app` in this process, over a place of their own."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.__main__ import main
from app.appliance import Inbox, open_inbox
from app.config.paths import Paths


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int
    text: str
    octets: bytes


class Shell:
    """A shell whose box lies in `folder`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths = Paths(folder)
        self.paths.make()
        monkeypatch.setenv("SWITCHHOOK_VAR", str(folder))

    def run(self, line: str, typed: str | None = None) -> Said:
        """Run `python -m app LINE`; `typed` answers its questions."""
        umask = os.umask(0o022)  # a command may set another, and is a process of its own
        try:
            result = CliRunner().invoke(main, line.split(), input=typed, catch_exceptions=False)
        finally:
            os.umask(umask)
        return Said(result.exit_code, result.output, result.stdout_bytes)

    def ok(self, line: str, typed: str | None = None) -> str:
        """Run it; what it printed. Fails unless it went well."""
        said = self.run(line, typed)
        assert said.code == 0, f"{line}: exit code {said.code}: {said.text}"
        return said.text

    def refused(self, line: str, typed: str | None = None) -> str:
        """Run it; what it printed. Fails unless it was refused."""
        said = self.run(line, typed)
        assert said.code != 0, f"{line} was not refused: {said.text}"
        return said.text

    def inbox(self) -> Inbox:
        """The store, for what no command does."""
        return open_inbox(self.paths, self.paths.settings())
