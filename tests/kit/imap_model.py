"""An IMAP server in memory: app.imap.net.api.Connection over a model, with faults where wanted.

    server = ModelServer()
    server.deliver("INBOX", LETTER)              # as a mail server does
    server.breaks_at = 7, True                   # the 7th call takes effect, and its answer is lost

It knows what the mirror asks for: mailboxes with UIDs, flags and a count of changes, searches by
UID, Message-ID and \\Seen. Nobody waits: a watch tells of what has changed when it is read.
"""

import asyncio
import re
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Collection,
    Iterator,
    Sequence,
)
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.imap.net.api import (
    Appended,
    Changes,
    Facts,
    Flags,
    Gone,
    LoginRefused,
    MailboxEvent,
    Moved,
    Namespace,
    Namespaces,
    NotThere,
    OverQuota,
    Selected,
    Server,
    Status,
    SyncPoint,
    UidRange,
)
from app.message.headers import fields, read_head

PIECE = 65_536
DATE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class Mail:
    """A mail in a mailbox."""

    uid: int
    octets: bytes
    flags: set[str]
    modseq: int


@dataclass
class Mailbox:
    """A mailbox: its mails by rising UID, and those that are gone with the count of that change."""

    uidvalidity: int = 1
    uidnext: int = 1
    modseq: int = 1
    mails: dict[int, Mail] = field(default_factory=dict)
    gone: dict[int, int] = field(default_factory=dict)

    def add(self, octets: bytes, flags: Collection[str] = ()) -> int:
        """A new mail; its UID."""
        uid, self.uidnext, self.modseq = self.uidnext, self.uidnext + 1, self.modseq + 1
        self.mails[uid] = Mail(uid, octets, set(flags), self.modseq)
        return uid

    def flag(self, uid: int, add: Collection[str] = (), remove: Collection[str] = ()) -> None:
        """Change the flags of a mail, if it is there."""
        mail = self.mails.get(uid)
        if mail is not None:
            self.modseq += 1
            mail.flags = (mail.flags | set(add)) - set(remove)
            mail.modseq = self.modseq

    def remove(self, uid: int) -> Mail | None:
        """Take a mail out."""
        mail = self.mails.pop(uid, None)
        if mail is not None:
            self.modseq += 1
            self.gone[uid] = self.modseq
        return mail

    def renumber(self) -> None:
        """What a restore or a move to another server does: new UIDs under another UIDVALIDITY."""
        mails = list(self.mails.values())
        self.uidvalidity, self.uidnext, self.mails, self.gone = self.uidvalidity + 1, 1, {}, {}
        for mail in mails:
            self.add(mail.octets, mail.flags)


class ModelServer:
    """One person's mailboxes, and what may go wrong with them."""

    def __init__(self) -> None:
        self.boxes = {"INBOX": Mailbox()}
        self.connections: list[ModelConnection] = []
        self.calls = 0
        self.breaks_at: tuple[int, bool] | None = None
        """Number of the call at which the connection breaks, and whether that call has effect."""
        self.is_up = True
        self.refuses = False
        self.is_full = False

    @property
    def inbox(self) -> Mailbox:
        """The inbox."""
        return self.boxes["INBOX"]

    def deliver(self, octets: bytes, flags: Collection[str] = ()) -> int:
        """A new mail in the inbox; its UID."""
        uid = self.inbox.add(octets, flags)
        self.tell()
        return uid

    def tell(self) -> None:
        """Wake who watches."""
        for connection in self.connections:
            connection.woken.set()

    def go_down(self) -> None:
        """All connections end, and no new ones are taken."""
        self.is_up = False
        self.tell()

    async def connect(self, server: Server) -> "ModelConnection":
        """As app.imap.net.connection.connect."""
        if not self.is_up:
            raise Gone("nobody answers")
        if self.refuses:
            raise LoginRefused("the server says: wrong password")
        connection = ModelConnection(self)
        self.connections.append(connection)
        return connection


class ModelConnection:
    """A connection to it."""

    capabilities = frozenset({"IDLE", "QRESYNC", "UIDPLUS", "MOVE"})

    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self._selected = ""
        self._seen = 0  # the count of changes up to which was told
        self._exists = 0
        self._broken = False
        self.woken = asyncio.Event()

    @contextmanager
    def _call(self) -> Iterator[None]:
        """A call, at which the connection may break: before it has an effect, or afterwards."""
        self._server.calls += 1
        if self._broken or not self._server.is_up:
            raise Gone("the connection is gone")
        number, has_effect = self._server.breaks_at or (0, False)
        self._broken = number == self._server.calls
        if self._broken and not has_effect:
            raise Gone("the connection broke")
        try:
            yield
        finally:
            if self._broken:
                raise Gone("the connection broke, and its answer is lost")

    @property
    def _box(self) -> Mailbox:
        return self._server.boxes[self._selected]

    def _named(self, mailbox: str) -> Mailbox:
        try:
            return self._server.boxes[mailbox]
        except KeyError:
            raise NotThere(f"no mailbox {mailbox}") from None

    async def close(self) -> None:
        """As in the protocol."""
        if self in self._server.connections:
            self._server.connections.remove(self)

    async def namespaces(self) -> Namespaces:
        """As in the protocol."""
        return Namespaces((Namespace("", "/"),), (), ())

    async def list_status(self, pattern: str) -> dict[str, Status]:
        """As in the protocol."""
        with self._call():
            return {name: Status(len(box.mails)) for name, box in self._server.boxes.items()}

    async def create(self, mailbox: str) -> None:
        """As in the protocol."""
        with self._call():
            self._server.boxes.setdefault(mailbox, Mailbox())

    async def select(self, mailbox: str, known: SyncPoint | None = None) -> Selected:
        """As in the protocol, of a server with QRESYNC."""
        with self._call():
            box = self._named(mailbox)
            self._selected, self._seen, self._exists = mailbox, box.modseq, len(box.mails)
        head = (box.uidvalidity, box.uidnext, box.modseq, len(box.mails), False)
        if known is None or known.uidvalidity != box.uidvalidity:
            return Selected(*head, False)
        return Selected(*head, True, *self._since(box, known.highestmodseq or 0))

    def _since(self, box: Mailbox, modseq: int) -> tuple[tuple[Flags, ...], tuple[UidRange, ...]]:
        changed = [mail for mail in box.mails.values() if mail.modseq > modseq]
        flags = tuple(Flags(mail.uid, frozenset(mail.flags), mail.modseq) for mail in changed)
        return flags, tuple(UidRange(uid, uid) for uid, at in box.gone.items() if at > modseq)

    async def changes(self) -> Changes:
        """As in the protocol; new mails are told of by `exists` alone."""
        with self._call():
            box, before = self._box, self._exists
            flags, gone = self._since(box, self._seen)
            self._seen, self._exists = box.modseq, len(box.mails)
        exists = self._exists if self._exists != before or flags else None
        return Changes(flags, gone, exists, False)

    async def search(self, criteria: str) -> list[int]:
        """As in the protocol, of the criteria that the mirror uses."""
        with self._call():
            pass
        uids = sorted(self._box.mails)
        if found := re.match(r"UID (\d+):\*", criteria):
            uids = [uid for uid in uids if uid >= int(found[1]) or uid == uids[-1]]
        elif found := re.match(r"(\d+):\*", criteria):
            uids = uids[int(found[1]) - 1 :]
        if "UNSEEN" in criteria:
            uids = [uid for uid in uids if "\\Seen" not in self._box.mails[uid].flags]
        if found := re.search(r'HEADER Message-ID "(.*)"', criteria):
            wanted = re.sub(r"\\(.)", r"\1", found[1]).encode()
            uids = [uid for uid in uids if wanted in read_head([self._box.mails[uid].octets])]
        return uids

    async def fetch_facts(self, uids: Collection[int], headers: Sequence[str]) -> list[Facts]:
        """As in the protocol."""
        with self._call():
            pass
        wanted = {name.lower() for name in headers}
        return [
            Facts(
                mail.uid, frozenset(mail.flags), mail.modseq, len(mail.octets), DATE,
                b"".join(f.octets for f in fields(read_head([mail.octets])) if f.name in wanted)
                + b"\r\n",
            )
            for uid in sorted(uids) if (mail := self._box.mails.get(uid)) is not None
        ]  # fmt: skip

    async def fetch_message(self, uid: int) -> AsyncIterator[bytes]:
        """As in the protocol."""
        mail = self._box.mails.get(uid)
        for at in range(0, len(mail.octets) if mail else 0, PIECE):
            with self._call():
                pass
            assert mail is not None
            yield mail.octets[at : at + PIECE]

    async def append(
        self, mailbox: str, octets: AsyncIterable[bytes], size: int,
        flags: Collection[str] = (), date: datetime | None = None,
    ) -> Appended | None:  # fmt: skip
        """As in the protocol."""
        with self._call():
            box = self._named(mailbox)
            whole = b"".join([piece async for piece in octets])
            assert len(whole) == size, "as many octets as said"
            if self._server.is_full:
                raise OverQuota("the mailbox is full")
            uid = box.add(whole, flags)
            self._server.tell()
        return Appended(box.uidvalidity, uid)

    async def store(
        self, uids: Collection[int], add: Collection[str] = (), remove: Collection[str] = (),
        unchangedsince: int | None = None,
    ) -> list[int]:  # fmt: skip
        """As in the protocol."""
        with self._call():
            for uid in uids:
                self._box.flag(uid, add, remove)
        return []

    async def move(self, uids: Collection[int], mailbox: str) -> Moved | None:
        """As in the protocol."""
        with self._call():
            box, there = self._box, self._named(mailbox)
            went = {uid: mail for uid in uids if (mail := box.remove(uid)) is not None}
            new = {uid: there.add(mail.octets, mail.flags) for uid, mail in went.items()}
            self._server.tell()
        return Moved(there.uidvalidity, new)

    async def expunge(self, uids: Collection[int]) -> None:
        """As in the protocol."""
        with self._call():
            for uid in uids:
                self._box.remove(uid)

    async def watch(self, mailboxes: Sequence[str]) -> AsyncGenerator[MailboxEvent, None]:
        """As in the protocol."""
        while True:
            yield MailboxEvent(mailboxes[0], None)
            await self.woken.wait()
            self.woken.clear()
            if not self._server.is_up:
                raise Gone("the connection is gone")
