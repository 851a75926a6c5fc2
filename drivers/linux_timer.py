"""A timer of the Linux kernel as a descriptor [timerfd_create(2), Linux 2.6.25]."""

import ctypes
import os

_CLOCK_MONOTONIC = 1
_COUNT_OCTETS = 8


class _Interval(ctypes.Structure):
    """struct itimerspec: interval and first expiration, each in seconds and nanoseconds."""

    _fields_ = [
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("first_s", ctypes.c_long),
        ("first_ns", ctypes.c_long),
    ]


class LinuxTimer:
    """IntervalTimer over a timerfd. Raises OSError when the kernel gives none."""

    def __init__(self) -> None:
        self._kernel = ctypes.CDLL(None, use_errno=True)
        self._timer = self._called(
            self._kernel.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        )

    def fileno(self) -> int:
        """Readable when an interval has passed."""
        return self._timer

    def start(self, milliseconds: int) -> None:
        """Intervals of this length (ms) begin now; what has passed before is forgotten."""
        seconds, rest = divmod(milliseconds, 1000)
        times = _Interval(seconds, rest * 1_000_000, seconds, rest * 1_000_000)
        self._called(self._kernel.timerfd_settime(self._timer, 0, ctypes.byref(times), None))

    def expired(self) -> int:
        """How many intervals have passed since the last call."""
        try:
            return int.from_bytes(os.read(self._timer, _COUNT_OCTETS), "little")
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Let the timer go; calling it twice is harmless."""
        if self._timer >= 0:
            os.close(self._timer)
            self._timer = -1

    def _called(self, result: int) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), "timerfd")
        return result
