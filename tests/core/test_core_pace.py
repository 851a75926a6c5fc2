"""How often something may be tried."""

from app.core.pace import Pace

PACE = Pace(at_once=3, every_s=10.0)


def test_so_many_at_once_and_then_one_each_time() -> None:
    owed, given = 0.0, []
    for now in range(1000, 1060):
        spent = PACE.spend(owed, now)
        if spent is not None:
            owed = spent
            given.append(now)
            assert PACE.spend(owed, PACE.next_at(owed)) is not None
    assert given == [1000, 1001, 1002, 1010, 1020, 1030, 1040, 1050]


def test_what_is_given_back_can_be_spent_again() -> None:
    owed = 0.0
    for _ in range(10):
        spent = PACE.spend(owed, 5.0)
        assert spent is not None
        owed = PACE.give_back(spent)


def test_after_a_rest_there_are_no_more_than_at_once() -> None:
    owed = 0.0
    for _ in range(3):
        owed = PACE.spend(owed, 100_000.0) or 0.0
    assert PACE.spend(owed, 100_000.0) is None
