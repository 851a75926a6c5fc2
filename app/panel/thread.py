"""The front panel as a part of the admin service: a thread of its own.

So a serial line or a bus that hangs holds up neither housekeeping nor pages. What fails here is
logged and started anew after a while; the thread shares nothing with the rest.
"""

import logging
import select
import signal
import threading
from collections.abc import Callable
from contextlib import closing

from app.config.paths import Paths
from app.core.clock import Clock
from app.operations.panel import PanelBox
from app.operations.panel_state import PanelTold
from app.panel.box import LiveBox
from app.panel.config import PanelConfig
from app.panel.controller import PanelController
from app.panel.held import HeldPanel
from drivers.errors import HardwareError
from drivers.panel import Panel
from drivers.panel_spec import PanelSpec

log = logging.getLogger(__name__)

RETRY_S = 30.0
"""Seconds after which a panel that could not be opened, or has failed, is tried again."""
LONGEST_WAIT_S = 1.0
STOP_S = 3.0
"""Seconds that the thread may take to end."""


def open_panel(config: PanelConfig, paths: Paths) -> Panel:
    """The driver of the board's panel. Raises HardwareError."""
    return panel_driver(config.spec, config.has_box, paths)


def panel_driver(spec: PanelSpec, has_box: bool, paths: Paths) -> Panel:
    """The driver of a board's panel, which may be the virtual board's. Raises HardwareError."""
    if spec.kind == "uart":
        from drivers.linux import LinuxSerial
        from drivers.panel_uart import UartPanel

        return UartPanel(spec, lambda: LinuxSerial(spec.device))
    from drivers.panel_gpio import GpioPanel

    if has_box:
        from drivers.models.bus_control import RemotePanelBus

        return GpioPanel(spec, RemotePanelBus(paths.bus))
    from drivers.linux import PinHardware

    return GpioPanel(spec, PinHardware())


class PanelThread:
    """Serves the panel from `start` to `stop`. `open_box` opens the store for the panel."""

    def __init__(
        self, config: PanelConfig, paths: Paths, open_box: Callable[[], PanelBox], clock: Clock
    ) -> None:
        self._config, self._paths, self._open_box = config, paths, open_box
        self._clock = clock
        self._thread = threading.Thread(target=self._run, name="panel", daemon=True)
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; one that hangs in a driver ends with the process."""
        self._stopping.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        # What ends the service is told to its main thread, which finishes what it is doing.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        with closing(PanelTold(self._paths.panel_state)) as told:
            while not self._stopping.is_set():
                self._serve_once(told)
                self._stopping.wait(RETRY_S)

    def _serve_once(self, told: PanelTold) -> None:
        """Until it fails, or the thread ends."""
        try:
            self._serve(told)
        except HardwareError as problem:
            log.warning("no front panel: %s", problem)
            told.tell(str(problem))
        except Exception as problem:
            log.exception("the front panel has failed and is started again")
            told.tell(f"a fault of the program ({type(problem).__name__}), which the log has")

    def _open_panel(self) -> Panel:
        panel = open_panel(self._config, self._paths)
        try:
            return HeldPanel(panel, self._paths.panel_held)
        except OSError as problem:
            log.warning("no password can be recovered by the front panel: %s", problem)
            return panel

    def _serve(self, told: PanelTold) -> None:
        panel = self._open_panel()
        box = LiveBox(self._config, self._paths, self._open_box, self._clock)
        controller = PanelController(panel, box)
        try:
            while not self._stopping.is_set():
                controller.turn(self._clock.monotonic())
                told.tell("" if panel.present else panel.problem or "it does not answer")
                self._wait(panel, box, controller)
        finally:
            box.close()
            panel.close()

    def _wait(self, panel: Panel, box: LiveBox, controller: PanelController) -> None:
        now_s = self._clock.monotonic()
        due = min(LONGEST_WAIT_S, controller.wait_s(now_s), box.wait_s(now_s))
        poll = select.poll()
        for number in (panel.fileno(), *box.filenos()):
            if number >= 0:
                poll.register(number, select.POLLIN)
        poll.poll(max(1.0, due * 1000))
