"""What the mirror decides, without a server and without a store."""

import pytest

from app.imap.mirror import plan
from app.imap.mirror.plan import Step
from app.imap.net.api import UidRange
from app.inbox.entries import EntryState, Kind
from app.inbox.mirror import Mirrored, Place
from app.inbox.mirror_inward import Flags

NEW, HEARD, BIN = EntryState.NEW, EntryState.HEARD, EntryState.BIN
ID = "<one@box.test>"


def row(
    state: EntryState | None,
    place: Place = Place.NOWHERE,
    uid: int | None = None,
    message_id: str = "",
    begun: int | None = None,
    seen: bool = False,
    saved: bool = False,
    kept: bool = False,
) -> Mirrored:
    begun_validity = None if begun is None else 1
    rest = (False, begun, begun_validity, False, False, 0, state, kept, Kind.VOICEMAIL)
    return Mirrored(1, 1, place, uid, seen, saved, message_id, 0, *rest)


@pytest.mark.parametrize(
    ("found", "step"),
    [
        (row(NEW), Step.APPEND),
        (row(HEARD), Step.APPEND),
        (row(NEW, message_id=ID, begun=7), Step.FIND_COPY),
        (row(BIN, message_id=ID, begun=7), Step.FIND_COPY),
        (row(NEW, message_id=ID), Step.TAKE_BACK),
        (row(NEW, Place.TRASH, message_id=ID), Step.TAKE_BACK),
        (row(NEW, Place.INBOX, 7), Step.NOTHING),
        (row(HEARD, Place.INBOX, 7), Step.FLAG),
        (row(NEW, Place.INBOX, 7, seen=True), Step.FLAG),
        (row(NEW, Place.INBOX, 7, kept=True), Step.FLAG),
        (row(BIN, Place.INBOX, 7), Step.REMOVE),
        (row(None, Place.INBOX, 7), Step.REMOVE),
        (row(BIN), Step.NOTHING),
        (row(BIN, Place.TRASH), Step.NOTHING),
        (row(None), Step.NOTHING),
        (row(NEW, Place.LOST, message_id=ID), Step.NOTHING),
        (row(BIN, Place.LOST, message_id=ID), Step.NOTHING),
    ],
)
def test_the_next_step_follows_from_where_the_server_has_an_entry(
    found: Mirrored, step: Step
) -> None:
    assert plan.next_step(found) is step


def test_flags_are_changed_where_they_differ_alone() -> None:
    assert plan.flag_changes(row(HEARD, saved=True)) == (["\\Seen"], ["$Saved"])
    assert plan.flag_changes(row(HEARD, seen=True, kept=True)) == (["$Saved"], [])
    assert plan.first_flags(row(HEARD, kept=True), urgent=True) == ["\\Seen", "$Saved", "$Urgent"]
    assert plan.first_flags(row(NEW), urgent=False) == []


def test_names_of_flags_are_compared_without_case() -> None:
    assert plan.flags_of(["\\seen", "$SAVED", "Other"]) == Flags(True, True)
    assert plan.flags_of(["\\Deleted"]) == Flags(False, False)


def test_a_mail_is_known_by_its_message_id_or_by_its_header() -> None:
    assert plan.known_by(b"Message-ID: <a@b.test>\r\nSubject: x\r\n\r\n") == "<a@b.test>"
    nameless = plan.known_by(b"Subject: x\r\n\r\n")
    assert nameless != plan.known_by(b"Subject: y\r\n\r\n")
    assert plan.has_message_id("<a@b.test>") and not plan.has_message_id(nameless)


def test_a_search_key_cannot_be_more_than_one() -> None:
    assert plan.quoted('<a"b\\c\r\n@d>') == '"<a\\"b\\\\c@d>"'


def test_uids_and_ranges() -> None:
    ranges = (UidRange(1, 3), UidRange(5, 5), UidRange(8, 9))
    assert plan.ranges_of([9, 1, 2, 8, 3, 5]) == ranges and plan.ranges_of([]) == ()
    assert plan.within([1, 4, 5, 7, 9, 12], ranges) == [1, 5, 9]


def test_waiting_grows_and_has_an_end() -> None:
    waits = [plan.wait_s(failures) for failures in range(8)]
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
