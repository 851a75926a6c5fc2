"""What a client may say [RFC 5321 §4.1]: each command is a function of the conversation.

`COMMANDS` is the whole list. An argument that does not follow the grammar raises GrammarError, and
is answered by the command's `wrong`. Which command may come when is asked of the table (states.py).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from app.core.text import one_line
from app.mail.sasl import MECHANISMS, Cancelled, Credentials, Exchange, SaslError
from app.mail.smtp import parameters, replies
from app.mail.smtp.conversation import Conversation
from app.mail.smtp.data import ChunkReader, DataReader
from app.mail.smtp.envelope import Accepted, LoginWanted, StartTls
from app.mail.smtp.grammar import Address, Cursor, GrammarError, keyword, path, reverse_path
from app.mail.smtp.grammar import parameters as read_parameters
from app.mail.smtp.replies import Reply
from app.mail.smtp.states import SMTP, SmtpEvent, SmtpState
from app.message.dsn import NO_REQUEST

HELO_LIMIT = 255
"""Characters of what a host calls itself that are kept [RFC 5321 §4.5.3.1.2]."""

_CHUNK = re.compile(r"([0-9]{1,20})(?: +(LAST))?", re.IGNORECASE)


@dataclass(frozen=True)
class Command:
    """A verb: what it does, and the answer when its argument does not follow the grammar."""

    run: Callable[[Conversation, str], None]
    wrong: Reply = replies.SYNTAX
    bad_octets: Literal["strict", "replace"] = "strict"
    """What is done with an argument that is no UTF-8: refused, or taken with marks in it."""


def _without_argument(argument: str) -> None:
    if argument:
        raise GrammarError("this command takes no argument")


# ---- who is there


def _hello(talk: Conversation, argument: str) -> None:
    """HELO and EHLO both start anew; what the host calls itself is no reason to refuse it.

    [RFC 5321 §4.1.4]
    """
    if not argument and not talk.peer.lan:
        raise GrammarError("a host name is expected")
    talk.move(SmtpEvent.HELLO)
    talk.helo = one_line(argument, HELO_LIMIT)
    talk.forget()


def _ehlo(talk: Conversation, argument: str) -> None:
    talk.esmtp = True
    _hello(talk, argument)
    offers = ["PIPELINING", f"SIZE {talk.limits.size}", "8BITMIME", "SMTPUTF8", "CHUNKING"]
    if talk.peer.can_start_tls and not talk.tls:
        offers.append("STARTTLS")
    if talk.peer.may_log_in:  # whom strangers name as sender must not be sent reports
        offers.append("DSN")
    if talk.peer.may_log_in and talk.tls:
        offers.append(f"AUTH {' '.join(MECHANISMS)}")
    talk.send(replies.hello(talk.hostname, *offers, "ENHANCEDSTATUSCODES", "HELP"))


def _helo(talk: Conversation, argument: str) -> None:
    talk.esmtp = False
    _hello(talk, argument)
    talk.send(replies.hello(talk.hostname))


def _start_tls(talk: Conversation, argument: str) -> None:
    """RFC 3207 §4: what is said before the handshake counts no more after it."""
    _without_argument(argument)
    if talk.tls or not talk.peer.can_start_tls:
        talk.refuse(replies.NO_TLS)
    elif talk.move(SmtpEvent.STARTTLS):
        talk.events.append(StartTls())
        talk.send(replies.START_TLS)


def _auth(talk: Conversation, argument: str) -> None:
    """RFC 4954 §4; a password is taken under TLS only [RFC 8314 §4]."""
    mechanism, _, initial = argument.partition(" ")
    if not mechanism:
        raise GrammarError("AUTH needs a mechanism")
    refusal = _why_no_login(talk, mechanism.upper())
    if refusal is not None:
        talk.refuse(refusal)
    elif talk.move(SmtpEvent.AUTH):
        talk.exchange = Exchange(mechanism.upper())
        _go_on(talk, lambda exchange: exchange.begin(initial or None))


def _why_no_login(talk: Conversation, mechanism: str) -> Reply | None:
    if not talk.peer.may_log_in:
        return replies.NO_AUTH
    if talk.person is not None:
        return replies.LOGGED_IN_ALREADY
    if not talk.tls:
        return replies.ENCRYPT_FIRST
    return None if mechanism in MECHANISMS else replies.NO_SUCH_MECHANISM


def answer(talk: Conversation, line: str) -> None:
    """A line that answers a challenge of a login."""
    _go_on(talk, lambda exchange: exchange.answer(line))


def _go_on(talk: Conversation, step: Callable[[Exchange], str | Credentials]) -> None:
    assert talk.exchange is not None, "a login is under way"
    try:
        found = step(talk.exchange)
    except SaslError as wrong:
        talk.exchange = None
        talk.move(SmtpEvent.CANCEL)
        talk.refuse(replies.GIVEN_UP if isinstance(wrong, Cancelled) else replies.BAD_ANSWER)
        return
    if isinstance(found, str):
        talk.send(replies.challenge(found))
        return
    talk.exchange = None
    talk.move(SmtpEvent.CREDENTIALS)
    talk.events.append(LoginWanted(found))


# ---- from whom, to whom


def _mail(talk: Conversation, argument: str) -> None:
    if not talk.may(SmtpEvent.MAIL):
        return
    cursor = Cursor(argument, lenient=talk.peer.lan)
    keyword(cursor, "FROM")
    mail = talk.new_mail(reverse_path(cursor))
    reply = parameters.of_mail(mail, read_parameters(cursor), talk.limits.size)
    reply = reply or talk.policy.sender(mail)
    if reply is not None:
        talk.refuse(reply)
        return
    talk.move(SmtpEvent.MAIL)
    talk.transaction = mail
    talk.send(replies.SENDER_OK)


def _rcpt(talk: Conversation, argument: str) -> None:
    if not talk.may(SmtpEvent.RCPT):
        return
    cursor = Cursor(argument, lenient=talk.peer.lan)
    keyword(cursor, "TO")
    address = path(cursor)
    verdict = _judged(talk, address, read_parameters(cursor))
    if isinstance(verdict, Reply):
        talk.refuse_recipient(verdict)
        return
    talk.move(SmtpEvent.RCPT)
    talk.transaction.accepted.append(verdict)
    talk.send(replies.RECIPIENT_OK)


def _judged(talk: Conversation, address: Address, given: dict[str, str]) -> Accepted | Reply:
    mail = talk.transaction
    asked = parameters.of_recipient(given)
    if isinstance(asked, Reply):
        return asked
    if address.needs_utf8 and not mail.utf8:
        return replies.NEEDS_UTF8
    if len(mail.accepted) >= talk.limits.recipients:
        return replies.TOO_MANY_RECIPIENTS
    talk.judged += 1
    verdict = talk.policy.recipient(mail, address)
    if asked is NO_REQUEST or isinstance(verdict, Reply):
        return verdict
    return replace(verdict, asked=asked)


# ---- the mail


def _data(talk: Conversation, argument: str) -> None:
    _without_argument(argument)
    if _has_nobody(talk):
        talk.refuse(replies.NO_RECIPIENTS)
    elif talk.move(SmtpEvent.DATA):
        talk.begin(DataReader(talk.limits.size, lf_allowed=talk.peer.lan))
        talk.send(replies.GO_AHEAD)


def _has_nobody(talk: Conversation) -> bool:
    return talk.state is SmtpState.SENDER and talk.transaction.refused > 0


def _bdat(talk: Conversation, argument: str) -> None:
    """RFC 3030 §2: the octets of a chunk follow at once, also of one that is refused.

    Where it is not known how many follow, they could be taken for commands: nothing more is read.
    """
    found = _CHUNK.fullmatch(argument)
    if found is None:
        talk.leave(replies.BAD_CHUNK)
        return
    octets, last = int(found[1]), found[2] is not None
    if _has_nobody(talk) or not SMTP.accepts(talk.state, SmtpEvent.BDAT):
        nobody = _has_nobody(talk)
        talk.skip = octets
        talk.after_skip = replies.NO_RECIPIENTS if nobody else talk.hint(SmtpEvent.BDAT)
        return
    talk.move(SmtpEvent.BDAT)
    if talk.message is None:
        talk.begin(ChunkReader(talk.limits.size, lf_allowed=talk.peer.lan))
    assert isinstance(talk.message, ChunkReader), "DATA and BDAT do not mix"
    talk.message.begin(octets, last)


# ---- the rest


def _reset(talk: Conversation, argument: str) -> None:
    _without_argument(argument)
    talk.move(SmtpEvent.RESET)
    talk.forget()
    talk.send(replies.OK)


def _noop(talk: Conversation, _argument: str) -> None:
    talk.send(replies.OK)


def _verify(talk: Conversation, argument: str) -> None:
    if not argument:
        raise GrammarError("VRFY needs an argument")
    talk.send(replies.CANNOT_VERIFY)


def _expand(talk: Conversation, _argument: str) -> None:
    talk.refuse(replies.NOT_DONE)


def _help(talk: Conversation, _argument: str) -> None:
    talk.send(replies.commands([verb.decode() for verb in COMMANDS]))


def _quit(talk: Conversation, _argument: str) -> None:
    talk.leave(replies.GOODBYE)


COMMANDS: dict[bytes, Command] = {
    b"EHLO": Command(_ehlo, bad_octets="replace"),
    b"HELO": Command(_helo, bad_octets="replace"),
    b"STARTTLS": Command(_start_tls),
    b"AUTH": Command(_auth),
    b"MAIL": Command(_mail, replies.BAD_SENDER),
    b"RCPT": Command(_rcpt, replies.BAD_RECIPIENT),
    b"DATA": Command(_data),
    b"BDAT": Command(_bdat),
    b"RSET": Command(_reset),
    b"NOOP": Command(_noop),
    b"VRFY": Command(_verify),
    b"EXPN": Command(_expand),
    b"HELP": Command(_help),
    b"QUIT": Command(_quit),
}
