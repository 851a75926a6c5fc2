"""Three boxes before one server: whatever breaks, each voicemail is there once, for all alike.

Each box is a process with a folder of its own. All know the same two people, so that what one
delivers comes to the two others. Mail programs read, mark and delete meanwhile. The first box is
cut off for ten minutes, the server is killed while voicemail arrives, and started again.
"""

import imaplib
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.kit.box_keys import box_keys
from tests.kit.cyrus import Cyrus, missing
from tests.kit.dovecot import PASSWORD
from tests.kit.imap_box import ImapBox, name_in
from tests.kit.imap_program import MailProgram
from tests.kit.imap_relay import Relay
from tests.kit.imap_servers import ImapDovecot

PEOPLE = ("anna", "ben")
WITHIN_S = 120.0  # of a machine that has much else to do
SIZE = 3_000
CUT_S = 600


class Site:
    """Server, relays and boxes."""

    def __init__(self, folder: Path, stack: ExitStack, server: ImapDovecot | Cyrus) -> None:
        self.server = server
        stack.enter_context(server)
        self.port = self.server.ports["imap"]
        self.relays = [stack.enter_context(Relay(self.port)) for _ in range(3)]
        self.boxes = [
            stack.enter_context(ImapBox(folder / f"box{number}", relay.port, PEOPLE))
            for number, relay in enumerate(self.relays)
        ]
        self.left: dict[str, list[str]] = {login: [] for login in PEOPLE}

    def leave(self, box: int, count: int) -> None:
        """So many voicemails are left at a box for each of the people."""
        for login in PEOPLE:
            first = len(self.left[login])
            names = [f"{login}-{number}" for number in range(first, first + count)]
            self.left[login] += names
            self.boxes[box].ask("voicemails", login, names, SIZE)

    def program(self, login: str) -> MailProgram:
        return MailProgram(self.port, login, PASSWORD)

    def there(self, login: str, mailbox: str = "INBOX") -> list[tuple[str, bool]]:
        """Each mail that the server has: its name, and whether it is read."""
        with self.program(login) as program:
            uids = program.uids(mailbox)
            return [(name_in(program.octets(uid)), b"\\Seen" in program.flags(uid)) for uid in uids]


class Reader:
    """A mail program of somebody: reads each mail, marks every third, deletes every seventh."""

    def __init__(self, site: Site, login: str) -> None:
        self._site, self._login = site, login
        self._over = threading.Event()
        self._known: set[int] = set()
        self.looks = 0
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while not self._over.is_set():
            try:
                with self._site.program(self._login) as program:
                    while not self._over.wait(0.05):
                        self._look(program)
            except (OSError, imaplib.IMAP4.error):
                self._over.wait(0.05)  # the server is away

    def _look(self, program: MailProgram) -> None:
        for uid in program.uids():
            if uid not in self._known:
                number = int(name_in(program.octets(uid)).split("-")[1])
                if not number % 3:
                    program.mark(uid, "\\Seen")
                if not number % 7:
                    program.delete(uid)
                self._known.add(uid)
        self.looks += 1

    def until_looked(self) -> None:
        """Until it has seen all that is there now."""
        seen = self.looks + 2
        until(lambda: self.looks >= seen)

    def end(self) -> None:
        self._over.set()
        self._thread.join()


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < end, "it does not come"
        threading.Event().wait(0.05)


def server_of(make: str, folder: Path) -> ImapDovecot | Cyrus:
    place = folder / "server"
    place.mkdir()
    if make == "Dovecot":
        return ImapDovecot(box_keys(place), PEOPLE)
    if why := missing():
        pytest.skip(why)
    return Cyrus(place)


@pytest.mark.parametrize(
    ("make", "count"),
    [
        ("Dovecot", 8),
        pytest.param("Dovecot", 56, marks=pytest.mark.soak),
        pytest.param("Cyrus", 56, marks=pytest.mark.soak),
    ],
)
def test_none_is_lost_and_none_doubled(tmp_path: Path, make: str, count: int) -> None:
    """`count` voicemails for each of two people at each box, three times: 144, or 1,008."""
    with ExitStack() as stack:
        site = Site(tmp_path, stack, server_of(make, tmp_path))
        everything_breaks(site, count)
        for login in PEOPLE:
            wanted = [name for name in site.left[login] if int(name.split("-")[1]) % 7]
            assert len(site.left[login]) == 9 * count
            check(site, login, wanted)


def everything_breaks(site: Site, count: int) -> None:
    """Voicemail comes, the first box is cut off, the server is killed and comes back."""
    for box in site.boxes:
        until(lambda box=box: all(box.ask("in step", login) for login in PEOPLE))  # type: ignore[misc]
    readers = [Reader(site, login) for login in PEOPLE]
    try:
        for number in range(3):
            site.leave(number, count)
        site.relays[0].cut()
        for number in range(3):
            site.leave(number, count)
        pass_by(site.boxes[0], CUT_S)
        until(lambda: site.boxes[0].ask("away") == list(PEOPLE))
        site.server.kill()
        for number in range(3):
            site.leave(number, count)
        site.server.start()
        site.relays[0].mend()
        settle(site)
        for reader in readers:
            reader.until_looked()
        settle(site)
    finally:
        for reader in readers:
            reader.end()


def pass_by(box: ImapBox, seconds: int) -> None:
    """Time passes for a box that tries to reach the server, a minute at a time."""
    for _ in range(seconds // 60):
        box.ask("jump", 60)


def settle(site: Site) -> None:
    """Until all boxes are in step, and nothing waits; those who wait for long try now."""

    for box in site.boxes:
        until(lambda box=box: settled(box))  # type: ignore[misc]


def settled(box: ImapBox) -> bool:
    """Whether a box is in step; one that waits to try again has the time for that first."""
    if box.ask("away"):
        box.ask("jump", 30)
        end = time.monotonic() + 3  # else the next jump falls into a login
        while box.ask("away") and time.monotonic() < end:
            threading.Event().wait(0.05)
    return not box.ask("away") and not box.ask("waiting")


def check(site: Site, login: str, wanted: list[str]) -> None:
    """The server has each once, and every box the same, read or not."""
    there = site.there(login)
    assert Counter(name for name, _ in there) == Counter(wanted)
    assert site.there(login, "Trash") == []
    assert {name for name, seen in there if seen} == {
        name for name in wanted if not int(name.split("-")[1]) % 3
    }
    states = {name: "heard" if seen else "new" for name, seen in there}
    for box in site.boxes:
        until(lambda box=box: has(box, login, states))  # type: ignore[misc]
        assert len(box.ask("inbox", login)) == len(wanted), "none is doubled in a box"
        box.ask("unheard", login, sum(state == "new" for state in states.values()))


def has(box: ImapBox, login: str, states: dict[str, str]) -> bool:
    """Whether somebody has just this at a box; after a while it looks by itself."""
    for _ in range(60):
        if dict(box.ask("inbox", login)) == states:
            return True
        threading.Event().wait(0.05)
    box.ask("jump", 16)
    return False
