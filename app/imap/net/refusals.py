"""What a server's NO, BAD and BYE mean to us [RFC 3501 §7.1, RFC 5530 §3, RFC 9208 §4.3]."""

from app.core.text import one_line
from app.imap.net.api import (
    Gone,
    ImapError,
    LoginRefused,
    NotThere,
    OverQuota,
    ProtocolError,
    Refused,
    Unavailable,
)
from app.imap.net.reader import Status

_BY_CODE: dict[str, type[ImapError]] = {
    "UNAVAILABLE": Unavailable,
    "INUSE": Unavailable,
    "LIMIT": Unavailable,
    "SERVERBUG": Unavailable,
    "EXPUNGEISSUED": Unavailable,
    "OVERQUOTA": OverQuota,
    "NONEXISTENT": NotThere,
    "TRYCREATE": NotThere,
    "AUTHENTICATIONFAILED": LoginRefused,
    "AUTHORIZATIONFAILED": LoginRefused,
    "EXPIRED": LoginRefused,
    "PRIVACYREQUIRED": LoginRefused,
}


def said(status: Status) -> str:
    """The server's words with their code, for people."""
    code = f"[{status.name}] " if status.name else ""
    return one_line(f"{code}{status.text}")


def of(status: Status, otherwise: type[ImapError] = Refused) -> ImapError:
    """The error that an answer other than OK is; `otherwise` where a NO has no code we know."""
    if status.kind == "BAD":
        return ProtocolError(f"it does not understand us: {said(status)}")
    return _BY_CODE.get(status.name, otherwise)(said(status))


def farewell(status: Status) -> ImapError:
    """The error that a BYE is: Unavailable if it says so, else Gone."""
    kind = Unavailable if _BY_CODE.get(status.name) is Unavailable else Gone
    return kind(said(status) or "it says goodbye")
