"""Caller ID on call waiting: alerting signal, answer, data; nobody else is heard meanwhile."""

import numpy as np
import pytest

from app.phone.calls.caller import Caller
from app.phone.config import PhoneConfig
from app.phone.sound.dsp import dtmf
from drivers.countries.base import Modem
from drivers.models.fsk import caller_id_of, demodulate
from tests.kit.phone import StubClerk, directory, power_at
from tests.kit.talkers import VOICES, Party, tone

PEOPLE = directory(("Ann", "201", "101"), ("Cid Carter", "203", "103"))


def waiting(country: str = "us") -> Party:
    """101 and 102 talk, and 103 has just called 101."""
    party = Party(PhoneConfig(country=country), clerk=StubClerk(directory=PEOPLE))
    party.connect("101", "102")
    party.lift("103")
    party.bench.dial("103", "101")
    party.bench.port("101").heard.clear()
    return party


def alerted(party: Party) -> None:
    """Let time pass until the alerting signal has been heard whole."""
    heard = party.bench.port("101").heard
    for _ in range(120):
        party.bench.run(1)
        if len(heard) > 3 and power_at(np.concatenate(heard[-3:-1]), 2130) > -20:
            break
    else:
        raise AssertionError("no alerting signal")
    assert power_at(np.concatenate(heard[-3:-1]), 2750) > -20
    party.bench.run(8)


@pytest.mark.parametrize(("country", "modem"), [("us", Modem.BELL_202), ("de", Modem.V23)])
def test_telephone_that_answers_gets_name_and_number(country: str, modem: Modem) -> None:
    party = waiting(country)
    alerted(party)
    party.bench.port("101").heard.clear()
    party.bench.say("101", dtmf("D", on_ms=60, off_ms=10))
    party.bench.say("102", np.tile(tone(VOICES["102"]), 4))
    party.bench.run(120)
    (message,) = demodulate(np.concatenate(party.bench.port("101").heard), modem)
    shown = caller_id_of(message)
    assert shown is not None and (shown.number, shown.name) == ("103", "Cid Carter")
    party.bench.run(60)
    assert party.heard()["101"] == "2", "they talk again"


def test_telephone_that_does_not_answer_misses_half_a_second() -> None:
    party = waiting()
    alerted(party)
    party.bench.say("102", np.tile(tone(VOICES["102"]), 2))
    party.bench.port("101").heard.clear()
    party.bench.run(60)
    quiet = [abs(row).max() < 100 for row in party.bench.port("101").heard]
    assert sum(quiet) < 40 and not quiet[-1]


def test_flash_amid_the_alerting_signal_answers_the_caller() -> None:
    party = waiting()
    alerted(party)
    party.flash("101")
    assert party.heard()["101"] == "3"


def test_caller_of_an_outside_line_is_shown_when_the_line_has_said_who_it_is() -> None:
    party = Party(PhoneConfig(), clerk=StubClerk(directory=PEOPLE))
    for name in ("103", "104"):
        party.lift(name)
    party.connect("101", "102")
    party.bench.trunk("line1").burst(True)
    party.bench.run(10)
    assert party.state("101") == "second call waits"
    party.bench.run(100)
    heard = party.bench.hears("101", 100)
    assert max(power_at(heard[n : n + 400], 2130) for n in range(0, 7600, 400)) < -40
    call = party.call_of("line1")
    trunk = party.bench.pbx.trunks["line1"]

    trunk.caller = Caller("5551234", "FAR AWAY")
    assert call is not None
    call.caller_known(trunk.caller)
    alerted(party)


def test_where_numbers_come_by_keys_none_is_sent_to_who_talks() -> None:
    party = waiting("dk")
    heard = party.bench.hears("101", 150)
    assert max(power_at(heard[n : n + 400], 2750) for n in range(0, 11600, 400)) < -40
