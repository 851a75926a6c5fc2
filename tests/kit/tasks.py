"""The service that does what pages ask for, as its own run script starts it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.commands.supervision import DEVICE_SERVICES
from app.commands.task import means_of
from app.config.paths import PROJECT, Paths
from app.operations.task_work import perform
from app.operations.tasks import TaskState, read_task
from tests.kit.running import until


@contextmanager
def task_thread(paths: Paths) -> Iterator[None]:
    """Do tasks in a thread of this process, which costs a test a tenth of what the service does."""
    paths.task_pipe.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(paths.task_pipe)
    pipe = os.open(paths.task_pipe, os.O_RDWR | os.O_CLOEXEC)  # a reader, and never the last writer

    def work() -> None:
        with open(pipe, "rb") as lines:
            while (line := lines.readline()).strip():
                perform(paths, line, means_of(paths))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        os.write(pipe, b"\n")
        worker.join()


@contextmanager
def task_service(paths: Paths) -> Iterator[None]:
    """Run it for this folder for the length of a `with` block."""
    ready, told = os.pipe()
    script = DEVICE_SERVICES / "tasks" / "run"
    command = f'exec 3>&{told}; exec "$0"'
    with subprocess.Popen(
        ["bash", "-c", command, str(script)],  # dash takes no descriptor of two digits
        env={
            **os.environ,
            "SWITCHHOOK_HOME": str(PROJECT),
            "SWITCHHOOK_PYTHON": sys.executable,
            "SWITCHHOOK_VAR": str(paths.var),
        },
        stdin=subprocess.DEVNULL,
        pass_fds=(told,),
        start_new_session=True,
    ) as process:
        os.close(told)
        try:
            with open(ready, "rb") as words:
                assert words.readline() == b"\n", "the service did not say that it is ready"
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def outcome(paths: Paths, kind: str, number: str) -> TaskState:
    """How the task of this number went, once it has ended."""

    def ended() -> TaskState | None:
        state = read_task(paths, kind)
        return state if state is not None and state.number == number and not state.runs else None

    state = until(ended)
    assert state is not None
    return state
