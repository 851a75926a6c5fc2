"""A password that was proved lately costs little, and nothing else does."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.inbox.credentials import matches
from app.inbox.known_passwords import KNOWN_S, MOST_KNOWN, KnownPasswords
from app.store.database import Tx
from tests.kit.store import StoreKit, open_store

PASSWORD = "correct horse"


class Costs:
    """Counts how often argon2 is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        monkeypatch.setattr("app.inbox.people.matches", self._counted)

    def _counted(self, stored: str | None, secret: str) -> bool:
        self.asked += 1
        return matches(stored, secret)


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[StoreKit]:
    kit = open_store(tmp_path)
    yield kit
    kit.close()


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> Costs:
    return Costs(monkeypatch)


@pytest.fixture
def known(kit: StoreKit, costs: Costs) -> KnownPasswords:
    """Anna's password was proved just now."""
    anna = kit.person("anna").id
    kit.db.now(lambda tx: kit.people.set_password(tx, anna, PASSWORD))
    known = KnownPasswords(kit.people, kit.clock)
    assert known.check("anna", PASSWORD) == kit.person("anna")
    assert costs.asked == 1
    return known


def test_what_was_proved_is_not_proved_again_by_any_spelling(
    kit: StoreKit, known: KnownPasswords, costs: Costs
) -> None:
    for login in ("anna", "Anna", "anna"):
        assert known.check(login, PASSWORD) == kit.person("anna")
    assert costs.asked == 1


@pytest.mark.parametrize("wrong", ["", "Correct horse", PASSWORD + " ", PASSWORD + "\0"])
def test_a_wrong_password_costs_as_much_as_ever_and_what_was_proved_is_forgotten(
    known: KnownPasswords, costs: Costs, wrong: str
) -> None:
    assert known.check("anna", wrong) is None
    assert known.check("anna", wrong) is None
    assert costs.asked == 3
    assert known.check("anna", PASSWORD) is not None
    assert costs.asked == 4, "proved anew after a failure"


def test_nobody_is_known_and_costs_as_much(known: KnownPasswords, costs: Costs) -> None:
    assert [known.check("nobody", PASSWORD) for _ in range(2)] == [None, None]
    assert costs.asked == 3


def test_another_persons_password_is_no_proof(
    kit: StoreKit, known: KnownPasswords, costs: Costs
) -> None:
    """Not even where both have chosen the same."""
    bob = kit.person("bob").id
    kit.db.now(lambda tx: kit.people.set_password(tx, bob, "other"))
    assert known.check("bob", PASSWORD) is None
    kit.db.now(lambda tx: kit.people.set_password(tx, bob, PASSWORD))
    assert known.check("bob", PASSWORD) == kit.person("bob")
    assert costs.asked == 3


def test_a_proof_ends_though_it_is_used(kit: StoreKit, known: KnownPasswords, costs: Costs) -> None:
    for _ in range(3):
        kit.clock.advance(KNOWN_S / 3 - 1)
        known.check("anna", PASSWORD)
    assert costs.asked == 1
    kit.clock.advance(3.0)
    assert known.check("anna", PASSWORD) is not None
    assert costs.asked == 2


CHANGES: dict[str, Callable[[StoreKit, Tx], object]] = {
    "another password": lambda kit, tx: kit.people.set_password(tx, kit.person("anna").id, "new"),
    "removed": lambda kit, tx: kit.people.remove(tx, kit.person("anna").id),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_old_password_ends_with_what_made_it_right(
    kit: StoreKit, known: KnownPasswords, costs: Costs, change: str
) -> None:
    kit.db.now(lambda tx: CHANGES[change](kit, tx))
    assert known.check("anna", PASSWORD) is None
    assert costs.asked == 2


@pytest.mark.parametrize("right", ["admin", "roles"])
def test_other_rights_ask_for_another_proof(
    kit: StoreKit, known: KnownPasswords, costs: Costs, right: str
) -> None:
    anna = kit.person("anna")
    rights: dict[str, Any] = {"admin": not anna.admin, "roles": ("phone",)}
    kit.db.now(lambda tx: kit.people.change(tx, anna.id, **{right: rights[right]}))
    assert known.check("anna", PASSWORD) == kit.person("anna") != anna, "as the person is now"
    assert costs.asked == 2


def test_the_same_password_set_again_is_another_proof(
    kit: StoreKit, known: KnownPasswords, costs: Costs
) -> None:
    kit.db.now(lambda tx: kit.people.set_password(tx, kit.person("anna").id, PASSWORD))
    assert known.check("anna", PASSWORD) is not None
    assert costs.asked == 2


def test_what_is_kept_says_nothing_of_the_password_to_another_process(
    kit: StoreKit, known: KnownPasswords
) -> None:
    """Each has its own key, and none of them keeps the password."""
    other = KnownPasswords(kit.people, kit.clock)
    other.check("anna", PASSWORD)
    assert list(known._known.values()) != list(other._known.values())
    assert PASSWORD not in repr(vars(known))


def test_how_much_is_kept_has_a_bound(
    kit: StoreKit, monkeypatch: pytest.MonkeyPatch, known: KnownPasswords, costs: Costs
) -> None:
    monkeypatch.setattr("app.inbox.known_passwords.MOST_KNOWN", 1)
    assert MOST_KNOWN <= 5000
    bob = kit.person("bob").id
    kit.db.now(lambda tx: kit.people.set_password(tx, bob, "other"))
    assert known.check("bob", "other") is not None
    assert len(known) == 1
    known.check("anna", PASSWORD)
    assert costs.asked == 3, "the oldest went"
