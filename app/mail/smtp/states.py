"""The states of an SMTP session and the only moves between them [RFC 5321 §4.1.4].

CONNECTED ─hello─► READY ─mail─► SENDER ─rcpt─► RECIPIENTS ─data─► DATA ─end─► DECIDING
                     ▲              └─────reset─────┘                             │
                     └──────────────────────── verdict ───────────────────────────┘

Beside this road: BDAT goes by CHUNK and CHUNKED instead of DATA, STARTTLS from READY back to
CONNECTED, and AUTH from READY over ANSWERING and JUDGING back to READY.
"""

from enum import StrEnum

from app.core.fsm import Row, Table, no_actions
from app.mail.smtp import replies
from app.mail.smtp.replies import Reply


class SmtpState(StrEnum):
    """Where a session stands."""

    CONNECTED = "connected"
    SECURING = "negotiating TLS"
    READY = "ready"
    ANSWERING = "logging in"
    JUDGING = "judging a login"
    SENDER = "sender"
    RECIPIENTS = "recipients"
    DATA = "data"
    CHUNK = "chunk"
    CHUNKED = "chunks"
    DECIDING = "deciding"
    CLOSED = "closed"


class SmtpEvent(StrEnum):
    """What can move a session."""

    HELLO = "hello"
    STARTTLS = "STARTTLS"
    SECURED = "TLS established"
    AUTH = "auth"
    CREDENTIALS = "credentials"
    CANCEL = "cancel"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BDAT = "bdat"
    CHUNK_END = "end of chunk"
    END = "end"
    VERDICT = "verdict"
    RESET = "reset"
    LEAVE = "leave"


SMTP: Table[SmtpState, SmtpEvent] = Table(
    "SMTP session",
    {
        SmtpState.CONNECTED: Row(
            {SmtpEvent.HELLO: SmtpState.READY, SmtpEvent.LEAVE: SmtpState.CLOSED},
            stay=frozenset({SmtpEvent.RESET, SmtpEvent.SECURED}),  # TLS from the first octet
            meaning="Waits for EHLO or HELO [RFC 5321 §4.1.1.1].",
        ),
        SmtpState.SECURING: Row(
            {SmtpEvent.SECURED: SmtpState.CONNECTED, SmtpEvent.LEAVE: SmtpState.CLOSED},
            meaning="Waits for the end of the TLS handshake [RFC 3207 §4].",
        ),
        SmtpState.READY: Row(
            {
                SmtpEvent.MAIL: SmtpState.SENDER,
                SmtpEvent.STARTTLS: SmtpState.SECURING,
                SmtpEvent.AUTH: SmtpState.ANSWERING,
                SmtpEvent.LEAVE: SmtpState.CLOSED,
            },
            stay=frozenset({SmtpEvent.HELLO, SmtpEvent.RESET}),
            meaning="Waits for MAIL.",
        ),
        SmtpState.ANSWERING: Row(
            {
                SmtpEvent.CREDENTIALS: SmtpState.JUDGING,
                SmtpEvent.CANCEL: SmtpState.READY,
                SmtpEvent.LEAVE: SmtpState.CLOSED,
            },
            meaning="Waits for an answer to a challenge [RFC 4954 §4].",
        ),
        SmtpState.JUDGING: Row(
            {SmtpEvent.VERDICT: SmtpState.READY, SmtpEvent.LEAVE: SmtpState.CLOSED},
            meaning="Waits for the verdict on a password; commands lie unread.",
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
                SmtpEvent.BDAT: SmtpState.CHUNK,
                SmtpEvent.RESET: SmtpState.READY,
                SmtpEvent.LEAVE: SmtpState.CLOSED,
            },
            stay=frozenset({SmtpEvent.RCPT}),
            meaning="Waits for RCPT, DATA or BDAT.",
        ),
        SmtpState.DATA: Row(
            {SmtpEvent.END: SmtpState.DECIDING, SmtpEvent.LEAVE: SmtpState.CLOSED},
            meaning="Takes the message up to CRLF . CRLF.",
        ),
        SmtpState.CHUNK: Row(
            {
                SmtpEvent.CHUNK_END: SmtpState.CHUNKED,
                SmtpEvent.END: SmtpState.DECIDING,
                SmtpEvent.LEAVE: SmtpState.CLOSED,
            },
            meaning="Takes the octets of a chunk [RFC 3030 §2].",
        ),
        SmtpState.CHUNKED: Row(
            {
                SmtpEvent.HELLO: SmtpState.READY,
                SmtpEvent.BDAT: SmtpState.CHUNK,
                SmtpEvent.RESET: SmtpState.READY,
                SmtpEvent.LEAVE: SmtpState.CLOSED,
            },
            meaning="Waits for the next chunk.",
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
    (SmtpState.READY, SmtpEvent.BDAT): replies.NEED_MAIL,
    (SmtpState.SENDER, SmtpEvent.BDAT): replies.NEED_RCPT,
    (SmtpState.SENDER, SmtpEvent.STARTTLS): replies.NO_TLS_NOW,
    (SmtpState.RECIPIENTS, SmtpEvent.STARTTLS): replies.NO_TLS_NOW,
    (SmtpState.CHUNKED, SmtpEvent.STARTTLS): replies.GO_ON_WITH_BDAT,
    (SmtpState.SENDER, SmtpEvent.AUTH): replies.NO_AUTH_NOW,
    (SmtpState.RECIPIENTS, SmtpEvent.AUTH): replies.NO_AUTH_NOW,
    (SmtpState.CHUNKED, SmtpEvent.AUTH): replies.GO_ON_WITH_BDAT,
    (SmtpState.CHUNKED, SmtpEvent.MAIL): replies.GO_ON_WITH_BDAT,
    (SmtpState.CHUNKED, SmtpEvent.RCPT): replies.GO_ON_WITH_BDAT,
    (SmtpState.CHUNKED, SmtpEvent.DATA): replies.GO_ON_WITH_BDAT,
    (SmtpState.SENDER, SmtpEvent.MAIL): replies.ALREADY_MAIL,
    (SmtpState.RECIPIENTS, SmtpEvent.MAIL): replies.ALREADY_MAIL,
}
"""The answer to a refused event: what should have come before it."""
