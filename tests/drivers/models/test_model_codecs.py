"""The codec models alone, register by register, as the kernel's facts say; no driver."""

import numpy as np
import pytest

from drivers.buses import PERIOD
from drivers.errors import ChipMissing
from drivers.models.codec import CodecModel
from drivers.models.wm8731 import Wm8731Model
from drivers.models.wm8960 import Wm8960Model


def put(model: CodecModel, register: int, word: int) -> None:
    model.write_register(register << 1 | word >> 8, word & 0xFF)


def wait(model: CodecModel, periods: int) -> None:
    for _ in range(periods):
        model.step()


def biased(crystal: int = 12_288_000) -> Wm8960Model:
    """VMID and VREF up, 8 kHz by division, as master."""
    model = Wm8960Model("codec", crystal)
    put(model, 0x1C, 0x9C)
    put(model, 0x19, 0x080)
    wait(model, 10)
    put(model, 0x19, 0x0C0)
    for register, word in ((0x04, 0x1B0), (0x08, 0x1CC), (0x1B, 5), (0x07, 0x042)):
        put(model, register, word)
    return model


def speaking(model: Wm8960Model) -> Wm8960Model:
    """Both directions of the left channel."""
    for register, word in (
        (0x19, 0x0E8), (0x1A, 0x140), (0x2F, 0x028), (0x20, 0x108), (0x22, 0x150),
        (0x00, 0x117), (0x02, 0x179), (0x05, 0x000),
    ):  # fmt: skip
        put(model, register, word)
    return model


def test_nine_bits_are_latched_and_nothing_is_read() -> None:
    model = Wm8960Model("codec", 24_000_000)
    model.write_register(0x34 << 1 | 1, 0x55)
    assert model[0x34] == 0x155
    with pytest.raises(ChipMissing):
        model.read_register(0x34 << 1)
    assert model.violation_log.texts[-1] == "codec: read of a write-only chip"
    model.write_register(0x0F << 1, 0)
    assert model[0x34] == 0x008


def test_an_unknown_register_and_absence() -> None:
    model = Wm8960Model("codec", 24_000_000)
    put(model, 0x0C, 1)
    assert model.violation_log.texts[-1] == "codec: no register 0x0c"
    model.present = False
    with pytest.raises(ChipMissing):
        put(model, 0x05, 0)


def test_volumes_wait_for_their_update_bit() -> None:
    model = speaking(biased())
    assert model.output_gain(0) == 0
    put(model, 0x02, 0x070)
    assert model.output_gain(0) == 0
    put(model, 0x03, 0x179)  # of the other channel: takes both over
    assert model.output_gain(0) == -9
    put(model, 0x15, 0x0C1)
    assert model.input_gain(0) == 0
    put(model, 0x16, 0x1C3)
    assert model.input_gain(0) == -1


@pytest.mark.parametrize(
    ("register", "word", "heard", "played"),
    [
        (0x19, 0x0A8, False, False),  # VREF off
        (0x19, 0x0C8, False, True),  # boost mixer off
        (0x19, 0x0E0, False, True),  # ADC off
        (0x1A, 0x040, True, False),  # DAC off
        (0x1A, 0x100, True, False),  # output off
        (0x2F, 0x008, False, True),  # amplifier off
        (0x2F, 0x020, True, False),  # mixer off
        (0x20, 0x100, False, True),  # amplifier is not joined to the boost mixer
        (0x22, 0x050, True, False),  # DAC is not joined to the mixer
        (0x05, 0x008, True, False),  # DAC muted
        (0x00, 0x197, False, True),  # input muted
        (0x0A, 0x100, True, False),
        (0x02, 0x12F, True, False),
    ],
)
def test_everything_on_the_way_must_be_on(
    register: int, word: int, heard: bool, played: bool
) -> None:
    model = speaking(biased())
    assert (model.input_gain(0), model.output_gain(0)) == (0, 0)
    put(model, register, word)
    assert (model.input_gain(0) is not None) == heard
    assert (model.output_gain(0) is not None) == played


@pytest.mark.parametrize(
    ("register", "word"), [(0x07, 0x002), (0x1B, 0), (0x04, 0x0D8), (0x04, 0x1B1)]
)
def test_no_sound_without_the_right_clock(register: int, word: int) -> None:
    model = speaking(biased())
    row = np.full(PERIOD, 100, np.int16)
    assert model.to_line(0, row) is row
    assert model.from_line(0, row) is row
    put(model, register, word)
    assert not model.clocks
    assert model.to_line(0, row) is None
    assert model.from_line(0, row) is None


def test_a_wrong_rate_is_told() -> None:
    model = biased()
    put(model, 0x04, 0x0D8)
    model.step()
    assert model.violation_log.texts[-1] == "codec: frames at 16000 Hz, the port has 8000"


def test_too_slow_a_bit_clock_is_told() -> None:
    model = biased()
    put(model, 0x04, 0x000)  # 48 kHz, so 512 kHz are 10.7 bits a frame
    assert model.rate_hz() is None
    assert "bit clocks in a frame of 32 bits" in model.violation_log.texts[-1]


def test_the_pll_needs_250_ms() -> None:
    model = biased(24_000_000)
    for register, word in ((0x34, 0x38), (0x35, 0x31), (0x36, 0x26), (0x37, 0xE9), (0x1A, 1)):
        put(model, register, word)
    put(model, 0x04, 0x1B5)
    wait(model, 24)
    assert model.sysclk_hz() is None
    wait(model, 1)
    assert model.sysclk_hz() == pytest.approx(12_288_000, abs=1)
    put(model, 0x35, 0x30)
    assert model.violation_log.texts[-1] == "codec: PLL changed while it runs"


def test_clicks_are_counted() -> None:
    model = Wm8960Model("codec", 24_000_000)
    put(model, 0x19, 0x080)
    put(model, 0x19, 0x0C0)
    put(model, 0x1A, 0x040)
    assert model.clicks == 3


def test_the_small_codec_s_reset_values_and_both_bit() -> None:
    model = Wm8731Model("codec", 12_288_000)
    assert [model[register] for register in range(10)] == [
        0x097, 0x097, 0x079, 0x079, 0x00A, 0x008, 0x09F, 0x00A, 0x000, 0x000,
    ]  # fmt: skip
    put(model, 0x00, 0x117)
    assert model[0x01] == 0x117


def test_the_small_codec_runs_only_when_active_and_powered() -> None:
    model = Wm8731Model("codec", 12_288_000)
    put(model, 0x06, 0x052)
    wait(model, 10)
    for register, word in ((0x07, 0x42), (0x08, 0x0C), (0x04, 0x12), (0x00, 0x17), (0x05, 0)):
        put(model, register, word)
    put(model, 0x06, 0x042)
    assert model.rate_hz() is None
    put(model, 0x09, 1)
    assert model.rate_hz() == 8000
    assert (model.input_gain(0), model.output_gain(0)) == (0, 0)
    put(model, 0x08, 0x00)
    model.step()
    assert "frames at 48000 Hz" in model.violation_log.texts[-1]
    assert model.clicks == 0


def test_the_small_codec_s_outputs_click_before_vmid() -> None:
    model = Wm8731Model("codec", 12_288_000)
    put(model, 0x06, 0x042)
    assert model.clicks == 1
