"""Small messages fetched one after the other are read some at a time, and each is its own still."""

import poplib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.inbox.contents import AHEAD, Contents
from app.mail.pop3.service import AHEAD_OCTETS, StoreMaildrop
from app.mail.pop3.snapshots import Snapshots
from app.store.database import StoreFailed
from tests.kit.pop3_house import Kind, Pop3House, pop3_house

COUNT = 3 * AHEAD + 5
PREFIX = b"Delivered-To: anna-%d\r\n"


def text(number: int) -> bytes:
    """A message that is like no other; some are large, some have dots, some are empty."""
    if number % 11 == 3:
        return b""
    lines = AHEAD_OCTETS // 20 if number % 13 == 7 else number
    return b"Subject: %d\r\n\r\n" % number + b".dot\r\n" * (number % 5 == 0) + b"line\r\n" * lines


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Pop3House]:
    with pop3_house(tmp_path) as running:
        anna = running.add("anna", "201")
        for number in range(COUNT):
            running.deliver(anna, text(number), prefix=PREFIX % number)
        yield running


def fetched(client: poplib.POP3, number: int) -> bytes:
    """A message as a client has it."""
    return b"".join(line + b"\r\n" for line in client.retr(number + 1)[1])


def drop(house: Pop3House) -> StoreMaildrop:
    """Anna's maildrop."""
    anna = house.people.by_login("anna")
    assert anna is not None
    messages = Snapshots(house.db).of(anna.id, tuple(Kind))
    return StoreMaildrop(house.store, messages, house.db.condition.damage)


@pytest.mark.parametrize("seed", range(3))
def test_each_message_is_its_own_in_whatever_order(house: Pop3House, seed: int) -> None:
    draw, client, number = random.Random(seed), house.logged_in(), 0
    for _ in range(150):
        number = (number + 1) % COUNT if draw.random() < 0.8 else draw.randrange(COUNT)
        assert fetched(client, number) == PREFIX % number + text(number)


def test_one_statement_reads_some_of_those_that_are_fetched_in_turn(house: Pop3House) -> None:
    maildrop, statements = drop(house), list[str]()
    house.db.reader().set_trace_callback(statements.append)
    for index in range(COUNT):
        maildrop.opening(index)
    house.db.reader().set_trace_callback(None)
    large = sum(len(text(n)) > AHEAD_OCTETS // AHEAD for n in range(COUNT))
    assert len(statements) <= 2 * large + COUNT // AHEAD + 2, f"{len(statements)} for {COUNT}"


def test_what_is_asked_for_out_of_turn_is_read_alone(
    house: Pop3House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_contents: Contents, entries: list[int]) -> dict[int, tuple[bytes, bytes]]:
        raise AssertionError(entries)

    maildrop = drop(house)
    monkeypatch.setattr(Contents, "openings", never)
    for index in (COUNT - 1, 5, 3, 1):
        assert maildrop.opening(index) == (PREFIX % index, text(index))


def test_what_lies_ahead_has_a_bound(house: Pop3House) -> None:
    maildrop = drop(house)
    for index in range(COUNT):
        maildrop.opening(index)
        held = [len(prefix) + len(first) for prefix, first in maildrop._ahead.values()]
        assert len(held) < AHEAD and max(held, default=0) <= AHEAD_OCTETS // AHEAD


def test_one_that_cannot_be_read_costs_the_others_behind_it_nothing(
    house: Pop3House, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, content = Contents.opening, drop(house).messages[4].content

    def broken(contents: Contents, entry: int, wanted: int) -> tuple[bytes, bytes]:
        if wanted == content:
            raise StoreFailed("the disk")
        return opening(contents, entry, wanted)

    monkeypatch.setattr(Contents, "openings", lambda _contents, _entries: {})
    monkeypatch.setattr(Contents, "opening", broken)
    client = house.logged_in()
    for number in range(10):
        if number == 4:
            with pytest.raises(poplib.error_proto, match="cannot be read"):
                client.retr(number + 1)
        else:
            assert fetched(client, number) == PREFIX % number + text(number)
