"""The phone service in the foreground."""

import asyncio
import logging
import time
from collections.abc import Callable

from app.appliance import make_phone
from app.commands.errors import OURS
from app.commands.services import ENDING, CannotServe, begin, ready_teller
from app.config.paths import Paths
from app.config.services import plan
from app.core.subprocess_call import in_child
from app.phone_plan import PhonePlan
from drivers.board import Hardware
from drivers.errors import BusClosed

log = logging.getLogger(__name__)

BOX_WITHIN_S = 10.0
"""How long the phone service waits for the virtual board to answer, in seconds."""


def serve(ready_fd: int | None) -> None:
    """Lines, calls and voicemail.

    Raises CannotServe if a library is missing.
    """
    paths = begin("phone", needs_folders=False)
    known = plan(paths, "phone")
    in_child(lambda: _check_store(paths), OURS)
    _check_library()
    asyncio.run(_serve_phone(paths, known, ready_teller(ready_fd)))


def _check_store(paths: Paths) -> None:
    """A store of a newer program ends the service; calls go on without one that is broken."""
    from app.store.errors import TROUBLE, SchemaTooNew
    from app.store.schema import check

    try:
        check(paths.database)
    except SchemaTooNew:
        raise
    except TROUBLE as problem:
        log.error("calls go on without the store: %s", problem)


def _check_library() -> None:
    """Better now than at the first digit."""
    from app.phone.sound import dsp, native
    from app.phone.sound.spandsp import SpandspMissing

    try:
        dsp.library()
        native.library()
    except (SpandspMissing, native.NativeMissing) as missing:
        raise CannotServe(str(missing)) from missing


async def _serve_phone(paths: Paths, plan: PhonePlan, ready: Callable[[], None]) -> None:
    service = await make_phone(paths, plan, board_hardware(paths, plan), ready)
    for number in ENDING:
        asyncio.get_running_loop().add_signal_handler(number, service.stop)
    await service.run()


async def board_hardware(paths: Paths, plan: PhonePlan) -> Hardware:
    """The board's devices: Linux's, or the virtual box's as soon as it is there.

    The samples of a virtual box may go over a sound card of Linux all the same.
    """
    if not plan.has_box:
        from drivers.linux import LinuxHardware

        return LinuxHardware(plan.board)
    from drivers.models.bus_client import CardBox, RemoteBox

    card = None
    if plan.board.box_device:
        from drivers.linux_alsa import open_pcm

        board = plan.board
        card = open_pcm(board.pcm_device, board.stream, board.capture_device)
    last = time.monotonic() + BOX_WITHIN_S
    while True:
        try:
            return RemoteBox(paths.bus) if card is None else CardBox(paths.bus, card)
        except BusClosed:
            if time.monotonic() > last:
                raise
        await asyncio.sleep(0.02)
