"""The console at a terminal that answers: completion, history, an idle session, its size."""

import os
import pty
import select
import threading
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from app.__main__ import main
from app.config.paths import Paths
from app.console.lines import EditedLines, History, PlainLines, completions
from app.console.offered import NOT_OFFERED, Offered
from app.console.terminal import Ended, Idle, Size, Terminal
from app.operations.actor import Actor
from app.operations.errors import NotAllowed
from tests.kit.actors import ADMIN
from tests.kit.console import WITHIN_S, AtConsole, make_box

COMMANDS = Offered(main, {}, ADMIN)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return make_box(tmp_path / "var")


def test_line_is_completed_recalled_and_shown_without_colour(paths: Paths) -> None:
    with AtConsole(paths, "vt100") as screen:
        screen.log_in()
        screen.terminal.send("peo\tli\t\r")
        screen.see("anna")
        screen.see("switchhook>")
        screen.terminal.send("people pin ben 831274\r")
        screen.see("The PIN is set.")
        screen.see("switchhook>")
        screen.terminal.send("\x1b[A\x1b[A\r")  # the line before the last
        screen.see("anna")
        screen.see("switchhook>")
        screen.terminal.send("history\r")
        remembered = screen.see("  history\r\n")
        screen.terminal.send("\x04")
        screen.ended()
    assert "  people list\n" in remembered and "831274" not in remembered
    colours = {f"\x1b[{number}m" for number in range(30, 50)}
    assert not [colour for colour in colours if colour in screen.octets]


def see(ours: int, words: str) -> None:
    """Wait until these words are shown at this end of a pseudo terminal."""
    shown = ""
    while words not in shown:
        assert select.select([ours], [], [], WITHIN_S)[0], shown
        shown += os.read(ours, 4096).decode()


def words(begun: str) -> set[str]:
    return {value for value, _ in completions(COMMANDS, begun)}


def test_completions_are_what_the_commands_declare() -> None:
    assert words("peo") == {"people"}
    assert words("people ") >= {"add", "list", "passwd", "pin", "remove"}
    assert words("people add eva --h") == {"--handset", "--help"}
    assert words("people change eva --transfer ") == {"email and voicemail", "email only", "none"}
    assert words("help people pa") == {"passwd"}
    assert words("inbox repai") == {"repair"} and words("repai") == {"repair"}
    assert not words('people add "ev')
    assert not words("") & NOT_OFFERED


def test_plain_terminal_lists_completions_for_a_tab() -> None:
    ours, theirs = pty.openpty()
    os.write(ours, b"people pa\t\nhelp\n")
    lines = PlainLines(Terminal({"TERM": "dumb"}, theirs, theirs), COMMANDS, 5.0)
    assert lines.read() == "help"
    see(ours, "  passwd               Give LOGIN a new password.")
    os.close(ours)
    os.close(theirs)


def test_idle_session_ends_on_either_kind_of_terminal() -> None:
    ours, theirs = pty.openpty()
    with pytest.raises(Idle):
        PlainLines(Terminal({"TERM": "dumb"}, theirs, theirs), COMMANDS, 0.05).read()
    os.close(theirs)
    with create_pipe_input() as keys, create_app_session(keys, DummyOutput()):
        edited = EditedLines(COMMANDS, History(str), 0.2)
        keys.send_text("status\r")
        assert edited.read() == "status"
        with pytest.raises(Idle):
            edited.read()
        keys.send_text("\x04")
        with pytest.raises(Ended):
            edited.read()
    os.close(ours)


def test_terminal_that_answers_is_known_with_its_size_and_what_was_typed_ahead() -> None:
    ours, theirs = pty.openpty()

    def answer() -> None:
        asked = b""
        while b"\x1b[6n" not in asked:
            asked += os.read(ours, 100)
        os.write(ours, b"ad\x1b[50;132Rmin\n")

    thread = threading.Thread(target=answer)
    thread.start()
    terminal = Terminal({"TERM": "vt100"}, theirs, theirs)
    terminal.begin()
    thread.join()
    assert terminal.edits and terminal.size == Size(50, 132)
    assert os.get_terminal_size(theirs) == (132, 50), "commands are told, too"
    assert terminal.line("login: ", 5.0) == "admin"
    os.close(theirs)
    with pytest.raises(Ended):
        Terminal({}, *([os.open(os.devnull, os.O_RDWR)] * 2)).line("", 1.0)
    os.close(ours)


def test_terminal_that_does_not_answer_gets_plain_lines_of_80_columns() -> None:
    ours, theirs = pty.openpty()
    terminal = Terminal({"TERM": "vt100"}, theirs, theirs)
    terminal.begin()
    assert not terminal.edits and terminal.size == Size(24, 80)
    see(ours, "\r" + " " * 20 + "\r")  # the question is wiped
    os.close(ours)
    os.close(theirs)


def test_commands_of_the_machine_are_for_administrators() -> None:
    somebody = Offered(main, {}, Actor("ben", "console", frozenset()))
    with pytest.raises(NotAllowed, match="only an administrator may use device"):
        somebody.main(["device", "health"], prog_name="", standalone_mode=False)
