"""How many PINs a guesser gets judged in a day, and that the owner at home gets in all the same."""

from collections.abc import Callable, Iterator

import pytest

from app.inbox.people import PinOrigin, PinResult
from app.inbox.pins import INSIDE_PACE, LINE_PACE, OUTSIDE_PACE, OWN_LONGEST_S
from tests.kit.store import StoreKit, open_store

PIN, WRONG = "4711", "0815"
OWN = PinOrigin("101")
DAY_S = 86_400
LOCKED_UP = 3 * 9
"""Three guesses, then lock-outs of 300, 600, 1200 ... s: so many in a day from one origin."""

Guess = tuple[PinOrigin, int]
"""From where, and at whose mailbox, counted from the first person on."""


def outside(number: str | None, line: int = 1) -> PinOrigin:
    return PinOrigin(f"line{line}", True, number)


def one_caller(turn: int) -> Guess:
    return outside("5551234"), 0


def one_caller_over_four_lines(turn: int) -> Guess:
    return outside("5551234", 1 + turn % 4), 0


def number_faked_each_time(turn: int) -> Guess:
    return outside(f"555{turn:05}"), 0


def number_faked_each_time_over_four_lines(turn: int) -> Guess:
    return outside(f"555{turn:05}", 1 + turn % 4), 0


def number_of_the_owners_handset_faked(turn: int) -> Guess:
    return outside("101"), 0


def no_number_over_four_lines(turn: int) -> Guess:
    return outside(None, 1 + turn % 4), 0


def one_neighbour(turn: int) -> Guess:
    return PinOrigin("102"), 0


def every_other_handset_of_the_house(turn: int) -> Guess:
    return PinOrigin(f"{102 + turn % 23}"), 0


def one_pin_at_every_mailbox_by_one_line(turn: int) -> Guess:
    return outside(f"555{turn:05}"), turn % 40


def one_pin_at_every_mailbox_by_one_handset(turn: int) -> Guess:
    return PinOrigin("102"), turn % 40


def a_budget(at_once: int, every_s: float) -> int:
    return at_once + int(DAY_S / every_s) + 1


OUTSIDE = a_budget(OUTSIDE_PACE.at_once, OUTSIDE_PACE.every_s)
INSIDE = a_budget(INSIDE_PACE.at_once, INSIDE_PACE.every_s)
BY_LINE = a_budget(LINE_PACE.at_once, LINE_PACE.every_s)

GUESSERS = [
    (one_caller, LOCKED_UP),
    (one_caller_over_four_lines, LOCKED_UP),
    (number_of_the_owners_handset_faked, LOCKED_UP),
    (number_faked_each_time, OUTSIDE),
    (number_faked_each_time_over_four_lines, OUTSIDE),
    (no_number_over_four_lines, 4 * LOCKED_UP),
    (one_neighbour, LOCKED_UP),
    (every_other_handset_of_the_house, INSIDE),
    (one_pin_at_every_mailbox_by_one_line, BY_LINE),
    (one_pin_at_every_mailbox_by_one_handset, BY_LINE),
]


JUDGED: list[str] = []
"""PINs that were looked at."""


def _judge(stored: str | None, pin: str) -> bool:
    JUDGED.append(pin)
    return pin == PIN


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreKit]:
    """Anna, and 40 people more, all with PINs."""
    kit = open_store(tmp_path_factory.mktemp("crowd"))
    patch = pytest.MonkeyPatch()
    patch.setattr("app.inbox.pins.matches", _judge)

    def people(tx):  # type: ignore[no-untyped-def]  # a Tx in
        for number in range(40):
            kit.people.add(tx, f"p{number}", f"P {number}", str(300 + number))

    kit.db.now(people)
    yield kit
    patch.undo()
    kit.close()


@pytest.fixture
def kit(crowd: StoreKit) -> StoreKit:
    crowd.db.now(lambda tx: tx.execute("DELETE FROM pin_guess"))
    return crowd


@pytest.mark.parametrize(("guesser", "most"), GUESSERS)
def test_guesser_gets_no_more_judged_in_a_day_and_never_locks_the_owner_out_at_home(
    kit: StoreKit, guesser: Callable[[int], Guess], most: int
) -> None:
    anna = kit.person("anna").id
    boxes = [anna, *(person.id for person in kit.people.all() if person.login.startswith("p"))]
    JUDGED.clear()
    for turn in range(DAY_S // 1200 * 5):
        origin, whose = guesser(turn)
        kit.people.check_pin(boxes[whose], WRONG, origin)
        if turn % 5 == 4:
            kit.clock.advance(1200)
            assert kit.people.check_pin(anna, PIN, OWN).result is PinResult.OK, "the owner at home"
    assert 9 <= JUDGED.count(WRONG) <= most


def test_guesser_at_the_owners_own_handset_is_slowed_down(kit: StoreKit) -> None:
    anna, judged, waited = kit.person("anna").id, 0, 0.0
    while waited < 3600:
        answer = kit.people.check_pin(anna, WRONG, OWN)
        judged += answer.result is PinResult.WRONG
        waited += answer.wait_s
        kit.clock.advance(answer.wait_s)
    assert judged <= 3600 / OWN_LONGEST_S + 6
    kit.clock.advance(OWN_LONGEST_S)
    assert kit.people.check_pin(anna, PIN, OWN).result is PinResult.OK


def test_the_right_pin_takes_nothing_from_any_budget(kit: StoreKit) -> None:
    anna = kit.person("anna").id
    for origin in (outside("5551234"), PinOrigin("102"), outside(None)):
        for _ in range(40):
            assert kit.people.check_pin(anna, PIN, origin).result is PinResult.OK
