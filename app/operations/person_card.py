"""People as an administrator looks at them: searched in pages, and one with all that is set."""

from dataclasses import dataclass

from app.inbox.aliases import Alias
from app.inbox.fetch_accounts import FetchAccount
from app.inbox.greetings import GreetingKind
from app.inbox.outgoing_accounts import OutgoingAccount
from app.inbox.people import Person
from app.operations.actor import Actor, require_admin
from app.operations.box import Box, find_person, person_for
from app.operations.paging import PAGE, Paged, has_words, paged
from app.operations.people import PersonLine, line_of
from app.operations.references import known_of
from app.operations.versions import version_of
from app.voicemail.key_maps import KEY_MAPS
from drivers.countries.numbering import CallClass


@dataclass(frozen=True)
class PersonCard:
    """One person with all that is set for them."""

    line: PersonLine
    voicemails: int
    """How many are in the inbox, heard or not."""
    forward: Alias | None
    """The alias that bears their login."""
    member_of: tuple[str, ...]
    """Other aliases that name them."""
    accounts: tuple[FetchAccount, ...]
    outgoing: OutgoingAccount | None
    greetings: tuple[GreetingKind, ...]
    version: str
    """Of what change_person can change; it takes it as `seen`."""

    @property
    def person(self) -> Person:
        """Who it is."""
        return self.line.person

    @property
    def keeps_copy(self) -> bool:
        """Whether their messages stay in the inbox, be they forwarded or not."""
        return self.forward is None or self.person.login in self.forward.members


@dataclass(frozen=True)
class PersonChoices:
    """What there is to choose from for a person."""

    handsets: tuple[tuple[str, str], ...]
    """Jacks, each with the login of who has it; "" if nobody has."""
    languages: tuple[str, ...]
    """Two letters each [ISO 639-1]."""
    templates: tuple[str, ...]
    key_maps: tuple[tuple[str, str], ...]
    """Names, each with its meaning."""
    logins: tuple[str, ...]
    """Everybody here."""
    call_classes: tuple[str, ...] = tuple(CallClass)
    """What they may call outside, from the cheapest to the dearest."""
    usual_class: str = ""
    """What the setting numbers.person_class says of people without one of their own."""


def person_choices(box: Box, actor: Actor) -> PersonChoices:
    """What can be set for people here. Raises NotAllowed."""
    require_admin(actor, "see what can be set for people")
    known, people = known_of(box.settings), box.people.names()
    owners = {person.handset: person.login for person in people if person.handset}
    return PersonChoices(
        tuple((jack, owners.get(jack, "")) for jack in known.stations or ()),
        tuple(sorted(known.languages)),
        tuple(template.name for template in box.people.templates.all()),
        tuple((name, keys.meaning) for name, keys in KEY_MAPS.items()),
        tuple(person.login for person in people),
        usual_class=box.settings.numbers.person_class,
    )


def find_people(
    box: Box, actor: Actor, words: str = "", page: int = 1, size: int = PAGE
) -> Paged[PersonLine]:
    """People in whose login, name, number or address all of these words are; "": everybody.

    By login, `size` of them on each page. Who is no administrator finds themselves.
    """
    found = paged(
        [
            one
            for one in box.people.names()
            if (actor.is_admin or actor.owns(one.id)) and has_words(one.words, words)
        ],
        page,
        size,
    )
    return found.each(lambda one: line_of(box, find_person(box, one.login)))


def show_person(box: Box, actor: Actor, login: str) -> PersonCard:
    """One person. Raises NotFound or NotAllowed."""
    person = person_for(box, actor, login)
    others = tuple(name for name in box.aliases.naming(person.login) if name != person.login)
    return PersonCard(
        line_of(box, person),
        box.store.voicemails(person.id),
        box.aliases.get(person.login),
        others,
        tuple(box.fetch_accounts.of(person.id)),
        box.outgoing_accounts.of(person.id),
        box.greetings.recorded(person.id),
        version_of(person),
    )
