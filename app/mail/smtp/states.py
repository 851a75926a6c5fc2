"""The states of an SMTP session and the only moves between them [RFC 5321 §4.1.4].

CONNECTED ─hello─► READY ─mail─► SENDER ─rcpt─► RECIPIENTS ─data─► DATA ─end─► DECIDING
                     ▲              └─────reset─────┘                             │
                     └──────────────────────── verdict ───────────────────────────┘
"""

from enum import StrEnum

from app.core.fsm import Row, Table, no_actions
from app.mail.smtp import replies
from app.mail.smtp.replies import Reply


class SmtpState(StrEnum):
    """Where a session stands."""

    CONNECTED = "connected"
    READY = "ready"
    SENDER = "sender"
    RECIPIENTS = "recipients"
    DATA = "data"
    DECIDING = "deciding"
    CLOSED = "closed"


class SmtpEvent(StrEnum):
    """What can move a session."""

    HELLO = "hello"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    END = "end"
    VERDICT = "verdict"
    RESET = "reset"
    LEAVE = "leave"


SMTP: Table[SmtpState, SmtpEvent] = Table(
    "SMTP session",
    {
        SmtpState.CONNECTED: Row(
            {SmtpEvent.HELLO: SmtpState.READY, SmtpEvent.LEAVE: SmtpState.CLOSED},
            stay=frozenset({SmtpEvent.RESET}),
            meaning="Waits for EHLO or HELO [RFC 5321 §4.1.1.1].",
        ),
        SmtpState.READY: Row(
            {SmtpEvent.MAIL: SmtpState.SENDER, SmtpEvent.LEAVE: SmtpState.CLOSED},
            stay=frozenset({SmtpEvent.HELLO, SmtpEvent.RESET}),
            meaning="Waits for MAIL.",
        ),
        SmtpState.SENDER: Row(
            {
                SmtpEvent.HELLO: SmtpState.READY,
                SmtpEvent.RCPT: SmtpState.RECIPIENTS,
                SmtpEvent.RESET: SmtpState.READY,
                SmtpEvent.LEAVE: SmtpState.CLOSED,
            },
            meaning="Waits for the first RCPT.",
        ),
        SmtpState.RECIPIENTS: Row(
            {
                SmtpEvent.HELLO: SmtpState.READY,
                SmtpEvent.DATA: SmtpState.DATA,
                SmtpEvent.RESET: SmtpState.READY,
                SmtpEvent.LEAVE: SmtpState.CLOSED,
            },
            stay=frozenset({SmtpEvent.RCPT}),
            meaning="Waits for RCPT or DATA.",
        ),
        SmtpState.DATA: Row(
            {SmtpEvent.END: SmtpState.DECIDING, SmtpEvent.LEAVE: SmtpState.CLOSED},
            meaning="Takes the message up to CRLF . CRLF.",
        ),
        SmtpState.DECIDING: Row(
            {SmtpEvent.VERDICT: SmtpState.READY, SmtpEvent.LEAVE: SmtpState.CLOSED},
            meaning="Waits for the verdict on the message; commands lie unread.",
        ),
        SmtpState.CLOSED: Row(meaning="The session is over; output may be left to send."),
    },
)
SMTP_ACTIONS = no_actions(SMTP)
"""The session does what follows from an event where it gives the event."""

HINTS: dict[tuple[SmtpState, SmtpEvent], Reply] = {
    (SmtpState.CONNECTED, SmtpEvent.MAIL): replies.SAY_HELLO,
    (SmtpState.CONNECTED, SmtpEvent.RCPT): replies.SAY_HELLO,
    (SmtpState.CONNECTED, SmtpEvent.DATA): replies.SAY_HELLO,
    (SmtpState.READY, SmtpEvent.RCPT): replies.NEED_MAIL,
    (SmtpState.READY, SmtpEvent.DATA): replies.NEED_MAIL,
    (SmtpState.SENDER, SmtpEvent.DATA): replies.NEED_RCPT,
    (SmtpState.SENDER, SmtpEvent.MAIL): replies.ALREADY_MAIL,
    (SmtpState.RECIPIENTS, SmtpEvent.MAIL): replies.ALREADY_MAIL,
}
"""The answer to a refused event: what should have come before it."""
