"""The mail service in the foreground."""

import asyncio
import faulthandler
import json
import logging
import resource
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from app.commands.services import ENDING, CannotServe, begin, open_store, ready_teller
from app.config.paths import Paths
from app.config.services import plan
from app.core import files
from app.mail.closed import ClosedMail
from app.mail.control import Control
from app.mail.service import MailConfig, MailService
from app.net.listener import ListenError
from app.store.condition import StoreCondition
from app.store.database import Database
from app.store.errors import StoreDamaged
from app.store.presence import StoreMissing

log = logging.getLogger(__name__)

HANGS_S = 60
"""Seconds without a round of the loop after which the service ends: its supervisor starts it again.

Nothing that it does takes a second; a bug or a mail that nobody foresaw would take it for ever.
"""
FILES_PER_CONNECTION = 2  # mail.connections are of POP3 and of SMTP each
OTHER_FILES = 256
"""Open files that are no client's connection: store, logs, outgoing mail, those to be refused."""

ALIVE_S = 5.0
"""Seconds between two signs that the loop goes round."""


def serve(ready_fd: int | None) -> None:
    """POP3, SMTP and the outgoing queue.

    Raises CannotServe if nobody can reach it.
    """
    paths = begin("mail")
    config = plan(paths, "mail")
    try:
        db = _opened(paths.database)
        asyncio.run(_serve_mail(paths, db, config, ready_teller(ready_fd)))
    except ListenError as problem:
        raise CannotServe(str(problem)) from problem


def _opened(store: Path) -> Database | None:
    """The store; None if it is missing, or so damaged that it cannot be opened."""
    try:
        return open_store(store)
    except (StoreDamaged, StoreMissing):
        return None


def _allow_files(count: int) -> None:
    """Raise the limit of open files to what all connections need, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    endless = resource.RLIM_INFINITY
    if soft == endless or soft >= count:
        return
    allowed = count if hard == endless else min(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < count:
        log.warning("only %d files may be open: fewer connections than set fit", allowed)


async def _serve_mail(
    paths: Paths, db: Database | None, config: MailConfig, ready: Callable[[], None]
) -> None:
    stopping = asyncio.Event()
    _allow_files(FILES_PER_CONNECTION * config.connections + OTHER_FILES)
    condition = StoreCondition(paths.database)
    service: MailService | ClosedMail = ClosedMail(config, condition, stopping.set)
    if db is not None:
        service = MailService(db, config, on_gone=stopping.set)
    control = Control(paths.mail_control, {"status": service.status, "connections": service.held})
    for number in ENDING:
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    ports = await service.start()
    try:
        await control.open()
    except OSError as problem:  # health says so; clients are served all the same
        log.error("nobody can ask at %s: %s", paths.mail_control, problem)
    bound = {"host": config.listen, **asdict(ports)}
    paths.mail_ports.unlink(missing_ok=True)  # of a service that was killed
    try:
        files.write(paths.mail_ports, json.dumps(bound))
    except OSError as problem:  # commands ask there; clients come all the same
        log.error("%s cannot be written: %s", paths.mail_ports, problem)
    ready()
    await end_when_hung(stopping)
    paths.mail_ports.unlink(missing_ok=True)
    control.close()
    await service.stop()
    if db is not None:
        db.close()


async def end_when_hung(stopping: asyncio.Event, hangs_s: float = HANGS_S) -> None:
    """Wait for the end; a loop that hangs meanwhile ends the process, its stack in the log.

    The time is taken by a thread of the interpreter's own, which needs nothing of Python.
    """
    while not stopping.is_set():
        faulthandler.dump_traceback_later(hangs_s, exit=True)
        try:
            await asyncio.wait_for(stopping.wait(), ALIVE_S)
        except TimeoutError:
            continue
    faulthandler.cancel_dump_traceback_later()
