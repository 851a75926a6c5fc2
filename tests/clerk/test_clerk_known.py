"""Who is here, in a file for when the store does not say: it follows, and costs little."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.clerk.known import FEW, SAVE_S, Known
from app.core.clock import ManualClock
from app.phone.calls.dialplan import Directory, Subscriber


def directory(count: int, name: str) -> Directory:
    one = Subscriber(1, "201", "Anna", "")
    others = [replace(one, person=n, mailbox=str(200 + n)) for n in range(2, count + 1)]
    return Directory((replace(one, name=name), *others))


def written(path: Path) -> str:
    return Known(path, "en", ManualClock()).directory().people[0].name


@pytest.mark.parametrize(("count", "follows_at_once"), [(FEW, True), (FEW + 1, False)])
def test_what_changes_is_written_at_once_for_few_and_now_and_then_for_many(
    tmp_path: Path, count: int, follows_at_once: bool
) -> None:
    clock, path = ManualClock(), tmp_path / "known.json"
    known = Known(path, "en", clock)
    for name in ("Anna", "Berta", "Clara"):
        known.remember(directory(count, name), ())
        assert known.directory().people[0].name == name
    assert written(path) == ("Clara" if follows_at_once else "Anna")
    clock.advance(SAVE_S - 0.1)
    known.save_due()
    assert written(path) == ("Clara" if follows_at_once else "Anna")
    clock.advance(0.1)
    known.save_due()
    assert written(path) == "Clara"
    known.remember(directory(count, "Dora"), ())
    known.save()
    assert written(path) == "Dora", "the clerk ends"
