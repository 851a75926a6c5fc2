"""E-mails read out to their owner, as conversations."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from app.inbox.entries import EntryState, Kind
from app.message.sections import sections
from app.voicemail.owner import owner
from app.voicemail.owner_jobs import MAILS_MOST
from tests.kit.voicemail import PIN, House, ScriptLine

LONG = " ".join(f"This is sentence number {n} of a long letter about the roof." for n in range(40))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def letter(text: str, *files: str, html: bool = False) -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"] = "Ben Okafor <ben@example.net>", "The roof"
    made.set_content(text, subtype="html" if html else "plain")
    for name in files:
        made.add_attachment(b"abc", maintype="application", subtype="pdf", filename=name)
    return made.as_bytes()


def put(house: House, octets: bytes, sender: str = "Ben Okafor <ben@example.net>") -> int:
    return house.kit.put("anna", octets, sender=sender, subject="The roof").id


def mails(house: House) -> ScriptLine:
    line = ScriptLine(house.clerk, name="101", kind="station")
    line.runs(owner(line, house.clerk, "201"))
    line.talk(f"hears vm-password\npresses {PIN}#\npresses 4")
    return line


def state(house: House, entry: int) -> str:
    found = house.kit.store.entry(entry)
    assert found is not None
    return found.state.value


ENVELOPE = "vm-message digits/1 vm-from spoken:Ben_Okafor switchhook/subject spoken:The_roof"
WHEN = "vm-received digits/today digits/at digits/4 digits/13 digits/p-m"


def test_mail_is_read_out_and_counts_as_read(house: House) -> None:
    entry = put(house, letter("It leaks.\n-- \nBen", "plan.pdf", "bill.pdf"))
    line = mails(house)
    line.talk(f"hears vm-youhave digits/1 vm-INBOX switchhook/e-mail {ENVELOPE} {WHEN}")
    assert state(house, entry) == "new"
    line.talk(f"hears mail:{entry}:0 switchhook/attachments digits/2 vm-repeat vm-delete")
    assert state(house, entry) == "heard"
    assert house.kit.store.unheard(house.kit.person("anna").id) == (0, 0)


def test_quote_signature_and_markup_are_left_out(house: House) -> None:
    reply = "Yes.\n\nOn 5 Jan 2026, Anna wrote:\n> Does it leak?\n\n-- \nBen"
    html = "<html><style>p {}</style><p>Yes, <b>it</b> does.</p><script>x()</script></html>"
    for octets, text in ((letter(reply), "Yes."), (letter(html, html=True), "Yes, it does.")):
        entry = put(house, octets)
        found = house.kit.store.entry(entry)
        assert found is not None
        house.clerk.read_mail(found.person, entry).result()
        jobs = house.jobs._store()
        assert jobs is not None and jobs.mail._read(found).sections == (text,)


def test_keys_skip_sections_and_go_back(house: House) -> None:
    entry, count = put(house, letter(LONG)), len(sections(LONG))
    assert count > 4
    line = mails(house)
    line.talk("hears vm-youhave digits/1 vm-INBOX switchhook/e-mail")
    line.talk(f"presses 3\nhears mail:{entry}:0")
    line.talk(f"presses 3\nhears mail:{entry}:2\npresses 1\nhears mail:{entry}:2\npresses 8")
    line.talk(f"hears {ENVELOPE} {WHEN} mail:{entry}:3")
    line.talk(f"presses 2\npresses 2\nhears mail:{entry}:4")


def test_delete_in_the_middle_removes_the_very_entry_and_can_be_undone(house: House) -> None:
    entry = put(house, letter(LONG))
    line = mails(house)
    line.talk(f"presses 3\nhears mail:{entry}:0\npresses 7\nhears vm-deleted")
    assert state(house, entry) == "bin"
    line.talk("hears vm-repeat vm-undelete\npresses 7\nhears vm-undeleted")
    assert state(house, entry) == "heard"


@pytest.mark.parametrize(("key", "wanted"), [("9", ("heard", True)), ("6", ("heard", False))])
def test_going_on_in_the_middle_is_having_read(
    house: House, key: str, wanted: tuple[str, bool]
) -> None:
    entry = put(house, letter(LONG))
    mails(house).talk(f"presses 3\nhears mail:{entry}:0\npresses {key}")
    found = house.kit.store.entry(entry)
    assert found is not None and (found.state.value, found.saved) == wanted


@pytest.mark.parametrize("leave", ["hangs up", "presses #\nhears vm-goodbye\nends"])
def test_leaving_in_the_middle_keeps_it_unread(house: House, leave: str) -> None:
    entry = put(house, letter(LONG))
    mails(house).talk(f"presses 3\nhears mail:{entry}:0\n{leave}")
    assert state(house, entry) == "new"


def test_unread_mails_come_first_the_newest_of_them_before_the_others(house: House) -> None:
    old, first, second = (put(house, letter(f"Letter {n}."), f"{n}@example.net") for n in "123")
    house.jobs.mark(house.kit.person("anna").id, (old,))
    house.leave("201")
    line = mails(house)
    line.talk("hears vm-youhave digits/2 vm-INBOX switchhook/e-mails vm-message digits/1")
    line.talk("hears vm-from spoken:3@example.net")
    line.talk(f"presses 3\nhears mail:{second}:0\npresses 6\nhears vm-message digits/2")
    line.talk(f"presses 6\nhears vm-message digits/3\npresses 3\nhears mail:{old}:0")
    line.talk("presses 6\nhears vm-nomore")
    assert state(house, first) == "new", "it was passed before its text began"


def test_mails_are_found_behind_more_voicemail_than_is_read_at_once(house: House) -> None:
    entry = put(house, letter("It leaks."))
    for _ in range(MAILS_MOST + 1):
        house.kit.put("anna", kind=Kind.VOICEMAIL)
    listing = house.clerk.mails(house.kit.person("anna").id).result()
    assert [mail.entry for mail in listing.mails] == [entry] and listing.new == 1


def test_mail_removed_by_another_door_is_told_and_its_key_deletes_nothing_else(
    house: House,
) -> None:
    other, entry = put(house, letter("Other.")), put(house, letter("It leaks."))
    line = mails(house)
    line.talk("hears vm-youhave digits/2 vm-INBOX switchhook/e-mails vm-message")
    house.kit.db.now(lambda tx: house.kit.store.remove(tx, [entry], "pop3", "anna"))
    house.restart()
    line.talk("presses 6\nhears vm-message digits/2\npresses 4\npresses 7\nhears vm-deleted")
    line.talk("hears vm-repeat vm-next vm-undelete")
    assert [state(house, one) for one in (entry, other)] == ["bin", "new"]


def test_mail_without_text_and_mail_that_cannot_be_read(house: House) -> None:
    entry = put(house, letter("", "a.pdf"))
    line = mails(house)
    line.talk(f"hears vm-youhave digits/1 vm-INBOX switchhook/e-mail {ENVELOPE} {WHEN}")
    line.talk("hears switchhook/mail-empty switchhook/attachments digits/1 vm-repeat")
    found = house.kit.store.entry(entry)
    assert found is not None and found.state is EntryState.HEARD
    here = (found.content << 20, found.content + 1 << 20)
    house.kit.db.now(lambda tx: tx.execute("DELETE FROM chunk WHERE place BETWEEN ? AND ?", here))
    house.restart()
    line = mails(house)
    line.talk("hears vm-youhave vm-no vm-INBOX switchhook/e-mails")
    line.talk(f"hears {ENVELOPE} {WHEN} switchhook/mail-unreadable")


def test_nobody_hears_another_persons_mail(house: House) -> None:
    entry = house.kit.put("bob", letter("It leaks."), sender="ben", subject="x").id
    anna = house.kit.person("anna").id
    assert not house.clerk.read_mail(anna, entry).result().there
    assert house.clerk.mails(anna).result().mails == ()


def test_no_mails(house: House) -> None:
    mails(house).talk("hears vm-youhave vm-no vm-INBOX switchhook/e-mails vm-press digits/2")


def test_mails_are_not_offered_to_who_does_not_want_them_by_phone(house: House) -> None:
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, mail_by_phone=False))
    house.kit.put("anna", kind=Kind.EMAIL)
    line = mails(house)
    line.talk("hears vm-sorry vm-press digits/2 switchhook/to-lists vm-press digits/8")
    line.talk("hears switchhook/to-write vm-press digits/0 switchhook/to-options")
