"""Probes: known by their mark, delivered to nobody here, their outcome kept."""

from pathlib import Path

import pytest

from app.inbox import probes
from app.inbox.probes import ProbePart
from app.inbox.queue import Purpose, QueueItem, RowState
from tests.kit.store import StoreKit, open_store


@pytest.fixture
def kit(tmp_path: Path):  # type: ignore[no-untyped-def]
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


def send(kit: StoreKit, *recipients: str, alias: str = "sales") -> str:
    """Queue a probe of an alias; the octets of its mail."""
    token = probes.new_token()
    octets = probes.mail(kit.config, f"{alias}@example.org", token, kit.clock.now())

    def work(tx):  # type: ignore[no-untyped-def]  # a Tx in
        content = kit.store.contents.write(tx, (octets,))
        item = QueueItem(Purpose.PROBE, content, b"", "anna@example.org", kit.person("anna").id)
        probe = probes.begin(tx, alias, token, kit.clock.now())
        probes.note_rows(tx, probe, kit.queue.add(tx, item, recipients))

    kit.db.now(work)
    return octets.decode()


def parts(kit: StoreKit, alias: str = "sales") -> tuple[ProbePart, ...]:
    found = probes.last(kit.db, kit.queue, alias)
    assert found is not None
    return found.parts


def test_outcome_of_each_part_is_kept_when_the_queue_has_forgotten_it(kit: StoreKit) -> None:
    send(kit, "a@far.example", "b@far.example", "c@gone.example")
    a, b, c = kit.queue.page()
    assert {row.purpose for row in (a, b, c)} == {Purpose.PROBE}
    assert [part.state for part in parts(kit)] == [RowState.WAITING] * 3
    kit.db.now(lambda tx: kit.queue.succeeded(tx, a, "250 2.0.0 mine now"))
    kit.db.now(lambda tx: kit.queue.failed(tx, b, "550 5.1.1 nobody"))
    kit.db.now(lambda tx: kit.queue.deferred(tx, c, "451 later", kit.box_s() + 60))
    assert parts(kit) == (
        ProbePart("a@far.example", RowState.TAKEN, "250 2.0.0 mine now"),
        ProbePart("b@far.example", RowState.REFUSED, "550 5.1.1 nobody"),
        ProbePart("c@gone.example", RowState.WAITING, "451 later"),
    )
    assert [row.recipient for row in kit.queue.page()] == ["c@gone.example"]
    assert kit.inbox("anna") == [], "nobody gets a report"
    kit.db.now(lambda tx: kit.queue.warn(tx, kit.queue.page(), 1000.0))
    assert kit.inbox("anna") == []


def test_part_whose_destination_is_down_says_why(kit: StoreKit) -> None:
    send(kit, "a@Far.example")
    later = kit.box_s() + 300
    kit.db.now(
        lambda tx: kit.queue.destinations.failed(tx, "far.example", 0, "451 4.4.1 no", later)
    )
    assert parts(kit) == (ProbePart("a@Far.example", RowState.WAITING, "451 4.4.1 no"),)


def test_probe_that_comes_back_is_noted_and_delivered_to_nobody(kit: StoreKit) -> None:
    octets = send(kit, "a@far.example").encode()
    kit.clock.advance(7)
    made = kit.mail("anna", "bob@example.org", octets=octets)
    assert (made.entries, made.queued) == ((), ())
    assert kit.inbox("anna") == kit.inbox("bob") == []
    found = probes.last(kit.db, kit.queue, "SALES")
    assert found is not None and found.returned_at == found.at + 7
    assert found.returned_to == "anna, bob@example.org"
    contents = kit.db.reader().execute("SELECT count(*) FROM content").fetchone()[0]
    assert contents == 1  # of the row that waits


def test_mail_with_a_mark_that_is_none_of_ours_is_delivered(kit: StoreKit) -> None:
    forged = b"Message-ID: <0123456789abcdef01234567.probe@box.example.org>\r\n\r\nx\r\n"
    kit.mail("anna", octets=forged)
    assert len(kit.inbox("anna")) == 1


def test_last_probe_of_an_alias_takes_the_place_of_the_one_before(kit: StoreKit) -> None:
    send(kit, "old@far.example")
    send(kit, "other@far.example", alias="other")
    send(kit, "new@far.example")
    assert [part.recipient for part in parts(kit)] == ["new@far.example"]
    assert [part.recipient for part in parts(kit, "other")] == ["other@far.example"]
    assert probes.last(kit.db, kit.queue, "nobody") is None
