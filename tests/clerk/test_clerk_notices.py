"""The clerk tells people of messages, and the phone of calls, while the store lets it."""

from pathlib import Path

import pytest

from app.clerk.notices import AGAIN_S
from app.inbox.notification_rules import Level, Plan, Way
from app.inbox.notifier import Notifier
from app.phone.calls.line import Caller
from app.phone.jobs import CallOut
from app.store.errors import StoreFailed
from tests.kit.voicemail import PIN, House

CALL = Plan(levels=(Level(Way.CALL, "5559876", 5),))


def wants(house: House, plan: Plan) -> None:
    kit = house.kit
    anna = kit.person("anna").id
    kit.db.now(lambda tx: kit.people.notifications.set(tx, anna, plan))


def pushed(house: House) -> tuple[CallOut, ...]:
    """The calls that were said last."""
    return house.pushes[-1].calls


def later(house: House, seconds: float) -> None:
    house.kit.clock.advance(seconds)
    house.clerk.dispatch()


def test_call_that_is_due_is_said_with_the_news_until_its_outcome_is_known(tmp_path: Path) -> None:
    house = House(tmp_path)
    wants(house, CALL)
    house.leave("201")
    house.clerk.dispatch()
    assert not pushed(house)
    later(house, 300)
    (call,) = pushed(house)
    (entry,) = house.voicemails("anna")
    assert call == CallOut(call.number, "201", "5559876", entry.id)
    house.restart()
    house.clerk.dispatch()
    assert pushed(house) == (call,)
    for _ in range(2):  # as when the clerk died before it answered
        house.clerk.called_out(call.number, "not answered").result()
    later(house, 1)
    assert not pushed(house)
    assert house.verbs().count("notified") == 3  # begins, not answered, ends


def test_store_that_takes_no_step_keeps_lamps_and_calls_going_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path)
    wants(house, Plan(("bob",)))
    with monkeypatch.context() as broken:

        def full(_: Notifier) -> int:
            raise StoreFailed("the disk is full")

        broken.setattr(Notifier, "look", full)
        house.leave("201")
        house.clerk.dispatch()
        assert house.pushes[-1].unheard["101"] == 1
    assert house.kit.inbox("bob") == []
    later(house, AGAIN_S)
    assert len(house.kit.inbox("bob")) == 1


def test_pin_of_a_box_closed_to_outside_lines_is_taken_where_the_box_has_called(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    caller = Caller("5559876")
    assert not house.kit.person("anna").outside_login
    called = house.clerk.check_pin("201", PIN, "line1", caller, called=True).result()
    assert called.result == "ok"
    assert house.clerk.check_pin("201", PIN, "line1", caller).result().result != "ok"
