"""Presence in the store: what holds now, when it ends, and what it means to callers."""

from datetime import UTC, date
from pathlib import Path

import pytest

from app.inbox.errors import Invalid
from app.inbox.presence import Presence, PresenceNow, PresenceRule, day_begins, day_of
from tests.kit.store import StoreKit, open_store


@pytest.fixture
def kit(tmp_path: Path) -> StoreKit:
    return open_store(tmp_path)


def say(kit: StoreKit, presence: Presence, until: float | None = None) -> bool:
    anna = kit.person("anna").id
    return kit.db.now(lambda tx: kit.people.presences.set(tx, anna, presence, until, "anna"))


def test_who_has_said_nothing_is_in_and_their_handset_rings(kit: StoreKit) -> None:
    assert kit.people.presences.of(kit.person("anna").id) == PresenceNow()
    assert kit.people.presences.all() == {}
    assert PresenceNow().rule == PresenceRule(rings=True, messages=True)


@pytest.mark.parametrize("presence", [p for p in Presence if p is not Presence.IN])
def test_who_is_not_in_is_not_rung_and_gets_messages(kit: StoreKit, presence: Presence) -> None:
    assert say(kit, presence)
    assert not say(kit, presence), "said before"
    now = kit.people.presences.of(kit.person("anna").id)
    assert now == PresenceNow(presence, None, PresenceRule(rings=False, messages=True))
    history = kit.store.history(kit.person("anna").id)
    assert [(row.verb, row.by, row.detail) for row in history][-1] == (
        *("presence set", "anna", presence.value),
    )


def test_a_presence_ends_by_itself(kit: StoreKit) -> None:
    ends = kit.clock.now() + 3600
    say(kit, Presence.AWAY, ends)
    anna = kit.person("anna").id
    assert kit.people.presences.next_end() == ends
    kit.clock.advance(3599)
    assert kit.people.presences.of(anna).presence is Presence.AWAY
    kit.clock.advance(1)
    assert kit.people.presences.of(anna) == PresenceNow()
    assert kit.people.presences.next_end() is None


def test_an_end_that_is_over_and_one_of_being_in_are_refused(kit: StoreKit) -> None:
    with pytest.raises(Invalid, match="over already"):
        say(kit, Presence.AWAY, kit.clock.now())
    with pytest.raises(Invalid, match="without an end"):
        say(kit, Presence.IN, kit.clock.now() + 10)
    assert kit.people.presences.all() == {}


def test_a_rule_holds_in_its_presence_alone(kit: StoreKit) -> None:
    anna, rule = kit.person("anna").id, PresenceRule(rings=True, messages=False)
    presences = kit.people.presences
    assert kit.db.now(lambda tx: presences.set_rule(tx, anna, Presence.MEETING, rule, "anna"))
    assert not kit.db.now(lambda tx: presences.set_rule(tx, anna, Presence.MEETING, rule))
    assert presences.of(anna).rule == PresenceRule(rings=True, messages=True)
    say(kit, Presence.MEETING)
    assert presences.of(anna).rule == rule
    assert presences.of(kit.person("bob").id) == PresenceNow()
    assert kit.store.history(anna)[-2].detail == "meeting: rings, takes no messages"


def test_who_is_removed_leaves_no_presence_behind(kit: StoreKit) -> None:
    say(kit, Presence.DND)
    anna = kit.person("anna").id
    kit.db.now(lambda tx: kit.people.remove(tx, anna))
    assert kit.people.presences.all() == {}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-24", date(2026, 12, 24)),
        ("12-24", date(2026, 12, 24)),
        ("11-28", date(2027, 11, 28)),
        ("01-02", date(2027, 1, 2)),
        ("02-29", date(2028, 2, 29)),
        ("02-30", None),
        ("13-01", None),
        ("0-1", None),
        ("2026-02-30", None),
        ("tomorrow", None),
        ("1-2-3", None),
    ],
)
def test_days_as_people_write_them(text: str, day: date | None) -> None:
    assert day_of(text, date(2026, 11, 28)) == day


def test_a_clock_that_was_never_set_knows_no_next_day() -> None:
    assert day_of("12-24", date(1970, 1, 1)) is None
    assert day_of("2026-12-24", date(1970, 1, 1)) == date(2026, 12, 24)


def test_a_day_begins_at_midnight_of_its_zone() -> None:
    assert day_begins(date(1970, 1, 2), UTC) == 86400
