"""The road into the inbox: where an address leads, whether there is room, what is delivered."""

from pathlib import Path

import pytest

from app.inbox.delivery import REMEMBERED_MOST, Envelope, scan_head
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.errors import (
    BadName,
    ContentGone,
    MailboxFull,
    MailLoop,
    NoSpace,
    NoSuchPerson,
    NotOurs,
    Refused,
)
from app.inbox.queue import Purpose
from tests.kit.defaults import add_person
from tests.kit.steps import Counting
from tests.kit.store import LETTER, RECEIVED, StoreKit, open_store


@pytest.fixture
def kit(tmp_path: Path):  # type: ignore[no-untyped-def]
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


def fill(kit: StoreKit, login: str, quota: int, used: int) -> None:
    """Give somebody a quota and an inbox of so many octets."""
    person = kit.person(login)
    kit.db.now(lambda tx: kit.people.change(tx, person.id, quota=quota))
    if used:
        kit.put(login, b"x" * used)


# ---- where to


@pytest.mark.parametrize(
    "address",
    [
        "anna",
        "ANNA@example.org",
        "anna@example.net",
        "anna@[192.0.2.1]",
        "anna@box.example.org",
        "201@example.org",
        "201",
        "postmaster",
        "Postmaster@example.org",
    ],
)
def test_every_spelling_of_an_address_leads_to_its_person(kit: StoreKit, address: str) -> None:
    route = kit.delivery.route(address)
    assert [local.person.login for local in route.local] == ["anna"]
    assert route.outside == () and route.single == kit.person("anna")


def test_public_address_is_delivered_here_though_its_domain_is_not_ours(kit: StoreKit) -> None:
    assert kit.delivery.route("CLEO@cleo.example").single == kit.person("cleo")
    with pytest.raises(NotOurs):
        kit.delivery.route("other@cleo.example")


@pytest.mark.parametrize("address", ["dora@example.org", "dora", "999@example.org", "@example.org"])
def test_unknown_recipient_is_refused_with_550(kit: StoreKit, address: str) -> None:
    with pytest.raises(NoSuchPerson) as refusal:
        kit.delivery.route(address)
    assert (refusal.value.reply, refusal.value.status) == (550, "5.1.1")


def test_address_of_another_domain_is_not_ours_but_can_be_relayed(kit: StoreKit) -> None:
    with pytest.raises(NotOurs) as refusal:
        kit.delivery.route("x@elsewhere.example")
    assert (refusal.value.reply, refusal.value.status) == (550, "5.7.1")
    route = kit.delivery.route_external("x@elsewhere.example")
    assert [one.address for one in route.outside] == ["x@elsewhere.example"]
    assert route.single is None
    for wrong in ("x", "x@", "x@nodot", "x y@elsewhere.example", "x\r\n@elsewhere.example"):
        with pytest.raises(BadName):
            kit.delivery.route_external(wrong)


def test_postmaster_is_somebody_while_there_are_people(tmp_path: Path) -> None:
    kit = StoreKit(tmp_path / "inbox.db")
    with pytest.raises(NoSuchPerson):
        kit.delivery.route("postmaster")
    kit.db.now(lambda tx: add_person(kit.people, tx, "eve", "Eve", "205"))
    kit.db.now(lambda tx: add_person(kit.people, tx, "dan", "Dan", "206", admin=True))
    assert kit.delivery.route("postmaster").single == kit.person("dan")
    kit.close()


# ---- is there room


def test_mail_larger_than_the_room_left_is_refused_with_452(kit: StoreKit) -> None:
    fill(kit, "anna", quota=1000, used=900)
    route = kit.delivery.route("anna")
    with pytest.raises(MailboxFull) as refusal:
        kit.delivery.check_room(route, 101)
    assert (refusal.value.reply, refusal.value.status) == (452, "4.2.2")
    kit.delivery.check_room(route, 100)


def test_reserved_room_counts_until_it_is_released(kit: StoreKit) -> None:
    fill(kit, "anna", quota=1000, used=0)
    route = kit.delivery.route("anna")
    kit.delivery.check_room(route, 600)
    with pytest.raises(MailboxFull):
        kit.delivery.check_room(route, 600)
    kit.delivery.release(route, 600)
    kit.delivery.check_room(route, 600)
    kit.delivery.release(route, 600)
    kit.delivery.release(route, 600)  # once too often does no harm
    kit.delivery.check_room(route, 1000)


def test_mail_of_unannounced_size_is_accepted_while_there_is_any_room(kit: StoreKit) -> None:
    fill(kit, "anna", quota=1000, used=999)
    route = kit.delivery.route("anna")
    kit.delivery.check_room(route, 0)
    kit.deliver([route])  # overdraws by this one message
    assert kit.store.used(kit.person("anna").id) > 1000
    with pytest.raises(MailboxFull):
        kit.delivery.check_room(route, 0)


def test_mail_to_a_group_is_accepted_although_a_member_is_full(kit: StoreKit) -> None:
    fill(kit, "anna", quota=10, used=20)
    kit.alias("sales", "anna", "bob")
    route = kit.delivery.route("sales")
    kit.delivery.check_room(route, 5000)
    kit.deliver([route])
    assert [entry.subject for entry in kit.inbox("anna")] == [
        "Hello",
        "Hello",
        "Your inbox is full",
    ]
    kit.alias("only", "anna")  # an alias for one is a group, too: it may grow tomorrow
    kit.delivery.check_room(kit.delivery.route("only"), 5000)


def test_forward_without_a_copy_needs_no_room(kit: StoreKit) -> None:
    fill(kit, "anna", quota=10, used=20)
    kit.alias("anna", "a@far.example")
    kit.delivery.check_room(kit.delivery.route("anna"), 5000)
    kit.alias("anna", "anna", "a@far.example")
    with pytest.raises(MailboxFull):
        kit.delivery.check_room(kit.delivery.route("anna"), 5000)


@pytest.mark.parametrize("quota, last", [(1000, 1099), (1009, 1108), (9, 8)])
def test_voicemail_overdraws_the_quota_by_a_tenth_to_the_octet(
    kit: StoreKit, quota: int, last: int
) -> None:
    fill(kit, "anna", quota=quota, used=last)  # one octet is left of quota and a tenth
    route = kit.delivery.route("201")
    kit.delivery.check_room(route, 500_000, Kind.VOICEMAIL)
    kit.delivery.release(route, 500_000)
    kit.put("anna", b"x")
    with pytest.raises(MailboxFull):
        kit.delivery.check_room(route, 0, Kind.VOICEMAIL)


def test_mail_fills_the_quota_to_the_octet_and_not_beyond(kit: StoreKit) -> None:
    fill(kit, "anna", quota=1000, used=999)
    route = kit.delivery.route("anna")
    with pytest.raises(MailboxFull):
        kit.delivery.check_room(route, 2)
    kit.delivery.check_room(route, 1)
    kit.delivery.release(route, 1)
    kit.put("anna", b"x")
    for size in (0, 1):
        with pytest.raises(MailboxFull):
            kit.delivery.check_room(route, size)


def test_mail_stops_at_the_free_floor_and_voicemail_below_it_by_the_reserve(kit: StoreKit) -> None:
    route = kit.delivery.route("anna")
    kit.disk.free = kit.config.free_floor + 1000
    kit.delivery.check_room(route, 1000)
    kit.delivery.release(route, 1000)
    with pytest.raises(NoSpace) as refusal:
        kit.delivery.check_room(route, 1001)
    assert (refusal.value.reply, refusal.value.status) == (452, "4.3.1")
    with pytest.raises(NoSpace):
        kit.delivery.check_room(kit.delivery.route_external("x@far.example"), 1001)
    reserve = kit.config.voice_reserve
    kit.delivery.check_room(route, reserve + 1000, Kind.VOICEMAIL)
    kit.delivery.release(route, reserve + 1000)
    with pytest.raises(NoSpace):
        kit.delivery.check_room(route, reserve + 1001, Kind.VOICEMAIL)


# ---- delivering


def test_mail_to_two_is_stored_once_with_a_prefix_for_each(kit: StoreKit) -> None:
    delivered = kit.mail("anna@example.org", "202@example.org")
    anna, bob = kit.inbox("anna")[0], kit.inbox("bob")[0]
    assert delivered.entries == (anna.id, bob.id) and delivered.queued == ()
    assert kit.text(anna) == (
        b"Return-Path: <carl@elsewhere.example>\r\nDelivered-To: anna@example.org\r\n"
        + RECEIVED
        + LETTER
    )
    assert b"Delivered-To: bob@example.org\r\n" in bob.prefix
    assert (anna.sender, anna.subject) == ("Carl <carl@elsewhere.example>", "Hello")
    assert anna.content == bob.content
    row = kit.store.history(entry=anna.id)[0]
    assert (row.door, row.by, row.verb) == ("smtp", "198.51.100.7", "delivered")


def test_recipient_reached_by_several_ways_gets_one_copy(kit: StoreKit) -> None:
    kit.alias("sales", "anna", "bob", "x@far.example")
    kit.mail("anna", "sales", "201", "anna@example.net", relay=["X@far.example"])
    assert len(kit.inbox("anna")) == len(kit.inbox("bob")) == 1
    assert [row.recipient for row in kit.queue.page()] == ["x@far.example"]


def test_forward_without_a_copy_is_leaving_with_custody_rows(kit: StoreKit) -> None:
    kit.alias("anna", "a@far.example", "b@far.example")
    delivered = kit.mail("anna", kind=Kind.VOICEMAIL)
    assert kit.inbox("anna") == [] and kit.store.unheard(kit.person("anna").id) == (0, 0)
    (leaving,) = kit.leaving("anna")
    assert leaving.state is EntryState.LEAVING and delivered.entries == (leaving.id,)
    rows = kit.queue.page()
    assert [row.recipient for row in rows] == ["a@far.example", "b@far.example"]
    assert delivered.queued == tuple(row.id for row in rows)
    for row in rows:
        assert (row.purpose, row.entry) == (Purpose.CUSTODY, leaving.id)
        assert row.owner == kit.person("anna").id and row.sender == "carl@elsewhere.example"
        mark = kit.store.loop_marks.field("anna")
        assert row.prefix == mark + b"Delivered-To: anna@example.org\r\n" + RECEIVED
        assert row.size == len(row.prefix) + len(LETTER)
    sent = b"".join(kit.store.contents.octets(rows[0].content, rows[0].prefix))
    assert sent.endswith(LETTER)


def test_forward_with_a_copy_keeps_the_entry_new(kit: StoreKit) -> None:
    kit.alias("anna", "anna", "a@far.example")
    kit.mail("anna")
    (entry,) = kit.inbox("anna")
    (row,) = kit.queue.page()
    assert (row.purpose, row.entry) == (Purpose.COPY, entry.id)


def test_mail_to_a_group_of_outside_members_is_kept_by_its_responsible_person(
    kit: StoreKit,
) -> None:
    kit.alias("far", "x@far.example", owner="bob")
    kit.mail("far")
    (leaving,) = kit.leaving("bob")
    (row,) = kit.queue.page()
    assert (row.purpose, row.entry) == (Purpose.CUSTODY, leaving.id)
    assert b"Delivered-To: far@example.org\r\n" in row.prefix


def test_relayed_mail_has_its_local_sender_as_owner(kit: StoreKit) -> None:
    kit.mail(relay=["x@far.example"], sender="anna@example.org")
    kit.mail(relay=["x@far.example"], sender="cleo@cleo.example")
    kit.mail(relay=["x@far.example"], sender="stranger@far.example")
    kit.mail(relay=["x@far.example"], sender="")
    rows = kit.queue.page()
    assert [row.owner for row in rows] == [kit.person("anna").id, kit.person("cleo").id, None, None]
    assert all(row.purpose is Purpose.RELAY and row.entry is None for row in rows)
    assert rows[0].prefix == RECEIVED
    assert all(kit.inbox(login) == [] for login in ("anna", "bob", "cleo"))


def test_delivery_that_fails_for_one_recipient_leaves_nothing(kit: StoreKit) -> None:
    kit.alias("anna", "a@far.example")
    routes = [kit.delivery.route("anna"), kit.delivery.route("bob")]
    bob = kit.person("bob")
    kit.db.now(lambda tx: kit.people.remove(tx, bob.id))
    with pytest.raises(NoSuchPerson, match="bob"):
        kit.deliver(routes)
    assert kit.queue.page() == [] and kit.leaving("anna") == []
    assert kit.db.reader().execute("SELECT count(*) FROM content").fetchone()[0] == 0


def test_delivery_of_unsealed_content_is_refused(kit: StoreKit) -> None:
    envelope = Envelope("", (kit.delivery.route("anna"),), Kind.EMAIL, Facts(0))
    content = kit.db.now(kit.store.contents.begin)
    with pytest.raises(ContentGone):
        kit.db.now(lambda tx: kit.delivery.deliver(tx, envelope, content))


# ---- loops


def been(kit: StoreKit, *names: str, hops: int = 0) -> bytes:
    """A letter that has been sent on by these names of ours."""
    fields = map(kit.store.loop_marks.field, names)
    return b"".join(fields) + b"Received: from a by b; now\r\n" * hops + LETTER


def test_mail_that_comes_back_to_a_person_is_refused_as_a_loop(kit: StoreKit) -> None:
    kit.alias("anna", "a@far.example")
    with pytest.raises(MailLoop) as refusal:
        kit.mail("anna", octets=been(kit, "Anna"))
    assert (refusal.value.reply, refusal.value.status) == (554, "5.4.6")
    with pytest.raises(MailLoop):
        kit.mail("bob", octets=been(kit, "bob"))
    kit.mail("bob", octets=been(kit, "anna"))  # another's trace is none


def test_mail_that_comes_back_to_a_group_is_refused_as_a_loop(kit: StoreKit) -> None:
    kit.alias("far", "x@far.example")
    with pytest.raises(MailLoop):
        kit.mail("far", octets=been(kit, "far"))


def test_a_group_that_keeps_some_and_sends_some_is_a_loop_when_it_comes_back(kit: StoreKit) -> None:
    kit.alias("sales", "anna", "x@far.example")
    with pytest.raises(MailLoop):
        kit.mail("sales", octets=been(kit, "sales"))
    kit.alias("sales", "anna", "bob")
    kit.mail("sales", octets=been(kit, "anna"))  # Anna has sent it on to her colleagues
    assert len(kit.inbox("bob")) == 1


def test_loop_for_one_of_several_recipients_is_kept_and_not_sent_on(kit: StoreKit) -> None:
    kit.alias("anna", "a@far.example")
    kit.mail("anna", "bob", octets=been(kit, "anna"))
    assert len(kit.inbox("anna")) == len(kit.inbox("bob")) == 1
    assert kit.queue.page() == []


def test_mail_with_more_than_a_hundred_hops_is_refused(kit: StoreKit) -> None:
    kit.mail("anna", octets=been(kit, hops=100))
    with pytest.raises(MailLoop, match="100 hops"):
        kit.mail("anna", octets=been(kit, hops=101))


# ---- reading a header


def test_a_header_is_read_as_far_as_it_goes() -> None:
    head = scan_head(
        b"Received: one\r\n folded: not a field\r\nreceived : two\r\nDate: today\r\n"
        b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n aus Wien\r\n"
        b"FROM: =?iso-8859-1?Q?J=FCrgen?= <j@example.com>\r\n"
        b"SWITCHHOOK-Sent-On:\r\n 0f\r\n\r\nReceived: body\r\n"
    )
    assert head.hops == 2
    assert head.marks == {"0f"}
    assert head.subject == "Grüße aus Wien"
    assert head.sender == "Jürgen <j@example.com>"
    assert "date" in head.fields and "message-id" not in head.fields


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n\r\nReceived: body\r\n",
        b"no header at all\r\nReceived: x\r\n",
        b"\xff\xfe\0\r\n",
        b": nothing\r\nReceived: x\r\n",
        b"\nReceived: x\r\n",
        b" folded\r\nReceived: x\r\n",
    ],
)
def test_what_is_no_header_has_no_facts(octets: bytes) -> None:
    assert scan_head(octets).hops == 0


def test_a_header_of_odd_octets_is_shown_on_one_line() -> None:
    head = scan_head(b"Subject: a\0b\x1b[31m\r\n\tc\rd =?x-no?q?e?=\r\nFrom: \xff\xfe\r\n\r\n")
    assert head.subject == "a b [31m c d =?x-no?q?e?="
    assert head.sender == "\ufffd\ufffd"
    assert len(scan_head(b"Subject: " + b"x" * 5000 + b"\r\n\r\n").subject) == 500


def test_refusals_share_a_family() -> None:
    for refusal in (NoSuchPerson, NotOurs, MailboxFull, NoSpace, MailLoop):
        assert issubclass(refusal, Refused)
        assert str(refusal.reply)[0] == refusal.status[0]


def test_route_is_read_once_until_somebody_changes(kit: StoreKit) -> None:
    kit.alias("family", "anna", "bob")
    counting, route = Counting(kit), kit.delivery.route
    first = counting.reading(lambda: route("family@example.org"))
    again = counting.reading(lambda: route("family@example.org"))
    assert again <= 2 < first, (again, first)
    kit.alias("family", "anna")
    assert [one.person.login for one in route("family@example.org").local] == ["anna"]
    kit.db.now(lambda tx: kit.people.change(tx, kit.person("anna").id, name="Hanna"))
    assert route("family@example.org").local[0].person.name == "Hanna"


def test_route_to_very_many_is_not_remembered(kit: StoreKit) -> None:
    kit.alias("all", *(f"n{number}@far.example" for number in range(REMEMBERED_MOST + 1)))
    counting, route = Counting(kit), kit.delivery.route
    assert all(counting.reading(lambda: route("all@example.org")) > 50 for _ in range(3))


def test_sender_is_known_anew_after_a_change(kit: StoreKit) -> None:
    delivery, anna = kit.delivery, kit.person("anna").id
    assert delivery.local_sender("new@anna.example") is None
    assert delivery.public_address("bob@example.org") == kit.person("bob").address
    kit.db.now(lambda tx: kit.people.change(tx, anna, address="new@anna.example"))
    found = delivery.local_sender("new@anna.example")
    assert found is not None and found.id == anna
    assert delivery.public_address("anna@example.org") == "new@anna.example"
