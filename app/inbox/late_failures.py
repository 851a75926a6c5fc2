"""A mail that was sent on and taken, and could not be delivered after all: it comes back.

Whoever takes a mail answers for it from then on [RFC 5321 §6.1], and reports to the envelope sender
when it fails later. That sender is a rewritten one of ours (app/mail/outbound/srs.py), which names
the entry that went to the bin when the mail was taken.
"""

from app.inbox.entries import EntryState
from app.inbox.people import People, Person
from app.inbox.store import Store
from app.message.failure_report import tells_failure
from app.store.database import Tx


def bring_back(tx: Tx, store: Store, people: People, entry_id: int, content: int) -> Person | None:
    """Restore the entry that `content` reports the failure of; its owner, who gets the report.

    None if the content reports no failure, or the entry is not one that went by a forward and is
    still in the bin: then the report is the original sender's.
    """
    entry = store.entry(entry_id)
    if entry is None or entry.state is not EntryState.BIN or entry.removed_door != "forward":
        return None
    owner = people.by_id(entry.person)
    if owner is None or not tells_failure(store.contents.beginning(tx, content)):
        return None
    store.restore(tx, [entry_id], "forward", "", "the next server could not deliver it after all")
    return owner
