"""One person's inbox, here and on a model of a server, in step whatever breaks off."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from app.imap.mirror import plan
from app.imap.mirror.config import Folders
from app.imap.mirror.messages import WHOLE
from app.imap.mirror.person import AT_ONCE, Parts, PersonInbox
from app.imap.net.api import Gone, ImapError, Server
from app.inbox.contents import CHUNK
from app.inbox.entries import Entry, EntryState, Kind
from app.inbox.mirror import Mirror
from app.store.database import Tx
from tests.kit.imap_model import ModelConnection, ModelServer
from tests.kit.store import StoreKit, open_store

VOICE = (
    b"From: Marta <5551234@box.test>\r\nSubject: Voicemail\r\nMessage-ID: <%d@box.test>\r\n"
    b"Message-Context: voice-message\r\n\r\nhello\r\n"
)
MAIL = b"From: Carl <carl@far.test>\r\nSubject: Lunch\r\nMessage-ID: <%d@far.test>\r\n\r\nNoon?\r\n"
NOBODY = Server("imap.test", 143, "none", "box", "pass word", "anna")


class Site:
    """A store, a server, and anna's inbox on both."""

    def __init__(self, kit: StoreKit) -> None:
        self.kit, self.db, self.store = kit, kit.db, kit.store
        self.server = ModelServer()
        self.mirror = Mirror(kit.db)
        self.parts = Parts(kit.db, kit.store, self.mirror, Folders(), "box.test")
        self.anna = kit.person("anna")
        self._numbers = iter(range(1, 1000))
        kit.db.now(lambda tx: self.mirror.switch(tx, True))

    def voicemail(self) -> Entry:
        octets = VOICE % next(self._numbers)
        return self.kit.put("anna", octets, Kind.VOICEMAIL)

    def mail(self, *flags: str) -> int:
        return self.server.deliver(MAIL % next(self._numbers), flags)

    async def once(self) -> None:
        """Connect, bring both in step, and leave."""
        connection = await self.server.connect(NOBODY)
        inbox = PersonInbox(self.parts, self.anna, connection)
        try:
            await inbox.open()
            await inbox.tell()
            await inbox.look()
            await inbox.tell()
        finally:
            await connection.close()

    def sync(self) -> None:
        asyncio.run(self.once())

    def sync_until_well(self) -> int:
        """The same, again after each break; how often."""
        for times in range(1, 20):
            try:
                self.sync()
                return times
            except Gone:
                continue
        raise AssertionError("it never gets through")

    def connected(self, work: Callable[[PersonInbox], Awaitable[None]]) -> None:
        """Do some work on one connection that is open."""

        async def run() -> None:
            connection = await self.server.connect(NOBODY)
            inbox = PersonInbox(self.parts, self.anna, connection)
            await inbox.open()
            await work(inbox)

        asyncio.run(run())

    def do(self, entry: Entry, verb: str) -> None:
        """What its owner does by telephone."""
        store, args = self.store, ([entry.id], "phone", "anna")
        works = {
            "hear": lambda tx: store.mark(tx, [entry.id], door="phone", by="anna"),
            "save": lambda tx: store.mark(tx, [entry.id], saved=True, door="phone", by="anna"),
            "remove": lambda tx: store.remove(tx, *args),
            "restore": lambda tx: store.restore(tx, *args),
        }
        self.db.now(works[verb])

    def state(self, entry: Entry) -> EntryState:
        return self.store.need(entry.id).state

    def there(self, mailbox: str = "INBOX") -> list[tuple[bytes, set[str]]]:
        """What the server has: the first line that tells mails apart, and flags."""
        mails = self.server.boxes[mailbox].mails.values() if mailbox in self.server.boxes else ()
        return [(mail.octets.split(b"Message-ID: ")[1].split(b"\r\n")[0], mail.flags)
                for mail in mails]  # fmt: skip

    def ids(self, mailbox: str = "INBOX") -> list[bytes]:
        return sorted(name for name, _ in self.there(mailbox))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    kit = open_store(tmp_path)
    yield Site(kit)
    kit.close()


def test_a_voicemail_is_on_the_server_octet_by_octet_and_once(site: Site) -> None:
    entry = site.voicemail()
    site.sync()
    site.sync()
    (mail,) = site.server.inbox.mails.values()
    assert mail.octets == site.kit.text(entry) and mail.flags == set()
    assert site.mirror.waiting() == {} and site.kit.inbox("anna") == [entry]


def test_a_message_without_a_message_id_gets_one_there(site: Site) -> None:
    entry = site.kit.put("anna")
    site.sync()
    (mail,) = site.server.inbox.mails.values()
    line = f"Message-ID: <{entry.uidl}@box.test>\r\n".encode()
    assert mail.octets == line + site.kit.text(entry)


def test_what_is_done_by_telephone_is_done_there(site: Site) -> None:
    entry, other = site.voicemail(), site.voicemail()
    site.sync()
    site.do(entry, "save")
    site.do(other, "remove")
    site.sync()
    assert site.there() == [(b"<1@box.test>", {"\\Seen", "$Saved"})]
    assert site.ids("Trash") == [b"<2@box.test>"], "the trash is made where there is none"
    site.do(other, "restore")
    site.sync()
    assert site.ids() == [b"<1@box.test>", b"<2@box.test>"] and site.ids("Trash") == []
    assert site.mirror.waiting() == {} and len(site.kit.inbox("anna")) == 2


def test_what_was_emptied_from_the_trash_is_sent_again_when_it_is_restored(site: Site) -> None:
    entry = site.voicemail()
    site.sync()
    site.do(entry, "remove")
    site.sync()
    site.server.boxes["Trash"].mails.clear()
    site.do(entry, "restore")
    site.sync()
    assert site.ids() == [b"<1@box.test>"] and site.mirror.waiting() == {}


def test_without_a_trash_what_is_removed_is_gone_there(site: Site) -> None:
    site.parts = Parts(site.db, site.store, site.mirror, Folders(trash=""), "box.test")
    entry = site.voicemail()
    site.sync()
    site.do(entry, "remove")
    site.sync()
    assert site.ids() == [] and site.mirror.waiting() == {}
    site.do(entry, "restore")
    site.sync()
    assert site.ids() == [b"<1@box.test>"]


def test_what_never_was_there_is_not_made_to_be_removed(site: Site) -> None:
    entry = site.voicemail()
    site.do(entry, "remove")
    site.sync()
    assert site.ids() == [] and site.mirror.waiting() == {} and "Trash" not in site.server.boxes


def test_what_a_mail_program_does_is_done_here_while_connected(site: Site) -> None:
    first, second = site.voicemail(), site.voicemail()
    site.sync()

    async def work(inbox: PersonInbox) -> None:
        site.server.inbox.flag(1, ["\\Seen"])
        site.server.inbox.remove(2)
        await inbox.look()
        assert site.state(first) is EntryState.HEARD and site.state(second) is EntryState.BIN
        site.server.inbox.flag(1, [], ["\\Seen"])
        site.mail()
        await inbox.look()
        assert site.state(first) is EntryState.NEW
        assert not await inbox.tell(), "what the server has said is not told to it"

    site.connected(work)
    new = site.kit.inbox("anna")[-1]
    assert (new.sender, new.subject, new.kind) == ("Carl <carl@far.test>", "Lunch", Kind.EMAIL)
    assert site.kit.text(new) == MAIL % 3


def test_what_a_mail_program_does_while_nobody_is_connected_is_done_here(site: Site) -> None:
    first, second = site.voicemail(), site.voicemail()
    site.sync()
    site.server.inbox.flag(1, ["\\Seen"])
    site.server.inbox.remove(2)
    site.mail("\\Seen")
    site.sync()
    assert site.state(first) is EntryState.HEARD and site.state(second) is EntryState.BIN
    assert [entry.state for entry in site.kit.inbox("anna")] == [EntryState.HEARD] * 2
    site.server.inbox.add(site.kit.text(second), ["\\Seen"])  # out of the trash, by a mail program
    site.sync()
    assert site.state(second) is EntryState.HEARD and site.mirror.waiting() == {}
    assert len(site.kit.inbox("anna")) == 3


def test_both_sides_change_the_same_message(site: Site) -> None:
    heard, removed = site.voicemail(), site.voicemail()
    site.sync()
    site.do(heard, "hear")
    site.server.inbox.flag(1, ["$Saved"])
    site.do(removed, "remove")
    site.server.inbox.flag(2, ["\\Seen"])
    site.sync()
    assert site.there() == [(b"<1@box.test>", {"\\Seen", "$Saved"})]
    assert site.store.need(heard.id).saved and site.state(heard) is EntryState.HEARD
    assert site.state(removed) is EntryState.BIN and site.ids("Trash") == [b"<2@box.test>"]


def test_what_a_mail_program_did_before_the_lost_answer_is_known_holds(site: Site) -> None:
    """The copy is found again, read by then; the box does not take that back."""
    tried = 0
    for number in range(1, 8):
        entry = site.voicemail()
        site.server.calls, site.server.breaks_at = 0, (number, True)
        before = set(site.server.inbox.mails)
        with contextlib.suppress(Gone):
            site.sync()
        site.server.breaks_at = None
        for uid in set(site.server.inbox.mails) - before:
            tried += 1
            site.server.inbox.flag(uid, ["\\Seen", "$Saved"])
            site.sync_until_well()
            assert site.state(entry) is EntryState.HEARD and site.store.need(entry.id).saved
            assert site.server.inbox.mails[uid].flags == {"\\Seen", "$Saved"}
        site.sync_until_well()
    assert tried > 2


def test_what_is_removed_there_before_the_server_has_told_of_it_is_removed_here(site: Site) -> None:
    """No server tells that a mail is gone of which it has not told; seen with Dovecot."""
    gone, stays = site.voicemail(), site.voicemail()

    async def work(inbox: PersonInbox) -> None:
        await inbox.tell()
        del site.server.inbox.mails[1]  # and nothing is told
        await inbox.look()
        assert site.state(gone) is EntryState.NEW, "it may only be late"
        await inbox.look()

    site.connected(work)
    assert (site.state(gone), site.state(stays)) == (EntryState.BIN, EntryState.NEW)


def test_another_uidvalidity_doubles_nothing_and_loses_nothing(site: Site) -> None:
    entries = [site.voicemail() for _ in range(3)]
    site.sync()
    site.mail()
    site.sync()
    site.server.inbox.remove(2)
    site.server.inbox.flag(1, ["\\Seen"])
    site.server.inbox.renumber()
    site.mail()
    site.sync()
    site.sync()
    assert len(site.kit.inbox("anna")) == 5 and len(site.server.inbox.mails) == 5
    assert site.state(entries[0]) is EntryState.HEARD
    assert site.ids().count(b"<2@box.test>") == 1, (
        "voicemail that a restore has lost is given again"
    )
    assert site.mirror.waiting() == {}


def test_an_inbox_that_was_copied_before_is_taken_over(site: Site) -> None:
    """By `store migrate-to-imap`, while nobody noted what has changed here since."""
    site.db.now(lambda tx: site.mirror.switch(tx, False))
    deleted, heard, removed, purged = (site.voicemail() for _ in range(4))

    async def copy() -> None:
        inbox = PersonInbox(site.parts, site.anna, await site.server.connect(NOBODY))
        await inbox.open_to_tell()
        site.db.now(lambda tx: site.mirror.include(tx, site.anna.id))
        for entry in site.mirror.to_migrate(site.anna.id):
            await inbox.tell_of(entry)
            assert await inbox.compare(entry)
        assert site.mirror.to_migrate(site.anna.id) == []

    asyncio.run(copy())
    site.server.inbox.remove(1)
    site.server.inbox.flag(2, ["\\Seen"])
    site.mail()
    site.do(removed, "remove")
    site.db.now(lambda tx: tx.execute("DELETE FROM entry WHERE id = ?", (purged.id,)))
    site.db.now(lambda tx: site.mirror.switch(tx, True))
    site.sync()
    assert site.ids() == [b"<2@box.test>", b"<5@far.test>"]
    assert site.ids("Trash") == [b"<3@box.test>", b"<4@box.test>"]
    assert (site.state(deleted), site.state(heard)) == (EntryState.BIN, EntryState.HEARD)
    assert len(site.kit.inbox("anna")) == 2 and site.mirror.waiting() == {}


def test_read_mail_is_given_up_only_if_the_server_has_the_same(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "RECENT", 0)
    same, other = (site.kit.put("anna", MAIL % number) for number in (801, 802))
    for entry in (same, other):
        site.do(entry, "hear")
    site.sync()
    site.server.inbox.mails[2].octets = MAIL % 803

    async def trim(inbox: PersonInbox) -> None:
        assert await inbox.trim() == 1

    site.connected(trim)
    assert site.kit.inbox("anna") == [site.store.need(other.id)]


def test_of_a_large_inbox_only_what_is_new_is_kept(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "RECENT", 5)
    monkeypatch.setattr(plan, "UNSEEN", 3)
    for number in range(40):
        site.mail(*([] if number % 10 == 0 else ["\\Seen"]))
    calls = site.server.calls
    site.sync()
    kept = site.mirror.uids(site.anna.id)
    assert kept == {11, 21, 31, 36, 37, 38, 39, 40} and site.server.calls - calls < 20
    assert len(site.server.inbox.mails) == 40
    site.server.inbox.flag(2, [], ["\\Seen"])  # an old one is marked as unread
    site.server.inbox.flag(3, ["Other"])
    site.sync()
    assert site.mirror.uids(site.anna.id) == kept | {2}
    site.mail("\\Seen")
    site.sync()
    asyncio.run(PersonInbox(site.parts, site.anna, None).trim())  # type: ignore[arg-type]
    assert site.mirror.uids(site.anna.id) == {2, 11, 21, 31, 37, 38, 39, 40, 41}
    assert len(site.server.inbox.mails) == 41, "what the cache gives up stays there"


def test_of_what_lay_there_before_nobody_is_notified(site: Site) -> None:
    site.db.now(lambda tx: tx.execute(
        "INSERT INTO notification (person, texts_to, emails, urgent) VALUES (?, '', 1, 0)",
        (site.anna.id,)))  # fmt: skip
    site.mail()
    site.sync()
    site.mail()
    site.sync()
    old, new = site.kit.inbox("anna")
    runs = site.db.reader().execute("SELECT entry FROM notification_run").fetchall()
    assert runs == [(new.id,)] and old.state is EntryState.NEW


def test_of_a_large_mail_the_header_is_kept_and_a_text_that_says_so(site: Site) -> None:
    large = MAIL % 900 + b"x" * 70 + b"\r\n" * (WHOLE // 2)
    site.server.deliver(large)
    voice = VOICE % 901 + b"x" * 70 + b"\r\n" * (WHOLE // 2)
    site.server.deliver(voice)
    site.sync()
    mail, voicemail = site.kit.inbox("anna")
    assert site.kit.text(voicemail) == voice and voicemail.kind is Kind.VOICEMAIL
    text = site.kit.text(mail)
    assert len(text) < 1000 and b"Subject: Lunch\r\n" in text and b"0.3 MB" in text
    site.do(mail, "remove")
    site.sync()
    site.server.boxes["Trash"].mails.clear()
    site.do(mail, "restore")
    site.sync()
    assert len(site.server.inbox.mails) == 1, "a text that stands for a mail is never sent"
    ((entry, why),) = site.mirror.refusals(site.anna.id)
    assert entry == mail.id and "only its header" in why


def test_nobody_who_writes_waits_for_much_at_a_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A telephone at a key writes, too."""
    rows, octets = [0], [0]
    submit = site.db.submit

    def measured(work: Callable[[Tx], object]) -> object:
        def measuring(tx: Tx) -> object:
            (before,) = tx.execute("SELECT total_changes()").fetchone()
            held, result = tx.octets, work(tx)
            rows.append(tx.execute("SELECT total_changes()").fetchone()[0] - before)
            octets.append(tx.octets - held)
            return result

        return submit(measuring)

    monkeypatch.setattr(site.db, "submit", measured)
    uids = [site.mail() for _ in range(6 * AT_ONCE)]
    voice = VOICE % 901 + b".x\r\n" * CHUNK
    site.server.deliver(voice)
    site.sync()
    assert max(octets) == CHUNK and site.kit.text(site.kit.inbox("anna")[-1]) == voice
    for uid in uids:
        site.server.inbox.flag(uid, ["\\Seen"])
    site.sync()
    assert {site.state(entry) for entry in site.kit.inbox("anna")[:-1]} == {EntryState.HEARD}
    for uid in uids:
        site.server.inbox.remove(uid)
    site.sync()
    assert len(site.kit.inbox("anna")) == 1
    assert max(rows) < 20 * AT_ONCE


def test_a_full_mailbox_holds_up_nothing_else(site: Site) -> None:
    first = site.voicemail()
    site.sync()
    site.server.is_full = True
    second = site.voicemail()
    site.do(first, "hear")
    site.sync()
    assert site.there() == [(b"<1@box.test>", {"\\Seen"})]
    assert site.mirror.refusals(site.anna.id) == [(second.id, "the mailbox is full")]
    site.server.is_full = False
    site.kit.clock.advance(plan.REFUSED_S + 1)
    site.sync()
    assert site.ids() == [b"<1@box.test>", b"<2@box.test>"] and site.mirror.waiting() == {}


def everything(site: Site) -> None:
    """Two voicemails are there; one is heard, one removed; one is new, and two mails are."""
    heard, removed = site.voicemail(), site.voicemail()
    site.sync()
    site.do(heard, "hear")
    site.do(removed, "remove")
    site.voicemail()
    site.mail()
    site.mail("\\Seen")


def is_well(site: Site) -> None:
    assert site.there() == [
        (b"<1@box.test>", {"\\Seen"}),
        (b"<4@far.test>", set()),
        (b"<5@far.test>", {"\\Seen"}),
        (b"<3@box.test>", set()),
    ]
    assert site.ids("Trash") == [b"<2@box.test>"]
    assert site.mirror.waiting() == {}
    kept = sorted((entry.subject, entry.state) for entry in site.kit.inbox("anna"))
    assert kept == [("Hello", "heard"), ("Hello", "new"), ("Lunch", "heard"), ("Lunch", "new")]


def test_whatever_breaks_nothing_is_lost_and_nothing_doubled(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    number, broke = 0, True
    while broke:
        number += 1
        for has_effect in (False, True):
            kit = open_store(tmp_path_factory.mktemp("broken"))
            site = Site(kit)
            everything(site)
            site.server.breaks_at = site.server.calls + number, has_effect
            broke = site.sync_until_well() > 1
            is_well(site)
            kit.close()
    assert number > 12, "the calls that it takes"


def test_a_copy_that_arrives_after_it_was_looked_for_and_sent_again_is_removed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object) -> None:
        raise Gone("cut")

    entry = site.voicemail()
    with monkeypatch.context() as patch, pytest.raises(Gone):
        patch.setattr(ModelConnection, "append", breaks)
        site.sync()
    site.sync()
    (uid,) = site.server.inbox.mails
    site.server.deliver(site.server.inbox.mails[uid].octets)
    site.sync()
    assert list(site.server.inbox.mails) == [uid]
    assert [one.id for one in site.kit.inbox("anna")] == [entry.id]


def test_a_copy_that_a_mail_program_makes_stays(site: Site) -> None:
    site.voicemail()
    site.sync()
    (uid,) = site.server.inbox.mails
    site.server.deliver(site.server.inbox.mails[uid].octets)
    site.sync()
    assert len(site.server.inbox.mails) == 2


def test_a_restore_that_breaks_doubles_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    number, broke = 0, True
    while broke:
        number += 1
        for has_effect in (False, True):
            kit = open_store(tmp_path_factory.mktemp("broken"))
            site = Site(kit)
            entry = site.voicemail()
            site.sync()
            site.do(entry, "remove")
            site.sync()
            site.do(entry, "restore")
            site.server.breaks_at = site.server.calls + number, has_effect
            broke = site.sync_until_well() > 1
            assert site.ids() == [b"<1@box.test>"] and site.ids("Trash") == []
            assert site.state(entry) is EntryState.NEW and site.mirror.waiting() == {}
            kit.close()
    assert number > 5, "the calls that it takes"


def test_a_refusal_is_an_error_of_the_server(site: Site) -> None:
    site.server.refuses = True
    with pytest.raises(ImapError, match="wrong password"):
        site.sync()
