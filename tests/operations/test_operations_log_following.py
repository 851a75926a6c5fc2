"""Logs that are followed: nothing is lost or told twice, also when s6-log begins a new file."""

from pathlib import Path

import pytest

from app.appliance import Inbox
from app.config.paths import Paths
from app.operations.errors import NotAllowed, NotFound
from app.operations.log_following import LogFollower
from app.operations.people import NewPerson, add_person
from tests.kit.actors import ADMIN, owner


def say(paths: Paths, service: str, text: str) -> Path:
    path = paths.logs / service / "current"
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write(text)
    return path


def stamped(second: int, text: str) -> str:
    return f"2026-11-28 02:46:{second:02d}.1  {text}\n"


def texts(follower: LogFollower) -> list[tuple[str, str]]:
    return [(line.service, line.text) for line in follower.look()]


def test_only_what_is_said_from_now_on_is_told_and_each_line_once(paths: Paths) -> None:
    say(paths, "mail", stamped(1, "before"))
    follower = LogFollower(paths, ADMIN)
    say(paths, "mail", stamped(3, "second") + "2026-11-28 02:46:04.1  half")
    say(paths, "phone", stamped(2, "first \x1b[2J"))  # a service that had none before
    assert texts(follower) == [("phone", "first \\x1b[2J"), ("mail", "second")]
    assert texts(follower) == []
    say(paths, "mail", " a line\n")
    assert texts(follower) == [("mail", "half a line")]
    follower.close()


def test_file_that_is_put_aside_is_read_to_its_end(paths: Paths) -> None:
    current = say(paths, "mail", stamped(1, "before"))
    follower = LogFollower(paths, ADMIN, "mail")
    say(paths, "mail", stamped(2, "old"))
    current.rename(current.with_name("@0000.s"))
    assert texts(follower) == [("mail", "old")]
    assert texts(follower) == [], "the new file is not there yet"
    say(paths, "mail", stamped(3, "new"))
    assert texts(follower) == [("mail", "new")]
    follower.close()


def test_logs_are_for_administrators_and_of_services_that_have_one(
    paths: Paths, box: Inbox
) -> None:
    add_person(box, ADMIN, NewPerson("ben", "Ben", "202"))
    with pytest.raises(NotAllowed):
        LogFollower(paths, owner(box, "ben"))
    with pytest.raises(NotFound, match="no log of mial"):
        LogFollower(paths, ADMIN, "mial")
