"""Drafts: sound that somebody records by telephone and hears before it is kept, such as a greeting.

A file each beside the spool, so that a clerk that is started again has them still. Nobody has been
promised anything of a draft: after a power cut it is recorded anew.
"""

import os
from pathlib import Path

from app.clerk.cleaning import Survey
from app.phone.jobs import JobFailed
from drivers.sampling import SAMPLE_RATE

PIECE = 2 * SAMPLE_RATE
"""Octets of every piece but the last: 1 s."""
MOST = 32
"""Drafts at one time: the oldest ones beyond it were left by people who have hung up."""


class Drafts:
    """The drafts in one folder, of at most `longest_s` seconds each.

    The methods raise JobFailed for a draft that there is not, and when the disk fails.
    """

    def __init__(self, folder: Path, longest_s: int) -> None:
        self._folder, self._most = folder, longest_s * PIECE
        self._cleaned: tuple[tuple[int, int, int], bytes] | None = None

    def begin(self, number: int) -> int:
        """Begin a draft with this number, which nobody else has; asked twice, it stays.

        Raises JobFailed.
        """
        try:
            self._folder.mkdir(mode=0o770, parents=True, exist_ok=True)
            there = sorted(self._folder.glob("*.raw"), key=lambda path: path.stat().st_mtime)
            for path in there[: max(0, len(there) - MOST + 1)]:
                path.unlink(missing_ok=True)
            self._path(number).touch(mode=0o660)
        except OSError as problem:
            raise JobFailed(f"a draft cannot be begun: {problem}") from problem
        return number

    def add(self, number: int, seq: int, octets: bytes) -> None:
        """Keep piece `seq` (from 0): S16LE at 8 kHz; what is beyond the longest is left out.

        Raises JobFailed.
        """
        place = seq * PIECE
        try:
            fd = os.open(self._path(number), os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                octets = octets[: max(0, self._most - place)]
                while octets:
                    done = os.pwrite(fd, octets, place)
                    place, octets = place + done, octets[done:]
            finally:
                os.close(fd)
        except OSError as problem:
            raise JobFailed(f"draft {number}: {problem}") from problem

    def sound(self, number: int) -> bytes:
        """What was recorded, S16LE at 8 kHz, cleaned as a message is; empty: nothing was said.

        The last one stays cleaned: it is asked for in pieces, and then kept. Raises JobFailed.
        """
        try:
            found = self._path(number).stat()
            state = (number, found.st_size, found.st_mtime_ns)
            if self._cleaned is None or self._cleaned[0] != state:
                self._cleaned = (state, _cleaned(self._path(number).read_bytes()))
        except OSError as problem:
            raise JobFailed(f"draft {number}: {problem}") from problem
        return self._cleaned[1]

    def drop(self, number: int) -> None:
        """Forget a draft, if it is there. Raises JobFailed."""
        try:
            self._path(number).unlink(missing_ok=True)
        except OSError as problem:
            raise JobFailed(f"draft {number}: {problem}") from problem

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.raw"


def _cleaned(samples: bytes) -> bytes:
    survey = Survey()
    survey.add(samples)
    return b"".join(survey.cleaning().of([samples])) if survey.spoken else b""
