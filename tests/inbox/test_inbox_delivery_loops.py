"""A loop is ended for those it concerns, and changes nothing for the others."""

from pathlib import Path

import pytest

from tests.kit.store import LETTER, StoreKit, open_store


@pytest.fixture
def kit(tmp_path: Path):  # type: ignore[no-untyped-def]
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


def test_loop_of_one_recipient_leaves_the_forward_of_another_as_it_is(kit: StoreKit) -> None:
    kit.alias("anna", "a@far.example")
    kit.alias("bob", "b@far.example")
    mark = kit.store.loop_marks.field("anna")
    kit.mail("anna", "bob", octets=mark + LETTER)
    assert len(kit.inbox("anna")) == 1  # kept, for it would only come back
    assert kit.inbox("bob") == []
    assert len(kit.leaving("bob")) == 1
    assert [row.recipient for row in kit.queue.page()] == ["b@far.example"]
