"""Text on a screen that ends: a screenful at a time, then a key."""

from app.console.terminal import Ended, Idle, Size, Terminal
from app.core.sentences import sentence

MORE = sentence("-- more: Space a screen, Enter a line, q no more --")


class Pager:
    """Shows text, and waits for a key when the screen is full. One for each command."""

    def __init__(self, terminal: Terminal, size: Size, within_s: float) -> None:
        """`within_s`: seconds a key may take; the rest is then left out."""
        self._terminal, self._size, self._within_s = terminal, size, within_s
        self._left = self._room = max(size.rows - 1, 1)
        self._over = False

    def show(self, text: str) -> None:
        """Show one line or several, each with its line end."""
        for line in text.removesuffix("\n").split("\n"):
            if self._over:
                return
            rows = self._rows(line)
            if self._left < min(rows, self._room):
                self._ask()
                if self._over:
                    return
            self._terminal.write(f"{line}\n")
            self._left -= rows

    def _rows(self, line: str) -> int:
        return max(1, -(-len(line) // self._size.columns))

    def _ask(self) -> None:
        """Let a key say how much more is shown. Raises KeyboardInterrupt.

        Who goes away meanwhile stops the output, not the command.
        """
        more = self._terminal.words(MORE)
        self._terminal.write(more)
        try:
            with self._terminal.keys():
                key = self._terminal.key(self._within_s)
        except (Idle, Ended):
            key = "q"
        finally:
            self._terminal.write("\r" + " " * len(more) + "\r")
        if key in "qQ\x04\x1b":
            self._over = True
        self._left = 1 if key in "\r\n" else self._room
