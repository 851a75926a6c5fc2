"""Delivery status notices: what the sender of a mail is told when it did not arrive.

One `multipart/report` [RFC 6522] of three parts: words for a person, facts for a program
[RFC 3464] and the head of the mail it is about. It is sent with the null sender, so that nobody
answers it [RFC 3464 §2], and never to the null sender [RFC 5321 §4.5.5].
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.mail.smtp.trace import date

HEAD_LIMIT = 32_768  # octets of the mail's head that are given back
LINE_LIMIT = 900  # characters of one line; RFC 5322 §2.1.1 allows 998


@dataclass(frozen=True)
class Failed:
    """One recipient that was not reached, and the last reply about them ("550 5.1.1 ...")."""

    recipient: str
    reply: str
    expired: bool = False  # given up after repeated temporary replies

    @property
    def status(self) -> str:
        """The enhanced status code [RFC 3463]: the one in the reply, or a general one."""
        found = re.match(r"\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b", self.reply)
        status = found.group(1) if found else "5.0.0"
        # A report of a failure carries a permanent code [RFC 3464 §2.3.4]; 4.4.7: time is up.
        return "4.4.7" if self.expired else "5" + status[1:]


@dataclass(frozen=True)
class StatusNotice:
    """What one notice is about. Times in seconds UTC."""

    token: str  # random letters: Message-ID and boundary
    hostname: str
    sender: str  # who gets the notice
    arrived_at: float
    now: float
    failed: tuple[Failed, ...]
    head: bytes  # the mail's head, without the empty line


def compose(notice: StatusNotice) -> bytes:
    """The notice as a whole message, CR LF line ends."""
    border = f"=_notice_{notice.token}"
    parts = (
        ("text/plain; charset=us-ascii", "\r\n".join(_words(notice))),
        ("message/delivery-status", "\r\n".join(_facts(notice))),
    )
    text = "\r\n".join(_top(notice, border)) + "\r\n"
    for kind, body in parts:
        text += f"\r\n--{border}\r\nContent-Type: {kind}\r\n\r\n{body}\r\n"
    head = _cut(notice.head)
    coding = "7bit" if head.isascii() else "8bit"
    text += f"\r\n--{border}\r\nContent-Type: text/rfc822-headers\r\n"
    text += f"Content-Transfer-Encoding: {coding}\r\n\r\n"
    return _ascii(text).encode("ascii") + head + f"\r\n--{border}--\r\n".encode("ascii")


def _top(notice: StatusNotice, border: str) -> Iterator[str]:
    yield f"From: Mail Delivery System <postmaster@{notice.hostname}>"
    yield f"To: <{_line(notice.sender)}>"
    yield "Subject: Your mail could not be delivered"
    yield f"Date: {date(notice.now)}"
    yield f"Message-ID: <{notice.token}.notice@{notice.hostname}>"
    yield "Auto-Submitted: auto-replied"  # RFC 3834 §5
    yield "MIME-Version: 1.0"
    yield f'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="{border}"'


def _words(notice: StatusNotice) -> Iterator[str]:
    yield f"Your mail of {date(notice.arrived_at)} did not reach:"
    for failed in notice.failed:
        yield ""
        yield f"    {_line(failed.recipient)}"
        why = "no answer but this until the time was up" if failed.expired else "the answer was"
        yield f"    {why}: {_line(failed.reply)}"
    yield ""
    yield "It will not be tried again. The head of your mail is attached."


def _facts(notice: StatusNotice) -> Iterator[str]:
    yield f"Reporting-MTA: dns; {notice.hostname}"
    yield f"Arrival-Date: {date(notice.arrived_at)}"
    for failed in notice.failed:
        yield ""
        yield f"Final-Recipient: rfc822; {_line(failed.recipient)}"
        yield "Action: failed"
        yield f"Status: {failed.status}"
        yield f"Diagnostic-Code: smtp; {_line(failed.reply)}"


def _line(text: str) -> str:
    """Foreign text as one printable line."""
    return " ".join(text.split())[:LINE_LIMIT]


def _ascii(text: str) -> str:
    return "".join(c if c in "\r\n\t" or " " <= c <= "~" else "?" for c in text)


def _cut(head: bytes) -> bytes:
    if len(head) <= HEAD_LIMIT:
        return head
    return head[: head.rfind(b"\r\n", 0, HEAD_LIMIT) + 2]
