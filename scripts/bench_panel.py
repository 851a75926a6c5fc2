"""How soon the front panel's LED follows: from a committed voicemail to the expander's pin.

    python -m scripts.bench_panel [directory]        prints the figures as JSON

The panel's thread of the admin service (app/panel/thread.py), the virtual board's panel behind its
socket, and a store that another process would change: here the same one, in another thread.

Goal: an LED follows a change within 100 ms.
"""

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from app.appliance import Inbox, default_limits, open_inbox
from app.config.paths import Paths
from app.config.settings import Settings
from app.core.clock import SystemClock
from app.inbox.entries import EntryState, Facts, Kind
from app.operations.actor import Actor, Role
from app.operations.people import NewPerson, add_person
from app.panel.config import PanelConfig
from app.panel.thread import PanelThread
from app.panel_parts import open_for_panel
from app.store.database import Tx
from drivers.board import virtual_board
from drivers.models.box import VirtualBox
from drivers.models.bus_server import BoxServer

Figures = dict[str, float]

VOICEMAIL_PORT = 1 << 4
"""Where the virtual board has the LED `voicemail` (drivers.panel_spec.virtual_panel)."""
GIVEN_UP_S = 5.0
LOOK_S = 0.0005
GAP_S = 0.06
"""Between two changes: longer than the panel waits between two reads of the store."""


def figures(rounds: int = 40, directory: str | None = None) -> Figures:
    """All figures; a voicemail comes and goes `rounds` times, `directory` is on the disk."""
    with tempfile.TemporaryDirectory(dir=directory) as place:
        paths = Paths(Path(place) / "var")
        paths.make()
        waits = sorted(_waits(paths, rounds))
    return {
        "panel_led_ms_p50": round(1000 * waits[len(waits) // 2], 1),
        "panel_led_ms_max": round(1000 * waits[-1], 1),
    }


def _waits(paths: Paths, rounds: int) -> list[float]:
    """The wait for the LED after each change, in seconds."""
    inbox = open_inbox(paths, Settings())
    admin = Actor("bench", "admin", frozenset({Role.SYSTEM}))
    person = add_person(inbox, admin, NewPerson("anna", "Anna", "201")).person
    spec = virtual_board(2, 2)
    assert spec.panel is not None
    box = VirtualBox(spec)
    assert box.panel is not None
    expander = box.panel.expander
    server = BoxServer(box, paths.bus, paths.operator)
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    config = PanelConfig(spec.panel, True, "", "101", default_limits(Settings()))
    panel = PanelThread(config, paths, lambda: open_for_panel(paths, config), SystemClock())
    panel.start()
    waits = []
    for number in range(rounds):
        entry = inbox.db.now(lambda tx: _put(inbox, tx, person.id))
        waits.append(_until(lambda: bool(expander.outputs() & VOICEMAIL_PORT)))
        time.sleep(GAP_S)
        _remove(inbox, entry)
        waits.append(_until(lambda: not expander.outputs() & VOICEMAIL_PORT))
        time.sleep(GAP_S + number % 7 / 500)
    panel.stop()
    server.stop()
    serving.join()
    server.close()
    inbox.db.close()
    return waits[2:]  # without those in which everything starts


def _put(inbox: Inbox, tx: Tx, person: int) -> int:
    content = inbox.store.contents.write(tx, (b"Subject: Voicemail\r\n\r\n",))
    facts = Facts(0.0, "5551234", "Voicemail")
    kind, state = Kind.VOICEMAIL, EntryState.NEW
    return inbox.store.add_entry(tx, person, content, b"", kind, state, facts)


def _remove(inbox: Inbox, entry: int) -> None:
    inbox.db.now(lambda tx: inbox.store.remove(tx, [entry], "bench", "bench"))


def _until(true: Callable[[], bool]) -> float:
    """The seconds until it is so."""
    begun = time.perf_counter()
    while not true():
        if time.perf_counter() - begun > GIVEN_UP_S:
            raise RuntimeError(f"the LED has not followed within {GIVEN_UP_S:g} s")
        time.sleep(LOOK_S)
    return time.perf_counter() - begun


if __name__ == "__main__":
    print(json.dumps(figures(directory=next(iter(sys.argv[1:]), None)), indent=1))
