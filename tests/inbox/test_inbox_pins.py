"""Who may still guess at a PIN, from where."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.inbox.people import PinOrigin, PinResult
from app.inbox.pins import OUTSIDE_PACE
from app.store.errors import StoreFailed
from tests.kit.store import StoreKit, open_store

PIN, WRONG = "4711", "0815"
OWN, NEIGHBOUR, KITCHEN = PinOrigin("101"), PinOrigin("102"), PinOrigin("103")
OK, LOCKED = PinResult.OK, PinResult.LOCKED


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[StoreKit]:
    made = open_store(tmp_path)
    anna = made.person("anna").id
    made.db.now(lambda tx: made.people.set_pin(tx, anna, PIN))
    yield made
    made.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """PINs are compared without the time that their hash takes."""
    monkeypatch.setattr("app.inbox.pins.matches", lambda stored, pin: pin == PIN)


def tries(kit: StoreKit, origin: PinOrigin, pin: str = WRONG, login: str = "anna") -> PinResult:
    return kit.people.check_pin(kit.person(login).id, pin, origin).result


def asked(kit: StoreKit, number: int, origin: PinOrigin = NEIGHBOUR, pin: str = WRONG) -> PinResult:
    """The answer to guess `number`, asked for twice: the one that answered first has died."""
    anna = kit.person("anna").id
    first = kit.people.check_pin(anna, pin, origin, number)
    again = kit.people.check_pin(anna, pin, origin, number)
    assert first == again, "the same guess has two answers"
    return again.result


def outside(number: str | None, line: str = "line1") -> PinOrigin:
    return PinOrigin(line, True, number)


def test_three_wrong_pins_lock_out_the_handset_they_are_dialled_at_and_no_other(
    kit: StoreKit,
) -> None:
    assert [tries(kit, NEIGHBOUR) for _ in range(3)] == [PinResult.WRONG, PinResult.WRONG, LOCKED]
    assert tries(kit, NEIGHBOUR, PIN) is LOCKED, "the right one, too: its answer would tell"
    assert tries(kit, OWN, PIN) is OK, "a neighbour has locked the owner out"
    assert tries(kit, KITCHEN, PIN) is OK
    assert tries(kit, outside("5551234"), PIN) is OK
    kit.clock.advance(299)
    assert tries(kit, NEIGHBOUR, PIN) is LOCKED
    kit.clock.advance(2)
    assert tries(kit, NEIGHBOUR, PIN) is OK


def test_a_right_pin_forgives_the_wrong_ones_before_it(kit: StoreKit) -> None:
    for _ in range(5):
        assert [tries(kit, NEIGHBOUR) for _ in range(2)] == [PinResult.WRONG] * 2
        assert tries(kit, NEIGHBOUR, PIN) is OK


def test_lock_out_doubles_up_to_a_day_and_survives_a_restart(kit: StoreKit) -> None:
    lasted = []
    for _ in range(10):
        assert [tries(kit, NEIGHBOUR) for _ in range(3)][-1] is LOCKED
        (lock,) = kit.people.pin_locks()
        lasted.append(lock.until - kit.clock.now())
        kit.clock.advance(lasted[-1] + 1)
    assert lasted == [300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 76800, 86400]
    kit.clock.advance(-2)
    restarted = StoreKit(kit.path, clock=kit.clock)
    assert tries(restarted, NEIGHBOUR, PIN) is LOCKED
    restarted.close()
    kit.db.now(lambda tx: kit.people.set_pin(tx, kit.person("anna").id, "4712"))
    assert tries(kit, NEIGHBOUR, "4712") is OK, "an administrator lifts it with a new PIN"


def test_owners_own_handset_waits_longer_each_time_and_is_never_locked_out(kit: StoreKit) -> None:
    anna, waits = kit.person("anna").id, []
    for _ in range(18):
        answer = kit.people.check_pin(anna, WRONG, OWN)
        if answer.result is PinResult.WAIT:
            waits.append(answer.wait_s)
            assert kit.people.check_pin(anna, PIN, OWN).result is PinResult.WAIT
            kit.clock.advance(answer.wait_s)
    assert waits == [5, 10, 20, 30, 30, 30, 30, 30]
    kit.clock.advance(30)
    assert tries(kit, OWN, PIN) is OK
    assert tries(kit, OWN, PIN) is OK, "nothing is left of it"
    assert kit.people.pin_locks() == []


def test_a_guess_counts_although_nobody_waits_for_its_answer(
    kit: StoreKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.inbox.pins.matches", dies)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            tries(kit, NEIGHBOUR)
    monkeypatch.undo()
    assert tries(kit, NEIGHBOUR, PIN) is LOCKED


def test_all_callers_from_outside_share_a_budget_that_the_owner_at_home_does_not_need(
    kit: StoreKit, quick: None
) -> None:
    guesses = 0
    for hour in range(24):
        for number in range(100):  # a caller who shows another number each time
            guesses += tries(kit, outside(f"55500{hour:02}{number:02}")) is PinResult.WRONG
        kit.clock.advance(3600)
    assert guesses <= OUTSIDE_PACE.at_once + 24 * 6, f"{guesses} guesses in a day"
    for number in range(100):
        tries(kit, outside(f"5559{number}"))
    assert tries(kit, outside("5551234"), PIN) is LOCKED
    assert tries(kit, OWN, PIN) is OK and tries(kit, KITCHEN, PIN) is OK
    assert tries(kit, outside("5551234"), WRONG, "bob") is PinResult.WRONG, "another mailbox"
    kit.clock.advance(OUTSIDE_PACE.every_s)
    assert tries(kit, outside("5551234"), PIN) is OK


def test_callers_without_a_number_are_one_on_each_line(kit: StoreKit) -> None:
    assert [tries(kit, outside(None)) for _ in range(3)][-1] is LOCKED
    assert tries(kit, outside(None, "line2"), PIN) is OK
    (lock,) = kit.people.pin_locks()
    assert (lock.person.login, lock.origin) == ("anna", "line1 unknown number")


def test_right_pins_from_outside_cost_nothing(kit: StoreKit, quick: None) -> None:
    assert {tries(kit, outside("5551234"), PIN) for _ in range(30)} == {OK}


def test_a_number_that_is_nobodys_behaves_like_any_other(kit: StoreKit) -> None:
    answers = [kit.people.check_pin(number, PIN, NEIGHBOUR).result for number in (7, 8, 999)]
    assert answers == [PinResult.WRONG, PinResult.WRONG, LOCKED]
    assert kit.people.pin_locks() == []
    assert tries(kit, NEIGHBOUR, "") is PinResult.WRONG


def test_what_is_kept_of_strangers_is_bounded(kit: StoreKit, quick: None) -> None:
    for number in range(5000):
        tries(kit, outside(str(number)))
        kit.clock.advance(60)
    rows = kit.db.reader().execute("SELECT count(*) FROM pin_guess").fetchone()[0]
    assert rows <= OUTSIDE_PACE.at_once + 2 * 144 + 2


def test_the_owner_at_home_gets_in_while_nothing_can_be_written(
    kit: StoreKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise StoreFailed("database or disk is full")

    monkeypatch.setattr(kit.db, "now", full)
    assert tries(kit, OWN, PIN) is OK
    with pytest.raises(StoreFailed):
        tries(kit, NEIGHBOUR, PIN)


@pytest.mark.usefixtures("quick")
def test_guess_that_is_asked_for_twice_counts_once(kit: StoreKit) -> None:
    assert [asked(kit, n) for n in (1, 2, 3)] == [PinResult.WRONG, PinResult.WRONG, LOCKED]
    assert asked(kit, 4, pin=PIN) is LOCKED
    kit.clock.advance(301)
    assert asked(kit, 5, pin=PIN) is OK
    assert [asked(kit, n) for n in (6, 7)] == [PinResult.WRONG] * 2


@pytest.mark.usefixtures("quick")
def test_owner_who_is_asked_for_twice_waits_no_longer_for_it(kit: StoreKit) -> None:
    assert [asked(kit, n, OWN) for n in (1, 2, 3)] == [PinResult.WRONG] * 3
    anna = kit.person("anna").id
    assert kit.people.check_pin(anna, WRONG, OWN, 4).wait_s == pytest.approx(5.0)


@pytest.mark.usefixtures("quick")
def test_right_pin_that_is_asked_for_twice_gives_back_one_guess(kit: StoreKit) -> None:
    spent = [tries(kit, outside(f"555{n:04}")) for n in range(5)]
    for n in range(1, 4):
        assert asked(kit, n, outside("5551234"), PIN) is OK
    left = [tries(kit, outside(f"556{n:04}")) for n in range(OUTSIDE_PACE.at_once - 4)]
    wrong = [PinResult.WRONG] * OUTSIDE_PACE.at_once
    assert spent + left == [*wrong, LOCKED], "more guesses than the budget has"
