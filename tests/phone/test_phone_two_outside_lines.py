"""Two strangers on two outside lines are never left to talk at the expense of the box.

Whatever the handset that knows both does, or whatever becomes of it: without it the two are apart.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from drivers.ports import PortFault
from tests.kit.talkers import Party
from tests.phone.test_phone_handset import CONFIG, holding_two_lines

KEYS = replace(CONFIG, flash_habit="keys")


def hangs_up(party: Party) -> None:
    party.hang_up("101")


def fails(party: Party) -> None:
    party.bench.station("101").events.append(PortFault("a fault of the test"))
    party.bench.run(20)


def joins_and_hangs_up(party: Party) -> None:
    party.flash("101")
    party.dial("101", "3")
    assert party.heard() == {"101": "XY", "line1": "1Y", "line2": "1X"}
    party.hang_up("101")


def joins_and_fails(party: Party) -> None:
    party.flash("101")
    party.dial("101", "3")
    fails(party)


def connects_them_by_a_key(party: Party) -> None:
    party.flash("101")
    party.dial("101", "4")
    party.bench.run(400)
    party.hang_up("101")


def hangs_up_before_the_key(party: Party) -> None:
    party.flash("101")
    party.hang_up("101")


def joins_parks_and_hangs_up(party: Party) -> None:
    party.flash("101")
    party.dial("101", "3")
    party.flash("101")
    party.dial("101", "*5")
    party.bench.run(300)
    party.hang_up("101")


def ends_the_one_it_talks_with_and_hangs_up(party: Party) -> None:
    """101 ends the call with the one, by key 1, and hangs up on the other."""
    party.hang_up("102")
    party.bench.run(100)
    party.flash("101")
    party.dial("101", "1")
    party.hang_up("101")
    party.bench.run(100)


@pytest.mark.parametrize(
    "does",
    [
        hangs_up,
        fails,
        joins_and_hangs_up,
        joins_and_fails,
        connects_them_by_a_key,
        hangs_up_before_the_key,
        joins_parks_and_hangs_up,
        ends_the_one_it_talks_with_and_hangs_up,
    ],
)
def test_two_outside_lines_do_not_talk_without_the_handset(does: Callable[[Party], None]) -> None:
    party = holding_two_lines(KEYS)
    does(party)
    calls = {line: party.call_of(line) for line in ("line1", "line2")}
    assert calls["line1"] is not calls["line2"] or calls["line1"] is None
    heard = party.heard()
    assert "Y" not in heard.get("line1", "") and "X" not in heard.get("line2", "")
    party.bench.seconds(90)  # who waits for the handset ends somewhere else than at the other
    heard = party.heard()
    assert "Y" not in heard.get("line1", "") and "X" not in heard.get("line2", "")


def test_where_a_setting_allows_it_they_do() -> None:
    party = holding_two_lines(replace(KEYS, outside_to_outside=True))
    joins_and_hangs_up(party)
    assert party.heard() == {"line1": "Y", "line2": "X"}


def outside_party_on_hold() -> Party:
    """101 has line1 on hold and hears dial tone; nobody is on line2."""
    party = Party(CONFIG)
    party.call_in("line1", "101")
    party.flash("101")
    return party


def test_party_on_hold_is_not_sent_on_to_an_outside_number() -> None:
    party = outside_party_on_hold()
    party.dial("101", "95551234#")
    assert party.bench.trunk("line2").seized
    party.hang_up("101")  # before it is dialled
    assert not party.bench.trunk("line2").seized
    party.bench.run(100)
    assert party.bench.station("101").ringing, "line1 comes back"


def test_party_on_hold_is_not_sent_on_to_an_outside_number_that_is_dialled() -> None:
    party = outside_party_on_hold()
    party.dial("101", "95551234#")
    party.bench.seconds(8)
    assert party.bench.call("line2") == "connected"
    party.hang_up("101")
    assert not party.bench.trunk("line2").seized
    assert "Y" not in party.heard().get("line1", "")


def test_outside_party_dials_nothing_while_it_is_on_hold_or_parked() -> None:
    party = outside_party_on_hold()
    party.dial("line1", "95551234#")
    assert not party.bench.trunk("line2").seized
    party.dial("101", "*5")
    party.bench.run(300)
    party.hang_up("101")
    assert party.bench.call("line1") == "parked"
    for digits in ("95551234#", "*98", "*5", "*61", "701", "102"):
        party.dial("line1", digits)
        assert party.bench.call("line1") == "parked" and not party.bench.trunk("line2").seized
    assert not any(party.bench.station(name).ringing for name in ("101", "102", "103", "104"))
