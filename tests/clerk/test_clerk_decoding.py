"""Sounds from elsewhere, encoded by programs that are not ours: what is heard of each."""

import math
import struct
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.clerk import decoding
from app.clerk.media import Source
from app.message.audio_formats import UnknownSound
from drivers.buses import Samples
from tests.kit.foreign_sound import SOX, encoded
from tests.kit.hearing import find, prompt, prompt_file

SPEECH = "tt-weasels"
AMR_OCTETS = 32  # of a frame of 12.2 kbit/s, its head included

LIKENESS = {"gsm": 0.9, "wav49": 0.9, "amr": 0.8, "opus": 0.95, "vox": 0.95, "g726": 0.97}
"""How like the source it must be; what is not named: 0.98. Codecs for speech keep its sound more
than its wave."""

NAMES = {
    "gsm": ("audio/x-gsm", ""),
    "ulaw": ("audio/basic", ""),
    "alaw": ("audio/x-alaw", ""),
    "vox": ("application/octet-stream", "vox"),
    "sln": ("application/octet-stream", "sln"),
    "g726": ("audio/32kadpcm", "726"),
}
"""Samples without a header are what their type or name says. All others say it themselves."""


def pieces(octets: bytes, size: int = 999) -> Iterator[bytes]:
    return (octets[at : at + size] for at in range(0, len(octets), size))


def heard(octets: bytes, kind: str = "application/octet-stream", ending: str = "") -> Samples:
    sound = b"".join(decoding.samples(Source(pieces(octets)), kind, ending))
    return np.frombuffer(sound, "<i2").astype(np.int16)


def likeness(wanted: Samples, sound: Samples) -> float:
    """How like; codecs may delay or cut the edges by a frame or two."""
    inner = wanted[400:-1200]
    return find(inner, sound)[0]


@pytest.mark.parametrize("name", [*SOX, "opus", "g726"])
def test_each_encoding_is_heard_as_it_was_spoken(name: str) -> None:
    octets = encoded(name, prompt_file(SPEECH))
    sound = heard(octets, *NAMES.get(name, ("application/octet-stream", "")))
    spoken = prompt(SPEECH)
    assert likeness(spoken, sound) >= LIKENESS.get(name, 0.98)
    assert -400 <= len(sound) - len(spoken) <= 2400
    level = math.sqrt(float(np.mean(sound.astype(float) ** 2) * len(sound)))
    assert 0.85 < level / math.sqrt(float(np.sum(spoken.astype(float) ** 2))) < 1.15


@pytest.mark.parametrize("kind", ["audio/x-wav", "audio/mpeg", "text/plain", "audio/basic", ""])
def test_what_a_sound_is_called_does_not_matter_where_its_octets_say_it(kind: str) -> None:
    octets = encoded("wav49", prompt_file(SPEECH))
    assert likeness(prompt(SPEECH), heard(octets, kind, "mp3")) >= 0.9


UNFINISHED = ("16-bit", "u-law", "24-bit", "float", "wav49", "ima-adpcm", "ms-adpcm")


@pytest.mark.parametrize("length", [0, 0xFFFF_FFFF, 0x7FFF_FFFF, 0x7FFF_F000])
@pytest.mark.parametrize("name", UNFINISHED)
def test_unfinished_header_is_no_reason_to_be_silent(name: str, length: int) -> None:
    wav = bytearray(encoded(name, prompt_file(SPEECH)))
    struct.pack_into("<I", wav, 4, length)
    struct.pack_into("<I", wav, wav.index(b"data") + 4, length)
    assert likeness(prompt(SPEECH), heard(bytes(wav))) >= 0.9


@pytest.mark.parametrize("name", [*UNFINISHED, "mp3", "opus", "flac", "amr", "au"])
def test_file_that_is_cut_off_gives_what_is_there(name: str) -> None:
    octets = encoded(name, prompt_file(SPEECH))
    sound = heard(octets[: len(octets) // 2])
    spoken = prompt(SPEECH)
    assert len(sound) > len(spoken) // 4
    start = spoken[400 : len(sound) - 4000]
    assert find(start, sound)[0] >= 0.8


@pytest.mark.parametrize("name", ["wav49", "opus", "amr", "44.1 kHz stereo"])
@pytest.mark.parametrize("size", [7, 77, 100_000])
def test_how_the_octets_come_does_not_matter(name: str, size: int) -> None:
    octets = encoded(name, prompt_file(SPEECH))
    cut = b"".join(decoding.samples(Source(pieces(octets, size)), "", ""))
    assert cut == b"".join(decoding.samples(Source([octets]), "", ""))


def wave(tag: int, chunk: bytes, data: bytes, rate: int = 8000, bits: int = 4) -> bytes:
    form = struct.pack("<HHIIHH", tag, 1, rate, rate * bits // 8, 1, bits) + chunk
    return (
        b"RIFF\0\0\0\0WAVE"
        + struct.pack("<4sI", b"fmt ", len(form))
        + form
        + struct.pack("<4sI", b"data", len(data))
        + data
    )


@pytest.mark.parametrize("tag", [0x40, 0x45, 0x64])
def test_g726_in_a_wave_file(tag: int) -> None:
    data = encoded("g726", prompt_file(SPEECH))
    assert likeness(prompt(SPEECH), heard(wave(tag, b"\0\0", data))) >= 0.97


def test_mp3_and_dialogic_adpcm_in_a_wave_file() -> None:
    spoken = prompt(SPEECH)
    mp3 = encoded("mp3", prompt_file(SPEECH))
    assert likeness(spoken, heard(wave(0x55, b"\x0c\0" + bytes(12), mp3, bits=0))) >= 0.98
    vox = encoded("vox", prompt_file(SPEECH))
    assert likeness(spoken, heard(wave(0x17, b"\0\0", vox))) >= 0.95


def test_large_chunks_before_the_samples_are_passed_over() -> None:
    wav = encoded("16-bit", prompt_file(SPEECH))
    junk = struct.pack("<4sI", b"LIST", 300_001) + bytes(300_002)
    assert np.array_equal(heard(wav[:12] + junk + wav[12:]), prompt(SPEECH))


def test_float_that_is_too_loud_is_cut_and_what_is_no_number_is_silent() -> None:
    values = array("f", [0.5, 7.0, -7.0, math.nan, math.inf, -math.inf, 1e30, 0.25] * 100)
    wav = wave(3, b"", values.tobytes(), bits=32)
    wav = wav[:32] + struct.pack("<HH", 4, 32) + wav[36:]
    expected = [16384, 32767, -32768, 0, 32767, -32768, 32767, 8192]
    assert heard(wav).tolist() == expected * 100


def test_dtx_frames_of_amr_are_time_that_passes() -> None:
    amr = encoded("amr", prompt_file(SPEECH))
    silence = b"\x7c" * 50  # no data, 20 ms each
    assert len(heard(amr[: 6 + AMR_OCTETS * 20] + silence + amr[6 + AMR_OCTETS * 20 :])) == (
        len(heard(amr)) + 50 * 160
    )


@pytest.mark.parametrize(
    ("octets", "kind", "why"),
    [
        (b"", "audio/wav", "no sound that we know"),
        (b"%PDF-1.4", "application/pdf", "no sound that we know"),
        ("\ufeff<?xml version".encode("utf-16-le"), "application/xml", "no sound that we know"),
        (b"OggS" + bytes(300), "audio/ogg", "libsndfile"),
        (b"fLaC" + bytes(300), "audio/flac", "libsndfile"),
        (b"ID3\x04" + bytes(300), "audio/mpeg", "libsndfile"),
        (b"#!AMR-WB\n" + bytes(300), "audio/amr-wb", "^AMR-WB, which is not played here"),
        (b"#!AMR-WB\n" + bytes(300), "audio/basic", "^AMR-WB,"),  # no noise, whatever it is called
        (b"#!AMR_MC1.0\n" + bytes(300), "audio/amr", "^AMR of several channels,"),
        (b"\0\0\0\x20ftypM4A ", "audio/mp4", "^AAC in an MP4 file"),
        (b"\0\0\0\x18ftyp3gp4", "audio/3gpp", "^AAC in an MP4 file"),
        (b"\xff\xf1\x50\x80" + bytes(300), "audio/aac", "^AAC,"),
        (b"OggS" + bytes(24) + b"Speex   1.2", "audio/ogg", "^Speex,"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "audio/x-ms-wma", "^Windows Media"),
        (b"\x1aE\xdf\xa3" + bytes(300), "audio/webm", "Matroska or WebM"),
        (wave(0x22, b"\0\0", bytes(300)), "audio/wav", "libsndfile"),
        (wave(0x45, b"\0\0", bytes(300), bits=7), "audio/wav", "WAVE format"),
        (wave(3, b"", bytes(3200), rate=1, bits=32), "audio/wav", "samples a second"),
        (wave(1, b"", bytes(3200), rate=0, bits=16), "audio/wav", "samples a second"),
    ],
)
def test_what_cannot_be_played_is_named(octets: bytes, kind: str, why: str) -> None:
    with pytest.raises(UnknownSound, match=why):
        heard(octets, kind)


def test_silence_of_mu_law_that_begins_as_a_frame_of_aac_does_is_heard() -> None:
    assert len(heard(b"\xff\xf1" + b"\xff" * 8000, "audio/basic")) == 8002


def test_sound_that_is_too_large_is_heard_as_far_as_it_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    octets = encoded("24-bit", prompt_file(SPEECH))
    monkeypatch.setattr(decoding, "LARGEST", len(octets) // 2)
    made = b""
    with pytest.raises(UnknownSound, match="more than"):
        for piece in decoding.samples(Source(pieces(octets)), "audio/wav"):
            made += piece
    spoken = prompt(SPEECH).astype("<i2").tobytes()
    assert len(made) > len(spoken) * 0.45
    assert spoken.startswith(made)


def test_nothing_stays_open_when_a_listener_has_heard_enough() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in ("wav49", "opus", "amr"):
        sound = decoding.samples(Source(pieces(encoded(name, prompt_file(SPEECH)))), "")
        assert next(sound)
        sound.close()  # type: ignore[attr-defined]  # it is a generator
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_library_that_complains_of_a_strangers_octets_fills_no_log(
    capfd: pytest.CaptureFixture[str],
) -> None:
    mp3 = bytearray(encoded("mp3", prompt_file(SPEECH)))
    for at in range(600, len(mp3) - 100, 400):
        mp3[at : at + 90] = bytes(90)
    assert len(heard(bytes(mp3))) > 4000
    assert capfd.readouterr() == ("", "")


def test_library_that_is_missing_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownSound, match="install the package libsndfile1"):
        decoding._opened("libsndfile.so.77", "libsndfile1")


def test_files_of_sound_packs_do_not_need_a_library(tmp_path: Path) -> None:
    assert np.array_equal(heard(prompt_file(SPEECH).read_bytes()), prompt(SPEECH))
