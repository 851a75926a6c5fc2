"""Every country that the settings offer: one call, from its first sign on the line to the lamp.

Nothing here is of a country's own making: what is expected comes from its table, which
tests/drivers compare with the national standards.
"""

from io import BytesIO
from pathlib import Path

import pytest

from app.config.catalogue import catalogue
from drivers.buses import Samples
from drivers.countries import country
from drivers.countries.base import Country, Modem
from tests.kit import everyday
from tests.kit.hearing import SAME, likeness, read_wav
from tests.kit.letters import parsed, wav_of
from tests.kit.world import World

NUMBER, NAME = "5551234", "CARL CALLER"
(CHOICES,) = (one.choices for one in catalogue({}) if one.name == "site.country")
OFFERED = list(CHOICES)


def test_settings_offer_every_country_and_any_other() -> None:
    assert len(OFFERED) == 35 and "generic" in OFFERED


@pytest.mark.parametrize(("code", "is_code"), [("uk", "gb"), ("TBR21", "generic")])
def test_office_of_a_country_by_its_other_name_gives_dial_tone(
    tmp_path: Path, code: str, is_code: str
) -> None:
    with World(tmp_path, country=code) as world:
        assert world.box.country.code == is_code
        world.board("lift 101", "wait-for 101 dial-tone within 3s", "hangup 101")


def shown_by(where: Country) -> tuple[str, str] | None:
    """Number and name that the country's networks show; None: nothing."""
    service = where.caller_id
    if service is None:
        return None
    return NUMBER, "" if service.modem in (Modem.DTMF, Modem.V23_NTT) else NAME


@pytest.mark.parametrize("code", everyday.cases(OFFERED))
def test_call_in_every_country_is_shown_answered_kept_and_ended(
    tmp_path: Path, words: Path, words_at_8_khz: Samples, code: str
) -> None:
    where = country(code)
    shown = shown_by(where)
    with World(tmp_path, country=code) as world:
        office, telephone = world.box.office_lines["line1"], world.box.telephones["101"]
        world.board(f'ring line1 from {NUMBER} "{NAME}"', "wait-for line1 ringback within 8s")
        world.board("wait-for line1 beep")
        assert world.box.chips["line1"].loop.hertz == where.ringing.network_hz
        assert telephone.bells
        seen = telephone.caller_id
        assert (None if seen is None else (seen.number, seen.name)) == shown

        world.board(f"say line1 {words}")
        office.clears_by_tone = not where.disconnect.cpc_ms
        world.board("hangup line1", "time 1s" if where.disconnect.cpc_ms else "time 5s")
        assert world.phone.pbx.status()["lines"]["line1"]["state"] == "idle"

        (octets,) = world.fetch("anna")
        message = parsed(octets)
        who = " ".join(reversed(shown)).strip() if shown is not None else "unknown caller"
        assert message["Subject"] == f"Voicemail from {who} (0:05)"
        assert likeness(words_at_8_khz, read_wav(BytesIO(wav_of(message)))) > SAME
        assert world.lamps() == {"101": "lit", "102": "dark"}
        world.board("lift 101", "wait-for 101 stutter within 8s", "hangup 101")
        assert world.box.violations() == []
