"""What one input may cost: 0.2 s of processor time and 64 MB, whatever it holds.

Memory is limited by the kernel (RLIMIT_DATA, from what the process has at the moment), so what is
too much raises MemoryError where it is asked for. Time is looked at afterwards; an input that takes
too long is tried again, because a collection of garbage or a first import may have fallen into it.
Under the engine all code is slower than it is, so there an input that takes too long is only put
aside, to be run again as a process of its own: `python -m tests.fuzz.limits TARGET FILE...`
"""

import gc
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.fuzz.targets import TARGETS

SECONDS = 0.2
OCTETS = 64 * 1024 * 1024
TRIES = 3
_DATA_PAGES = 5  # the field of /proc/self/statm [proc(5)]


class TooSlow(AssertionError):
    """An input took more than SECONDS at every try."""


class Limited:
    """A function of octets under the limits.

    `put_aside` is given an input that takes too long, instead of an error.
    """

    def __init__(
        self, function: Callable[[bytes], None], put_aside: Callable[[bytes], None] | None = None
    ) -> None:
        self._function, self._put_aside = function, put_aside
        self._unlimited = resource.getrlimit(resource.RLIMIT_DATA)
        self._statm = Path("/proc/self/statm").open("rb", buffering=0)  # noqa: SIM115

    def __call__(self, data: bytes) -> None:
        """Run it once. Raises TooSlow, MemoryError, and whatever the function lets escape."""
        if self._seconds(data) > SECONDS:
            gc.collect()
            best = min(self._seconds(data) for _ in range(TRIES))
            if best > SECONDS and self._put_aside is not None:
                self._put_aside(data)
            elif best > SECONDS:
                raise TooSlow(f"{best:.2f} s for an input of {len(data)} octets")

    def _seconds(self, data: bytes) -> float:
        soft = self._octets_now() + OCTETS
        resource.setrlimit(resource.RLIMIT_DATA, (soft, self._unlimited[1]))
        start = time.process_time()
        try:
            self._function(data)
        finally:
            taken = time.process_time() - start
            resource.setrlimit(resource.RLIMIT_DATA, self._unlimited)
        return taken

    def _octets_now(self) -> int:
        self._statm.seek(0)
        return int(self._statm.read().split()[_DATA_PAGES]) * resource.getpagesize()


def main() -> int:
    """Run files of one target again; those that are within the limits are removed."""
    name, *files = sys.argv[1:]
    function = TARGETS[name].function()
    function(b"")
    limited, failed = Limited(function), 0
    for file in map(Path, files):
        try:
            limited(file.read_bytes())
        except TooSlow as slow:
            print(f"{file}: {slow}")
            failed = 1
        else:
            file.unlink()
    return failed


if __name__ == "__main__":
    sys.exit(main())
