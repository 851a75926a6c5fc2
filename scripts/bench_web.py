"""The web pages: time and size of the first, memory of the service, cost of pages that are open.

    python -m scripts.bench_web       prints the figures as JSON

`python -m app admin` is started over a store of its own and asked over loopback, one page after the
other. Pages that are open come from several addresses, since one source may hold few connections.

Goals: the first page within 50 ms and 60 kB; 50 open pages cost at most 1 % of a core. The same for
every page of a box with 1,000 people and 300 aliases, in processor time of the service: what pages
have done by a process of its own (such as all settings) is not in it.
"""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from app.appliance import open_inbox
from app.config.paths import PROJECT, Paths
from app.operations.actor import Actor, Role
from app.operations.people import NewPerson, add_person, set_password
from app.store.database import Tx
from app.web.navigation import SECTIONS

Figures = dict[str, float]

PASSWORD = "bench-password"
BY = Actor("bench", "admin", frozenset({Role.SYSTEM}))
PAGES = 50
EACH = 12
"""Open pages from one address."""
CROWD, ALIASES, MEMBERS = 1000, 300, 20
ROUNDS = 15
"""Of a page in a crowded box."""
CROWDED = (
    "/business/users?q=number+77",
    "/business/users/person500",
    "/business/users/person500/remove",
    "/business/aliases/alias5",
    "/business/add-alias",
    "/business/add-user",
    "/start/people",
    "/start/test",
)
"""Pages about people that the navigation does not name."""
SETTINGS = "[web]\nhttp_port = 0\nhttps_port = 0\nconnections = 100\n"
_TICKS = os.sysconf("SC_CLK_TCK")
_FILES = re.compile(rb'(?:href|src)="(/static/[^"]+)"')


def figures(rounds: int = 100, seconds: float = 30.0, directory: str | None = None) -> Figures:
    """All figures; times are medians of so many pages, open pages are watched for `seconds`."""
    with tempfile.TemporaryDirectory(dir=directory) as folder, ExitStack() as opened:
        paths = _furnished(Path(folder) / "var")
        process = _started(paths)
        opened.callback(process.wait)
        opened.callback(process.terminate)
        port = int(json.loads(paths.web_ports.read_bytes())["http"])
        found = {"web_memory_before_pss_mb": _pss_mb(process.pid)}
        begun = time.perf_counter()
        _ask(port, "/login")
        found["web_load_ms"] = round((time.perf_counter() - begun) * 1000)
        cookie = _log_in(port)
        page = _ask(port, "/account", cookie)
        files = {name.decode() for name in _FILES.findall(page)}
        size = len(page) + sum(len(_ask(port, name)) for name in files)
        found["web_first_page_kb"] = round(size / 1000, 1)
        found["web_first_page_ms"] = _timed(port, cookie, rounds)
        for item in (item for section in SECTIONS for item in section.items):
            _ask(port, item.path, cookie)
        found["web_memory_pss_mb"] = _pss_mb(process.pid)
        idle = _percent(process.pid, seconds)
        for number in range(PAGES):
            opened.enter_context(_page(port, cookie, number))
        found["web_open_pages_percent"] = round(_percent(process.pid, seconds) - idle, 2)
        found["web_idle_percent"] = idle
    return found | crowded_figures(directory)


def crowded_figures(directory: str | None = None) -> Figures:
    """The slowest and the largest page of a crowded box; which one it is goes to standard error."""
    with tempfile.TemporaryDirectory(dir=directory) as folder, ExitStack() as opened:
        paths = _furnished(Path(folder) / "var", CROWD)
        process = _started(paths)
        opened.callback(process.wait)
        opened.callback(process.terminate)
        port = int(json.loads(paths.web_ports.read_bytes())["http"])
        cookie = _log_in(port)
        pages = [item.path for section in SECTIONS for item in section.items]
        found = {}
        for path in (*pages, *CROWDED):
            octets = len(_ask(port, path, cookie))  # the first one loads it
            begun = _run_ms(process.pid)
            _timed(port, cookie, ROUNDS, path)
            found[path] = (_run_ms(process.pid) - begun) / ROUNDS, octets / 1000
    for path, (took, size) in sorted(found.items(), key=lambda one: -one[1][0]):
        print(f"{path:<40} {took:6.1f} ms {size:6.1f} kB", file=sys.stderr)
    return {
        "web_crowded_ms": round(max(took for took, _ in found.values()), 1),
        "web_crowded_kb": round(max(size for _, size in found.values()), 1),
    }


def _furnished(var: Path, people: int = 1) -> Paths:
    """Anna, who administers the box; if it is a crowd, aliases, too."""
    paths = Paths(var)
    paths.make()
    paths.settings_file.write_text(SETTINGS)
    box = open_inbox(paths, paths.settings())
    add_person(box, BY, NewPerson("anna", "Anna", "201", admin=True))
    set_password(box, BY, "anna", PASSWORD)

    def work(tx: Tx) -> None:
        for number in range(1, people):
            box.people.add(tx, f"person{number}", f"Person Number {number}", str(10_000 + number))
        for number in range(ALIASES if people > 1 else 0):
            members = [f"person{(7 * number + one) % (people - 1) + 1}" for one in range(MEMBERS)]
            box.aliases.set(tx, f"alias{number}", [*members, f"x{number}@far.test"], owner="anna")

    box.db.now(work)
    box.db.close()
    return paths


def _started(paths: Paths) -> "subprocess.Popen[bytes]":
    told, ready = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "admin", "--ready-fd", str(ready)],
        cwd=PROJECT,
        env={**os.environ, "SWITCHHOOK_VAR": str(paths.var)},
        pass_fds=[ready],
        stderr=subprocess.DEVNULL,
    )
    os.close(ready)
    os.read(told, 1)
    os.close(told)
    return process


def _ask(port: int, path: str, cookie: str = "") -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"cookie": cookie})
    answer = connection.getresponse()
    page = answer.read()
    connection.close()
    if answer.status not in (http.HTTPStatus.OK, http.HTTPStatus.SEE_OTHER):  # the first start's
        raise SystemExit(f"{path} is answered with {answer.status}")
    return page


def _log_in(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    form = urlencode({"user": "anna", "password": PASSWORD})
    kind = {"content-type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", form, kind)
    cookie = connection.getresponse().getheader("set-cookie")
    connection.close()
    if not cookie:
        raise SystemExit("nobody can log in")
    return cookie.partition(";")[0]


def _timed(port: int, cookie: str, rounds: int, path: str = "/account") -> float:
    """Milliseconds of one page on a connection that is there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    took = []
    for _ in range(rounds):
        begun = time.perf_counter()
        connection.request("GET", path, headers={"cookie": cookie})
        connection.getresponse().read()
        took.append(time.perf_counter() - begun)
    connection.close()
    return round(median(took) * 1000, 1)


def _page(port: int, cookie: str, number: int) -> socket.socket:
    """A page that is open and follows what changes."""
    sock = socket.create_connection(
        ("127.0.0.1", port), timeout=30, source_address=(f"127.0.0.{2 + number // EACH}", 0)
    )
    sock.sendall(f"GET /events HTTP/1.1\r\nHost: box\r\nCookie: {cookie}\r\n\r\n".encode())
    if b" 200 " not in (said := sock.recv(4096)):
        raise SystemExit(f"page {number} is not told what changes: {said!r}")
    return sock


def _percent(pid: int, seconds: float) -> float:
    """How much of a core a process takes while nothing happens."""
    time.sleep(1.0)
    before = _processor_s(pid)
    time.sleep(seconds)
    return round(100 * (_processor_s(pid) - before) / seconds, 2)


def _processor_s(pid: int) -> float:
    """Seconds of a processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _run_ms(pid: int) -> float:
    """Milliseconds that all threads of a process have run [proc_pid_schedstat(5)]."""
    files = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(file.read_text().split()[0]) for file in files) / 1e6


def _pss_mb(pid: int) -> float:
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    return 0.0 if found is None else round(int(found[1]) * 1024 / 1e6, 1)


if __name__ == "__main__":
    print(json.dumps(figures(), indent=2))
