"""My Switchhook › Settings › Notification, and what Business shows of it."""

from collections.abc import Iterator

import pytest

from app.appliance import Inbox
from app.inbox.notification_rules import Level, Plan, Quiet, Way
from tests.kit.web import WebHouse
from tests.kit.web_visitor import Visitor, furnish

PAGE = "/mine/settings/notification"
TYPED = {
    "texts_to": "anna, 5551234@sms.example",
    "quiet": "22:00-07:00",
    "urgent": "yes",
    "way1": "mail",
    "target1": "anna",
    "period1": "10",
    "retries1": "2",
    "way2": "call",
    "target2": "555 98 76",
    "period2": "5",
    "continued2": "yes",
}


@pytest.fixture
def box(house: WebHouse) -> Iterator[Inbox]:
    box = furnish(house, anna={"admin": True}, ben={})
    yield box
    box.db.close()


def test_own_plan_is_typed_shown_refused_by_its_field_and_seen_by_the_administrator(
    house: WebHouse, box: Inbox
) -> None:
    ben = Visitor(house)
    ben.log_in("ben")
    assert PAGE in ben.get("/mine/settings").text
    assert ben.post(PAGE, TYPED).status == 303
    person = box.people.by_login("ben")
    assert person is not None
    assert box.people.notifications.of(person.id) == Plan(
        ("anna", "5551234@sms.example"),
        levels=(
            Level(Way.MAIL, "anna", 10, 2),
            Level(Way.CALL, "5559876", 5, 0, continued=True),
        ),
        quiet=Quiet(1320, 420),
        urgent=True,
    )
    page = ben.get(PAGE).text
    assert 'value="5559876"' in page and 'value="22:00-07:00"' in page
    for change, words in (
        ({"target2": "911"}, "emergency number"),
        ({"period1": "x"}, "is no number"),
        ({"way1": ""}, "a level before this one is not used"),
        ({"texts_to": "nobody"}, "cannot be told"),
        ({"quiet": "late"}, "22:00-07:00"),
    ):
        refused = ben.post(PAGE, {**TYPED, **change})
        assert refused.status == 422 and words in refused.text, change
    anna = Visitor(house)
    anna.log_in("anna")
    assert "call to 5559876 after 5 min" in anna.get("/business/notification").text
