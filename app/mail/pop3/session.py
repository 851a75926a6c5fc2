"""A POP3 server session without sockets: octets in, octets and events out [RFC 1939, 2449, 3206].

    receive(octets)    what the client sent, cut anywhere
    to_send()          runs commands and reads chunks up to HIGH_WATER; gives the output so far
    next_event()       what the service must do: LoginWanted, then Commit
    logged_in, refused, committed, failed     how the service answers an event
    tick(now)          autologout; `taken_over` and `stop` end the session from outside

What a client may say is in COMMANDS, at the end; states are in pop3_states.MOVES. Nothing is
removed before QUIT, and then by the service, all at once; a lost connection removes nothing.
"""

import logging
from collections.abc import Callable, Iterator
from typing import NamedTuple

from app.mail.net.lines import POP3_COMMAND, LineError, LineReader, LineTooLong, NulInLine
from app.mail.pop3.maildrop import Drop, Maildrop, counted
from app.mail.pop3.states import (
    LISTENING,
    MOVES,
    Code,
    Commit,
    LoginWanted,
    Misused,
    Pop3Event,
    Pop3State,
    Refused,
)

log = logging.getLogger(__name__)

HIGH_WATER = 131_072
"""Octets of output at which the session stops running commands and reading chunks."""

READ_AHEAD = 65_536
"""Octets of unread commands at which the session wants no more for the moment."""

AUTOLOGOUT = 600.0
"""Seconds without a sign of life that end a session [RFC 1939 3: at least 10 minutes]."""

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
        self._event: LoginWanted | Commit | None = None
        self._state = Pop3State.AUTHORIZATION
        self._plain_login = plain_login
        self._expire = expire
        self._implementation = implementation
        self._user: bytes | None = None
        self._drop: Drop
        self._bad = 0  # unusable commands in a row
        self._refusals = 0
        self._stirred = True  # there was a sign of life since the last tick
        self._seen = 0.0  # the last tick at which that was so
        self._held: tuple[float, bytes] | None = None  # when a refusal may be told, and its text
        self._ok(f"{host} POP3 ready")

    # what the shell calls

    @property
    def state(self) -> Pop3State:
        """Where the session stands."""
        return self._state

    @property
    def closed(self) -> bool:
        """The session is over and all its output has been taken."""
        return self._state is Pop3State.CLOSED and not self._out

    @property
    def hungry(self) -> bool:
        """False while the service owes an answer, or when enough commands lie unread."""
        return self._reader.buffered < READ_AHEAD and self._state in LISTENING

    def receive(self, data: bytes) -> None:
        """Take what the client sent; `to_send` runs the commands in it."""
        self._stirred = True
        if self._state is not Pop3State.CLOSED:
            self._reader.feed(data)

    def to_send(self) -> bytes:
        """Run commands and read chunks up to HIGH_WATER, and give the output so far."""
        if self._state in LISTENING:
            self._work()
        out = self._out
        if not out:
            return b""
        self._stirred = True
        piece = out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        self._size = 0
        return piece

    def next_event(self) -> LoginWanted | Commit | None:
        """Take the event that awaits the service, once."""
        event, self._event = self._event, None
        return event

    def tick(self, now: float) -> None:
        """See the time (monotonic seconds): tell a refusal that was held, end an idle session."""
        if self._held is not None and now >= self._held[0]:
            self._tell_refusal(self._held[1])
            self._held = None
        if self._stirred or self._state not in LISTENING:
            self._stirred, self._seen = False, now
        elif now - self._seen >= AUTOLOGOUT:
            self._end(Pop3Event.IDLE, b"")  # no response and no UPDATE [RFC 1939 3]

    def stop(self) -> None:
        """End because the service does; only a removal already asked for by QUIT goes on."""
        self._end(
            Pop3Event.STOP, Code.SYS_TEMP.reply("the server is stopping; nothing was removed")
        )

    def fault(self) -> bytes:
        """Give the last words after a fault of ours; none in the midst of a message's octets."""
        if self._stream is not None:
            return b""
        return b"".join(self._out) + Code.SYS_TEMP.reply("something failed here; try again later")

    # what the service calls

    def idle(self, now: float) -> float:
        """Seconds (to the tick) since the last sign of life: octets from or to the client."""
        return 0.0 if self._stirred else now - self._seen

    def logged_in(self, maildrop: Maildrop) -> bool:
        """Begin the transaction on this snapshot; False if the session no longer waits for it."""
        if not self._move(Pop3Event.LOGGED_IN):
            return False
        self._drop = Drop(maildrop)
        self._ok(self._drop.summary())
        return True

    def refused(self, code: Code, text: str, until: float = 0.0) -> None:
        """Tell that the login failed; not before `until` (monotonic seconds) if that is given."""
        reply = code.reply(text)
        if until:
            self._held = (until, reply)
        else:
            self._tell_refusal(reply)

    def committed(self, removed: int) -> None:
        """Tell that the messages are removed, durably."""
        if self._move(Pop3Event.SETTLED):
            self._ok(f"bye, {counted(removed)} removed")

    def failed(self) -> None:
        """Tell that the removal failed as a whole."""
        if self._move(Pop3Event.SETTLED):
            self._say(Code.SYS_TEMP.reply("nothing was removed; try again later"))

    def taken_over(self) -> None:
        """End without UPDATE, because another session has the maildrop now."""
        text = "another session has taken this maildrop; nothing was removed"
        self._end(Pop3Event.TAKEN_OVER, Code.SYS_TEMP.reply(text))

    # how it works

    def _move(self, fact: Pop3Event) -> bool:
        """The only place where the state changes; what MOVES does not hold is refused."""
        after = MOVES[self._state].get(fact)
        if after is None:
            log.info("POP3 session, state %s: refused: %s", self._state.value, fact.value)
            return False
        self._state = after
        return True

    def _end(self, fact: Pop3Event, last_words: bytes) -> None:
        if self._move(fact) and self._state is Pop3State.CLOSED:
            if self._stream is None and last_words:
                self._say(last_words)
            self._stream = None

    def _say(self, octets: bytes) -> None:
        self._out.append(octets)
        self._size += len(octets)

    def _ok(self, text: str) -> None:
        self._say(f"+OK {text}\r\n".encode())

    def _answer(self, text: str, lines: Iterator[bytes]) -> None:
        self._ok(text)
        self._stream = lines

    def _work(self) -> None:
        """Go on with the answer under way, then with commands, until there is enough to send."""
        while self._size < HIGH_WATER:
            if self._stream is not None:
                self._pull(self._stream)
            elif self._state not in LISTENING or not self._command():
                return

    def _pull(self, stream: Iterator[bytes]) -> None:
        piece = next(stream, None)
        if piece is None:
            self._stream = None
        else:
            self._say(piece)

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
            self._say(Code.NONE.reply(str(error)))
        except LineError as error:
            self._count_bad(_LINE_ERRORS.get(type(error), "malformed line"))
        return True

    def _execute(self, line: bytes) -> None:
        word, _, rest = line.partition(b" ")
        command = COMMANDS.get(word) or COMMANDS.get(word.upper())
        if command is None:
            raise Misused("unknown command")
        if self._state not in command.states:
            raise Misused(_NOT_NOW[self._state])
        command.run(self, rest)

    def _count_bad(self, text: str) -> None:
        self._say(Code.NONE.reply(text))
        self._bad += 1
        if self._bad >= MOST_BAD:
            self._end(Pop3Event.GIVEN_UP, Code.NONE.reply("too many unusable commands, bye"))

    def _tell_refusal(self, reply: bytes) -> None:
        if not self._move(Pop3Event.REFUSED):
            return
        self._say(reply)
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
        self._ok(f"{self._drop.count} {self._drop.octets}")

    def _list(self, rest: bytes) -> None:
        if rest.strip():
            index = self._drop.find(rest)
            self._ok(f"{index + 1} {self._drop.items[index].size}")
        else:
            self._answer(self._drop.summary(), self._drop.sizes())

    def _uidl(self, rest: bytes) -> None:
        if rest.strip():
            index = self._drop.find(rest)
            self._ok(f"{index + 1} {self._drop.items[index].uidl.decode()}")
        else:
            self._answer(counted(self._drop.count), self._drop.uidls())

    def _retr(self, rest: bytes) -> None:
        drop = self._drop
        index = drop.find(rest)
        item = drop.items[index]
        first = drop.first(item)
        if item.chunks <= 1 and not item.dotted and first[-2:] == b"\r\n":
            # nearly every message: one chunk, sent as it lies
            self._say(b"+OK %d octets\r\n%b%b.\r\n" % (item.size, item.prefix, first))
            drop.sent(index)
        else:
            self._answer(f"{item.size} octets", drop.message(index, first))

    def _top(self, rest: bytes) -> None:
        number, _, lines = rest.strip().partition(b" ")
        if not lines.strip().isdigit():
            raise Misused("a message number and a number of lines are needed")
        item = self._drop.items[self._drop.find(number)]
        self._answer("header and lines", self._drop.head(item, self._drop.first(item), int(lines)))

    def _dele(self, rest: bytes) -> None:
        index = self._drop.find(rest)
        self._drop.delete(index)
        self._ok(f"message {index + 1} will be removed by QUIT")

    def _rset(self, rest: bytes) -> None:
        _nothing(rest)
        self._drop.reset()
        self._ok(self._drop.summary())

    def _noop(self, rest: bytes) -> None:
        _nothing(rest)
        self._ok("nothing done")

    def _quit(self, rest: bytes) -> None:
        _nothing(rest)
        self._move(Pop3Event.QUIT)
        if self._state is Pop3State.WAIT_COMMIT:
            self._event = Commit(self._drop.removed(), self._drop.retrieved())
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
