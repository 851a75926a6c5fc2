"""The built image in QEMU as an object: its console, its doors on 127.0.0.1, its power switch.

    with Guest(folder) as guest:
        guest.wait_for_services()
        guest.log_in()
        assert guest.run("uname -m") == "aarch64"

A guest is slow and its network accepts a connection before anybody listens behind it, so every
question is asked again until its time is over. The clocks of a guest on `virt` count its
instructions: however busy the host is, seconds in it are as long as what is done in them, and those
in which nothing is done are skipped. QEMU is ended by its id, whatever a test does.
"""

import base64
import binascii
import fcntl
import hashlib
import json
import os
import poplib
import re
import secrets
import signal
import smtplib
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from scripts.image.machine import (
    CARD_OCTETS,
    FAT_OFFSET,
    MachineName,
    Start,
    copy_card,
    free_ports,
)
from scripts.image.work import PROJECT, run

T = TypeVar("T")

PRODUCTS = Path(os.environ.get("SWITCHHOOK_IMAGE", PROJECT / "build" / "image"))
"""What `make image` built."""
SLOW = 8
"""Every wait below is for a host with little else to do. A busy one makes the guest slower, and a
test waits so many times as long before it gives up."""
BOOT_S = 90.0
"""A start; it takes 10 to 40 s."""
READY_S = 120
"""Until every service is ready, in the guest's seconds and in the host's."""
ANSWER_S = 20.0
"""A client that hears nothing for so long tries again."""
LOOK_S = 0.05
FETCHES = 5
"""How often an answer is asked for while others write to the console."""
LOCK = Path(tempfile.gettempdir()) / "switchhook-emulator.lock"
"""Of two emulators in the host's time each would make the other's clocks late."""
NO_WATCHDOG = "switchhook.watchdog=off"
"""A kernel argument: QEMU's Raspberry Pi ends as soon as its watchdog is opened."""
_ECHOED = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class NotSo(AssertionError):
    """What was waited for did not come; the text ends with what the console said last."""


class Guest:
    """One card and one QEMU; `with` starts it and ends it."""

    def __init__(
        self,
        folder: Path,
        machine: MachineName = "virt",
        uboot: bool = False,
        append: str = "",
        devices: Sequence[str] = (),
        settings: str = "",
        card: Path | None = None,
        products: Path = PRODUCTS,
        octets: int = CARD_OCTETS,
        own_time: bool | None = None,
    ) -> None:
        """`settings` is switchhook.toml on the card; `card` is one that has been used before.

        `octets`: the size of a new one. `own_time`: its clocks count what it does, not the host's
        seconds, so that a busy host makes nothing in it late; by default so on `virt`.
        """
        self._own_time = machine == "virt" if own_time is None else own_time
        self.folder = folder
        self.card = card or folder / "card.img"
        self.ports = free_ports()
        if card is None:
            copy_card(products, self.card, append if uboot else "", octets)
            if settings:
                self.put_on_card("switchhook.toml", settings)
        self._monitor = folder / f"monitor-{secrets.token_hex(4)}"
        start = Start(
            machine, products, self.card, self.ports, uboot, append,
            devices=(*devices, "-qmp", f"unix:{self._monitor},server=on,wait=off"),
            own_time=self._own_time,
        )  # fmt: skip
        self._command = start.command()
        self._log = folder / "console.log"
        self._qemu: subprocess.Popen[bytes] | None = None
        self.booted_s = 0.0
        """Seconds from the start to the first POP3 greeting."""

    def put_on_card(self, name: str, text: str) -> None:
        """Write a file on the card's boot partition, while the guest is off."""
        source = self.folder / name
        source.write_text(text)
        self.put_file_on_card(source)

    def put_file_on_card(self, source: Path) -> None:
        """Copy a file on the card's boot partition, which the guest mounts at /run/card."""
        run("mcopy", "-o", "-i", f"{self.card}@@{FAT_OFFSET}", source, f"::{source.name}")

    # ------------------------------------------------------------------ power

    def __enter__(self) -> "Guest":
        if self._qemu is None or not self.is_on:
            self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Switch the power on."""
        self._lock = LOCK.open("w")
        if not self._own_time:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._monitor.unlink(missing_ok=True)
        self._said, self._read_to = "", 0
        self._more = threading.Condition()
        self.started = time.monotonic()
        self._qemu = subprocess.Popen(
            # it must not outlive us, even if we are killed
            ["setpriv", "--pdeathsig", "KILL", *self._command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        threading.Thread(target=self._listen, args=(self._qemu,), daemon=True).start()

    def kill(self) -> None:
        """Cut the power: what the guest had not written to its card is lost."""
        assert self._qemu is not None
        if self._qemu.poll() is None:
            self._qemu.send_signal(signal.SIGKILL)
        self._qemu.wait()
        self._lock.close()

    def wait_off(self, within_s: float = 60.0) -> None:
        """Wait until the machine has switched itself off, or restarted (we start it once)."""
        assert self._qemu is not None
        try:
            code = self._qemu.wait(within_s * SLOW)
        except subprocess.TimeoutExpired as late:
            raise NotSo(f"still on after {within_s:g} s\n{self.console[-2000:]}") from late
        assert code == 0, f"QEMU ended with {code}\n{self.console[-2000:]}"
        self._lock.close()

    def switch_off(self) -> None:
        """Say so at the console's shell, and wait."""
        self.type("poweroff")
        self.wait_off()

    def press_power_button(self) -> None:
        """As a finger would."""
        self._qmp("system_powerdown")

    def _qmp(self, command: str) -> None:
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(10)
            monitor.connect(str(self._monitor))
            with monitor.makefile("rw") as lines:
                for words in ("qmp_capabilities", command):
                    lines.write(json.dumps({"execute": words}) + "\n")
                    lines.flush()
                    while "return" not in (told := json.loads(lines.readline())):
                        assert "error" not in told, told

    @property
    def is_on(self) -> bool:
        """Whether the machine runs."""
        return self._qemu is not None and self._qemu.poll() is None

    # ------------------------------------------------------------------ console

    def _listen(self, qemu: subprocess.Popen[bytes]) -> None:
        assert qemu.stdout is not None
        with self._log.open("a") as log:
            while piece := os.read(qemu.stdout.fileno(), 65536):
                text = piece.decode("utf-8", "replace").replace("\r", "")
                log.write(text)
                log.flush()
                with self._more:
                    self._said += text
                    self._more.notify_all()
        with self._more:
            self._more.notify_all()

    @property
    def console(self) -> str:
        """All that the console has said since the start."""
        with self._more:
            return self._said

    def history(self) -> str:
        """What the consoles of all starts have said."""
        return self._log.read_text()

    def expect(self, pattern: str, within_s: float = 60.0) -> re.Match[str]:
        """Wait for this on the console, after what was found before. Raises NotSo."""
        wanted, last = re.compile(pattern, re.MULTILINE), time.monotonic() + within_s * SLOW
        with self._more:
            while not (found := wanted.search(self._said, self._read_to)):
                left = last - time.monotonic()
                if left <= 0 or (not self.is_on and not self._more.wait(0.5)):
                    state = "waited" if self.is_on else "the machine is off;"
                    raise NotSo(f"{state} {within_s:g} s for {pattern!r}\n{self._said[-3000:]}")
                self._more.wait(min(left, 0.5))
            self._read_to = found.end()
            return found

    def type(self, text: str) -> None:
        """Press keys, Return after them."""
        assert self._qemu is not None
        assert self._qemu.stdin is not None
        self._qemu.stdin.write(text.encode() + b"\n")
        self._qemu.stdin.flush()

    def password(self, within_s: float = BOOT_S) -> str:
        """The administrator's password, which the console shows once, at the first start."""
        with self._more:
            self._read_to = 0
        return self.expect(r"password  (\S+) ", within_s)[1]

    def console_password(self, within_s: float = BOOT_S) -> str:
        """The console's password, which is shown beside it."""
        with self._more:
            self._read_to = 0
        return self.expect(r"console   (\w{4}-\w{4}-\w{4}) ", within_s)[1]

    def log_in(self, password: str, login: str = "sh", within_s: float = BOOT_S) -> None:
        """Log in at the console's getty; `sh` is the system's own shell."""
        last = time.monotonic() + within_s * SLOW
        while True:
            self.type("")
            try:
                self.expect(r"login: $", 5)
                break
            except NotSo:
                if time.monotonic() > last:
                    raise
        self.type(login)
        self.expect(r"Password: $")
        self.type(password)
        self.expect(r"\w# ")
        self.run("true")

    def run(self, command: str, within_s: float = 60.0) -> str:
        """Run a command at the console's shell; what it printed. Raises NotSo unless it is 0."""
        code, text = self.tried(command, within_s)
        if code != 0:
            raise NotSo(f"{command}: exit code {code}\n{text}")
        return text

    def tried(self, command: str, within_s: float = 60.0) -> tuple[int, str]:
        """Run a command at the console's shell: its exit code, and what it printed.

        Services and the kernel write to the console whenever they like, so what was printed goes to
        a file first and is then fetched with its checksum, again if something came between.
        """
        mark = secrets.token_hex(4)
        file = f"/tmp/said-{mark}"
        # the shell's echo of these lines must not look like their results
        self.type(f"{{ {command} ; }} >{file} 2>&1; echo $? >{file}.code; echo 'do''ne-{mark}'")
        self.expect(f"done-{mark}", within_s)
        for _ in range(FETCHES):
            found = self._fetch_said(file, mark)
            if found is not None:
                self.type(f"rm -f {file} {file}.code")
                code, _, text = found.partition("\n")
                return int(code), _ECHOED.sub("", text).strip()
        raise NotSo(f"{command}: the console is never quiet\n{self.console[-3000:]}")

    def _fetch_said(self, file: str, mark: str) -> str | None:
        """Exit code, line end, and what was printed; None if it did not come whole."""
        self.type(
            f"cat {file}.code {file} >{file}.all; base64 {file}.all | sed 's/^/b''-{mark} /';"
            f" echo 's''um-{mark}' $(sha256sum <{file}.all); rm {file}.all"
        )
        with self._more:
            begin = self._read_to
        told = self.expect(rf"sum-{mark} ([0-9a-f]{{64}})")[1]
        with self._more:
            said = self._said[begin : self._read_to]
        lines = re.findall(rf"^b-{mark} ([A-Za-z0-9+/=]+)$", said, re.MULTILINE)
        try:
            octets = base64.b64decode("".join(lines), validate=True)
        except binascii.Error:
            return None
        whole = hashlib.sha256(octets).hexdigest() == told
        return octets.decode("utf-8", "replace") if whole else None

    def at_the_board(self, *commands: str, within_s: float = 200.0) -> str:
        """Lift, dial, ring: what is done by hand at the virtual board; what it answered.

        One command's program for all of them, since its start is what takes long. Raises NotSo at
        the first that fails.
        """
        lines = " ".join(f"'{command}'" for command in commands)
        return self.run(f"printf '%s\\n' {lines} | switchhook board", within_s)

    # ------------------------------------------------------------------ doors

    def _again(self, ask: Callable[[], T], within_s: float) -> T:
        """Ask until somebody answers."""
        last = time.monotonic() + within_s * SLOW
        while True:
            try:
                return ask()
            except (OSError, EOFError, smtplib.SMTPServerDisconnected, poplib.error_proto) as no:
                if isinstance(no, poplib.error_proto) and "EOF" not in str(no):
                    raise
                if not self.is_on or time.monotonic() > last:
                    raise NotSo(f"no answer: {no!r}\n{self.console[-2000:]}") from no
            time.sleep(LOOK_S)

    def pop3(self, within_s: float = BOOT_S) -> poplib.POP3:
        """A POP3 connection that has been greeted."""
        door = self.ports["pop3"]
        client = self._again(lambda: poplib.POP3("127.0.0.1", door, ANSWER_S), within_s)
        assert client.sock is not None
        client.sock.settimeout(60 * SLOW)
        self.booted_s = self.booted_s or time.monotonic() - self.started
        return client

    @contextmanager
    def mailbox(self, login: str, password: str) -> Iterator[poplib.POP3]:
        """Somebody's mailbox, until QUIT."""
        client = self.pop3()
        client.user(login)
        client.pass_(password)
        yield client
        client.quit()

    def fetch(self, login: str, password: str) -> list[bytes]:
        """Everything a person has, by POP3; nothing is deleted."""
        with self.mailbox(login, password) as box:
            return [
                b"".join(line + b"\r\n" for line in box.retr(number)[1])
                for number in range(1, box.stat()[0] + 1)
            ]

    def smtp(self, within_s: float = BOOT_S) -> smtplib.SMTP:
        """An SMTP connection that has been greeted."""
        door = self.ports["smtp"]

        def ask() -> smtplib.SMTP:
            client = smtplib.SMTP(timeout=ANSWER_S)
            client.connect("127.0.0.1", door)
            return client

        client = self._again(ask, within_s)
        assert client.sock is not None
        client.sock.settimeout(60 * SLOW)
        client.ehlo("client.test")
        return client
