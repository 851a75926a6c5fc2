"""One message written down, in a process of its own that gives way to everything else.

    python -m app.transcript.worker PACK

The message comes in by standard input, as it lies in the store; what is written down goes out as
JSON: {"outcome": "said", "said": "Call me back.", "number": ""}. The process has a limit of memory
and of CPU time, one thread, and whatever the processor has left [sched(7), SCHED_IDLE].
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from app.clerk.media import MediaFailed, Source
from app.clerk.playback import message_sound
from app.core.confined import confine
from app.inbox.transcripts import Outcome, Transcript
from drivers.sampling import SAMPLE_RATE

MEMORY_LIMIT = 384 * 1024 * 1024
"""Octets of data beyond those of a Python that has just started. Many of them are reserved and
never used [setrlimit(2), RLIMIT_DATA]: what is really in memory of a message of five minutes is
some 220 MB, and with 256 MB here onnxruntime ends it."""
CPU_LIMIT_S = 600
"""A second of speech takes half a second of the slowest board that we know."""
LONGEST_S = 300
"""Seconds of a message that are written down."""
NICE = 19
READ_AT_ONCE = 65_536


def sound_of(message: Iterator[bytes]) -> bytes:
    """S16LE at 8 kHz, LONGEST_S at most; what breaks off ends."""
    heard, most = bytearray(), LONGEST_S * SAMPLE_RATE * 2
    try:
        for piece in message_sound(Source(message)):
            heard += piece
            if len(heard) >= most:
                break
    except MediaFailed:
        return bytes(heard[:most])
    return bytes(heard[:most])


def main(pack: str) -> None:
    """Do it."""
    confine(MEMORY_LIMIT, CPU_LIMIT_S, NICE)
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    sound = sound_of(iter(lambda: sys.stdin.buffer.read(READ_AT_ONCE), b""))
    transcript = Transcript(Outcome.NOTHING)
    if sound:
        from app.transcript.listening import Listener  # numpy: with one thread

        transcript = Listener(Path(pack)).text_of(sound)
    sys.stdout.write(json.dumps(asdict(transcript)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
