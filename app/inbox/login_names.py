"""Whom a name means that somebody logs in with: a login, a mailbox number, or an address.

Mail programs ask for the address and take it, or what stands before its @, for the login. Every
spelling of a person counts as that person wherever passwords are judged, so that nobody can guess
more often by spelling a name in another way.
"""

from app.inbox.addresses import DeliveryConfig
from app.inbox.aliases import Aliases
from app.inbox.errors import NoSuchPerson
from app.inbox.people import People

ALIAS_NAMES = 10
"""Names and addresses that an alias may pass; one that leads to one person has two or three."""


class LoginNames:
    """Finds logins; for any thread."""

    def __init__(self, people: People, aliases: Aliases, config: DeliveryConfig) -> None:
        self._people = people
        self._aliases = aliases
        self._config = config

    def login_of(self, said: str) -> str | None:
        """The login that is meant; None if it is nobody's, or could be several people's."""
        said = said.strip()
        person = self._people.by_login(said) or self._people.by_mailbox(said)
        if person is None and "@" in said:
            person = self._people.by_address(said)
        if person is not None:
            return person.login
        name = self._local_part(said)
        if name is None:
            return None
        person = self._people.by_login(name) or self._people.by_mailbox(name)
        return person.login if person is not None else self._by_alias(name)

    def _local_part(self, said: str) -> str | None:
        """The name before the @, if what follows it is ours."""
        name, at, domain = said.rpartition("@")
        if at and domain in self._config.host_addresses:
            return name  # as mail programs make it of the server's name
        return self._config.local_part(said)

    def _by_alias(self, name: str) -> str | None:
        """The one person whom an alias leads to; none if it leads elsewhere, too.

        What leads to ALIAS_NAMES is not followed: whoever guesses at the name of an alias for
        everybody would have everybody read for each password.
        """
        if self._aliases.reached(name, ALIAS_NAMES) >= ALIAS_NAMES:
            return None
        try:
            found = self._aliases.expand(name)
        except NoSuchPerson:
            return None
        if len(found.people) != 1 or found.outside:
            return None
        return found.people[0].login
