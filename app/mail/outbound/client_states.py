"""The states of an outgoing SMTP conversation, the moves between them, and how long each may take.

GREETING ─► EHLO ─► READY ─mail─► ENVELOPE ─► DATA ─► TEXT ─► END
            │  ▲      ▲  ▲            │         │               │
   HELO ◄───┤  │      │  └── RESET ◄──┴─────────┘               │
   STARTTLS ┤  TLS    └─────────────────────────────────────────┘
   AUTH ◄───┘

A state is named for what it awaits: a reply of the server, or (READY, TLS, TEXT) the program. What
leads to CLOSED, from everywhere, is left out of the drawing.
"""

from enum import StrEnum

from app.core.fsm import Row, Table, no_actions


class ClientState(StrEnum):
    """Where a conversation stands."""

    GREETING = "greeting"
    EHLO = "ehlo"
    HELO = "helo"
    STARTTLS = "starttls"
    TLS = "tls"
    AUTH = "auth"
    READY = "ready"
    ENVELOPE = "envelope"
    DATA = "data"
    TEXT = "text"
    END = "end"
    RESET = "reset"
    LEAVING = "leaving"
    CLOSED = "closed"


class ClientEvent(StrEnum):
    """What can move a conversation."""

    GREETED = "greeted"
    NO_EHLO = "no ehlo"
    ENCRYPT = "encrypt"
    GO_AHEAD = "go ahead"
    ENCRYPTED = "encrypted"
    LOG_IN = "log in"
    SETTLED = "settled"
    MAIL = "mail"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    ENDED = "ended"
    ANSWERED = "answered"
    LEAVE = "leave"
    FAILED = "failed"


_S, _E = ClientState, ClientEvent


def _row(meaning: str, *moves: tuple[ClientEvent, ClientState]) -> Row[ClientState, ClientEvent]:
    """A state that a failure closes."""
    return Row({**dict(moves), _E.FAILED: _S.CLOSED}, meaning=meaning)


SMTP_CLIENT: Table[ClientState, ClientEvent] = Table(
    "SMTP client",
    {
        _S.GREETING: _row(
            "Waits for the server's greeting [RFC 5321 §3.1].", (_E.GREETED, _S.EHLO)
        ),
        _S.EHLO: _row(
            "Waits for what the server offers [RFC 5321 §4.1.1.1; RFC 2033 §4.1: LHLO].",
            (_E.NO_EHLO, _S.HELO),
            (_E.ENCRYPT, _S.STARTTLS),
            (_E.LOG_IN, _S.AUTH),
            (_E.SETTLED, _S.READY),
        ),
        _S.HELO: _row(
            "Waits for a server that does not know EHLO [RFC 5321 §3.2].", (_E.SETTLED, _S.READY)
        ),
        _S.STARTTLS: _row("Waits for leave to begin TLS [RFC 3207 §4].", (_E.GO_AHEAD, _S.TLS)),
        _S.TLS: _row(
            "Waits for the handshake; then all is asked anew [RFC 3207 §4.2].",
            (_E.ENCRYPTED, _S.EHLO),
        ),
        _S.AUTH: _row("Waits for the answer to the login [RFC 4954 §4].", (_E.SETTLED, _S.READY)),
        _S.READY: _row(
            "Has no mail to offer at the moment.", (_E.MAIL, _S.ENVELOPE), (_E.LEAVE, _S.LEAVING)
        ),
        _S.ENVELOPE: _row(
            "Waits for the answers to the sender and the recipients.",
            (_E.ACCEPTED, _S.DATA),
            (_E.REFUSED, _S.RESET),
        ),
        _S.DATA: _row(
            "Waits for 354, and takes nothing else for leave to send the message.",
            (_E.GO_AHEAD, _S.TEXT),
            (_E.REFUSED, _S.RESET),
        ),
        _S.TEXT: _row("Sends the message; whatever is said now ends it.", (_E.ENDED, _S.END)),
        _S.END: _row(
            "Waits for the answer to the message; by LMTP for one for each recipient that was taken"
            " [RFC 2033 §4.2].",
            (_E.ANSWERED, _S.READY),
        ),
        _S.RESET: _row(
            "Waits for the answer to RSET, which shows whether the answers before belonged to the"
            " commands.",
            (_E.SETTLED, _S.READY),
        ),
        _S.LEAVING: _row("Waits for the answer to QUIT."),
        _S.CLOSED: Row(meaning="Nothing more is sent; what came after is dropped."),
    },
)
CLIENT_ACTIONS = no_actions(SMTP_CLIENT)
"""The session does what follows from an event where it gives the event."""

PATIENCE: dict[ClientState, float] = {
    _S.GREETING: 300,  # RFC 5321 §4.5.3.2.1
    _S.EHLO: 300,
    _S.HELO: 300,
    _S.STARTTLS: 60,  # no RFC says; without TLS we call again
    _S.TLS: 60,
    _S.AUTH: 300,
    _S.READY: 300,
    _S.ENVELOPE: 300,  # §4.5.3.2.2, §4.5.3.2.3: each answer
    _S.DATA: 120,  # §4.5.3.2.4
    _S.TEXT: 180,  # §4.5.3.2.5: each block
    _S.END: 600,  # §4.5.3.2.6
    _S.RESET: 60,
    _S.LEAVING: 5,  # the mail is theirs by then
    _S.CLOSED: 0,
}
"""Seconds for what a state waits for."""
