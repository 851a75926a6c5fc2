"""The WM8960's driver against its model: clock, order, gains, absence."""

from dataclasses import replace

import pytest

from drivers.codec_spec import CodecSpec
from drivers.errors import ChipFault, ChipMissing
from drivers.models.codec import CodecModel
from drivers.models.wm8960 import Wm8960Model
from tests.kit.codecs import SPEC_8960, codec_pair, run_steps


class Recorder:
    """An I2C device that keeps what is written."""

    def __init__(self) -> None:
        self.writes: list[tuple[int, int]] = []

    def write_register(self, register: int, value: int) -> None:
        self.writes.append((register >> 1, (register & 1) << 8 | value))

    def read_register(self, register: int) -> int:
        raise AssertionError("nobody can read a codec")


def up(spec: CodecSpec = SPEC_8960) -> Wm8960Model:
    codec, model = codec_pair(spec)
    run_steps(codec.set_up(), model)
    for channel in spec.channels:
        codec.hear(channel, True)
    assert not model.violation_log.texts
    assert isinstance(model, Wm8960Model)
    return model


@pytest.mark.parametrize("crystal", [24_000_000, 12_288_000])
def test_it_gives_8_khz_of_either_crystal(crystal: int) -> None:
    model = up(replace(SPEC_8960, crystal_hz=crystal))
    assert model.rate_hz() == 8000
    assert model.sysclk_hz() == pytest.approx(12_288_000, abs=1)
    assert model.clocks
    assert model.clicks == 0


def test_words_are_those_of_the_fact_sheet() -> None:
    device, (codec, model) = Recorder(), codec_pair()
    codec._device = device
    run_steps(codec.set_up(), model)
    last = dict(device.writes)
    assert device.writes[:3] == [(0x0F, 0), (0x1C, 0x9C), (0x19, 0x080)]
    assert last[0x04] == 0x1B5  # ADCDIV = DACDIV = 6, SYSCLK/2, PLL
    assert [last[register] for register in range(0x34, 0x38)] == [0x38, 0x31, 0x26, 0xE9]
    assert last[0x08] == 0x1CC  # SYSCLK/24 = 512 kHz
    assert last[0x07] == 0x042  # master, 16 bits, I2S
    assert last[0x1B] == 5  # 8 kHz
    assert device.writes[-1] == (0x05, 0), "unmuted last"


def test_the_pll_is_used_250_ms_after_it_was_switched_on() -> None:
    codec, model = codec_pair()
    passed = run_steps(codec.set_up(), model)
    assert 36 <= passed <= 60


def test_no_step_holds_the_bus_for_more_than_2_ms() -> None:
    device, (codec, _) = Recorder(), codec_pair()
    codec._device = device
    steps, before = codec.set_up(), 0
    for _ in steps:
        assert (len(device.writes) - before) * 0.27 <= 2.2
        before = len(device.writes)


def test_both_directions_have_0_db_and_the_board_s_gains_are_added() -> None:
    model = up()
    assert (model.input_gain(0), model.output_gain(0)) == (0, 0)
    model = up(replace(SPEC_8960, in_db=-6, out_db=3))
    assert (model.input_gain(0), model.output_gain(0)) == (-6, 3)


def test_a_channel_without_a_line_has_no_power() -> None:
    model = up()
    assert model.input_gain(1) is None
    assert model.output_gain(1) is None
    model = up(replace(SPEC_8960, channels=(0, 1)))
    assert [model.input_gain(1), model.output_gain(1)] == [0, 0]


@pytest.mark.parametrize(
    ("framing", "swapped", "word"),
    [("i2s", 0, 0x42), ("dsp_a", 0, 0x43), ("dsp_b", 0, 0x53), ("dsp_a", 1, 0x53)],
)
def test_framing_is_the_board_s(framing: str, swapped: int, word: int) -> None:
    spec = replace(SPEC_8960, dsp_a_lrp=swapped)
    object.__setattr__(spec, "framing", framing)
    assert up(spec)[0x07] == word


def test_it_is_not_heard_before_somebody_asks_for_it() -> None:
    codec, model = codec_pair()
    run_steps(codec.set_up(), model)
    assert model.input_gain(0) is None
    assert model.output_gain(0) == 0
    codec.hear(0, True)
    assert model.input_gain(0) == 0
    codec.hear(0, False)
    assert model.input_gain(0) is None


def checked(times: int, spec: CodecSpec = SPEC_8960) -> tuple[Wm8960Model, list[str]]:
    """A codec that is checked for so many periods; what was raised."""
    codec, model = codec_pair(spec)
    run_steps(codec.set_up(), model)
    told = []
    for now in range(times):
        model.step()
        try:
            codec.check(now)
        except (ChipFault, ChipMissing) as error:
            told.append(str(error))
    assert isinstance(model, Wm8960Model)
    return model, told


def test_checks_of_a_minute_change_nothing() -> None:
    model, told = checked(6000)
    assert told == []
    assert model.clocks
    assert model.output_gain(0) == 0
    assert not model.violation_log.texts


def test_a_disturbed_register_is_put_right() -> None:
    codec, model = codec_pair()
    run_steps(codec.set_up(), model)
    model.write_register(0x05 << 1, 0x08)
    assert model.output_gain(0) is None
    for now in range(26 * 25):
        codec.check(now)
    assert model.output_gain(0) == 0


def test_nobody_there_is_one_error_that_says_what_to_do() -> None:
    codec, model = codec_pair()
    model.present = False
    with pytest.raises(ChipMissing) as caught:
        run_steps(codec.set_up(), model)
    said = str(caught.value)
    assert said.startswith("board test: codec wm8960 at I2C 1 address 0x1a: no acknowledge; check")
    assert "the hat is plugged in" in said
    assert not codec.works


def test_one_that_comes_back_is_set_up_as_it_was() -> None:
    codec, model = codec_pair()
    run_steps(codec.set_up(), model)
    codec.hear(0, True)
    model.present = False
    model.step()
    codec.check(0)
    with pytest.raises(ChipMissing):
        codec.check(25)
    codec.hear(0, False)  # is kept, though nothing can be written
    model.present = True
    run_steps(codec.set_up(), model)
    assert model.clocks
    assert model.output_gain(0) == 0
    assert model.input_gain(0) is None
    codec.hear(0, True)
    assert model.input_gain(0) == 0


def test_a_dip_of_the_supply_is_seen_by_the_clock_that_is_gone() -> None:
    codec, model = codec_pair()
    run_steps(codec.set_up(), model)
    codec.check(0)
    model.brown_out()
    for _ in range(25):
        model.step()
    with pytest.raises(ChipFault, match="gives no clock to the PCM port; check crystal_hz"):
        codec.check(25)
    run_steps(codec.set_up(), model)
    assert model.clocks


def test_of_two_lines_one_sets_it_up_and_the_other_waits() -> None:
    codec, model = codec_pair(replace(SPEC_8960, channels=(0, 1)))
    first, second = codec.set_up(), codec.set_up()
    running: list[CodecModel] = []
    for _ in first:
        next(second)
        model.step()
        running.append(model)
    assert next(second, "through") == "through"
    assert codec.works


def test_a_set_up_that_is_given_up_keeps_nobody_waiting() -> None:
    codec, model = codec_pair()
    first = codec.set_up()
    next(first)
    first.close()
    run_steps(codec.set_up(), model)
    assert codec.works


def test_power_off_is_soft() -> None:
    codec, model = codec_pair()
    run_steps(codec.set_up(), model)
    codec.power_off()
    model.step()
    assert model.output_gain(0) is None
    assert model.clicks == 0
    assert not codec.works
