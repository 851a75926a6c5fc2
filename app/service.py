"""`python -m app.service NAME READY_FD`: a service, as its run script starts it.

`python -m app NAME` is the same by hand. That needs click, which would be a megabyte in each
service.
"""

import signal
import sys
from importlib import import_module

from app.commands.errors import reports_errors

SERVICES = {
    "phone": "app.commands.service_phone",
    "mail": "app.commands.service_mail",
    "admin": "app.commands.service_admin",
    "box": "app.commands.service_box",
    "watchdog": "app.commands.service_watchdog",
}
"""The module of each, which has `serve(ready_fd)`: it returns when the service is to end."""


def serve(name: str, ready_fd: int | None = None) -> None:
    """Be this service; a supervisor is told at descriptor `ready_fd` that it is ready."""
    unblock()
    reports_errors(import_module(SERVICES[name]).serve)(ready_fd)


def unblock() -> None:
    """Let this process be ended.

    A service that waits for these signals has them blocked, and so would what it starts: nobody
    could end that.
    """
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
