"""`python -m app phone`: the phone service in the foreground."""

import asyncio
import time
from collections.abc import Callable

import click

from app.appliance import board_spec, has_box, make_phone
from app.commands.plainly import plainly
from app.commands.services import ENDING, begin, ready_option, ready_teller
from app.place import Place
from app.settings import Settings
from drivers.board import Hardware
from drivers.errors import BusClosed

BOX_WITHIN_S = 10.0
"""How long the phone service waits for the virtual board to answer, in seconds."""


@click.command()
@ready_option
@plainly
def phone(ready_fd: int | None) -> None:
    """Lines, calls and voicemail."""
    place = begin("phone")
    asyncio.run(_serve_phone(place, place.settings(), ready_teller(ready_fd)))


async def _serve_phone(place: Place, settings: Settings, ready: Callable[[], None]) -> None:
    service = make_phone(place, settings, await _hardware(place, settings), ready)
    for number in ENDING:
        asyncio.get_running_loop().add_signal_handler(number, service.stop)
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
