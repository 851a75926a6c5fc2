"""People: rights, fields that cannot be, the first person of a new device, removal."""

from dataclasses import replace

import pytest

from app.appliance import Inbox, open_inbox
from app.config.paths import Paths
from app.device import first_boot
from app.inbox.people import Person, PinOrigin, PinResult
from app.inbox.store import EntryState, Facts, Kind
from app.operations.errors import NotAllowed, NotFound, OperationError
from app.operations.numbers import emergency_numbers, why_no_mailbox
from app.operations.people import (
    NewPerson,
    add_person,
    change_person,
    former_box,
    list_people,
    remove_person,
    set_password,
    set_pin,
)
from app.operations.settings import check_settings
from drivers.countries import codes, country
from tests.kit.actors import ADMIN, owner

ANNA = NewPerson("anna", "Anna", "201", "101", admin=True)
BEN = NewPerson("ben", "Ben", "202")


def add(box: Inbox, *people: NewPerson) -> list[Person]:
    return [add_person(box, ADMIN, new).person for new in people]


def deliver(box: Inbox, person: Person) -> int:
    facts = Facts(0.0, "eva@example.org", "hello")

    def work(tx):  # type: ignore[no-untyped-def]  # the Tx of the inbox
        content = box.store.contents.write(tx, (b"Subject: hello\r\n\r\nx\r\n",))
        return box.store.add_entry(tx, person.id, content, b"", Kind.EMAIL, EntryState.NEW, facts)

    return int(box.db.now(work))


def refused(box: Inbox, new: NewPerson) -> OperationError:
    """The refusal to add somebody; nothing was changed by it."""
    before = box.people.all()
    with pytest.raises(OperationError) as problem:
        add_person(box, ADMIN, new)
    assert box.people.all() == before
    return problem.value


# ---- adding


def test_added_person_can_log_in_and_the_history_names_the_actor(box: Inbox) -> None:
    added = add_person(box, ADMIN, ANNA)
    assert box.people.check_password("anna", added.password) == added.person
    assert box.people.check_pin(added.person.id, added.pin, PinOrigin("101")).result is PinResult.OK
    history = [(row.verb, row.by) for row in box.store.history(added.person.id)]
    assert history == [("person added", "root"), ("password set", "root"), ("PIN set", "root")]


def test_quota_and_language_are_the_settings_own_unless_given(box: Inbox) -> None:
    anna, ben = add(box, ANNA, NewPerson("ben", "Ben", "202", quota=5, language="de"))
    assert (anna.quota, anna.language) == (None, "en")
    assert (ben.quota, ben.language) == (5, "de")
    limits = [box.delivery.limits.of(person).quota for person in (anna, ben)]
    assert limits == [box.settings.keeping.quota_mb * 10**6, 5]


@pytest.mark.parametrize(
    ("new", "field", "text"),
    [
        (NewPerson("Eva!", "Eva", "203"), "login", "cannot be a login"),
        (NewPerson("postmaster", "Eva", "203"), "login", "is reserved"),
        (NewPerson("eva", "Eva", "2-3"), "mailbox", "cannot be a mailbox"),
        (NewPerson("eva", "Eva", "203", address="eva"), "address", "public address"),
        (NewPerson("eva", "Eva", "201"), "mailbox", "the mailbox 201 is anna's"),
        (NewPerson("eva", "Eva", "203", "101"), "handset", "the handset 101 is anna's"),
        (NewPerson("eva", "Eva", "203", "109"), "handset", "no handset jack 109; there are: 101"),
        (NewPerson("eva", "Eva", "203", "line1"), "handset", "no handset jack line1"),
        (NewPerson("eva", "Eva", "102"), "mailbox", "102 is the number of a handset"),
        (NewPerson("eva", "Eva", "911"), "mailbox", "911 is an emergency number"),
        (NewPerson("eva", "Eva", "112"), "mailbox", "112 is an emergency number"),
        (NewPerson("eva", "Eva", "203", language="xx"), "language", "no sound pack for xx"),
        (NewPerson("eva", "Eva", "203", language="cy"), "language", "no sound pack for cy"),
        (NewPerson("eva", " ", "203"), "name", "the name is empty"),
        (NewPerson("voicemail", "Eva", "203"), "login", "voicemail is reserved: mail to it goes"),
        (
            NewPerson("eva", "Eva", "203", address="ANNA@switchhook.local"),
            "address",
            "mail to ANNA@switchhook.local is for anna here",
        ),
        (NewPerson("eva", "Eva", "203", address="201@switchhook.local"), "address", "for anna"),
        (
            NewPerson("eva", "Eva", "203", address="postmaster@switchhook.local"),
            "address",
            "is for postmaster",
        ),
        (NewPerson("eva", "Eva", "203", key_map="odd"), "key_map", "there is no key map odd"),
        (NewPerson("anna", "Eva", "203"), "login", "in use already"),
    ],
)
def test_person_who_cannot_be_is_refused_with_the_field(
    box: Inbox, new: NewPerson, field: str, text: str
) -> None:
    add(box, ANNA)
    problem = refused(box, new)
    assert problem.field == field
    assert text in str(problem)


def test_own_name_at_our_domain_is_a_public_address_and_nobody_elses_login(box: Inbox) -> None:
    add(box, ANNA)
    own, other = f"anna@{box.settings.site.domains[0]}", f"eva@{box.settings.site.domains[0]}"
    for address in (own, other):
        assert change_person(box, ADMIN, "anna", {"address": address}).address == address
    problem = refused(box, NewPerson("eva", "Eva", "203"))
    assert (problem.field, str(problem)) == ("login", f"{other} is the public address of anna")


def test_language_is_taken_in_capitals_and_none_is_the_settings_own(box: Inbox) -> None:
    add(box, replace(ANNA, language="EN"))
    assert change_person(box, ADMIN, "anna", {"language": ""}).language == "en"
    with pytest.raises(OperationError, match="the name is empty"):
        change_person(box, ADMIN, "anna", {"name": ""})


def test_person_is_added_while_the_settings_own_language_has_no_pack(paths: Paths) -> None:
    paths.settings_file.write_text('[site]\nlanguage = "cy"\n')
    box = open_inbox(paths, paths.settings())
    (anna,) = add(box, ANNA)
    assert anna.language == "cy"
    fields = [problem.field for problem in check_settings(ADMIN, box.settings, box)]
    assert fields == ["site.language", "people.anna.language"]


def test_every_country_has_its_emergency_numbers() -> None:
    assert all(country(code).numbering.emergency for code in codes())
    assert emergency_numbers("gb") == {"999", "112", "911"}


def test_mailbox_that_begins_with_an_emergency_number_is_refused_because_it_is_never_reached() -> (
    None
):
    assert "begins with the emergency number 15" in (why_no_mailbox("151", "fr", ()) or "")
    assert why_no_mailbox("151", "us", ()) is None


def test_emergency_number_of_another_country_can_be_a_mailbox(box: Inbox) -> None:
    assert add(box, NewPerson("eva", "Eva", "999"))[0].mailbox == "999"


# ---- the first person of a new device


def first_boot_of(box: Inbox) -> None:
    fresh = first_boot.Fresh("box.test", "for-console", "a-password", "839201", "")
    box.db.now(lambda tx: first_boot._administrator(tx, box.people, fresh))


def test_first_person_takes_over_handset_of_the_first_boots_administrator(box: Inbox) -> None:
    first_boot_of(box)
    added = add_person(box, ADMIN, ANNA)
    assert added.handset_from == first_boot.LOGIN
    admin = box.people.by_login(first_boot.LOGIN)
    assert admin is not None and admin.handset is None
    assert box.people.by_handset("101") == added.person
    assert refused(box, NewPerson("eva", "Eva", "203", "101")).field == "handset"


def test_outside_lines_are_answered_by_whoever_has_a_telephone_administrators_first(
    box: Inbox,
) -> None:
    def answers() -> str | None:
        person = box.people.answers_lines()
        return None if person is None else person.mailbox

    assert answers() is None
    first_boot_of(box)
    assert answers() == first_boot.MAILBOX
    add(box, NewPerson("eva", "Eva", "203"))
    assert answers() == first_boot.MAILBOX, "nobody has a telephone but the administrator"
    add_person(box, ADMIN, NewPerson("ben", "Ben", "202", "102", admin=True))
    change_person(box, ADMIN, first_boot.LOGIN, {"handset": ""})
    assert answers() == "202"


def test_outside_lines_go_with_the_handset_to_the_first_person(box: Inbox) -> None:
    first_boot_of(box)
    add_person(box, ADMIN, ANNA)
    person = box.people.answers_lines()
    assert person is not None and person.login == "anna"


def test_handset_of_an_administrator_who_was_added_by_somebody_is_not_taken_over(
    box: Inbox,
) -> None:
    add(box, ANNA)
    assert "the handset 101 is anna's" in str(refused(box, NewPerson("eva", "Eva", "203", "101")))


# ---- changing


def test_change_sets_what_is_named_only(box: Inbox) -> None:
    add(box, ANNA)
    changed = change_person(box, ADMIN, "ANNA", {"key_map": "swapped"})
    assert (changed.key_map, changed.name, changed.handset) == ("swapped", "Anna", "101")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"mailbox": "102"}, "mailbox"),
        ({"handset": "77"}, "handset"),
        ({"mailbox": "202"}, "mailbox"),
    ],
)
def test_change_to_what_cannot_be_is_refused_with_the_field(
    box: Inbox, fields: dict[str, str], field: str
) -> None:
    add(box, ANNA, BEN)
    with pytest.raises(OperationError) as problem:
        change_person(box, ADMIN, "anna", fields)
    assert problem.value.field == field


def test_change_of_nobody_lists_who_there_is(box: Inbox) -> None:
    add(box, ANNA)
    with pytest.raises(NotFound, match="there is no annna here; there are: anna"):
        change_person(box, ADMIN, "annna", {"name": "x"})


# ---- rights


def test_owner_changes_own_language_password_and_pin(box: Inbox) -> None:
    add(box, ANNA, BEN)
    ben = owner(box, "ben")
    assert change_person(box, ben, "ben", {"language": "de"}).language == "de"
    assert set_password(box, ben, "ben", "long enough") == "long enough"
    assert set_pin(box, ben, "ben", "80713") == "80713"
    assert [line.person.login for line in list_people(box, ben)] == ["ben"]


@pytest.mark.parametrize("field", ["admin", "quota", "mailbox", "handset", "address"])
def test_owner_cannot_change_own_rights_and_numbers(box: Inbox, field: str) -> None:
    add(box, ANNA, BEN)
    with pytest.raises(NotAllowed):
        change_person(box, owner(box, "ben"), "ben", {field: "203"})


@pytest.mark.parametrize("login", ["anna", "nobody"])
def test_owner_does_not_learn_whether_somebody_else_is_there(box: Inbox, login: str) -> None:
    add(box, ANNA, BEN)
    ben = owner(box, "ben")
    for attempt in (
        lambda: set_pin(box, ben, login, "80713"),
        lambda: set_password(box, ben, login),
        lambda: change_person(box, ben, login, {"name": "x"}),
    ):
        with pytest.raises(NotAllowed, match="other people's boxes"):
            attempt()


def test_owner_adds_and_removes_nobody(box: Inbox) -> None:
    add(box, ANNA, BEN)
    with pytest.raises(NotAllowed):
        add_person(box, owner(box, "ben"), NewPerson("eva", "Eva", "203"))
    with pytest.raises(NotAllowed):
        remove_person(box, owner(box, "ben"), "ben")


@pytest.mark.parametrize("name", ["x" * 101, "\u202enna", "An\0na", "An\r\nBcc: na", "An\x1b[2Jna"])
def test_name_that_lists_and_headers_could_not_show_is_refused(box: Inbox, name: str) -> None:
    (anna,) = add(box, ANNA)
    with pytest.raises(OperationError) as problem:
        change_person(box, owner(box, "anna"), "anna", {"name": name})
    assert problem.value.field == "name" and box.people.by_login("anna") == anna
    assert refused(box, replace(BEN, name=name)).field == "name"
    change_person(box, ADMIN, "anna", {"name": "Áńńa Ößmann"})


# ---- passwords and PINs


def test_short_password_and_trivial_pin_are_refused_with_the_field(box: Inbox) -> None:
    add(box, ANNA)
    with pytest.raises(OperationError, match="at least 8") as problem:
        set_password(box, ADMIN, "anna", "short")
    assert problem.value.field == "password"
    with pytest.raises(OperationError, match="repeats") as problem:
        set_pin(box, ADMIN, "anna", "1111")
    assert problem.value.field == "pin"


@pytest.mark.parametrize(
    ("password", "text"),
    [("x" * 201, "200 octets"), ("ä" * 101, "200 octets"), ("nul\0 in it", "control")]
    + [(f"pass{end}word", "control") for end in ("\r\n", "\t", "\x7f")],
)
def test_password_that_no_mail_program_could_send_is_refused(
    box: Inbox, password: str, text: str
) -> None:
    """It would be taken, and its owner could not log in by POP3, or at the pages, any more."""
    add(box, ANNA)
    held = set_password(box, ADMIN, "anna", "ä" * 100)
    with pytest.raises(OperationError, match=text) as problem:
        set_password(box, ADMIN, "anna", password)
    assert problem.value.field == "password"
    assert box.people.check_password("anna", held) is not None


# ---- removing


def test_removal_with_messages_asks_for_an_heir(box: Inbox) -> None:
    (_, ben) = add(box, ANNA, BEN)
    deliver(box, ben)
    with pytest.raises(OperationError, match="ben has 1 messages") as problem:
        remove_person(box, ADMIN, "ben")
    assert problem.value.field == "heir"
    assert box.people.by_login("ben") is not None


def test_removal_with_an_heir_gives_the_messages_over(box: Inbox) -> None:
    anna, ben = add(box, ANNA, BEN)
    entry = deliver(box, ben)
    removed = remove_person(box, ADMIN, "ben", heir="anna")
    assert (removed.messages, removed.heir) == (1, "anna")
    assert [e.id for e in box.store.entries(anna.id)] == [entry]


@pytest.mark.parametrize("heir", ["nobody", "ben"])
def test_removal_with_an_heir_that_cannot_be_is_refused(box: Inbox, heir: str) -> None:
    (_, ben) = add(box, ANNA, BEN)
    deliver(box, ben)
    with pytest.raises(OperationError) as problem:
        remove_person(box, ADMIN, "ben", heir=heir)
    assert problem.value.field == "heir"
    assert box.people.by_login("ben") is not None


def test_removal_of_an_aliases_member_is_refused_and_nothing_is_moved(box: Inbox) -> None:
    anna, ben = add(box, ANNA, BEN)
    entry = deliver(box, ben)
    box.db.now(lambda tx: box.aliases.set(tx, "sales", ["ben"], by="x"))
    with pytest.raises(OperationError, match="still named by the alias sales"):
        remove_person(box, ADMIN, "ben", heir="anna")
    assert box.store.need(entry).person == ben.id
    assert box.store.entries(anna.id) == []


# ---- coming back


def test_person_added_again_gets_back_the_box(box: Inbox) -> None:
    (_, ben) = add(box, ANNA, BEN)
    kept, binned = deliver(box, ben), deliver(box, ben)
    box.db.now(lambda tx: box.store.remove(tx, [binned], "pop3", "ben"))
    remove_person(box, ADMIN, "ben", discard=True)
    former = former_box(box, ADMIN, "BEN")
    assert former is not None and former.entries == (kept,)
    added = add_person(box, ADMIN, BEN, former)
    assert [entry.id for entry in box.store.entries(added.person.id)] == [kept]
    in_bin = box.store.entries(added.person.id, states=(EntryState.BIN,))
    assert [entry.id for entry in in_bin] == [binned]
    assert box.people.check_password("ben", added.password) == added.person


def test_person_added_again_without_the_box_starts_empty(box: Inbox) -> None:
    (_, ben) = add(box, ANNA, BEN)
    entry = deliver(box, ben)
    remove_person(box, ADMIN, "ben", discard=True)
    added = add_person(box, ADMIN, BEN)
    assert box.store.entries(added.person.id, states=tuple(EntryState)) == []
    assert box.store.need(entry).state is EntryState.BIN


def test_nobody_but_an_administrator_sees_what_removed_people_had(box: Inbox) -> None:
    add(box, ANNA, BEN)
    with pytest.raises(NotAllowed):
        former_box(box, owner(box, "ben"), "anna")
