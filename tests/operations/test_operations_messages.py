"""Reading a message, its files and marks: its owner's alone."""

import pytest

from app.appliance import Inbox
from app.inbox.entries import EntryState, Facts, Kind
from app.operations.errors import NotFound
from app.operations.inbox import remove_entries
from app.operations.messages import mark_entries, read_message, take_file
from app.operations.people import NewPerson, add_person
from tests.kit.actors import ADMIN, owner

MAIL = b"""From: =?utf-8?q?Eva_=3Ceva=40x=3E?= <eva@elsewhere.example>\r
To: anna@example.org\r
Reply-To: <answers@elsewhere.example>\r
Subject: Plans\r
Message-ID: <1@elsewhere.example>\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
\r
See the plan.\r
--b\r
Content-Type: application/pdf; name="../../plan.pdf"\r
Content-Transfer-Encoding: base64\r
\r
QUJD\r
--b--\r
"""


@pytest.fixture
def entry(box: Inbox) -> int:
    for login, mailbox in (("anna", "201"), ("ben", "202")):
        add_person(box, ADMIN, NewPerson(login, login.title(), mailbox))
    return keep(box, MAIL)


def keep(box: Inbox, mail: bytes) -> int:
    """A mail lies in Anna's inbox."""
    anna = owner(box, "anna").person
    assert anna is not None

    def work(tx):  # type: ignore[no-untyped-def]  # a Tx in, an id out
        content = box.store.contents.write(tx, (mail,))
        facts = Facts(0.0, "Eva", "Plans")
        return box.store.add_entry(tx, anna, content, b"", Kind.EMAIL, EntryState.NEW, facts)

    return int(box.db.now(work))


def test_message_is_read_with_header_text_and_files(box: Inbox, entry: int) -> None:
    message = read_message(box, owner(box, "anna"), entry)
    assert (message.sender, message.to, message.reply_to, message.message_id) == (
        "Eva <eva@x> <eva@elsewhere.example>",
        "anna@example.org",
        "answers@elsewhere.example",
        "<1@elsewhere.example>",
    )
    assert message.reading.text.strip() == "See the plan."
    (attached,) = message.reading.attachments
    file = take_file(box, owner(box, "anna"), entry, attached.number)
    assert (file.name, b"".join(file.octets)) == ("plan.pdf", b"ABC")
    with pytest.raises(NotFound):
        take_file(box, owner(box, "anna"), entry, 7)


@pytest.mark.usefixtures("entry")
def test_file_of_many_lines_comes_in_few_pieces(box: Inbox) -> None:
    """Each piece is fetched from another thread: by lines, 3 MB of text took 12 s."""
    lines = b"all work and no play\r\n" * 20_000
    mail = b"Content-Type: text/csv\r\nContent-Disposition: attachment\r\n\r\n" + lines
    anna, entry = owner(box, "anna"), keep(box, mail)
    (attached,) = read_message(box, anna, entry).reading.attachments
    file = take_file(box, anna, entry, attached.number)
    pieces = list(file.octets)
    assert b"".join(pieces) == lines and len(pieces) < 20


def test_marks_are_set_and_told_in_the_history(box: Inbox, entry: int) -> None:
    anna = owner(box, "anna")
    assert mark_entries(box, anna, [entry], EntryState.HEARD, True).done == 1
    assert mark_entries(box, anna, [entry], saved=False).done == 1
    found = box.store.need(entry)
    assert (found.state, found.saved) == (EntryState.HEARD, False)
    rows = [(r.door, r.by, r.detail) for r in box.store.history(entry=entry) if r.verb == "marked"]
    assert rows == [("web", "anna", "heard, saved"), ("web", "anna", "heard")]


def test_message_of_somebody_else_is_not_there(box: Inbox, entry: int) -> None:
    ben = owner(box, "ben")
    for look in (
        lambda: read_message(box, ben, entry),
        lambda: take_file(box, ben, entry, 1),
        lambda: read_message(box, ben, 999),
    ):
        with pytest.raises(NotFound, match="there is no entry"):
            look()
    assert mark_entries(box, ben, [entry], EntryState.HEARD).done == 0
    assert remove_entries(box, ben, [entry]).done == 0
    assert box.store.need(entry).state is EntryState.NEW
