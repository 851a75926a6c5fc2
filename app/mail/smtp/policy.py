"""Who may send what to whom: the verdicts of SMTP sessions, from where delivery leads.

Nobody relays here but the LAN and who has logged in, whatever way an address is spelt: whether it
is ours is known by its domain alone, after source routes and quotes are read [RFC 5321 §3.6.1].
"""

import logging
from dataclasses import dataclass, replace

from app.core.clock import Clock
from app.inbox.addresses import ABUSE, POSTMASTER
from app.inbox.delivery import Delivery, Destination
from app.inbox.errors import (
    BadName,
    MailboxFull,
    MailboxFullForGood,
    MailLoop,
    NoSpace,
    NoSuchPerson,
    NotOurs,
)
from app.inbox.people import Person
from app.mail.outbound.srs import Origin, Srs, SrsError
from app.mail.smtp import replies
from app.mail.smtp.envelope import Accepted, Transaction
from app.mail.smtp.faxes import Faxes, FaxNumbers
from app.mail.smtp.grammar import Address
from app.mail.smtp.rates import Hourly
from app.mail.smtp.replies import Reply
from app.net.peers import source
from app.store.condition import StoreCondition
from app.store.errors import StoreDamaged, StoreFull

log = logging.getLogger(__name__)

# What the inbox refuses, as the peer hears it.
REFUSALS: dict[type[BaseException], Reply] = {
    NoSuchPerson: replies.UNKNOWN_PERSON,
    NotOurs: replies.NO_RELAY,
    BadName: replies.BAD_RECIPIENT,
    MailboxFull: replies.MAILBOX_FULL,
    MailboxFullForGood: replies.MAILBOX_FULL_FOR_GOOD,
    NoSpace: replies.NO_SPACE,
    StoreFull: replies.NO_SPACE,
    MailLoop: replies.LOOP,
    StoreDamaged: replies.DAMAGED,
}


ALWAYS_TAKEN = (POSTMASTER, ABUSE)
"""Whom one must be able to write to about mail that is refused [RFC 5321 §4.5.1, RFC 2142 §4]."""


@dataclass(frozen=True)
class Rates:
    """What is taken in an hour at most; 0: any number."""

    strangers_mails: int
    """Mails of one address that is not on the LAN."""
    recipients_outside: int
    """Recipients elsewhere of one person, or of one address on the LAN."""


class DeliveryPolicy:
    """The verdicts of a session, from where delivery leads."""

    def __init__(
        self,
        delivery: Delivery,
        srs: Srs | None,
        condition: StoreCondition,
        clock: Clock,
        limits: Rates,
        fax_numbers: FaxNumbers | None = None,
    ) -> None:
        self._delivery = delivery
        self._faxes = Faxes(delivery, fax_numbers)
        self._srs = srs
        self._condition = condition
        self._clock = clock
        self._strangers = Hourly(limits.strangers_mails)
        self._outside = Hourly(limits.recipients_outside)

    def sender(self, transaction: Transaction) -> Reply | None:
        """Who may send, and as whom [RFC 6409 §4.3, §6.1]; to whom is asked next."""
        mail, person = transaction, transaction.person
        if not self._condition.damage().writable:
            return replies.DAMAGED
        if mail.peer.submission and not mail.ours:
            return replies.LOGIN_FIRST
        if person is not None and not mail.sender.is_null:
            return None if self.is_own(person, str(mail.sender)) else replies.NOT_YOUR_ADDRESS
        if not mail.ours and not self._take(self._strangers, mail):
            return replies.TOO_OFTEN
        return None

    def is_own(self, person: Person, address: str) -> bool:
        """Whether it is this person's: any spelling of an address, or an alias they are in."""
        try:
            route = self._delivery.route(address)
        except (NoSuchPerson, NotOurs):
            return False
        return any(local.person.id == person.id for local in route.local) or any(
            outside.owner is not None and outside.owner.id == person.id for outside in route.outside
        )

    def _take(self, rate: Hourly, mail: Transaction) -> bool:
        """Count one more of who sends this mail: a person, or an address."""
        who = f"#{mail.person.id}" if mail.person is not None else source(mail.peer.host)
        if rate.take(who, self._clock.monotonic()):
            return True
        log.warning("%s sends too much in this hour; it is put off", who)
        return False

    def recipient(self, transaction: Transaction, address: Address) -> Accepted | Reply:
        """Where the address leads, with room reserved; or why not."""
        try:
            number = self._faxes.number_in(str(address))
            if number is None:
                route = self._route(transaction, address)
            else:
                fax = self._faxes.route(transaction, str(address), number)
                if isinstance(fax, Reply):
                    log.info("%s for %s: %s", address, transaction.peer.host, fax)
                    return fax
                route = fax
            if transaction.room is None:  # however many get it, it is stored once
                transaction.room = self._delivery.room.reserve(transaction.size)
            if address.local.lower() in ALWAYS_TAKEN and route.local:
                route = replace(route, group=True)  # it is no reason to refuse that a box is full
            self._delivery.reserve(route, transaction.size)
        except (NoSuchPerson, NotOurs, BadName, MailboxFull, NoSpace, StoreDamaged) as refused:
            log.info("mail from %s: %s", transaction.peer.host, refused)
            return REFUSALS[type(refused)]
        if route.answered and not self._may_be_answered(transaction):
            return replies.NOBODY_READS
        if self._is_relayed(route) and not self._take(self._outside, transaction):
            self._delivery.release(route, transaction.size)
            return replies.TOO_OFTEN
        return Accepted(address, route)

    def _is_relayed(self, route: Destination) -> bool:
        """Whether somebody sends it elsewhere, and not an alias of ours or a notice's way back."""
        if route.fax is not None:
            return True
        return any(not outside.via for outside in route.outside) and route.sent_on is None

    def _may_be_answered(self, transaction: Transaction) -> bool:
        """People here may write to the sender of voicemails; others could have us send to anybody.

        Never the null sender [RFC 3834 §2].
        """
        sender = str(transaction.sender)
        return transaction.ours and self._delivery.local_sender(sender) is not None

    def ended(self, transaction: Transaction) -> None:
        """Give back the reserved room."""
        if transaction.room is not None:
            transaction.room.release()
        for accepted in transaction.accepted:
            self._delivery.release(accepted.destination, transaction.size)

    def _route(self, transaction: Transaction, address: Address) -> Destination:
        """Raises one of REFUSALS."""
        origin = self._origin(transaction, address)  # else the catch-all alias would take notices
        if origin is not None:
            route = self._delivery.route_external(str(origin.address))
            return replace(route, sent_on=origin.entry)
        try:
            return self._delivery.route(str(address))
        except NotOurs:
            if not transaction.ours:
                raise
            return self._delivery.route_external(str(address))

    def _origin(self, transaction: Transaction, address: Address) -> Origin | None:
        """Whom a notice to a rewritten sender of ours is for; notices have the null sender."""
        if self._srs is None or not transaction.sender.is_null or not self._srs.is_ours(address):
            return None
        try:
            return self._srs.restore(address)
        except SrsError as wrong:
            log.info("notice from %s refused: %s", transaction.peer.host, wrong)
            return None
