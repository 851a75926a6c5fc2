"""Sounds as other systems encode them: by sox, opusenc and spandsp, none of which is ours."""

import subprocess
from pathlib import Path
from typing import Any

import cffi  # type: ignore[import-untyped]  # it has no stubs
import numpy as np

from drivers.buses import Samples
from tests.kit.hearing import read_wav

SOX: dict[str, tuple[str, ...]] = {
    "wav49": ("-t", "wav", "-e", "gsm-full-rate"),
    "gsm": ("-t", "gsm"),
    "ms-adpcm": ("-t", "wav", "-e", "ms-adpcm"),
    "ima-adpcm": ("-t", "wav", "-e", "ima-adpcm"),
    "u-law": ("-t", "wav", "-e", "mu-law"),
    "a-law": ("-t", "wav", "-e", "a-law"),
    "ulaw": ("-t", "ul"),
    "alaw": ("-t", "al"),
    "vox": ("-t", "vox"),
    "sln": ("-t", "raw", "-e", "signed", "-b", "16"),
    "16-bit": ("-t", "wav", "-b", "16"),
    "24-bit": ("-t", "wav", "-b", "24"),
    "32-bit": ("-t", "wav", "-b", "32", "-e", "signed"),
    "float": ("-t", "wav", "-e", "float", "-b", "32"),
    "double": ("-t", "wav", "-e", "float", "-b", "64"),
    "au": ("-t", "au", "-e", "mu-law"),
    "aiff": ("-t", "aiff"),
    "flac": ("-t", "flac"),
    "vorbis": ("-t", "vorbis"),
    "mp3": ("-t", "mp3", "-C", "32.01"),
    "amr": ("-t", "amr-nb", "-C", "7"),
    "44.1 kHz stereo": ("-t", "wav", "-r", "44100", "-c", "2"),
    "odd rate": ("-t", "wav", "-r", "11127"),
    "6 kHz": ("-t", "wav", "-r", "6000"),
    "96 kHz": ("-t", "wav", "-r", "96000", "-b", "24"),
    "mp3 of 44.1 kHz stereo": ("-t", "mp3", "-r", "44100", "-c", "2"),
}
"""What is asked of sox for each."""


def encoded(name: str, source: Path) -> bytes:
    """A WAV of 8 kHz, 16 bit, in this encoding: one of SOX, "opus", or "g726"."""
    if name == "opus":
        return subprocess.run(
            ["opusenc", "--quiet", "--bitrate", "32", str(source), "-"],
            capture_output=True,
            check=True,
        ).stdout
    if name == "g726":
        return g726(read_wav(source))
    command = ["sox", "-D", "-V1", str(source), *SOX[name], "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout


_DECLARATIONS = """
void *g726_init(void *s, int bit_rate, int ext_coding, int packing);
int g726_encode(void *s, uint8_t g726_data[], const int16_t amp[], int len);
int g726_free(void *s);
"""
_LINEAR, _FIRST_LOWEST = 0, 2


def g726(samples: Samples) -> bytes:
    """G.726 of 32 kbit/s, the first code word in the lowest bits [RFC 3802], by spandsp."""
    ffi = cffi.FFI()
    ffi.cdef(_DECLARATIONS)
    lib: Any = ffi.dlopen("libspandsp.so.2")
    state = lib.g726_init(ffi.NULL, 32_000, _LINEAR, _FIRST_LOWEST)
    out = ffi.new("uint8_t[]", len(samples))
    count = lib.g726_encode(
        state, out, ffi.from_buffer("int16_t[]", np.ascontiguousarray(samples)), len(samples)
    )
    lib.g726_free(state)
    return bytes(ffi.buffer(out, count))
