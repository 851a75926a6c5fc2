"""A POP3 client's session [RFC 1939, 2449, 2595, 5034], without a socket: octets in, octets out.

    session = FetchSession(Login("anna", "pass word", Tls.STARTTLS), largest=50_000_000, now=0.0)
    session.receive(octets); octets = session.to_send(); event = session.next_event()

It logs in by itself and gives Listed; then `top`, `retrieve`, `delete` and `quit` are asked for,
one after another, each ended by an event. What the server says is believed of nothing but its own
mail: lines, lists and messages have limits, and it may neither be silent nor take for ever.
"""

import base64
import re
from collections import deque
from dataclasses import dataclass, field

from app.core.fsm import Machine
from app.core.text import one_line
from app.inbox.fetch_accounts import Tls
from app.mail.fetch.reader import MessageReader
from app.mail.fetch.states import FETCH_ACTIONS, FetchEvent, FetchState
from app.net.lines import LineError, LineReader

LINE_LIMIT = 1_024
"""Octets of a line; RFC 2449 §4 allows 512."""
LIST_LIMIT = 50_000
"""Messages that one list may have."""
CAPABILITIES_LIMIT = 100
HEADER_LIMIT = 131_072
"""Octets of a header that TOP gives; what is longer ends the session."""
NAME = re.compile(rb"[!-~]{1,200}")
"""A unique-id; RFC 1939 §7 allows 70 characters."""
SILENCE_S = 90.0
"""Seconds that the server may be silent; big servers think for long about big maildrops."""
SESSION_S = 3_600.0
"""Seconds that a session may take, however it goes on."""


@dataclass(frozen=True)
class Login:
    """Who logs in, and how the connection must be protected before that."""

    user: str
    password: str = field(repr=False)
    tls: Tls


@dataclass(frozen=True)
class Listed:
    """The maildrop, after the login."""

    sizes: dict[int, int]
    """Octets of each message, by its number in this session."""
    names: dict[int, str]
    """Unique-id of each [RFC 1939 §7]; empty if the server knows none."""
    can_top: bool
    login_delay_s: int
    """Seconds that the server wants between two logins [RFC 2449 §6.5]; 0: it does not say."""


@dataclass(frozen=True)
class StartTls:
    """The handshake must be done now; `secured` is called after it."""


@dataclass(frozen=True)
class Head:
    """The header that TOP was asked for."""

    octets: bytes


@dataclass(frozen=True)
class Octets:
    """More of the message that RETR was asked for, as it is kept."""

    block: bytes


@dataclass(frozen=True)
class End:
    """The message is whole: its octets, and how many lines begin with a dot."""

    size: int
    dotted: int


@dataclass(frozen=True)
class Done:
    """DELE or QUIT was accepted."""


@dataclass(frozen=True)
class Refused:
    """The server does not do what was asked for; the session goes on."""

    reply: str


@dataclass(frozen=True)
class Failed:
    """The session is over before its QUIT; what went wrong, with the server's own words."""

    text: str
    login: bool = False
    """The login was refused: what it says will not do by itself."""


Event = StartTls | Listed | Head | Octets | End | Done | Refused | Failed


class FetchSession:
    """One session; `largest` is the octets of the largest message, `now` monotonic seconds."""

    def __init__(self, login: Login, largest: int, now: float) -> None:
        self._login = login
        self._largest = largest
        self._machine = Machine[None, FetchState, FetchEvent](FETCH_ACTIONS, None, "", log=None)
        self._lines = LineReader(LINE_LIMIT, lf_ends=True)
        self._out = bytearray()
        self._events: deque[Event] = deque()
        self._began = self._heard = now
        self._idle = False  # nothing is awaited: time is not the server's
        self._in_list = False  # an answer of several lines has begun
        self._capabilities: dict[str, str] = {}
        self._counted = 0  # lines of the present list
        self._names: dict[int, str] = {}
        self._sizes: dict[int, int] = {}
        self._message = MessageReader()
        self._head = bytearray()
        self._secure = login.tls is Tls.IMPLICIT

    # ---- for the connection

    @property
    def state(self) -> FetchState:
        """What is awaited."""
        return self._machine.state

    @property
    def is_over(self) -> bool:
        """Nothing more is sent or taken."""
        return self.state is FetchState.CLOSED

    def receive(self, data: bytes) -> None:
        """Take octets as they came, cut anywhere."""
        self._lines.feed(data)
        if data and self.state is not FetchState.CLOSED:
            self._heard = -1.0  # until the next tick
            self._read()

    def to_send(self) -> bytes:
        """What is to go to the server now."""
        octets = bytes(self._out)
        self._out.clear()
        return octets

    def next_event(self) -> Event | None:
        """The next thing that has happened; None if nothing has."""
        return self._events.popleft() if self._events else None

    def tick(self, now: float) -> None:
        """See the time, about once a second."""
        if self._heard < 0 or self.state is FetchState.READY:
            self._heard = now
        if now - self._heard >= SILENCE_S:
            self.fail(f"silent for {SILENCE_S:.0f} s")
        elif now - self._began >= SESSION_S:
            self.fail(f"not done after {SESSION_S / 60:.0f} minutes")

    def secured(self) -> None:
        """TLS is established: what was said before it counts no more [RFC 2595 §4]."""
        if self._has_more():
            return
        self._secure = True
        self._machine.event(FetchEvent.SECURED)
        if self._login.tls is Tls.STARTTLS:
            self._ask(FetchEvent.CAPA, b"CAPA")

    def lost(self) -> None:
        """The connection has ended."""
        self.fail("the connection was closed by the server")

    def fail(self, text: str, login: bool = False) -> None:
        """End the session."""
        if self.state is not FetchState.CLOSED:
            self._machine.event(FetchEvent.LEAVE)
            self._events.append(Failed(text, login))

    # ---- what the service asks for, one at a time, while the state is READY

    def top(self, number: int) -> None:
        """Ask for a header: Head or Refused follows."""
        self._head.clear()
        self._begin_message()
        self._ask(FetchEvent.TOP, b"TOP %d 0" % number)

    def retrieve(self, number: int) -> None:
        """Ask for a message: Octets, then End, or Refused follow."""
        self._begin_message()
        self._ask(FetchEvent.RETR, b"RETR %d" % number)

    def delete(self, number: int) -> None:
        """Ask for a deletion, which happens at QUIT: Done or Refused follows."""
        self._ask(FetchEvent.DELE, b"DELE %d" % number)

    def quit(self) -> None:
        """End it: Done or Failed follows."""
        self._ask(FetchEvent.QUIT, b"QUIT")

    # ---- inside

    def _ask(self, event: FetchEvent, command: bytes) -> None:
        if not self._machine.event(event):
            raise ValueError(f"{event} in {self.state}")
        self._in_list, self._counted = False, 0
        self._out += command + b"\r\n"

    def _begin_message(self) -> None:
        self._message = MessageReader()

    def _read(self) -> None:
        while self.state not in (FetchState.CLOSED, FetchState.HANDSHAKE):
            if self._in_list and self.state in (FetchState.TOP, FetchState.MESSAGE):
                if not self._lines.buffered:
                    return
                self._take_text(self._lines.take())
                continue
            try:
                line = self._lines.line()
            except LineError:
                self.fail("a line of its answer is too long, or no text")
                return
            if line is None:
                return
            if self._in_list:
                self._take_line(line)
            else:
                self._take_status(line)

    def _take_status(self, line: bytes) -> None:
        """The first line of an answer [RFC 1939 §3]."""
        if line.startswith(b"+OK"):
            _OK[self.state](self, line)
        elif line.startswith(b"-ERR"):
            _ERR.get(self.state, FetchSession._refused_for_good)(self, line)
        elif self.state is FetchState.AUTH and line.startswith(b"+"):
            self._out += self._plain() + b"\r\n"  # a server that wants it on a line of its own
        else:
            self.fail(f"no answer of POP3: {_said(line)}")

    def _refused_for_good(self, line: bytes) -> None:
        self.fail(f"{self.state} refused: {_said(line)}")

    def _login_refused(self, line: bytes) -> None:
        self.fail(_said(line), login=b"[IN-USE]" not in line and b"[SYS/TEMP]" not in line)

    def _refused(self, line: bytes) -> None:
        self._ready(Refused(_said(line)))

    def _ready(self, event: Event) -> None:
        self._in_list = False
        self._machine.event(FetchEvent.READY)
        self._events.append(event)

    # greeting, capabilities, login

    def _greeted(self, line: bytes) -> None:
        self._ask(FetchEvent.CAPA, b"CAPA")

    def _list_begins(self, line: bytes) -> None:
        self._in_list = True

    def _capable(self) -> None:
        """All capabilities are known, or the server has none to tell [RFC 2449 §5]."""
        if self._login.tls is not Tls.NONE and not self._secure:
            self._ask(FetchEvent.STLS, b"STLS")
        elif "USER" not in self._capabilities and "PLAIN" in self._mechanisms():
            self._ask(FetchEvent.AUTH, b"AUTH PLAIN " + self._plain())
        else:
            self._ask(FetchEvent.USER, b"USER " + self._login.user.encode())

    def _mechanisms(self) -> list[str]:
        return self._capabilities.get("SASL", "").split()

    def _plain(self) -> bytes:
        """The initial response of SASL PLAIN [RFC 4616 §2]."""
        text = f"\0{self._login.user}\0{self._login.password}"
        return base64.b64encode(text.encode())

    def _no_capabilities(self, line: bytes) -> None:
        self._capable()

    def _stls_allowed(self, line: bytes) -> None:
        if self._has_more():
            return
        self._machine.event(FetchEvent.HANDSHAKE)
        self._capabilities.clear()
        self._events.append(StartTls())

    def _has_more(self) -> bool:
        """Whether something came before TLS that would count after it; the session is then over."""
        if self._lines.buffered:
            self.fail("it sent more before TLS began, as somebody in between would")
        return self.is_over

    def _no_stls(self, line: bytes) -> None:
        self.fail(f"no TLS: {_said(line)}")

    def _user_known(self, line: bytes) -> None:
        self._ask(FetchEvent.PASS, b"PASS " + self._login.password.encode())

    def _logged_in(self, line: bytes) -> None:
        self._ask(FetchEvent.UIDL, b"UIDL")

    # lists and messages

    def _no_names(self, line: bytes) -> None:
        self._ask(FetchEvent.LIST, b"LIST")

    def _take_line(self, line: bytes) -> None:
        """A line of a list, or its end."""
        if line == b".":
            _LIST_ENDS[self.state](self)
            return
        line = line.removeprefix(b".")
        self._counted += 1
        limit = CAPABILITIES_LIMIT if self.state is FetchState.CAPABILITIES else LIST_LIMIT
        if self._counted > limit:
            self.fail(f"more than {limit} lines in a list; remove messages there")
            return
        word, _, rest = line.strip().partition(b" ")
        if self.state is FetchState.CAPABILITIES:
            self._capabilities[one_line(word.decode("ascii", "replace")).upper()] = one_line(
                rest.decode("ascii", "replace")
            )
        elif not word.isdigit() or len(word) > 9 or not self._take_entry(int(word), rest.strip()):
            self.fail(f"no line of a list: {_said(line)}")

    def _take_entry(self, number: int, value: bytes) -> bool:
        if self.state is FetchState.NAMES:
            if NAME.fullmatch(value) is None:
                return False
            self._names[number] = value.decode("ascii")
            return True
        size = value.split(b" ")[0]
        if not size.isdigit() or len(size) > 12:
            return False
        self._sizes[number] = int(size)
        return True

    def _names_end(self) -> None:
        self._ask(FetchEvent.LIST, b"LIST")

    def _sizes_end(self) -> None:
        delay = self._capabilities.get("LOGIN-DELAY", "").split(" ")[0]
        self._ready(
            Listed(
                self._sizes,
                self._known_names(),
                not self._capabilities or "TOP" in self._capabilities,
                int(delay) if delay.isdigit() and len(delay) <= 6 else 0,
            )
        )

    def _known_names(self) -> dict[int, str]:
        """The names of messages that LIST has, too."""
        if self._names.keys() <= self._sizes.keys():
            return self._names
        return {number: name for number, name in self._names.items() if number in self._sizes}

    def _take_text(self, octets: bytes) -> None:
        """More of a message, or of a header."""
        text, rest = self._message.feed(octets)
        if self.state is FetchState.TOP:
            self._head += text
            if len(self._head) > HEADER_LIMIT:
                self.fail("a header that does not end")
                return
        elif text:
            self._events.append(Octets(text))
        if self._message.size > self._largest:
            self.fail(f"a message is larger than {self._largest // 1_000_000} MB, or does not end")
            return
        if self._message.ended:
            self._lines.feed(rest)
            whole = End(self._message.size, self._message.dotted)
            top = self.state is FetchState.TOP
            self._ready(Head(bytes(self._head)) if top else whole)

    def _deleted(self, line: bytes) -> None:
        self._ready(Done())

    def _left(self, line: bytes) -> None:
        self._machine.event(FetchEvent.LEAVE)
        self._events.append(Done())

    def _unasked(self, line: bytes) -> None:
        self.fail(f"it said what nobody asked for: {_said(line)}")


def _said(line: bytes) -> str:
    return one_line(line.decode("utf-8", "replace"))


_OK = {
    FetchState.GREETING: FetchSession._greeted,
    FetchState.CAPABILITIES: FetchSession._list_begins,
    FetchState.STLS: FetchSession._stls_allowed,
    FetchState.USER: FetchSession._user_known,
    FetchState.PASSWORD: FetchSession._logged_in,
    FetchState.AUTH: FetchSession._logged_in,
    FetchState.NAMES: FetchSession._list_begins,
    FetchState.SIZES: FetchSession._list_begins,
    FetchState.READY: FetchSession._unasked,
    FetchState.TOP: FetchSession._list_begins,
    FetchState.MESSAGE: FetchSession._list_begins,
    FetchState.DELETION: FetchSession._deleted,
    FetchState.QUIT: FetchSession._left,
}
"""What follows when the server agrees."""
_ERR = {
    FetchState.CAPABILITIES: FetchSession._no_capabilities,
    FetchState.STLS: FetchSession._no_stls,
    FetchState.USER: FetchSession._login_refused,
    FetchState.PASSWORD: FetchSession._login_refused,
    FetchState.AUTH: FetchSession._login_refused,
    FetchState.NAMES: FetchSession._no_names,
    FetchState.READY: FetchSession._unasked,
    FetchState.TOP: FetchSession._refused,
    FetchState.MESSAGE: FetchSession._refused,
    FetchState.DELETION: FetchSession._refused,
}
"""What follows when it does not; elsewhere the session is over."""
_LIST_ENDS = {
    FetchState.CAPABILITIES: FetchSession._capable,
    FetchState.NAMES: FetchSession._names_end,
    FetchState.SIZES: FetchSession._sizes_end,
}
