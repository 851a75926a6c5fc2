"""Commands of `python -m app` in this process, over a place of their own."""

import gc
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
        self.inbox().db.close()  # as the first start does

    def run(self, line: str, typed: str | None = None) -> Said:
        """Run `python -m app LINE`; `typed` answers its questions."""
        return self.run_words(line.split(), typed)

    def run_words(self, words: list[str], typed: str | None = None) -> Said:
        """Run `python -m app WORDS`, for words with blanks in them."""
        umask = os.umask(0o022)  # a command may set another, and is a process of its own
        try:
            result = CliRunner().invoke(main, words, input=typed, catch_exceptions=False)
        finally:
            os.umask(umask)
            gc.collect()  # a command is a process of its own, and its files close with it
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
