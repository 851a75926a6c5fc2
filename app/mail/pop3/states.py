"""The states of a POP3 session, what moves it between them, and the words it shares with others.

The table POP3 is the whole picture of a session's life; nothing outside it changes a state.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from app.core.fsm import Row, Table, no_actions


class Pop3State(StrEnum):
    """Where a session stands [RFC 1939 §3]; UPDATE lasts as long as the commit."""

    AUTHORIZATION = "authorization"
    NEGOTIATING = "negotiating TLS"
    SASL = "SASL exchange"
    LOGIN = "login"
    TRANSACTION = "transaction"
    UPDATE = "update"
    CLOSED = "closed"


class Pop3Event(StrEnum):
    """What can move a session from state to state."""

    STLS = "STLS"
    SECURED = "TLS established"
    CHALLENGED = "challenge of SASL sent"
    CANCELLED = "SASL exchange given up or malformed"
    PASSWORD = "password given"
    LOGGED_IN = "login accepted"
    REFUSED = "login refused"
    GIVEN_UP = "too many refused logins or unusable commands"
    QUIT = "QUIT"
    COMMIT_ENDED = "commit done or failed"
    IDLE = "autologout"
    TAKEN_OVER = "another session took the maildrop"
    STOP = "the service stops"


POP3: Table[Pop3State, Pop3Event] = Table(
    "POP3 session",
    {
        Pop3State.AUTHORIZATION: Row(
            {
                Pop3Event.STLS: Pop3State.NEGOTIATING,
                Pop3Event.CHALLENGED: Pop3State.SASL,
                Pop3Event.PASSWORD: Pop3State.LOGIN,
                Pop3Event.QUIT: Pop3State.CLOSED,
                Pop3Event.GIVEN_UP: Pop3State.CLOSED,
                Pop3Event.IDLE: Pop3State.CLOSED,
                Pop3Event.STOP: Pop3State.CLOSED,
            },
            stay=frozenset({Pop3Event.SECURED}),  # TLS from the first octet
            meaning="Waits for a name and a password [RFC 1939 §4].",
        ),
        Pop3State.NEGOTIATING: Row(
            {
                Pop3Event.SECURED: Pop3State.AUTHORIZATION,
                Pop3Event.IDLE: Pop3State.CLOSED,
                Pop3Event.STOP: Pop3State.CLOSED,
            },
            meaning="Waits for the end of the TLS handshake [RFC 2595 §4].",
        ),
        Pop3State.SASL: Row(
            {
                Pop3Event.CANCELLED: Pop3State.AUTHORIZATION,
                Pop3Event.PASSWORD: Pop3State.LOGIN,
                Pop3Event.GIVEN_UP: Pop3State.CLOSED,
                Pop3Event.IDLE: Pop3State.CLOSED,
                Pop3Event.STOP: Pop3State.CLOSED,
            },
            stay=frozenset({Pop3Event.CHALLENGED}),
            meaning="Waits for the answer to a challenge [RFC 5034 §4].",
        ),
        Pop3State.LOGIN: Row(
            {
                Pop3Event.LOGGED_IN: Pop3State.TRANSACTION,
                Pop3Event.REFUSED: Pop3State.AUTHORIZATION,
                Pop3Event.STOP: Pop3State.CLOSED,
            },
            meaning="Waits for the check of the password.",
        ),
        Pop3State.TRANSACTION: Row(
            {
                Pop3Event.QUIT: Pop3State.UPDATE,
                Pop3Event.GIVEN_UP: Pop3State.CLOSED,
                Pop3Event.IDLE: Pop3State.CLOSED,
                Pop3Event.TAKEN_OVER: Pop3State.CLOSED,
                Pop3Event.STOP: Pop3State.CLOSED,
            },
            meaning="Waits for commands on the maildrop [RFC 1939 §5].",
        ),
        Pop3State.UPDATE: Row(
            {Pop3Event.COMMIT_ENDED: Pop3State.CLOSED},
            # the removal may already be durable: the client gets its reply before the session ends
            stay=frozenset({Pop3Event.STOP}),
            meaning="Waits for the commit of what was deleted [RFC 1939 §6].",
        ),
        Pop3State.CLOSED: Row(meaning="The session is over; output may be left to send."),
    },
)
POP3_ACTIONS = no_actions(POP3)
"""The session does what follows from an event where it gives the event."""

LISTENING = (Pop3State.AUTHORIZATION, Pop3State.SASL, Pop3State.TRANSACTION)
"""States in which lines are read; in the others they lie unread.

A tuple, since looking into it compares by identity first, where a set would compute a hash.
"""

BEFORE_LOGIN = (Pop3State.AUTHORIZATION, Pop3State.NEGOTIATING, Pop3State.SASL)
"""States that end when nobody has logged in after some time."""


class Code(StrEnum):
    """Response codes [RFC 2449 §8, RFC 3206 §3]: they tell whether another password could help."""

    NONE = ""
    IN_USE = "[IN-USE] "
    LOGIN_DELAY = "[LOGIN-DELAY] "
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
    """Remove these entries in one transaction and answer `committed` or `failed`."""

    removed: tuple[int, ...]
    """Ids of the entries to remove."""
    retrieved: tuple[int, ...]
    """Ids of entries that were sent whole and are not removed."""


@dataclass(frozen=True)
class StartTls:
    """Begin TLS after the output so far, and tell the session `secured`."""


Pop3Request = LoginWanted | StartTls | Commit
"""What a session asks of its service."""
