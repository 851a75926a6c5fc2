"""The client's side of an SMTP conversation, without a socket: octets in, octets out.

    session = ClientSession(Terms("box.example"))
    session.receive(b"220 mx.example ESMTP\\r\\n")
    session.to_send()                       # b"EHLO box.example\\r\\n"
    ...                                     # until session.state is READY
    session.offer("anna@box.example", ("x@far.example",), size=1234)
    ...                                     # until TEXT: send the message, then end_text()
    session.answers                         # {"x@far.example": Answer("250 2.0.0 Ok")}

A mail counts as taken only if the server has said 354 to DATA, nothing more until it was sent the
final dot, and 2xx then. A server that is out of step, because it answers a command twice, must
neither take a mail that it has not got nor refuse one recipient in place of another. So every
command waits until nothing is left of the answer to the one before, and a transaction that ends
without a message ends with RSET: unless that is answered 2xx, no refusal in it counts for good.

A mail store is spoken to by LMTP [RFC 2033] where the terms say so: it has LHLO for EHLO, no HELO,
and answers the message once for each recipient that it took, in the order of the RCPT commands. Who
has no such answer is not reached, whatever it said for the others.
"""

import base64
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.core.fsm import Machine
from app.mail.outbound.client_states import CLIENT_ACTIONS, ClientEvent, ClientState
from app.mail.outbound.server_replies import NoReply, Reply, ReplyReader
from app.mail.smtp.grammar import GrammarError, parse_address
from app.message.dsn import Asked

_NOTHING: Mapping[str, Asked] = {}


IMPLICIT_PORT = 465
"""Where encryption begins with the first octet [RFC 8314 §3.3]."""


class Tls(StrEnum):
    """When a conversation is encrypted."""

    TRY = "try"
    """By STARTTLS where that comes about; whoever is there, certificates are not checked."""
    STARTTLS = "starttls"
    """By STARTTLS or not at all."""
    IMPLICIT = "implicit"
    """From the first octet on [RFC 8314 §3.3]."""
    NONE = "none"

    @classmethod
    def meant(cls, setting: str, port: int, has_login: bool) -> "Tls":
        """What "auto" means for a smarthost: a password never goes in plain text by it."""
        if setting != "auto":
            return cls(setting)
        if port == IMPLICIT_PORT:
            return cls.IMPLICIT
        return cls.STARTTLS if has_login else cls.TRY


@dataclass(frozen=True)
class Login:
    """Who we are at a server that wants to know."""

    user: str
    password: str


@dataclass(frozen=True)
class Terms:
    """What is agreed about a conversation before it begins."""

    hostname: str
    """Our name for EHLO."""
    tls: Tls = Tls.NONE
    verify: bool = True
    """Whether the server's certificate is checked; never where TLS is only tried."""
    login: Login | None = None
    lmtp: bool = False
    """Whether the server is spoken to by LMTP [RFC 2033]."""


@dataclass(frozen=True)
class Answer:
    """What the next hop said about one recipient: "250 2.0.0 ok", "550 5.1.1 no such user"."""

    reply: str
    broken: bool = False
    """The conversation ended before the message was sent; another server may take it."""
    passed_on: bool = False
    """It knows what the sender wants to be told, and tells it [RFC 3461 §5.2.1]."""

    @property
    def taken(self) -> bool:
        """The mail is theirs now."""
        return self.reply.startswith("2")

    @property
    def final(self) -> bool:
        """It makes no sense to try again."""
        return self.reply.startswith("5")


class ClientSession:
    """One conversation; `failure` says why it is CLOSED."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._machine: Machine[ClientSession, ClientState, ClientEvent] = Machine(
            CLIENT_ACTIONS, self, "", log=None
        )
        self._reader = ReplyReader()
        self._out = bytearray()
        self._encrypted = terms.tls is Tls.IMPLICIT
        self._tried_tls = False
        self._login_steps: deque[bytes] = deque()
        self._commands: deque[bytes] = deque()  # MAIL and RCPT lines still to be sent
        self._asked: deque[str] = deque()  # the recipients whose answers are awaited; "" is MAIL
        self._asked_for: Mapping[str, Asked] = _NOTHING
        self._sender_refusal = ""
        self._accepted: list[str] = []
        self.replies = 0
        """Number of whole replies that came."""
        self.offers: dict[str, str] = {}
        """What the server's EHLO offers: keywords in capitals, with their parameters."""
        self.answers: dict[str, Answer] = {}
        """Of the last mail, for each recipient that has one."""
        self.failure = ""
        self.spoken = False
        """Whether `failure` is in the server's own words."""

    @property
    def state(self) -> ClientState:
        """Where it stands."""
        return self._machine.state

    @property
    def closed(self) -> bool:
        """Whether it is over."""
        return self.state is ClientState.CLOSED

    @property
    def tls_failed(self) -> bool:
        """It ended between the wish for TLS and the first answer under it."""
        return self.closed and self._tried_tls

    def to_send(self) -> bytes:
        """Octets to send now; empty when there are none."""
        octets = bytes(self._out)
        self._out.clear()
        return octets

    def receive(self, data: bytes) -> None:
        """Take octets as they arrived, cut anywhere."""
        if self.closed:
            return
        self._reader.feed(data)
        while not self.closed:
            try:
                reply = self._reader.reply()
            except NoReply as problem:
                self._out_of_step(f"{problem} is no reply of SMTP")
                return
            if reply is None:
                return
            self._on_reply(reply)

    def lost(self, why: str) -> None:
        """The connection has ended, or the server has been silent for too long."""
        if self.state is ClientState.LEAVING:
            self._move(ClientEvent.FAILED)
        elif not self.closed:
            self._fail(f"451 4.4.2 {why} ({self._place()})")

    def encrypted(self) -> None:
        """TLS has begun; what the server has said in plain text no longer counts."""
        self._encrypted, self.offers, self._reader = True, {}, ReplyReader()
        self._move(ClientEvent.ENCRYPTED)
        self._say_hello()

    def offer(
        self,
        sender: str,
        recipients: tuple[str, ...],
        size: int,
        asked: Mapping[str, Asked] = _NOTHING,
    ) -> None:
        """Offer a mail of so many octets; in READY only. `answers` begin anew.

        `asked` is what the sender wants to be told of which recipient.
        """
        self.answers, self._accepted, self._sender_refusal = {}, [], ""
        self._asked_for = asked if "DSN" in self.offers else _NOTHING
        try:
            mail = self._mail_line(sender, recipients, size)
        except GrammarError as unsendable:
            self._answer(recipients, f"553 {unsendable}")
            return
        self._commands, self._asked = deque([mail]), deque([""])
        for address in recipients:
            try:
                words = self._asked_for.get(address, Asked()).recipient_words()
                self._commands.append(
                    b" ".join([b"RCPT TO:" + _path(address), *(word.encode() for word in words)])
                )
                self._asked.append(address)
            except GrammarError as unsendable:  # it cannot stand on a command line
                self._answer((address,), f"553 5.1.3 {unsendable}")
        if len(self._asked) > 1:
            self._move(ClientEvent.MAIL)
            self._next_of_envelope()

    def end_text(self) -> None:
        """The whole message has been sent, with a line end at its end: send the final dot."""
        if self.state is ClientState.TEXT and self._in_step():
            self._move(ClientEvent.ENDED)
            self._out += b".\r\n"

    def leave(self) -> None:
        """Say QUIT, in READY only."""
        self._move(ClientEvent.LEAVE)
        self._say("QUIT")

    # ---- replies

    def _on_reply(self, reply: Reply) -> None:
        self.replies += 1
        if reply.code == 421 and self.state is not ClientState.LEAVING:
            self._fail(str(reply), spoken=True)  # it closes the connection [RFC 5321 §3.8]
        else:
            _ON_REPLY[self.state](self, reply)

    def _greeting(self, reply: Reply) -> None:
        if reply.kind == 2:
            self._move(ClientEvent.GREETED)
            self._say_hello()
        else:
            self._fail(str(reply), spoken=True)

    def _say_hello(self) -> None:
        """EHLO; a server of LMTP must not know that, one of SMTP not LHLO [RFC 2033 §4.1]."""
        self._say(f"{'LHLO' if self._terms.lmtp else 'EHLO'} {self._terms.hostname}")

    def _ehlo(self, reply: Reply) -> None:
        if reply.kind == 5 and self._terms.lmtp:
            wanted = "the server speaks no LMTP, as outbound.smarthost_protocol has it"
            self._fail(f"451 4.5.0 {wanted}: {reply}", spoken=True)
        elif reply.kind == 5 and not self._encrypted and self._terms.tls is not Tls.STARTTLS:
            self._move(ClientEvent.NO_EHLO)
            self._say(f"HELO {self._terms.hostname}")
        elif reply.kind != 2:
            self._fail(str(reply), spoken=True)
        else:
            words = (line.replace("=", " ", 1).partition(" ") for line in reply.lines[1:])
            self.offers = {word.upper(): rest for word, _, rest in words}
            self._go_on()

    def _go_on(self) -> None:
        """From EHLO to TLS, to the login, or to the mail."""
        self._tried_tls = False
        wanted = self._terms.tls in (Tls.TRY, Tls.STARTTLS) and not self._encrypted
        if wanted and "STARTTLS" in self.offers:
            self._tried_tls = True
            self._move(ClientEvent.ENCRYPT)
            self._say("STARTTLS")
        elif self._terms.tls is Tls.STARTTLS and not self._encrypted:
            self._fail("451 4.7.0 The server offers no TLS, and the settings demand it")
        elif self._terms.login is not None:
            self._log_in(self._terms.login)
        else:
            self._move(ClientEvent.SETTLED)

    def _log_in(self, login: Login) -> None:
        """AUTH PLAIN with its initial response [RFC 4616 §2], or LOGIN, which has no RFC."""
        ways = self.offers.get("AUTH", "").upper().split()
        user, password = login.user.encode(), login.password.encode()
        if "PLAIN" in ways:
            first = "AUTH PLAIN " + base64.b64encode(b"\0" + user + b"\0" + password).decode()
        elif "LOGIN" in ways:
            first = "AUTH LOGIN"
            self._login_steps = deque([user, password])
        else:
            self._fail("451 4.7.0 The server offers no login that we know (PLAIN, LOGIN)")
            return
        self._move(ClientEvent.LOG_IN)
        self._say(first)

    def _helo(self, reply: Reply) -> None:
        if reply.kind != 2:
            self._fail(str(reply), spoken=True)
        elif self._terms.login is not None:
            self._fail("451 4.7.0 The server offers no login")
        else:
            self._move(ClientEvent.SETTLED)

    def _starttls(self, reply: Reply) -> None:
        if reply.kind != 2:
            self._fail(str(reply), spoken=True)
        elif self._in_step():  # what came behind it in plain text could be anybody's
            self._move(ClientEvent.GO_AHEAD)

    def _auth(self, reply: Reply) -> None:
        if reply.kind == 3 and self._login_steps:
            self._say(base64.b64encode(self._login_steps.popleft()).decode())
        elif reply.kind == 2:
            self._move(ClientEvent.SETTLED)
        else:
            self._fail(str(reply), spoken=True)

    def _envelope(self, reply: Reply) -> None:
        who = self._asked.popleft()
        if who:
            self._recipient(who, reply)
        elif reply.kind != 2:
            self._sender_refusal = _as_answer(reply)
            if "PIPELINING" not in self.offers:  # nobody has been asked for yet
                self._answer(self._asked, self._sender_refusal)
                self._commands.clear()
                self._asked.clear()
        if self._asked:
            self._next_of_envelope()
        elif self._accepted and self._in_step():
            self._move(ClientEvent.ACCEPTED)
            self._say("DATA")
        elif self.state is ClientState.ENVELOPE:
            self._reset()

    def _recipient(self, who: str, reply: Reply) -> None:
        if self._sender_refusal:
            self._answer((who,), self._sender_refusal)
        elif reply.kind == 2:
            self._accepted.append(who)
        elif reply.code == 552:  # too many recipients, in old servers' words [RFC 5321 §4.5.3.1.10]
            self._answer((who,), f"452 4.5.3 {reply}")
        else:
            self._answer((who,), _as_answer(reply))

    def _data(self, reply: Reply) -> None:
        if reply.code == 354:
            self._move(ClientEvent.GO_AHEAD)
        elif reply.kind in (4, 5):
            self._answer(self._accepted, str(reply))
            self._reset()
        else:
            self._out_of_step(f"DATA was answered with {reply}")

    def _text(self, reply: Reply) -> None:
        """A refusal in the middle of the message; nothing else can be meant then."""
        if reply.kind in (4, 5):
            self._answer(self._accepted, str(reply))
        self._out_of_step(f"{reply} came before the end of the message")

    def _end(self, reply: Reply) -> None:
        """The answer to the message; by LMTP that to the next recipient [RFC 2033 §4.2]."""
        if not self._terms.lmtp:
            self._answer(self._accepted, _as_answer(reply))
            self._move(ClientEvent.ANSWERED)
            return
        self._answer((self._accepted.pop(0),), _as_answer(reply))
        if self._accepted:
            return
        if self._reader.empty:
            self._move(ClientEvent.ANSWERED)
        else:  # nobody knows which answer was whose; a second copy is better than none
            self._out_of_step("more came than an answer for each recipient", in_doubt=True)

    def _reset_done(self, reply: Reply) -> None:
        if reply.kind == 2:
            self._move(ClientEvent.SETTLED)
        else:
            self._out_of_step(f"RSET was answered with {reply}")

    def _unasked(self, reply: Reply) -> None:
        self._out_of_step(f"{reply} came unasked")

    def _left(self, reply: Reply) -> None:
        self._move(ClientEvent.FAILED)

    # ---- what follows

    def _next_of_envelope(self) -> None:
        """Ask for the next recipient; for all of them where the server allows [RFC 2920 §3.1]."""
        while self._commands:
            if "PIPELINING" in self.offers:
                self._out += self._commands.popleft() + b"\r\n"
            else:
                self._say(self._commands.popleft())
                return

    def _reset(self) -> None:
        self._move(ClientEvent.REFUSED)
        self._say("RSET")

    def _say(self, line: str | bytes) -> None:
        """Send a command, when nothing has come that answers none."""
        if self._in_step():
            self._out += (line.encode() if isinstance(line, str) else line) + b"\r\n"

    def _in_step(self) -> bool:
        """Whether all that has come is answered; ends the conversation if not."""
        if not self._reader.empty:
            self._out_of_step("more came than was asked for")
        return not self.closed

    def _out_of_step(self, what: str, in_doubt: bool = False) -> None:
        """End it; `in_doubt`: no answer that was given to a recipient counts."""
        reply = f"451 4.5.0 The server's answers do not match the commands: {what}"
        if in_doubt or self.state in _WITHOUT_MESSAGE:
            self.answers = dict.fromkeys(self.answers, Answer(reply))
            self._answer((*self._accepted, *filter(None, self._asked)), reply)
        self._fail(reply)

    def _answer(self, recipients: Iterable[str], reply: str, broken: bool = False) -> None:
        """Note this for all of them that have no answer yet."""
        for one in recipients:
            self.answers.setdefault(one, Answer(reply, broken, "DSN" in self.offers))

    def _fail(self, reply: str, spoken: bool = False) -> None:
        """End it; who has no answer gets this one."""
        begun = self.state in (ClientState.TEXT, ClientState.END)
        self._answer((*self._accepted, *filter(None, self._asked)), reply, broken=not begun)
        self.failure, self.spoken = reply, spoken
        self._move(ClientEvent.FAILED)

    def _move(self, event: ClientEvent) -> None:
        if not self._machine.event(event):
            raise RuntimeError(f"{event} in {self.state}")

    def _place(self) -> str:
        return f"waiting for {_AWAITED.get(self.state, self.state)}"

    def _mail_line(self, sender: str, recipients: tuple[str, ...], size: int) -> bytes:
        options = []
        if "SIZE" in self.offers:
            options.append(f"SIZE={size}")  # [RFC 1870 §3]
        if "8BITMIME" in self.offers:
            options.append("BODY=8BITMIME")  # [RFC 6152 §2]
        if not all(address.isascii() for address in (sender, *recipients)):
            if "SMTPUTF8" not in self.offers:
                raise GrammarError("5.6.7 The next server takes only addresses that are ASCII")
            options.append("SMTPUTF8")  # [RFC 6531 §3.4]
        for asked in list(self._asked_for.values())[:1]:  # of one mail all ask the same of MAIL
            options += asked.mail_words()
        try:
            path = _path(sender)
        except GrammarError as unsendable:
            raise GrammarError(f"5.1.7 {unsendable}") from unsendable
        return b" ".join([b"MAIL FROM:" + path, *(option.encode() for option in options)])


_ON_REPLY = {
    ClientState.GREETING: ClientSession._greeting,
    ClientState.EHLO: ClientSession._ehlo,
    ClientState.HELO: ClientSession._helo,
    ClientState.STARTTLS: ClientSession._starttls,
    ClientState.TLS: ClientSession._unasked,
    ClientState.AUTH: ClientSession._auth,
    ClientState.READY: ClientSession._unasked,
    ClientState.ENVELOPE: ClientSession._envelope,
    ClientState.DATA: ClientSession._data,
    ClientState.TEXT: ClientSession._text,
    ClientState.END: ClientSession._end,
    ClientState.RESET: ClientSession._reset_done,
    ClientState.LEAVING: ClientSession._left,
}
_WITHOUT_MESSAGE = (ClientState.ENVELOPE, ClientState.DATA, ClientState.RESET)
_AWAITED = {
    ClientState.GREETING: "the greeting",
    ClientState.EHLO: "the answer to EHLO",
    ClientState.HELO: "the answer to HELO",
    ClientState.STARTTLS: "the answer to STARTTLS",
    ClientState.TLS: "the TLS handshake",
    ClientState.AUTH: "the answer to the login",
    ClientState.ENVELOPE: "the answer to the sender or a recipient",
    ClientState.DATA: "the answer to DATA",
    ClientState.TEXT: "the message to be taken",
    ClientState.END: "the answer to the message",
    ClientState.RESET: "the answer to RSET",
}


def _path(address: str) -> bytes:
    """`<address>` as it stands on a command line. Raises GrammarError if it cannot."""
    return f"<{parse_address(address)}>".encode() if address else b"<>"


def _as_answer(reply: Reply) -> str:
    """The words of a reply; 3xx where nothing can go on counts as temporary."""
    return str(reply) if reply.kind != 3 else f"451 4.5.0 Not an answer: {reply}"
