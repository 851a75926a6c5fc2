"""Codes beside the password: pyotp, which authenticator apps agree with, judges ours."""

import base64
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from app.appliance import Inbox
from app.config.paths import Paths
from app.inbox.account_passwords import PasswordUnreadable
from app.operations.errors import NotAllowed, OperationError
from app.operations.people import NewPerson, add_person
from app.operations.second_factor import (
    RECOVERY_CODES,
    STEP_S,
    begin_second_factor,
    check_code,
    code_at,
    confirm_second_factor,
    needs_code,
    remove_second_factor,
    second_factor_state,
    step_of,
)
from tests.kit.actors import ADMIN, owner
from tests.kit.store import store_octets

KEY = b"12345678901234567890"


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1234567890, "89005924"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_standard(at: int, code: str) -> None:
    """[RFC 6238 appendix B], whose codes have eight digits; ours are the last six."""
    assert code_at(KEY, at // STEP_S) == code[-6:]


def test_codes_are_those_of_apps() -> None:
    app = pyotp.TOTP(base64.b32encode(KEY).decode())
    for at in range(0, 10**9, 12_345_677):
        assert code_at(KEY, at // STEP_S) == app.at(at)


def test_code_holds_for_the_step_before_and_after_and_no_longer() -> None:
    for steps, known in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        code = code_at(KEY, 1000 + steps)
        assert step_of(KEY, code, 1000 * STEP_S + 7) == (1000 + steps if known else None)
    assert step_of(KEY, " 123 456 ", 0) is None and step_of(KEY, "ä²", 0) is None


@pytest.fixture
def people(box: Inbox) -> Inbox:
    add_person(box, ADMIN, NewPerson("anna", "Anna", "201"))
    add_person(box, ADMIN, NewPerson("ben", "Ben", "202"))
    return box


def app_of(uri: str) -> pyotp.TOTP:
    found = pyotp.parse_uri(uri)
    assert isinstance(found, pyotp.TOTP)
    return found


def switched_on(box: Inbox) -> tuple[pyotp.TOTP, tuple[str, ...]]:
    app = app_of(begin_second_factor(box, owner(box, "ben")).uri)
    return app, confirm_second_factor(box, owner(box, "ben"), app.at(int(box.db.clock.now())))


def test_key_holds_once_a_code_of_it_was_seen(people: Inbox) -> None:
    ben = owner(people, "ben")
    new = begin_second_factor(people, ben)
    assert ben.person is not None and not needs_code(people, ben.person)
    assert parse_qs(urlsplit(new.uri).query)["secret"] == [new.key]
    with pytest.raises(OperationError) as refused:
        confirm_second_factor(people, ben, "000000000")
    assert refused.value.field == "code" and not needs_code(people, ben.person)
    app, codes = switched_on(people)
    assert needs_code(people, ben.person) and len(set(codes)) == RECOVERY_CODES
    assert second_factor_state(people, ADMIN, "ben").recovery_codes == RECOVERY_CODES
    assert app.name and "ben" in app.name


def test_code_is_taken_once_and_none_before_it(people: Inbox) -> None:
    ben = owner(people, "ben").person
    assert ben is not None
    app, _ = switched_on(people)
    now = int(people.db.clock.now())
    assert not check_code(people, ben, app.at(now)), "it confirmed the key"
    assert not check_code(people, ben, app.at(now - STEP_S))
    assert check_code(people, ben, app.at(now + STEP_S))
    assert not check_code(people, ben, app.at(now + STEP_S))
    assert not check_code(people, ben, "") and not check_code(people, ben, "ä" * 6)


def test_recovery_code_is_taken_once_however_it_is_typed(people: Inbox) -> None:
    ben = owner(people, "ben").person
    assert ben is not None
    _, codes = switched_on(people)
    assert check_code(people, ben, f" {codes[0].upper().replace('-', ' ')} ")
    assert not check_code(people, ben, codes[0])
    assert second_factor_state(people, ADMIN, "ben").recovery_codes == RECOVERY_CODES - 1
    stored = store_octets(people.db)
    assert b"ben" in stored
    assert not any(code.encode() in stored for code in codes)


def test_key_lies_encrypted_and_is_of_no_use_for_anything_else(people: Inbox, paths: Paths) -> None:
    ben = owner(people, "ben").person
    assert ben is not None
    app, _ = switched_on(people)
    key = base64.b32decode(app.secret)
    stored = store_octets(people.db)
    assert b"ben" in stored
    for form in (key, app.secret.encode(), key.hex().encode()):
        assert form not in stored
    paths.account_key.write_bytes(bytes(32))
    with pytest.raises(PasswordUnreadable):
        check_code(people, ben, "123456")


def test_owner_and_administrator_switch_it_off_and_nobody_else(people: Inbox) -> None:
    ben = owner(people, "ben").person
    assert ben is not None
    switched_on(people)
    with pytest.raises(NotAllowed):
        remove_second_factor(people, replace(owner(people, "anna")), "ben")
    with pytest.raises(OperationError):
        begin_second_factor(people, owner(people, "ben"))
    remove_second_factor(people, ADMIN, "ben")
    assert not needs_code(people, ben)
    with pytest.raises(OperationError):
        remove_second_factor(people, ADMIN, "ben")
    switched_on(people)
    people.db.now(lambda tx: people.people.remove(tx, ben))
    assert not needs_code(people, ben)
