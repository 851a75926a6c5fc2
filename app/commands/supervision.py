"""Start the services under s6 and end them: the same service folders as on the device."""

import errno
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from app.config.paths import PROJECT, Paths
from app.core.errors import SwitchhookError

DEVICE_SERVICES = PROJECT / "rootfs-overlay" / "etc" / "s6" / "services"
READY_WITHIN_S = 40.0


class StartError(SwitchhookError):
    """The appliance cannot start here; the text says what is in the way and what to do."""


def check_tools() -> None:
    """Raise StartError naming a system program that is missing."""
    for program, package in (("s6-svscan", "s6"), ("espeak-ng", "espeak-ng")):
        if shutil.which(program) is None:
            raise StartError(
                f"the program {program} is missing; install the package {package}"
                " (scripts/setup run does)"
            )


def check_port(name: str, host: str, port: int) -> None:
    """Raise StartError if it cannot be listened on this address and TCP port; 0 is any port."""
    try:
        for found in socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            _try_to_bind(*found)
    except OSError as problem:
        what_to_do = (
            f"End the program that uses it (another `make run`?), or set mail.{name.lower()}_port"
            if problem.errno == errno.EADDRINUSE
            else f"Set mail.listen and mail.{name.lower()}_port"
        )
        raise StartError(
            f"{name} cannot listen on {host} port {port}: {problem.strerror}. {what_to_do} in the"
            " settings file"
        ) from problem


def _try_to_bind(
    family: int, kind: int, protocol: int, _name: str, address: tuple[Any, ...]
) -> None:
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.bind(address)


class Supervised:
    """The services of one box, started together, logged, restarted, and ended together."""

    def __init__(self, paths: Paths, services: Sequence[str]) -> None:
        self.paths = paths
        self.services = [Path(service) for service in services]
        self._scan: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        """The scan folder of s6-svscan: one sub-folder a service."""
        return self.paths.run / "services"

    def start(self) -> None:
        """Start all; return when each has said it is ready. Raises StartError with the log."""
        self._lay_out()
        self._scan = subprocess.Popen(
            ["s6-svscan", str(self.folder)],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us: we end them in order
        )
        try:
            if not self._become_ready():
                raise StartError(self._what_failed())
        except BaseException:
            self.stop()
            raise

    def wait(self) -> None:
        """Wait until the services are ended from elsewhere."""
        assert self._scan is not None
        self._scan.wait()

    def stop(self) -> None:
        """End every service tidily and wait for it."""
        if self._scan is None:
            return
        subprocess.run(["s6-svscanctl", "-t", str(self.folder)], check=False)
        self._scan.wait(timeout=20)
        self._scan = None

    def __enter__(self) -> "Supervised":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _become_ready(self) -> bool:
        """Wait for every service's own word; s6-svwait fails at once before supervisors are up."""
        folders = [str(self.folder / service.name) for service in self.services]
        last = time.monotonic() + READY_WITHIN_S
        while (left := last - time.monotonic()) > 0:
            waited = subprocess.run(
                ["s6-svwait", "-U", "-t", str(int(left * 1000)), *folders],
                check=False,
                capture_output=True,
            )
            if waited.returncode == 0:
                return True
            time.sleep(0.02)
        return False

    def _lay_out(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        for service in self.services:
            shutil.copytree(service, self.folder / service.name)

    def _environment(self) -> Mapping[str, str]:
        return {
            **os.environ,
            "SWITCHHOOK_HOME": str(PROJECT),
            "SWITCHHOOK_PYTHON": sys.executable,
            "SWITCHHOOK_VAR": str(self.paths.var),
            "SWITCHHOOK_LOGS": str(self.paths.logs),
        }

    def _what_failed(self) -> str:
        words = ["not every service became ready:"]
        for service in self.services:
            state = subprocess.run(
                ["s6-svstat", str(self.folder / service.name)],
                check=False,
                capture_output=True,
                text=True,
            ).stdout.strip()
            words.append(f"  {service.name}: {state}")
            if not state.startswith("up") or "ready" not in state:
                words += [f"    {line}" for line in self._log_tail(service.name)]
        return "\n".join(words)

    def _log_tail(self, service: str) -> list[str]:
        log = self.paths.logs / service / "current"
        return log.read_text(errors="replace").splitlines()[-8:] if log.exists() else []


def services_of(board: str) -> list[str]:
    """The service folders a board needs: the device's, and the board's own (the virtual box)."""
    device = [DEVICE_SERVICES / name for name in ("phone", "mail", "admin")]
    own = PROJECT / "board" / board / "services"
    return [str(f) for f in (sorted(own.iterdir()) if own.is_dir() else []) + device]
