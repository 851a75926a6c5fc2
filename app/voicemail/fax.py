"""A fax that comes in: the script of a line on which a fax machine calls."""

import logging

from app.phone.calls.context import CallScript
from app.phone.calls.line import Line
from app.phone.fax.config import FaxConfig
from app.phone.fax.folder import FaxFacts
from app.phone.fax.link import FaxLinks, FaxOrder
from app.voicemail.jobs import VoicemailClerk

log = logging.getLogger(__name__)


def fax_script(clerk: VoicemailClerk, links: FaxLinks, config: FaxConfig) -> CallScript:
    """receive_fax() as calls run it; `links` begins a fax call."""
    return lambda line, mailbox: receive_fax(line, clerk, mailbox, links, config.station)


async def receive_fax(
    line: Line, clerk: VoicemailClerk, mailbox: str, links: FaxLinks, station: str
) -> None:
    """Receive a fax for the owner of this mailbox; `station` is what the sender is shown of us.

    The clerk delivers what has arrived, however the call ends. Raises JobFailed.
    """
    begun = await line.answer_of(clerk.begin_fax(mailbox, line.name, line.caller))
    if not begun.folder:
        log.warning("%s: no fax for mailbox %s: %s", line.name, mailbox, begun.refused)
        await line.hang_up()
        return
    caller = line.caller
    facts = FaxFacts(mailbox, line.name, caller.number, caller.name, begun.started_at)
    try:
        link = links(FaxOrder(station, folder=begun.folder, facts=facts))
    except OSError as problem:
        log.error("%s: no fax for mailbox %s: %s", line.name, mailbox, problem)
        clerk.missed_call(line.name, caller, f"a fax could not be received: {problem}")
        await line.hang_up()
        return
    try:
        await line.exchange(link)
    finally:
        link.close()
        clerk.end_fax()
    log.info("%s: fax for mailbox %s: %s", line.name, mailbox, link.end)
    await line.hang_up()
