"""A PDF mailed to fax+NUMBER goes out: spandsp's own receiver at the far end, pages bit by bit."""

import email.policy
from email.message import EmailMessage
from pathlib import Path

from app.clerk.fax_pages import fax_pages
from app.clerk.media import Source
from app.core.tiff import Bitmap, raw_page
from app.inbox.entries import EntryState
from app.message.fax_pdf import fax_pdf
from app.phone.sound.t30 import FaxTerminal
from drivers.models.subscribers import Reaction, Subscriber
from tests.kit.fax import FaxMachine, document, page, received
from tests.kit.world import World

SETTINGS = """
[fax]
sending = true
station = "+1 555 0100"
"""
NUMBER = "5552000"
TO = f"fax+{NUMBER}@box.test"


def letter(folder: Path, *pages: Bitmap) -> bytes:
    """A mail of Anna's with these pages as a PDF."""
    name = document(folder / "pages.tif", *pages)
    kept = [raw_page(name, number) for number in range(len(pages))]
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "anna@box.test", TO, "The contract"
    message.set_content("Please see the attachment.\n")
    pdf = b"".join(fax_pdf(iter(kept), len(kept), "a letter"))
    message.add_attachment(pdf, maintype="application", subtype="pdf", filename="contract.pdf")
    return message.as_bytes(policy=email.policy.SMTP)


def drawn(folder: Path, mail: bytes) -> list[Bitmap]:
    """The pages that the box makes of a mail."""
    path = folder / "drawn.tif"
    path.write_bytes(b"".join(fax_pages(Source([mail]))))
    return received(path)


def dials(world: World, reaction: Reaction, after_ms: int = 2000) -> None:
    """What NUMBER does when it is called."""
    world.box.subscribers.by_number[NUMBER] = Subscriber(reaction, after_ms)


def machine(world: World, folder: Path, name: str = "received.tif") -> FaxTerminal:
    """A fax machine at NUMBER."""
    terminal = FaxTerminal(False, "+1 555 2000", receive=str(folder / name))
    party = world.box.party("line1")
    assert party is not None
    FaxMachine(terminal).take_over(party)
    dials(world, Reaction.ANSWERS)
    return terminal


def until(world: World, done: str, most: int = 15_000) -> None:
    """Let line time pass until there is a mail with this subject, or a call of that outcome."""
    for period in range(most):
        world.pace.period()
        if period % 50 == 0 and done in (*subjects(world), *outcomes(world)):
            return
    raise AssertionError(f"no {done}: {subjects(world)}, {outcomes(world)}")


def subjects(world: World) -> list[str]:
    return [entry.subject for entry in world.entries("anna")]


def outcomes(world: World) -> list[str]:
    return [call.outcome for call in world.store.calls.newest(10)]


def words(world: World) -> str:
    """The newest mail in Anna's inbox."""
    return world.fetch("anna")[-1].decode()


def hook(world: World) -> None:
    world.board("hangup line1", "time 2s")


def test_pdf_mailed_to_a_number_arrives_and_is_reported(tmp_path: Path) -> None:
    mail = letter(tmp_path, page(1, 1100), page(2, 600))
    expected = drawn(tmp_path, mail)
    with World(tmp_path, more_settings=SETTINGS) as world:
        far = machine(world, tmp_path)
        world.send(TO, mail, sender="anna@box.test")
        assert world.store.faxes.waiting() == 1 and not world.entries("anna")
        until(world, f"Fax sent to {NUMBER} (2 pages)")
        assert (far.code, far.far_ident) == (0, "+1 555 0100")
        for got, sent in zip(received(tmp_path / "received.tif"), expected, strict=True):
            above = got.length - sent.length  # the line that says who sends it, and when
            assert 0 <= above < 60 and got.octets[above * got.width // 8 :] == sent.octets
        said = words(world)
        assert "+1 555 2000" in said and "Pages: 2, in " in said and "The contract" in said
        (call,) = world.store.calls.newest(10)
        assert (call.outcome, call.to, call.trunk) == ("fax", NUMBER, "line1")
        assert [entry.subject for entry in world.entries("anna", EntryState.BIN)] == [
            "The contract"
        ]
        assert not list((tmp_path / "var").rglob("*.tif"))
        hook(world)


def test_busy_number_is_called_again_after_three_minutes(tmp_path: Path) -> None:
    mail = letter(tmp_path, page(1))
    with World(tmp_path, more_settings=SETTINGS) as world:
        dials(world, Reaction.BUSY)
        world.send(TO, mail, sender="anna@box.test")
        until(world, "busy")
        hook(world)
        far = machine(world, tmp_path)
        world.board("time 30s")
        assert far.code is None and outcomes(world) == ["busy"], "it is called again too soon"
        world.later(180)
        until(world, f"Fax sent to {NUMBER} (1 page)")
        assert far.code == 0 and outcomes(world) == ["fax", "busy"]
        hook(world)


def test_fax_is_given_up_after_three_calls_and_the_mail_comes_back(tmp_path: Path) -> None:
    mail = letter(tmp_path, page(1))
    with World(tmp_path, more_settings=SETTINGS) as world:
        dials(world, Reaction.BUSY)
        world.send(TO, mail, sender="anna@box.test")
        for call in range(3):
            for _ in range(3000):
                world.pace.period()
                if len(outcomes(world)) > call:
                    break
            hook(world)
            world.later(180)
        assert outcomes(world) == ["busy"] * 3 and not world.store.faxes.waiting()
        assert sorted(subjects(world)) == [f"Fax not sent to {NUMBER}", "The contract"]
        assert "The number was busy each time." in words(world)


def test_fax_in_a_power_cut_is_sent_once_more_and_no_more(tmp_path: Path) -> None:
    mail = letter(tmp_path, page(1, 600), page(2, 600))
    with World(tmp_path, more_settings=SETTINGS) as world:
        far = machine(world, tmp_path)
        world.send(TO, mail, sender="anna@box.test")
        for _ in range(15_000):
            world.pace.period()
            if far.received:
                break
        assert far.received, "no page has come"
        world.cut_power()
        hook(world)
        again = machine(world, tmp_path, "again.tif")
        world.board("time 10s")
        assert world.store.faxes.waiting() == 1
        world.later(60)
        until(world, f"Fax sent to {NUMBER} (2 pages)")
        assert again.received == 2
        hook(world)
        world.cut_power()
        world.later(600)
        third = machine(world, tmp_path, "third.tif")
        world.board("time 20s")
        assert third.code is None and third.received == 0 and not world.store.faxes.waiting()


def test_mail_that_has_no_page_comes_back_without_a_call(tmp_path: Path) -> None:
    mail = b"From: anna@box.test\r\nSubject: Words\r\n\r\nonly words\r\n"
    with World(tmp_path, more_settings=SETTINGS) as world:
        world.send(TO, mail, sender="anna@box.test")
        until(world, f"Fax not sent to {NUMBER}")
        assert "no PDF is attached" in words(world) and outcomes(world) == []
        assert sorted(subjects(world)) == [f"Fax not sent to {NUMBER}", "Words"]


def test_emergency_call_takes_the_line_of_a_fax(tmp_path: Path) -> None:
    mail = letter(tmp_path, page(1, 600))
    with World(tmp_path, more_settings=SETTINGS, lines=(2, 1)) as world:
        machine(world, tmp_path)
        world.send(TO, mail, sender="anna@box.test")
        world.board("time 9s")
        assert world.phone.pbx.trunks["line1"].in_use
        world.board("lift 102", "time 1s", "dial 102 911")
        for _ in range(6000):
            world.pace.period()
            office = world.board("dialled line1")[0]
            if "911" in office:
                break
        else:
            raise AssertionError(f"the office has heard {office}")
        assert world.store.faxes.waiting() == 1, "it is sent later"
        world.board("hangup 102", "time 2s", "hangup line1")


def test_right_that_was_taken_away_meanwhile_holds(tmp_path: Path) -> None:
    mail = letter(tmp_path, page(1))
    with World(tmp_path, more_settings=SETTINGS) as world:
        far = machine(world, tmp_path)
        world.send(TO, mail, sender="anna@box.test")
        people, anna = world.inbox.people, world.person("anna").id
        world.inbox.db.now(lambda tx: people.change(tx, anna, may_call="internal"))
        until(world, f"Fax not sent to {NUMBER}")
        assert "You may not call this number any more" in words(world)
        assert outcomes(world) == [] and far.received == 0


def test_fax_whose_mail_is_taken_back_is_not_sent(tmp_path: Path) -> None:
    mail = letter(tmp_path, page(1))
    with World(tmp_path, more_settings=SETTINGS) as world:
        far = machine(world, tmp_path)
        world.send(TO, mail, sender="anna@box.test")
        (entry,) = world.entries("anna", EntryState.LEAVING)
        world.inbox.db.now(lambda tx: world.store.remove(tx, [entry.id], "web", "anna"))
        world.board("time 20s")
        assert far.code is None and far.received == 0 and outcomes(world) == []
