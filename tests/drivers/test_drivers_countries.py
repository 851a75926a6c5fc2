"""Countries: ringing sums and DAA settings as the data sheets and the open drivers have them."""

import pytest

from drivers import si3050_registers as reg
from drivers.countries import UnknownCountry, codes, country, line_settings
from drivers.countries.base import (
    CallerIdAlert,
    CallerIdMoment,
    Modem,
    StationSettings,
    TrunkSettings,
)

PARTIAL_AMERICA = ("ar", "co", "pe")
PARTIAL_EUROPE = ("cy", "hr", "ie", "is", "lu", "lv", "mt", "si", "sk")
PARTIAL_ELSEWHERE = ("bh", "eg", "jo", "lb", "ma", "ng", "om", "pk", "sy")
PARTIAL = [*PARTIAL_AMERICA, *PARTIAL_EUROPE, *PARTIAL_ELSEWHERE]
EVERY = sorted([*PARTIAL, *codes()])


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


@pytest.mark.parametrize("code", EVERY)
def test_every_country_can_be_rung_and_written(code: str) -> None:
    settings = line_settings(code)
    assert settings.code == code
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
    assert octets(line_settings(code).trunk) == expected


@pytest.mark.parametrize(
    ("code", "hz", "vrms", "cadence_ms"),
    [
        ("us", 20, 90, (2000, 4000)),  # T1.401
        ("gb", 25, 75, (400, 200, 400, 2000)),  # BT SIN 350
        ("de", 25, 65, (1000, 4000)),  # 1 TR 110-1
        ("fr", 50, 75, (1500, 3500)),
        ("au", 25, 75, (400, 200, 400, 2000)),  # AS/ACIF S002
        ("jp", 16, 75, (1000, 2000)),
    ],
)
def test_ringing_of_a_country_is_that_of_its_standard(
    code: str, hz: float, vrms: float, cadence_ms: tuple[int, ...]
) -> None:
    ringing = country(code).ringing
    assert (ringing.network_hz, ringing.network_vrms) == (hz, vrms)
    assert ringing.cadence_ms == cadence_ms


@pytest.mark.parametrize(
    ("code", "modem"),  # DTMF has no modem, and message waiting needs one
    [("us", Modem.BELL_202), ("de", Modem.V23), ("gb", Modem.V23), ("dk", Modem.BELL_202)],
)
def test_telephones_of_a_country_have_its_modem(code: str, modem: Modem) -> None:
    assert country(code).modem is modem


@pytest.mark.parametrize(
    ("code", "modem", "moment", "alerts"),
    [
        ("us", Modem.BELL_202, CallerIdMoment.AFTER_FIRST_RING, ()),
        ("au", Modem.BELL_202, CallerIdMoment.AFTER_FIRST_RING, ()),
        ("de", Modem.V23, CallerIdMoment.AFTER_FIRST_RING, ()),
        ("fr", Modem.V23, CallerIdMoment.AFTER_FIRST_RING, ()),
        (
            "gb",
            Modem.V23,
            CallerIdMoment.BEFORE_FIRST_RING,
            (CallerIdAlert.LINE_REVERSAL, CallerIdAlert.DT_AS),
        ),
        ("dk", Modem.DTMF, CallerIdMoment.BEFORE_FIRST_RING, (CallerIdAlert.LINE_REVERSAL,)),
    ],
)
def test_caller_id_of_a_country(
    code: str, modem: Modem, moment: CallerIdMoment, alerts: tuple[CallerIdAlert, ...]
) -> None:
    service = country(code).caller_id
    assert service is not None
    assert (service.modem, service.moment, service.alerts) == (modem, moment, alerts)


@pytest.mark.parametrize("code", codes())
def test_every_complete_country_alternates_ringing_and_silence(code: str) -> None:
    assert country(code).code == code
    cadence_ms = country(code).ringing.cadence_ms
    assert len(cadence_ms) % 2 == 0 and max(cadence_ms[1::2]) >= 1000  # room for caller ID


@pytest.mark.parametrize("written", ["generic", "Generic", "TBR21"])
def test_other_countries_have_the_harmonized_european_line(written: str) -> None:
    found = country(written)
    assert (found.code, found.tones.dial.hz) == ("generic", (425,))
    assert octets(found.trunk) == (0x00, 0xC2, 0x02, 0x20)  # "tbr21" of the open drivers
    assert (found.station.impedance, found.station.ring_hz) == (4, 25)


@pytest.mark.parametrize("written", ["gb", "uk", "UK", "Gb", " uk "])
def test_united_kingdom_is_known_by_both_its_codes_in_any_case(written: str) -> None:
    assert country(written).code == line_settings(written).code == "gb"


def test_unknown_country_is_refused_with_those_we_have() -> None:
    with pytest.raises(UnknownCountry, match=r"country 'xx'; allowed: at, au, be, .*gb"):
        country("xx")
    with pytest.raises(UnknownCountry, match=r"country 'xx'; allowed: ar, at, au, .*gb"):
        line_settings("xx")


@pytest.mark.parametrize("code", PARTIAL)
def test_country_without_tones_is_refused_where_tones_are_needed(code: str) -> None:
    said = f"country '{code}': its tones are not known here; allowed: at, au"
    with pytest.raises(UnknownCountry, match=said):
        country(code)
