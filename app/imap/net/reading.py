"""Finding mails, and fetching what they are [RFC 3501 §6.4, RFC 4731, RFC 7162]."""

from collections.abc import AsyncIterator, Collection, Sequence

from app.imap.net import told
from app.imap.net.api import Facts, Refused
from app.imap.net.commands import Command, criteria, field_list, ranges, sets
from app.imap.net.exchange import Exchange, Selection
from app.imap.net.reader import BadResponse, Data, Status
from app.imap.net.told import Fetched

PIECE = 65_536
"""Octets of a message that are asked for at a time: no more of it is ever held."""
HEADER_LIMIT = 32_768
"""Octets of the header fields of a mail: what is beyond is not asked for."""


async def search(exchange: Exchange, text: str) -> list[int]:
    """As Connection.search, within a turn."""
    exchange.selected()
    found: list[int] = []

    def take(what: Data | Status) -> bool:
        if isinstance(what, Status) or what.name not in ("SEARCH", "ESEARCH"):
            return False
        found.extend(told.searched(what))
        if len(found) > told.MAILS_LIMIT:
            raise BadResponse("mails without end match")
        return True

    # as ranges, where the server can: 50,000 mails are then a line of a few octets
    how = b"RETURN (ALL) " if exchange.can("ESEARCH") else b""
    await exchange.run(Command(b"UID SEARCH ", how, criteria(text)), take)
    return sorted(found)


class _Gathering:
    """FETCH responses of the mails that were asked for; a server may tell in several."""

    def __init__(self, uids: Collection[int], largest: int) -> None:
        """`largest`: octets of the part that is asked for."""
        self._asked = frozenset(uids)
        self._largest = largest
        self.found: dict[int, Fetched] = {}

    def take(self, what: Data | Status) -> bool:
        """Take one response. Raises BadResponse."""
        if isinstance(what, Status) or what.name != "FETCH":
            return False
        one = told.fetched(what)
        if one.uid not in self._asked or one.uid is None:
            return False
        if one.body is not None and len(one.body) > self._largest:
            raise BadResponse(f"{len(one.body)} octets where {self._largest} were asked for")
        whole = self.found.setdefault(one.uid, one)
        for name, value in vars(one).items():
            if value is not None:
                setattr(whole, name, value)
        if one.flags is not None and one.size is None:
            return False  # news beside the piece that was asked for, as Cyrus tells it
        return one.size is not None or one.body is not None


async def fetch_facts(
    exchange: Exchange, uids: Collection[int], headers: Sequence[str]
) -> list[Facts]:
    """As Connection.fetch_facts, within a turn."""
    items = b"UID FLAGS RFC822.SIZE INTERNALDATE"
    if exchange.selected().highestmodseq is not None:
        items += b" MODSEQ"
    if headers:
        items += b" BODY.PEEK[HEADER.FIELDS " + field_list(headers) + b"]<0.%d>" % HEADER_LIMIT
    gathering = _Gathering(uids, HEADER_LIMIT)
    for some in sets(ranges(uids)):
        await exchange.run(Command(b"UID FETCH ", some, b" (", items, b")"), gathering.take)
    facts = [_facts(uid, one, bool(headers)) for uid, one in sorted(gathering.found.items())]
    return [one for one in facts if one is not None]


def _facts(uid: int, one: Fetched, with_header: bool) -> Facts | None:
    """None: only news of it came, because it is gone."""
    header = one.body if with_header else b""
    if one.flags is None or one.size is None or one.internal_date is None or header is None:
        return None
    return Facts(uid, one.flags, one.modseq, one.size, one.internal_date, header)


async def fetch_message(exchange: Exchange, uid: int) -> AsyncIterator[bytes]:
    """As Connection.fetch_message; each piece is a turn of its own."""
    selection = exchange.selected()
    at = 0
    while piece := await _piece(exchange, selection, uid, at):
        yield piece
        at += len(piece)
        if len(piece) < PIECE:
            return


async def _piece(exchange: Exchange, selection: Selection, uid: int, at: int) -> bytes:
    async with exchange.turn():
        if exchange.selection is not selection:
            raise Refused(f"{selection.mailbox} was left before all of a mail was fetched")
        gathering = _Gathering([uid], PIECE)
        await exchange.run(
            Command(b"UID FETCH %d (UID BODY.PEEK[]<%d.%d>)" % (uid, at, PIECE)), gathering.take
        )
    found = gathering.found.get(uid)
    return (found.body if found else None) or b""
