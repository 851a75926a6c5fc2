"""Debian's mosquitto as a broker on loopback, and its own client, which hears all that is told."""

import json
import os
import select
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.kit.acme import free_ports
from tests.kit.box_keys import BoxKeys

WITHIN_S = 20.0
"""Seconds in which what is to be told must have come; as a rule it takes milliseconds."""
PLAIN = "listener {port} 127.0.0.1\nallow_anonymous {anonymous}\npersistence false\n"
LOGIN = "password_file {folder}/users\n"
TLS = "certfile {folder}/server.crt\nkeyfile {folder}/server.key\n"


class Broker:
    """The broker; with `users` (login, password) nobody else gets in, with `keys` it has TLS."""

    def __init__(
        self, folder: Path, users: dict[str, str] | None = None, keys: BoxKeys | None = None
    ) -> None:
        (self.port,) = free_ports(1)
        self.folder, self.authority = folder, keys and keys.authority
        text = PLAIN.format(port=self.port, anonymous=str(not users).lower())
        if os.geteuid() == 0:
            text += "user root\n"  # it gives its rights up otherwise, and cannot read these files
        if users:
            (folder / "users").write_text("".join(f"{u}:{p}\n" for u, p in users.items()))
            (folder / "users").chmod(0o600)
            command = ["mosquitto_passwd", "-U", str(folder / "users")]
            subprocess.run(command, check=True, capture_output=True)
            text += LOGIN.format(folder=folder)
        if keys is not None:
            text += TLS.format(folder=keys.folder)
        (folder / "mosquitto.conf").write_text(text)
        self._process: subprocess.Popen[bytes]

    def __enter__(self) -> "Broker":
        self.start()
        return self

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = ["/usr/sbin/mosquitto", "-c", str(self.folder / "mosquitto.conf")]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE)
        assert self._process.stderr is not None
        said = b""
        while b" running" not in said:
            line = self._process.stderr.readline()
            assert line, f"mosquitto does not start: {said.decode()}"
            said += line

    def stop(self) -> None:
        """End it; what it has retained is gone."""
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stderr is not None
        self._process.stderr.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def say(self, topic: str, payload: str) -> None:
        """As somebody else."""
        command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.port)]
        subprocess.run([*command, "-t", topic, "-m", payload], check=True)

    def hear(self, login: str = "", password: str = "") -> "Ear":
        """Somebody who hears everything from now on, and what is retained first."""
        return Ear(self, login, password)


class Ear:
    """mosquitto_sub; `topics` has the last payload of each topic, `came` all in their order."""

    def __init__(self, broker: Broker, login: str, password: str) -> None:
        command = ["mosquitto_sub", "-h", "localhost" if broker.authority else "127.0.0.1"]
        command += ["-p", str(broker.port), "-t", "#", "-q", "1"]
        command += ["-F", '{"topic": "%t", "retained": %r, "payload": "%x"}']
        if login:
            command += ["-u", login, "-P", password]
        if broker.authority:
            command += ["--cafile", str(broker.authority)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.topics: dict[str, str] = {}
        self.came: list[tuple[str, str, bool]] = []

    def __enter__(self) -> "Ear":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def until(self, topic: str, payload: str | None = None, **fields: Any) -> dict[str, Any]:
        """Hear until the last payload of a topic is this, or an object with these fields."""
        end = time.monotonic() + WITHIN_S
        while not self._is(topic, payload, fields):
            self._next(end, f"{topic}: {payload or fields}")
        told = self.topics[topic]
        return dict(json.loads(told)) if told.startswith("{") else {}

    def more(self) -> None:
        """Hear what comes next."""
        self._next(time.monotonic() + WITHIN_S, "anything")

    def _is(self, topic: str, payload: str | None, fields: dict[str, Any]) -> bool:
        told = self.topics.get(topic)
        if told is None or payload is not None:
            return told is not None and told == payload
        found = json.loads(told)
        return all(found.get(name) == value for name, value in fields.items())

    def _next(self, end: float, wanted: str) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        ready, _, _ = select.select([stdout], [], [], max(0.0, end - time.monotonic()))
        told = [(topic, payload[:40]) for topic, payload, _ in self.came]
        assert ready, f"{wanted} was not told; {told}"
        line = os.read(stdout.fileno(), 1 << 20)
        assert line, f"mosquitto_sub has ended: {self.topics}"
        while not line.endswith(b"\n"):
            line += os.read(stdout.fileno(), 1 << 20)
        for one in line.splitlines():
            told = json.loads(one)
            payload = bytes.fromhex(told["payload"]).decode()
            self.topics[told["topic"]] = payload
            self.came.append((told["topic"], payload, bool(told["retained"])))
