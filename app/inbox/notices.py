"""Mail from the box itself to somebody who has a box here."""

from app.inbox.addresses import DeliveryConfig
from app.inbox.entries import Door, EntryState, Facts, Kind
from app.inbox.people import Person
from app.inbox.store import Store
from app.message.notice import Notice, Told, compose
from app.store.database import Tx

POSTMASTER = "postmaster"


def put_notice(
    tx: Tx,
    store: Store,
    config: DeliveryConfig,
    to: Person,
    told: Told,
    *,
    door: Door,
    by: str,
) -> int:
    """Put a notice into somebody's inbox, in their language; gives the entry."""
    now, address = store.moment().at, config.canonical(to.login)
    sender = config.canonical(POSTMASTER)
    notice = Notice(address, sender, config.hostname, told, to.language, now)
    content = store.contents.write(tx, (compose(notice),))
    prefix = f"Return-Path: <>\r\nDelivered-To: {address}\r\n".encode()
    facts = Facts(now, sender, notice.subject, door=door, by=by)
    return store.add_entry(tx, to.id, content, prefix, Kind.EMAIL, EntryState.NEW, facts)
