"""Limits for a process that reads what anybody may have sent."""

import os
import resource
from pathlib import Path


def data_now() -> int:
    """Octets of data that this process has [proc(5), status: VmData]."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmData:")[2].split(maxsplit=1)[0]) * 1024


def confine(memory: int, cpu_s: int, nice: int) -> None:
    """Limit this process: to so many octets of data beyond its own, and seconds of CPU time.

    It leaves no core behind, and gives way to others by `nice` [setrlimit(2), nice(2)].
    """
    data = data_now() + memory
    resource.setrlimit(resource.RLIMIT_DATA, (data, data))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(nice)
