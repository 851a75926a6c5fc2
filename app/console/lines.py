"""Lines typed at the prompt: edited on the screen where that is possible, plain elsewhere."""

import shlex
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

import click

from app.console.offered import find
from app.console.terminal import Ended, Idle, Terminal
from app.core.text import visible

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

PROMPT = "switchhook> "
REMEMBERED = 500
"""Lines of the history."""


class History:
    """What was typed in this session, without secrets; gone at its end."""

    def __init__(self, memorable: Callable[[str], str]) -> None:
        """`memorable` gives what of a line may be remembered."""
        self._memorable = memorable
        self.lines: deque[str] = deque(maxlen=REMEMBERED)

    def add(self, line: str) -> str:
        """Remember a line as far as it may be; what is new of it, "" if nothing is."""
        line = line.strip()
        kept = self._memorable(line) if line == visible(line) else ""
        if not kept or (self.lines and self.lines[-1] == kept):
            return ""
        self.lines.append(kept)
        return kept


class Lines(Protocol):
    """Where lines come from."""

    def read(self) -> str:
        """The next line. Raises Idle, Ended, and KeyboardInterrupt for Ctrl-C."""


class PlainLines:
    """Lines as the system edits them: erase a character, erase the line."""

    def __init__(self, terminal: Terminal, commands: click.Group, idle_s: float) -> None:
        self._terminal, self._commands, self._idle_s = terminal, commands, idle_s

    def read(self) -> str:
        """The next line; a Tab before its end lists what could stand there."""
        while True:
            line = self._terminal.line(PROMPT, self._idle_s)
            begun, tab, _ = line.partition("\t")
            if not tab:
                return line
            for value, meaning in completions(self._commands, begun):
                self._terminal.write(f"  {value:<20} {meaning}".rstrip() + "\n")


class EditedLines:
    """Lines with cursor keys, history and completion."""

    def __init__(self, commands: click.Group, history: History, idle_s: float) -> None:
        """Loads what is needed for it, which takes some tenths of a second."""
        self._idle_s = idle_s
        self._session = _session(commands, history)

    def read(self) -> str:
        """The next line. Raises Idle, Ended, and KeyboardInterrupt."""
        import asyncio

        app = self._session.app
        loop_time: list[float] = []

        def pressed(_: object) -> None:
            loop_time[:] = [asyncio.get_running_loop().time()]

        async def watch() -> None:
            pressed(None)
            while (left := loop_time[0] + self._idle_s - asyncio.get_running_loop().time()) > 0:
                await asyncio.sleep(left)
            app.exit(exception=Idle())

        def begin() -> None:
            app.create_background_task(watch())

        app.key_processor.before_key_press += pressed
        try:
            return self._session.prompt(PROMPT, pre_run=begin)
        except EOFError as end:
            raise Ended from end
        finally:
            app.key_processor.before_key_press -= pressed


def _session(commands: click.Group, history: History) -> "PromptSession[str]":
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document
    from prompt_toolkit.history import InMemoryHistory
    from prompt_toolkit.output import create_output
    from prompt_toolkit.output.color_depth import ColorDepth
    from prompt_toolkit.shortcuts import CompleteStyle

    class Discreet(InMemoryHistory):
        def append_string(self, string: str) -> None:
            kept = history.add(string)
            if kept:
                super().append_string(kept)

    class OfClick(Completer):
        def get_completions(
            self, document: Document, complete_event: CompleteEvent
        ) -> Iterator[Completion]:
            begun = document.text_before_cursor
            last = begun[len(begun.rstrip()) :] or begun.rpartition(" ")[2]
            length = 0 if last.isspace() else len(last)
            for value, meaning in completions(commands, begun):
                yield Completion(f"{value} ", -length, display=value, display_meta=meaning)

    output = create_output()
    # Its size is known; an answer that comes late would be read as if it had been typed.
    output.enable_cpr = False  # type: ignore[attr-defined]
    return PromptSession(
        output=output,
        history=Discreet(),
        completer=OfClick(),
        complete_while_typing=False,
        complete_style=CompleteStyle.READLINE_LIKE,
        color_depth=ColorDepth.DEPTH_1_BIT,
    )


def completions(commands: click.Group, begun: str) -> Iterable[tuple[str, str]]:
    """What could stand at the end of a line that has begun so, and what it means."""
    from click.shell_completion import ShellComplete

    try:
        words = shlex.split(begun)
    except ValueError:  # within quotes
        return []
    incomplete = words.pop() if words and not begun[-1:].isspace() else ""
    if words[:1] == ["help"] and find(commands, words[1:])[1] == []:
        words = words[1:]
    found = ShellComplete(commands, {}, "", "").get_completions(words, incomplete)
    return [(str(item.value), str(item.help or "")) for item in found if item.type == "plain"]
