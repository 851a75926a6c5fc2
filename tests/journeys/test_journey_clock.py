"""A time server moves the date by years while mail waits, a message is removed, a PIN is locked."""

import pytest

from app.inbox.entries import EntryState
from app.inbox.people import PinOrigin, PinResult
from app.inbox.pins import LOCK_FIRST_S
from app.inbox.retention import DAY_S, CleanedUp, clean_up
from tests.kit.defaults import RETENTION
from tests.kit.letters import LETTER, parsed
from tests.kit.sink import Sink
from tests.kit.world import PINS, World

ELSEWHERE = "anna@mobile.example"
FIRST_RETRY_S = 300
YEAR_S = 365 * DAY_S


def housekeeping(world: World) -> CleanedUp:
    return clean_up(world.inbox.db, world.store, RETENTION)


@pytest.mark.parametrize(
    "step", [10 * YEAR_S, -10 * YEAR_S, 30 * DAY_S], ids=["+10 years", "-10 years", "+30 days"]
)
def test_step_of_the_date_changes_nothing_but_dates(
    wide_world: World, sink: Sink, step: float
) -> None:
    world = wide_world
    anna, people = world.person("anna").id, world.inbox.people
    world.send("anna", LETTER)
    client = world.pop3("anna")
    client.dele(1)
    client.quit()
    sink.answers[ELSEWHERE] = "451 4.7.1 come again"
    world.alias("anna", ELSEWHERE)
    world.send("anna", LETTER)
    while people.check_pin(anna, "0000", PinOrigin("102")).result is not PinResult.LOCKED:
        pass
    housekeeping(world)
    before, history = world.clock.now(), world.history("anna")

    world.clock.step(step)
    world.later(1)
    assert (housekeeping(world).purged, housekeeping(world).forgotten) == (0, 0)
    assert world.history("anna") == history
    (removed,) = world.entries("anna", EntryState.BIN)
    (waiting,) = world.inbox.queue.page()
    assert (waiting.attempts, world.entries("anna")) == (1, [])
    assert people.check_pin(anna, PINS["anna"], PinOrigin("102")).result is PinResult.LOCKED

    world.later(LOCK_FIRST_S - 2)
    assert people.check_pin(anna, PINS["anna"], PinOrigin("102")).result is PinResult.LOCKED
    assert sink.connections == 1, "the next try waits its time"
    del sink.answers[ELSEWHERE]
    world.later(FIRST_RETRY_S - LOCK_FIRST_S + 2)
    assert people.check_pin(anna, PINS["anna"], PinOrigin("102")).result is PinResult.OK
    assert [parsed(mail.octets)["Subject"] for mail in sink.caught] == ["The boat"]
    world.inbox.db.now(lambda tx: world.store.restore(tx, [removed.id], "admin", "anna"))
    (back,) = world.entries("anna")
    assert back.received_at == before, "dates stay as they were read then"
    world.send("ben", LETTER)
    (new,) = world.entries("ben")
    assert new.received_at == pytest.approx(world.clock.now(), abs=1), "and new ones are as of now"
