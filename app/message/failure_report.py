"""Failure reports: mail that tells a sender, or an alias's owner, what could not be delivered.

One `multipart/report` [RFC 6522] of three parts: words for a person, the delivery status for a
program [RFC 3464] and the header of the mail it is about. Whoever sends it uses the null sender,
so that nobody answers it [RFC 3464 §2], and never sends one about a mail of the null sender
[RFC 5321 §4.5.5]; it is marked as the work of a program [RFC 3834 §5].
"""

import email.utils
import re
import secrets
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.policy import SMTP

from app.core.text import one_line
from app.message.headers import scan_head

HEADER_LIMIT = 32_768
"""Octets of the mail's header that are given back."""

REPLY_LIMIT = 900
"""Characters of a reply that are quoted; RFC 5322 §2.1.1 allows lines of 998 octets."""

_WIDTH = 72  # characters of a line of words
_LONG_LINES = SMTP.clone(max_line_length=998)  # fields for programs, which folding would encode
_OPENINGS = {
    "custody": "A message that your alias sends on could not be delivered everywhere.",
    "copy": "A copy that your alias sends on could not be delivered everywhere.",
    "relay": "A message you sent could not be delivered.",
}
_ENDINGS = {
    "custody": "The message has come back into your inbox. Nothing is lost.",
    "copy": "Your own copy is in your inbox.",
    "relay": "It will not be tried again: those named above have not got your message.",
}


@dataclass(frozen=True)
class FailedRecipient:
    """One recipient that was not reached, and the last reply about them ("550 5.1.1 ...")."""

    address: str
    reply: str

    @property
    def expired(self) -> bool:
        """Given up after repeated temporary replies [RFC 5321 §4.5.4.1]."""
        return self.reply.startswith("4")

    @property
    def status(self) -> str:
        """The enhanced status code [RFC 3463]: the one in the reply, or a general one."""
        if self.expired:
            return "4.4.7"  # delivery time expired [RFC 3463 §3.5]
        found = re.match(r"\d{3}[ -]\d(\.\d{1,3}\.\d{1,3})\b", self.reply)
        # A report of a failure carries a permanent code [RFC 3464 §2.3.4].
        return f"5{found[1]}" if found else "5.0.0"


@dataclass(frozen=True)
class FailureReport:
    """What one report says. Times are seconds since 1970 UTC."""

    purpose: str
    """custody, copy or relay: why the mail was sent on (app/inbox/queue.py, Purpose)."""
    to: str
    """Address that the report goes to."""
    sender: str
    """Address the report comes from."""
    hostname: str
    """The box's own name."""
    header: bytes
    """Of the mail the report is about, up to its empty line; what more there is is cut off."""
    arrived_at: float
    """When that mail came."""
    now: float
    """When the report is written."""
    failed: tuple[FailedRecipient, ...]
    delivered: tuple[str, ...] = ()
    """Addresses that have got it."""

    @property
    def subject(self) -> str:
        """The report's subject, which names the mail's."""
        about = scan_head(self.header).subject
        return one_line(f"Not delivered: {about}") if about else "Not delivered"


def compose(report: FailureReport) -> bytes:
    """The report as a whole message, CRLF line ends."""
    # An address that is not ASCII needs UTF-8 headers [RFC 6532]; it travels by SMTPUTF8 anyway.
    message = EmailMessage(policy=SMTP.clone(utf8=not report.to.isascii()))
    message["From"] = Address("Mail system", addr_spec=report.sender)
    message["To"] = f"<{one_line(report.to)}>"
    message["Subject"] = report.subject
    message["Date"] = _date(report.now)
    message["Message-ID"] = f"<{secrets.token_hex(12)}.report@{report.hostname}>"
    message["Auto-Submitted"] = "auto-replied"  # [RFC 3834 §5]
    text = "\n".join(_words(report))
    message.set_content(text, cte="7bit" if text.isascii() else "quoted-printable")
    message.make_mixed()
    message.set_type("multipart/report")
    message.set_param("report-type", "delivery-status")
    message.attach(_status_part(report))
    message.attach(_header_part(report.header))
    return message.as_bytes()


def _words(report: FailureReport) -> Iterator[str]:
    about = scan_head(report.header)
    yield _OPENINGS[report.purpose]
    yield ""
    yield f"Subject: {about.subject or '(none)'}"
    yield f"From: {about.sender or '(nobody)'}"
    yield f"Received: {_date(report.arrived_at)}"
    yield ""
    yield "Not delivered to:"
    for failed in report.failed:
        yield f"  {one_line(failed.address)}"
        if failed.expired:
            yield "    no answer but this until the time was up:"
        yield from _indented(failed.reply)
    if report.delivered:
        yield ""
        yield "Delivered to:"
        yield from (f"  {one_line(address)}" for address in report.delivered)
    yield ""
    yield _ENDINGS[report.purpose]
    yield ""


def _indented(reply: str) -> list[str]:
    text = one_line(reply, REPLY_LIMIT)
    return textwrap.wrap(text, _WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 4)


def _status_part(report: FailureReport) -> EmailMessage:
    """`message/delivery-status` [RFC 3464 §2]: a block for the mail, then one a recipient."""
    blocks: list[Message[str, str] | str] = [
        _block(
            {"Reporting-MTA": f"dns; {report.hostname}", "Arrival-Date": _date(report.arrived_at)}
        )
    ]
    for failed in report.failed:
        facts = {
            "Final-Recipient": _typed(failed.address),
            "Action": "failed",
            "Status": failed.status,
            "Diagnostic-Code": f"smtp; {_ascii(one_line(failed.reply, REPLY_LIMIT))}",
        }
        blocks.append(_block(facts))
    part = EmailMessage(policy=SMTP)
    part["Content-Type"] = "message/delivery-status"
    part.set_payload(blocks)
    return part


def _block(facts: dict[str, str]) -> "Message[str, str]":
    block = EmailMessage(policy=_LONG_LINES)
    for name, value in facts.items():
        block[name] = value
    return block


def _typed(address: str) -> str:
    """An address with its type; what is not ASCII is written as RFC 6533 §3 wants it."""
    clean = one_line(address)
    if clean.isascii():
        return f"rfc822; {clean}"
    coded = "".join(c if c.isascii() else f"\\x{{{ord(c):X}}}" for c in clean)
    return f"utf-8; {coded}"


def _header_part(header: bytes) -> EmailMessage:
    """`text/rfc822-headers` [RFC 6522 §4], as it came, but cut at a line end if it is very long."""
    kept = header
    if len(kept) > HEADER_LIMIT:
        kept = kept[: kept.rfind(b"\r\n", 0, HEADER_LIMIT) + 2]
    part = EmailMessage(policy=SMTP)
    part["Content-Type"] = "text/rfc822-headers"
    part["Content-Transfer-Encoding"] = "7bit" if kept.isascii() else "8bit"
    part.set_payload(kept.replace(b"\r\n", b"\n").decode("ascii", "surrogateescape"))
    return part


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")


def _date(at: float) -> str:
    """A time as RFC 5322 §3.3 writes it, in the zone of the box."""
    return email.utils.format_datetime(datetime.fromtimestamp(int(at)).astimezone())
