"""Services never outlive the process that started them, however early it is told to end."""

import os
from pathlib import Path

import pytest

from app.commands.supervision import Supervised
from app.config.paths import Paths


class ToldToEnd(Supervised):
    """Ctrl-C comes when the service runs and the others are still awaited."""

    def _become_ready(self) -> bool:
        with open(self.paths.run / "alive", "rb") as fifo:  # until the service has started
            self.service = int(fifo.read())
        raise KeyboardInterrupt


def test_told_to_end_while_starting_no_service_stays(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    paths.make()
    folder = tmp_path / "own" / "sleeper"
    folder.mkdir(parents=True)
    os.mkfifo(paths.run / "alive")
    script = folder / "run"
    script.write_text(f"#!/bin/sh\necho $$ >{paths.run / 'alive'}\nexec sleep 1000\n")
    script.chmod(0o755)
    services = ToldToEnd(paths, [str(folder)])
    with pytest.raises(KeyboardInterrupt), services:
        pass
    assert not Path(f"/proc/{services.service}").exists()
