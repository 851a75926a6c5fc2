"""`python -m app phone`: the phone service in the foreground."""

import asyncio
import time
from collections.abc import Callable

import click

from app.appliance import PhonePlan, make_phone
from app.commands.child import in_child
from app.commands.plainly import plainly
from app.commands.plans import plan
from app.commands.services import ENDING, begin, ready_option, ready_teller
from app.place import Place
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
    known = plan(place, "phone")
    in_child(lambda: _check_store(place))
    _check_library()
    asyncio.run(_serve_phone(place, known, ready_teller(ready_fd)))


def _check_store(place: Place) -> None:
    """It must be one that the clerk can work on."""
    from app.inbox.schema import check

    check(place.database)


def _check_library() -> None:
    """Better now than at the first digit."""
    from app.phone.dsp import SpandspMissing, library

    try:
        library()
    except SpandspMissing as missing:
        raise click.ClickException(str(missing)) from missing


async def _serve_phone(place: Place, plan: PhonePlan, ready: Callable[[], None]) -> None:
    service = make_phone(place, plan, await _hardware(place, plan), ready)
    for number in ENDING:
        asyncio.get_running_loop().add_signal_handler(number, service.stop)
    await service.run()


async def _hardware(place: Place, plan: PhonePlan) -> Hardware:
    """The board's devices: Linux's, or the virtual box's as soon as it is there.

    The samples of a virtual box may go over a sound card of Linux all the same.
    """
    if not plan.has_box:
        from drivers.linux import LinuxHardware

        return LinuxHardware(plan.board)
    from drivers.models.bus_client import CardBox, RemoteBox

    card = None
    if plan.board.box_device:
        from drivers.linux import open_pcm

        card = open_pcm(plan.board.pcm_device, plan.board.slots)
    last = time.monotonic() + BOX_WITHIN_S
    while True:
        try:
            return RemoteBox(place.bus) if card is None else CardBox(place.bus, card)
        except BusClosed:
            if time.monotonic() > last:
                raise
        await asyncio.sleep(0.02)
