"""`python -m app phone|mail|admin|box`: one service in the foreground, as s6 runs it."""

import asyncio
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable

import click

from app.appliance import (
    board_spec,
    has_box,
    mail_config,
    make_phone,
    open_inbox,
    retention,
)
from app.commands.common import plainly
from app.core.clock import SystemClock
from app.inbox.retention import tidy
from app.place import Place, here
from app.settings import Settings
from drivers.board import Hardware
from drivers.errors import BusClosed

log = logging.getLogger(__name__)

HOUSEKEEPING_S = 3600
"""Time between two rounds of housekeeping, in seconds."""
BOX_WITHIN_S = 10.0
"""How long the phone service waits for the virtual board to answer, in seconds."""

ready_option = click.option(
    "--ready-fd", type=int, help="Descriptor to tell a supervisor on that the service is ready."
)


def _service(name: str) -> Place:
    """What every service does first."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format=f"{name}: %(levelname)s %(name)s: %(message)s"
    )
    place = here()
    place.make()
    return place


def _ready(fd: int | None) -> Callable[[], None]:
    """What to call once when the service is ready [s6: notification-fd]."""

    def tell() -> None:
        log.info("ready")
        if fd is not None:
            os.write(fd, b"\n")
            os.close(fd)

    return tell


def _until_told(stop: Callable[[], None]) -> None:
    """Call `stop` when the supervisor (or Ctrl-C) ends the service."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


@click.command()
@ready_option
@plainly
def phone(ready_fd: int | None) -> None:
    """Lines, calls and voicemail."""
    place = _service("phone")
    asyncio.run(_serve_phone(place, place.settings(), _ready(ready_fd)))


async def _serve_phone(place: Place, settings: Settings, ready: Callable[[], None]) -> None:
    service = make_phone(place, settings, await _hardware(place, settings), ready)
    _until_told(service.stop)
    await service.run()


async def _hardware(place: Place, settings: Settings) -> Hardware:
    """The board's devices: Linux's, or the virtual box's as soon as it is there."""
    if not has_box(settings.phone.board):
        from drivers.linux import LinuxHardware

        return LinuxHardware(board_spec(settings))
    from drivers.models.bus_client import RemoteBox

    last = time.monotonic() + BOX_WITHIN_S
    while True:
        try:
            return RemoteBox(place.bus)
        except BusClosed:
            if time.monotonic() > last:
                raise
        await asyncio.sleep(0.02)


@click.command()
@ready_option
@plainly
def mail(ready_fd: int | None) -> None:
    """POP3, SMTP and the outgoing queue."""
    asyncio.run(_serve_mail(_service("mail"), _ready(ready_fd)))


async def _serve_mail(place: Place, ready: Callable[[], None]) -> None:
    from app.mail.service import MailService

    settings = place.settings()
    inbox = open_inbox(place, settings)
    service = MailService(inbox.db, mail_config(place, settings))
    told = asyncio.Event()
    _until_told(told.set)
    ports = await service.start()
    place.mail_ports.write_text(json.dumps({"pop3": ports.pop3, "smtp": ports.smtp}))
    ready()
    await told.wait()
    place.mail_ports.unlink(missing_ok=True)
    await service.stop()
    inbox.db.close()


@click.command()
@ready_option
@plainly
def admin(ready_fd: int | None) -> None:
    """Housekeeping: the bin, what never arrived, old history."""
    asyncio.run(_serve_admin(_service("admin"), _ready(ready_fd)))


async def _serve_admin(place: Place, ready: Callable[[], None]) -> None:
    settings = place.settings()
    inbox = open_inbox(place, settings)
    clock = SystemClock()
    told = asyncio.Event()
    _until_told(told.set)
    ready()
    while not told.is_set():
        done = tidy(inbox.db, inbox.store, clock.now(), retention(settings))
        log.info("housekeeping: %s", done)
        try:
            await asyncio.wait_for(told.wait(), HOUSEKEEPING_S)
        except TimeoutError:
            continue
    inbox.db.close()


@click.command()
@ready_option
@plainly
def box(ready_fd: int | None) -> None:
    """The virtual board: chips, telephones and a telephone office made of Python."""
    from drivers.models.bus_server import serve

    place = _service("box")
    settings = place.settings()
    serve(board_spec(settings), place.bus, place.operator, _ready(ready_fd))
