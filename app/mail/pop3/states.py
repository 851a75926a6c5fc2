"""The states of a POP3 session, what moves it between them, and the words it shares with others.

MOVES is the whole picture of a session's life; nothing outside it changes a state.
"""

from dataclasses import dataclass, field
from enum import Enum, StrEnum


class Pop3State(Enum):
    """Where a session stands [RFC 1939 3]; the waiting ones say what they wait for."""

    AUTHORIZATION = "authorization"
    WAIT_LOGIN = "waiting for the check of a password"
    TRANSACTION = "transaction"
    WAIT_COMMIT = "update: waiting for the commit"
    CLOSED = "closed"


class Pop3Event(Enum):
    """What can move a session from state to state."""

    PASSWORD = "password given"
    LOGGED_IN = "login accepted"
    REFUSED = "login refused"
    GIVEN_UP = "too many refused logins or unusable commands"
    QUIT = "QUIT"
    SETTLED = "commit done or failed"
    IDLE = "autologout"
    TAKEN_OVER = "another session took the maildrop"
    STOP = "the service stops"


MOVES: dict[Pop3State, dict[Pop3Event, Pop3State]] = {
    Pop3State.AUTHORIZATION: {
        Pop3Event.PASSWORD: Pop3State.WAIT_LOGIN,
        Pop3Event.QUIT: Pop3State.CLOSED,
        Pop3Event.GIVEN_UP: Pop3State.CLOSED,
        Pop3Event.IDLE: Pop3State.CLOSED,
        Pop3Event.STOP: Pop3State.CLOSED,
    },
    Pop3State.WAIT_LOGIN: {
        Pop3Event.LOGGED_IN: Pop3State.TRANSACTION,
        Pop3Event.REFUSED: Pop3State.AUTHORIZATION,
        Pop3Event.STOP: Pop3State.CLOSED,
    },
    Pop3State.TRANSACTION: {
        Pop3Event.QUIT: Pop3State.WAIT_COMMIT,
        Pop3Event.GIVEN_UP: Pop3State.CLOSED,
        Pop3Event.IDLE: Pop3State.CLOSED,
        Pop3Event.TAKEN_OVER: Pop3State.CLOSED,
        Pop3Event.STOP: Pop3State.CLOSED,
    },
    Pop3State.WAIT_COMMIT: {
        Pop3Event.SETTLED: Pop3State.CLOSED,
        Pop3Event.STOP: Pop3State.WAIT_COMMIT,  # the removal may already be durable: let it be told
    },
    Pop3State.CLOSED: {},
}

LISTENING = (Pop3State.AUTHORIZATION, Pop3State.TRANSACTION)
"""States in which commands are run; in the waiting ones they lie unread.

A tuple, since looking into it compares by identity, where a set would call an Enum's slow hash.
"""


class Code(StrEnum):
    """Response codes [RFC 2449 8, RFC 3206]: they tell whether another password could help."""

    NONE = ""
    IN_USE = "[IN-USE] "
    AUTH = "[AUTH] "
    SYS_TEMP = "[SYS/TEMP] "
    SYS_PERM = "[SYS/PERM] "

    def reply(self, text: str) -> bytes:
        """A refusal as it goes on the wire."""
        return f"-ERR {self}{text}\r\n".encode()


class Refused(Exception):
    """A well-formed command that cannot be done; the text goes to the client."""


class Misused(Refused):
    """A command that is unknown, malformed or out of place; too many of them end the session."""


@dataclass(frozen=True)
class LoginWanted:
    """Check this name and password and answer `logged_in` or `refused`."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Commit:
    """Remove these entries in one transaction and answer `committed` or `failed`.

    retrieved: entries that were sent whole and are not removed.
    """

    removed: tuple[int, ...]
    retrieved: tuple[int, ...]
