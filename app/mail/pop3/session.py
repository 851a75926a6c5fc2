"""A POP3 server session without sockets: octets in, octets and requests out.

[RFC 1939, RFC 2449, RFC 3206]

    receive(octets)    what the client sent, cut anywhere
    to_send()          runs commands and reads chunks up to HIGH_WATER; gives the output so far
    next_event()       what the service must do: LoginWanted, then Commit
    logged_in, refused, committed, failed     how the service answers
    tick(now)          autologout; `taken_over` and `stop` end the session from outside

What a client may say is in COMMANDS, at the end; the states are in states.POP3. Nothing is removed
before QUIT, and then by the service, all at once; a lost connection removes nothing.
"""

import logging
from collections.abc import Callable, Iterator
from typing import NamedTuple

from app.core.fsm import Machine
from app.mail.net.lines import POP3_COMMAND, LineError, LineReader, LineTooLong, NulInLine
from app.mail.pop3.maildrop import Maildrop, MarkedMaildrop, counted
from app.mail.pop3.states import (
    LISTENING,
    POP3_ACTIONS,
    Code,
    Commit,
    LoginWanted,
    Misused,
    Pop3Event,
    Pop3Request,
    Pop3State,
    Refused,
)

log = logging.getLogger(__name__)

HIGH_WATER = 131_072
"""Octets of output at which the session stops running commands and reading chunks."""

READ_AHEAD = 65_536
"""Octets of unread commands at which the session wants no more for the moment."""

AUTOLOGOUT_S = 600.0
"""Seconds without a sign of life that end a session [RFC 1939 §3: at least 10 minutes]."""

MOST_BAD = 20
"""Unusable commands in a row that end a session; Dovecot allows as many."""

MOST_REFUSED = 5
"""Refused logins that end a session."""


class Pop3Session:
    """One client's session; the module's head says how to drive it.

    host            our name, for the greeting
    plain_login     False: USER and PASS are refused, since this network may not use them
    expire          what EXPIRE announces ("NEVER" or days); None: nothing is promised
    implementation  what IMPLEMENTATION announces
    """

    def __init__(
        self,
        host: str,
        *,
        plain_login: bool = True,
        expire: str | None = None,
        implementation: str = "Switchhook",
    ) -> None:
        self._reader = LineReader(POP3_COMMAND, lf_ends=True)
        self._out: list[bytes] = []
        self._size = 0  # octets in _out
        self._stream: Iterator[bytes] | None = None  # the rest of the answer under way
        self._event: Pop3Request | None = None
        self._machine = Machine(POP3_ACTIONS, self, host, log=None)
        self._plain_login = plain_login
        self._expire = expire
        self._implementation = implementation
        self._user: bytes | None = None
        self._maildrop: MarkedMaildrop
        self._bad = 0  # unusable commands in a row
        self._refusals = 0  # of logins
        self._active = True  # octets have moved since the last tick
        self._active_at = 0.0  # the last tick at which that was so, monotonic seconds
        self._held_refusal: tuple[float, bytes] | None = None  # when it may be sent, and its octets
        self._retrieved = 0  # RETR commands
        self._removed = 0  # messages, durably
        self._sent_octets = 0
        self._ok(f"{host} POP3 ready")

    # what its connection calls

    @property
    def state(self) -> Pop3State:
        """Where the session stands."""
        return self._machine.state

    @property
    def closed(self) -> bool:
        """The session is over and all its output has been taken."""
        return self._machine.state is Pop3State.CLOSED and not self._out

    @property
    def wants_input(self) -> bool:
        """False while the service owes an answer, or when enough commands lie unread."""
        return self._reader.buffered < READ_AHEAD and self._machine.state in LISTENING

    def receive(self, data: bytes) -> None:
        """Take what the client sent; `to_send` runs the commands in it."""
        self._active = True
        if self._machine.state is not Pop3State.CLOSED:
            self._reader.feed(data)

    def to_send(self) -> bytes:
        """Run commands and read chunks up to HIGH_WATER, and give the output so far."""
        if self._machine.state in LISTENING:
            self._work()
        out = self._out
        if not out:
            return b""
        self._active = True
        piece = out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        self._sent_octets += self._size
        self._size = 0
        return piece

    def next_event(self) -> Pop3Request | None:
        """Take the request that awaits the service, once."""
        event, self._event = self._event, None
        return event

    def tick(self, now: float) -> None:
        """Send a refusal whose time has come, end an idle session; `now` is monotonic seconds."""
        if self._held_refusal is not None and now >= self._held_refusal[0]:
            self._send_refusal(self._held_refusal[1])
            self._held_refusal = None
        if self._active or self._machine.state not in LISTENING:
            self._active, self._active_at = False, now
        elif now - self._active_at >= AUTOLOGOUT_S:
            self._end(Pop3Event.IDLE, b"")  # no response and no UPDATE [RFC 1939 §3]

    def stop(self) -> None:
        """End because the service does; only a removal already asked for by QUIT goes on."""
        self._end(
            Pop3Event.STOP, Code.SYS_TEMP.reply("the server is stopping; nothing was removed")
        )

    def fault(self) -> bytes:
        """Give the last output after a fault of ours; none in the midst of a message's octets."""
        if self._stream is not None:
            return b""
        return b"".join(self._out) + Code.SYS_TEMP.reply("something failed here; try again later")

    # what the service calls

    def idle(self, now: float) -> float:
        """Seconds (to the tick) since octets were moved; `now` is monotonic seconds."""
        return 0.0 if self._active else now - self._active_at

    @property
    def refusal_is_held(self) -> bool:
        """A login was refused, and the reply has not been sent yet."""
        return self._held_refusal is not None

    def logged_in(self, maildrop: Maildrop) -> bool:
        """Begin the transaction on this snapshot; False if the session no longer waits for it."""
        if not self._move(Pop3Event.LOGGED_IN):
            return False
        self._maildrop = MarkedMaildrop(maildrop)
        self._ok(self._maildrop.summary())
        return True

    def refused(self, code: Code, text: str, until: float = 0.0) -> None:
        """Refuse the login; not before `until` (monotonic seconds) if that is given."""
        reply = code.reply(text)
        if until:
            self._held_refusal = (until, reply)
        else:
            self._send_refusal(reply)

    def committed(self, removed: int) -> None:
        """Answer QUIT: so many messages are removed, durably."""
        if self._move(Pop3Event.COMMIT_ENDED):
            self._removed = removed
            self._ok(f"bye, {counted(removed)} removed")

    def failed(self) -> None:
        """Answer QUIT: the removal failed as a whole."""
        if self._move(Pop3Event.COMMIT_ENDED):
            self._send(Code.SYS_TEMP.reply("nothing was removed; try again later"))

    def taken_over(self) -> None:
        """End without UPDATE, because another session has the maildrop now."""
        text = "another session has taken this maildrop; nothing was removed"
        self._end(Pop3Event.TAKEN_OVER, Code.SYS_TEMP.reply(text))

    def counters(self) -> str:
        """What the session did, for the log: RETR commands, messages removed, octets sent."""
        return f"retr={self._retrieved} dele={self._removed} octets={self._sent_octets}"

    # how it works

    def _move(self, event: Pop3Event) -> bool:
        """Give the machine an event; one that its state refuses goes to the log."""
        if self._machine.event(event):
            return True
        log.info("POP3 session in state %s: refused: %s", self._machine.state, event)
        return False

    def _end(self, event: Pop3Event, last_output: bytes) -> None:
        if self._move(event) and self._machine.state is Pop3State.CLOSED:
            if self._stream is None and last_output:
                self._send(last_output)
            self._stream = None

    def _send(self, octets: bytes) -> None:
        self._out.append(octets)
        self._size += len(octets)

    def _ok(self, text: str) -> None:
        self._send(f"+OK {text}\r\n".encode())

    def _answer(self, text: str, lines: Iterator[bytes]) -> None:
        self._ok(text)
        self._stream = lines

    def _work(self) -> None:
        """Go on with the answer under way, then with commands, until there is enough to send."""
        while self._size < HIGH_WATER:
            if self._stream is not None:
                self._pull(self._stream)
            elif self._machine.state not in LISTENING or not self._command():
                return

    def _pull(self, stream: Iterator[bytes]) -> None:
        piece = next(stream, None)
        if piece is None:
            self._stream = None
        else:
            self._send(piece)

    def _command(self) -> bool:
        """Run the next command; False when none has arrived whole."""
        try:
            line = self._reader.line()
            if line is None:
                return False
            self._execute(line)
            self._bad = 0
        except Misused as error:
            self._count_bad(str(error))
        except Refused as error:
            self._send(Code.NONE.reply(str(error)))
        except LineError as error:
            self._count_bad(_LINE_ERRORS.get(type(error), "malformed line"))
        return True

    def _execute(self, line: bytes) -> None:
        word, _, rest = line.partition(b" ")
        command = COMMANDS.get(word) or COMMANDS.get(word.upper())
        if command is None:
            raise Misused("unknown command")
        state = self._machine.state
        if state not in command.states:
            raise Misused(_NOT_NOW[state])
        command.run(self, rest)

    def _count_bad(self, text: str) -> None:
        self._send(Code.NONE.reply(text))
        self._bad += 1
        if self._bad >= MOST_BAD:
            self._end(Pop3Event.GIVEN_UP, Code.NONE.reply("too many unusable commands, bye"))

    def _send_refusal(self, reply: bytes) -> None:
        if not self._move(Pop3Event.REFUSED):
            return
        self._send(reply)
        self._refusals += 1
        if self._refusals >= MOST_REFUSED:
            self._end(Pop3Event.GIVEN_UP, b"")

    # commands: each gets what follows its word, as it came

    def _capa(self, rest: bytes) -> None:
        _nothing(rest)
        lines = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING"]
        if self._plain_login:
            lines.append("USER")
        if self._expire is not None:
            lines.append(f"EXPIRE {self._expire}")
        lines.append(f"IMPLEMENTATION {self._implementation}")
        self._ok("what this server can do\r\n" + "\r\n".join(lines) + "\r\n.")

    def _user_name(self, rest: bytes) -> None:
        self._demand_plain_login()
        self._user = rest.strip()
        if not self._user:
            raise Misused("a login name is needed")
        self._ok("and the password?")  # for unknown names too: they are nobody's business

    def _password(self, rest: bytes) -> None:
        self._demand_plain_login()
        if self._user is None:
            raise Misused("USER comes first")
        user, self._user = self._user, None
        self._event = LoginWanted(user.decode(errors="replace"), rest.decode(errors="replace"))
        self._move(Pop3Event.PASSWORD)

    def _demand_plain_login(self) -> None:
        if not self._plain_login:
            text = "a password may not cross this network unencrypted; log in from the LAN"
            raise Refused(f"{Code.AUTH}{text}")

    def _stat(self, rest: bytes) -> None:
        _nothing(rest)
        self._ok(f"{self._maildrop.count} {self._maildrop.octets}")

    def _list(self, rest: bytes) -> None:
        if rest.strip():
            index = self._maildrop.find(rest)
            self._ok(f"{index + 1} {self._maildrop.items[index].size}")
        else:
            self._answer(self._maildrop.summary(), self._maildrop.sizes())

    def _uidl(self, rest: bytes) -> None:
        if rest.strip():
            index = self._maildrop.find(rest)
            self._ok(f"{index + 1} {self._maildrop.items[index].uidl.decode()}")
        else:
            self._answer(counted(self._maildrop.count), self._maildrop.uidls())

    def _retr(self, rest: bytes) -> None:
        maildrop = self._maildrop
        index = maildrop.find(rest)
        item = maildrop.items[index]
        first = maildrop.first(item)
        self._retrieved += 1
        if item.chunks <= 1 and not item.dotted and first[-2:] == b"\r\n":
            # nearly every message: one chunk, sent as it lies
            self._send(b"+OK %d octets\r\n%b%b.\r\n" % (item.size, item.prefix, first))
            maildrop.sent(index)
        else:
            self._answer(f"{item.size} octets", maildrop.message(index, first))

    def _top(self, rest: bytes) -> None:
        number, _, lines = rest.strip().partition(b" ")
        if not lines.strip().isdigit():
            raise Misused("a message number and a number of lines are needed")
        item = self._maildrop.items[self._maildrop.find(number)]
        self._answer(
            "header and lines", self._maildrop.head(item, self._maildrop.first(item), int(lines))
        )

    def _dele(self, rest: bytes) -> None:
        index = self._maildrop.find(rest)
        self._maildrop.delete(index)
        self._ok(f"message {index + 1} will be removed by QUIT")

    def _rset(self, rest: bytes) -> None:
        _nothing(rest)
        self._maildrop.reset()
        self._ok(self._maildrop.summary())

    def _noop(self, rest: bytes) -> None:
        _nothing(rest)
        self._ok("nothing done")

    def _quit(self, rest: bytes) -> None:
        _nothing(rest)
        self._move(Pop3Event.QUIT)
        if self._machine.state is Pop3State.UPDATE:
            self._event = Commit(self._maildrop.removed(), self._maildrop.retrieved())
        else:
            self._ok("bye")


class Command(NamedTuple):
    """What one command does, and in which states it may be given."""

    states: tuple[Pop3State, ...]
    run: Callable[[Pop3Session, bytes], None]


_BEFORE = (Pop3State.AUTHORIZATION,)
_AFTER = (Pop3State.TRANSACTION,)

COMMANDS: dict[bytes, Command] = {
    b"CAPA": Command(LISTENING, Pop3Session._capa),
    b"USER": Command(_BEFORE, Pop3Session._user_name),
    b"PASS": Command(_BEFORE, Pop3Session._password),
    b"STAT": Command(_AFTER, Pop3Session._stat),
    b"LIST": Command(_AFTER, Pop3Session._list),
    b"UIDL": Command(_AFTER, Pop3Session._uidl),
    b"RETR": Command(_AFTER, Pop3Session._retr),
    b"TOP": Command(_AFTER, Pop3Session._top),
    b"DELE": Command(_AFTER, Pop3Session._dele),
    b"RSET": Command(_AFTER, Pop3Session._rset),
    b"NOOP": Command(_AFTER, Pop3Session._noop),
    b"QUIT": Command(LISTENING, Pop3Session._quit),
}

_NOT_NOW = {
    Pop3State.AUTHORIZATION: "log in first",
    Pop3State.TRANSACTION: "not after login",
}

_LINE_ERRORS: dict[type[LineError], str] = {
    LineTooLong: f"line too long, {POP3_COMMAND} octets are the limit",
    NulInLine: "line with a NUL",
}


def _nothing(rest: bytes) -> None:
    if rest.strip():
        raise Misused("this command takes no argument")
