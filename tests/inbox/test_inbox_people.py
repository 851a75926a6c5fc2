"""People, their passwords and PINs."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.inbox import credentials
from app.inbox.credentials import check_pin_rules, matches, new_password, new_pin, why_trivial
from app.inbox.entries import EntryState, ids_of
from app.inbox.errors import BadName, NameTaken, NoSuchPerson, OwnerGone, StillMember, TrivialPin
from app.inbox.people import Former, PinOrigin, PinResult, Transfer
from app.store.database import Tx
from tests.kit import quick
from tests.kit.defaults import add_person, delivery_config
from tests.kit.store import StoreKit, open_store


@pytest.fixture
def kit(tmp_path: Path):  # type: ignore[no-untyped-def]
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


def add(kit: StoreKit, login: str, mailbox: str = "299", **fields: Any) -> int:
    return kit.db.now(
        lambda tx: add_person(kit.people, tx, login, login.title(), mailbox, **fields)
    )


def change(kit: StoreKit, who: str, **fields: Any) -> None:
    person = kit.person(who)
    kit.db.now(lambda tx: kit.people.change(tx, person.id, **fields))


def set_pin(kit: StoreKit, pin: str) -> None:
    person = kit.person("anna")
    kit.db.now(lambda tx: kit.people.set_pin(tx, person.id, pin))


def test_person_is_found_by_login_mailbox_handset_and_address(kit: StoreKit) -> None:
    anna, cleo = kit.person("anna"), kit.person("cleo")
    assert kit.people.by_login("ANNA") == anna
    assert kit.people.by_mailbox("201") == anna == kit.people.by_id(anna.id)
    assert kit.people.by_handset("101") == anna
    assert kit.people.by_address("Cleo@Cleo.example") == cleo
    assert [person.login for person in kit.people.all()] == ["anna", "bob", "cleo"]
    assert kit.people.by_handset("109") is None
    assert (anna.admin, anna.transfer, anna.fetched_is_heard) == (True, Transfer.ALL, False)


@pytest.mark.parametrize("login", ["", "12345", "a b", "-a", "a@b", "é", "a" * 65, "postmaster"])
def test_login_of_a_wrong_form_is_refused(kit: StoreKit, login: str) -> None:
    with pytest.raises(BadName):
        add(kit, login)


@pytest.mark.parametrize(
    "fields, field",
    [
        ({"login": "Anna"}, "login"),
        ({"mailbox": "202"}, "mailbox"),
        ({"handset": "101"}, "handset"),
        ({"address": "CLEO@cleo.example"}, "address"),
    ],
)
def test_name_in_use_is_refused_with_its_field(kit: StoreKit, fields: Any, field: str) -> None:
    with pytest.raises(NameTaken, match=field):
        add(kit, **{"login": "dora", **fields})
    assert kit.people.by_login("dora") is None


def test_name_of_an_alias_is_refused_as_login_and_mailbox(kit: StoreKit) -> None:
    kit.alias("sales", "anna")
    kit.alias("600", "anna")
    with pytest.raises(NameTaken, match="alias"):
        add(kit, "sales")
    with pytest.raises(NameTaken, match="alias"):
        add(kit, "dora", "600")
    with pytest.raises(NameTaken, match="alias"):
        change(kit, "anna", mailbox="600")


def test_changed_fields_are_kept_and_wrong_ones_refused(kit: StoreKit) -> None:
    assert kit.person("anna").key_map == "switchhook"
    change(kit, "anna", transfer="email only", quota=5, handset="", fetched_is_heard=True)
    change(kit, "anna", key_map="nortel", language="de")
    anna = kit.person("anna")
    assert (anna.key_map, anna.language) == ("nortel", "de")
    assert kit.people.by_id(add(kit, "dora", key_map="octel")).key_map == "octel"  # type: ignore[union-attr]
    assert (anna.transfer, anna.quota, anna.handset) == (Transfer.EMAIL, 5, None)
    assert anna.fetched_is_heard is True
    for wrong in ({"login": "x"}, {}, {"quota": -1}, {"mailbox": "abc"}, {"address": "nobody"}):
        with pytest.raises(BadName):
            change(kit, "anna", **wrong)
    with pytest.raises(NoSuchPerson):
        kit.db.now(lambda tx: kit.people.change(tx, 999, name="x"))


def test_removed_persons_names_are_free_and_the_messages_in_the_bin(kit: StoreKit) -> None:
    anna, entry = kit.person("anna"), kit.put("anna")

    assert kit.db.now(lambda tx: kit.people.remove(tx, anna.id, "root", "web")) == 1
    assert kit.people.by_login("anna") is None and kit.people.by_id(anna.id) is None
    assert kit.people.check_password("anna", "x") is None
    gone = kit.store.need(entry.id)
    assert (gone.state, gone.removed_door, gone.removed_by) == (EntryState.BIN, "web", "root")
    assert kit.store.used(anna.id) == 0
    again = add(kit, "anna", "201", handset="101")
    assert again != anna.id
    assert kit.inbox("anna") == []
    with pytest.raises(NoSuchPerson):
        kit.db.now(lambda tx: kit.people.remove(tx, anna.id))


def leave(kit: StoreKit, login: str) -> None:
    person = kit.person(login).id
    kit.db.now(lambda tx: kit.people.remove(tx, person, "root"))


def test_message_of_a_removed_person_is_restored_to_an_heir_and_to_nobody_else(
    kit: StoreKit,
) -> None:
    anna, bob, cleo = (kit.person(login).id for login in ("anna", "bob", "cleo"))
    hers, his = kit.put("anna"), kit.put("bob")
    kit.db.now(lambda tx: kit.store.remove(tx, [his.id], "pop3", "bob"))
    leave(kit, "anna")

    def restore(heir: int | None) -> int:
        both = [hers.id, his.id]
        return kit.db.now(lambda tx: kit.store.restore(tx, both, "admin", "root", heir=heir))

    with pytest.raises(OwnerGone, match="anna") as refused:
        restore(None)
    assert refused.value.field == "heir"
    with pytest.raises(NoSuchPerson):
        restore(anna)
    assert {kit.store.need(e.id).state for e in (hers, his)} == {EntryState.BIN}
    assert restore(cleo) == 2
    assert ids_of(kit.inbox("cleo")) == [hers.id] and ids_of(kit.inbox("bob")) == [his.id]
    assert kit.store.used(cleo) == hers.size and kit.store.used(bob) == his.size
    rows = kit.store.history(entry=hers.id)[-2:]
    assert [(row.verb, row.person, row.detail) for row in rows] == [
        ("handed over", cleo, "from anna"),
        ("restored", cleo, ""),
    ]


def test_former_person_is_offered_while_something_is_left_of_the_box(kit: StoreKit) -> None:
    anna = kit.person("anna")
    assert kit.people.former("anna") is None
    new, heard, removed = kit.put("anna"), kit.put("anna"), kit.put("anna")
    kit.db.now(lambda tx: kit.store.mark(tx, [heard.id]))
    kit.db.now(lambda tx: kit.store.remove(tx, [removed.id], "pop3", "anna"))
    kit.clock.advance(60)
    leave(kit, "anna")
    assert kit.people.former("ANNA") == Former(
        *(anna.id, "anna", "Anna A.", "201", kit.clock.now()),
        entries=(new.id, heard.id),
        removed_before=1,
        octets=3 * new.size,
    )
    leave(kit, "bob")
    assert kit.people.former("bob") is None  # there was nothing in it
    kit.db.now(lambda tx: kit.store.empty_bin(tx, math.inf))
    assert kit.people.former("anna") is None


def test_person_added_again_with_the_old_box_is_the_same_person(kit: StoreKit) -> None:
    anna, entry, removed = kit.person("anna"), kit.put("anna"), kit.put("anna")
    kit.db.now(lambda tx: kit.store.remove(tx, [removed.id], "pop3", "anna"))
    set_pin(kit, "4711")
    for _ in range(3):
        kit.people.check_pin(anna.id, "0815", PinOrigin("102"))
    kit.clock.advance(60)
    leave(kit, "anna")
    former = kit.people.former("anna")
    assert former is not None

    def back(tx: Tx) -> int:
        person = add_person(kit.people, tx, "anna", "Anna B.", "207", adopt=former)
        kit.store.restore(tx, former.entries, "admin", "root")
        return person

    assert kit.db.now(back) == anna.id
    again = kit.person("anna")
    assert (again.name, again.mailbox, again.handset) == ("Anna B.", "207", None)
    assert ids_of(kit.inbox("anna")) == [entry.id] and kit.store.used(anna.id) == entry.size
    assert ids_of(kit.store.entries(anna.id, states=[EntryState.BIN])) == [removed.id]
    assert kit.people.former("anna") is None
    assert kit.people.pin_locks() == []
    assert kit.people.check_pin(anna.id, "4711", PinOrigin("102")).result is PinResult.WRONG
    with pytest.raises(NoSuchPerson):  # nobody comes back twice
        kit.db.now(lambda tx: add_person(kit.people, tx, "zoe", "Z", "208", adopt=former))


def test_old_box_can_be_had_under_another_login_and_taken_names_are_still_refused(
    kit: StoreKit,
) -> None:
    entry = kit.put("anna")
    leave(kit, "anna")
    former = kit.people.former("anna")
    assert former is not None
    with pytest.raises(NameTaken, match="mailbox"):
        add(kit, "anne", "202", adopt=former)
    person = add(kit, "anne", "201", adopt=former)
    kit.db.now(lambda tx: kit.store.restore(tx, former.entries, "admin", "root"))
    assert person == former.id and ids_of(kit.inbox("anne")) == [entry.id]


def test_person_named_by_an_alias_cannot_be_removed_and_their_own_forward_goes_with_them(
    kit: StoreKit,
) -> None:
    bob = kit.person("bob")
    kit.alias("bob", "bob@outside.example")
    kit.alias("sales", "anna", "bob")
    kit.alias("far", "x@outside.example", owner="bob")
    with pytest.raises(StillMember, match="far, sales"):
        kit.db.now(lambda tx: kit.people.remove(tx, bob.id))
    kit.alias("sales", "anna")
    kit.alias("far", "x@outside.example")
    kit.db.now(lambda tx: kit.people.remove(tx, bob.id))
    assert kit.aliases.get("bob") is None


@pytest.fixture
def hashed_as_on_a_box(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(credentials, "_hasher", quick.own_hasher)
    credentials._nobody.cache_clear()
    yield
    credentials._nobody.cache_clear()


@pytest.mark.usefixtures("hashed_as_on_a_box")
def test_password_fits_and_nothing_else_does(kit: StoreKit) -> None:
    anna = kit.person("anna")
    assert kit.people.check_password("anna", "") is None
    kit.db.now(lambda tx: kit.people.set_password(tx, anna.id, "correct horse"))
    assert kit.people.check_password("Anna", "correct horse") == anna
    assert kit.people.check_password("anna", "Correct horse") is None
    assert kit.people.check_password("nobody", "correct horse") is None
    stored = kit.db.reader().execute("SELECT password FROM person WHERE login = 'anna'").fetchone()
    assert stored[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.usefixtures("hashed_as_on_a_box")
def test_check_without_a_stored_secret_costs_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []

    class Counting:
        def verify(self, stored: str, secret: str) -> bool:
            verified.append(stored)
            return True

    matches(None, "warm up")
    monkeypatch.setattr("app.inbox.credentials._hasher", Counting)
    assert matches(None, "x") is False
    assert len(verified) == 1 and verified[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    "pin, why",
    [
        ("123", "4 to 16"),
        ("1" * 17, "4 to 16"),
        ("12a4", "digits only"),
        ("", "digits"),
        ("0000", "repeats 0"),
        ("1212", "repeats 12"),
        ("123123", "repeats 123"),
        ("12121", "repeats 12"),
        ("1234", "up or down"),
        ("987654", "up or down"),
        ("7890", "up or down"),
        ("2015", "own number 201"),
        ("1024", "own number 201"),
        ("٣٤٥٦", "digits only"),
    ],
)
def test_trivial_pins_are_refused_with_the_reason(pin: str, why: str) -> None:
    with pytest.raises(TrivialPin, match=why):
        check_pin_rules(pin, ("201", "101"))


@pytest.mark.parametrize("pin", ["4711", "2580", "90210", "1357"])
def test_pin_that_breaks_no_rule_is_allowed(pin: str) -> None:
    assert why_trivial(pin, ("201", "101")) is None


def test_generated_secrets_pass_the_rules_and_differ() -> None:
    assert why_trivial(new_pin("201"), ("201",)) is None
    made = {new_password() for _ in range(20)}
    assert len(made) == 20 and all(len(password) == 14 for password in made)


@pytest.mark.parametrize(
    "address, name",
    [
        ("anna", "anna"),
        ("Anna@Example.ORG", "anna"),
        ("anna@example.net", "anna"),
        ("anna@box.example.org", "anna"),
        ("anna@example.org.", "anna"),
        ("anna@[192.0.2.1]", "anna"),
        ("anna@[IPv6:2001:db8:0::1]", "anna"),
        ('"an na"@example.org', "an na"),
        ('"an\\na"@example.org', "anna"),
        ("anna@elsewhere.example", None),
        ("anna@[192.0.2.2]", None),
        ("anna@[nonsense]", None),
        ("anna@sub.example.org", None),
        ("a@b@example.org", "a@b"),
    ],
)
def test_address_gives_the_local_name_or_none(
    kit: StoreKit, address: str, name: str | None
) -> None:
    assert kit.config.local_part(address) == name


def test_config_without_domains_takes_the_host_name() -> None:
    config = delivery_config(domains=())
    assert config.local_part("anna@switchhook.local") == "anna"
    assert config.local_part("anna@example.org") is None
    assert config.canonical("anna") == "anna@switchhook.local"
