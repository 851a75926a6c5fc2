"""How people learn that there is something new: lamp, dial tone, and mail that goes on."""

from dataclasses import dataclass

from app.inbox.people import Person
from app.operations.actor import Actor, require_admin
from app.operations.box import Box
from app.operations.paging import Paged
from app.operations.person_card import find_people


@dataclass(frozen=True)
class NotificationLine:
    """One person: what of theirs is new, and what tells them."""

    person: Person
    unheard: int
    """New voicemails; as long as there are any, the lamp of the handset is lit."""
    outside: tuple[str, ...]
    """Addresses elsewhere that get their voicemail and e-mail, too."""


def list_notifications(box: Box, actor: Actor, page: int = 1) -> Paged[NotificationLine]:
    """How everybody is told of new messages; `page` is a number from 1 on. Raises NotAllowed."""
    require_admin(actor, "see how people are notified")
    return find_people(box, actor, "", page).each(
        lambda line: NotificationLine(
            line.person, line.new_voicemails, box.aliases.expand(line.person.login).external
        )
    )
