"""What `python -m app run` is once everything runs: it keeps the serial console, and waits.

A program of its own, which the process becomes by exec(): the interpreter and next to nothing else,
for as long as the box runs. What ends the services is loaded when they are to end.
"""

import os
import signal
import sys

from app.console.cable import Cable

ENDING = (signal.SIGTERM, signal.SIGINT)


def become(folder: str, console: str, scan: int, lock: int) -> None:
    """Have this process go on as attend(), in the same words. Raises OSError.

    `scan` is its child that starts services, `lock` the descriptor that keeps the folder taken. Who
    would end it meanwhile is heard afterwards.
    """
    os.set_inheritable(lock, True)
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    words = [sys.executable, "-m", __name__, folder, console, str(scan), str(lock)]
    try:
        os.execv(sys.executable, words)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


def attend(folder: str, console: str, scan: int, lock: int) -> None:
    """Wait until the services end, or are to end; then see that all of them do."""
    os.set_inheritable(lock, False)  # of a console the folder is none
    login = [sys.executable, "-m", "app", "console", "--terminal"]
    cable = Cable(console, login, {**os.environ, "SWITCHHOOK_VAR": folder, "TERM": "vt100"})
    ended = os.pidfd_open(scan)
    try:
        cable.lay()
        try:
            for number in ENDING:
                signal.signal(number, signal.default_int_handler)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
            cable.relay(until=ended)
        except KeyboardInterrupt:
            _say_so()
        finally:
            cable.stop()
    finally:
        _end(folder, scan)


def _say_so() -> None:
    from app.commands.output import say

    say("", "ending the services …")


def _end(folder: str, scan: int) -> None:
    from pathlib import Path

    from app.commands.supervision import Supervised
    from app.config.paths import Paths

    Supervised(Paths(Path(folder)), (), scan=scan).stop()


if __name__ == "__main__":
    attend(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
