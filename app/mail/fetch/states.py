"""The states of a session that fetches mail from a POP3 server, and the only moves between them.

GREETING ─► CAPABILITIES ─► (STLS ─► HANDSHAKE ─► CAPABILITIES) ─► USER ─► PASSWORD ─► NAMES
                                                  └──── AUTH ───────────────┘            │
            TOP, MESSAGE, DELETION ◄──────► READY ◄────────── SIZES ◄────────────────────┘
                                              └──► QUIT ─► CLOSED
"""

from enum import StrEnum

from app.core.fsm import Row, Table, no_actions


class FetchState(StrEnum):
    """Whose answer is awaited."""

    GREETING = "greeting"
    CAPABILITIES = "capabilities"
    STLS = "stls"
    HANDSHAKE = "handshake"
    USER = "user"
    PASSWORD = "password"
    AUTH = "auth"
    NAMES = "names"
    SIZES = "sizes"
    READY = "ready"
    TOP = "top"
    MESSAGE = "message"
    DELETION = "deletion"
    QUIT = "quit"
    CLOSED = "closed"


class FetchEvent(StrEnum):
    """What can move a session: our next command, or the end of an answer."""

    CAPA = "CAPA"
    STLS = "STLS"
    HANDSHAKE = "STLS accepted"
    SECURED = "TLS established"
    USER = "USER"
    PASS = "PASS"
    AUTH = "AUTH"
    UIDL = "UIDL"
    LIST = "LIST"
    READY = "answered"
    TOP = "TOP"
    RETR = "RETR"
    DELE = "DELE"
    QUIT = "QUIT"
    LEAVE = "over"


_S, _E = FetchState, FetchEvent
_OVER = {_E.LEAVE: _S.CLOSED}

FETCH: Table[FetchState, FetchEvent] = Table(
    "POP3 fetch",
    {
        _S.GREETING: Row(
            {_E.CAPA: _S.CAPABILITIES, **_OVER},
            stay=frozenset({_E.SECURED}),  # TLS from the first octet
            meaning="Waits for the server's greeting [RFC 1939 §4].",
        ),
        _S.CAPABILITIES: Row(
            {_E.STLS: _S.STLS, _E.USER: _S.USER, _E.AUTH: _S.AUTH, **_OVER},
            meaning="Waits for the list of what the server can [RFC 2449 §5].",
        ),
        _S.STLS: Row(
            {_E.HANDSHAKE: _S.HANDSHAKE, **_OVER}, meaning="Waits for leave to begin TLS."
        ),
        _S.HANDSHAKE: Row(
            {_E.SECURED: _S.GREETING, **_OVER},
            meaning="Waits for the TLS handshake [RFC 2595 §4]; the server then greets no more.",
        ),
        _S.USER: Row({_E.PASS: _S.PASSWORD, **_OVER}, meaning="Waits for the answer to USER."),
        _S.PASSWORD: Row({_E.UIDL: _S.NAMES, **_OVER}, meaning="Waits for the login."),
        _S.AUTH: Row(
            {_E.UIDL: _S.NAMES, **_OVER}, meaning="Waits for the login by SASL PLAIN [RFC 5034 §4]."
        ),
        _S.NAMES: Row({_E.LIST: _S.SIZES, **_OVER}, meaning="Waits for the names of the messages."),
        _S.SIZES: Row({_E.READY: _S.READY, **_OVER}, meaning="Waits for their sizes."),
        _S.READY: Row(
            {_E.TOP: _S.TOP, _E.RETR: _S.MESSAGE, _E.DELE: _S.DELETION, _E.QUIT: _S.QUIT, **_OVER},
            meaning="Nothing is awaited: the service says what comes next.",
        ),
        _S.TOP: Row({_E.READY: _S.READY, **_OVER}, meaning="Takes a message's header."),
        _S.MESSAGE: Row({_E.READY: _S.READY, **_OVER}, meaning="Takes a message."),
        _S.DELETION: Row({_E.READY: _S.READY, **_OVER}, meaning="Waits for the answer to DELE."),
        _S.QUIT: Row(dict(_OVER), meaning="Waits until deletions have happened [RFC 1939 §6]."),
        _S.CLOSED: Row(meaning="The session is over."),
    },
)
FETCH_ACTIONS = no_actions(FETCH)
"""The session does what follows from an event where it gives the event."""
