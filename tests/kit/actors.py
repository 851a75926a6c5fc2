"""Actors at a door, for tests of operations."""

from app.appliance import Inbox
from app.operations.actor import Actor, Role

ADMIN = Actor("root", "web", frozenset({Role.SYSTEM}))


def owner(box: Inbox, login: str) -> Actor:
    """This person at the web page: with rights over their own box."""
    person = box.people.by_login(login)
    assert person is not None
    return Actor(login, "web", frozenset({Role.USER}), person.id)
