"""What there is to be said of the IMAP server that the inbox lives on, if it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.sentences import N_, sentence
from app.inbox.mirror import Mirror
from app.operations.box import Box
from app.operations.references import Problem

if TYPE_CHECKING:
    from app.config.settings import Settings

_AWAY = N_(
    "the inbox of %(login)s is not in step with %(server)s: %(why)s. Callers are recorded all the"
    " same; %(count)s changes wait here and are told when it is back"
)
_REFUSED = N_(
    "%(server)s does not take a message of %(login)s: %(why)s. It stays here and is tried again"
)


def mail_system_problems(box: Box, settings: Settings) -> list[Problem]:
    """People whose inbox here is not in step with theirs on the server, and what it refuses."""
    if settings.store.kind != "imap":
        return []
    mirror, server = Mirror(box.db), settings.store.server
    waiting = mirror.waiting()
    found: list[Problem] = []
    for person in box.people.all():
        whose = {"login": person.login, "server": server}
        account = mirror.account(person.id)
        if account.error:
            count = waiting.get(person.id, 0)
            text = sentence(_AWAY, **whose, why=account.error, count=count)
            found.append(Problem("store.server", text))
        for why in sorted({why for _, why in mirror.refusals(person.id)}):
            found.append(Problem("store.server", sentence(_REFUSED, **whose, why=why)))
    return found
