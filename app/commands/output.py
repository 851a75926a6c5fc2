"""What commands print, and the only place where they do.

Every text is made visible (app/core/text.py), whoever it is from: a subject or a caller's name can
neither move the cursor nor turn a line round, end a command by looking like markup, or add a line.
A Sentence [app/core/sentences.py] is said in the language of who has logged in at the console.
"""

import sys
from collections.abc import Callable, Iterable

from app.core.catalogues import in_language
from app.core.text import visible, visible_lines

WIDE = 200
"""Columns of a table that is not read on a terminal: a program's lines must not be folded."""


_shows: Callable[[str], None] | None = None


def show_by(shows: Callable[[str], None] | None) -> None:
    """From now on have this show lines, each with its line end; None: they are just printed."""
    global _shows
    _shows = shows


_language = "en"


def speak(language: str) -> None:
    """From now on say sentences in this language [ISO 639-1]."""
    global _language
    _language = language


def _said(text: str) -> str:
    return in_language(_language, text)


def _show(text: str) -> None:
    if _shows is None:
        print(text, end="", flush=True)
    else:
        _shows(text)


def say(*lines: str) -> None:
    """Print lines; what a line holds stays in that line."""
    for line in lines:
        _show(f"{visible(_said(line))}\n")


def say_text(text: str) -> None:
    """Print a text of several lines whose line ends are its own, such as a mail's header."""
    _show(visible_lines(_said(text)).rstrip("\n") + "\n")


def complain(text: str) -> None:
    """Print an error, which may have several lines, on standard error."""
    print(f"switchhook: {visible_lines(_said(text))}", file=sys.stderr, flush=True)


def columns() -> int:
    """How wide a table may be."""
    from shutil import get_terminal_size

    return get_terminal_size().columns if sys.stdout.isatty() else WIDE


class Listing:
    """A table with a heading over each column. Cells that are too long go on below."""

    def __init__(
        self, *headings: str, right: Iterable[str] = (), whole: Iterable[str] = ()
    ) -> None:
        """`right` are headings of columns of numbers, `whole` of columns that are never folded."""
        from rich.table import Table  # whoever prints no table is spared it

        self._table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in headings:
            self._table.add_column(
                _said(heading),
                overflow="fold",
                justify="right" if heading in right else "left",
                no_wrap=heading in (*right, *whole),
            )

    def row(self, *cells: str | tuple[str, ...]) -> None:
        """Add a row; a cell of several strings has one below the other."""
        from rich.text import Text  # no markup is looked for in a Text

        self._table.add_row(
            *(Text("\n".join(visible(_said(line)) for line in _lines_of(cell))) for cell in cells)
        )

    def show(self) -> None:
        """Print it."""
        _show(self.text(columns()))

    def text(self, width: int) -> str:
        """The table in so many columns, with a line end after each line."""
        from rich.console import Console

        console = Console(highlight=False, width=width, color_system=None, legacy_windows=False)
        with console.capture() as captured:
            console.print(self._table)
        return "\n".join(line.rstrip() for line in captured.get().split("\n"))


def _lines_of(cell: str | tuple[str, ...]) -> tuple[str, ...]:
    return (cell,) if isinstance(cell, str) else cell
