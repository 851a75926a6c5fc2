"""Who calls, both ways: read from an outside line and shown on a handset, as each country has it.

What an office sends is made by tests/kit/caller_sound.py, which shares nothing with what reads it.
"""

import numpy as np
import pytest

from app.phone.calls.line import Caller
from app.phone.lines import line_events
from app.phone.lines.caller_id import (
    caller_digits,
    parse,
    parse_digits,
    single_caller_message,
    waiting_message,
)
from app.phone.lines.caller_signal import announced, caller_sound
from app.phone.lines.line_events import CallerKnown, Ringing
from app.phone.lines.trunk_states import TrunkState
from app.phone.sound.dsp import FskReceiver
from app.phone.timers import CALLER_DIGITS
from drivers.buses import PERIOD, Samples
from drivers.countries import codes, country
from drivers.countries.base import CallerIdService, DigitCodes, Modem
from drivers.models.caller_signal import caller_of_digits
from drivers.models.dtmf import DtmfReceiver
from drivers.ports import Feed, PolarityReversed
from tests.kit import caller_sound as kit
from tests.kit.phone import power_at
from tests.phone.test_phone_lines import OneStation, OneTrunk

CARL = Caller("5551234", "CARL CALLER")
BY_DIGITS = [
    code
    for code in codes()
    if (service := country(code).caller_id) is not None and service.modem is Modem.DTMF
]


def service_of(code: str) -> CallerIdService:
    service = country(code).caller_id
    assert service is not None
    return service


def say(office: OneTrunk, *sounds: Samples) -> None:
    """Let the office send these, and half a second pass after them."""
    office.say(np.concatenate([*sounds, kit.silence(500)]))
    office.run(len(office.says))


# --------------------------------------------------------------------- digits in their codes


@pytest.mark.parametrize(
    ("text", "caller"),
    [
        ("A5551234C", Caller("5551234")),  # Sweden, Finland, ETSI
        ("A5551234#", Caller("5551234")),  # Denmark
        ("D5551234C", Caller("5551234")),  # Netherlands
        ("5551234#", Caller("5551234")),  # no start code
        ("A5551234D5550000C", Caller("5551234")),  # who was called first is not who calls
        ("D5550000A5551234C", Caller("5551234")),
        ("B10C", Caller(reason="private")),
        ("B00C", Caller(reason="out of area")),
        ("B10D5550000C", Caller(reason="private")),
        ("D1#", Caller(reason="private")),
        ("D2#", Caller(reason="out of area")),
        ("D3#", Caller(reason="out of area")),
        ("D0000000000C", Caller(reason="out of area")),
        ("77A5551234C", Caller("5551234")),
        ("A5551234", None),  # no end
        ("AC", None),
        ("#", None),
        ("", None),
    ],
)
def test_caller_is_read_from_the_digits_of_any_country(text: str, caller: Caller | None) -> None:
    assert parse_digits(text) == caller


@pytest.mark.parametrize("code", BY_DIGITS)
@pytest.mark.parametrize(
    "caller", [Caller("5551234"), Caller(reason="private"), Caller(reason="out of area")]
)
def test_digits_that_are_sent_are_understood_by_a_telephone_and_by_us(
    code: str, caller: Caller
) -> None:
    digits = service_of(code).digits
    text = caller_digits(caller, digits)
    shown = caller_of_digits(digits, text)
    assert shown is not None and (shown.number or None) == caller.number
    understood = parse_digits(text)
    assert understood is not None and understood.number == caller.number
    if digits.private != digits.unknown:
        assert understood == caller


def test_digits_are_those_of_the_country() -> None:
    assert caller_digits(CARL, service_of("dk").digits) == "A5551234#"
    assert caller_digits(Caller(reason="private"), service_of("dk").digits) == "D1#"
    assert caller_digits(CARL, service_of("nl").digits) == "D5551234C"
    assert caller_digits(Caller(reason="private"), service_of("se").digits) == "B10C"
    assert caller_digits(Caller("+44 (0)20 7123"), DigitCodes()) == "A440207123C"


# --------------------------------------------------------------------- from the office


@pytest.mark.parametrize("dbm0", [-5.0, -13.5, -30.0, -40.0])
@pytest.mark.parametrize(
    ("code", "mark_hz", "space_hz"), [("us", 1200, 2200), ("de", 1300, 2100), ("au", 1200, 2200)]
)
def test_data_between_two_bursts_name_the_caller(
    code: str, mark_hz: float, space_hz: float, dbm0: float
) -> None:
    office = OneTrunk(code)
    office.burst()
    say(office, kit.fsk(kit.etsi("5551234", "CARL CALLER"), mark_hz, space_hz, dbm0))
    assert office.events() == [Ringing(), CallerKnown(CARL)]


@pytest.mark.parametrize(
    ("modem", "hertz"),
    [
        (Modem.BELL_202, (1200, 2200)),
        (Modem.V23, (1300, 2100)),
        (Modem.V23_NTT, (1300, 2100)),
    ],
)
@pytest.mark.parametrize("dbm0", [-13.5, -35.0])
def test_data_with_noise_of_10_db_less_are_read(
    modem: Modem, hertz: tuple[int, int], dbm0: float
) -> None:
    """In each of 25 noises. They take half a second, of which most is making them."""
    japanese = modem is Modem.V23_NTT
    sent = kit.japanese((2, b"0312345678")) if japanese else kit.etsi("0312345678", "CARL CALLER")
    clean = np.concatenate((kit.silence(50), kit.fsk(sent, *hertz, dbm0), kit.silence(50)))
    random, receiver, read = np.random.default_rng(5), FskReceiver(modem), 0
    for _ in range(25):
        noise = random.normal(0, kit.peak(dbm0 - 10) / 2**0.5, len(clean))
        noisy = np.rint(clean + noise).astype(np.int16)
        receiver.begin_again()
        messages = [
            m for at in range(0, len(noisy), 80) for m in receiver.hear(noisy[at : at + 80])
        ]
        read += [m.number for m in map(parse, messages) if m is not None] == ["0312345678"]
    assert read == 25


@pytest.mark.parametrize("dbm0", [3.0, -45.0])
@pytest.mark.parametrize(
    ("modem", "hertz"), [(Modem.BELL_202, (1200, 2200)), (Modem.V23, (1300, 2100))]
)
def test_loudest_and_softest_data_are_read(
    modem: Modem, hertz: tuple[int, int], dbm0: float
) -> None:
    sound = kit.fsk(kit.etsi("5551234", "CARL CALLER"), *hertz, dbm0)
    receiver = FskReceiver(modem)
    messages = [m for at in range(0, len(sound), 80) for m in receiver.hear(sound[at : at + 80])]
    assert [parse(m) for m in messages] == [CARL]


def test_soft_data_are_read_soon_after_a_loud_click() -> None:
    click = np.array([30000, -30000], np.int16)
    data = kit.fsk(kit.etsi("5551234", "CARL CALLER"), 1300, 2100, -40)
    sound = np.concatenate((kit.silence(50), click, kit.silence(200), data))
    receiver = FskReceiver(Modem.V23)
    messages = [m for at in range(0, len(sound), 80) for m in receiver.hear(sound[at : at + 80])]
    assert [parse(m) for m in messages] == [CARL]


@pytest.mark.parametrize(
    ("message", "caller"),
    [
        (kit.message(0x04, b"11241530" + b"5551234"), Caller("5551234")),  # SDMF
        (kit.message(0x04, b"11241530P"), Caller(reason="private")),
        (kit.message(0x80, kit.parameters((4, b"O"), (8, b"O"))), Caller(reason="out of area")),
        (kit.etsi("5551234"), Caller("5551234")),
    ],
)
def test_every_layout_of_data_is_read(message: bytes, caller: Caller) -> None:
    office = OneTrunk("us")
    office.burst()
    say(office, kit.fsk(message, 1200, 2200))
    assert office.line.caller == caller


def test_data_before_the_first_ring_follow_reversal_and_alerting_signal() -> None:
    office = OneTrunk("gb")
    office.line.port_event(PolarityReversed())
    alert = np.rint(
        sum(kit.peak(-18) * np.sin(2 * np.pi * hz * np.arange(800) / 8000) for hz in (2130, 2750))
    ).astype(np.int16)
    data = kit.fsk(kit.etsi("5551234", "CARL CALLER"), 1300, 2100)
    say(office, kit.silence(200), alert, kit.silence(45), data)
    office.burst()
    assert office.events() == [Ringing()]
    assert office.line.caller == CARL


@pytest.mark.parametrize("code", BY_DIGITS)
@pytest.mark.parametrize(("dbm0", "twist_db"), [(-4, 2), (-10, -5), (-25, 3)])
def test_digits_before_the_first_ring_name_the_caller(
    code: str, dbm0: float, twist_db: float
) -> None:
    office, digits = OneTrunk(code), service_of(code).digits
    office.line.port_event(PolarityReversed())
    text = f"{digits.start}5551234{digits.end}"
    say(office, kit.silence(200), kit.dtmf(text, dbm0=dbm0, twist_db=twist_db))
    office.burst()
    assert office.events() == [Ringing()]
    assert office.line.caller == Caller("5551234")


def test_digits_between_two_bursts_name_the_caller_too() -> None:
    office = OneTrunk("se")
    office.burst()
    say(office, kit.dtmf("A5551234C"))
    assert office.events() == [Ringing(), CallerKnown(Caller("5551234"))]


def test_stray_digits_are_no_part_of_a_caller_who_is_named_later() -> None:
    office = OneTrunk("se")
    say(office, kit.dtmf("77"))
    office.run(CALLER_DIGITS.periods)
    say(office, kit.dtmf("5551234C"))
    office.burst()
    assert office.line.caller == Caller("5551234")


@pytest.mark.parametrize("code", ["gb", "se"])
def test_caller_who_is_named_as_the_line_is_released_is_not_lost(code: str) -> None:
    office = OneTrunk(code)
    office.burst()
    assert office.line.seize()
    office.run(100)
    office.line.release()
    assert office.state is TrunkState.RELEASE_GUARD
    if code == "se":
        say(office, kit.silence(200), kit.dtmf("A5551234C"))
    else:
        say(office, kit.silence(300), kit.fsk(kit.etsi("5551234"), 1300, 2100))
    office.burst()
    assert office.line.caller == Caller("5551234")


def test_second_caller_within_the_gap_of_the_first_is_who_is_known_then() -> None:
    office = OneTrunk("us")
    office.burst()
    say(office, kit.fsk(kit.etsi("5551234"), 1200, 2200))
    office.run(300)  # the first gives up; another calls before the silence tells
    office.burst()
    say(office, kit.fsk(kit.etsi("5559876"), 1200, 2200))
    assert office.line.caller == Caller("5559876")
    assert office.events()[-1] == CallerKnown(Caller("5559876"))


def test_caller_who_was_named_first_is_known_however_soon_the_call_is_answered() -> None:
    office = OneTrunk("se")
    say(office, kit.dtmf("A5551234C"))
    office.port.burst(True)
    office.run(1)
    assert office.line.seize()
    office.run(100)
    assert office.line.caller == Caller("5551234")
    office.line.digits_wanted(True)
    say(office, kit.dtmf("7"))
    assert office.events()[-1] == line_events.Digit("7")


# --------------------------------------------------------------------- to a handset


def rung(code: str, caller: Caller = CARL) -> tuple[OneStation, list[Samples], list[Feed]]:
    """A handset that rings: what was played, and what lay on the line, up to its first burst."""
    handset = OneStation(code)
    start, first = len(handset.port.feeds), len(handset.played)
    assert handset.line.ring(caller)
    while not handset.port.ringing:
        handset.run(1)
    return handset, handset.played[first:], handset.port.feeds[start:]


@pytest.mark.parametrize("code", codes())
def test_handset_is_shown_the_caller_before_the_first_burst_where_its_country_has_it_so(
    code: str,
) -> None:
    service = country(code).caller_id
    _, played, feeds = rung(code)
    early = service is not None and service.early and code != "jp"
    assert feeds == [Feed.REVERSED_ON_HOOK_AUDIO, Feed.RINGING] if early else [Feed.RINGING]
    assert bool(played) == early


def test_british_handset_gets_alerting_signal_data_and_then_the_burst() -> None:
    _, played, _ = rung("gb")
    sound = np.concatenate(played)
    assert not sound[: 300 * 8].any(), "300 ms after the reversal"
    alert = sound[310 * 8 : 390 * 8]
    assert power_at(alert, 2130) == pytest.approx(-15, abs=1)
    assert power_at(alert, 2750) == pytest.approx(-15, abs=1)
    assert not sound[400 * 8 : 445 * 8].any(), "45 ms and more before the data"
    receiver = FskReceiver(Modem.V23)
    messages = [m for row in played for m in receiver.hear(row)]
    assert [parse(m) for m in messages] == [CARL]
    last = np.flatnonzero(sound)[-1]
    assert 200 <= (len(sound) - last) / 8 <= 500, "from the data to the burst"


@pytest.mark.parametrize("code", BY_DIGITS)
def test_handset_gets_the_digits_of_its_country_and_then_the_burst(code: str) -> None:
    _, played, _ = rung(code)
    keys = DtmfReceiver()
    digits = service_of(code).digits
    text = "".join(keys.hear(row) for row in played)
    assert text == f"{digits.start}5551234{digits.end}"
    sound = np.concatenate(played)
    assert np.flatnonzero(sound)[0] >= 200 * 8
    assert 200 <= (len(sound) - np.flatnonzero(sound)[-1]) / 8 <= 500


def test_handset_that_is_lifted_before_its_first_burst_is_not_rung() -> None:
    handset = OneStation("gb")
    handset.line.ring(CARL)
    handset.run(50)
    handset.lift()
    assert handset.port.feeds[-1] is Feed.ACTIVE
    handset.run(300)
    assert not handset.port.ringing
    assert not np.any(handset.played[-290:])


@pytest.mark.parametrize("code", ["gb", "se"])
def test_handset_without_a_known_caller_rings_at_once_and_is_shown_them_later(code: str) -> None:
    handset, played, feeds = rung(code, Caller())
    assert (played, feeds) == ([], [Feed.RINGING])
    handset.line.show(CARL)
    first = len(handset.played)
    handset.run(500)
    sound = handset.played[first:]
    if code == "gb":
        receiver = FskReceiver(Modem.V23)
        assert [parse(m) for row in sound for m in receiver.hear(row)] == [CARL]
    else:
        keys = DtmfReceiver()
        assert "".join(keys.hear(row) for row in sound) == "A5551234C"


def test_handset_is_shown_another_caller_who_takes_the_place_of_the_first() -> None:
    handset = OneStation("us")
    handset.line.ring(CARL)
    handset.run(600)
    handset.line.show(Caller("5559876"))
    handset.run(600)
    receiver = FskReceiver(Modem.BELL_202)
    messages = [parse(m) for row in handset.played for m in receiver.hear(row)]
    assert messages == [CARL, Caller("5559876")]


def test_longest_caller_fits_before_the_first_ring() -> None:
    for code in (*BY_DIGITS, "gb"):
        data = caller_sound(Caller("9" * 20, "N" * 15), "11241530", country(code))
        assert len(announced(data, service_of(code))) / PERIOD <= 400


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        (CARL, b"5551234"),
        (Caller("+44 20 7123"), b"+44207123"),
        (Caller(reason="private"), b"P"),
        (Caller(reason="out of area"), b"O"),
    ],
)
def test_single_message_has_date_and_number_or_why_there_is_none(
    caller: Caller, shown: bytes
) -> None:
    sent = single_caller_message(caller, "11241530")
    assert kit.message(0x04, b"11241530" + shown)[:-1] == sent
    assert single_caller_message(caller)[2:] == b"01010000" + shown
    assert parse(sent) == Caller(caller.number and shown.decode(), None, caller.reason)


# --------------------------------------------------------------------- waiting messages


@pytest.mark.parametrize(("waiting", "octet"), [(True, b"B"), (False, b"o")])
def test_single_waiting_message_is_three_octets_that_light_or_darken_a_lamp(
    waiting: bool, octet: bytes
) -> None:
    assert waiting_message(waiting, single=True) == kit.message(0x06, 3 * octet)[:-1]


@pytest.mark.parametrize("code", codes())
def test_waiting_message_is_sent_by_the_countrys_modem_and_announced_where_it_is_etsis(
    code: str,
) -> None:
    handset, modem = OneStation(code), country(code).modem
    handset.run(100)
    first = len(handset.played)
    handset.line.message_waiting = True
    handset.run(250)
    played = handset.played[first:]
    receiver = FskReceiver(modem)
    assert [m for row in played for m in receiver.hear(row)] == [b"\x82\x03\x0b\x01\xff"]
    sound = np.concatenate(played)
    begin = int(np.flatnonzero(sound)[0])
    head = sound[begin : begin + 640]
    if modem is Modem.V23:
        for hz in (2130, 2750):
            assert power_at(head, hz) == pytest.approx(-15, abs=1)
        assert not sound[begin + 101 * 8 : begin + 145 * 8].any(), "45 ms before the data"
    else:
        assert power_at(head, 2130) < -25 and power_at(head, 2750) < -25
