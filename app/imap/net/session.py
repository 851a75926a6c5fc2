"""A session with an IMAP server [RFC 3501, RFC 9051], without a socket: octets in, octets out.

    session = ImapSession(Login("box", "pass word", "anna", "starttls"))
    session.receive(octets); octets = session.to_send(); event = session.next_event()

It logs in by itself and gives LoggedIn. Then one command at a time is asked for (`ask`, `idle`):
what the server tells meanwhile are Told, the end is Answered. No command is sent before the one
before it is answered, so it is never in doubt which one an answer belongs to [RFC 3501 §5.5].
"""

import base64
from collections import deque
from dataclasses import dataclass, field

from app.core.fsm import Machine
from app.core.text import one_line
from app.imap.net import names, refusals
from app.imap.net.api import Gone, ImapError, LoginRefused, ProtocolError, Tls, Unsupported
from app.imap.net.commands import Command, Part, Stream, string
from app.imap.net.reader import BadResponse, Continue, Data, Response, ResponseReader, Status
from app.imap.net.states import IMAP_ACTIONS, ImapEvent, ImapState
from app.imap.net.tokens import Token

AT_ONCE = 4_096
"""Octets of a literal that is sent without waiting [RFC 7888 §5], so that a server that has no room
can say so before a message is sent."""
_BEFORE_LOGIN = frozenset({ImapState.GREETING, ImapState.CAPABILITIES, ImapState.STARTTLS})
_AFTER_LOGIN = frozenset(
    {
        ImapState.READY,
        ImapState.COMMAND,
        ImapState.LITERAL,
        ImapState.OCTETS,
        ImapState.ASKED_IDLE,
        ImapState.IDLE,
    }
)


@dataclass(frozen=True)
class Login:
    """Who logs in, and how the connection must be protected before that."""

    user: str
    password: str = field(repr=False)
    authorize_as: str | None
    tls: Tls


@dataclass(frozen=True)
class StartTls:
    """The handshake must be done now; `secured` is called after it."""


@dataclass(frozen=True)
class LoggedIn:
    """Commands can be asked for."""


@dataclass(frozen=True)
class Told:
    """The server has told something, asked or not."""

    what: Data | Status


@dataclass(frozen=True)
class Wanted:
    """The octets of the command's Stream can be given now."""


@dataclass(frozen=True)
class Idling:
    """From now on the server tells by itself, until `done`."""


@dataclass(frozen=True)
class Answered:
    """The command has its answer."""

    status: Status


@dataclass(frozen=True)
class Failed:
    """The session is over."""

    error: ImapError


Event = StartTls | LoggedIn | Told | Wanted | Idling | Answered | Failed


class ImapSession:
    """One session."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._machine = Machine[None, ImapState, ImapEvent](IMAP_ACTIONS, None, "", log=None)
        self._reader = ResponseReader()
        self._out = bytearray()
        self._events: deque[Event] = deque()
        self._rest: deque[Part] = deque()  # of the present command
        self._owed = 0  # octets of a Stream that are still to be given
        self._number = 0
        self._tag = b""
        self._secure = login.tls == "implicit"
        self._said_after_login = False
        self.capabilities: frozenset[str] = frozenset()
        """What the server can, in capitals."""
        self.enabled: frozenset[str] = frozenset()
        """Extensions that the server has turned on for us [RFC 5161 §3.2], in capitals."""

    # ---- for the connection

    @property
    def state(self) -> ImapState:
        """What is awaited."""
        return self._machine.state

    @property
    def is_over(self) -> bool:
        """Nothing more is sent or taken."""
        return self.state is ImapState.CLOSED

    def receive(self, data: bytes) -> None:
        """Take octets as they came, cut anywhere."""
        if self.state is ImapState.CLOSED:
            return
        self._reader.feed(data)
        try:
            while self.state not in (ImapState.CLOSED, ImapState.HANDSHAKE):
                response = self._reader.next()
                if response is None:
                    return
                self._take(response)
        except BadResponse as problem:
            self.fail(ProtocolError(one_line(str(problem))))

    def to_send(self) -> bytes:
        """What is to go to the server now."""
        octets = bytes(self._out)
        self._out.clear()
        return octets

    def next_event(self) -> Event | None:
        """The next thing that has happened; None if nothing has."""
        return self._events.popleft() if self._events else None

    def secured(self) -> None:
        """TLS is established: what was said before it counts no more [RFC 3501 §6.2.1]."""
        self._secure = True
        if self.state is ImapState.HANDSHAKE and not self._said_too_much():
            self._machine.event(ImapEvent.SECURED)
            self._send_command(Command(b"CAPABILITY"))

    def lost(self) -> None:
        """The connection has ended."""
        self.fail(Gone("the connection was closed by the server"))

    def fail(self, error: ImapError) -> None:
        """End the session."""
        if self.state is not ImapState.CLOSED:
            self._machine.event(ImapEvent.LEAVE)
            self._out.clear()
            self._events.append(Failed(error))

    # ---- what is asked for, one at a time, while the state is READY

    def ask(self, command: Command) -> None:
        """Send a command: Told, Wanted if it has a Stream, and Answered follow."""
        self._must(ImapEvent.COMMAND)
        self._send_command(command)

    def idle(self) -> None:
        """Let the server tell by itself: Idling follows, or Answered if it does not."""
        self._must(ImapEvent.IDLE)
        self._send_command(Command(b"IDLE"))

    def done(self) -> None:
        """End that: Answered follows."""
        self._must(ImapEvent.DONE)
        self._out += b"DONE\r\n"

    def give(self, octets: bytes) -> None:
        """Octets of the Stream, after Wanted. Raises ValueError if they are too many."""
        if self.state is not ImapState.OCTETS:
            return  # the session has ended meanwhile, or nothing is owed
        if len(octets) > self._owed:
            raise ValueError(f"{len(octets)} octets where {self._owed} are left")
        self._out += octets
        self._owed -= len(octets)
        if not self._owed:
            self._machine.event(ImapEvent.GO_ON)
            self._send_rest()

    @property
    def owed(self) -> int:
        """Octets of the Stream that are still to be given."""
        return self._owed if self.state is ImapState.OCTETS else 0

    def mailbox(self, name: str) -> list[Part]:
        """A mailbox's name as the server wants it. Raises ValueError for what is no name."""
        code = names.encode_utf8 if self._takes_utf8 else names.encode
        return list(string(code(name)))

    def name_of(self, octets: bytes) -> str:
        """The name of a mailbox as people read it."""
        name = octets.decode("utf-8", "replace") if self._takes_utf8 else names.decode(octets)
        return "INBOX" if name.upper() == "INBOX" else name  # [RFC 3501 §5.1]

    @property
    def _takes_utf8(self) -> bool:
        return "UTF8=ACCEPT" in self.enabled

    # ---- inside

    def _must(self, event: ImapEvent) -> None:
        if not self._machine.event(event):
            raise ValueError(f"{event} in {self.state}")

    def _send_command(self, command: Command) -> None:
        self._number += 1
        self._tag = b"A%d" % self._number
        self._rest = deque((self._tag + b" ", *command.parts))
        self._send_rest()

    def _send_rest(self) -> None:
        """Send the present command as far as it may go."""
        while self._rest:
            part = self._rest.popleft()
            if isinstance(part, bytes):
                self._out += part
            elif isinstance(part, Stream):
                self._announce(part.size)
                self._rest.appendleft(part)
                return
            elif len(part.octets) <= AT_ONCE and self._sends_at_once:
                self._out += b"{%d+}\r\n" % len(part.octets) + part.octets
            else:
                self._announce(len(part.octets))
                self._rest.appendleft(part.octets)
                return
        self._out += b"\r\n"

    @property
    def _sends_at_once(self) -> bool:
        return not self.capabilities.isdisjoint({"LITERAL+", "LITERAL-", "IMAP4REV2"})

    def _announce(self, size: int) -> None:
        self._out += b"{%d}\r\n" % size
        self._machine.event(ImapEvent.ANNOUNCED)

    def _continue(self) -> None:
        """The server has said "+"."""
        state = self.state
        if state is ImapState.LOGIN and self._rest:
            self._send_rest()
        elif state is ImapState.ASKED_IDLE:
            self._machine.event(ImapEvent.GO_ON)
            self._events.append(Idling())
        elif state is ImapState.LITERAL:
            self._machine.event(ImapEvent.GO_ON)
            self._stream_or_send_rest()
        else:
            self._wrong("it waits for what nobody announced")

    def _stream_or_send_rest(self) -> None:
        if isinstance(self._rest[0], Stream):
            self._owed = self._rest[0].size
            self._rest.popleft()
            if self._owed:
                self._machine.event(ImapEvent.STREAMED)
                self._events.append(Wanted())
                return
        self._send_rest()

    def _take(self, response: Response) -> None:
        if isinstance(response, Continue):
            self._continue()
        elif isinstance(response, Data):
            self._told(response)
        elif response.tag:
            self._take_answer(response)
        elif response.kind == "BYE":
            self.fail(refusals.farewell(response))
        elif self.state is ImapState.GREETING:
            self._greeted(response)
        elif response.kind == "PREAUTH":
            self._wrong("it greets twice")
        else:
            self._note_capabilities(response)
            self._events.append(Told(response))

    def _told(self, data: Data) -> None:
        if self.state is ImapState.GREETING:
            self._wrong(f"{data.name} instead of a greeting")
        elif data.name == "CAPABILITY":
            self._set_capabilities(data.fields)
        elif data.name == "ENABLED" and self.state is ImapState.ENABLING:
            self.enabled |= _words(data.fields)
        elif self.state in _AFTER_LOGIN:
            self._events.append(Told(data))
        # before the login there is nothing that concerns us

    def _take_answer(self, status: Status) -> None:
        state = self.state
        if status.tag != self._tag or state is ImapState.READY or state is ImapState.GREETING:
            self._wrong("it answers what nobody asked")
        elif state is ImapState.OCTETS:
            # what is still on its way would be read as commands
            self.fail(Gone(refusals.said(status)) if status.kind == "OK" else refusals.of(status))
        elif state in _STEPS:
            _STEPS[state](self, status)
        elif self._rest and status.kind == "OK":
            self._wrong("it agrees to half a command")
        else:
            self._rest.clear()
            self._note_capabilities(status)
            self._machine.event(ImapEvent.READY)
            self._events.append(Answered(status))

    # greeting, capabilities, login

    def _greeted(self, status: Status) -> None:
        if status.kind != "OK":
            self._wrong(f"its greeting: {status.kind} {status.text}")
        elif self._note_capabilities(status):
            self._protect_or_log_in()
        else:
            self._machine.event(ImapEvent.CAPABILITY)
            self._send_command(Command(b"CAPABILITY"))

    def _capable(self, status: Status) -> None:
        if status.kind != "OK":
            self.fail(refusals.of(status))
        else:
            self._protect_or_log_in()

    def _protect_or_log_in(self) -> None:
        if self._login.tls == "starttls" and not self._secure:
            if "STARTTLS" not in self.capabilities:
                self.fail(Unsupported("the server has no TLS on this port"))
                return
            self._machine.event(ImapEvent.STARTTLS)
            self._send_command(Command(b"STARTTLS"))
        elif "AUTH=PLAIN" in self.capabilities:
            self._authenticate()
        elif self._login.authorize_as is not None or "LOGINDISABLED" in self.capabilities:
            self.fail(Unsupported("the server takes no login by SASL PLAIN here"))
        else:
            self._machine.event(ImapEvent.LOGIN)
            words = [string(self._login.user.encode()), string(self._login.password.encode())]
            arguments = [part for word in words for part in (b" ", *word)]
            self._send_command(Command(b"LOGIN", *arguments))

    def _authenticate(self) -> None:
        """By SASL PLAIN [RFC 4616 §2], in one go where the server takes that [RFC 4959]."""
        login = self._login
        text = f"{login.authorize_as or ''}\0{login.user}\0{login.password}"
        coded = base64.b64encode(text.encode())
        self._machine.event(ImapEvent.LOGIN)
        if "SASL-IR" in self.capabilities:
            self._send_command(Command(b"AUTHENTICATE PLAIN " + coded))
            return
        self._send_command(Command(b"AUTHENTICATE PLAIN"))
        self._rest.append(coded)

    def _starttls_allowed(self, status: Status) -> None:
        if status.kind != "OK":
            self.fail(Unsupported(f"no TLS: {refusals.said(status)}"))
        elif not self._said_too_much():
            self._machine.event(ImapEvent.HANDSHAKE)
            self.capabilities = frozenset()
            self._events.append(StartTls())

    def _said_too_much(self) -> bool:
        """Whether something came before TLS that would count after it; the session is then over."""
        if self._reader.buffered:
            self._wrong("it sent more before TLS began, as somebody in between would")
        return self.is_over

    def _logged_in(self, status: Status) -> None:
        if status.kind == "BAD":
            self.fail(refusals.of(status))
        elif status.kind == "NO":
            self.fail(refusals.of(status, otherwise=LoginRefused))
        elif self._rest:
            self._wrong("it lets somebody in who has said half a password")
        elif self._note_capabilities(status) or self._said_after_login:
            self._enable()
        else:
            self._machine.event(ImapEvent.CAPABILITY)
            self._send_command(Command(b"CAPABILITY"))

    def _able(self, status: Status) -> None:
        if status.kind != "OK":
            self.fail(refusals.of(status))
        else:
            self._enable()

    def _enable(self) -> None:
        """Turn on what changes how the server speaks [RFC 5161, RFC 7162 §3.2.3, RFC 6855 §3]."""
        wanted: list[str] = [n for n in ("CONDSTORE", "QRESYNC") if n in self.capabilities]
        if self.capabilities & {"UTF8=ACCEPT", "UTF8=ONLY"}:
            wanted.append("UTF8=ACCEPT")
        if wanted and "ENABLE" in self.capabilities:
            self._machine.event(ImapEvent.ENABLE)
            self._send_command(Command(b"ENABLE " + " ".join(wanted).encode("ascii")))
        else:
            self._ready()

    def _enabled(self, status: Status) -> None:
        if "UTF8=ONLY" in self.capabilities and not self._takes_utf8:
            self._wrong("it takes UTF-8 only, and does not take it")
        else:  # a server that refuses has enabled nothing, and is used without
            self._ready()

    def _ready(self) -> None:
        self._machine.event(ImapEvent.READY)
        self._events.append(LoggedIn())

    def _note_capabilities(self, status: Status) -> bool:
        """Whether a code tells what the server can."""
        if status.name != "CAPABILITY":
            return False
        self._set_capabilities(status.code[1:])
        return True

    def _set_capabilities(self, fields: list[Token]) -> None:
        self.capabilities = _words(fields)
        self._said_after_login = self.state not in _BEFORE_LOGIN

    def _wrong(self, text: str) -> None:
        self.fail(ProtocolError(one_line(text)))


def _words(fields: list[Token]) -> frozenset[str]:
    return frozenset(
        word.decode("ascii", "replace").upper() for word in fields if isinstance(word, bytes)
    )


_STEPS = {
    ImapState.CAPABILITIES: ImapSession._capable,
    ImapState.STARTTLS: ImapSession._starttls_allowed,
    ImapState.LOGIN: ImapSession._logged_in,
    ImapState.ABILITIES: ImapSession._able,
    ImapState.ENABLING: ImapSession._enabled,
}
"""What follows from an answer before commands can be asked for."""
