"""The states of an SMTP session and the only moves between them [RFC 5321 §4.1.4].

CONNECTED ─hello─► READY ─mail─► SENDER ─rcpt─► RECIPIENTS ─data─► DATA ─end─► DECIDING
                     ▲              └─────reset─────┘                             │
                     └──────────────────────── verdict ───────────────────────────┘
"""

from enum import Enum

from app.mail.smtp import replies as say
from app.mail.smtp.replies import Reply


class SmtpState(Enum):
    """Where a session stands."""

    CONNECTED = "waits for EHLO"
    READY = "waits for MAIL"
    SENDER = "waits for the first RCPT"
    RECIPIENTS = "waits for RCPT or DATA"
    DATA = "takes the message"
    DECIDING = "waits for the verdict on the message"
    CLOSED = "over"


class SmtpEvent(Enum):
    """What can move a session."""

    HELLO = "hello"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    END = "end"
    VERDICT = "verdict"
    RESET = "reset"
    LEAVE = "leave"


# SmtpState → step → next state. A step that is not listed is refused [RFC 5321 §4.1.4].
MOVES: dict[SmtpState, dict[SmtpEvent, SmtpState]] = {
    SmtpState.CONNECTED: {
        SmtpEvent.HELLO: SmtpState.READY,
        SmtpEvent.RESET: SmtpState.CONNECTED,
        SmtpEvent.LEAVE: SmtpState.CLOSED,
    },
    SmtpState.READY: {
        SmtpEvent.HELLO: SmtpState.READY,
        SmtpEvent.MAIL: SmtpState.SENDER,
        SmtpEvent.RESET: SmtpState.READY,
        SmtpEvent.LEAVE: SmtpState.CLOSED,
    },
    SmtpState.SENDER: {
        SmtpEvent.HELLO: SmtpState.READY,
        SmtpEvent.RCPT: SmtpState.RECIPIENTS,
        SmtpEvent.RESET: SmtpState.READY,
        SmtpEvent.LEAVE: SmtpState.CLOSED,
    },
    SmtpState.RECIPIENTS: {
        SmtpEvent.HELLO: SmtpState.READY,
        SmtpEvent.RCPT: SmtpState.RECIPIENTS,
        SmtpEvent.DATA: SmtpState.DATA,
        SmtpEvent.RESET: SmtpState.READY,
        SmtpEvent.LEAVE: SmtpState.CLOSED,
    },
    SmtpState.DATA: {SmtpEvent.END: SmtpState.DECIDING, SmtpEvent.LEAVE: SmtpState.CLOSED},
    SmtpState.DECIDING: {SmtpEvent.VERDICT: SmtpState.READY, SmtpEvent.LEAVE: SmtpState.CLOSED},
    SmtpState.CLOSED: {},
}

# What a refused step should have been preceded by.
HINTS: dict[tuple[SmtpState, SmtpEvent], Reply] = {
    (SmtpState.CONNECTED, SmtpEvent.MAIL): say.SAY_HELLO,
    (SmtpState.CONNECTED, SmtpEvent.RCPT): say.SAY_HELLO,
    (SmtpState.CONNECTED, SmtpEvent.DATA): say.SAY_HELLO,
    (SmtpState.READY, SmtpEvent.RCPT): say.NEED_MAIL,
    (SmtpState.READY, SmtpEvent.DATA): say.NEED_MAIL,
    (SmtpState.SENDER, SmtpEvent.DATA): say.NEED_RCPT,
    (SmtpState.SENDER, SmtpEvent.MAIL): say.ALREADY_MAIL,
    (SmtpState.RECIPIENTS, SmtpEvent.MAIL): say.ALREADY_MAIL,
}
