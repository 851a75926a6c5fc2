"""Sound of all lines in C: what would be many small calls of numpy in every beat.

`sound.h` declares what there is. The C files beside it are compiled by scripts/native: for this
machine by scripts/setup, for devices when an image is built. Opened by cffi without a compiled
wrapper, so one build serves every version of Python, and needs no headers of it; declared.py is
made of sound.h by scripts/declared.py.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.phone.sound.native.declared import ffi as ffi

FOLDER = Path(__file__).resolve().parent
LIBRARY = FOLDER / "sound.so"


class NativeMissing(RuntimeError):
    """The compiled part cannot be loaded; the text says how it is made."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"{LIBRARY.name} of {FOLDER} cannot be loaded ({problem}); "
            "`scripts/setup run` compiles it"
        )


@cache
def library() -> Any:
    """The opened library. Raises NativeMissing."""
    try:
        return ffi.dlopen(str(LIBRARY))
    except OSError as problem:
        raise NativeMissing(str(problem)) from problem


def pointer(array: NDArray[np.generic], kind: str) -> Any:
    """The address of a contiguous array of this kind of C; keeps the array alive."""
    return ffi.from_buffer(f"{kind}[]", array, require_writable=False)


def checked(given: int) -> int:
    """What a function gave. Raises ValueError where it has refused its arguments."""
    if given < 0:
        raise ValueError("no such line, or not the samples of as many lines as there are")
    return given
