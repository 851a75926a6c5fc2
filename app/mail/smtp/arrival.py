"""Telling a sender that a mail has arrived, if they have asked for it [RFC 3461 §4.1, §5.2].

Only our own people and devices are told: a stranger could give anybody's address as the sender.
What goes elsewhere is told by the queue, once the next hop has it (app/inbox/queue_reports.py).
"""

from app.inbox.delivery import Delivery, Destination, Envelope
from app.inbox.queue_reports import MailFacts
from app.mail.smtp.envelope import Transaction
from app.message.failure_report import FailedRecipient
from app.store.database import Tx


def tell_arrival(
    tx: Tx, delivery: Delivery, mail: Transaction, envelope: Envelope, header: bytes
) -> None:
    """In the transaction that delivers the mail: report its success for those who live here."""
    if not (mail.ours and envelope.sender):
        return
    told = tuple(
        FailedRecipient(str(one.address), "", one.asked.orcpt, action=_action(one.destination))
        for one in mail.accepted
        if one.asked.of_success and not _is_relayed(one.destination)
    )
    if told:
        about = MailFacts(envelope.sender, header, envelope.facts.received_at, mail.asked.envid)
        sender = delivery.local_sender(envelope.sender)
        delivery.reports.arrived(tx, about, None if sender is None else sender.id, told)


def _action(route: Destination) -> str:
    """RFC 3464 §2.3.3."""
    if not route.outside and not route.group:
        return "delivered"
    return "expanded" if route.group or route.local else "relayed"


def _is_relayed(route: Destination) -> bool:
    """Whether the queue tells it: no alias of ours has sent it elsewhere."""
    return bool(route.outside) and not any(one.via for one in route.outside)
