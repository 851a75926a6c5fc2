"""The WM8731's driver against its model."""

from dataclasses import replace

import pytest

from drivers.errors import ChipFault, ChipMissing
from tests.kit.codecs import SPEC_8731, codec_pair, run_steps


@pytest.mark.parametrize(
    ("crystal", "word"), [(12_288_000, 0x00C), (18_432_000, 0x00E), (12_000_000, 0x00D)]
)
def test_it_gives_8_khz_of_each_crystal(crystal: int, word: int) -> None:
    codec, model = codec_pair(replace(SPEC_8731, crystal_hz=crystal))
    run_steps(codec.set_up(), model)
    assert model.rate_hz() == 8000
    assert model[0x08] == word
    assert not model.violation_log.texts
    assert model.clicks == 0


def test_gains_are_the_board_s_and_the_input_waits_to_be_asked_for() -> None:
    codec, model = codec_pair(replace(SPEC_8731, in_db=3, out_db=-2))
    run_steps(codec.set_up(), model)
    assert (model.input_gain(0), model.output_gain(0)) == (None, -2)
    codec.hear(0, True)
    assert model.input_gain(0) == 3


@pytest.mark.parametrize(("framing", "word"), [("i2s", 0x42), ("dsp_a", 0x53), ("dsp_b", 0x43)])
def test_framing_is_the_board_s(framing: str, word: int) -> None:
    spec = replace(SPEC_8731, dsp_a_lrp=1)
    object.__setattr__(spec, "framing", framing)
    codec, model = codec_pair(spec)
    run_steps(codec.set_up(), model)
    assert model[0x07] == word


def test_a_minute_of_checks_changes_nothing() -> None:
    codec, model = codec_pair(SPEC_8731)
    run_steps(codec.set_up(), model)
    for now in range(6000):
        codec.check(now)
        model.step()
    assert model.clocks
    assert not model.violation_log.texts


def test_it_is_missed_and_set_up_again() -> None:
    codec, model = codec_pair(SPEC_8731)
    model.present = False
    with pytest.raises(ChipMissing, match="codec wm8731 at I2C 1 address 0x1a: no acknowledge"):
        run_steps(codec.set_up(), model)
    model.present = True
    run_steps(codec.set_up(), model)
    codec.hear(0, True)
    codec.check(0)
    model.brown_out()
    for _ in range(25):
        model.step()
    with pytest.raises(ChipFault, match="gives no clock"):
        codec.check(25)
    run_steps(codec.set_up(), model)
    assert (model.input_gain(0), model.output_gain(0)) == (0, 0)


def test_power_off_leaves_nothing_on() -> None:
    codec, model = codec_pair(SPEC_8731)
    run_steps(codec.set_up(), model)
    codec.power_off()
    assert model[0x06] == 0x09F
    assert model.output_gain(0) is None
