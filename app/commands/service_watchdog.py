"""The watchdog service: it feeds the hardware watchdog for as long as the box is well."""

import signal
import time

from app.commands.services import ENDING, begin, ready_teller
from app.device.health import Health
from app.device.watchdog import ROUND_S, Judge, Watchdog


def serve(ready_fd: int | None) -> None:
    """Feed the hardware watchdog for as long as the box is well."""
    paths = begin("watchdog")
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    patient, judge = Health(paths, time.monotonic), Judge()
    dog = Watchdog()
    ready_teller(ready_fd)()
    while True:
        if judge.feed(time.monotonic(), patient.look()):
            dog.feed()
        if signal.sigtimedwait(ENDING, ROUND_S) is not None:
            break
    dog.leave()
