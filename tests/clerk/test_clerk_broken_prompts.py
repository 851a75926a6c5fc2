"""A sound file that is broken or missing is replaced by speech, and the log says so once."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from app.phone.jobs import Prompt
from tests.kit.voicemail import House

GOODBYE = Prompt("vm-goodbye")


@pytest.mark.parametrize("broken", [b"", b"RIFF", b"not a sound at all", None])
def test_prompt_that_cannot_be_read_is_spoken_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: bytes | None
) -> None:
    house = House(tmp_path)
    pack = tmp_path / "packs" / "en"
    pack.mkdir(parents=True)
    if broken is not None:
        (pack / "vm-goodbye.wav").write_bytes(broken)
    house.config = replace(house.config, packs=str(pack.parent))
    house.restart()
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            assert len(house.clerk.sound(GOODBYE, 0, 16_000).result()) > 8000
    told = [row.getMessage() for row in caplog.records]
    assert sum("vm-goodbye" in text for text in told) == 1, told
