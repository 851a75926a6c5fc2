"""The states of a session with an IMAP server, and the only moves between them.

GREETING ─► CAPABILITIES ─► (STARTTLS ─► HANDSHAKE ─► CAPABILITIES) ─► LOGIN ─► ABILITIES
                                                                                    │
     COMMAND (LITERAL, OCTETS), ASKED_IDLE ─► IDLE ◄──► READY ◄── ENABLING ◄────────┘
"""

from enum import StrEnum

from app.core.fsm import Row, Table, no_actions


class ImapState(StrEnum):
    """What is awaited."""

    GREETING = "greeting"
    CAPABILITIES = "capabilities"
    STARTTLS = "starttls"
    HANDSHAKE = "handshake"
    LOGIN = "login"
    ABILITIES = "abilities"
    ENABLING = "enabling"
    READY = "ready"
    COMMAND = "command"
    LITERAL = "literal"
    OCTETS = "octets"
    ASKED_IDLE = "asked-idle"
    IDLE = "idle"
    CLOSED = "closed"


class ImapEvent(StrEnum):
    """What can move a session: what we send, or what the server answers."""

    CAPABILITY = "CAPABILITY"
    STARTTLS = "STARTTLS"
    HANDSHAKE = "STARTTLS accepted"
    SECURED = "TLS established"
    LOGIN = "AUTHENTICATE"
    ENABLE = "ENABLE"
    READY = "answered"
    COMMAND = "command"
    ANNOUNCED = "literal announced"
    STREAMED = "stream announced"
    GO_ON = "+"
    IDLE = "IDLE"
    DONE = "DONE"
    LEAVE = "over"


_S, _E = ImapState, ImapEvent
_OVER = {_E.LEAVE: _S.CLOSED}
_BEFORE_LOGIN = {_E.STARTTLS: _S.STARTTLS, _E.LOGIN: _S.LOGIN, **_OVER}

IMAP: Table[ImapState, ImapEvent] = Table(
    "IMAP client",
    {
        _S.GREETING: Row(
            {_E.CAPABILITY: _S.CAPABILITIES, **_BEFORE_LOGIN},
            meaning="Waits for the server's greeting [RFC 3501 §7.1].",
        ),
        _S.CAPABILITIES: Row(_BEFORE_LOGIN, meaning="Waits for what it can before a login."),
        _S.STARTTLS: Row(
            {_E.HANDSHAKE: _S.HANDSHAKE, **_OVER}, meaning="Waits for leave to begin TLS."
        ),
        _S.HANDSHAKE: Row(
            {_E.SECURED: _S.CAPABILITIES, **_OVER},
            meaning="Waits for the TLS handshake [RFC 3501 §6.2.1]; what it can is asked anew.",
        ),
        _S.LOGIN: Row(
            {_E.CAPABILITY: _S.ABILITIES, _E.ENABLE: _S.ENABLING, _E.READY: _S.READY, **_OVER},
            stay=frozenset({_E.ANNOUNCED}),
            meaning="Waits for the login.",
        ),
        _S.ABILITIES: Row(
            {_E.ENABLE: _S.ENABLING, _E.READY: _S.READY, **_OVER},
            meaning="Waits for what it can after the login.",
        ),
        _S.ENABLING: Row(
            {_E.READY: _S.READY, **_OVER}, meaning="Waits for extensions [RFC 5161 §3.1]."
        ),
        _S.READY: Row(
            {_E.COMMAND: _S.COMMAND, _E.IDLE: _S.ASKED_IDLE, **_OVER},
            meaning="Nothing is awaited; the server may tell of changes.",
        ),
        _S.COMMAND: Row(
            {_E.READY: _S.READY, _E.ANNOUNCED: _S.LITERAL, _E.STREAMED: _S.OCTETS, **_OVER},
            meaning="Waits for the answer to a command.",
        ),
        _S.LITERAL: Row(
            {_E.GO_ON: _S.COMMAND, _E.READY: _S.READY, **_OVER},
            meaning="Waits for leave to send a literal [RFC 3501 §4.3].",
        ),
        _S.OCTETS: Row(
            {_E.GO_ON: _S.COMMAND, **_OVER}, meaning="Is given the octets of a literal, and sends."
        ),
        _S.ASKED_IDLE: Row(
            {_E.GO_ON: _S.IDLE, _E.READY: _S.READY, **_OVER},
            meaning="Waits until the server tells by itself [RFC 2177].",
        ),
        _S.IDLE: Row(
            {_E.DONE: _S.COMMAND, _E.READY: _S.READY, **_OVER},
            meaning="The server tells of changes at once.",
        ),
        _S.CLOSED: Row(meaning="The session is over."),
    },
)
IMAP_ACTIONS = no_actions(IMAP)
"""The session does what follows from an event where it gives the event."""
