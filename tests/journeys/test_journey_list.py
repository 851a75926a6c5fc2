"""A mail to a list and to a group: who gets what, who does not, and where a bounce goes."""

import smtplib
from email.message import EmailMessage

import pytest

from tests.kit.letters import LETTER, parsed
from tests.kit.sink import Sink
from tests.kit.world import World

CARL, XENIA, ZOE = "carl@far.test", "xenia@far.test", "zoe@away.test"


@pytest.fixture
def world(wide_world: World) -> World:
    """The family is a list of Anna's with Anna, Xenia elsewhere, and the club: Ben and Zoe."""
    wide_world.alias("club", "ben", ZOE)
    wide_world.alias("family", "anna", "club", XENIA, "ben", owner="anna", is_list=True)
    return wide_world


def fetched(world: World, login: str) -> list[EmailMessage]:
    return [parsed(octets) for octets in world.fetch(login)]


def test_list_reaches_everybody_once_in_its_owners_name(world: World, sink: Sink) -> None:
    world.send("family@box.test", LETTER, sender=CARL)
    (outside,) = sink.caught
    assert (outside.sender, set(outside.recipients)) == ("anna@box.test", {XENIA, ZOE})
    assert outside.octets.endswith(LETTER), "head and body stay as they were"
    for login in ("anna", "ben"):
        (mail,) = fetched(world, login)
        assert mail["Return-Path"] == "<anna@box.test>"
        assert mail["Delivered-To"] == f"{login}@box.test"
        assert mail["List-Id"] == "<family.box.test>"
        assert mail["Subject"] == "The boat"
    assert parsed(outside.octets)["List-Id"] == "<family.box.test>"


def test_group_sends_on_in_the_authors_name_and_answers_by_a_member(
    world: World, sink: Sink
) -> None:
    world.send("club@box.test", LETTER, sender=CARL)
    (outside,) = sink.caught
    # A smarthost takes mail from its account holders: Ben, who answers for Zoe's copy.
    assert (outside.sender, outside.recipients) == ("ben@box.test", (ZOE,))
    (mail,) = fetched(world, "ben")
    assert (mail["Return-Path"], mail["List-Id"]) == (f"<{CARL}>", None)
    assert fetched(world, "anna") == []


@pytest.mark.parametrize("to", ["family", "club"])
def test_author_here_gets_no_copy_of_the_own_mail(world: World, sink: Sink, to: str) -> None:
    world.send(f"{to}@box.test", LETTER, sender="ben@box.test")
    assert fetched(world, "ben") == []
    assert len(fetched(world, "anna")) == (to == "family")
    assert ZOE in sink.caught[0].recipients


def test_author_elsewhere_gets_no_copy_of_the_own_mail(world: World, sink: Sink) -> None:
    world.send("family@box.test", LETTER, sender=XENIA)
    (outside,) = sink.caught
    assert outside.recipients == (ZOE,)
    assert len(fetched(world, "anna")) == len(fetched(world, "ben")) == 1


def test_refusal_of_one_member_goes_to_the_owner_and_not_to_the_author(
    world: World, sink: Sink
) -> None:
    sink.answers[ZOE] = "550 5.1.1 no Zoe here"
    world.send("family@box.test", LETTER, sender="ben@box.test")
    (outside,) = sink.caught
    assert outside.recipients == (XENIA,)
    letter, report = fetched(world, "anna")
    assert letter["Subject"] == "The boat"
    assert report["Subject"] == "Not delivered: The boat" and report["Return-Path"] == "<>"
    words = next(report.iter_parts()).get_content()
    assert "a list of yours" in words and "550 5.1.1 no Zoe here" in words and ZOE in words
    assert fetched(world, "ben") == [] and world.inbox.queue.page() == []


def test_late_bounce_of_a_list_goes_to_its_owner(world: World, sink: Sink) -> None:
    world.send("family@box.test", LETTER, sender=CARL)
    bounce = b"Subject: Undelivered\r\n\r\nZoe's mailbox is full.\r\n"
    world.send(sink.caught[0].sender, bounce, sender="")
    assert [mail["Subject"] for mail in fetched(world, "anna")] == ["The boat", "Undelivered"]
    assert [mail["Subject"] for mail in fetched(world, "ben")] == ["The boat"]


def test_list_mail_that_comes_back_from_a_member_is_refused(world: World, sink: Sink) -> None:
    world.send("family@box.test", LETTER, sender=CARL)
    returning = sink.caught[0].octets
    for to in ("family", "club"):
        with pytest.raises(smtplib.SMTPDataError, match=r"5\.4\.6"):
            world.send(f"{to}@box.test", returning, sender=XENIA)
    assert len(sink.caught) == 1
