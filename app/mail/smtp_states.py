"""The states of an SMTP session and the only moves between them [RFC 5321 §4.1.4].

CONNECTED ─hello─► READY ─mail─► SENDER ─rcpt─► RECIPIENTS ─data─► DATA ─end─► DECIDING
                     ▲              └─────reset─────┘                             │
                     └──────────────────────── verdict ───────────────────────────┘
"""

from enum import Enum

from app.mail import smtp_replies as say
from app.mail.smtp_replies import Reply


class State(Enum):
    """Where a session stands."""

    CONNECTED = "waits for EHLO"
    READY = "waits for MAIL"
    SENDER = "waits for the first RCPT"
    RECIPIENTS = "waits for RCPT or DATA"
    DATA = "takes the message"
    DECIDING = "waits for the verdict on the message"
    CLOSED = "over"


class Step(Enum):
    """What can move a session."""

    HELLO = "hello"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    END = "end"
    VERDICT = "verdict"
    RESET = "reset"
    LEAVE = "leave"


# State → step → next state. A step that is not listed is refused [RFC 5321 §4.1.4].
MOVES: dict[State, dict[Step, State]] = {
    State.CONNECTED: {
        Step.HELLO: State.READY,
        Step.RESET: State.CONNECTED,
        Step.LEAVE: State.CLOSED,
    },
    State.READY: {
        Step.HELLO: State.READY,
        Step.MAIL: State.SENDER,
        Step.RESET: State.READY,
        Step.LEAVE: State.CLOSED,
    },
    State.SENDER: {
        Step.HELLO: State.READY,
        Step.RCPT: State.RECIPIENTS,
        Step.RESET: State.READY,
        Step.LEAVE: State.CLOSED,
    },
    State.RECIPIENTS: {
        Step.HELLO: State.READY,
        Step.RCPT: State.RECIPIENTS,
        Step.DATA: State.DATA,
        Step.RESET: State.READY,
        Step.LEAVE: State.CLOSED,
    },
    State.DATA: {Step.END: State.DECIDING, Step.LEAVE: State.CLOSED},
    State.DECIDING: {Step.VERDICT: State.READY, Step.LEAVE: State.CLOSED},
    State.CLOSED: {},
}

# What a refused step should have been preceded by.
HINTS: dict[tuple[State, Step], Reply] = {
    (State.CONNECTED, Step.MAIL): say.SAY_HELLO,
    (State.CONNECTED, Step.RCPT): say.SAY_HELLO,
    (State.CONNECTED, Step.DATA): say.SAY_HELLO,
    (State.READY, Step.RCPT): say.NEED_MAIL,
    (State.READY, Step.DATA): say.NEED_MAIL,
    (State.SENDER, Step.DATA): say.NEED_RCPT,
    (State.SENDER, Step.MAIL): say.ALREADY_MAIL,
    (State.RECIPIENTS, Step.MAIL): say.ALREADY_MAIL,
}
