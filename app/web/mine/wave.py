"""A sound for browsers: the head of its WAVE file, and a picture of how loud it is."""

import struct
from collections.abc import Sequence

SPEEDS = {"0.75": 6000, "1": 8000, "1.25": 10_000, "1.5": 12_000}
"""How fast a sound is played, and the rate that its file then names: for browsers whose own
controls know no speed. The pitch goes with it."""
HEIGHT = 48
"""Of the picture, in its units; a peak is 3 wide, with 1 between."""


def wave_head(samples: int, rate: int) -> bytes:
    """The head of a WAVE file of 16 bit, mono, at a rate in Hz [RFC 2361]."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    data = struct.pack("<4sI", b"data", 2 * samples)
    return struct.pack("<4sI4s", b"RIFF", 36 + 2 * samples, b"WAVE") + form + data


def picture(peaks: Sequence[int]) -> bytes:
    """Peaks (0 to 32767) as SVG; loudness is drawn by its root, as quiet speech is heard, too."""
    lines = []
    for place, peak in enumerate(peaks):
        half = max(1, round((peak / 32767) ** 0.5 * HEIGHT / 2))
        lines.append(f"M{4 * place + 2} {HEIGHT // 2 - half}v{2 * half}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {max(1, 4 * len(peaks))} {HEIGHT}"'
        ' preserveAspectRatio="none">'
        f'<path d="{"".join(lines)}" stroke="#3f7cac" stroke-width="3" fill="none"/></svg>\n'
    ).encode()
