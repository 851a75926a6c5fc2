"""Answering a message and sending one on: from the own address, by the way that mail goes."""

from email import message_from_bytes, policy

import pytest

from app.appliance import Inbox
from app.inbox import sending
from app.inbox.entries import Entry, EntryState, Facts, Kind
from app.inbox.marks import set_marks
from app.inbox.queue_rows import QueueRow
from app.operations.actor import Actor, Role
from app.operations.errors import NotAllowed, NotFound, OperationError
from app.operations.letters import Sent, draft_reply, forward_message, send_reply
from app.operations.people import NewPerson, add_person
from app.operations.queue import list_queue
from tests.kit.actors import ADMIN, owner

MAIL = (
    b"From: Eva <eva@elsewhere.example>\r\nSubject: Lunch\r\nMessage-ID: <1@e.example>\r\n"
    b"DKIM-Signature: v=1; b=abc\r\n\r\nAt one?\r\n"
)


@pytest.fixture
def entry(box: Inbox) -> int:
    for login, mailbox in (("anna", "201"), ("ben", "202")):
        add_person(box, ADMIN, NewPerson(login, login.title(), mailbox))
    return put(box, "anna", MAIL)


def put(box: Inbox, login: str, octets: bytes, kind: Kind = Kind.EMAIL) -> int:
    person = owner(box, login).person
    assert person is not None

    def work(tx):  # type: ignore[no-untyped-def]  # a Tx in, an id out
        content = box.store.contents.write(tx, (octets,))
        facts = Facts(0.0, "Eva", "Lunch", "5551234", "EVA", 7)
        return box.store.add_entry(tx, person, content, b"", kind, EntryState.NEW, facts)

    return int(box.db.now(work))


def queued(box: Inbox) -> list[QueueRow]:
    return list(list_queue(box, ADMIN).rows)


def newest(box: Inbox, login: str) -> Entry:
    person = owner(box, login).person
    assert person is not None
    return box.store.newest(person, 1)[0]


def text(box: Inbox, entry: Entry) -> bytes:
    return b"".join(box.store.octets(entry))


def test_reply_goes_from_the_own_address_to_people_here_and_elsewhere(
    box: Inbox, entry: int
) -> None:
    anna = owner(box, "anna")
    draft = draft_reply(box, anna, entry)
    sender = box.delivery.config.canonical("anna")
    assert (draft.to, draft.subject, draft.sender) == (
        "eva@elsewhere.example",
        "Re: Lunch",
        sender,
    )
    assert "> At one?" in draft.text
    to = f"Eva <{draft.to}>, ben"
    assert send_reply(box, anna, entry, to, draft.subject, "Grüße,\r\nat two") == Sent(1, 1)
    mail = message_from_bytes(text(box, newest(box, "ben")), policy=policy.default)
    assert mail["From"] == f"Anna <{sender}>"
    assert mail["Subject"] == "Re: Lunch"
    assert (mail["In-Reply-To"], mail["References"]) == ("<1@e.example>", "<1@e.example>")
    assert mail.get_content().replace("\r\n", "\n") == "Grüße,\nat two\n"
    (row,) = queued(box)
    assert (row.recipient, row.sender, row.owner) == ("eva@elsewhere.example", sender, anna.person)
    assert [r.detail for r in box.store.history(anna.person) if r.verb == "sent"] == [
        "to eva@elsewhere.example, ben"
    ]


def test_header_cannot_be_broken_by_what_is_typed(box: Inbox, entry: int) -> None:
    anna = owner(box, "anna")
    subject = "x\r\nBcc: evil@elsewhere.example\r\n\r\nbody"
    send_reply(box, anna, entry, "ben", subject, "text\r\n.\r\nQUIT")
    octets = text(box, newest(box, "ben"))
    mail = message_from_bytes(octets, policy=policy.default)
    assert mail["Bcc"] is None and mail["Subject"] == "x Bcc: evil@elsewhere.example body"
    assert mail.get_content().replace("\r\n", "\n") == "text\n.\nQUIT\n"


@pytest.mark.parametrize(
    ("to", "body", "field", "why"),
    [
        ("", "x", "to", "name at least one"),
        ("nobody", "x", "to", "neither a person nor an alias"),
        ("no spaces@", "x", "to", "name at least"),
        (",".join(f"a{n}@e.example" for n in range(30)), "x", "to", "at most 20"),
        ("ben", "  ", "text", "empty"),
        ("ben", "x" * 100_001, "text", "at most 100000"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_its_field(
    box: Inbox, entry: int, to: str, body: str, field: str, why: str
) -> None:
    with pytest.raises(OperationError, match=why) as problem:
        send_reply(box, owner(box, "anna"), entry, to, "s", body)
    assert problem.value.field == field
    assert queued(box) == []


def test_forward_keeps_every_octet_and_says_who_sent_it_on(box: Inbox, entry: int) -> None:
    anna = owner(box, "anna")
    voicemail = put(box, "anna", MAIL, Kind.VOICEMAIL)
    assert forward_message(box, anna, voicemail, "ben, carl@elsewhere.example") == Sent(1, 1)
    got = newest(box, "ben")
    assert (got.kind, got.caller_number, got.duration_s, got.state) == (
        Kind.VOICEMAIL,
        "5551234",
        7,
        EntryState.NEW,
    )
    octets = text(box, got)
    assert octets.endswith(MAIL)
    mail = message_from_bytes(octets, policy=policy.default)
    assert mail["Resent-From"] == f"Anna <{box.delivery.config.canonical('anna')}>"
    assert "carl@elsewhere.example" in mail["Resent-To"] and mail["Resent-Message-ID"]
    assert got.content == box.store.need(voicemail).content, "it is stored once"


def test_message_of_somebody_else_is_neither_answered_nor_sent_on(box: Inbox, entry: int) -> None:
    ben = owner(box, "ben")
    for act in (
        lambda: draft_reply(box, ben, entry),
        lambda: send_reply(box, ben, entry, "ben", "s", "t"),
        lambda: forward_message(box, ben, entry, "ben"),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(NotAllowed):
        forward_message(box, Actor("root", "admin", frozenset({Role.SYSTEM})), entry, "ben")


def test_private_message_is_not_sent_on(box: Inbox, entry: int) -> None:
    log = box.store.audit_log
    box.db.now(lambda tx: set_marks(tx, log, entry, False, True, "phone", "anna"))
    with pytest.raises(OperationError, match="private") as problem:
        forward_message(box, owner(box, "anna"), entry, "ben")
    assert problem.value.field == "to"
    assert not box.db.now(lambda tx: set_marks(tx, log, entry, False, True, "phone", "anna"))


def test_who_sends_too_many_in_an_hour_is_stopped(
    box: Inbox, entry: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "HOURLY_MOST", 2)
    anna = owner(box, "anna")
    for _ in range(2):
        forward_message(box, anna, entry, "ben")
    with pytest.raises(OperationError, match="in this hour"):
        forward_message(box, anna, entry, "ben")
