"""Starting again: what may be, and who may have it done."""

import pytest

from app.appliance import Inbox
from app.config.paths import Paths
from app.operations.errors import NotAllowed, NotFound, OperationError
from app.operations.people import NewPerson, add_person
from app.operations.restarting import restart_machine, restart_services
from tests.kit.actors import ADMIN, owner


def test_what_is_not_supervised_here_is_left_alone(paths: Paths) -> None:
    assert restart_services(paths, ADMIN).done == ()


def test_service_that_is_none_is_refused_with_those_there_are(paths: Paths) -> None:
    with pytest.raises(NotFound, match="there are: phone, mail, admin") as refused:
        restart_services(paths, ADMIN, ["box"])
    assert refused.value.field == "service"


def test_only_administrators_start_anything_again(paths: Paths, box: Inbox) -> None:
    add_person(box, ADMIN, NewPerson("ben", "Ben", "202"))
    for start in (
        lambda: restart_services(paths, owner(box, "ben")),
        lambda: restart_machine(owner(box, "ben")),
    ):
        with pytest.raises(NotAllowed):
            start()


def test_machine_that_is_not_a_device_is_never_started_again() -> None:
    with pytest.raises(OperationError, match="not the box's own"):
        restart_machine(ADMIN)
