"""The admin service: housekeeping and the web pages, in the foreground."""

import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from app.admin_plan import AdminPlan
from app.commands.services import ENDING, begin, open_store, ready_teller
from app.config.paths import Paths
from app.config.services import plan
from app.core import pack
from app.core.clock import SystemClock
from app.inbox.retention import Retention, clean_up
from app.inbox.search_index import SearchIndex
from app.inbox.store import Store
from app.pages_box import PagesBox
from app.panel.config import PanelConfig
from app.store.checking import StoreChecks
from app.store.condition import State
from app.store.database import Database
from app.store.errors import StoreError, StoreFailed
from app.transcript.transcriber import Transcriber, nobody_on_a_line
from app.web.thread import WebThread

if TYPE_CHECKING:
    from app.panel.thread import PanelThread

log = logging.getLogger(__name__)

HOUSEKEEPING_S = 3600
"""Time between two rounds of housekeeping, in seconds."""
RETRY_S = 30
"""The same after one that has failed: on a full disk it is what makes room."""
CHECK = (sys.executable, "-m", "app", "inbox", "check", "--background")
"""What checks the store, in a process of its own."""
WORKER = (sys.executable, "-m", "app.transcript.worker")
"""What writes a voicemail down, in a process of its own."""
LOOK_S = 5
"""Time between two looks whether the store wants a check, or the search index has to follow it."""
INDEXED_AT_ONCE = 20
"""Slices of the search index between two looks: about a second's work on a Raspberry Pi."""


def serve(ready_fd: int | None) -> None:
    """Housekeeping: the bin, what never arrived, old history; and the web pages."""
    paths = begin("admin")
    known: AdminPlan = plan(paths, "admin")
    box = PagesBox(paths, SystemClock())
    web = WebThread(known.web, SystemClock(), paths, box, _beside(paths, known))
    web.start()  # pages are there also while the store is not
    panel = _front_panel(paths, known.panel)
    try:
        _serve_admin(paths, known.keeping, ready_teller(ready_fd), lambda: web.hangs)
    finally:
        web.stop()
        box.close()
        if panel is not None:
            panel.stop()


def _front_panel(paths: Paths, config: PanelConfig | None) -> "PanelThread | None":
    """Serves the front panel, if the board has one."""
    if config is None:
        return None
    from app.panel.thread import PanelThread
    from app.panel_parts import open_for_panel

    panel = PanelThread(config, paths, lambda: open_for_panel(paths, config), SystemClock())
    panel.start()
    return panel


def _beside(paths: Paths, known: AdminPlan) -> list[Callable[[], Coroutine[Any, Any, None]]]:
    """What runs in the loop of the pages, by a door of its own to the store."""
    if known.mqtt is None:
        return []
    from app.monitoring.mqtt import MqttService

    door = PagesBox(paths, SystemClock())
    return [MqttService(known.mqtt, door, paths.phone_control).run]


def _serve_admin(
    paths: Paths,
    keeping: Retention,
    ready: Callable[[], None],
    web_hangs: Callable[[], bool] = lambda: False,
) -> None:
    db = open_store(paths.database, on_waiting=ready)
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # housekeeping is finished before it ends
    store = Store(db)
    checks = StoreChecks(paths.database, db.clock, CHECK)
    index = SearchIndex(db, store)
    transcriber = Transcriber(
        db, store, db.clock, _writes_down, lambda: nobody_on_a_line(paths.phone_control)
    )
    ready()
    clean_at = follow_at = db.clock.monotonic()
    while True:
        if db.clock.monotonic() >= clean_at:
            clean_at = db.clock.monotonic() + _clean_up(db, store, keeping)
        checks.look()
        if db.clock.monotonic() >= follow_at:
            follow_at = db.clock.monotonic() + _follow(index)
        _write_down(transcriber)
        if not db.in_place:
            log.error("%s is not the store that it was: opened anew", db.path)
            break
        if web_hangs():
            log.error("the web pages hang: the service is started anew")
            break
        if signal.sigtimedwait(ENDING, LOOK_S) is not None:
            break
    checks.stop()
    transcriber.stop()
    index.close()
    try:
        db.now(db.box_time.save)  # so that only a power cut costs some of it
    except StoreFailed as problem:
        log.error("the box time was not saved: %s", problem)
    db.close()


def _writes_down() -> Sequence[str] | None:
    """What writes voicemail down; None where there is no pack for it."""
    found = pack.found()
    return None if found is None else (*WORKER, str(found))


def _write_down(transcriber: Transcriber) -> None:
    try:
        transcriber.look()
    except StoreError as problem:  # its message is next again
        log.error("no text of voicemail: %s", problem)


def _clean_up(db: Database, store: Store, keeping: Retention) -> float:
    """One round of housekeeping; the seconds until the next one."""
    damage = db.condition.damage()
    if damage.state is State.DAMAGED:  # broken pages would be handed out again
        log.error("no housekeeping: %s", damage.text)
        return HOUSEKEEPING_S
    try:
        log.info("housekeeping: %s", clean_up(db, store, keeping))
    except StoreFailed as problem:
        log.error("housekeeping is tried again in %d s: %s", RETRY_S, problem)
        return RETRY_S
    return HOUSEKEEPING_S


def _follow(index: SearchIndex) -> float:
    """Let the search index follow the store a little; the seconds until the next time."""
    try:
        for _ in range(INDEXED_AT_ONCE):
            if not index.catch_up():
                break
    except StoreError as problem:  # until then what is new is not found
        log.error("the search index is tried again in %d s: %s", RETRY_S, problem)
        return RETRY_S
    return 0.0
