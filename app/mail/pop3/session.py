"""A POP3 server session without sockets: octets in, octets and requests out.

[RFC 1939, RFC 2449, RFC 2595, RFC 3206, RFC 5034, RFC 6856]. APOP is left out on purpose: it needs
the password itself kept here, and a greeting that offers it makes some clients insist on it.

    receive(octets)    what the client sent, cut anywhere
    to_send()          runs commands and reads chunks up to HIGH_WATER; gives the output so far
    next_event()       what the service must do: StartTls, LoginWanted, then Commit
    logged_in, refused, committed, failed     how the service answers
    tick(now)          autologout; `taken_over` and `stop` end the session from outside

What a client may say is in COMMANDS, at the end; the states are in states.POP3. Nothing is removed
before QUIT, and then by the service, all at once; a lost connection removes nothing.
"""

import logging
from collections.abc import Callable
from typing import NamedTuple

from app.core.fsm import Machine
from app.mail.pop3.capabilities import LANGUAGES, Offer, capabilities, language
from app.mail.pop3.maildrop import Maildrop, NoMaildrop, counted
from app.mail.pop3.output import Output
from app.mail.pop3.states import (
    BEFORE_LOGIN,
    LISTENING,
    POP3_ACTIONS,
    Code,
    LoginWanted,
    Misused,
    Pop3Event,
    Pop3Request,
    Pop3State,
    Refused,
    StartTls,
)
from app.mail.pop3.transaction import Transaction, nothing
from app.mail.sasl import MECHANISMS, Cancelled, Credentials, Exchange, SaslError
from app.net.lines import POP3_COMMAND, LineError, LineReader, LineTooLong, NulInLine

log = logging.getLogger(__name__)

HIGH_WATER = 131_072
"""Octets of output at which the session stops running commands and reading chunks."""

COMMANDS_PER_PIECE = 64
"""Commands that are run for one piece of output at most: so long others wait."""

READ_AHEAD = 4_096
"""Octets of unread commands at which the session wants no more for the moment."""

AUTOLOGOUT_S = 600.0
"""Seconds without a sign of life that end a session [RFC 1939 §3: at least 10 minutes].

It is meant for those who have logged in: others have LOGIN_S, and no sign of life prolongs it.
"""

LOGIN_S = 60.0
"""Seconds from the greeting to a login; nobody who logs in by hand or program needs as many."""

LOGIN_OCTETS = 4_096
"""Octets of commands before a login: thirty at their longest, a few hundred as they are."""

MOST_BAD = 20
"""Unusable commands in a row that end a session; Dovecot allows as many."""

SASL_LINE = 2_048
"""Octets of a line in a SASL exchange at most; names and passwords have a few hundred."""

MOST_REFUSED = 5
"""Refused logins that end a session."""


OFFER = Offer()
"""No promise."""


class Pop3Session:
    """One client's session; the module's head says how to drive it.

    host            our name, for the greeting
    plain_login     False: no password is taken before TLS, since this network may not use them
    offers_tls      STLS is offered
    offer           what the settings make of CAPA
    now             monotonic seconds
    """

    def __init__(
        self,
        host: str,
        *,
        plain_login: bool = True,
        offers_tls: bool = False,
        offer: Offer = OFFER,
        now: float = 0.0,
    ) -> None:
        self._reader = LineReader(POP3_COMMAND, lf_ends=True)
        self._output = Output()
        self._event: Pop3Request | None = None
        self._machine = Machine(POP3_ACTIONS, self, host, log=None)
        self._may_login = plain_login
        self._offers_tls = offers_tls
        self._offer = offer
        self._expire = offer.expire
        self._user: bytes | None = None
        self._exchange: Exchange
        self._transaction = Transaction(NoMaildrop(), self._output)
        self._bad = 0  # unusable commands in a row
        self._refusals = 0  # of logins
        self._active = True  # octets have moved since the last tick
        self._active_at = now  # the last tick at which that was so, monotonic seconds
        self._opened_at = now
        self._received = 0  # octets before the login
        self._held_refusal: tuple[float, bytes] | None = None  # when it may be sent, and its octets
        self._removed = 0  # messages, durably
        self._output.ok(f"{host} POP3 ready")

    # what its connection calls

    @property
    def state(self) -> Pop3State:
        """Where the session stands."""
        return self._machine.state

    @property
    def closed(self) -> bool:
        """The session is over; what output it has left is taken yet."""
        return self._machine.state is Pop3State.CLOSED

    @property
    def wants_input(self) -> bool:
        """False while the service owes an answer, or when enough commands lie unread."""
        return self._reader.buffered < READ_AHEAD and self._machine.state in LISTENING

    @property
    def unread(self) -> int:
        """Octets of commands that lie unread, behind the one that is being worked on."""
        return self._reader.buffered

    def receive(self, data: bytes) -> None:
        """Take what the client sent; `to_send` runs the commands in it."""
        self._active = True
        state = self._machine.state
        if state is not Pop3State.CLOSED:
            self._reader.feed(data)
            if state is not Pop3State.TRANSACTION:
                self._received += len(data)

    def to_send(self) -> bytes:
        """Run commands and read chunks up to HIGH_WATER, and give the output so far."""
        output, state = self._output, self._machine.state
        if state is Pop3State.TRANSACTION:
            if self._reader.buffered or output.stream is not None:
                self._work()
        elif state in LISTENING:
            self._work()
        if not output.pieces:
            return b""
        self._active = True
        return output.take()

    def next_event(self) -> Pop3Request | None:
        """Take the request that awaits the service, once."""
        event, self._event = self._event, None
        return event

    def tick(self, now: float) -> None:
        """Send a refusal whose time has come, end an idle session; `now` is monotonic seconds."""
        if self._held_refusal is not None and now >= self._held_refusal[0]:
            self._send_refusal(self._held_refusal[1])
            self._held_refusal = None
        if self._machine.state in BEFORE_LOGIN and now - self._opened_at >= LOGIN_S:
            self._end(Pop3Event.IDLE, b"")
        elif self._active or self._machine.state not in LISTENING:
            self._active, self._active_at = False, now
        elif now - self._active_at >= AUTOLOGOUT_S:
            self._end(Pop3Event.IDLE, b"")  # no response and no UPDATE [RFC 1939 §3]

    @property
    def waits_since(self) -> float | None:
        """When it was opened (monotonic seconds), for as long as nobody has logged in."""
        state = self._machine.state
        waits = state in BEFORE_LOGIN or state is Pop3State.LOGIN
        return self._opened_at if waits else None

    def secured(self) -> None:
        """Go on under TLS; what was said before, or lies unread, is forgotten [RFC 2595 §4]."""
        if self._move(Pop3Event.SECURED):
            self._reader = LineReader(POP3_COMMAND, lf_ends=True)
            self._user = None
            self._may_login, self._offers_tls = True, False

    def stop(self) -> None:
        """End because the service does; only a removal already asked for by QUIT goes on."""
        self._end(
            Pop3Event.STOP, Code.SYS_TEMP.reply("the server is stopping; nothing was removed")
        )

    def fault(self) -> bytes:
        """Give the last output after a fault of ours; none in the midst of a message's octets."""
        output = self._output
        if output.stream is not None:
            return b""
        return output.take() + Code.SYS_TEMP.reply("something failed here; try again later")

    # what the service calls

    def idle(self, now: float) -> float:
        """Seconds (to the tick) since octets were moved; `now` is monotonic seconds."""
        return 0.0 if self._active else now - self._active_at

    @property
    def refusal_is_held(self) -> bool:
        """A login was refused, and the reply has not been sent yet."""
        return self._held_refusal is not None

    def logged_in(self, maildrop: Maildrop, expire: str | None = None) -> bool:
        """Begin the transaction on this snapshot; False if the session no longer waits for it.

        `expire` is what EXPIRE says to this person, if that is another thing than before.
        """
        if not self._move(Pop3Event.LOGGED_IN):
            return False
        if expire is not None:
            self._expire = expire
        self._transaction = Transaction(maildrop, self._output)
        self._transaction.begin()
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
            self._output.ok(f"bye, {counted(removed)} removed")

    def failed(self, text: str = "nothing was removed; try again later") -> None:
        """Answer QUIT: the removal failed; what has become of it, and what to do."""
        if self._move(Pop3Event.COMMIT_ENDED):
            self._output.send(Code.SYS_TEMP.reply(text))

    def taken_over(self) -> None:
        """End without UPDATE, because another session has the maildrop now."""
        text = "another session has taken this maildrop; nothing was removed"
        self._end(Pop3Event.TAKEN_OVER, Code.SYS_TEMP.reply(text))

    def counters(self) -> str:
        """What the session did, for the log: commands, messages removed, octets sent."""
        did = self._transaction
        return (
            f"retr={did.retrieved} top={did.topped} dele={self._removed} octets={self._output.sent}"
        )

    # how it works

    def _move(self, event: Pop3Event) -> bool:
        """Give the machine an event; one that its state refuses goes to the log."""
        if self._machine.event(event):
            return True
        log.info("POP3 session in state %s: refused: %s", self._machine.state, event)
        return False

    def _end(self, event: Pop3Event, last_output: bytes) -> None:
        if self._move(event) and self._machine.state is Pop3State.CLOSED:
            if self._output.stream is None and last_output:
                self._output.send(last_output)
            self._output.stream = None

    def _work(self) -> None:
        """Go on with the answer under way, then with commands, until there is enough to send."""
        commands, output, machine = COMMANDS_PER_PIECE, self._output, self._machine
        while output.size < HIGH_WATER:
            if output.stream is not None:
                output.pull(output.stream)
            elif not commands or machine.state not in LISTENING:
                return
            elif machine.state is Pop3State.TRANSACTION and not self._reader.buffered:
                return  # before a login, what has been said is counted even then
            elif self._command():
                commands -= 1
            else:
                return

    def _command(self) -> bool:
        """Run the next command; False when none has arrived whole."""
        if (
            self._received > LOGIN_OCTETS
            and self._machine.state in BEFORE_LOGIN
            and self._received - self._reader.buffered > LOGIN_OCTETS
        ):
            self._end(Pop3Event.GIVEN_UP, Code.NONE.reply("too much without a login, bye"))
            return False
        try:
            line = self._reader.line()
            if line is None:
                return False
            if self._machine.state is Pop3State.SASL:
                self._sasl(lambda exchange: exchange.answer(line.decode("ascii", "replace")))
            else:
                self._execute(line)
            self._bad = 0
        except Misused as error:
            self._count_bad(str(error))
        except Refused as error:
            self._output.send(Code.NONE.reply(str(error)))
        except LineError as error:
            self._end_sasl()
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
        self._output.send(Code.NONE.reply(text))
        self._bad += 1
        if self._bad >= MOST_BAD:
            self._end(Pop3Event.GIVEN_UP, Code.NONE.reply("too many unusable commands, bye"))

    def _send_refusal(self, reply: bytes) -> None:
        if not self._move(Pop3Event.REFUSED):
            return
        self._output.send(reply)
        self._refusals += 1
        if self._refusals >= MOST_REFUSED:
            self._end(Pop3Event.GIVEN_UP, b"")

    # commands: each gets what follows its word, as it came

    def _capa(self, rest: bytes) -> None:
        nothing(rest)
        stls = self._offers_tls and self._machine.state is Pop3State.AUTHORIZATION
        lines = capabilities(self._offer, stls=stls, passwords=self._may_login, expire=self._expire)
        self._output.lines("what this server can do", lines)

    def _start_tls(self, rest: bytes) -> None:
        nothing(rest)
        if not self._offers_tls:
            raise Misused("TLS is not to be had here, or is there already")
        self._move(Pop3Event.STLS)
        self._event = StartTls()
        self._output.ok("begin TLS now")

    def _user_name(self, rest: bytes) -> None:
        self._demand_login()
        self._user = rest.strip()
        if not self._user:
            raise Misused("a login name is needed")
        self._output.ok("and the password?")  # for unknown names too: they are nobody's business

    def _password(self, rest: bytes) -> None:
        self._demand_login()
        if self._user is None:
            raise Misused("USER comes first")
        user, self._user = self._user, None
        self._event = LoginWanted(user.decode(errors="replace"), rest.decode(errors="replace"))
        self._move(Pop3Event.PASSWORD)

    def _demand_login(self) -> None:
        if not self._may_login:
            text = "a password may not cross this network unencrypted; use TLS (STLS or port 995)"
            raise Refused(f"{Code.AUTH}{text}")

    def _auth(self, rest: bytes) -> None:
        """AUTH [RFC 5034 §4]; without an argument, as old clients ask, the list of mechanisms."""
        self._demand_login()
        word, _, initial = rest.strip().decode("ascii", "replace").partition(" ")
        if not word:
            self._output.lines("these are the ways", list(MECHANISMS))
            return
        if word.upper() not in MECHANISMS:
            raise Misused(f"the ways to log in are {', '.join(MECHANISMS)}")
        self._exchange = Exchange(word.upper())
        self._reader.limit = SASL_LINE
        self._sasl(lambda exchange: exchange.begin(initial.strip() or None))

    def _sasl(self, step: Callable[[Exchange], str | Credentials]) -> None:
        """Go on with the exchange: another challenge, or all is said."""
        try:
            said = step(self._exchange)
        except SaslError as wrong:
            self._end_sasl()
            refusal = Refused if isinstance(wrong, Cancelled) else Misused
            raise refusal(str(wrong)) from wrong
        if isinstance(said, str):
            self._move(Pop3Event.CHALLENGED)
            self._output.send(f"+ {said}\r\n".encode())
        else:
            self._reader.limit = POP3_COMMAND
            self._event = LoginWanted(said.user, said.password)
            self._move(Pop3Event.PASSWORD)

    def _end_sasl(self) -> None:
        self._reader.limit = POP3_COMMAND
        if self._machine.state is Pop3State.SASL:
            self._move(Pop3Event.CANCELLED)

    def _utf8(self, rest: bytes) -> None:
        """UTF8 [RFC 6856 §2]. Messages are sent as they came, with it and without it."""
        nothing(rest)
        self._output.ok("UTF-8 is understood")

    def _lang(self, rest: bytes) -> None:
        """LANG [RFC 6856 §3]."""
        wanted = rest.strip().decode("ascii", "replace")
        if not wanted:
            listed = [f"{tag} {name}" for tag, name in LANGUAGES.items()]
            self._output.lines("these are the languages", listed)
            return
        found = language(wanted)
        if found is None:
            raise Refused(f"the languages are {', '.join(LANGUAGES)}")
        self._output.ok(f"{found} answers are in English")

    def _quit(self, rest: bytes) -> None:
        nothing(rest)
        self._move(Pop3Event.QUIT)
        if self._machine.state is Pop3State.UPDATE:
            self._event = self._transaction.commit()
        else:
            self._output.ok("bye")


class Command(NamedTuple):
    """What one command does, and in which states it may be given."""

    states: tuple[Pop3State, ...]
    run: Callable[[Pop3Session, bytes], None]


def _on_maildrop(run: Callable[[Transaction, bytes], None]) -> Command:
    return Command(_AFTER, lambda session, rest: run(session._transaction, rest))


_BEFORE = (Pop3State.AUTHORIZATION,)
_AFTER = (Pop3State.TRANSACTION,)
_ALWAYS = (Pop3State.AUTHORIZATION, Pop3State.TRANSACTION)

COMMANDS: dict[bytes, Command] = {
    b"CAPA": Command(_ALWAYS, Pop3Session._capa),
    b"LANG": Command(_ALWAYS, Pop3Session._lang),
    b"UTF8": Command(_BEFORE, Pop3Session._utf8),
    b"AUTH": Command(_BEFORE, Pop3Session._auth),
    b"STLS": Command(_BEFORE, Pop3Session._start_tls),
    b"USER": Command(_BEFORE, Pop3Session._user_name),
    b"PASS": Command(_BEFORE, Pop3Session._password),
    b"STAT": _on_maildrop(Transaction.stat),
    b"LIST": _on_maildrop(Transaction.list),
    b"UIDL": _on_maildrop(Transaction.uidl),
    b"RETR": _on_maildrop(Transaction.retr),
    b"TOP": _on_maildrop(Transaction.top),
    b"DELE": _on_maildrop(Transaction.dele),
    b"RSET": _on_maildrop(Transaction.rset),
    b"NOOP": _on_maildrop(Transaction.noop),
    b"QUIT": Command(_ALWAYS, Pop3Session._quit),
}

_NOT_NOW = {
    Pop3State.AUTHORIZATION: "log in first",
    Pop3State.TRANSACTION: "not after login",
}

_LINE_ERRORS: dict[type[LineError], str] = {
    LineTooLong: f"line too long, {POP3_COMMAND} octets are the limit",
    NulInLine: "line with a NUL",
}
