"""What operations work on, as they see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from app.inbox.account_passwords import AccountPasswords
from app.inbox.aliases import Aliases
from app.inbox.delivery import Delivery
from app.inbox.fetch_accounts import FetchAccounts
from app.inbox.greetings import Greetings
from app.inbox.outgoing_accounts import OutgoingAccounts
from app.inbox.people import People, Person
from app.inbox.queue import Queue
from app.inbox.search_index import SearchIndex
from app.inbox.store import Store
from app.operations.actor import Actor, may_use
from app.operations.errors import NotAllowed, NotFound
from app.store.database import Database

if TYPE_CHECKING:
    from app.config.settings import Settings


class Box(Protocol):
    """One box: its store and the settings it was opened with (app.appliance.Inbox is one)."""

    @property
    def settings(self) -> Settings:
        """The settings as they were when the box was opened."""

    @property
    def db(self) -> Database:
        """Transactions."""

    @property
    def store(self) -> Store:
        """Entries, history, missed calls."""

    @property
    def people(self) -> People:
        """Who has a box here."""

    @property
    def aliases(self) -> Aliases:
        """Names that stand for others."""

    @property
    def queue(self) -> Queue:
        """Mail on its way out."""

    @property
    def delivery(self) -> Delivery:
        """Where mail to a name goes."""

    @property
    def passwords(self) -> AccountPasswords:
        """Passwords of accounts elsewhere."""

    @property
    def fetch_accounts(self) -> FetchAccounts:
        """Accounts on POP3 servers elsewhere."""

    @property
    def outgoing_accounts(self) -> OutgoingAccounts:
        """Accounts by which people's own mail leaves."""

    @property
    def greetings(self) -> Greetings:
        """What callers hear."""

    @property
    def search(self) -> SearchIndex:
        """What messages are found by."""


def find_person(box: Box, login: str, field: str = "login") -> Person:
    """The person with this login, in any case of letters. Raises NotFound, which lists the logins.

    `field` is the argument that names the person.
    """
    person = box.people.by_login(login)
    if person is None:
        known = ", ".join(p.login for p in box.people.all()) or "nobody yet"
        raise NotFound(
            field, "there is no %(login)s here; there are: %(known)s", login=login, known=known
        )
    return person


def person_for(box: Box, actor: Actor, login: str) -> Person:
    """The person whose box the actor wants to use.

    Raises NotFound, and NotAllowed for somebody else's box (be it there or not).
    """
    own = None if actor.person is None else box.people.by_id(actor.person)
    if not actor.is_admin and (own is None or own.login != login.lower()):
        raise NotAllowed("login", "only an administrator may use other people's boxes")
    person = find_person(box, login)
    assert may_use(actor, person.id)
    return person
