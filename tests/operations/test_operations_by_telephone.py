"""A message played on its owner's telephone: what the phone service is asked, and refusals."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from app.appliance import Inbox
from app.config.paths import Paths
from app.inbox.entries import EntryState, Facts, Kind
from app.operations.actor import Role
from app.operations.by_telephone import play_by_telephone, record_greeting_by_phone
from app.operations.errors import NotAllowed, NotFound, OperationError
from app.operations.greetings import GreetingKind
from app.operations.people import NewPerson, add_person
from app.phone.control import Control, Player
from tests.kit.actors import ADMIN, owner


@pytest.fixture
def entry(box: Inbox) -> int:
    add_person(box, ADMIN, NewPerson("anna", "Anna", "201", handset="101"))
    add_person(box, ADMIN, NewPerson("ben", "Ben", "202"))
    return put(box, "anna")


def put(box: Inbox, login: str) -> int:
    person = owner(box, login).person
    assert person is not None

    def work(tx):  # type: ignore[no-untyped-def]  # a Tx in, an id out
        content = box.store.contents.write(tx, (b"\r\nx\r\n",))
        state, kind = EntryState.NEW, Kind.VOICEMAIL
        return box.store.add_entry(tx, person, content, b"", kind, state, Facts(0.0))

    return int(box.db.now(work))


def with_phone(
    paths: Paths, play: Callable[[str, str, int | str], str], work: Callable[[], str]
) -> str:
    """The outcome of `work` while a phone service answers at its socket."""

    async def story() -> str:
        player = Player(play, lambda *_: "")
        control = Control(
            paths.phone_control, dict, lambda: 0, lambda _: True, lambda: True, player
        )
        await control.open()
        try:
            return await asyncio.to_thread(work)
        finally:
            await control.close()

    return asyncio.run(story())


def test_owners_handset_is_rung_for_this_message(box: Inbox, paths: Paths, entry: int) -> None:
    asked: list[tuple[str, str, int | str]] = []

    def play(handset: str, mailbox: str, number: int | str) -> str:
        asked.append((handset, mailbox, number))
        return ""

    anna = owner(box, "anna")
    rung = with_phone(paths, play, lambda: play_by_telephone(box, anna, entry, paths))
    assert (rung, asked) == ("101", [("101", "201", entry)])


def test_why_it_cannot_be_played_is_said(box: Inbox, paths: Paths, entry: int) -> None:
    anna, ben = owner(box, "anna"), owner(box, "ben")
    with pytest.raises(OperationError, match="the handset is in use"):
        with_phone(
            paths,
            lambda *_: "the handset is in use",
            lambda: play_by_telephone(box, anna, entry, paths),
        )
    with pytest.raises(OperationError, match="is the appliance running"):
        play_by_telephone(box, anna, entry, paths)
    with pytest.raises(NotFound):
        play_by_telephone(box, ben, entry, paths)
    with pytest.raises(OperationError, match="no telephone is assigned"):
        play_by_telephone(box, ben, put(box, "ben"), paths)


def test_own_handset_is_rung_to_record_a_greeting(box: Inbox, paths: Paths, entry: int) -> None:
    asked: list[tuple[str, str, int | str]] = []

    def play(handset: str, mailbox: str, what: int | str) -> str:
        asked.append((handset, mailbox, what))
        return ""

    anna = owner(box, "anna")
    boss = replace(anna, roles=frozenset({Role.USER, Role.PHONE}))
    for actor, login, kind in (
        (anna, "anna", GreetingKind.BUSY),
        (boss, "ben", GreetingKind.DAY),
        (boss, None, GreetingKind.NIGHT),
    ):
        ring = partial(record_greeting_by_phone, box, actor, login, kind, paths)
        assert with_phone(paths, play, ring) == "101"
    assert asked == [
        ("101", "201", "busy"),
        ("101", "202", "unavailable"),
        ("101", "201", "company/night"),
    ]


def test_why_no_greeting_is_recorded_is_said(box: Inbox, paths: Paths, entry: int) -> None:
    anna, ben, day = owner(box, "anna"), owner(box, "ben"), GreetingKind.DAY
    boss = replace(anna, roles=frozenset({Role.USER, Role.PHONE}))
    with pytest.raises(NotAllowed):
        record_greeting_by_phone(box, anna, None, day, paths)
    with pytest.raises(NotAllowed):
        record_greeting_by_phone(box, anna, "ben", day, paths)
    with pytest.raises(NotFound):
        record_greeting_by_phone(box, boss, None, GreetingKind.NAME, paths)
    with pytest.raises(OperationError, match="no telephone is assigned to you"):
        record_greeting_by_phone(box, ben, "ben", day, paths)
    with pytest.raises(OperationError, match="is the appliance running"):
        record_greeting_by_phone(box, anna, "anna", day, paths)
