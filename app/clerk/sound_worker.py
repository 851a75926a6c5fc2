"""The sound of a message, decoded in a process of its own, under limits.

    python -m app.clerk.sound_worker facts            {"samples": 96000, "peaks": [0, 513, …]}
    python -m app.clerk.sound_worker samples START    S16LE, mono, 8 kHz, from that sample on

The message comes in by standard input. Exit code NO_SOUND says that there is nothing in it that can
be played. A sound that breaks off ends there.
"""

import json
import os
import sys
from array import array
from collections.abc import Iterator

from app.clerk.media import CPU_LIMIT_S, LONGEST, MEMORY_LIMIT, NICE, MediaFailed, Source
from app.clerk.playback import message_sound
from app.core.confined import confine

NO_SOUND = 3
PEAK = 800
"""Samples of which the loudest is told: a tenth of a second."""
PEAKS_MOST = 240
"""Peaks that are told of a sound, so that one of an hour takes no more than one of a minute."""
READ_AT_ONCE = 65_536


def facts(sound: Iterator[bytes]) -> bytes:
    """How long a sound is, and how loud where: peaks of equal length, of 0 to 32767, as JSON."""
    peaks, count, rest = list[int](), 0, array("h")
    for piece in sound:
        rest.frombytes(piece)
        whole = len(rest) // PEAK * PEAK
        for at in range(0, whole, PEAK):
            some = rest[at : at + PEAK]
            peaks.append(min(32767, max(max(some), -min(some))))
        count += whole
        rest = rest[whole:]
    if rest:
        peaks.append(min(32767, max(max(rest), -min(rest))))
    together = -(-len(peaks) // PEAKS_MOST) or 1
    peaks = [max(peaks[at : at + together]) for at in range(0, len(peaks), together)]
    return json.dumps({"samples": count + len(rest), "peaks": peaks}).encode()


def samples(sound: Iterator[bytes], start: int) -> Iterator[bytes]:
    """The octets of a sound from sample `start` on."""
    skipped = start * 2
    for piece in sound:
        if skipped >= len(piece):
            skipped -= len(piece)
            continue
        yield piece[skipped:]
        skipped = 0


def _heard(message: Iterator[bytes]) -> Iterator[bytes]:
    """The sound of a message, LONGEST octets at most; what breaks off ends."""
    left, heard = LONGEST, False
    try:
        for piece in message_sound(Source(message)):
            heard = True
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return
    except MediaFailed:
        if not heard:
            raise


def main(wanted: str, start: str = "0") -> int:
    """Do what the arguments say; the exit code."""
    confine(MEMORY_LIMIT, CPU_LIMIT_S, NICE)
    message = iter(lambda: sys.stdin.buffer.read(READ_AT_ONCE), b"")
    out = sys.stdout.buffer
    try:
        sound = _heard(message)
        for piece in [facts(sound)] if wanted == "facts" else samples(sound, int(start)):
            out.write(piece)
        out.flush()
    except BrokenPipeError:  # whoever listened has heard enough
        os._exit(0)
    except (MediaFailed, MemoryError):
        return NO_SOUND
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
