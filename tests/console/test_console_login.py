"""Who may log in at the console, and what guessing costs there."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.appliance import open_inbox
from app.config.paths import Paths
from app.console.login import TOO_OFTEN, WRONG, CodeWanted, Logins, Refused
from app.device.identity import CONSOLE_USER, console_password_fits, write_shadow
from app.inbox.claim import Claim
from app.inbox.people import Person
from app.operations.actor import Actor
from app.store.errors import StoreFailed
from tests.kit.console import CONSOLE_PASSWORD, PASSWORD, make_box

CODE = "123456"


@dataclass
class House:
    """Logins of one box, each as by a process of its own."""

    paths: Paths
    now: float = 1_000.0
    judged: int = 0
    anna: Person | None = None
    wants_code: bool = False
    broken: list[BaseException] = field(default_factory=list)

    def log_in(self, name: str, password: str) -> Actor | CodeWanted | Refused:
        return Logins(self.paths, self, lambda: self.now).log_in(name, password)

    def code(self, wanted: CodeWanted, code: str) -> Actor | Refused:
        return Logins(self.paths, self, lambda: self.now).code(wanted, code)

    def person(self, login: str, password: str) -> tuple[Person, bool] | None:
        self.judged += 1
        if self.broken:
            raise self.broken[0]
        assert self.anna is not None
        return (self.anna, self.wants_code) if (login, password) == ("anna", PASSWORD) else None

    def code_fits(self, person: Person, code: str) -> bool:
        self.judged += 1
        return person == self.anna and code == CODE


@pytest.fixture
def house(tmp_path: Path) -> House:
    paths = make_box(tmp_path / "var")
    box = open_inbox(paths, paths.settings())
    person = box.people.by_login("anna")
    box.db.close()
    return House(paths, anna=person)


def test_administrator_is_let_in_with_the_rights_of_their_own(house: House) -> None:
    found = house.log_in("anna", PASSWORD)
    assert isinstance(found, Actor)
    assert (found.login, found.door, found.is_admin) == ("anna", "console", True)


def test_each_wrong_password_costs_more_and_is_counted_over_processes(house: House) -> None:
    refused = [house.log_in("anna", "wrong") for _ in range(7)]
    assert refused[:5] == [Refused(wait, WRONG) for wait in (1.0, 2.0, 4.0, 8.0, 16.0)]
    assert refused[5:] == [Refused(16.0, TOO_OFTEN)] * 2
    assert house.judged == 5, "nobody looks at a password when no try is left"
    assert isinstance(house.log_in("anna", PASSWORD), Refused)
    house.now += 20.0
    assert isinstance(house.log_in("anna", PASSWORD), Actor)
    assert house.log_in("anna", "wrong") == Refused(1.0, WRONG), "a right one forgets those before"


def test_guess_is_charged_before_it_is_judged(house: House) -> None:
    house.broken = [KeyboardInterrupt()]  # the line is cut at this moment
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            house.log_in("anna", "guess")
    house.broken.clear()
    found = house.log_in("anna", PASSWORD)
    assert isinstance(found, Refused) and found.why == TOO_OFTEN


def test_what_was_counted_before_the_machine_started_is_forgotten(house: House) -> None:
    for _ in range(6):
        house.log_in("anna", "wrong")
    file = house.paths.run / "console-logins"
    file.write_text(file.read_text().replace('"start": "', '"start": "0'))
    assert isinstance(house.log_in("anna", PASSWORD), Actor)
    file.write_text("{broken")
    assert isinstance(house.log_in("anna", PASSWORD), Actor)


def test_password_of_the_console_needs_no_store(house: House) -> None:
    house.broken = [StoreFailed("the disk is gone")]
    claim = Claim(house.paths.database)
    claim.open()
    found = house.log_in(CONSOLE_USER, CONSOLE_PASSWORD)
    assert isinstance(found, Actor) and found.is_admin
    assert claim.code is None, "handsets do not tell the claim code any more"
    refused = house.log_in("anna", PASSWORD)
    assert isinstance(refused, Refused) and "the disk is gone" in refused.why


@pytest.mark.parametrize("wrong", ["", "kept", f"{CONSOLE_PASSWORD}x", "x\ny", "a\0b"])
def test_other_passwords_are_not_the_consoles(tmp_path: Path, wrong: str) -> None:
    shadow = tmp_path / "shadow"
    assert not console_password_fits(shadow, CONSOLE_PASSWORD), "there is none"
    write_shadow(shadow, CONSOLE_PASSWORD)
    assert console_password_fits(shadow, CONSOLE_PASSWORD)
    assert not console_password_fits(shadow, wrong)


def test_code_of_an_app_is_asked_for_after_the_password_and_guessed_no_cheaper(
    house: House,
) -> None:
    house.wants_code = True
    wanted = house.log_in("anna", PASSWORD)
    assert isinstance(wanted, CodeWanted)
    found = house.code(wanted, CODE)
    assert isinstance(found, Actor) and found.is_admin

    tries = 0
    while isinstance(wanted := house.log_in("anna", PASSWORD), CodeWanted):
        assert isinstance(house.code(wanted, "000000"), Refused)
        tries += 1
    assert tries <= 3, "the right password gives back nothing that wrong codes have cost"
    assert wanted.why == TOO_OFTEN  # type: ignore[union-attr]
