"""Extensions and lines: whose a jack is, who answers a line, and what is said without a phone."""

import json
import socketserver
import threading
from collections.abc import Iterator

import pytest

from app.appliance import Inbox, open_inbox
from app.config.paths import Paths
from app.config.settings import Settings
from app.operations.actor import Actor, Role
from app.operations.aliases import set_alias
from app.operations.errors import NotAllowed, NotFound, OperationError
from app.operations.lines import LineStatus, Switchboard, give_handset, list_lines
from app.operations.notification import list_notifications
from app.operations.people import NewPerson, add_person, change_person
from tests.kit.actors import ADMIN, owner

TELEPHONES = Actor("cora", "web", frozenset({Role.USER, Role.PHONE}))
"""Somebody who looks after the telephones, and nothing else."""


def house(paths: Paths, **phone: object) -> Inbox:
    """The virtual board with Anna at 101, Ben without a handset, and these settings."""
    box = open_inbox(paths, Settings.model_validate({"phone": phone}))
    add_person(box, ADMIN, NewPerson("anna", "Anna", "201", "101", admin=True))
    add_person(box, ADMIN, NewPerson("ben", "Ben", "202"))
    return box


def told(board: Switchboard) -> list[tuple[str, tuple[str, ...], str, str | None, bool]]:
    return [
        (x.jack, x.rings, x.mailbox, x.answers.login if x.answers else None, x.by_default)
        for x in board.outside
    ]


class Phone(socketserver.StreamRequestHandler):
    """The phone service's control socket, with one jack that works and one that does not."""

    def handle(self) -> None:
        self.rfile.readline()
        line = {"kind": "station", "state": "idle", "call": "", "message_waiting": True,
                "fault": None, "working": True}  # fmt: skip
        cut = {
            "kind": "trunk",
            "state": "down",
            "call": "",
            "fault": "no exchange",
            "working": True,
        }
        lines = {"101": line, "line1": cut}
        self.wfile.write(json.dumps({"lines": lines, "lost_periods": 0}).encode() + b"\n")


@pytest.fixture
def phone(paths: Paths) -> Iterator[None]:
    with socketserver.UnixStreamServer(str(paths.phone_control), Phone) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()


def test_jacks_are_told_with_whose_they_are_while_no_telephone_works(paths: Paths) -> None:
    board = list_lines(house(paths), ADMIN, paths)
    assert board.problem and all(one.status is None for one in board.extensions)
    assert all(one.status is None for one in board.outside)
    assert [(x.jack, x.person.login if x.person else None) for x in board.extensions] == [
        ("101", "anna"), ("102", None)
    ]  # fmt: skip
    assert [person.login for person in board.without_handset] == ["ben"]


def test_jack_is_told_with_its_state(paths: Paths, phone: None) -> None:
    board = list_lines(house(paths), ADMIN, paths)
    assert board.problem == ""
    assert board.extensions[0].status == LineStatus("101", "station", "idle", "", True, "", True)
    assert board.extensions[1].status is None
    line = board.outside[0].status
    assert line is not None and (line.fault, line.message_waiting) == ("no exchange", None)


def test_outside_line_is_answered_by_whom_the_setting_names_else_by_the_first(
    paths: Paths,
) -> None:
    incoming = {"line1": {"mailbox": "202", "handsets": ["101"]}}
    box = house(paths, incoming=incoming)
    assert told(list_lines(box, ADMIN, paths)) == [
        ("line1", ("101",), "202", "ben", False), ("line2", (), "201", "anna", True)
    ]  # fmt: skip
    change_person(box, ADMIN, "ben", {"mailbox": "205"})
    assert told(list_lines(box, ADMIN, paths))[0] == ("line1", ("101",), "202", None, False)


def test_handset_moves_with_its_person(paths: Paths) -> None:
    box = house(paths)
    change_person(box, ADMIN, "anna", {"handset": ""})
    change_person(box, ADMIN, "ben", {"handset": "101"})
    board = list_lines(box, ADMIN, paths)
    assert board.extensions[0].person is not None and board.extensions[0].person.login == "ben"
    assert told(board)[1][3] == "ben", "who answers is who has a telephone"


def test_board_that_is_not_there_is_said(paths: Paths) -> None:
    board = list_lines(house(paths, board="toaster"), ADMIN, paths)
    assert (board.extensions, board.outside) == ((), ()) and board.problem


def test_lines_are_not_for_everybody(paths: Paths) -> None:
    box = house(paths)
    with pytest.raises(NotAllowed):
        list_lines(box, owner(box, "ben"), paths)


def handsets(box: Inbox) -> dict[str, str | None]:
    return {person.login: person.handset for person in box.people.all()}


def test_handset_is_given_to_somebody_else_and_to_nobody(paths: Paths) -> None:
    box = house(paths)
    give_handset(box, TELEPHONES, "101", "ben")
    assert handsets(box) == {"anna": None, "ben": "101"}
    give_handset(box, TELEPHONES, "102", "ben")
    assert handsets(box) == {"anna": None, "ben": "102"}
    give_handset(box, TELEPHONES, "102", "")
    assert handsets(box) == {"anna": None, "ben": None}
    ben = box.people.by_login("ben")
    assert ben is not None
    rows = [(row.by, row.door) for row in box.store.history(ben.id)][-3:]
    assert rows == [("cora", "web")] * 3


def test_handset_that_is_not_there_or_goes_to_nobody_known_stays(paths: Paths) -> None:
    box = house(paths)
    for jack in ("", "999", "line1"):
        with pytest.raises(OperationError) as problem:
            give_handset(box, ADMIN, jack, "ben")
        assert problem.value.field == "handset"
    with pytest.raises(NotFound):
        give_handset(box, ADMIN, "101", "nobody")
    with pytest.raises(NotAllowed):
        give_handset(box, owner(box, "ben"), "101", "ben")
    assert handsets(box) == {"anna": "101", "ben": None}


def test_everybody_is_told_with_what_notifies_them(paths: Paths) -> None:
    box = house(paths)
    set_alias(box, ADMIN, "crew", ["x@far.test"], look_up=None)
    set_alias(box, ADMIN, "ben", ["ben", "crew", "y@far.test"], look_up=None)
    found = list_notifications(box, ADMIN)
    assert [(x.person.login, x.unheard, x.outside) for x in found.lines] == [
        ("anna", 0, ()), ("ben", 0, ("x@far.test", "y@far.test"))
    ]  # fmt: skip
    with pytest.raises(NotAllowed):
        list_notifications(box, owner(box, "anna"))
