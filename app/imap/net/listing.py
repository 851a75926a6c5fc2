"""Which mailboxes there are, and their numbers [RFC 3501 §6.3, RFC 2342, RFC 5258, RFC 5819]."""

from collections.abc import Sequence
from dataclasses import replace

from app.imap.net import told
from app.imap.net.api import Namespace, Namespaces, Status
from app.imap.net.commands import Command, Part, spaced
from app.imap.net.exchange import Exchange, Take
from app.imap.net.reader import BadResponse, Data
from app.imap.net.reader import Status as StatusResponse

MAILBOXES_LIMIT = 100_000
_NOT_SELECTABLE = {"\\noselect", "\\nonexistent"}


def status_items(exchange: Exchange) -> bytes:
    """What is asked of a mailbox."""
    more = b" HIGHESTMODSEQ" if exchange.counts_changes else b""
    return b"(MESSAGES UNSEEN UIDNEXT UIDVALIDITY" + more + b")"


async def namespaces(exchange: Exchange) -> Namespaces:
    """As Connection.namespaces, within a turn."""
    if not exchange.can("NAMESPACE"):
        return Namespaces((Namespace("", ""),), (), ())
    found: list[tuple[Namespace, ...]] = []

    def take(what: Data | StatusResponse) -> bool:
        if isinstance(what, StatusResponse) or what.name != "NAMESPACE":
            return False
        found[:] = [
            tuple(Namespace(_prefix(exchange, prefix), mark) for prefix, mark in kind)
            for kind in told.namespaces(what)
        ]
        return True

    await exchange.run(Command(b"NAMESPACE"), take)
    return Namespaces(*found) if found else Namespaces((), (), ())


def _prefix(exchange: Exchange, octets: bytes) -> str:
    return exchange.session.name_of(octets) if octets else ""


def merged(before: Status | None, after: Status) -> Status:
    """What is known now: an unasked STATUS tells only of what has changed [RFC 5465 §4]."""
    told_now = {name: value for name, value in vars(after).items() if value is not None}
    return replace(before or Status(), **told_now)


class _Found:
    """Mailboxes that a server lists, with their numbers where it says them."""

    def __init__(self, exchange: Exchange) -> None:
        self._name_of = exchange.session.name_of
        self.mailboxes: dict[str, Status] = {}

    def take(self, what: Data | StatusResponse) -> bool:
        """Take one response. Raises BadResponse."""
        if isinstance(what, StatusResponse):
            return False
        if what.name == "LIST":
            octets, attributes = told.listed(what)
            if not attributes & _NOT_SELECTABLE:
                self.mailboxes.setdefault(self._name_of(octets), Status())
        elif what.name == "STATUS":
            octets, status = told.status(what)
            name = self._name_of(octets)
            known = self.mailboxes.get(name)
            self.mailboxes[name] = merged(known, status)
        else:
            return False
        if len(self.mailboxes) > MAILBOXES_LIMIT:
            raise BadResponse("mailboxes without end")
        return True


async def list_status(exchange: Exchange, pattern: str) -> dict[str, Status]:
    """As Connection.list_status, within a turn."""
    found = _Found(exchange)
    patterns = [exchange.session.mailbox(pattern)]
    if exchange.can("LIST-STATUS"):
        await exchange.run(_list_command(exchange, patterns), found.take)
        return found.mailboxes
    await exchange.run(Command(b'LIST "" ', *patterns[0]), found.take)
    for name in list(found.mailboxes):
        await _ask_status(exchange, name, found.take)
    return found.mailboxes


async def _ask_status(exchange: Exchange, name: str, take: Take) -> None:
    """Ask of one mailbox; one that is gone meanwhile, or not ours to see, stays without numbers."""
    parts = exchange.session.mailbox(name)
    await exchange.run_for_any(Command(b"STATUS ", *parts, b" ", status_items(exchange)), take)


async def poll(exchange: Exchange, mailboxes: Sequence[str], besides: Take) -> dict[str, Status]:
    """The numbers of these mailboxes, in one exchange; the server has LIST-STATUS.

    `besides` is given what is no part of the answer. An unasked STATUS cannot be told from one that
    was asked for, and the later one is right.
    """
    asked = dict.fromkeys([*mailboxes, *filter(None, map(_inbox_of, mailboxes))])
    found = _Found(exchange)
    patterns = [exchange.session.mailbox(name) for name in asked]
    await exchange.run(
        _list_command(exchange, patterns), lambda what: found.take(what) or besides(what)
    )
    known = {name: found.mailboxes.get(name) for name in mailboxes}
    other = {name: found.mailboxes.get(_inbox_of(name)) for name in mailboxes}
    return {
        name: status for name in mailboxes if (status := known[name] or other[name]) is not None
    }


def _inbox_of(name: str) -> str:
    """What a server may list the INBOX of another person by: Dovecot says user/anna in LIST, and
    takes user/anna/INBOX everywhere; by the latter alone it tells of it [NOTIFY]. "" if it is none.
    """
    return name[:-6] if len(name) > 6 and name.upper().endswith(("/INBOX", ".INBOX")) else ""


def _list_command(exchange: Exchange, patterns: Sequence[Sequence[Part]]) -> Command:
    several = [b"(", *spaced(patterns), b")"] if len(patterns) > 1 else patterns[0]
    return Command(b'LIST "" ', *several, b" RETURN (STATUS ", status_items(exchange), b")")
