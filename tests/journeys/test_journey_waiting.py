"""Waiting messages, shown in each handset's own way, are right after every kind of change.

Three handsets: 101 is Anna's, with a display (FSK); 102 is Ben's, whose lamp follows the line's
polarity; 103 is Cleo's, with a neon lamp. Ben and Cleo listen to Anna's mailbox, too.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.inbox.entries import EntryState
from app.inbox.retention import DAY_S, clean_up
from app.store.database import Tx
from drivers.models.faults import Fault
from tests.kit.defaults import RETENTION, add_person
from tests.kit.world import PINS, World

LAMPS = """\
[lamps]
fsk = ["101"]
polarity = ["102"]
neon = ["103"]
"""
DARK = {"101": "", "102": "", "103": ""}
ALL = {"101": "data", "102": "polarity", "103": "neon"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, more_settings=LAMPS, lines=(3, 1)) as world:
        world.inbox.db.now(lambda tx: cleo(world, tx))
        for member in ("ben", "cleo"):
            share(world, member)
        assert shown(world) == DARK
        yield world


def cleo(world: World, tx: Tx) -> None:
    add_person(world.inbox.people, tx, "cleo", "Cleo Roth", "203", handset="103")


def share(world: World, member: str, shared: bool = True) -> None:
    people = world.inbox.people
    work = people.shared.share if shared else people.shared.unshare
    ids = world.person("anna").id, world.person(member).id
    world.inbox.db.now(lambda tx: work(tx, *ids, member, "root"))


def shown(world: World) -> dict[str, str]:
    """By what each handset shows waiting messages, when its line has had the rest to be told."""
    world.board("time 3s")
    ways = {}
    for jack, phone in world.box.telephones.items():
        lit = {"data": phone.lamp, "polarity": phone.reversed, "neon": phone.neon}
        ways[jack] = " ".join(way for way, on in lit.items() if on)
    return ways


def change(world: World, work: str, *values: Any) -> None:
    """Something the store does with Anna's messages, as any door does it."""
    entries = [entry.id for entry in world.entries("anna", *EntryState)]
    world.inbox.db.now(lambda tx: getattr(world.store, work)(tx, entries, *values))


def test_every_change_of_a_message_is_seen_on_all_handsets_of_its_mailbox(
    world: World, words: Path
) -> None:
    world.leave_message(words)
    assert shown(world) == ALL, "delivered"
    change(world, "mark")
    assert shown(world) == DARK, "heard"
    change(world, "mark", EntryState.NEW)
    assert shown(world) == ALL, "marked as new"
    change(world, "remove", "web", "anna")
    assert shown(world) == DARK, "removed"
    change(world, "restore", "web", "anna")
    assert shown(world) == ALL, "restored"
    client = world.pop3("anna")
    client.dele(1)
    client.quit()
    assert shown(world) == DARK, "removed by a mail program"


def test_expiry_puts_the_lights_out(world: World, words: Path) -> None:
    world.leave_message(words)
    people, anna = world.inbox.people, world.person("anna").id

    def short(tx: Tx) -> None:
        people.change(tx, anna, template=people.templates.set(tx, "short", {"unheard_days": 2}))

    world.inbox.db.now(short)
    assert shown(world) == ALL
    for _ in range(3):
        world.later(DAY_S + 1)  # its days are counted from one round of housekeeping to another
        clean_up(world.inbox.db, world.store, RETENTION)
    assert shown(world) == DARK
    assert world.history("anna")[-1].door == "expiry"


def test_who_shares_and_who_has_which_handset_is_followed_at_once(
    world: World, words: Path
) -> None:
    world.leave_message(words)
    share(world, "ben", shared=False)
    assert shown(world) == {**ALL, "102": ""}
    share(world, "ben")
    assert shown(world) == ALL
    people, cleo = world.inbox.people, world.person("cleo").id
    world.inbox.db.now(lambda tx: people.change(tx, cleo, handset=None))
    assert shown(world) == {**ALL, "103": ""}
    world.inbox.db.now(lambda tx: people.change(tx, world.person("ben").id, handset="103"))
    assert shown(world) == {"101": "data", "102": "", "103": "neon"}


def test_what_one_has_taken_lights_theirs_alone_until_it_is_released(
    world: World, words: Path
) -> None:
    world.leave_message(words)
    (entry,) = world.voicemails("anna")
    clerk = world.phone.clerk
    assert clerk.claim(entry.person, entry.id, "102").result().mine
    assert shown(world) == {**DARK, "102": "polarity"}
    world.restart()
    assert shown(world) == {**DARK, "102": "polarity"}, "after a restart"
    assert not world.phone.clerk.claim(entry.person, entry.id, "103").result().mine
    world.phone.clerk.release(entry.person, entry.id, "102").result()
    assert shown(world) == ALL
    told = [(row.verb, row.by, row.door) for row in world.history("anna")][-2:]
    assert told == [("taken", "ben", "phone"), ("released", "ben", "phone")]


def test_a_restart_and_a_line_that_was_unplugged_show_what_is_so(world: World, words: Path) -> None:
    world.leave_message(words)
    world.cut_power()
    for phone in world.box.telephones.values():
        phone.lamp = False
    assert shown(world) == ALL, "after a restart"
    chips = [world.box.chips[jack] for jack in ALL]
    for chip in chips:
        chip.inject(Fault.STUCK_BUS)
    world.board("time 3s")
    world.box.telephones["101"].lamp = False  # a telephone without current forgets
    change(world, "mark")
    change(world, "mark", EntryState.NEW)
    for chip in chips:
        chip.mend(Fault.STUCK_BUS)
    world.board("time 20s")
    assert shown(world) == ALL, "plugged in again"


def test_missed_call_is_shown_where_that_is_wanted_until_its_mailbox_is_called(
    world: World,
) -> None:
    def hang_up_at_the_greeting() -> None:
        world.board("ring line1 from 5551234", "wait-for line1 answered", "time 1s")
        world.board("hangup line1", "time 6s", "settle")

    hang_up_at_the_greeting()
    assert shown(world) == DARK
    people, anna = world.inbox.people, world.person("anna").id
    world.inbox.db.now(lambda tx: people.change(tx, anna, missed_lamp=True))
    assert shown(world) == DARK, "what was missed before"
    hang_up_at_the_greeting()
    assert shown(world) == ALL
    world.board("lift 101", "wait-for 101 stutter", "dial 101 201", "time 1s")
    owner = world.listen("101")
    world.board(f"dial 101 {PINS['anna']}#")
    owner.hears("vm-youhave")
    owner.hears("vm-messages")
    world.board("time 8s", "dial 101 5")
    owner.hears("vm-from-phonenumber")
    world.board("hangup 101", "settle")
    assert shown(world) == DARK
