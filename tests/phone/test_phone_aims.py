"""Whom a call is for: numbers, groups and lines as steps of handsets, with what answers after."""

from dataclasses import replace

from app.core.presence import Presence
from app.phone.calls.aims import Aim, Aims, Step
from app.phone.calls.caller import WhyVoicemail
from app.phone.calls.dialplan import Directory, Subscriber
from app.phone.config import IncomingRoute, PhoneConfig
from app.phone.groups import ATTENDANT, RingGroup

ANN = Subscriber(1, "Ann", "201", "101")
BOB = Subscriber(2, "Bob", "202", "102")
CEM = Subscriber(3, "Cem", "203", None)
HERE = Directory((ANN, BOB, CEM), default="201")
GROUPS = {
    "620": RingGroup(("101", "102", "103"), "all", 12.0, "203"),
    "621": RingGroup(("101", "102", "103"), "in turn", 5.0, "620"),
    "622": RingGroup(("101", "102", "103"), "round", 5.0, "622"),
    "623": RingGroup(("104",), then=ATTENDANT),
    "624": RingGroup(("101",), then="102"),
}


def aims(**incoming: IncomingRoute) -> Aims:
    config = PhoneConfig(groups=GROUPS, incoming=incoming)
    return Aims(config, lambda: dict.fromkeys(("101", "102", "103")))


def but(person: Subscriber, presence: Presence = Presence.DND) -> Directory:
    """The house with one who does not want to be rung."""
    changed = replace(person, presence=presence, rings=False)
    return replace(HERE, people=tuple(changed if p == person else p for p in HERE.people))


def test_numbers_of_handsets_and_of_their_owners_ring_the_handset() -> None:
    assert aims().of("101", HERE) == Aim((Step(("101",)),), "201")
    assert aims().of("103", HERE) == Aim((Step(("103",)),))
    found = aims().of("201", HERE)
    assert found is not None
    assert (found.steps, found.mailbox) == ((Step(("101",)),), "201")


def test_who_has_no_handset_or_wants_no_ringing_gets_voicemail_at_once() -> None:
    assert aims().of("203", HERE) == Aim((), "203", why=WhyVoicemail.NOT_RUNG)
    for number in ("101", "201"):
        assert aims().of(number, but(ANN)) == Aim((), "201", why=WhyVoicemail.NOT_RUNG)


def test_a_number_that_is_nobodys_leads_nowhere() -> None:
    for number in ("", "9", "911", "95551234", "299"):
        assert aims().of(number, HERE) is None


def test_a_group_rings_at_once_or_in_turn_and_goes_on() -> None:
    together = Step(("101", "102", "103"), 12.0)
    assert aims().of("620", HERE) == Aim((together,), "203", way="group 620", of_group=True)
    turns = tuple(Step((name,), 5.0) for name in ("101", "102", "103"))
    assert aims().of("621", HERE) == Aim((*turns, together), "203", way="group 621", of_group=True)
    assert aims().of("623", HERE) == Aim((), attendant=True, way="group 623", of_group=True)
    found = aims().of("624", HERE)
    assert found is not None
    assert (found.steps, found.mailbox) == ((Step(("101",), 20.0), Step(("102",))), "202")


def test_a_group_that_goes_round_begins_after_the_last_that_was_rung() -> None:
    board = aims()
    for begin in (("101", "102", "103"), ("102", "103", "101"), ("103", "101", "102")):
        found = board.of("622", HERE)
        assert found is not None
        assert [step.handsets for step in found.steps] == [(name,) for name in begin]
        board.rang(begin[0])
    again = board.of("622", HERE)
    assert again is not None and again.steps[0].handsets == ("101",)


def test_who_wants_no_ringing_is_left_out_of_groups_and_lines() -> None:
    found = aims().of("620", but(BOB))
    assert found is not None and found.steps[0].handsets == ("101", "103")
    line = aims().of_trunk("line1", but(BOB))
    assert line == Aim((Step(("101", "103")),))


def test_a_line_whose_handsets_all_want_no_ringing_says_why() -> None:
    board = aims(line1=IncomingRoute(("102",), "202"))
    assert board.of_trunk("line1", but(BOB)) == Aim((), "202", why=WhyVoicemail.NOT_RUNG)


def test_a_line_leads_to_a_number_and_elsewhere_at_night() -> None:
    board = aims(line1=IncomingRoute(mailbox="201", to="620", night_to=ATTENDANT))
    day = board.of_trunk("line1", HERE)
    assert (day.way, day.mailbox) == ("group 620", "203")
    night = board.of_trunk("line1", replace(HERE, night=True))
    assert night.attendant and night.mailbox == "201"
    only_day = aims(line1=IncomingRoute(to="202"))
    assert only_day.of_trunk("line1", replace(HERE, night=True)).mailbox == "202"


def test_a_line_that_leads_to_nobody_rings_its_handsets() -> None:
    board = aims(line1=IncomingRoute(("101",), "201", to="299"))
    assert board.of_trunk("line1", HERE) == Aim((Step(("101",)),), "201")
