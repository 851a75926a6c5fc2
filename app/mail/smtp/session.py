"""The server side of SMTP [RFC 5321] as a session that holds no socket and knows no store.

Octets go in by `receive`, octets come out by `to_send`; `next_event` says what must be done with
the message. Who may send to whom is asked of a `Policy` (envelope.py). Two tables are the protocol:
SMTP (states.py) is the only source of state changes, COMMANDS (below) holds what a client may say.

Extensions: PIPELINING [RFC 2920], SIZE [RFC 1870], 8BITMIME [RFC 6152], SMTPUTF8 [RFC 6531],
ENHANCEDSTATUSCODES [RFC 2034]. A command line ends with CR LF only, like the message itself.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from app.core.fsm import Machine
from app.mail.net.lines import LineError, LineReader, LineTooLong
from app.mail.smtp import replies
from app.mail.smtp.data import DataReader
from app.mail.smtp.envelope import (
    Abandoned,
    Accepted,
    Begin,
    Complete,
    MessageEvent,
    Octets,
    Peer,
    Policy,
    SmtpLimits,
    Transaction,
)
from app.mail.smtp.grammar import Address, Cursor, GrammarError, parameters, path, reverse_path
from app.mail.smtp.replies import Reply
from app.mail.smtp.states import HINTS, SMTP, SMTP_ACTIONS, SmtpEvent, SmtpState

log = logging.getLogger(__name__)

_TAKES_NO_LINES = (SmtpState.DATA, SmtpState.DECIDING, SmtpState.CLOSED)


class SmtpSession:
    """One client's session; the interface is that of `net.connection.Session`."""

    def __init__(self, policy: Policy, peer: Peer, hostname: str, limits: SmtpLimits) -> None:
        self.peer = peer
        self._input_held = False
        self._policy = policy
        self._hostname = hostname
        self._limits = limits
        self._machine = Machine(SMTP_ACTIONS, self, peer.host, log=None)
        self._reader = LineReader(self._limits.line)
        self._data: DataReader | None = None
        self._out: list[bytes] = [replies.greeting(hostname).wire]
        self._events: deque[MessageEvent] = deque()
        self._helo, self._esmtp = "", False
        self._transaction = Transaction(peer)
        self._errors = 0  # refused commands since the last accepted mail
        self._unknown = 0  # refused recipients since the last accepted mail
        self._active = True  # octets came since the last tick
        self._active_at = 0.0  # the last tick at which that was so, monotonic seconds
        self._stopping = False

    # what its connection calls

    @property
    def state(self) -> SmtpState:
        """Where the session stands."""
        return self._machine.state

    @property
    def closed(self) -> bool:
        """The session is over and all its output has been taken."""
        return self.state is SmtpState.CLOSED and not self._out

    @property
    def wants_input(self) -> bool:
        """False while the verdict is awaited or the service holds the input."""
        return self.state is not SmtpState.DECIDING and not self._input_held

    def receive(self, data: bytes) -> None:
        """Take octets as they arrived, cut anywhere."""
        self._active = True
        if self.state is SmtpState.DATA:
            self._take_message(data)
        else:
            self._reader.feed(data)
        self._read_commands()

    def to_send(self) -> bytes:
        """Everything there is to send now."""
        out, self._out = b"".join(self._out), []
        return out

    def next_event(self) -> MessageEvent | None:
        """The next thing to do for the service."""
        return self._events.popleft() if self._events else None

    def tick(self, now: float) -> None:
        """End a session that has been silent for too long; `now` is monotonic seconds."""
        if self._active or self.state is SmtpState.DECIDING or self._input_held:
            self._active, self._active_at = False, now
        elif now - self._active_at >= self._limits.idle_s:
            self._leave(replies.TOO_SLOW)

    def stop(self) -> None:
        """Say 421 and close; a message whose verdict is awaited gets its verdict first."""
        self._stopping = True
        if self.state is not SmtpState.DECIDING:
            self._leave(replies.SHUTTING_DOWN)

    def lost(self) -> None:
        """The connection is lost: the mail is over, and nobody can be answered."""
        if self.state is not SmtpState.CLOSED:
            self._move(SmtpEvent.LEAVE)
            self._forget()

    def fault(self) -> bytes:
        """Give the last output after a fault of ours: temporary, so the client keeps the mail."""
        return replies.SHUTTING_DOWN.wire

    # what the service calls

    def hold_input(self, held: bool) -> None:
        """Read no more of the message while the service has enough octets that are not durable."""
        self._input_held = held

    def accepted(self, name: str) -> None:
        """Answer `Complete`: the message is durably stored under this name."""
        self._errors = self._unknown = 0
        self._verdict(Reply(250, "2.0.0", f"Accepted as {name}"))

    def rejected(self, reply: Reply) -> None:
        """Answer `Complete`: the message is not stored and leaves no trace."""
        self._verdict(reply)

    def _verdict(self, reply: Reply) -> None:
        if self.state is not SmtpState.DECIDING:
            return  # the session has ended meanwhile
        self._move(SmtpEvent.VERDICT)
        self._forget()
        self._send(reply)
        if self._stopping:
            self._leave(replies.SHUTTING_DOWN)
        self._read_commands()  # what was pipelined behind the message

    # state

    def _move(self, event: SmtpEvent) -> bool:
        """Give the machine an event; one that its state refuses is answered with a hint."""
        if self._machine.event(event):
            return True
        log.info("SMTP session of %s in state %s: %s refused", self.peer.host, self.state, event)
        self._refuse(HINTS.get((self.state, event), replies.SAY_HELLO))
        return False

    def _may(self, event: SmtpEvent) -> bool:
        """True if the event is accepted now; otherwise it is refused."""
        return SMTP.accepts(self.state, event) or self._move(event)

    def _send(self, reply: Reply) -> None:
        self._out.append(reply.wire)

    def _refuse(self, reply: Reply) -> None:
        """Answer a wrong command; after too many of them, close."""
        self._errors += 1
        self._send(reply)
        if self._errors >= self._limits.errors:
            self._leave(replies.TOO_MANY_ERRORS)

    def _refuse_recipient(self, reply: Reply) -> None:
        """Refuse a recipient; guessing many names ends the session, one wrong list does not."""
        self._unknown += 1
        self._send(reply)
        if self._unknown >= self._limits.unknown_recipients:
            self._leave(replies.TOO_MANY_ERRORS)

    def _leave(self, reply: Reply) -> None:
        if self.state is SmtpState.CLOSED:
            return
        if self.state is SmtpState.DATA:
            self._events.append(Abandoned())
        self._move(SmtpEvent.LEAVE)
        self._forget()
        self._send(reply)

    def _forget(self) -> None:
        """End the transaction, whatever became of it."""
        self._policy.ended(self._transaction)
        self._transaction = Transaction(self.peer, self._helo, self._esmtp)
        self._data = None

    # commands

    def _read_commands(self) -> None:
        while self.state not in _TAKES_NO_LINES:
            try:
                line = self._reader.line()
            except LineError as error:
                long = isinstance(error, LineTooLong)
                self._refuse(replies.LINE_TOO_LONG if long else replies.BAD_OCTET)
                continue
            if line is None:
                return
            self._command(line)
            if self.state is SmtpState.DATA:
                self._take_message(self._reader.take())

    def _command(self, line: bytes) -> None:
        verb, _, rest = line.partition(b" ")
        command = COMMANDS.get(verb.upper())
        if command is None:
            self._refuse(replies.UNKNOWN_COMMAND)
            return
        try:
            argument = rest.decode("utf-8").rstrip(" ")
        except UnicodeDecodeError:
            self._refuse(command.wrong)
            return
        try:
            command.run(self, argument)
        except GrammarError as wrong:
            log.info("smtp(%s): %s: %s", self.peer.host, verb.decode(), wrong)
            self._refuse(command.wrong)

    def _hello(self, argument: str) -> None:
        """HELO and EHLO both start anew [RFC 5321 §4.1.4]."""
        if not argument or not argument.isprintable() or len(argument) > 255:
            raise GrammarError("a host name is expected")
        self._move(SmtpEvent.HELLO)
        self._helo = argument
        self._forget()

    def _ehlo(self, argument: str) -> None:
        self._esmtp = True
        self._hello(argument)
        offers = ("PIPELINING", f"SIZE {self._limits.size}", "8BITMIME", "SMTPUTF8")
        self._send(replies.hello(self._hostname, *offers, "ENHANCEDSTATUSCODES", "HELP"))

    def _helo_only(self, argument: str) -> None:
        self._esmtp = False
        self._hello(argument)
        self._send(replies.hello(self._hostname))

    def _mail(self, argument: str) -> None:
        if not self._may(SmtpEvent.MAIL):
            return
        cursor = Cursor(argument)
        cursor.need("FROM:")
        mail = Transaction(self.peer, self._helo, self._esmtp, sender=reverse_path(cursor))
        reply = self._mail_parameters(mail, cursor) or self._policy.sender(mail)
        if reply is not None:
            self._refuse(reply)
            return
        self._move(SmtpEvent.MAIL)
        self._transaction = mail
        self._send(replies.SENDER_OK)

    def _mail_parameters(self, mail: Transaction, cursor: Cursor) -> Reply | None:
        given = parameters(cursor)
        size = given.pop("SIZE", "0")
        body = given.pop("BODY", "7BIT").upper()
        utf8 = given.pop("SMTPUTF8", None)
        if given:
            return replies.UNKNOWN_PARAMETER
        # RFC 1870 §3: at most 20 digits.
        if not (size.isascii() and size.isdigit() and len(size) <= 20):
            return replies.BAD_PARAMETER
        if body not in ("7BIT", "8BITMIME") or utf8:
            return replies.BAD_PARAMETER
        mail.size, mail.eight_bit, mail.utf8 = int(size), body == "8BITMIME", utf8 is not None
        if mail.size > self._limits.size:
            return replies.TOO_BIG
        return replies.NEEDS_UTF8 if mail.sender.needs_utf8 and not mail.utf8 else None

    def _rcpt(self, argument: str) -> None:
        if not self._may(SmtpEvent.RCPT):
            return
        cursor = Cursor(argument)
        cursor.need("TO:")
        address = path(cursor)
        verdict = self._judge(address, parameters(cursor))
        if isinstance(verdict, Reply):
            self._transaction.refused += 1
            self._refuse_recipient(verdict)
            return
        self._move(SmtpEvent.RCPT)
        self._transaction.accepted.append(verdict)
        self._send(replies.RECIPIENT_OK)

    def _judge(self, address: Address, given: dict[str, str]) -> Accepted | Reply:
        if given:
            return replies.UNKNOWN_PARAMETER
        if address.needs_utf8 and not self._transaction.utf8:
            return replies.NEEDS_UTF8
        if len(self._transaction.accepted) >= self._limits.recipients:
            return replies.TOO_MANY_RECIPIENTS
        return self._policy.recipient(self._transaction, address)

    def _data_command(self, argument: str) -> None:
        if argument:
            raise GrammarError("DATA takes no argument")
        if self.state is SmtpState.SENDER and self._transaction.refused:
            self._refuse(replies.NO_RECIPIENTS)
            return
        if not self._move(SmtpEvent.DATA):
            return
        self._data = DataReader(self._limits.size, lf_allowed=self.peer.lan)
        self._transaction.found = self._data.found
        self._events.append(Begin(self._transaction))
        self._send(replies.GO_AHEAD)

    def _reset(self, argument: str) -> None:
        if argument:
            raise GrammarError("RSET takes no argument")
        self._move(SmtpEvent.RESET)
        self._forget()
        self._send(replies.OK)

    def _noop(self, _argument: str) -> None:
        self._send(replies.OK)

    def _verify(self, argument: str) -> None:
        if not argument:
            raise GrammarError("VRFY needs an argument")
        self._send(replies.CANNOT_VERIFY)

    def _expand(self, _argument: str) -> None:
        self._refuse(replies.NOT_DONE)

    def _help(self, _argument: str) -> None:
        self._send(replies.commands([verb.decode() for verb in COMMANDS]))

    def _quit(self, _argument: str) -> None:
        self._leave(replies.GOODBYE)

    # the message

    def _take_message(self, data: bytes) -> None:
        assert self._data is not None, "a message is being taken"
        found, was_bad = self._data.found, self._data.found.bad
        octets, rest = self._data.feed(data)
        if octets:
            self._events.append(Octets(octets))
        if found.bad and not was_bad:
            self._events.append(Abandoned())
        if self._data.ended:
            self._reader.feed(rest)
            self._finish_message()

    def _finish_message(self) -> None:
        found = self._transaction.found
        self._move(SmtpEvent.END)
        if not found.bad:
            self._events.append(Complete(self._transaction))
            return
        self._move(SmtpEvent.VERDICT)
        self._forget()
        if found.too_big:
            self._refuse(replies.TOO_BIG)
        else:
            self._refuse(replies.NUL_IN_DATA if found.nul else replies.BARE_LINE_END)


@dataclass(frozen=True)
class Command:
    """A verb: what it does, and the answer when its argument does not follow the grammar."""

    run: Callable[[SmtpSession, str], None]
    wrong: Reply = replies.SYNTAX


COMMANDS: dict[bytes, Command] = {
    b"EHLO": Command(SmtpSession._ehlo),
    b"HELO": Command(SmtpSession._helo_only),
    b"MAIL": Command(SmtpSession._mail, replies.BAD_SENDER),
    b"RCPT": Command(SmtpSession._rcpt, replies.BAD_RECIPIENT),
    b"DATA": Command(SmtpSession._data_command),
    b"RSET": Command(SmtpSession._reset),
    b"NOOP": Command(SmtpSession._noop),
    b"VRFY": Command(SmtpSession._verify),
    b"EXPN": Command(SmtpSession._expand),
    b"HELP": Command(SmtpSession._help),
    b"QUIT": Command(SmtpSession._quit),
}
