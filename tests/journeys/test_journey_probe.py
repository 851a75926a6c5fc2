"""A forward is tried out: what the next hop says of each member, and what comes back."""

import re

import pytest

from app.operations.errors import NotAllowed, NotFound, OperationError
from app.operations.probes import last_probe, send_probe
from tests.kit.actors import ADMIN, owner
from tests.kit.letters import parsed
from tests.kit.sink import Sink
from tests.kit.world import World

NEAR, FAR = "near@far.test", "far@far.test"


def test_probe_tells_what_became_of_each_outside_member(wide_world: World, sink: Sink) -> None:
    world = wide_world
    world.alias("team", "ben", NEAR, FAR)
    sink.answers[FAR] = "550 5.1.1 nobody of that name"
    send_probe(world.inbox, ADMIN, "team")
    world.settle()
    found = last_probe(world.inbox, ADMIN, "team@box.test")
    assert [(part.recipient, part.state, part.reply) for part in found.parts] == [
        (NEAR, "taken", "250 2.0.0 caught"),
        (FAR, "refused", "550 5.1.1 nobody of that name"),
    ]
    assert found.decided and found.returned_at is None
    (mail,) = sink.caught
    assert (mail.sender, mail.recipients) == ("ben@box.test", (NEAR,))
    message = parsed(mail.octets)
    assert message["To"] == "team@box.test" and message["Auto-Submitted"] == "auto-generated"
    assert message["Delivered-To"] == "team@box.test"
    assert world.fetch("anna") == world.fetch("ben") == [], "nobody here gets it, nor a report"


def test_probe_that_comes_back_shows_the_circle(wide_world: World, sink: Sink) -> None:
    world = wide_world
    world.alias("ben", NEAR)
    send_probe(world.inbox, owner(world.inbox, "ben"), "ben")
    world.settle()
    world.later(4)
    world.send("ben@box.test", sink.caught[0].octets, sender="ben@box.test")
    found = last_probe(world.inbox, ADMIN, "ben")
    assert found.returned_at == pytest.approx(found.at + 4, abs=1)
    assert found.returned_to == "ben@box.test"
    assert len(sink.caught) == 1 and world.fetch("ben") == []


def test_command_waits_for_the_answers_and_tells_them(wide_world: World, sink: Sink) -> None:
    world = wide_world
    world.alias("team", "ben", NEAR)
    send_probe(world.inbox, ADMIN, "team")
    world.settle()
    said = world.command("alias", "probe", "team", "--last")
    assert re.search(rf"^{NEAR}: taken: 250 2\.0\.0 caught$", said, re.M)
    assert "It has not come back here." in said
    said = world.command("alias", "probe", "team", "--wait", "0")
    assert f"{NEAR}: not yet taken: nobody has tried yet" in said
    assert [row.recipient for row in world.inbox.queue.page()] == [NEAR]


def test_probe_needs_somebody_outside_and_the_right(wide_world: World) -> None:
    world = wide_world
    world.alias("team", "anna", "ben")
    with pytest.raises(OperationError, match="leads to nobody outside"):
        send_probe(world.inbox, ADMIN, "team")
    with pytest.raises(OperationError, match="neither a person nor an alias"):
        send_probe(world.inbox, ADMIN, "dora")
    with pytest.raises(NotAllowed):
        send_probe(world.inbox, owner(world.inbox, "ben"), "anna")
    with pytest.raises(NotFound, match="never tried"):
        last_probe(world.inbox, ADMIN, "team")
