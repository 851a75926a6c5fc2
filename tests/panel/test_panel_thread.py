"""The panel's thread: what hangs or fails there holds up nobody else."""

import threading
from pathlib import Path

import pytest

from app.config.paths import Paths
from app.core.clock import SystemClock
from app.operations.panel_state import PanelTold
from app.panel import thread
from app.panel.config import PanelConfig
from app.panel.thread import PanelThread, open_panel
from app.panel_parts import open_for_panel
from drivers.errors import HardwareError
from drivers.panel_gpio import GpioPanel
from drivers.panel_spec import PanelSpec, virtual_panel
from drivers.panel_uart import UartPanel
from tests.kit.panels import LIMITS


def served(paths: Paths, spec: PanelSpec) -> PanelThread:
    config = PanelConfig(spec, True, "", "101", LIMITS)
    return PanelThread(config, paths, lambda: open_for_panel(paths, config), SystemClock())


def test_panel_whose_driver_hangs_keeps_nobody_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, never = threading.Event(), threading.Event()

    def hangs(*_: object) -> None:
        reached.set()
        never.wait()

    monkeypatch.setattr(thread, "open_panel", hangs)
    monkeypatch.setattr(thread, "STOP_S", 0.01)
    panel = served(Paths(tmp_path), virtual_panel(["101"]))
    panel.start()
    assert reached.wait(5)
    panel.stop()
    never.set()


def test_panel_that_cannot_be_opened_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[int] = []
    enough = threading.Event()

    def fails(*_: object) -> None:
        tried.append(1)
        if len(tried) == 3:
            enough.set()
        if len(tried) == 2:
            raise RuntimeError("a fault of ours")
        raise HardwareError("I2C: /dev/i2c-1: No such file or directory")

    monkeypatch.setattr(thread, "open_panel", fails)
    monkeypatch.setattr(thread, "RETRY_S", 0.001)
    panel = served(Paths(tmp_path), virtual_panel(["101"]))
    told: list[str] = []
    monkeypatch.setattr(PanelTold, "tell", lambda _, problem: told.append(problem))
    panel.start()
    assert enough.wait(5)
    panel.stop()
    assert "I2C: /dev/i2c-1: No such file or directory" in told
    assert "a fault of the program (RuntimeError), which the log has" in told
    assert "no front panel: I2C: /dev/i2c-1" in caplog.text
    assert "the front panel has failed and is started again" in caplog.text


def test_panel_of_either_kind_is_opened_by_its_board_file(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    pins = PanelConfig(virtual_panel(["101"]), True, "", "101", LIMITS)
    assert isinstance(open_panel(pins, paths), GpioPanel)
    line = PanelConfig(PanelSpec("uart", (), (), device="/dev/none"), False, "", "101", LIMITS)
    panel = open_panel(line, paths)
    assert isinstance(panel, UartPanel)
    assert panel.look(1.0) == []
    assert "/dev/none" in panel.problem
