"""What people see of their own box: what is in it, what fits in, and what they may choose."""

from dataclasses import dataclass

from app.inbox.people import Person
from app.operations import languages
from app.operations.actor import Actor
from app.operations.box import Box, person_for


@dataclass(frozen=True)
class OwnBox:
    """A person's own box."""

    person: Person
    address: str
    """Where mail reaches them."""
    used: int
    """Octets in the inbox."""
    quota: int
    """Octets that it may hold."""
    voicemails: int
    """How many voicemails are in it."""
    voicemails_most: int
    """How many it may hold; 0 for any number."""
    languages: tuple[str, ...]
    """Two letters each [ISO 639-1]."""
    elsewhere: bool = False
    """Whether a mail system that the inbox lives on decides what it may hold."""


def own_box(box: Box, actor: Actor, login: str) -> OwnBox:
    """Everything on the page of a person's settings. Raises NotFound and NotAllowed."""
    person = person_for(box, actor, login)
    limits, kept = box.delivery.limits.of(person), box.store.voicemails(person.id)
    return OwnBox(
        person,
        box.delivery.sender_of(person),
        box.store.used(person.id),
        limits.quota,
        kept,
        limits.voicemails,
        tuple(sorted({*languages.available(box.settings.voicemail.sounds), person.language})),
        limits.elsewhere,
    )
