"""Who may write to fax+NUMBER, and which numbers: what is refused, word by word."""

import smtplib
from dataclasses import replace
from pathlib import Path

import pytest

from app.inbox.entries import EntryState
from app.mail.smtp.faxes import FaxNumbers
from tests.kit.mail_box import MailBox

NUMBERS = FaxNumbers(True, "us", "national", {"5559": "premium"})
LAN, STRANGERS = ("127.0.0.0/8",), ()
MAIL = b"Subject: x\r\n\r\ntext\r\n"


def says(box: MailBox, sender: str, recipient: str) -> str:
    """What the server says to RCPT."""
    with box.client() as client:
        client.ehlo()
        assert client.mail(sender)[0] == 250
        code, text = client.rcpt(f"{recipient}@box.test")
        client.rset()
        return f"{code} {text.decode()}"


@pytest.mark.parametrize(
    ("lan", "sender", "recipient", "answer"),
    [
        (LAN, "anna@box.test", "fax+5551234", "250 2.1.5"),
        (LAN, "anna@box.test", "FAX+1-212-555.1234", "250 2.1.5"),
        (LAN, "bob@public.test", "fax+5551234", "250 2.1.5"),
        (STRANGERS, "anna@box.test", "fax+5551234", "550 5.7.1 Faxes are sent for people"),
        (STRANGERS, "x@y.test", "fax+911", "550 5.7.1 Faxes are sent for people"),
        (LAN, "x@y.test", "fax+5551234", "550 5.7.1 Faxes are sent for people"),
        (LAN, "", "fax+5551234", "550 5.7.1 Faxes are sent for people"),
        (LAN, "anna@box.test", "fax+911", "550 5.7.1 No fax is sent there: 911 is an emergency"),
        (LAN, "anna@box.test", "fax+112", "550 5.7.1 No fax is sent there: 112 is an emergency"),
        (LAN, "anna@box.test", "fax+01149301234", "550 5.7.1 No fax is sent there: 01149301234 is"),
        (LAN, "anna@box.test", "fax+19005551234", "550 5.7.1 No fax is sent there: 19005551234 is"),
        (LAN, "anna@box.test", "fax+5559000", "550 5.7.1 No fax is sent there: 5559000 is premium"),
        (LAN, "anna@box.test", "fax+" + "5" * 33, "550 5.7.1 No fax is sent there: a number has"),
        (LAN, "anna@box.test", "fax+", "550 5.1.3 What follows fax+"),
        (LAN, "anna@box.test", "fax+shop", "550 5.1.3 What follows fax+"),
        (LAN, "anna@box.test", "fax+5551234*", "550 5.1.3 What follows fax+"),
    ],
)
def test_who_may_fax_where(
    tmp_path: Path, lan: tuple[str, ...], sender: str, recipient: str, answer: str
) -> None:
    with MailBox(tmp_path, lan=lan, faxes=NUMBERS) as box:
        assert says(box, sender, recipient).startswith(answer)
        assert box.store.faxes.waiting() == 0


def test_250_means_that_the_mail_and_its_number_are_kept(tmp_path: Path) -> None:
    with MailBox(tmp_path, lan=LAN, faxes=NUMBERS) as box:
        box.send(MAIL, "fax+5551234@box.test", "fax+5551235@box.test", sender="anna@box.test")
        leaving = box.inbox("anna", EntryState.LEAVING)
        jobs = [box.store.faxes.job(entry.id) for entry in leaving]
        assert [job and job.number for job in jobs] == ["5551234", "5551235"]
        assert b"Delivered-To: fax+5551234@box.test" in leaving[0].prefix
        box.db.now(lambda tx: box.store.remove(tx, [leaving[0].id], "web", "anna"))
        assert box.store.faxes.waiting() == 1, "who takes the mail back takes the fax back"


def test_person_with_a_dearer_class_may_fax_there(tmp_path: Path) -> None:
    with MailBox(tmp_path, lan=LAN, faxes=NUMBERS) as box:
        person = box.people.by_login("anna")
        assert person is not None
        box.db.now(lambda tx: box.people.change(tx, person.id, may_call="international"))
        assert says(box, "anna@box.test", "fax+01149301234").startswith("250")


@pytest.mark.parametrize("numbers", [None, replace(NUMBERS, on=False)])
def test_box_that_sends_no_faxes_refuses_the_mail(
    tmp_path: Path, numbers: FaxNumbers | None
) -> None:
    with MailBox(tmp_path, lan=LAN, faxes=numbers) as box:
        box.db.now(lambda tx: box.aliases.set(tx, "*", ("anna",)))
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            box.send(MAIL, "fax+5551234@box.test", sender="anna@box.test")
        ((code, text),) = refused.value.recipients.values()
        assert (code, text) == (550, b"5.7.1 This box sends no faxes")
        box.db.now(lambda tx: box.aliases.set(tx, "fax", ("bob",)))
        box.send(MAIL, "fax+5551234@box.test", sender="anna@box.test")
        assert len(box.inbox("bob")) == 1
