"""Ringing sums and DAA settings against the data sheets' and the open drivers' tables."""

import pytest

from drivers import si3050_registers as reg
from drivers.countries import COUNTRIES, StationSettings, TrunkSettings, UnknownCountry, country


@pytest.mark.parametrize(
    ("hertz", "peak", "frequency", "amplitude"),
    [
        (20, 70, 0x7EFD, 0x0177),  # the data sheet's worked example
        (25, 70, 0x7E6C, 0x01D6),
        (50 / 3, 70, 0x7F4C, 0x0139),
        (50, 70, 0x79BC, 0x03B2),
        (25, 85, 0x7E6C, 0x023A),  # TBR21 in the open drivers
    ],
)
def test_ringing_coefficients(hertz: float, peak: int, frequency: int, amplitude: int) -> None:
    settings = StationSettings(impedance=0, ring_hz=hertz, ring_peak_volts=peak)
    assert settings.ring_frequency == frequency
    assert settings.ring_amplitude == amplitude


@pytest.mark.parametrize(
    ("hertz", "trip"),
    [(16, (0x200, 0x0F)), (20, (0x320, 0x0B)), (25, (0x320, 0x0B)), (50, (0x6A8, 0x05))],
)
def test_ring_trip_filter_is_that_of_the_frequency_at_or_below(
    hertz: float, trip: tuple[int, int]
) -> None:
    assert StationSettings(0, hertz, 65).trip_filter == trip


@pytest.mark.parametrize("code", sorted(COUNTRIES))
def test_every_country_can_be_rung_and_written(code: str) -> None:
    settings = country(code)
    phone, line = settings.station, settings.trunk
    assert phone.battery * 1.5 >= phone.ring_peak_volts + 7.5
    assert phone.battery <= 0x3F
    assert phone.ring_peak_volts / 2**0.5 >= 40  # Vrms, what a bell needs
    assert phone.impedance in (0, 1, 4, 5)  # codes that Si3210 and Si3215 share
    reg.AC_TERMINATION.compose((reg.ACIM, line.acim))
    reg.DC_TERMINATION.compose((reg.DCV, line.dcv), (reg.MINI, line.mini), (reg.ILIM, line.ilim))


def octets(line: TrunkSettings) -> tuple[int, int, int, int]:
    """Registers 16, 26, 30 and the country's part of 31."""
    accesses = (
        reg.INTERNATIONAL_1.compose((reg.OHS, line.ohs), (reg.RZ, line.rz), (reg.RT, line.rt)),
        reg.DC_TERMINATION.compose(
            (reg.DCV, line.dcv), (reg.MINI, line.mini), (reg.ILIM, line.ilim)
        ),
        reg.AC_TERMINATION.compose((reg.ACIM, line.acim)),
        reg.DAA_CONTROL_5.compose((reg.FOH, 1), (reg.OHS2, line.ohs2)),
    )
    first, second, third, fourth = (access.value or 0 for access in accesses)
    return first, second, third, fourth


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("us", (0x00, 0xC0, 0x00, 0x20)),
        ("gb", (0x00, 0xC2, 0x05, 0x28)),
        ("de", (0x00, 0xC2, 0x03, 0x28)),
        ("fr", (0x00, 0xC2, 0x02, 0x28)),
        ("cz", (0x00, 0xC2, 0x02, 0x20)),
        ("au", (0x40, 0x30, 0x03, 0x20)),
        ("jp", (0x00, 0x30, 0x00, 0x20)),
        ("nz", (0x00, 0xC0, 0x04, 0x20)),
        ("cn", (0x00, 0x30, 0x0F, 0x20)),
        ("pl", (0x03, 0xC0, 0x00, 0x20)),
        ("za", (0x42, 0xC0, 0x03, 0x20)),
        ("sk", (0x00, 0xC0, 0x03, 0x20)),
        ("si", (0x00, 0xC0, 0x02, 0x20)),
    ],
)
def test_daa_settings_are_those_of_the_open_drivers(
    code: str, expected: tuple[int, int, int, int]
) -> None:
    assert octets(country(code).trunk) == expected


def test_an_unknown_country_is_refused_with_those_we_have() -> None:
    with pytest.raises(UnknownCountry, match=r"country 'uk'; allowed: ar, at, au, .*gb"):
        country("uk")
