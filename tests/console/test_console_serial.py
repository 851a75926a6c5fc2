"""The serial line of a running box, as pyserial sees it; and the line itself."""

import os
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from app.console.cable import INVITATION, Cable
from tests.kit.killing import PASSWORD, House
from tests.kit.running import Running, processes_of, until

WITHIN_S = 20.0
PROMPT = b"switchhook> "


class Line:
    """A terminal program at the serial line that shows what comes and answers nothing."""

    def __init__(self, link: Path | str) -> None:
        self.port = serial.Serial(str(link), 115_200, timeout=WITHIN_S)

    def see(self, octets: bytes) -> str:
        """What comes until these have come, with them."""
        shown = self.port.read_until(octets)
        assert shown.endswith(octets), shown.decode(errors="replace")
        return str(shown.decode())

    def type(self, line: str) -> None:
        self.port.write(f"{line}\r".encode())

    def run(self, line: str) -> str:
        self.type(line)
        return self.see(PROMPT)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running box that anna administers."""
    house = House(tmp_path_factory.mktemp("serial") / "var")
    house.furnish(["anna", "ben"])
    with Running(house) as box:
        until(house.paths.console.exists)
        yield box
    assert not house.paths.console.is_symlink()


@pytest.fixture
def line(box: Running) -> Iterator[Line]:
    """Its serial line, at the question for a login."""
    line = Line(box.house.paths.console)
    line.type("")
    line.see(b"login: ")
    yield line
    line.port.close()


def own_memory(pid: int) -> int:
    """Octets that a process has for itself, files of its programs left out [proc(5)]."""
    told = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in told if line.startswith("Pss_Anon:")).split()[1]) * 1024


def test_memory_of_a_box_that_nobody_has_used_yet_is_bounded(box: Running) -> None:
    """Here since a box runs; other programs on the machine make no difference to this memory."""
    memory = {pid: own_memory(pid) for pid in processes_of(box.house.var)}
    assert sum(memory.values()) < 122_000_000, memory
    assert memory[box.process] < 6_000_000, "what only waits has loaded something"


def log_in(line: Line, password: str = PASSWORD) -> None:
    line.type("anna")
    line.see(b"Password: ")
    line.type(password)
    line.see(PROMPT)


def test_administrator_at_the_serial_line_of_a_running_box(box: Running, line: Line) -> None:
    assert any(str(box.house.paths.console) in shown for shown in box.screen)
    log_in(line)
    assert "on hook" in line.run("status")
    assert "eva has a box" in line.run("people add eva --name Eva --mailbox 205")
    assert "console  anna" in line.run("inbox history eva")

    line.type("logs -f phone -n 1")
    line.see(b"\r\n20")
    box.board("lift 101")
    line.see(b"station 101: on hook --")
    line.port.write(b"\x03")
    line.see(PROMPT)  # Ctrl-C has ended the command, not the shell
    box.board("hangup 101")

    before = box.pid("mail")
    assert "started again: mail" in line.run("restart mail")
    assert box.pid("mail") != before
    line.type("logout")
    line.see(INVITATION)


def test_forgotten_password_is_made_anew_for_whoever_holds_the_panels_button(
    box: Running, line: Line
) -> None:
    line.type("recover")
    line.see(b"Hold the panel's button `acknowledge` for 3 seconds, within 30 seconds")
    line.port.write(b"\x03")
    line.see(INVITATION)
    line.type("")
    line.see(b"login: ")
    line.type("recover")
    line.see(b"Hold the panel's button")
    pressing = box.beside("press panel acknowledge for 4s")
    line.see(b"It is pressed: go on holding it.")
    shown = line.see(INVITATION)
    pressing.join()
    (fresh,) = re.findall(r"login     anna\r\n  password  (\S+)    mail, web", shown)

    inbox = box.house.inbox()
    assert inbox.people.check_password("anna", PASSWORD) is None
    assert inbox.people.check_password("ben", PASSWORD) is not None
    inbox.db.close()
    line.type("")
    line.see(b"login: ")
    log_in(line, fresh)
    assert "panel button" in line.run("inbox history anna")
    assert "made anew at the" in line.run("inbox list anna")
    line.type("logout")
    line.see(INVITATION)


@pytest.fixture
def cable(tmp_path: Path):  # type: ignore[no-untyped-def]
    """With a login that says back what is typed, and ends at "end"."""
    login = tmp_path / "login.py"
    login.write_text(
        "import os, sys\n"
        "terminal = open(sys.argv[1], 'r+b', buffering=0)\n"
        "terminal.write(b'here ' + os.ttyname(terminal.fileno()).encode())\n"
        "while (line := terminal.readline()) != b'end\\n':\n"
        "    terminal.write(b'<' + line.strip() + b'>')\n"
    )
    cable = Cable(str(tmp_path / "console"), [sys.executable, str(login)], os.environ)
    until, end = os.pipe()
    cable.lay()
    relaying = threading.Thread(target=cable.relay, args=[until])
    relaying.start()
    yield cable
    os.close(end)
    relaying.join()
    cable.stop()
    os.close(until)
    assert not os.path.lexists(cable.link)


def test_login_starts_at_the_first_key_and_again_after_its_end(cable: Cable) -> None:
    line = Line(cable.link)
    for _ in range(2):
        line.type("")
        line.see(b"here /dev/pts/")
        line.type("abc")
        line.see(b"<abc>")
        line.type("end")
        line.see(INVITATION)
    line.port.close()


def test_who_leaves_the_line_and_comes_back_finds_the_same_session(cable: Cable) -> None:
    line = Line(cable.link)
    line.type("")
    line.see(b"here ")
    line.port.close()
    line = Line(cable.link)
    line.type("again")
    line.see(b"<again>")
    line.port.close()


def test_who_is_logged_in_when_the_line_ends_is_logged_out(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    login = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(1000)"
    cable = Cable(str(tmp_path / "console"), [sys.executable, "-c", login], os.environ)
    until_, end = os.pipe()
    cable.lay()
    relaying = threading.Thread(target=cable.relay, args=[until_])
    relaying.start()
    line = Line(cable.link)
    line.type("")
    until(lambda: pid.exists() and pid.read_text() != "")
    os.close(end)
    relaying.join()
    cable.stop()
    assert not Path(f"/proc/{pid.read_text()}").exists()
    line.port.close()
    os.close(until_)
