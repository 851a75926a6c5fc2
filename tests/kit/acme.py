"""Pebble, Let's Encrypt's small authority for tests, and its name server, on loopback."""

import json
import os
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.device import certificates
from tests.kit.running import until

ENVIRONMENT = {
    "PEBBLE_VA_NOSLEEP": "1",  # it looks at once
    "PEBBLE_AUTHZREUSE": "0",  # and every time
    "PEBBLE_WFE_NONCEREJECT": "20",  # of a hundred good nonces so many are called bad
}
"""[pebble(1)]."""


@dataclass(frozen=True)
class Authority:
    """One that runs."""

    directory: str
    """URL."""
    trusted: ssl.SSLContext
    """Whom its own connection is trusted by."""
    root: bytes
    """PEM of what its certificates lead to."""
    ca: Path
    """What `trusted` is made of."""


def free_ports(count: int) -> list[int]:
    """TCP ports that nobody listens on; these programs take none from the system by themselves."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


@contextmanager
def authority(folder: Path, http_port: int) -> Iterator[Authority]:
    """An authority that looks for its proofs on this port of 127.0.0.1, whatever the name."""
    folder.mkdir()
    certificates.ensure(folder, ("localhost",), ("127.0.0.1",))
    names, names_control, port, control, unused = free_ports(5)
    config = {
        "listenAddress": f"127.0.0.1:{port}",
        "managementListenAddress": f"127.0.0.1:{control}",
        "certificate": str(folder / "server.crt"),
        "privateKey": str(folder / "server.key"),
        "httpPort": http_port,
        "tlsPort": unused,
    }
    (folder / "config.json").write_text(json.dumps({"pebble": config}))
    nobody = ("-http01", "", "-https01", "", "-tlsalpn01", "")
    resolver = ("pebble-challtestsrv", "-dns01", f"127.0.0.1:{names}", *nobody,
                "-management", f"127.0.0.1:{names_control}", "-defaultIPv6", "")  # fmt: skip
    signer = ("pebble", "-config", str(folder / "config.json"), "-dnsserver", f"127.0.0.1:{names}")
    trusted = ssl.create_default_context(cafile=folder / "ca.crt")
    with ExitStack() as ended:
        for command in (resolver, signer):
            log = ended.enter_context((folder / f"{command[0]}.log").open("wb"))
            environment = {**os.environ, **ENVIRONMENT}
            started = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
            ended.callback(_end, started)
        until(lambda: _listens(port) and _listens(control) and _listens(names_control))
        with urllib.request.urlopen(
            f"https://127.0.0.1:{control}/roots/0", context=trusted
        ) as answer:
            root = answer.read()
        yield Authority(f"https://127.0.0.1:{port}/dir", trusted, root, folder / "ca.crt")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
