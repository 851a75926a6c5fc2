#!/bin/bash
# Versions: imageio-ffmpeg 0.6.0 from PyPI, which holds FFmpeg 7.0.2.
#
# A telephone that speaks AMR sends in a pause a few frames that describe the noise (SID) and otherwise
# frames without data; each stands for 20 ms (RFC 4867, sections 3.4 and 5.3). FFmpeg writes such a file
# (libopencore_amrnb, -dtx 1). One would expect that FFmpeg reads it back as long as it was. In fact
# the decoder it takes by itself makes nothing of the frames of a pause: what was said stands close
# together without the pauses, and every time after the first one is wrong. It says so line by line on
# standard error, but the exit code is 0. The other decoder in the same program keeps the pauses.
# (FFmpeg 5.1.9 of Debian 12 drops the frames too; sox 14.4.2 does not.)
#
# Seen:
#   recorded: 2 s of tone, 3 s of silence, 2 s of tone; written: 351 frames, 7.02 s, 142 of them of a pause
#   read by the decoder of its own choice: exit 0, 4.18 s
#   read by libopencore_amrnb: exit 0, 7.02 s
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check imageio-ffmpeg==0.6.0 2>pip.log ||
    { cat pip.log; exit 1; }

cat >pauses.py <<'PYTHON'
import array
import math
import pathlib
import subprocess
import sys

import imageio_ffmpeg

RATE, TONE, SILENCE = 8000, 2, 3
PCM = ("-f", "s16le", "-ar", str(RATE), "-ac", "1")
OCTETS = (12, 13, 15, 17, 19, 20, 26, 31, 5, 0, 0, 0, 0, 0, 0, 0)  # behind a frame's head, for each type


def ffmpeg(*arguments):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode


def kinds(stored):
    """The type of each frame of a file (RFC 4867, section 5)."""
    assert stored.startswith(b"#!AMR\n")
    at, found = 6, []
    while at < len(stored):
        found.append(stored[at] >> 3 & 15)
        at += 1 + OCTETS[found[-1]]
    return found


tone = [round(8000 * math.sin(2 * math.pi * 440 * n / RATE)) for n in range(RATE * TONE)]
spoken = array.array("h", tone + [0] * (RATE * SILENCE) + tone)
pathlib.Path("spoken.raw").write_bytes(spoken.tobytes())
assert ffmpeg(*PCM, "-i", "spoken.raw", "-c:a", "libopencore_amrnb", "-b:a", "12.2k", "-dtx", "1", "a.amr") == 0
frames = kinds(pathlib.Path("a.amr").read_bytes())
pauses = sum(kind >= 8 for kind in frames)
print(f"recorded: {TONE} s of tone, {SILENCE} s of silence, {TONE} s of tone;", end=" ")
print(f"written: {len(frames)} frames, {len(frames) / 50:.2f} s, {pauses} of them of a pause")
right = [len(frames) >= 350, pauses > 100]
for name, decoder, kept in (
    ("the decoder of its own choice", (), len(frames) - pauses),
    ("libopencore_amrnb", ("-c:a", "libopencore_amrnb"), len(frames)),
):
    code = ffmpeg(*decoder, "-i", "a.amr", *PCM, "back.raw")
    samples = pathlib.Path("back.raw").stat().st_size // 2
    print(f"read by {name}: exit {code}, {samples / RATE:.2f} s")
    right.append(code == 0 and samples == 160 * kept)
sys.exit(not all(right))
PYTHON
venv/bin/python pauses.py || { echo "it behaves otherwise now"; exit 1; }
