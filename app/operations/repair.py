"""Check and repair of the store. A repair takes long beside the services, and then a moment alone.

While the fresh store is made the old one can be read: mail is fetched, calls go on, mail to come
is put off. For the change-over nobody may have the store open: mail and housekeeping are stopped,
and the phone's clerk is ended, which starts again by itself and then waits; calls go on.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.config.paths import Paths
from app.core.clock import Clock, SystemClock
from app.core.privileges import as_service
from app.operations.actor import Actor, require_admin
from app.operations.errors import OperationError
from app.operations.running import stopped
from app.store.change_over import change_over, kept, repaired, report_of
from app.store.check import check
from app.store.condition import Condition, State, StoreCondition
from app.store.locks import FairLock, FileLock
from app.store.repair import only_one, salvage

LETS_GO_S = 15.0
"""How long programs have to let go of the store."""
LOOK_S = 0.05
CLERK = b"app.clerk.server"


@dataclass(frozen=True)
class Repaired:
    """What a repair has done."""

    report: str
    """What is kept, and person by person what is not, in words."""
    kept: Path
    """Where the damaged store lies now."""


def check_store(
    actor: Actor, paths: Paths, rest: Callable[[float], None], clock: Clock | None = None
) -> Condition:
    """Check the whole store now, beside whatever goes on; how it is.

    `rest` is given the seconds that each slice took, to wait between them. Raises NotAllowed,
    OperationError if there is no store, and StoreFailed if it cannot be checked.
    """
    require_admin(actor, "check the store")
    _must_exist(paths.database)
    with as_service():
        return check(paths.database, clock or SystemClock(), rest)


def repair_store(
    actor: Actor,
    paths: Paths,
    tell: Callable[[str], None],
    sleep: Callable[[float], None],
    clock: Clock | None = None,
) -> Repaired | None:
    """Make a new store of all that can be read; None if a check finds nothing to repair.

    `tell` is given what is being done, a line each; `sleep` waits for other programs. It may be
    interrupted and called again at any time. Raises NotAllowed; OperationError if somebody does not
    let go of the store; StoreFailed for want of room, or if the disk fails again. The store is then
    as it was.
    """
    require_admin(actor, "repair the store")
    clock = clock or SystemClock()
    store = paths.database
    _must_exist(store)
    if not repaired(store).exists() and StoreCondition(store).damage().state is State.WELL:
        tell("no damage is known: the store is checked")
        if check_store(actor, paths, lambda _: None, clock).state is State.WELL:
            return None
    with ExitStack() as held:
        with as_service():
            held.enter_context(only_one(store))
        if not repaired(store).exists():  # or an earlier repair was cut off after it
            tell("a new store is made of what can be read; mail to come is put off meanwhile")
            with as_service():
                salvage(store, clock)
        old = kept(store)
        tell("the new store takes its place; mail stops for a moment, calls go on")
        _put_in_place(paths, sleep)
    return Repaired(report_of(old).read_text(), old)


def _must_exist(store: Path) -> None:
    if not store.exists() and not repaired(store).exists():
        raise OperationError("", "there is no store: %(store)s", store=store)


def _put_in_place(paths: Paths, sleep: Callable[[float], None]) -> None:
    store = paths.database
    with as_service():
        lock = FairLock(store)
        in_use = FileLock(store.with_name(store.name + ".open"))
    try:
        with stopped(paths, ("mail", "admin")), lock.hold():
            for clerk in _holders(store, CLERK):
                os.kill(clerk, signal.SIGTERM)
            with _alone(in_use, store, sleep), as_service():
                change_over(store)
    finally:
        in_use.close()
        lock.close()


@contextmanager
def _alone(in_use: FileLock, store: Path, sleep: Callable[[float], None]) -> Iterator[None]:
    """Wait until nobody else has the store open. Raises OperationError if somebody stays."""
    until = time.monotonic() + LETS_GO_S
    while not in_use.try_acquire():
        if time.monotonic() > until:
            who = ", ".join(f"{pid} ({_name(pid)})" for pid in _holders(store)) or "unknown"
            raise OperationError(
                "",
                "a program does not let go of the store: process %(who)s. End it"
                " and repair again: the new store is ready, and is also taken at"
                " the next start of the box",
                who=who,
            )
        sleep(LOOK_S)
    try:
        yield
    finally:
        in_use.release()


def _holders(store: Path, doing: bytes = b"") -> list[int]:
    """The other processes that have the store's file open and whose command line has `doing`."""
    wanted = store.stat()
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            if doing in (folder / "cmdline").read_bytes() and _holds(folder, wanted):
                found.append(int(folder.name))
        except OSError:  # it has ended, or is not ours to look at
            continue
    return found


def _holds(process: Path, wanted: os.stat_result) -> bool:
    return any(_is_same(file, wanted) for file in (process / "fd").iterdir())


def _is_same(file: Path, wanted: os.stat_result) -> bool:
    try:
        found = file.stat()
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino)


def _name(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return "?"
    return b" ".join(words).decode(errors="replace").strip()
