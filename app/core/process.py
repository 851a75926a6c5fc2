"""Processes: running the system's own small programs, giving way to others, ending together."""

import logging
import os
import signal
import subprocess
from pathlib import Path

from app.core.errors import DeviceError

log = logging.getLogger(__name__)

_IOPRIO_SET = {"x86_64": 251, "aarch64": 30, "armv7l": 314}  # system calls [ioprio_set(2)]
_IDLE_CLASS = 3 << 13
_PR_SET_PDEATHSIG = 1  # [prctl(2)]


def run(*command: str | Path, stdin: str | None = None) -> str:
    """Run a program; what it printed. Raises DeviceError with its last words."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)
    except FileNotFoundError as problem:
        raise DeviceError(f"the program {words[0]} is missing here") from problem
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
        raise DeviceError(f"{words[0]} failed (exit {done.returncode}): {'; '.join(said)}")
    return done.stdout


def started_at(pid: int) -> int:
    """When a process started, in the kernel's ticks since the boot [proc(5), stat, field 22].

    With its number it tells this process from a later one. 0: there is none.
    """
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(told.rpartition(")")[2].split()[19])


def lower_priority() -> None:
    """Let this process have what nobody else needs: of the processor, and of the disk."""
    os.nice(19)
    import ctypes

    number = _IOPRIO_SET.get(os.uname().machine)
    if number is not None and ctypes.CDLL(None, use_errno=True).syscall(number, 1, 0, _IDLE_CLASS):
        log.info("the disk is used at normal priority: %s", os.strerror(ctypes.get_errno()))


def end_with(parent: int) -> None:
    """Have this process killed when `parent`, the process that has just started it, ends.

    Strictly: when the thread that has started it ends. Raises OSError [prctl(2)].
    """
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "PR_SET_PDEATHSIG")
    if os.getppid() != parent:  # it ended before, and nobody will tell
        os.kill(os.getpid(), signal.SIGKILL)
