"""Passwords that the box says elsewhere: readable for their use by this box, and by nobody else."""

import os
import re
from pathlib import Path

import pytest

from app.inbox.account_passwords import (
    BOX,
    KEY,
    AccountPasswords,
    NoSuchPassword,
    PasswordUnreadable,
)
from tests.kit.store import StoreKit, open_store

PASSWORD = "grüne Wiese, 14 Schafe"
PLACE = "pop.example.org anna@example.org"


@pytest.fixture
def kit(tmp_path: Path) -> StoreKit:
    return open_store(tmp_path)


@pytest.fixture
def passwords(kit: StoreKit) -> AccountPasswords:
    key = os.urandom(KEY)
    return AccountPasswords(kit.db, lambda: key)


def keep(kit: StoreKit, passwords: AccountPasswords, person: int, password: str = PASSWORD) -> None:
    kit.db.now(lambda tx: passwords.set(tx, person, "pop3 1", PLACE, password))


def test_a_password_comes_back_for_its_use_alone(
    kit: StoreKit, passwords: AccountPasswords
) -> None:
    anna = kit.person("anna").id
    keep(kit, passwords, anna)
    assert passwords.get(anna, "pop3 1", PLACE) == PASSWORD
    with pytest.raises(PasswordUnreadable, match=r"pop\.evil\.example.*enter it again"):
        passwords.get(anna, "pop3 1", "pop.evil.example anna@example.org")


def test_the_files_of_the_store_do_not_hold_it(kit: StoreKit, passwords: AccountPasswords) -> None:
    keep(kit, passwords, BOX)
    files = [path.read_bytes() for path in kit.path.parent.iterdir() if path.is_file()]
    assert any(b"pop3 1" in octets for octets in files), "the row is in no file: nothing is shown"
    assert not any(PASSWORD.encode() in octets or b"Schafe" in octets for octets in files)


def test_the_same_password_kept_twice_is_not_seen_to_be_the_same(
    kit: StoreKit, passwords: AccountPasswords
) -> None:
    anna, bob = kit.person("anna").id, kit.person("bob").id
    keep(kit, passwords, anna)
    keep(kit, passwords, bob)
    rows = kit.db.reader().execute("SELECT sealed FROM account_password").fetchall()
    (first,), (second,) = rows
    assert first[-30:] != second[-30:]


def test_a_row_moved_to_another_person_is_not_read(
    kit: StoreKit, passwords: AccountPasswords
) -> None:
    anna, bob = kit.person("anna").id, kit.person("bob").id
    keep(kit, passwords, anna)
    kit.db.now(lambda tx: tx.execute("UPDATE account_password SET person = ?", (bob,)))
    with pytest.raises(PasswordUnreadable):
        passwords.get(bob, "pop3 1", PLACE)


@pytest.mark.parametrize("place", [0, 1, 12, 13, -1])
def test_a_changed_octet_is_noticed(kit: StoreKit, passwords: AccountPasswords, place: int) -> None:
    keep(kit, passwords, BOX)
    (sealed,) = kit.db.reader().execute("SELECT sealed FROM account_password").fetchone()
    changed = bytearray(sealed)
    changed[place] ^= 1
    kit.db.now(lambda tx: tx.execute("UPDATE account_password SET sealed = ?", (bytes(changed),)))
    with pytest.raises(PasswordUnreadable):
        passwords.get(BOX, "pop3 1", PLACE)


def test_another_key_and_no_key_say_what_to_do(kit: StoreKit, passwords: AccountPasswords) -> None:
    keep(kit, passwords, BOX)
    other = AccountPasswords(kit.db, lambda: bytes(KEY))
    gone = AccountPasswords(kit.db, (kit.path.parent / "no.key").read_bytes)
    for stranger in (other, gone):
        with pytest.raises(PasswordUnreadable, match="kept with another key") as told:
            stranger.get(BOX, "pop3 1", PLACE)
        assert PASSWORD not in str(told.value)


def test_a_new_password_replaces_the_old_one_and_a_removed_one_is_gone(
    kit: StoreKit, passwords: AccountPasswords
) -> None:
    keep(kit, passwords, BOX)
    keep(kit, passwords, BOX, "another one")
    assert passwords.get(BOX, "pop3 1", PLACE) == "another one"
    kit.db.now(lambda tx: passwords.remove(tx, BOX, "pop3 1"))
    assert not passwords.has(BOX, "pop3 1")
    with pytest.raises(NoSuchPassword, match=re.escape(PLACE)):
        passwords.get(BOX, "pop3 1", PLACE)


def test_a_person_takes_their_passwords_along(kit: StoreKit, passwords: AccountPasswords) -> None:
    bob = kit.person("bob").id
    keep(kit, passwords, bob)
    keep(kit, passwords, BOX)
    kit.db.now(lambda tx: kit.people.remove(tx, bob))
    assert not passwords.has(bob, "pop3 1")
    assert passwords.has(BOX, "pop3 1")
