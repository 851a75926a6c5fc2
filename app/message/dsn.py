"""What a sender asks to be told of a mail's fate: the DSN parameters of SMTP [RFC 3461].

    MAIL FROM:<anna@box.example> RET=HDRS ENVID=QQ314159
    RCPT TO:<carl@far.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;carl@far.example

They come by SMTP, lie in the queue, go on to a next hop that knows them, and decide which reports
are written (failure_report.py). Values are kept as they mean, without the coding of the wire.
"""

import re
from dataclasses import dataclass

LIMIT = 500
"""Characters of an original recipient, as coded [RFC 3461 §4.2]."""
ENVID_LIMIT = 100
"""Characters of an envelope's name, as coded [RFC 3461 §4.4]."""

_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
_HEX = re.compile(r"\+([0-9A-F]{2})")
_CODED = re.compile(r"[^!-*,-<>-~]")
_TYPE = re.compile(r"[A-Za-z0-9-]{1,40}")


class BadParameter(ValueError):
    """A parameter is not of the form that RFC 3461 gives it; the text says which."""


@dataclass(frozen=True)
class MailRequest:
    """What was asked with MAIL FROM."""

    ret: str = ""
    """FULL or HDRS: what of the mail a failure report brings back; "" leaves it to us."""
    envid: str = ""
    """The sender's name for this mail."""


@dataclass(frozen=True)
class RecipientRequest:
    """What was asked with one RCPT TO."""

    notify: frozenset[str] | None = None
    """Of SUCCESS, FAILURE and DELAY; empty: NEVER; None leaves it to us."""
    orcpt: str = ""
    """The recipient as the sender named it, with its type: `rfc822;carl@far.example`."""

    @property
    def of_success(self) -> bool:
        """Whether it is to be said that the mail has arrived."""
        return self.notify is not None and "SUCCESS" in self.notify

    @property
    def of_failure(self) -> bool:
        """Whether a failure is to be reported; it is where nothing was asked."""
        return self.notify is None or "FAILURE" in self.notify

    @property
    def of_delay(self) -> bool:
        """Whether a delay may be reported; it may where nothing was asked [RFC 3461 §4.1]."""
        return self.notify is None or "DELAY" in self.notify


NO_MAIL_REQUEST, NO_REQUEST = MailRequest(), RecipientRequest()
"""Nothing was asked, as of nearly all mail."""


@dataclass(frozen=True)
class Asked:
    """All that was asked about one recipient of one mail; kept in the queue as parameters."""

    mail: MailRequest = NO_MAIL_REQUEST
    recipient: RecipientRequest = NO_REQUEST

    def to_text(self) -> str:
        """As parameters; empty if nothing was asked."""
        return " ".join((*self.mail_words(), *self.recipient_words()))

    @staticmethod
    def from_text(text: str) -> "Asked":
        """What `to_text` has written."""
        said = dict(word.split("=", 1) for word in text.split())
        return Asked(
            MailRequest(said.get("RET", ""), from_xtext(said.get("ENVID", ""))),
            RecipientRequest(
                notify_of(said["NOTIFY"]) if "NOTIFY" in said else None,
                orcpt_of(said["ORCPT"]) if "ORCPT" in said else "",
            ),
        )

    def mail_words(self) -> list[str]:
        """What MAIL says of it to a next hop that offers DSN [RFC 3461 §4.3, §4.4]."""
        ret, envid = self.mail.ret, self.mail.envid
        return [f"RET={ret}"] * bool(ret) + [f"ENVID={to_xtext(envid)}"] * bool(envid)

    def recipient_words(self) -> list[str]:
        """What RCPT says of it there [RFC 3461 §4.1, §4.2]."""
        notify, (kind, _, address) = self.recipient.notify, self.recipient.orcpt.partition(";")
        words = [] if notify is None else [f"NOTIFY={','.join(sorted(notify)) or 'NEVER'}"]
        return words + [f"ORCPT={kind};{to_xtext(address)}"] * bool(address)


def ret_of(value: str) -> str:
    """The value of RET. Raises BadParameter."""
    if value.upper() not in ("FULL", "HDRS"):
        raise BadParameter("RET is FULL or HDRS")
    return value.upper()


def envid_of(value: str) -> str:
    """The value of ENVID. Raises BadParameter."""
    if not value or len(value) > ENVID_LIMIT:
        raise BadParameter(f"ENVID has 1 to {ENVID_LIMIT} characters")
    return from_xtext(value)


def notify_of(value: str) -> frozenset[str]:
    """The value of NOTIFY; empty for NEVER. Raises BadParameter."""
    words = value.upper().split(",")
    if words == ["NEVER"]:
        return frozenset()
    if not set(words) <= {"SUCCESS", "FAILURE", "DELAY"} or len(set(words)) < len(words):
        raise BadParameter("NOTIFY is NEVER, or some of SUCCESS, FAILURE and DELAY")
    return frozenset(words)


def orcpt_of(value: str) -> str:
    """The value of ORCPT. Raises BadParameter."""
    kind, semicolon, address = value.partition(";")
    if not semicolon or not _TYPE.fullmatch(kind) or not address or len(value) > LIMIT:
        raise BadParameter("ORCPT is type;address")
    return f"{kind.lower()};{from_xtext(address)}"


def from_xtext(coded: str) -> str:
    """Text from xtext [RFC 3461 §4]. Raises BadParameter, also for what is no printable text."""
    if not _XTEXT.fullmatch(coded):
        raise BadParameter("not xtext")
    text = _HEX.sub(lambda found: chr(int(found[1], 16)), coded)
    if not (text.isascii() and text.isprintable()):
        raise BadParameter("not printable")
    return text


def to_xtext(text: str) -> str:
    """ASCII text as xtext, which a next hop is given."""
    return _CODED.sub(lambda found: f"+{ord(found[0]):02X}", text)
