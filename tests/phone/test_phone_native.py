"""What is compiled from C: how it is loaded, what it refuses, that it stays in its memory."""

import asyncio
import gc
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.phone.sound import native
from app.phone.sound.echo import EchoCanceller
from drivers.buses import PERIOD

TORTURE = Path(__file__).with_name("native_torture.c")


def test_a_compiled_part_that_is_missing_is_told_with_the_way_to_make_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "LIBRARY", tmp_path / "sound.so")
    with pytest.raises(native.NativeMissing, match=r"sound\.so .*`scripts/setup run` compiles it"):
        native.library.__wrapped__()
    (tmp_path / "sound.so").write_bytes(b"\x7fELF of another machine")
    with pytest.raises(native.NativeMissing, match="scripts/setup"):
        native.library.__wrapped__()


def test_lines_and_samples_that_there_are_not_are_refused() -> None:
    canceller = EchoCanceller(3)
    for slot in (-1, 3):
        with pytest.raises(ValueError, match="no such line"):
            canceller.want(slot, True)
    for rows in (2, 4):
        with pytest.raises(ValueError, match="samples"):
            canceller.sent(np.zeros((rows, PERIOD), np.int16))
    canceller.sent(np.zeros((3, PERIOD), np.int16))  # from now on it is at work
    for rows in (2, 4):
        with pytest.raises(ValueError, match="samples"):
            canceller.cancel(np.zeros((rows, PERIOD), np.int16))
    with pytest.raises(ValueError, match="0 lines"):
        EchoCanceller(0)


def test_rows_that_do_not_lie_in_one_piece_are_refused() -> None:
    canceller = EchoCanceller(3)
    canceller.sent(np.zeros((3, PERIOD), np.int16))
    with pytest.raises(ValueError, match="contiguous"):
        canceller.cancel(np.zeros((6, PERIOD), np.int16)[::2])


def test_what_is_loaded_was_made_of_the_sources_that_lie_there() -> None:
    """An old one would be called with other arguments: scripts/native sees that it is not."""
    before = native.LIBRARY.stat().st_mtime_ns
    subprocess.run(["scripts/native"], cwd=native.FOLDER.parents[3], check=True)
    assert native.LIBRARY.stat().st_mtime_ns == before


def test_no_input_leads_out_of_its_memory(tmp_path: Path) -> None:
    """Compiling with the sanitizers takes most of its two seconds."""
    program = tmp_path / "torture"
    sources = [TORTURE, *native.FOLDER.glob("*.c")]
    sanitizers = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    subprocess.run(
        ["gcc", "-std=gnu11", "-O1", "-g", *sanitizers, "-include", "stdint.h",
         f"-I{native.FOLDER}", *sources, "-lm", "-o", program],
        check=True,
    )  # fmt: skip
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_calls_given_up_together_with_their_canceller_can_still_tell_it_that_they_end() -> None:
    """As the lines of a board that nobody holds any more are: in any order."""
    refused: list[str] = []

    async def call(canceller: EchoCanceller, cycle: list[Any]) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            try:
                canceller.want(2, False)
            except ValueError as problem:
                refused.append(str(problem))

    async def calls() -> None:
        for _ in range(20):
            canceller, cycle = EchoCanceller(3), list[Any]()
            call_of_it = call(canceller, cycle)
            call_of_it.send(None)
            cycle.append(call_of_it)

    asyncio.run(calls())
    gc.collect()
    assert not refused
