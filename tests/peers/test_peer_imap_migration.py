"""Inboxes move to Debian's Dovecot by `store migrate-to-imap`, and back."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.appliance import Inbox
from app.imap.mirror.messages import WHOLE
from app.imap.mirror.person import PersonInbox
from app.imap.net.api import Gone
from app.inbox.account_passwords import BOX
from app.inbox.entries import Entry, EntryState, Facts, Kind
from app.operations.kept_secrets import INBOX_STORE, account_of
from tests.kit.box_keys import BoxKeys, box_keys
from tests.kit.commands import Shell
from tests.kit.dovecot import PASSWORD
from tests.kit.imap_box import message_of, name_in
from tests.kit.imap_program import MailProgram
from tests.kit.imap_servers import MASTER, ImapDovecot

SETTINGS = """
[store]
server = "127.0.0.1:{port}"
encryption = "none"
user = "{user}"
"""
MANY = 12


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> BoxKeys:
    return box_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def dovecot(keys: BoxKeys) -> Iterator[ImapDovecot]:
    with ImapDovecot(keys) as dovecot:
        yield dovecot


@pytest.fixture
def shell(tmp_path: Path, dovecot: ImapDovecot, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(tmp_path / "var", monkeypatch)
    shell.ok("people add anna --name Anna --mailbox 201 --admin")
    text = SETTINGS.format(port=dovecot.ports["imap"], user=MASTER)
    shell.paths.settings_file.write_text(text)
    box = shell.inbox()
    account = account_of(box.settings, INBOX_STORE)
    assert account is not None
    name, place = account.name, account.place
    box.db.now(lambda tx: box.passwords.set(tx, BOX, name, place, PASSWORD))
    return shell


@pytest.fixture
def box(shell: Shell) -> Inbox:
    return shell.inbox()


def put(box: Inbox, octets: bytes, kind: Kind = Kind.EMAIL) -> Entry:
    person = box.people.by_login("anna")
    assert person is not None

    def work(tx):  # type: ignore[no-untyped-def]  # a Tx in, a number out
        content = box.store.contents.write(tx, (octets,))
        facts = Facts(1_790_000_000.0, "eva@far.test", "hello")
        return box.store.add_entry(tx, person.id, content, b"", kind, EntryState.NEW, facts)

    return box.store.need(box.db.now(work))


def inbox(box: Inbox) -> list[Entry]:
    person = box.people.by_login("anna")
    assert person is not None
    return box.store.entries(person.id, states=(EntryState.NEW, EntryState.HEARD))


def program_of(dovecot: ImapDovecot) -> MailProgram:
    return MailProgram(dovecot.ports["imap"], "anna", PASSWORD)


def fill(box: Inbox) -> dict[str, bytes]:
    """Voicemail and mail, large and small, heard and saved; by name."""
    sizes = [500] * (MANY - 2) + [3 * WHOLE, 2 * WHOLE]
    messages = {f"m-{number}": message_of(f"m-{number}", size) for number, size in enumerate(sizes)}
    for number, octets in enumerate(messages.values()):
        entry = put(box, octets, Kind.VOICEMAIL if number % 2 else Kind.EMAIL)
        if number % 3 == 0:
            box.db.now(lambda tx, at=entry.id: box.store.mark(tx, [at], saved=True))  # type: ignore[misc]
    return messages


def test_all_messages_are_there_octet_by_octet_and_stay_here(
    shell: Shell, box: Inbox, dovecot: ImapDovecot, tmp_path: Path
) -> None:
    messages = fill(box)
    said = shell.ok(f"store migrate-to-imap --uidl-map {tmp_path / 'map'}")
    assert f"anna: {MANY} of {MANY}" in said and "settings set store.kind imap" in said
    rows = [line.split("\t") for line in (tmp_path / "map").read_text().splitlines()]
    uidls = {int(uid): uidl for _, _, uid, uidl in rows}
    with program_of(dovecot) as program:
        there = {name_in(program.octets(uid)): uid for uid in program.uids()}
        assert {name: program.octets(uid) for name, uid in there.items()} == messages
        saved = {b"\\Seen", b"$Saved"}
        assert program.flags(there["m-0"]) >= saved and not program.flags(there["m-1"]) & saved
    names = {entry.uidl: name_in(b"".join(box.store.octets(entry))) for entry in inbox(box)}
    assert {names[uidls[uid]]: uid for uid in uidls} == there and len(names) == MANY
    shell.ok("store migrate-to-imap")
    with program_of(dovecot) as program:
        assert len(program.uids()) == MANY


def test_run_that_breaks_off_goes_on_and_takes_up_what_has_changed(
    shell: Shell, box: Inbox, dovecot: ImapDovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages, compare, left = fill(box), PersonInbox.compare, [5]

    async def breaks(inbox: PersonInbox, entry: int) -> bool:
        left[0] -= 1
        if not left[0]:
            raise Gone("the line is cut")
        return await compare(inbox, entry)

    with monkeypatch.context() as patch:
        patch.setattr(PersonInbox, "compare", breaks)
        assert "the line is cut" in shell.refused("store migrate-to-imap")
    with program_of(dovecot) as program:
        uid = program.uids()[2]
        removed = name_in(program.octets(uid))
        program.delete(uid)  # a mail program's user, who works there already
    box.db.now(lambda tx: box.store.mark(tx, [inbox(box)[1].id]))
    put(box, message_of("late", 700))
    shell.ok("store migrate-to-imap")
    with program_of(dovecot) as program:
        found = [name_in(program.octets(uid)) for uid in program.uids()]
        assert sorted(found) == sorted({*messages, "late"} - {removed})
        assert program.flags(program.uids()[found.index("m-1")]) >= {b"\\Seen"}


def test_what_the_server_has_otherwise_is_said(
    shell: Shell, box: Inbox, dovecot: ImapDovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(box)

    async def never(_inbox: PersonInbox, _entry: int) -> bool:
        return False

    monkeypatch.setattr(PersonInbox, "compare", never)
    said = shell.refused("store migrate-to-imap")
    assert "is not the one that is here" in said and f"{MANY} left as they are" in said
    assert len(inbox(box)) == MANY


def test_all_comes_back_whole(shell: Shell, box: Inbox, dovecot: ImapDovecot) -> None:
    messages = fill(box)
    shell.ok("store migrate-to-imap")
    with program_of(dovecot) as program:
        new = [message_of(f"n-{number}", size) for number, size in enumerate([400, 3 * WHOLE])]
        for octets in new:
            program.deliver(octets)
        program.mark(program.uids()[-1], "\\Seen")
    wanted = {**messages, **{name_in(octets): octets for octets in new}}
    for _ in range(2):
        assert "Everything is here." in shell.ok("store migrate-from-imap")
        here = {name_in(b"".join(box.store.octets(one))): one for one in inbox(box)}
        assert {name: b"".join(box.store.octets(one)) for name, one in here.items()} == wanted
        assert len(inbox(box)) == len(wanted)
    assert (here["n-0"].state, here["n-1"].state) == (EntryState.NEW, EntryState.HEARD)
    with program_of(dovecot) as program:
        assert len(program.uids()) == len(wanted)


def test_only_one_side_works_at_a_time(shell: Shell, box: Inbox) -> None:
    text = shell.paths.settings_file.read_text()
    shell.paths.settings_file.write_text(text.replace("[store]", '[store]\nkind = "imap"'))
    for way in ("to", "from"):
        assert "set store.kind to local first" in shell.refused(f"store migrate-{way}-imap")
    shell.paths.settings_file.write_text("")
    assert "no mail system is named" in shell.refused("store migrate-to-imap")


def test_wrong_password_and_nobody_there_are_said(
    shell: Shell, box: Inbox, dovecot: ImapDovecot
) -> None:
    fill(box)
    account = account_of(box.settings, INBOX_STORE)
    assert account is not None
    box.db.now(lambda tx: box.passwords.set(tx, BOX, account.name, account.place, "wrong"))
    assert re.search("anna: .*[Aa]uthentication failed", shell.refused("store migrate-to-imap"))
    dovecot.stop()
    assert "anna: " in shell.refused("store migrate-from-imap")
