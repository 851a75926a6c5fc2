"""Putting mails in, marking, moving, removing them [RFC 3501 §6, RFC 4315, RFC 6851, RFC 7162]."""

from collections.abc import AsyncIterable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from app.imap.net import refusals, told
from app.imap.net.api import Appended, Moved, ProtocolError, Unsupported
from app.imap.net.commands import Command, Part, Stream, date_time, flag_list, ranges, sets
from app.imap.net.exchange import Exchange
from app.imap.net.reader import Data, Status


async def create(exchange: Exchange, mailbox: str) -> None:
    """As Connection.create, within a turn."""
    name = exchange.session.mailbox(mailbox)
    status = await exchange.run_for_any(Command(b"CREATE ", *name))
    if status.kind != "OK" and status.name != "ALREADYEXISTS":
        raise refusals.of(status)


async def append(
    exchange: Exchange,
    mailbox: str,
    octets: AsyncIterable[bytes],
    size: int,
    flags: Collection[str],
    date: datetime | None,
) -> Appended | None:
    """As Connection.append, within a turn; `size` is in octets."""
    parts: list[Part] = [b"APPEND ", *exchange.session.mailbox(mailbox), b" "]
    if flags:
        parts += [flag_list(flags), b" "]
    if date is not None:
        parts += [date_time(date), b" "]
    status = await exchange.run(Command(*parts, Stream(size)), octets=octets)
    if status.name != "APPENDUID":
        return None
    with _of_code(exchange, status):
        _, validity, uid = status.code
        return Appended(told.uid(validity), told.uid(uid))


async def store(
    exchange: Exchange,
    uids: Collection[int],
    add: Collection[str],
    remove: Collection[str],
    unchangedsince: int | None,
) -> list[int]:
    """As Connection.store, within a turn; `unchangedsince` is a number. Raises Unsupported."""
    exchange.selected()
    if unchangedsince is not None and not exchange.counts_changes:
        raise Unsupported("the server counts no changes")
    left: set[int] = set()
    since = unchangedsince
    for sign, flags in ((b"+", add), (b"-", remove)):
        if flags:
            left |= await _mark(exchange, set(uids) - left, sign, flags, since)
            since = None  # our own first step has changed the others
    return sorted(left)


async def _mark(
    exchange: Exchange,
    uids: Collection[int],
    sign: bytes,
    flags: Collection[str],
    since: int | None,
) -> set[int]:
    """UIDs that were left as they were [RFC 7162 §3.1.3: MODIFIED]."""
    condition = b"" if since is None else b"(UNCHANGEDSINCE %d) " % since
    what = sign + b"FLAGS.SILENT " + flag_list(flags)
    left: set[int] = set()
    for some in sets(ranges(uids)):
        status = await exchange.run_for_any(Command(b"UID STORE ", some, b" ", condition, what))
        if status.name == "MODIFIED":
            with _of_code(exchange, status):
                _, several = status.code
                left.update(told.uids_of(told.uid_ranges(several)))
        elif status.kind != "OK":
            raise refusals.of(status)
    return left


async def move(exchange: Exchange, uids: Collection[int], mailbox: str) -> Moved | None:
    """As Connection.move, within a turn; without MOVE it is done in three steps [RFC 6851 §3.3]."""
    exchange.selected()
    at_once = exchange.can("MOVE")
    if not at_once:
        _must_have_uidplus(exchange)
    codes: list[Status] = []

    def take(what: Data | Status) -> bool:
        if isinstance(what, Status) and what.name == "COPYUID":
            codes.append(what)
        return isinstance(what, Status)

    verb = b"UID MOVE " if at_once else b"UID COPY "
    for some in sets(ranges(uids)):
        name = exchange.session.mailbox(mailbox)
        take(await exchange.run(Command(verb, some, b" ", *name), take))
        if not at_once:
            await _remove(exchange, some)
    moved: Moved | None = None
    for status in codes:
        with _of_code(exchange, status):
            validity, numbers = told.copied(status.code)
            moved = Moved(validity, {**(moved.uids if moved else {}), **numbers})
    return moved


async def expunge(exchange: Exchange, uids: Collection[int]) -> None:
    """As Connection.expunge, within a turn."""
    exchange.selected()
    _must_have_uidplus(exchange)
    for some in sets(ranges(uids)):
        await _remove(exchange, some)


async def _remove(exchange: Exchange, some: bytes) -> None:
    await exchange.run(Command(b"UID STORE ", some, rb" +FLAGS.SILENT (\Deleted)"))
    await exchange.run(Command(b"UID EXPUNGE ", some))


def _must_have_uidplus(exchange: Exchange) -> None:
    if not exchange.can("UIDPLUS"):  # EXPUNGE would remove what others have marked
        raise Unsupported("the server cannot remove single mails (UIDPLUS)")


@contextmanager
def _of_code(exchange: Exchange, status: Status) -> Iterator[None]:
    """Within it the numbers of a code are read."""
    try:
        yield
    except ValueError as problem:
        exchange.wire.abort()
        raise ProtocolError(f"{problem}, in {refusals.said(status)}") from problem
