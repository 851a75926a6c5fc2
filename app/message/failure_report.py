"""Failure reports: mail that tells a sender, or an alias's owner, what could not be delivered.

One that says that it takes long is a delay report: the same form, and the action "delayed".

One `multipart/report` [RFC 6522] of three parts: words for a person, the delivery status for a
program [RFC 3464] and the header of the mail it is about. Whoever sends it uses the null sender,
so that nobody answers it [RFC 3464 §2], and never sends one about a mail of the null sender
[RFC 5321 §4.5.5]; it is marked as the work of a program [RFC 3834 §5].
"""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from app.core.sentences import N_
from app.core.text import one_line
from app.message import by_machine
from app.message.headers import fields, read_head, scan_head, shown
from app.message.words import say, wrapped

if TYPE_CHECKING:
    from email.message import EmailMessage, Message

HEADER_LIMIT = 32_768
"""Octets of the mail's header that are given back."""

REPLY_LIMIT = 900
"""Characters of a reply that are quoted; RFC 5322 §2.1.1 allows lines of 998 octets."""

_INDENT = " " * 4
_FAILED = re.compile(rb"^action:[ \t]*failed[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_PLACE = f"the whole mail {secrets.token_hex(16)}"
_OPENINGS = {
    "custody": N_("A message that your alias sends on could not be delivered everywhere."),
    "copy": N_("A copy that your alias sends on could not be delivered everywhere."),
    "relay": N_("A message you sent could not be delivered."),
    "list": N_("A message to a list of yours could not be delivered to all of its members."),
    "success": N_("A message you sent has arrived, which you wanted to be told."),
}
_ENDINGS = {
    "custody": N_("The message has come back into your inbox. Nothing is lost."),
    "copy": N_("Your own copy is in your inbox."),
    "relay": N_(
        "It will not be tried again: those named above have not got your message.",
    ),
    "list": N_(
        "It will not be tried again, and its author is not told. Whose address is of no use any"
        " more should be taken out of the list."
    ),
    "success": N_("Whether and when it is read is not known here."),
}
_ARRIVED = {
    "delivered": N_("it is in the inbox"),
    "relayed": N_("the next server has it, and will tell no more of it"),
    "expanded": N_("it has gone on to those for whom this name stands"),
}


@dataclass(frozen=True)
class FailedRecipient:
    """One recipient that was not reached, and the last reply about them ("550 5.1.1 ...")."""

    address: str
    reply: str
    original: str = ""
    """The recipient as the sender named it, `rfc822;...` [RFC 3461 §4.2]; "" if that is unknown."""
    host: str = ""
    """The server that said it; "" if none did."""
    action: str = "failed"
    """Or "delivered", "relayed", "expanded" in a report of success [RFC 3464 §2.3.3]."""

    @property
    def expired(self) -> bool:
        """Given up after repeated temporary replies [RFC 5321 §4.5.4.1]."""
        return self.reply.startswith("4")

    @property
    def status(self) -> str:
        """The enhanced status code [RFC 3463]: the one in the reply, or a general one."""
        if self.action != "failed":
            return "2.0.0"
        if self.expired:
            return "4.4.7"  # delivery time expired [RFC 3463 §3.5]
        found = re.match(r"\d{3}[ -]\d(\.\d{1,3}\.\d{1,3})\b", self.reply)
        # A report of a failure carries a permanent code [RFC 3464 §2.3.4].
        return f"5{found[1]}" if found else "5.0.0"

    @property
    def status_of_delay(self) -> str:
        """The enhanced status code of a delay: a temporary one [RFC 3464 §2.3.4]."""
        found = re.match(r"4\d\d[ -](4\.\d{1,3}\.\d{1,3})\b", self.reply)
        return found[1] if found else "4.0.0"


@dataclass(frozen=True)
class FailureReport:
    """What one report says. Times are seconds since 1970 UTC."""

    purpose: str
    """Why the mail was sent on (app/inbox/queue.py, Purpose); success: all that is told is good."""
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
    envelope_id: str = ""
    """The sender's name for the mail [RFC 3461 §4.4]; "" if they gave none."""
    retried_until: float | None = None
    """Of a delay report: when it will be given up. None: it has been."""
    full: bytes | None = None
    """The whole mail, where its sender asked to get it back [RFC 3461 §4.3]."""

    language: str = "en"
    """Of who reads it, ISO 639-1; English for those who live elsewhere."""

    @property
    def subject(self) -> str:
        """The report's subject, which names the mail's."""
        about = scan_head(self.header).subject
        late = self.retried_until is not None
        what = _ABOUT["success" if self.purpose == "success" else "late" if late else "failed"]
        said = say(self.language, what)
        return one_line(f"{said}: {about}") if about else said


_ABOUT = {
    "success": N_("Delivered"),
    "late": N_("Not delivered yet"),
    "failed": N_("Not delivered"),
}


def compose(report: FailureReport) -> bytes:
    """The report as a whole message, CRLF line ends."""
    message = by_machine.begun(
        to=report.to,
        name=say(report.language, "Mail system"),
        sender=report.sender,
        subject=report.subject,
        at=by_machine.box_time(report.now),
        message_id=by_machine.new_id("report", report.hostname),
        how="auto-replied",  # [RFC 3834 §5]
    )
    text = "\n".join(_words(report))
    by_machine.set_text(message, text)
    message.make_mixed()
    message.set_type("multipart/report")
    message.set_param("report-type", "delivery-status")
    message.attach(_status_part(report))
    message.attach(_header_part(report.header) if report.full is None else _mail_part(report.full))
    octets = message.as_bytes()
    # Python's generator takes ASCII only for the body of a message/rfc822.
    return octets if report.full is None else octets.replace(_PLACE.encode(), report.full, 1)


def tells_failure(octets: bytes) -> bool:
    """Whether a message that begins so is a report that somebody did not get a mail.

    That is a delivery status [RFC 3464] with the action "failed"; a report of a delay or of success
    is none, nor is what a person's program answers while they are away.
    """
    head = read_head((octets,))
    kind = next((field.value for field in fields(head) if field.name == "content-type"), b"")
    is_report = re.match(rb"multipart/report\s*;.*delivery-status", kind, re.I | re.S) is not None
    return is_report and _FAILED.search(octets, len(head)) is not None


def _words(report: FailureReport) -> Iterator[str]:
    late = report.retried_until is not None
    opening = N_("A message could not be delivered yet.") if late else _OPENINGS[report.purpose]
    yield from wrapped(say(report.language, opening))
    yield ""
    yield from _about(report)
    yield ""
    yield from _recipients(report)
    yield ""
    yield from wrapped(_ending(report))
    yield ""


def _recipients(report: FailureReport) -> Iterator[str]:
    """Whom it is about, and what was said of each."""
    good, late = report.purpose == "success", report.retried_until is not None
    got, waits, failed_to = (
        N_("Delivered to:"),
        N_("Not delivered yet to:"),
        N_("Not delivered to:"),
    )
    yield say(report.language, got if good else waits if late else failed_to)
    for failed in report.failed:
        yield f"  {one_line(failed.address)}"
        if good:
            yield from wrapped(say(report.language, _ARRIVED[failed.action]), _INDENT)
            continue
        if failed.expired and not late:
            until = say(report.language, "no answer but this until the time was up:")
            yield from wrapped(until, _INDENT)
        yield from wrapped(one_line(failed.reply, REPLY_LIMIT), _INDENT)
    if report.delivered:
        yield ""
        yield say(report.language, got)
        yield from (f"  {one_line(address)}" for address in report.delivered)


def _ending(report: FailureReport) -> str:
    if report.retried_until is None:
        return say(report.language, _ENDINGS[report.purpose])
    return say(
        report.language,
        "It is tried again until %(date)s. You need not send it again.",
        date=_date(report.retried_until),
    )


def _about(report: FailureReport) -> Iterator[str]:
    """Which mail it is, for a person who has sent several."""
    in_words = partial(say, report.language)
    about = scan_head(report.header)
    date = next((field.value for field in fields(report.header) if field.name == "date"), b"")
    yield in_words("Subject: %(subject)s", subject=about.subject or in_words("(none)"))
    yield in_words("From: %(sender)s", sender=about.sender or in_words("(nobody)"))
    if date:
        yield in_words("Date: %(date)s", date=shown(date))
    yield in_words("Received: %(date)s", date=_date(report.arrived_at))


def _part(longest: int = 78) -> "EmailMessage":
    """A part whose lines have so many characters at most."""
    from email.message import EmailMessage
    from email.policy import SMTP

    return EmailMessage(policy=SMTP.clone(max_line_length=longest))


def _status_part(report: FailureReport) -> "EmailMessage":
    """`message/delivery-status` [RFC 3464 §2]: a block for the mail, then one a recipient."""
    about = {"Reporting-MTA": f"dns; {report.hostname}", "Arrival-Date": _date(report.arrived_at)}
    if report.envelope_id:
        about = {"Original-Envelope-Id": _ascii(one_line(report.envelope_id)), **about}
    blocks: list[Message[str, str] | str] = [_block(about)]
    blocks += [_block(_recipient(failed, report)) for failed in report.failed]
    part = _part()
    part["Content-Type"] = "message/delivery-status"
    part.set_payload(blocks)
    return part


def _recipient(failed: FailedRecipient, report: FailureReport) -> dict[str, str]:
    """The fields of one recipient, in the order of RFC 3464 §2.3."""
    late = report.retried_until is not None
    facts = {
        "Original-Recipient": _original(failed.original),
        "Final-Recipient": _typed(failed.address),
        "Action": "delayed" if late else failed.action,
        "Status": failed.status_of_delay if late else failed.status,
        "Remote-MTA": failed.host and f"dns; {_ascii(one_line(failed.host))}",
        "Diagnostic-Code": failed.reply and f"smtp; {_ascii(one_line(failed.reply, REPLY_LIMIT))}",
        "Last-Attempt-Date": _date(report.now),
    }
    if report.retried_until is not None:
        facts["Will-Retry-Until"] = _date(report.retried_until)
    return {name: value for name, value in facts.items() if value}


def _block(facts: dict[str, str]) -> "Message[str, str]":
    block = _part(longest=998)  # fields for programs, which folding would encode
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


def _original(orcpt: str) -> str:
    """An original recipient as a field's value: `rfc822; address`."""
    kind, _, address = one_line(orcpt).partition(";")
    return _ascii(f"{kind}; {address}") if address else ""


def _mail_part(mail: bytes) -> "EmailMessage":
    """The mail as it came, `message/rfc822`."""
    part = _part()
    part["Content-Type"] = "message/rfc822"
    part["Content-Transfer-Encoding"] = "7bit" if mail.isascii() else "8bit"
    part.set_payload(_PLACE)
    return part


def _header_part(header: bytes) -> "EmailMessage":
    """`text/rfc822-headers` [RFC 6522 §4], as it came, but cut at a line end if it is very long."""
    kept = header
    if len(kept) > HEADER_LIMIT:
        kept = kept[: kept.rfind(b"\r\n", 0, HEADER_LIMIT) + 2]
    part = _part()
    part["Content-Type"] = "text/rfc822-headers"
    part["Content-Transfer-Encoding"] = "7bit" if kept.isascii() else "8bit"
    part.set_payload(kept.replace(b"\r\n", b"\n").decode("ascii", "surrogateescape"))
    return part


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")


def _date(at: float) -> str:
    """A time as RFC 5322 §3.3 writes it, in the zone of the box."""
    from email.utils import format_datetime

    return format_datetime(by_machine.box_time(at))
