"""Numbers a handset dials: mailboxes, and the service that tells a new box's claim code."""

from pathlib import Path

import pytest

from app.inbox.claim import SERVICE_NUMBER, Claim
from app.phone.calls.dialplan import Dialplan, Service, Unknown
from app.voicemail.internal import internal
from tests.kit.voicemail import House, ScriptLine


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def dial(house: House, number: str) -> ScriptLine:
    line = ScriptLine(house.clerk, name="101", kind="station")
    return line.runs(internal(line, house.clerk, number))


def plan(house: House) -> Dialplan:
    return Dialplan(("101",), house.clerk.directory().result())


def test_the_claim_code_is_said_digit_by_digit_three_times(house: House) -> None:
    claim = Claim(house.config.store_path)
    claim.path.write_text("40917253\n")
    assert plan(house).find(SERVICE_NUMBER) == Service(SERVICE_NUMBER)
    digits = " silence ".join(f"digits/{digit}" for digit in "40917253")
    once = f"hears switchhook/claim-code silence {digits} silence silence\n"
    dial(house, SERVICE_NUMBER).talk(3 * once + "hears vm-goodbye\nends")


def test_a_box_with_an_administrator_has_no_such_number(house: House) -> None:
    assert plan(house).find(SERVICE_NUMBER) == Unknown()
    dial(house, SERVICE_NUMBER).talk("hears vm-sorry\nends")


def test_a_mailbox_number_leads_to_its_owners_menu(house: House) -> None:
    dial(house, "201").talk("hears vm-password\nhangs up\nends")
