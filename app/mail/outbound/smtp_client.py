"""Sending one mail to one next hop, and what became of each recipient.

The client side of SMTP is aiosmtplib's; the envelope and the message are sent by its plain
commands, for it would read an address like a header field, and hold a message whole.

A recipient counts as reached only when the server has answered 2xx to the whole message. If the
line breaks between that answer and our hearing it, or we crash before we have noted it, the mail
goes again: it may then arrive twice, never not at all.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import aiosmtplib

from app.core.text import one_line
from app.mail.outbound.routing import Hop
from app.mail.smtp.grammar import GrammarError, parse_address
from app.message.dot_stuffing import stuffed, whole_lines

log = logging.getLogger(__name__)

CONNECT_S = 30.0  # to try the next host soon; RFC 5321 §4.5.3.2 sets no time for connecting
COMMAND_S = 300.0  # RFC 5321 §4.5.3.2.2
END_S = 600.0  # RFC 5321 §4.5.3.2.6
REPLY_LIMIT = 500  # characters of a reply that are kept


@dataclass(frozen=True)
class OutgoingMail:
    """A mail on its way out: envelope, exact size in octets, and a way to read it from the start.

    The pieces have CR LF line ends, are cut anywhere, and are at most a chunk long.
    """

    sender: str
    """Envelope sender; "" is the null sender."""
    recipients: tuple[str, ...]
    size: int
    """Octets."""
    pieces: Callable[[], Iterable[bytes]]


@dataclass(frozen=True)
class Answer:
    """What the next hop said about one recipient: "250 2.0.0 ok", "550 5.1.1 no such user"."""

    reply: str

    @property
    def taken(self) -> bool:
        """The mail is theirs now."""
        return self.reply.startswith("2")

    @property
    def final(self) -> bool:
        """It makes no sense to try again."""
        return self.reply.startswith("5")


class Unreachable(Exception):
    """No mail could be offered at this hop; another one may do. The text reads like a reply."""


async def send_mail(hop: Hop, mail: OutgoingMail, hostname: str) -> dict[str, Answer]:
    """Offer a mail; the answer for each recipient. Raises Unreachable if no mail could be offered.

    `hostname` is our name for EHLO.
    """
    client = await _connect(hop, hostname)
    try:
        return await _transaction(client, mail)
    finally:
        await _quit(client)


async def _connect(hop: Hop, hostname: str) -> aiosmtplib.SMTP:
    """A connection that has said EHLO, under TLS where the server offers it.

    Certificates are not checked: without a policy of the domain (DANE, MTA-STS) an attacker could
    as well strike the offer of TLS out. TLS that does not come about is given up for plain text.
    """
    client = aiosmtplib.SMTP(
        hostname=hop.address,
        port=hop.port,
        local_hostname=hostname,
        timeout=CONNECT_S,
        validate_certs=False,
    )
    try:
        try:
            await client.connect()
        except (ssl.SSLError, aiosmtplib.SMTPNotSupported) as problem:
            log.info("%s: TLS failed, going on without: %s", hop.name, problem)
            await client.connect(start_tls=False)
        if not client.is_ehlo_or_helo_needed:
            return client
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        return await _helo(client, hop)
    except (aiosmtplib.SMTPException, OSError, ValueError) as problem:
        client.close()
        raise Unreachable(_connect_reply(hop, problem)) from problem
    return client


async def _helo(client: aiosmtplib.SMTP, hop: Hop) -> aiosmtplib.SMTP:
    """For servers that do not know EHLO [RFC 5321 §3.2]."""
    try:
        await client.helo()
    except (aiosmtplib.SMTPException, OSError) as problem:
        client.close()
        raise Unreachable(_connect_reply(hop, problem)) from problem
    return client


def _connect_reply(hop: Hop, problem: Exception) -> str:
    """A server that cannot be reached is always a temporary failure [RFC 5321 §4.5.4.1]."""
    why = one_line(str(problem), REPLY_LIMIT) or type(problem).__name__
    return f"451 4.4.1 {hop.name} port {hop.port}: {why}"


async def _transaction(client: aiosmtplib.SMTP, mail: OutgoingMail) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    try:
        await _mail(client, mail)
        taken = [one for one in mail.recipients if await _recipient(client, one, answers)]
        reply = await _message(client, mail) if taken else ""
    except aiosmtplib.SMTPResponseException as refused:
        reply = _reply(refused.code, refused.message)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as broken:
        reply = f"451 4.4.2 {one_line(str(broken), REPLY_LIMIT) or 'the connection broke'}"
    except GrammarError as unsendable:
        reply = f"553 5.1.7 {unsendable}"
    return {one: answers.get(one) or Answer(reply) for one in mail.recipients}


async def _mail(client: aiosmtplib.SMTP, mail: OutgoingMail) -> None:
    options = []
    if client.supports_extension("size"):
        options.append(f"SIZE={mail.size}")
    if client.supports_extension("8bitmime"):
        options.append("BODY=8BITMIME")
    if not all(address.isascii() for address in (mail.sender, *mail.recipients)):
        if not client.supports_extension("smtputf8"):
            raise aiosmtplib.SMTPResponseException(
                553, "5.6.7 The next server does not take addresses that are not ASCII"
            )
        options.append("SMTPUTF8")
    line = [b"FROM:" + _path(mail.sender), *(option.encode("ascii") for option in options)]
    reply = await client.execute_command(b"MAIL", *line, timeout=COMMAND_S)
    if not 200 <= reply.code < 300:
        raise aiosmtplib.SMTPSenderRefused(reply.code, reply.message, mail.sender)


async def _recipient(client: aiosmtplib.SMTP, address: str, answers: dict[str, Answer]) -> bool:
    """True if the server takes this recipient; its refusal is noted."""
    try:
        path = _path(address)
    except GrammarError as unsendable:  # it cannot stand on a command line
        answers[address] = Answer(f"553 5.1.3 {unsendable}")
        return False
    reply = await client.execute_command(b"RCPT", b"TO:" + path, timeout=COMMAND_S)
    if 200 <= reply.code < 300:
        return True
    answers[address] = Answer(_reply(reply.code, reply.message))
    return False


def _path(address: str) -> bytes:
    """`<address>` as it stands on a command line; GrammarError if it cannot."""
    return f"<{parse_address(address)}>".encode() if address else b"<>"


async def _message(client: aiosmtplib.SMTP, mail: OutgoingMail) -> str:
    """DATA, the octets, and the answer to them."""
    started = await client.execute_command(b"DATA", timeout=COMMAND_S)
    if started.code != 354:
        return _reply(started.code, started.message)
    try:
        for piece in whole_lines(stuffed(mail.pieces())):
            await _write(client, piece)
    except BaseException:
        client.close()  # in the middle of the text no command can be given any more
        raise
    ended = await client.execute_command(b".", timeout=END_S)
    return _reply(ended.code, ended.message)


async def _write(client: aiosmtplib.SMTP, piece: bytes) -> None:
    protocol = client.protocol
    if protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("the connection broke")
    protocol.write(piece)
    # What asyncio's own StreamWriter.drain awaits: room in the transport's buffer.
    await asyncio.wait_for(protocol._drain_helper(), COMMAND_S)


async def _quit(client: aiosmtplib.SMTP) -> None:
    try:
        await client.quit(timeout=5)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
        log.debug("QUIT failed: %s", problem)
    finally:
        client.close()


def _reply(code: int, message: str) -> str:
    """One line of a reply; a code that is none counts as temporary."""
    text = one_line(message, REPLY_LIMIT)
    return f"{code} {text}" if 200 <= code <= 599 else f"451 4.5.0 Not a reply: {code} {text}"
