"""The rest of the machine: panel, watchdog, clock, data partition."""

import errno
import os
import secrets
import select
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.core.sentences import N_, sentence
from app.core.text import visible
from app.device.selftest.findings import Absent, Broken
from drivers.errors import HardwareError
from drivers.linux import LinuxSerial
from drivers.panel_frames import Decoder, frame
from drivers.panel_uart import VERSION

PANELS = ("ttyACM*", "ttyUSB*")
ANSWER_S = 5.0
"""A panel answers in milliseconds; a busy machine hears it later."""
WATCHDOG = Path("/sys/class/watchdog/watchdog0")
CLOCK = Path("/sys/class/rtc/rtc0")
CLOCK_WITHIN_S = 5.0
DATA_OCTETS = 1 << 20
SLOW_S = 5.0
"""A card that takes longer for DATA_OCTETS, and again for DATA_TIMES, is not only busy."""
DATA_TIMES = 3


def panel(dev: Path = Path("/dev")) -> str:
    """The panel's serial line over USB: who it is. Raises Absent, Broken."""
    found = sorted(node for pattern in PANELS for node in dev.glob(pattern))
    if not found:
        raise Absent(sentence("no serial line over USB"))
    try:
        line = LinuxSerial(str(found[0]))
    except HardwareError as problem:
        if getattr(problem.__cause__, "errno", None) in (errno.EAGAIN, errno.EBUSY):
            return sentence("%(what)s: in use by the front panel's service", what=found[0])
        raise
    try:
        greeting = _greeting(line, str(found[0]))
    finally:
        line.close()
    name = visible(greeting[3:].decode("utf-8", "replace"))
    return sentence(
        "%(where)s: %(name)s, %(leds)s LEDs, %(buttons)s buttons",
        where=found[0],
        name=name,
        leds=greeting[1],
        buttons=greeting[2],
    )


def _greeting(line: LinuxSerial, name: str) -> bytes:
    """What the panel says of itself; what else it says is not listened to."""
    decoder, last = Decoder(), time.monotonic() + ANSWER_S
    line.write(frame("H", 1, bytes((VERSION,))))
    while True:
        left = last - time.monotonic()
        if left <= 0 or not select.select([line.fileno()], [], [], left)[0]:
            raise Broken(
                sentence(
                    "%(what)s: nothing answers within %(seconds)s s; check that the panel has its"
                    " program",
                    what=name,
                    seconds=f"{ANSWER_S:g}",
                )
            )
        for one in decoder.receive(line.read()):
            if one.kind == "G" and len(one.payload) >= 3:
                return one.payload


def watchdog(sys: Path = WATCHDOG, arguments: Path = Path("/proc/cmdline")) -> str:
    """It is there, and fed by its service. Nothing is opened: that would arm it.

    Raises Absent or Broken.
    """
    if not sys.is_dir():
        raise Absent(sentence("the kernel has no watchdog"))
    name, state, timeout = (
        (sys / file).read_text().strip() for file in ("identity", "state", "timeout")
    )
    if state == "active":
        text = N_("%(what)s: fed, resets the machine after %(seconds)s s without")
        return sentence(text, what=name, seconds=timeout)
    if "switchhook.watchdog=off" in arguments.read_text():
        raise Absent(sentence("%(what)s: switched off by a kernel argument", what=name))
    raise Broken(sentence("%(what)s: nobody feeds it; check the service watchdog", what=name))


def clock(sys: Path = CLOCK) -> str:
    """The battery-backed clock tells the time that the system has. Raises Absent, Broken."""
    if not (sys / "time").exists():
        raise Absent(
            sentence("no real-time clock that the kernel shows; the time comes from the network")
        )
    name, date, hour = ((sys / file).read_text().strip() for file in ("name", "date", "time"))
    moment = datetime.fromisoformat(f"{date}T{hour}").replace(tzinfo=UTC)
    apart = (moment - datetime.now(UTC)).total_seconds()
    if abs(apart) > CLOCK_WITHIN_S:
        text = N_("%(what)s: %(seconds)s s off; check its battery, and the network's time")
        raise Broken(sentence(text, what=name, seconds=f"{apart:+.0f}"))
    return f"{name}: {moment:%Y-%m-%d %H:%M:%S} UTC"


def data(folder: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """The data partition keeps what is written and made durable. Raises Broken, OSError."""
    kind = next(
        (
            row.split()[2]
            for row in mounts.read_text().splitlines()
            if row.split()[1] == str(folder)
        ),
        "",
    )
    if kind == "tmpfs":
        text = N_("%(what)s lies in memory: nothing is kept; check the card's data partition")
        raise Broken(sentence(text, what=folder))
    path = folder / ".selftest"
    seconds = _write_and_read(path)
    for _ in range(DATA_TIMES - 1):
        if seconds > SLOW_S:
            seconds = min(seconds, _write_and_read(path))
    if seconds > SLOW_S:
        text = N_("%(what)s: 1 MB took %(seconds)s s; the card is worn out or too slow")
        raise Broken(sentence(text, what=folder, seconds=f"{seconds:.1f}"))
    return sentence(
        "%(what)s (%(kind)s): 1 MB written, durable in %(ms)s ms, read",
        what=folder,
        kind=kind or sentence("a folder"),
        ms=round(seconds * 1000),
    )


def _write_and_read(path: Path) -> float:
    """Write DATA_OCTETS, read them from the medium; seconds until they were durable."""
    octets = secrets.token_bytes(DATA_OCTETS)
    path.unlink(missing_ok=True)  # what a power cut has left
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        begun = time.monotonic()
        os.write(fd, octets)
        os.fsync(fd)
        seconds = time.monotonic() - begun
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)  # so that the medium is read
        if os.pread(fd, DATA_OCTETS, 0) != octets:
            text = N_("%(what)s: other octets came back; the card is bad")
            raise Broken(sentence(text, what=path))
    finally:
        os.close(fd)
        path.unlink()
    return seconds


def lines(status: Mapping[str, Any] | None) -> str:
    """What the phone service says of its lines. Raises Absent, Broken."""
    if status is None:
        raise Absent(sentence("the phone service does not run"))
    bad = [f"{name}: {line['fault']}" for name, line in status["lines"].items() if line["fault"]]
    if bad:
        raise Broken("; ".join(bad))
    return sentence(
        "%(count)s without fault, %(lost)s periods lost",
        count=len(status["lines"]),
        lost=status["lost_periods"],
    )
