"""Text of voicemail beside the messages: whose turn it is, what is kept, what finds it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.inbox.entries import INBOX, Entry, Kind
from app.inbox.listing import ListingReader
from app.inbox.search_index import SearchIndex
from app.inbox.transcripts import LATEST, TRIES, Outcome, Transcript
from tests.kit.store import StoreKit, open_store

SAID = Transcript(Outcome.SAID, "The boiler has burst, call me back.", "5551234")


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[StoreKit]:
    kit = open_store(tmp_path)
    yield kit
    kit.close()


def keep(kit: StoreKit, entry: Entry, transcript: Transcript = SAID) -> None:
    kit.db.now(lambda tx: kit.store.transcripts.keep(tx, entry.content, transcript))


def voicemail(kit: StoreKit, login: str = "anna") -> Entry:
    return kit.put(login, kind=Kind.VOICEMAIL)


def test_the_newest_voicemail_is_next_and_nothing_else(kit: StoreKit) -> None:
    assert kit.store.transcripts.next() is None
    older, newer = voicemail(kit, "bob"), voicemail(kit)
    kit.put("cleo")
    for entry in (newer, older):
        assert kit.store.transcripts.next() == entry
        keep(kit, entry)
    assert kit.store.transcripts.next() is None
    assert kit.store.transcripts.get(newer.content) == SAID


def test_what_is_in_the_bin_is_not_written_down(kit: StoreKit) -> None:
    entry = voicemail(kit)
    kit.db.now(lambda tx: kit.store.remove(tx, [entry.id], "web", "anna"))
    assert kit.store.transcripts.next() is None
    kit.db.now(lambda tx: kit.store.restore(tx, [entry.id], "web", "anna"))
    assert kit.store.transcripts.next() is not None


def test_one_that_fails_is_tried_again_and_then_left(kit: StoreKit) -> None:
    entry = voicemail(kit)
    for _ in range(TRIES):
        assert kit.store.transcripts.next() == entry
        keep(kit, entry, Transcript(Outcome.FAILED))
    assert kit.store.transcripts.next() is None


def test_only_the_latest_voicemails_have_a_turn(kit: StoreKit) -> None:
    voicemail(kit, "bob")
    content = voicemail(kit).content
    kit.db.now(
        lambda tx: tx.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO entry (person, content, uidl, kind, state, prefix, size, chunks, dotted,"
            " received_at, sender, subject) SELECT person, content, i, kind, state, prefix, size,"
            " chunks, dotted, received_at, sender, subject FROM entry, n WHERE content = ?",
            (LATEST - 1, content),
        )
    )
    keep(kit, kit.inbox("anna")[0])
    assert kit.store.transcripts.next() is None, "bob's is older than the latest"


def test_text_of_a_shared_message_is_everybodys_and_goes_with_it(kit: StoreKit) -> None:
    octets = b"From: Carl <carl@elsewhere.example>\r\nSubject: x\r\n\r\nx\r\n"
    both = kit.mail("anna@example.org", "bob@example.org", octets=octets, kind=Kind.VOICEMAIL)
    entries = [kit.store.need(number) for number in both.entries]
    before = kit.store.last_change()
    keep(kit, entries[0])
    told = [(change.person, change.entry) for change in kit.store.changes(before)]
    assert told == [(entry.person, entry.id) for entry in entries]
    kit.db.now(lambda tx: tx.execute("DELETE FROM entry"))
    kit.db.now(lambda tx: tx.execute("DELETE FROM content"))
    assert kit.store.transcripts.get(entries[0].content) is None
    keep(kit, entries[0])  # which was removed while it was written down
    assert kit.store.transcripts.get(entries[0].content) is None


def test_mail_programs_see_no_change(kit: StoreKit) -> None:
    entry = voicemail(kit)
    reader, person = ListingReader(kit.db), kit.person("anna").id
    before, text = reader.all(person, tuple(Kind)), kit.text(entry)
    at = kit.store.last_change()
    keep(kit, entry)
    assert reader.since(at, 100) == (at + 1, [])
    assert reader.all(person, tuple(Kind)) == before
    assert kit.text(kit.store.need(entry.id)) == text


def test_what_is_said_is_found_by_its_owner_alone(kit: StoreKit) -> None:
    index = SearchIndex(kit.db, kit.store)
    entry, other = voicemail(kit), voicemail(kit, "bob")
    keep(kit, other, Transcript(Outcome.SAID, "The boiler is well."))

    def found(login: str, question: str) -> list[int]:
        while index.catch_up():
            pass
        hits = index.find(kit.person(login).id, question, INBOX, 10)
        return [hit.id for hit in hits]

    assert found("anna", "boiler") == [] and found("anna", "carl") == [entry.id]
    keep(kit, entry)
    assert found("anna", "boiler") == [entry.id]
    assert found("anna", "5551234") == [entry.id] and found("anna", "carl") == [entry.id]
    kit.db.now(lambda tx: kit.store.remove(tx, [entry.id], "web", "anna"))
    kit.db.now(lambda tx: kit.store.empty_bin(tx, kit.box_s() + 1))
    assert found("anna", "boiler") == []
    index.close()
