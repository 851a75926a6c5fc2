"""The shell: a line, a command, what it prints. Each command runs in a child of this process.

So a command that ends badly, waits for ever or opens a broken store leaves the shell as it was, and
Ctrl-C ends the command alone. The children are forked, which costs them no time to begin.
"""

import os
import shlex
import signal
import sys
import termios
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import click

from app.console.discretion import memorable
from app.console.in_words import in_words
from app.console.lines import EditedLines, History, Lines, PlainLines
from app.console.offered import Offered, find
from app.console.own import help_command, no_command, own_commands
from app.console.paging import Pager
from app.console.terminal import Ended, Idle, Terminal
from app.core.catalogues import catalogue
from app.core.errors import SwitchhookError
from app.core.sentences import sentence
from app.core.text import visible
from app.operations.actor import Actor

NOT_YOURS = 77
"""Exit code of a child that has found that who is logged in may be here no longer."""
WELCOME = sentence("`help` lists the commands; Ctrl-D logs out.")


@dataclass
class Doings:
    """What the shell needs of the commands, which it does not know itself."""

    root: click.Group
    """`python -m app`."""
    act_as: Callable[[Actor, Callable[[str], None], str], None]
    """In a child: who acts from now on, what shows the lines that are printed, the language."""
    notices: Callable[[], Sequence[str]]
    """What somebody must see to, as texts of several lines; shown after the login."""
    as_of_now: Callable[[Actor], Actor | None]
    """In a child: the same person with the rights of now; None if the console is not theirs."""


@dataclass
class Shell:
    """One session at a console, from login to logout."""

    terminal: Terminal
    who: Actor
    doings: Doings
    idle_s: float
    is_over: bool = field(default=False, init=False)
    pages: bool = field(default=True, init=False)
    show: Callable[[str], None] = field(init=False)
    """Shows the lines of a command, in the child that carries it out."""

    def __post_init__(self) -> None:
        self.show = self.terminal.write
        self._here = own_commands(self)
        own = {"help": help_command(self), **self._here}
        words = catalogue(self.terminal.language).gettext
        in_words(words)
        self.commands = Offered(self.doings.root, own, self.who, words)
        self.history = History(lambda line: memorable(self.commands, line))

    def run(self) -> None:
        """Until logout, the end of the line, or nobody has typed anything for long."""
        self.terminal.say(WELCOME)
        for notice in self.doings.notices():
            self.terminal.write("\n")
            self.terminal.say(sentence("ATTENTION: %(text)s", text=notice))
        lines: Lines = (
            EditedLines(self.commands, self.history, self.idle_s)
            if self.terminal.edits
            else PlainLines(self.terminal, self.commands, self.idle_s)
        )
        while not self.is_over:
            try:
                line = lines.read()
                self.history.add(line)
                self.do(line)
            except KeyboardInterrupt:
                self.terminal.write("\n")
            except Ended:
                self.is_over = True
            except Idle:
                self.terminal.write("\n")
                self.terminal.say(sentence("Nobody has typed anything for a while: logged out."))
                self.is_over = True

    def do(self, line: str) -> None:
        """Carry out one line."""
        if line != visible(line):
            self._complain(
                sentence("the line holds characters that cannot be seen; nothing was done")
            )
            return
        try:
            words = shlex.split(line)
        except ValueError as problem:
            self._complain(sentence("cannot read this line: %(why)s", why=sentence(str(problem))))
            return
        if words[:1] in (["switchhook"], ["?"]):  # as the manual names commands
            words = words[1:] if words[0] == "switchhook" else ["help", *words[1:]]
        if not words:
            return
        if words[0] in self._here:
            self._run(words)
        elif find(self.commands, words[:1])[1] and not words[0].startswith("-"):
            self._complain(no_command(words[0]))
        else:
            self._in_child(words)

    # ------------------------------------------------------------------ in a child

    def _in_child(self, words: list[str]) -> None:
        mode = termios.tcgetattr(0) if os.isatty(0) else None
        keys = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)  # they are for the command
        before = {one: signal.signal(one, signal.SIG_IGN) for one in keys}
        try:
            child = os.fork()
            if child == 0:
                os._exit(self._as_child(words))
            _, status = os.waitpid(child, 0)
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)
            if mode is not None:  # a command may have been ended while it changed the terminal
                termios.tcsetattr(0, termios.TCSADRAIN, mode)
        code = os.waitstatus_to_exitcode(status)
        if code < 0:
            self._complain(sentence("the command was ended by signal %(number)s", number=-code))
        if code == NOT_YOURS:
            self.terminal.say(sentence("This console is for administrators: logged out."))
            self.is_over = True

    def _as_child(self, words: list[str]) -> int:
        """Carry out a command and give its exit code; this process ends then."""
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGQUIT, signal.SIG_DFL)
            signal.signal(signal.SIGALRM, _too_long)
            _limit_questions(self.idle_s)
            pager = Pager(self.terminal, self.terminal.size, self.idle_s)
            self.show = pager.show if self.pages else self.terminal.write
            who = self.doings.as_of_now(self.who)
            if who is None:
                return NOT_YOURS
            self.commands.actor = who
            self.doings.act_as(who, self.show, self.terminal.language)
            if "--help" in words:
                words = ["help", *(word for word in words if word != "--help")]
            return self._run(words)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            return 1

    def _run(self, words: list[str]) -> int:
        """Have click carry out these words; the exit code."""
        try:
            self.commands.main(words, prog_name="", standalone_mode=True)
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 1
        except SwitchhookError as problem:  # the right to use a command at all
            self._complain(problem.text)
            return 1
        return 0

    def _complain(self, text: str) -> None:
        self.terminal.write(f"switchhook: {visible(self.terminal.words(text))}\n")


def _limit_questions(idle_s: float) -> None:
    """A question of a command that nobody answers is given up, as Ctrl-C would."""
    for name in ("visible_prompt_func", "hidden_prompt_func"):
        ask = getattr(click.termui, name)

        def limited(text: str, ask: Callable[[str], str] = ask) -> str:
            signal.setitimer(signal.ITIMER_REAL, idle_s)
            try:
                return ask(text)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)

        setattr(click.termui, name, limited)


def _too_long(number: int, frame: object) -> None:
    raise click.Abort
