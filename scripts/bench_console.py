"""The serial console: from a key to the question for a name, and from a password to the prompt.

    python -m scripts.bench_console       prints the figures as JSON

`python -m app console` is started on a pseudo terminal for each round, as getty does it. The
password is typed a second after it was asked for: nobody types faster.

Goal: the prompt within 1 s.
"""

import json
import os
import pty
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from app.appliance import open_inbox
from app.config.paths import PROJECT, Paths
from app.operations.actor import Actor, Role
from app.operations.people import NewPerson, add_person, set_password

Figures = dict[str, float]

PASSWORD = "bench-password"
BY = Actor("bench", "admin", frozenset({Role.SYSTEM}))
TYPING_S = 1.0
WITHIN_S = 30.0
QUESTION, ANSWER = b"\x1b[6n", b"\x1b[24;80R"


def figures(rounds: int = 5, directory: str | None = None) -> Figures:
    """All figures, medians of so many logins."""
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        paths = Paths(Path(folder) / "var")
        paths.make()
        box = open_inbox(paths, paths.settings())
        add_person(box, BY, NewPerson("anna", "Anna", "201", admin=True))
        set_password(box, BY, "anna", PASSWORD)
        box.db.close()
        found: Figures = {}
        for name, term in (("plain", "dumb"), ("edited", "vt100")):
            took = [_log_in(paths, term) for _ in range(rounds)]
            found[f"console_{name}_login_ms"] = round(median(login for login, _ in took) * 1000)
            found[f"console_{name}_prompt_ms"] = round(median(prompt for _, prompt in took) * 1000)
        return found


def _log_in(paths: Paths, term: str) -> tuple[float, float]:
    """Seconds to the question for a name, and from the password to the prompt."""
    ours, theirs = pty.openpty()
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "console", "--terminal", os.ttyname(theirs)],
        cwd=PROJECT,
        env={**os.environ, "SWITCHHOOK_VAR": str(paths.var), "TERM": term},
        start_new_session=True,
    )
    try:
        if term != "dumb":
            _see(ours, QUESTION)
            os.write(ours, ANSWER)
        _see(ours, b"login: ")
        login = time.perf_counter() - begun
        os.write(ours, b"anna\r")
        _see(ours, b"Password: ")
        time.sleep(TYPING_S)
        begun = time.perf_counter()
        os.write(ours, f"{PASSWORD}\r".encode())
        _see(ours, b"switchhook>")
        return login, time.perf_counter() - begun
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)


def _see(terminal: int, octets: bytes) -> None:
    shown, last = b"", time.monotonic() + WITHIN_S
    while octets not in shown:
        if not select.select([terminal], [], [], max(0.0, last - time.monotonic()))[0]:
            raise SystemExit(f"{octets!r} does not come: {shown!r}")
        shown += os.read(terminal, 4096)


if __name__ == "__main__":
    print(json.dumps(figures(), indent=2))
