"""Opening a mailbox, and learning what has changed in it [RFC 3501 §6.3.1, RFC 7162]."""

from dataclasses import dataclass, field

from app.imap.net import refusals, told
from app.imap.net.api import (
    Changes,
    Flags,
    NotThere,
    ProtocolError,
    Refused,
    Selected,
    SyncPoint,
    UidRange,
)
from app.imap.net.commands import Command, Part, ranges
from app.imap.net.exchange import Exchange, Selection
from app.imap.net.news import News
from app.imap.net.reader import GREATEST, BadResponse, Data, Status
from app.imap.net.reading import search
from app.imap.net.tokens import number


@dataclass
class _Opening:
    """What a server tells while it opens a mailbox."""

    exists: int = 0
    uidvalidity: int = 0
    uidnext: int = 0
    highestmodseq: int | None = None
    flags: dict[int, Flags] = field(default_factory=dict)
    vanished: list[UidRange] = field(default_factory=list)

    def take(self, what: Data | Status) -> bool:
        """Take one response. Raises BadResponse."""
        if isinstance(what, Status):
            return self._take_code(what)
        if what.name == "EXISTS" and what.number is not None:
            self.exists = what.number
        elif what.name == "VANISHED":
            self.vanished += told.vanished(what)[1]
            if len(self.vanished) > told.RANGES_LIMIT:
                raise BadResponse("mails without end are gone")
        elif what.name == "FETCH":
            take_flags(self.flags, what)
        return True

    def _take_code(self, status: Status) -> bool:
        values = [one for one in status.code[1:] if not isinstance(one, list)]
        try:
            if status.name == "CLOSED":  # the mailbox before this one [RFC 7162 §3.2.11]
                self.exists = 0
                self.flags.clear()
                self.vanished.clear()
            elif status.name == "UIDVALIDITY":
                self.uidvalidity = told.uid(values[0])
            elif status.name == "UIDNEXT":
                self.uidnext = told.uid(values[0])
            elif status.name == "HIGHESTMODSEQ":
                self.highestmodseq = number(values[0], GREATEST) or None
        except (ValueError, IndexError) as problem:
            raise BadResponse(f"{status.name} without its number") from problem
        return True


def take_flags(flags: dict[int, Flags], data: Data) -> None:
    """Note the flags that a FETCH response tells. Raises BadResponse."""
    found = told.fetched(data)
    if found.uid is None or found.flags is None:
        return
    if len(flags) >= told.MAILS_LIMIT:
        raise BadResponse("mails without end")
    flags[found.uid] = Flags(found.uid, found.flags, found.modseq)


async def select(exchange: Exchange, mailbox: str, known: SyncPoint | None) -> Selected:
    """As Connection.select, within a turn. Raises ProtocolError and what the server says."""
    exchange.selection = None
    opening = _Opening()
    by_qresync = "QRESYNC" in exchange.session.enabled and known is not None
    parameter = b" (CONDSTORE)" if exchange.counts_changes else b""
    if by_qresync and known is not None and known.highestmodseq is not None:
        numbers = (known.uidvalidity, known.highestmodseq)
        parameter = b" (QRESYNC (%d %d))" % numbers  # [RFC 7162 §3.2.5]
    else:
        by_qresync = False
    name: list[Part] = exchange.session.mailbox(mailbox)
    # silent while it reads a large mailbox for the first time: Dovecot took 84 s for 50,000 files
    exchange.patience_s = exchange.wire.timeouts.command_s
    status = await exchange.run_for_any(Command(b"SELECT ", *name, parameter), opening.take)
    exchange.patience_s = exchange.wire.timeouts.answer_s
    if status.kind != "OK":  # Dovecot gives no code for a mailbox that is not there
        raise refusals.of(status, otherwise=Refused if status.name else NotThere)
    if not opening.uidvalidity or not opening.uidnext:
        exchange.wire.abort()
        raise ProtocolError(f"it does not number the mails of {mailbox}")
    resumed = known is not None and known.uidvalidity == opening.uidvalidity
    exchange.selection = Selection(mailbox, opening.uidvalidity, opening.highestmodseq)
    exchange.selection.news = News(opening.exists)
    if known is not None and resumed and not by_qresync:
        await _compare(exchange, opening, known)
    return Selected(
        opening.uidvalidity,
        opening.uidnext,
        opening.highestmodseq,
        opening.exists,
        readonly=status.name == "READ-ONLY",
        resumed=resumed,
        changed=tuple(opening.flags.values()) if resumed else (),
        vanished=tuple(opening.vanished) if resumed else (),
    )


async def _compare(exchange: Exchange, opening: _Opening, known: SyncPoint) -> None:
    """Find out by hand what QRESYNC would have told."""
    since = b""
    if known.highestmodseq is not None and opening.highestmodseq is not None:
        since = b" (CHANGEDSINCE %d)" % known.highestmodseq  # [RFC 7162 §3.1.4.1]

    def take(what: Data | Status) -> bool:
        if isinstance(what, Status) or what.name != "FETCH":
            return False
        take_flags(opening.flags, what)
        return True

    if opening.exists:
        await exchange.run(Command(b"UID FETCH 1:* (UID FLAGS)", since), take)
    there = set(await search(exchange, "ALL") if since else opening.flags)
    before = (range(first, last + 1) for first, last in known.uids)
    opening.vanished = ranges([uid for several in before for uid in several if uid not in there])


async def changes(exchange: Exchange) -> Changes:
    """As Connection.changes, within a turn."""
    selection = exchange.selected()
    await exchange.run(Command(b"NOOP"))
    return selection.news.changes()
