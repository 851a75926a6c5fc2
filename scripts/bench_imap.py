"""An inbox on an IMAP server: voicemails a second, lamps, and the keys of the menu.

    python -m scripts.bench_imap [directory]        prints the figures as JSON

Debian's Dovecot on loopback; each box is a process with a folder of its own (tests/kit/imap_box.py)
and people of its own. Measured with one box and with three:

- Voicemails of 160 kB (10 s of speech) are left as fast as the store takes them; delivered is what
  the server has answered for. A box's CPU is that of its process, Dovecot's of all its processes.
- A mail program (Python's imaplib) marks a mail as read; the time is until the box counts one
  message fewer, which the lamp follows (`lamp_on_ms` of the part appliance).

A key is what the phone asks of its clerk, a process, on the store of a box whose inbox has 50,000
mails on the server: the list, whether a message is there, its first second of sound, heard, removed
and restored. Meanwhile a mail program marks all 50,000 as read and unread again, again and again.

Goals: a key in 300 ms, a lamp in 1.2 s.
"""

import itertools
import json
import os
import select
import sys
import tempfile
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from app.clerk.client import ProcessClerk
from app.core.clock import SystemClock
from app.phone.calls.caller import Caller
from app.phone.calls.scripting import Wait
from app.phone.jobs import MessageAudio
from app.voicemail.jobs import MessageList
from tests.kit.box_keys import box_keys
from tests.kit.dovecot import PASSWORD
from tests.kit.imap_box import ImapBox
from tests.kit.imap_program import MailProgram
from tests.kit.imap_servers import ImapDovecot
from tests.kit.voicemail import clerk_config

Figures = dict[str, float]

BOXES, PEOPLE = 3, 10
"""How many boxes at most, and how many people each has."""
SIZE = 160_000
MAILS = 50_000
PERSON, MAILBOX = 1, "200"  # the first one of a store
SPOKEN = array("h", [4000, -4000] * 4000).tobytes()
WITHIN_S = 120.0


def figures(seconds: float = 4.0, directory: str | None = None) -> Figures:
    """All figures; `seconds` is about the time of each rate, `directory` lies on the disk."""
    if not Path("/usr/sbin/dovecot").exists():
        return {}  # scripts/setup test brings it
    each = max(PEOPLE, round(10 * seconds))
    found: Figures = {}
    with tempfile.TemporaryDirectory(dir=directory) as place:
        keys = Path(place) / "keys"
        keys.mkdir()
        for count in (1, BOXES):
            found |= _delivered(Path(place), count, each)
        found |= _idle(Path(place), 4 * seconds)
        found |= _keys(Path(place), seconds)
    return found


def _logins(box: int) -> tuple[str, ...]:
    return tuple(f"p{box}x{number}" for number in range(PEOPLE))


@contextmanager
def _site(place: Path, name: str, boxes: int) -> "Iterator[tuple[ImapDovecot, list[ImapBox]]]":
    """A server, and boxes that are in step with it."""
    people = tuple(itertools.chain(*map(_logins, range(boxes))))
    with ImapDovecot(box_keys(place / "keys"), people) as dovecot, ExitStack() as stack:
        found = [
            stack.enter_context(ImapBox(place / f"{name}{n}", dovecot.ports["imap"], _logins(n)))
            for n in range(boxes)
        ]
        for number, box in enumerate(found):
            for login in _logins(number):
                _until(lambda box=box, login=login: box.ask("in step", login))  # type: ignore[misc]
        yield dovecot, found


def _delivered(place: Path, boxes: int, each: int) -> Figures:
    """Rates and lamps of so many boxes, to each of which `each` voicemails come."""
    with _site(place, f"of{boxes}-", boxes) as (dovecot, found):
        before = [box.cpu_s() for box in found], dovecot.cpu_s()
        begun = time.monotonic()
        threads = [
            threading.Thread(target=_leave, args=(box, _logins(number), each))
            for number, box in enumerate(found)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for box in found:
            _until(lambda box=box: not box.ask("waiting"))  # type: ignore[misc]
        took_s, count = time.monotonic() - begun, boxes * each
        cpu_s = sum(box.cpu_s() - was for box, was in zip(found, before[0], strict=True))
        lamps = [
            late
            for number, box in enumerate(found)
            for late in _lamps(dovecot, box, _logins(number)[0], each // PEOPLE)
        ]
        return {
            f"imap_{boxes}_voicemails_per_s": round(count / took_s, 1),
            f"imap_{boxes}_box_cpu_ms": round(1000 * cpu_s / count, 1),
            f"imap_{boxes}_server_cpu_ms": round(1000 * (dovecot.cpu_s() - before[1]) / count, 1),
            f"imap_{boxes}_lamp_ms": round(1000 * sorted(lamps)[len(lamps) // 2]),
            f"imap_{boxes}_lamp_ms_max": round(1000 * max(lamps)),
            f"imap_{boxes}_server_mb": round(dovecot.pss_mb(), 1),
        }


def _idle(place: Path, seconds: float) -> Figures:
    """What a person costs to whom nothing comes."""
    with _site(place, "idle-", 1) as (dovecot, (box,)):
        before = box.cpu_s(), dovecot.cpu_s()
        time.sleep(seconds)
        share = 100 / (seconds * PEOPLE)
        return {
            "imap_idle_box_percent": round(share * (box.cpu_s() - before[0]), 3),
            "imap_idle_server_percent": round(share * (dovecot.cpu_s() - before[1]), 3),
        }


def _leave(box: ImapBox, logins: tuple[str, ...], each: int) -> None:
    for number, login in enumerate(logins):
        names = [f"{login}-{at}" for at in range(number, each, len(logins))]
        box.ask("voicemails", login, names, SIZE)


def _lamps(dovecot: ImapDovecot, box: ImapBox, login: str, unheard: int) -> list[float]:
    """Seconds from a mail program's mark to the box's count, for each of the voicemails."""
    late = []
    with MailProgram(dovecot.ports["imap"], login, PASSWORD) as program:
        for left, uid in zip(range(unheard - 1, -1, -1), program.uids(), strict=False):
            begun = time.monotonic()
            program.mark(uid, "\\Seen")
            late.append(box.ask("unheard", login, left) - begun)
    return late


def _keys(place: Path, seconds: float) -> Figures:
    """How long each kind of key takes, over a large box that changes all the time."""
    login = _logins(0)[0]
    with ImapDovecot(box_keys(place / "keys"), (login,), large=(login,)) as dovecot:
        dovecot.fill(login, MAILS)
        opened = time.monotonic()
        with ImapBox(place / "large", dovecot.ports["imap"], (login,)) as box:
            _until(lambda: box.ask("in step", login))
            opened = time.monotonic() - opened
            config = clerk_config(place / "large", packs="")
            with closing(ProcessClerk(config, lambda _: None, SystemClock())) as clerk:
                for _ in range(10):
                    _speak(clerk)
                _until(lambda: not box.ask("waiting"))
                with _changing(dovecot, login):
                    took = _pressed(clerk, seconds)
    flat = sorted(itertools.chain(*took.values()))
    return {
        "imap_open_50000_s": round(opened, 1),
        "imap_key_ms_max": round(1000 * flat[-1], 1),
        "imap_key_ms_p99": round(1000 * flat[len(flat) * 99 // 100], 1),
        "imap_key_ms_p50": round(1000 * flat[len(flat) // 2], 1),
        **{f"imap_key_{name}_ms_max": round(1000 * max(one), 1) for name, one in took.items()},
    }


KEYS: dict[str, Callable[[ProcessClerk, int], Wait[Any]]] = {
    "look": lambda clerk, here: clerk.look(PERSON, here),
    "sound": lambda clerk, here: clerk.sound(MessageAudio(here), 0, 8_000),
    "heard": lambda clerk, here: clerk.mark(PERSON, (here,)),
    "remove": lambda clerk, here: clerk.remove(PERSON, (here,)),
    "restore": lambda clerk, here: clerk.restore(PERSON, (here,)),
    "new": lambda clerk, here: clerk.mark(PERSON, (here,), new=True),
}
"""What is asked about a message after the list."""


def _answered(clerk: ProcessClerk, wait: Wait[Any]) -> Any:
    while not wait.done:
        select.select([clerk.fileno()], [], [], WITHIN_S)
        clerk.dispatch()
    return wait.result()


def _speak(clerk: ProcessClerk) -> None:
    """Somebody leaves 10 s."""
    begun = _answered(clerk, clerk.begin_recording(MAILBOX, "line1", Caller())).recording
    for piece in range(10):
        _answered(clerk, clerk.samples(begun, piece, SPOKEN))
    _answered(clerk, clerk.end_recording(begun, "hung up", 10))


def _pressed(clerk: ProcessClerk, seconds: float) -> dict[str, list[float]]:
    """Seconds from question to answer, by kind."""
    took: dict[str, list[float]] = {name: [] for name in ("list", *KEYS)}
    until = time.monotonic() + 2 * seconds
    while time.monotonic() < until:
        begun = time.monotonic()
        listing = _answered(clerk, clerk.listing(PERSON, MessageList.NEW))
        took["list"].append(time.monotonic() - begun)
        for name, ask in KEYS.items():
            begun = time.monotonic()
            _answered(clerk, ask(clerk, listing.messages[0].entry))
            took[name].append(time.monotonic() - begun)
    return took


@contextmanager
def _changing(dovecot: ImapDovecot, login: str) -> Iterator[None]:
    """All mails are marked as read and unread meanwhile, again and again."""
    over = threading.Event()

    def change() -> None:
        with MailProgram(dovecot.ports["imap"], login, PASSWORD) as program:
            program.uids()
            for number in itertools.count():
                if over.is_set():
                    return
                program.mark_all(f"1:{MAILS}", "\\Seen", on=not number % 2)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _until(holds: Callable[[], object]) -> None:
    until = time.monotonic() + WITHIN_S
    while not holds():
        if time.monotonic() > until:
            raise RuntimeError("it does not come")
        time.sleep(0.02)


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    print(json.dumps(figures(directory=sys.argv[1] if sys.argv[1:] else None), indent=2))
