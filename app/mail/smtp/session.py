"""The server side of SMTP [RFC 5321] as a session that holds no socket and knows no store.

Octets go in by `receive`, octets come out by `to_send`; `next_event` says what must be done with
the message. Who may send to whom is asked of a `Policy` (envelope.py). Two tables are the protocol:
SMTP (states.py) is the only source of state changes, COMMANDS (commands.py) holds what a client may
say.

Extensions: PIPELINING [RFC 2920], SIZE [RFC 1870], 8BITMIME [RFC 6152], SMTPUTF8 [RFC 6531],
ENHANCEDSTATUSCODES [RFC 2034], CHUNKING [RFC 3030], STARTTLS [RFC 3207], AUTH [RFC 4954]. A command
line ends with CR LF only, like the message itself.
"""

import logging

from app.inbox.people import Person
from app.mail.smtp import replies
from app.mail.smtp.commands import COMMANDS, answer
from app.mail.smtp.conversation import Conversation
from app.mail.smtp.envelope import Peer, Policy, SmtpLimits, SmtpRequest
from app.mail.smtp.grammar import GrammarError
from app.mail.smtp.replies import Reply
from app.mail.smtp.states import SmtpEvent, SmtpState
from app.net.lines import LineError, LineReader, LineTooLong

log = logging.getLogger(__name__)

COMMANDS_PER_PIECE = 8
"""Commands that are run for one piece of output at most: so long others wait."""

RECIPIENTS_PER_PIECE = 2
"""RCPT commands of those: each reads the store."""

READ_AHEAD = 4_096
"""Octets of unread commands at which the session wants no more for the moment."""

_TAKES_OCTETS = (SmtpState.DATA, SmtpState.CHUNK)
_WAITS_FOR_US = (SmtpState.DECIDING, SmtpState.JUDGING)
_TAKES_NO_LINES = (*_TAKES_OCTETS, *_WAITS_FOR_US, SmtpState.SECURING, SmtpState.CLOSED)


class SmtpSession(Conversation):
    """One client's session; the interface is that of `net.connection.Session`."""

    def __init__(
        self, policy: Policy, peer: Peer, hostname: str, limits: SmtpLimits, now: float = 0.0
    ) -> None:
        """`now` in monotonic seconds."""
        super().__init__(policy, peer, hostname, limits)
        self._input_held = False
        self._said = 0  # octets of command lines since the last accepted mail
        self._ticked_at = now  # monotonic seconds
        self._since = now  # where the patience with this session begins, monotonic seconds
        self._earned = 0  # octets of messages since the last tick
        self._anew = False  # a mail was accepted since the last tick
        self._held_refusal: tuple[float, Reply] | None = None  # when it may be said (monotonic s)
        self._stopping = False
        self._for_others = False  # the verdict waits for what is asked of others, not for us

    # what its connection calls

    @property
    def closed(self) -> bool:
        """The session is over; what output it has left is taken yet."""
        return self.state is SmtpState.CLOSED

    @property
    def wants_input(self) -> bool:
        """False while a verdict is awaited, the service holds input, or enough lies unread."""
        return (
            not self._input_held
            and self._reader.buffered < READ_AHEAD
            and self.state not in _WAITS_FOR_US
        )

    @property
    def unread(self) -> int:
        """Octets of the client's that have not been looked at."""
        return self._reader.buffered

    def receive(self, data: bytes) -> None:
        """Take octets as they arrived, cut anywhere; `to_send` runs the commands in them."""
        if self.state in _TAKES_OCTETS:
            self._earned += len(data)
            self.take_octets(data)
        elif self.state is not SmtpState.CLOSED:
            self._reader.feed(data)

    def to_send(self) -> bytes:
        """Run the next commands, COMMANDS_PER_PIECE at most, and give the output so far."""
        self._read_commands()
        out = self._out
        if not out:
            return b""
        piece = out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        return piece

    def next_event(self) -> SmtpRequest | None:
        """The next thing to do for the service."""
        return self.events.popleft() if self.events else None

    def tick(self, now: float) -> None:
        """End a session that has sent no mail for too long; `now` is monotonic seconds.

        Only an accepted mail begins the time anew, and octets of a message prolong it; what we take
        our time for does not count.
        """
        if self._held_refusal is not None and now >= self._held_refusal[0]:
            self._refuse_login(self._held_refusal[1])
        if self._anew:
            self._since, self._anew = now, False
        elif self.state is SmtpState.DECIDING or self._input_held:
            self._since += now - self._ticked_at
        self._since = min(now, self._since + self._earned / self.limits.octets_a_second)
        self._ticked_at, self._earned = now, 0
        if now - self._since >= self.limits.patience_s:
            self.leave(replies.TOO_SLOW)

    @property
    def waits_since(self) -> float | None:
        """Since when there has been no mail, less what has come of one; None while we commit it."""
        deciding = self.state is SmtpState.DECIDING and not self._for_others
        return None if deciding else self._since

    def secured(self) -> None:
        """Begin anew under TLS [RFC 3207 §4.2]: what was said before, or lies unread, is gone."""
        if self.move(SmtpEvent.SECURED):
            self._reader = LineReader(self.limits.line)
            self.helo, self.esmtp, self.tls = "", False, True
            self.forget()

    def stop(self) -> None:
        """Say 421 and close; a message whose verdict is awaited gets its verdict first."""
        self._stopping = True
        if self.state is not SmtpState.DECIDING:
            self.leave(replies.SHUTTING_DOWN)

    def lost(self) -> None:
        """The connection is lost: the mail is over, and nobody can be answered."""
        if self.state is not SmtpState.CLOSED:
            self.move(SmtpEvent.LEAVE)
            self.forget()

    def fault(self) -> bytes:
        """Give the last output after a fault of ours: temporary, so the client keeps the mail."""
        return replies.SHUTTING_DOWN.wire

    # what the service calls

    def hold_input(self, held: bool) -> None:
        """Read no more of the message while the service has enough octets that are not durable."""
        self._input_held = held

    def waits_for_others(self, waits: bool) -> None:
        """The verdict waits for the DNS of a stranger, who may take long on purpose, or no more.

        Meanwhile the session may be ended in favour of others.
        """
        self._for_others = waits

    def accepted(self, name: str) -> None:
        """Answer `Complete`: the message is durably stored under this name."""
        self._errors = self._unknown = self._said = 0
        self._anew = True
        self._verdict(Reply(250, "2.0.0", f"Accepted as {name}"))

    def rejected(self, reply: Reply) -> None:
        """Answer `Complete`: the message is not stored and leaves no trace."""
        self._verdict(reply)

    def logged_in(self, person: Person) -> None:
        """Answer `LoginWanted`: the password is this person's."""
        if self.state is SmtpState.JUDGING:
            self.person = person
            self.move(SmtpEvent.VERDICT)
            self.forget()
            self.send(replies.LOGGED_IN)

    def login_refused(self, reply: Reply, until: float | None = None) -> None:
        """Answer `LoginWanted`: with this reply, not before `until` (monotonic seconds)."""
        if until is not None:
            self._held_refusal = until, reply
        else:
            self._refuse_login(reply)

    def _refuse_login(self, reply: Reply) -> None:
        self._held_refusal = None
        if self.state is SmtpState.JUDGING:
            self.move(SmtpEvent.VERDICT)
            self.refuse(reply)

    def _verdict(self, reply: Reply) -> None:
        if self.state is not SmtpState.DECIDING:
            return  # the session has ended meanwhile
        self.move(SmtpEvent.VERDICT)
        self.forget()
        self.send(reply)
        if self._stopping:
            self.leave(replies.SHUTTING_DOWN)

    # commands

    def _read_commands(self) -> None:
        self.judged = 0
        for _ in range(COMMANDS_PER_PIECE):
            if self.state in _TAKES_NO_LINES or self.judged >= RECIPIENTS_PER_PIECE:
                return
            if self.after_skip is not None and not self._skipped():
                return
            try:
                line = self._reader.line()
            except LineError as error:
                self._bad_line(error)
                continue
            if line is None:
                return
            self._said += len(line)
            if self._said > self.limits.command_octets:
                self.leave(replies.TOO_MUCH_SAID)
                return
            self._command(line)
            if self.state is SmtpState.DATA:
                self.take_octets(self._reader.take())
            elif self.state is SmtpState.CHUNK:
                self.take_octets(self._reader.take(self.chunk_left))

    def _bad_line(self, error: LineError) -> None:
        """Refuse a line that cannot be used; it ends a login [RFC 4954 §4]."""
        if self.state is SmtpState.ANSWERING:
            self.exchange = None
            self.move(SmtpEvent.CANCEL)
        long = isinstance(error, LineTooLong)
        self.refuse(replies.LINE_TOO_LONG if long else replies.BAD_OCTET)

    def _skipped(self) -> bool:
        """Throw the octets of a refused chunk away; True when all are gone, and it is said."""
        self.skip -= len(self._reader.take(self.skip))
        if self.skip or self.after_skip is None:
            return False
        reply, self.after_skip = self.after_skip, None
        self.refuse(reply)
        return self.state not in _TAKES_NO_LINES

    def _command(self, line: bytes) -> None:
        if self.state is SmtpState.ANSWERING:
            answer(self, line.decode("utf-8", "replace"))
            return
        verb, _, rest = line.partition(b" ")
        command = COMMANDS.get(verb.upper())
        if command is None:
            self.refuse(replies.UNKNOWN_COMMAND)
            return
        try:
            argument = rest.decode("utf-8", command.bad_octets).rstrip(" ")
        except UnicodeDecodeError:
            self.refuse(command.wrong)
            return
        try:
            command.run(self, argument)
        except GrammarError as wrong:
            log.info("smtp(%s): %s: %s", self.peer.host, verb.decode(), wrong)
            self.refuse(command.wrong)
