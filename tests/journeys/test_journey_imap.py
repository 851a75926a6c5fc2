"""The inbox on an IMAP server: calls and keys here, a mail program there, one lamp."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.imap.mirror import plan
from app.inbox.account_passwords import BOX
from app.inbox.entries import EntryState
from app.operations.kept_secrets import INBOX_STORE, account_of
from tests.kit.box_keys import BoxKeys, box_keys
from tests.kit.dovecot import PASSWORD
from tests.kit.imap_program import MailProgram
from tests.kit.imap_servers import MASTER, ImapDovecot
from tests.kit.world import World

WITHIN_S = 30.0
SETTINGS = """
[store]
kind = "imap"
server = "127.0.0.1:{port}"
encryption = "none"
user = "{user}"
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> BoxKeys:
    return box_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def dovecot(keys: BoxKeys) -> Iterator[ImapDovecot]:
    with ImapDovecot(keys) as dovecot:
        yield dovecot


def keep_password(world: World) -> None:
    """As `settings set store.password`."""
    account = account_of(world.settings, INBOX_STORE)
    assert account is not None
    passwords, name, place = world.inbox.passwords, account.name, account.place
    world.inbox.db.now(lambda tx: passwords.set(tx, BOX, name, place, PASSWORD))


def until(world: World, holds: Callable[[], object]) -> None:
    """Wait for what the server has still to tell: its time is real."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < WITHIN_S, "it does not come"
        threading.Event().wait(0.02)
    world.settle()


def test_a_caller_a_mail_program_and_a_handset_have_one_inbox(
    tmp_path: Path, words: Path, dovecot: ImapDovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "RETRY_S", 0.05)  # the password comes when the box runs
    settings = SETTINGS.format(port=dovecot.ports["imap"], user=MASTER)
    with World(tmp_path, more_settings=settings, prepare=keep_password) as world:
        world.leave_message(words)
        (entry,) = world.voicemails("anna")
        with MailProgram(dovecot.ports["imap"], "anna", PASSWORD) as program:
            (uid,) = program.uids()
            assert program.octets(uid) == b"".join(world.store.octets(entry))
            assert program.flags(uid) == set()
            assert world.lamps() == {"101": "lit", "102": "dark"}

            program.mark(uid, "\\Seen")
            until(world, lambda: world.store.need(entry.id).state is EntryState.HEARD)
            assert world.lamps() == {"101": "dark", "102": "dark"}
            program.mark(uid, "\\Seen", on=False)
            until(world, lambda: world.store.need(entry.id).state is EntryState.NEW)
            assert world.lamps() == {"101": "lit", "102": "dark"}

            visit = world.dial_in("101", "anna")
            visit.hears("vm-youhave")
            world.board("dial 101 1")
            visit.hears("vm-first")
            world.board("dial 101 7")
            visit.hears("vm-deleted")
            world.board("hangup 101")
            assert program.uids() == [] and len(program.uids("Trash")) == 1
        assert world.lamps() == {"101": "dark", "102": "dark"}
        assert [row.door for row in world.history("anna")][-3:] == ["imap", "imap", "phone"]
