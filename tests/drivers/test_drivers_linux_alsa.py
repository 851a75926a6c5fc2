"""Sound cards of Linux without one: what is asked of them, and what is refused.

The hardware library is replaced by a stand-in of its module name; our own code is not.
"""

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from drivers import linux, linux_alsa
from drivers.board import virtual_board
from drivers.errors import BusClosed, HardwareError
from drivers.slot_map import Coding, Stream


class AlsaError(Exception):
    """alsaaudio.ALSAAudioError."""


def alsa(monkeypatch: pytest.MonkeyPatch, **info: object) -> list[dict[str, Any]]:
    """An alsaaudio whose PCM() notes what it was asked for; info overrides what it gives."""
    asked: list[dict[str, Any]] = []

    def pcm(**wanted: Any) -> SimpleNamespace:
        if wanted["device"] == "none":
            raise AlsaError("No such file or directory [none]")
        if wanted["device"] == "taken":
            raise AlsaError("Device or resource busy [taken]")
        asked.append(wanted)
        played = wanted.setdefault("played", [])

        def write(octets: bytes) -> int:
            if wanted.get("gone"):
                raise AlsaError("No such device [hw:1]")
            played.append(octets)
            return len(octets) // (4 if wanted["format"] == "s32" else 2) // int(wanted["channels"])

        closed = lambda: wanted.update(closed=True)  # noqa: E731
        return SimpleNamespace(
            info=lambda: info,
            write=write,
            read=lambda: (0, b""),
            drop=lambda: wanted.update(dropped=True),
            polldescriptors=lambda: [(42, 1)],
            close=closed,
        )

    module = SimpleNamespace(
        PCM=pcm,
        PCM_PLAYBACK="play",
        PCM_CAPTURE="capture",
        PCM_NONBLOCK="nonblock",
        PCM_FORMAT_S16_LE="s16",
        PCM_FORMAT_S32_LE="s32",
        ALSAAudioError=AlsaError,
    )
    monkeypatch.setitem(sys.modules, "alsaaudio", module)
    return asked


def test_the_pcm_port_is_opened_at_8_khz_in_10_ms_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = alsa(monkeypatch, rate=8000, channels=4, period_size=80)
    hardware = linux.LinuxHardware(virtual_board())
    assert hardware.pcm() is hardware.pcm()
    assert [row["type"] for row in asked] == ["play", "capture"]
    assert {(row["rate"], row["channels"], row["periodsize"], row["format"]) for row in asked} == {
        (8000, 4, 80, "s16")
    }
    hardware.pcm().start()
    assert [bool(row["played"]) for row in asked] == [True, False], "played into the capture"


def test_sound_card_that_rounds_the_rate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    alsa(monkeypatch, rate=8000, channels=4, period_size=1024)
    with pytest.raises(HardwareError, match="period_size is 1024 instead of 80; name the card"):
        linux_alsa.open_pcm("plughw:0", Stream(4))


GOOD = {"rate": 8000, "channels": 2, "period_size": 80, "buffer_size": 320}


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (
            {"format_name": "S32_LE"},
            "format_name is S32_LE instead of S16_LE; name the card itself",
        ),
        ({"buffer_size": 160}, "buffer_size is 160 frames, fewer than 320; each late beat"),
        ({"channels": 1}, "channels is 1 instead of 2"),
    ],
)
def test_sound_card_with_another_format_or_too_small_a_buffer_is_refused_and_let_go(
    monkeypatch: pytest.MonkeyPatch, seen: dict[str, object], said: str
) -> None:
    asked = alsa(monkeypatch, **{"format_name": "S16_LE", **GOOD, **seen})
    with pytest.raises(HardwareError, match=said):
        linux_alsa.open_pcm("hw:0", Stream(2))
    assert asked[0].get("closed"), "the card stays taken"


def test_sound_card_with_a_larger_buffer_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    alsa(monkeypatch, **{**GOOD, "format_name": "S16_LE", "buffer_size": 4096})
    linux_alsa.open_pcm("hw:0", Stream(2)).close()


def test_eight_lines_of_a_law_are_one_stereo_stream_of_32_bits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = alsa(monkeypatch, **{**GOOD, "format_name": "S32_LE"})
    port = linux_alsa.open_pcm("hw:0", Stream(8, Coding.MU_LAW))
    assert port.slots == 8
    assert [(row["channels"], row["format"]) for row in asked] == [(2, "s32")] * 2


def test_each_way_may_have_a_device_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = alsa(monkeypatch, **GOOD)
    linux_alsa.open_pcm("hw:0,0", Stream(2), "hw:0,1")
    assert [(row["type"], row["device"]) for row in asked] == [
        ("play", "hw:0,0"), ("capture", "hw:0,1"),
    ]  # fmt: skip


def test_taken_sound_card_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    alsa(monkeypatch)
    with pytest.raises(HardwareError, match=r"taken: Device or resource busy .* another program"):
        linux_alsa.open_pcm("taken", Stream(2))


def test_sound_card_that_vanishes_closes_the_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = alsa(monkeypatch, **GOOD)
    port = linux_alsa.open_pcm("hw:1", Stream(2))
    asked[0]["gone"] = True
    with pytest.raises(BusClosed, match=r"PCM port: ALSA device hw:1: No such device"):
        port.write(np.zeros((2, 80), np.int16))


def test_missing_sound_card_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    alsa(monkeypatch)
    with pytest.raises(HardwareError, match=r"ALSA device none: No such file .* group audio"):
        linux_alsa.open_pcm("none", Stream(2))


def test_loudspeaker_is_one_channel_that_plays_and_never_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = alsa(monkeypatch, rate=8000, channels=1, period_size=80)
    output = linux.LinuxHardware(virtual_board()).sound_output("plughw:CARD=Device")
    (row,) = asked
    assert (row["type"], row["mode"], row["device"]) == ("play", "nonblock", "plughw:CARD=Device")
    assert (row["rate"], row["channels"], row["format"]) == (8000, 1, "s16")
    assert output.write(np.array([1, -2], np.int16)) == 2
    assert row["played"] == [b"\x01\x00\xfe\xff"]


def test_loudspeaker_that_cannot_be_had_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    alsa(monkeypatch, rate=48000, channels=1)
    with pytest.raises(HardwareError, match=r"device none: No such file .* plugged in"):
        linux_alsa.AlsaOutput("none")
    with pytest.raises(HardwareError, match=r"8000 Hz; name it plughw"):
        linux_alsa.AlsaOutput("hw:1")


def test_loudspeaker_that_is_pulled_out_is_an_error_of_the_hardware(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = alsa(monkeypatch)
    output = linux_alsa.AlsaOutput("hw:1")
    asked[0]["gone"] = True
    with pytest.raises(HardwareError, match="hw:1: No such device"):
        output.write(np.zeros(80, np.int16))
    output.close()
