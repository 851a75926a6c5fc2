"""A fax machine calls: spandsp's own transmitter at the far end of the line, pages bit by bit."""

import email
import email.policy
import os
from email.message import EmailMessage
from pathlib import Path

import pytest

from app.core.tiff import Bitmap
from app.inbox.entries import Kind
from app.phone.fax.folder import BROKEN_OFF, FaxFacts, FaxFolder
from app.phone.fax.session import FaxSession
from app.phone.sound.t30 import FaxTerminal
from tests.kit.fax import FaxMachine, document, page, printed
from tests.kit.world import World

SETTINGS = """
[fax]
station = "+1 555 0100"
[fax.receiving.line1]
mailbox = "201"
"""
ALONE = SETTINGS + "only = true\n"
PAGES = [page(1), page(2, 500), page(3)]


def call(world: World, sender: FaxTerminal, caller: str = '5551234 "MARTA KOVACS"') -> None:
    """A fax machine calls line1; it hears and speaks from the answer on."""
    line = world.box.party("line1")
    assert line is not None
    FaxMachine(sender).take_over(line)
    world.board(f"ring line1 from {caller}")


def until(world: World, sender: FaxTerminal, most: int = 9000) -> None:
    """Let time pass until the machine has ended its call, then hang it up."""
    for _ in range(most):
        if sender.ended:
            break
        world.pace.period()
    assert sender.ended, "the machine goes on"
    world.board("hangup line1", "settle")


def faxes(world: World) -> list[EmailMessage]:
    """The mails in Anna's inbox, as POP3 gives them."""
    client = world.pop3("anna")
    found = []
    for number in range(1, client.stat()[0] + 1):
        octets = b"\r\n".join(client.retr(number)[1]) + b"\r\n"
        message = email.message_from_bytes(octets, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        found.append(message)
    client.quit()
    return found


def pages(message: EmailMessage) -> list[Bitmap]:
    (part,) = message.iter_attachments()
    assert part.get_content_type() == "application/pdf"
    return printed(part.get_content())


def kill(world: World) -> None:
    """The process that receives the fax dies: it writes nothing more, and its lock is gone."""
    session = world.phone.pbx.trunks["line1"].channel._link
    assert isinstance(session, FaxSession) and session._folder is not None
    session.end = BROKEN_OFF
    os.close(session._folder._lock)


@pytest.mark.parametrize("ecm", [True, False], ids=["ECM", "no ECM"])
def test_fax_on_an_answered_line_comes_into_its_owners_inbox(tmp_path: Path, ecm: bool) -> None:
    sender = FaxTerminal(True, "+1 555 1234", document(tmp_path / "sent.tif", *PAGES), ecm=ecm)
    with World(tmp_path, more_settings=SETTINGS) as world:
        call(world, sender)
        until(world, sender)
        assert (sender.code, sender.sent, sender.far_ident) == (0, 3, "+1 555 0100")
        (message,) = faxes(world)
        assert pages(message) == PAGES
        assert message["Subject"] == "Fax from MARTA KOVACS 5551234 (3 pages)"
        assert message["Message-Context"] == "fax-message" and message["X-FaxPages"] == "3"
        (entry,) = world.entries("anna")
        assert entry.kind is Kind.EMAIL and entry.caller_number == "5551234"
        assert not list((tmp_path / "var" / "spool" / "faxes").iterdir())
        assert [call.outcome for call in world.store.calls.newest(10)] == ["fax"]


def test_voicemail_that_was_begun_is_dropped_when_a_fax_calls(tmp_path: Path) -> None:
    sender = FaxTerminal(True, "+1 555 1234", document(tmp_path / "sent.tif", PAGES[0]))
    with World(tmp_path, more_settings=SETTINGS) as world:
        line = world.box.party("line1")
        assert line is not None
        world.board('ring line1 from 5551234 "MARTA KOVACS"', "wait-for line1 beep")
        FaxMachine(sender).take_over(line)  # a person has called, and now presses Start
        until(world, sender)
        assert sender.code == 0
        (message,) = faxes(world)
        assert pages(message) == PAGES[:1] and not world.voicemails("anna")
        assert not [row for row in world.history("anna") if row.verb == "missed call"]


def test_line_that_is_for_faxes_alone_answers_at_once(tmp_path: Path) -> None:
    sender = FaxTerminal(True, "", document(tmp_path / "sent.tif", PAGES[0]))
    with World(tmp_path, more_settings=ALONE) as world:
        begun = world.clock.now()
        call(world, sender, "private")
        world.board("wait-for line1 answered")
        assert world.clock.now() - begun < 3, "it rings as long as for people"
        until(world, sender)
        (message,) = faxes(world)
        assert pages(message) == PAGES[:1] and message["Subject"] == "Fax from unknown (1 page)"


def test_fax_broken_off_is_delivered_as_a_part(tmp_path: Path) -> None:
    sender = FaxTerminal(True, "+1 555 1234", document(tmp_path / "sent.tif", *PAGES))
    with World(tmp_path, more_settings=ALONE) as world:
        call(world, sender)
        while sender.sent < 2:
            world.pace.period()
        world.board("hangup line1", "settle")
        (message,) = faxes(world)
        assert pages(message) == PAGES[:2]
        assert message["Subject"].endswith("(2 pages, broken off)")
        body = message.get_body()
        assert body is not None and "More pages were to come" in body.get_content()


def test_fax_in_a_power_cut_is_delivered_as_a_part(tmp_path: Path) -> None:
    sender = FaxTerminal(True, "+1 555 1234", document(tmp_path / "sent.tif", *PAGES))
    with World(tmp_path, more_settings=ALONE) as world:
        call(world, sender)
        while sender.sent < 2:
            world.pace.period()
        kill(world)
        world.cut_power()
        world.board("hangup line1", "settle")
        (message,) = faxes(world)
        assert pages(message) == PAGES[:2]
        assert message["Subject"].endswith("(2 pages, broken off)")


def test_fax_call_that_brings_no_page_is_a_missed_call(tmp_path: Path) -> None:
    with World(tmp_path, more_settings=ALONE) as world:
        world.board("ring line1 from 5551234", "wait-for line1 answered")
        for _ in range(300):
            world.pace.period()
        world.board("hangup line1", "settle")
        assert not faxes(world)
        (missed,) = [row for row in world.history("anna") if row.verb == "missed call"]
        assert "no page of a fax came" in str(missed.detail)


def test_fax_tone_means_nothing_on_a_line_without_a_fax_owner(tmp_path: Path) -> None:
    sender = FaxTerminal(True, "+1 555 1234", document(tmp_path / "sent.tif", PAGES[0]))
    with World(tmp_path) as world:
        call(world, sender)
        until(world, sender)
        assert sender.code != 0 and not faxes(world)[1:]
        assert [call.outcome for call in world.store.calls.newest(10)] == ["voicemail"]


def test_fax_that_cannot_be_received_is_a_missed_call(tmp_path: Path) -> None:
    with World(tmp_path, more_settings=ALONE) as world:
        faxes_folder = tmp_path / "var" / "spool" / "faxes"
        faxes_folder.write_text("in the way")  # as a disk that fails
        world.board("ring line1 from 5551234", "wait-for line1 hung-up", "hangup line1", "settle")
        (missed,) = world.store.missed_calls(None, 0.0)
        assert "a fax could not be received" in missed.reason
        world.cut_power()  # the clerk that begins anew looks there, too


def test_fax_that_cannot_be_delivered_holds_no_other_up(tmp_path: Path) -> None:
    sender = FaxTerminal(True, "+1 555 1234", document(tmp_path / "sent.tif", PAGES[0]))
    with World(tmp_path, more_settings=ALONE) as world:
        broken = FaxFolder(
            tmp_path / "var" / "spool" / "faxes" / "1", FaxFacts("201", "line1", None, None, 0.0)
        )
        (broken.path / "page-001-1728x300-204x196.g4").mkdir()  # as a file that cannot be read
        broken.end(BROKEN_OFF)
        call(world, sender)
        until(world, sender)
        (message,) = faxes(world)
        assert pages(message) == PAGES[:1]
        assert [fax.name for fax in broken.path.parent.iterdir()] == ["1"], "it is kept"
