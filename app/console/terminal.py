"""The terminal at the end of the line: what it can do, and what is typed at it.

A serial line says nothing of what is connected to it. So a terminal is asked where its cursor
stands after it was sent to the far corner: the answer is its size, and only one that answers gets a
line that is edited on the screen. Everything else, a printer or a program, gets plain lines.
"""

import fcntl
import os
import re
import select
import struct
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from app.core.catalogues import in_language
from app.core.text import visible_lines

ANSWER_WITHIN_S = 0.4
"""A terminal answers at once, and 9600 baud carry question and answer in 40 ms."""
LONGEST_LINE = 4096
"""Octets of one line [N_TTY_BUF_SIZE of Linux]."""
PLAIN = ("", "dumb", "unknown", "network", "dialup")
"""Values of TERM that promise nothing [terminfo(5)]."""

# Save the cursor, go far right and down, report where that is, come back [ECMA-48 8.3.14 CPR,
# 8.3.35 DSR; DEC VT100: DECSC, DECRC].
_QUESTION = b"\x1b7\x1b[999;999H\x1b[6n\x1b8"
_ANSWER = re.compile(rb"\x1b\[([0-9]{1,4});([0-9]{1,4})R")
# Who does not know the question has shown it; blanks go over it.
_WIPE = b"\r" + b" " * 20 + b"\r"


@dataclass(frozen=True)
class Size:
    """What fits on the screen."""

    rows: int = 24
    columns: int = 80


class Ended(Exception):
    """Nobody is at the terminal any more."""


class Idle(Exception):
    """Nobody has typed anything for as long as that was waited for."""


class Terminal:
    """One terminal, which must be this process's standard input and output, or two descriptors."""

    def __init__(self, environment: Mapping[str, str], reads: int = 0, writes: int = 1) -> None:
        """`environment` says by TERM what is known of it; `reads` and `writes` are descriptors.

        Nothing is sent yet.
        """
        self._reads, self._writes = reads, writes
        self._plain = environment.get("TERM", "") in PLAIN
        self._ahead = b""
        """Octets that were typed before anybody read."""
        self.edits = False
        """Whether lines can be edited on its screen; known after `begin`."""
        self.language = "en"
        """Of whoever is at it [ISO 639-1]."""

    def begin(self) -> None:
        """Find out what it can do, and tell its size to whoever asks this machine for it."""
        if not os.isatty(self._reads):
            return
        mode = termios.tcgetattr(self._reads)
        mode[0] |= termios.ICRNL | getattr(termios, "IUTF8", 0o40000)  # [termios(3)]
        mode[1] |= termios.OPOST | termios.ONLCR
        mode[3] |= termios.ICANON | termios.ECHO | termios.ISIG | termios.ECHOE
        termios.tcsetattr(self._reads, termios.TCSANOW, mode)
        if self._plain:
            return
        there = self._ask()
        self.edits = there is not None
        if there is not None and not self._known_size():
            packed = struct.pack("HHHH", there.rows, there.columns, 0, 0)
            fcntl.ioctl(self._reads, termios.TIOCSWINSZ, packed)

    @property
    def size(self) -> Size:
        """Its rows and columns; 24 and 80 where nothing is known."""
        return self._known_size() or Size()

    def _known_size(self) -> Size | None:
        try:
            packed = fcntl.ioctl(self._writes, termios.TIOCGWINSZ, bytes(8))
        except OSError:
            return None
        rows, columns, _, _ = struct.unpack("HHHH", packed)
        return Size(rows, columns) if rows > 1 and columns > 1 else None

    def _ask(self) -> Size | None:
        """Where the far corner is; None if it does not answer. What else comes was typed ahead."""
        with self.keys():
            self.write_octets(_QUESTION)
            last = time.monotonic() + ANSWER_WITHIN_S
            while (left := last - time.monotonic()) > 0:
                if not select.select([self._reads], [], [], left)[0]:
                    break
                octets = os.read(self._reads, LONGEST_LINE)
                if not octets:
                    break
                self._ahead += octets
                found = _ANSWER.search(self._ahead)
                if found is not None:
                    self._ahead = self._ahead[: found.start()] + self._ahead[found.end() :]
                    return Size(max(int(found[1]), 2), max(int(found[2]), 20))
            self.write_octets(_WIPE)
            return None

    @contextmanager
    def keys(self) -> Iterator[None]:
        """Inside, each key is there when it is pressed, and is not shown. Ctrl-C works."""
        mode = termios.tcgetattr(self._reads)
        quiet = [*mode[:3], mode[3] & ~(termios.ICANON | termios.ECHO), *mode[4:]]
        quiet[6] = [*mode[6][: termios.VMIN], *mode[6][termios.VMIN :]]
        quiet[6][termios.VMIN], quiet[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._reads, termios.TCSANOW, quiet)
        try:
            yield
        finally:
            termios.tcsetattr(self._reads, termios.TCSANOW, mode)

    def pause(self, for_s: float) -> None:
        """Let some seconds pass; what is typed meanwhile waits."""
        select.select([], [], [], for_s)

    def write(self, text: str) -> None:
        """Show a text, which must be fit to be shown (app/core/text.py)."""
        self.write_octets(text.encode("utf-8", "replace"))

    def words(self, text: str) -> str:
        """A Sentence as whoever is at the terminal reads it; any other text as it is."""
        return in_language(self.language, text)

    def say(self, text: str) -> None:
        """Show a line, or several, in their language; what cannot be shown is made visible."""
        self.write(f"{visible_lines(self.words(text))}\n")

    def write_octets(self, octets: bytes) -> None:
        """Send these octets as they are."""
        while octets:
            octets = octets[os.write(self._writes, octets) :]

    def line(self, prompt: str, within_s: float) -> str:
        """A line as typed, edited by the system; the time is for the whole of it.

        Raises Idle, Ended, and KeyboardInterrupt.
        """
        self.write(prompt)
        return self._line(within_s).decode("utf-8", "replace")

    @contextmanager
    def secret(self, prompt: str) -> Iterator[Callable[[float], str]]:
        """Inside, nothing that is typed is shown; the line is what is given for a time.

        That raises Idle, Ended, and KeyboardInterrupt.
        """
        mode = termios.tcgetattr(self._reads) if os.isatty(self._reads) else None
        if mode is not None:
            unseen = [*mode[:3], mode[3] & ~termios.ECHO, *mode[4:]]
            termios.tcsetattr(self._reads, termios.TCSANOW, unseen)
        self.write(prompt)
        try:
            yield lambda within_s: self._line(within_s).decode("utf-8", "replace")
        finally:
            if mode is not None:
                termios.tcsetattr(self._reads, termios.TCSANOW, mode)
            self.write("\n")

    def _line(self, within_s: float) -> bytes:
        last = time.monotonic() + within_s
        while b"\n" not in self._ahead and b"\r" not in self._ahead:
            if not select.select([self._reads], [], [], max(0.0, last - time.monotonic()))[0]:
                raise Idle
            octets = self._read()
            if not octets or len(self._ahead) > LONGEST_LINE:
                raise Ended
            self._ahead += octets
        line, self._ahead = re.split(rb"\r\n|\n|\r", self._ahead, maxsplit=1)
        return line

    def key(self, within_s: float) -> str:
        """One key, inside of `keys`. Raises Idle, Ended, and KeyboardInterrupt."""
        if not self._ahead:
            if not select.select([self._reads], [], [], within_s)[0]:
                raise Idle
            self._ahead = self._read()
        if not self._ahead:
            raise Ended
        key, self._ahead = self._ahead[:1], self._ahead[1:]
        return key.decode("latin-1")

    def _read(self) -> bytes:
        try:
            return os.read(self._reads, LONGEST_LINE)
        except OSError as problem:  # EIO: the line is gone
            raise Ended from problem
