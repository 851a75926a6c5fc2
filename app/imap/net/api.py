"""What a connection to an IMAP server offers, and how it fails.

    server = Server("imap.site.test", 993, "implicit", "switchhook", "pass word", "anna")
    connection = await connect(server)                       # app/imap/net/connection.py
    selected = await connection.select("INBOX", known)
    async with aclosing(connection.watch(["INBOX"])) as events:
        async for event in events: ...                       # the connection does nothing else

One thing is asked for at a time: a second call waits until the first is done. Mails are named by
UID alone, and mailboxes by their names as people read them. Every method raises the errors below
and no others; after Gone and ProtocolError the connection is closed, and after the others it goes
on. A call that is cancelled closes the connection, because nobody knows then what the server has
done.
"""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from app.core.errors import SwitchhookError


class ImapError(SwitchhookError):
    """Base of what can go wrong; the text has the server's own words."""


class LoginRefused(ImapError):
    """Name, password or right to be somebody else is refused: waiting does not mend it."""


class Unavailable(ImapError):
    """The server cannot do it now [RFC 5530 §3: UNAVAILABLE, INUSE, LIMIT ...]: try later."""


class OverQuota(ImapError):
    """The mailbox, or its owner's share, is full [RFC 9208 §4.3]."""


class NotThere(ImapError):
    """There is no such mailbox [RFC 5530 §3: NONEXISTENT; RFC 3501 §7.1: TRYCREATE]."""


class Refused(ImapError):
    """The server says NO for a reason of its own: the same again has the same answer."""


class Unsupported(ImapError):
    """The server lacks what this cannot be done without; nothing was sent."""


class Gone(ImapError):
    """There is no connection, or no more; whether what was asked for has happened is unknown."""


class ProtocolError(ImapError):
    """The server says what no server may, or does not understand us."""


SLOWEST = 1_000
"""Octets a second below which a server is taken to be gone."""

Tls = Literal["implicit", "starttls", "none"]


@dataclass(frozen=True)
class Timeouts:
    """How long the server may take, in seconds."""

    connect_s: float = 10.0
    """For the connection and the handshake of TLS, each."""
    answer_s: float = 30.0
    """While it owes a word of an answer, or takes none of what we send. Every SLOWEST octets that
    come in are worth a second more; a server that says one octet now and then is gone."""
    command_s: float = 120.0
    """For the answer to a command, with all it says meanwhile: servers tell that they still search,
    for minutes. Octets in either direction count as above."""
    beat_s: float = 4.0
    """While it is watched: between two signs of life that are asked for; each must come within as
    long again, so that a server that is gone is noticed after twice this."""
    look_s: float = 1.0
    """While many mailboxes are watched: between two looks at what NOTIFY should have told. Dovecot
    2.3 has been seen to leave single changes out. 200 mailboxes cost it 30 ms each time."""
    renew_s: float = 180.0
    """Between two NOTIFY SET: servers have been seen to fall silent when an index is rotated."""


@dataclass(frozen=True)
class Server:
    """Where and as whom to log in."""

    host: str
    port: int
    tls: Tls
    login: str
    password: str = field(repr=False)
    authorize_as: str | None = None
    """Whose mailboxes are meant, where `login` may be others [RFC 4616 §2: authzid]."""
    fingerprint: str = ""
    """SHA-256 of the server's certificate in hexadecimal, where no authority is to be asked."""
    timeouts: Timeouts = Timeouts()


class UidRange(NamedTuple):
    """UIDs from `first` to `last`, both included."""

    first: int
    last: int


@dataclass(frozen=True)
class SyncPoint:
    """What is known of a mailbox since it was last selected."""

    uidvalidity: int
    """The number of the numbering: UIDs mean the same while it is the same [RFC 3501 §2.3.1.1]."""
    uidnext: int
    """The number that the next new mail gets, or a greater one."""
    highestmodseq: int | None
    """None: the server counts no changes."""
    uids: tuple[UidRange, ...] = ()
    """The mails that are known to be there; only a server without QRESYNC needs them, to tell
    which are gone."""


@dataclass(frozen=True)
class Flags:
    """The flags that a mail has now; those that begin with a backslash are the protocol's."""

    uid: int
    flags: frozenset[str]
    modseq: int | None
    """When they last changed, in the server's count [RFC 7162 §3.1]."""


@dataclass(frozen=True)
class Selected:
    """A mailbox that was just opened."""

    uidvalidity: int
    """The number as in SyncPoint."""
    uidnext: int
    """The number as in SyncPoint."""
    highestmodseq: int | None
    """None: the server, or this mailbox, counts no changes."""
    exists: int
    """How many mails there are."""
    readonly: bool
    resumed: bool
    """`changed` and `vanished` are all that has changed since the SyncPoint. False: there was none,
    or the server has renumbered the mailbox since; then both are empty."""
    changed: tuple[Flags, ...] = ()
    """Mails whose flags have changed, and new ones; a server that counts no changes gives all."""
    vanished: tuple[UidRange, ...] = ()
    """Mails that are gone; may name some that were never known."""


@dataclass(frozen=True)
class Changes:
    """What the server has told of the selected mailbox since it was last asked."""

    flags: tuple[Flags, ...]
    """Changed ones and, after a server with QRESYNC has told of `exists`, not always the new."""
    vanished: tuple[UidRange, ...]
    exists: int | None
    """How many mails there are; None: as many as before."""
    unclear: bool
    """The server did not say of which mails it spoke: only selecting again tells (servers without
    QRESYNC)."""


@dataclass(frozen=True)
class Facts:
    """What is known of a mail without its body."""

    uid: int
    flags: frozenset[str]
    modseq: int | None
    """The number as in Flags."""
    size: int
    """In octets."""
    internal_date: datetime
    header: bytes
    """The fields asked for, with the empty line that ends them; at most 32 KiB."""


@dataclass(frozen=True)
class Appended:
    """Where a mail has come to lie [RFC 4315 §3: APPENDUID]."""

    uidvalidity: int
    """The number of the mailbox, as in SyncPoint."""
    uid: int


@dataclass(frozen=True)
class Moved:
    """Where mails have come to lie in the other mailbox [RFC 4315 §3: COPYUID]."""

    uidvalidity: int
    """The number of the other mailbox, as in SyncPoint."""
    uids: dict[int, int]
    """New UID by old UID; those that were there no more are missing."""


@dataclass(frozen=True)
class Status:
    """A mailbox from outside; what the server did not say is None."""

    messages: int | None = None
    unseen: int | None = None
    """How many mails are not read."""
    uidnext: int | None = None
    """The number as in SyncPoint."""
    uidvalidity: int | None = None
    """The number as in SyncPoint."""
    highestmodseq: int | None = None
    """None also where the mailbox counts no changes."""


@dataclass(frozen=True)
class MailboxEvent:
    """Something has changed in a mailbox; what it is, selecting it tells."""

    mailbox: str
    status: Status | None
    """What the server told with it."""


@dataclass(frozen=True)
class Namespace:
    """A part of the server's names."""

    prefix: str
    delimiter: str
    """Between the levels of a name; "" if there are none."""


@dataclass(frozen=True)
class Namespaces:
    """Whose names there are [RFC 2342]."""

    personal: tuple[Namespace, ...]
    others: tuple[Namespace, ...]
    shared: tuple[Namespace, ...]


class Connection(Protocol):
    """A connection that is logged in."""

    @property
    def capabilities(self) -> frozenset[str]:
        """What the server says it can after the login, in capitals, such as "NOTIFY"."""

    async def close(self) -> None:
        """Log out, waiting a moment for the server; never fails, twice is harmless.

        A call that waits for an answer meanwhile raises Gone.
        """

    async def namespaces(self) -> Namespaces:
        """Where mailboxes are. A server without NAMESPACE has one of no name [RFC 2342]."""

    async def list_status(self, pattern: str) -> dict[str, Status]:
        """The mailboxes that match, "*" for all, in one exchange if the server can [RFC 5819]."""

    async def create(self, mailbox: str) -> None:
        """Make a mailbox; one that is there already stays as it is."""

    async def select(self, mailbox: str, known: SyncPoint | None = None) -> Selected:
        """Open a mailbox and tell what has changed since `known` [RFC 7162 §3.2.5]."""

    async def changes(self) -> Changes:
        """Ask what has changed in the selected mailbox since the last time."""

    async def search(self, criteria: str) -> list[int]:
        """UIDs that match, rising, such as of "UNSEEN" or 'HEADER Message-ID "<a@b>"'."""

    async def fetch_facts(self, uids: Collection[int], headers: Sequence[str]) -> list[Facts]:
        """Facts of these mails, by rising UID, with these fields; those gone are left out."""

    def fetch_message(self, uid: int) -> AsyncIterator[bytes]:
        """The octets of a mail in pieces of at most 64 KiB; none at all: it is gone.

        Its \\Seen stays as it is. Other calls may come between two pieces, but where
        another mailbox is selected, Refused is raised.
        """

    async def append(
        self,
        mailbox: str,
        octets: AsyncIterable[bytes],
        size: int,
        flags: Collection[str] = (),
        date: datetime | None = None,
    ) -> Appended | None:
        """Put a mail of `size` octets there; None: done, and the server does not say where.

        After Gone it may be there or not. Raises ValueError, and the connection is closed, if
        `octets` are not as many as said.
        """

    async def store(
        self,
        uids: Collection[int],
        add: Collection[str] = (),
        remove: Collection[str] = (),
        unchangedsince: int | None = None,
    ) -> list[int]:
        """Add and remove flags; gives UIDs left as they were: they have changed since that number.

        `unchangedsince` is a modseq number; only a server with CONDSTORE can, else Unsupported.
        """

    async def move(self, uids: Collection[int], mailbox: str) -> Moved | None:
        """Move mails to another mailbox; None: done, and the server does not say where to."""

    async def expunge(self, uids: Collection[int]) -> None:
        """Mark these mails \\Deleted and remove them, and no others."""

    def watch(self, mailboxes: Sequence[str]) -> AsyncGenerator[MailboxEvent, None]:
        """Tell of changes for as long as it is read; closing it makes the connection free again.

        One mailbox is watched by IDLE; it is selected first if it is not yet, and `changes` tells
        afterwards what has come. Several need NOTIFY, else Unsupported is raised, and none is
        selected afterwards. The first event of each mailbox says that watching has begun: what
        changed before, only selecting or `changes` tells.
        """
