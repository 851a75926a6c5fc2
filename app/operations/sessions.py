"""Logins to the web pages: sessions begun, found, listed and ended.

Whether a password is right is judged before, by the rules of app/net/logins.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.inbox.audit import AuditEvent
from app.inbox.login_names import LoginNames
from app.inbox.people import Person
from app.inbox.web_sessions import WebSession, WebSessions
from app.operations.actor import Actor, actor_of
from app.operations.box import Box
from app.operations.errors import NotAllowed, NotFound
from app.store.database import Tx

DOOR = "web"


@dataclass(frozen=True)
class SessionLimits:
    """When a session ends by itself."""

    idle_s: float
    """Seconds without use."""
    longest_s: float
    """Seconds after its begin."""


@dataclass(frozen=True)
class Visitor:
    """Somebody who is logged in."""

    person: Person
    actor: Actor
    session: int
    """Id of their session."""


@dataclass(frozen=True)
class SessionLine:
    """One of a person's sessions in the list of all."""

    id: int
    began_at: float
    """Seconds since 1970 UTC."""
    idle_s: float
    """Seconds since its last use that was written down."""
    peer: str
    """IP address from which it was begun."""
    program: str
    """What the browser calls itself."""


def password_check(box: Box) -> Callable[[str, str], Person | None]:
    """What finds the person of a login and a password; takes tens of milliseconds."""
    return box.people.check_password


def login_finder(box: Box) -> Callable[[str], str | None]:
    """What finds the login that a name means: of a login, a mailbox number or an address."""
    return LoginNames(box.people, box.aliases, box.delivery.config).login_of


def begin_session(box: Box, limits: SessionLimits, person: int, peer: str, program: str) -> str:
    """Log a person (id) in, whose password was right; the token by which they are known.

    Raises NotFound if they have been removed.
    """
    known, sessions = box.people.by_id(person), _sessions(box)
    if known is None:
        raise NotFound("login", "this person is not here any more")

    def work(tx: Tx) -> str:
        sessions.forget_ended(tx, limits.idle_s)
        event = AuditEvent(person, None, f"from {peer}")
        box.store.audit_log.write(tx, "logged in", DOOR, known.login, [event])
        return sessions.begin(tx, person, peer, program)

    return box.db.now(work)


def find_visitor(box: Box, limits: SessionLimits, token: str, touch: bool = True) -> Visitor | None:
    """Who is logged in with this token; None if nobody is, or their session has ended.

    `touch`: it counts as use of the session.
    """
    sessions = _sessions(box)
    session = sessions.find(token, limits.idle_s, limits.longest_s)
    person = None if session is None else box.people.by_id(session.person)
    if session is None or person is None:
        return None
    if touch and sessions.is_to_be_touched(session):
        box.db.now(lambda tx: sessions.touch(tx, session))
    return Visitor(person, actor_of(person, DOOR), session.id)


def list_sessions(box: Box, limits: SessionLimits, actor: Actor) -> list[SessionLine]:
    """The actor's own sessions, the one used last first. Raises NotAllowed."""
    now = box.db.box_time.now()
    found = _sessions(box).of(_own(actor), limits.idle_s, limits.longest_s)
    return [_line(one, now) for one in found]


def end_session(box: Box, actor: Actor, session: int) -> None:
    """End one of the actor's own sessions. Raises NotFound and NotAllowed."""
    person = _own(actor)

    def work(tx: Tx) -> bool:
        event = AuditEvent(person, None, "")
        box.store.audit_log.write(tx, "logged out", DOOR, actor.login, [event])
        return _sessions(box).end(tx, person, session)

    if not box.db.now(work):
        raise NotFound("session", "this session has ended already")


def _own(actor: Actor) -> int:
    if actor.person is None:
        raise NotAllowed("", "only people with a box have sessions")
    return actor.person


def _sessions(box: Box) -> WebSessions:
    return WebSessions(box.db, box.db.clock)


def _line(session: WebSession, now: float) -> SessionLine:
    idle_s = max(0.0, now - session.used_box_s)
    return SessionLine(session.id, session.began_at, idle_s, session.peer, session.program)
