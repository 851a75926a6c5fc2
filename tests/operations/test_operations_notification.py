"""How people are told of messages, as every door sets it."""

import pytest

from app.appliance import Inbox
from app.operations.errors import NotAllowed, OperationError
from app.operations.notification import (
    Level,
    Plan,
    Quiet,
    Way,
    list_notifications,
    quiet_hours,
    set_notification,
    show_notification,
)
from app.operations.people import NewPerson, add_person, change_person, remove_person
from tests.kit.actors import ADMIN, owner


@pytest.fixture(autouse=True)
def people(box: Inbox) -> None:
    for login, mailbox in (("anna", "201"), ("ben", "202")):
        add_person(box, ADMIN, NewPerson(login, login.title(), mailbox))


PLAN = Plan(
    ("ben", "5551234@sms.example"),
    levels=(Level(Way.MAIL, "ben", 10), Level(Way.CALL, "555-98 76", 5, 2, True)),
    quiet=Quiet(22 * 60, 7 * 60),
    urgent=True,
)


def test_own_plan_is_set_shown_listed_and_told_to_the_history(box: Inbox) -> None:
    anna = owner(box, "anna")
    assert show_notification(box, anna, "anna").empty
    kept = set_notification(box, anna, "anna", PLAN)
    assert kept.levels[1] == Level(Way.CALL, "5559876", 5, 2, True)
    assert show_notification(box, ADMIN, "anna") == kept
    words = {line.person.login: line.words for line in list_notifications(box, ADMIN).lines}
    assert words == {
        "anna": "text to ben, 5551234@sms.example; level 1: mail to ben after 10 min; level 2:"
        " call to 5559876 after 5 min, 2 retries, continued; quiet 22:00 to 07:00; but for urgent"
        " messages",
        "ben": "",
    }
    set_notification(box, anna, "anna", Plan())
    rows = [row for row in box.store.history(anna.person) if row.verb == "notification set"]
    assert [(row.by, row.door) for row in rows] == [("anna", anna.door)] * 2
    assert rows[1].detail == "off"


def test_somebody_elses_plan_is_not_theirs_to_set_or_see(box: Inbox) -> None:
    anna = owner(box, "anna")
    with pytest.raises(NotAllowed):
        show_notification(box, anna, "ben")
    with pytest.raises(NotAllowed):
        set_notification(box, anna, "ben", PLAN)


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (Plan(("nobody",)), "texts_to"),
        (Plan(("",)), "texts_to"),
        (Plan(("a b@c.example",)), "texts_to"),
        (Plan(("ben",) * 1 + tuple(f"x{n}@y.example" for n in range(9))), "texts_to"),
        (Plan(levels=(Level(Way.MAIL, "ben", 10), Level(Way.MAIL, "nobody", 10))), "target2"),
        (Plan(levels=(Level(Way.CALL, "ben", 10),)), "target1"),
        (Plan(levels=(Level(Way.CALL, "911", 10),)), "target1"),
        (Plan(levels=(Level(Way.CALL, "19005551234", 10),)), "target1"),
        (Plan(levels=(Level(Way.CALL, "01149301234567", 10),)), "target1"),
        (Plan(levels=(Level(Way.MAIL, "ben", 0),)), "period1"),
        (Plan(levels=(Level(Way.MAIL, "ben", 5, 11),)), "retries1"),
        (Plan(levels=(Level(Way.MAIL, "ben", 5),) * 6), "levels"),
        (Plan(("ben",), quiet=Quiet(60, 60)), "quiet"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(box: Inbox, plan: Plan, field: str) -> None:
    with pytest.raises(OperationError) as refused:
        set_notification(box, ADMIN, "anna", plan)
    assert refused.value.field == field
    assert show_notification(box, ADMIN, "anna").empty


def test_premium_number_is_called_for_nobody_whatever_they_may_call(box: Inbox) -> None:
    change_person(box, ADMIN, "anna", {"may_call": "premium"})
    abroad = Plan(levels=(Level(Way.CALL, "01149301234567", 10),))
    assert not set_notification(box, ADMIN, "anna", abroad).empty
    with pytest.raises(OperationError, match="premium"):
        set_notification(box, ADMIN, "anna", Plan(levels=(Level(Way.CALL, "19005551234", 10),)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", None), ("22:00-07:00", Quiet(1320, 420)), ("7:05 – 23:59", Quiet(425, 1439))],
)
def test_quiet_hours_as_people_write_them(text: str, expected: Quiet | None) -> None:
    assert quiet_hours(text) == expected


@pytest.mark.parametrize("text", ["22-7", "24:00-01:00", "22:00", "1:00-2:00-3:00"])
def test_what_are_no_quiet_hours(text: str) -> None:
    with pytest.raises(OperationError, match="22:00-07:00"):
        quiet_hours(text)


def test_plan_goes_with_its_person(box: Inbox) -> None:
    set_notification(box, ADMIN, "ben", Plan(("anna",)))
    ben = box.people.by_login("ben")
    assert ben is not None
    remove_person(box, ADMIN, "ben")
    assert box.people.notifications.of(ben.id).empty
