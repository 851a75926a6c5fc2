"""Conversations as scripts, for any session that takes octets and gives octets.

    talk(session, '''
        S: +OK ...
        C: DELE 3
        S: -ERR no such message
        C: QUIT
        S: +OK ...
        closed
    ''', answer=service)

C: what the client sends (a CRLF is added; \\r, \\n, \\0, \\xNN and \\t may be written as escapes)
S: the next line it must get, whole; "..." at the end stands for any rest
T: seconds that pass, with a tick each second
closed / open: whether the session must be over by now

All output must be spoken for: what the session says before the next C: and the script does not
expect is an error. `answer` is called with (session, event) for each event. With feed="octets" each
octet comes alone, with feed="at once" the script's whole client side comes in one piece (T:, closed
and open then stand at the end only).
"""

from collections.abc import Callable
from typing import Any, Literal

from app.net.listener import Session

Feed = Literal["lines", "octets", "at once"]
FEEDS: tuple[Feed, ...] = ("lines", "octets", "at once")


def ignore(session: Any, event: object) -> None:
    """An `answer` for sessions that ask for nothing."""
    raise AssertionError(f"the session asked for {event!r}, which this test does not answer")


def pump(session: Session[Any], answer: Callable[[Any, Any], None] = ignore) -> bytes:
    """Take all output and answer all events until the session has no more."""
    heard = b""
    while True:
        out = session.to_send()
        event = session.next_event()
        if event is not None:
            answer(session, event)
        elif not out:
            return heard
        heard += out


class Talk:
    """One conversation under way."""

    def __init__(
        self, session: Session[Any], answer: Callable[[Any, Any], None], feed: Feed, now: float
    ) -> None:
        self.session = session
        self.answer = answer
        self.feed = feed
        self.now = now
        self.heard = b""
        self.step = ""

    def play(self, script: str) -> None:
        """Go through the script, then see that nothing was said beyond it."""
        steps = [step.strip() for step in script.strip().splitlines() if step.strip()]
        if self.feed == "at once":
            self.session.receive(b"".join(octets(s[2:].lstrip()) for s in steps if s[:2] == "C:"))
            steps = [step for step in steps if step[:2] != "C:"]
        for self.step in steps:
            self._do(*self.step.partition(":")[::2])
        self._all_heard()

    def _do(self, verb: str, text: str) -> None:
        if verb == "C":
            self._all_heard()
            self._send(octets(text.lstrip()))
        elif verb == "S":
            self._expect(text.lstrip())
        elif verb == "T":
            self._listen()
            for _ in range(int(text)):
                self.now += 1
                self.session.tick(self.now)
        elif verb in ("closed", "open"):
            self._listen()
            assert self.session.closed is (verb == "closed"), self._where()
        else:
            raise AssertionError(f"not a step of a script: {self.step!r}")

    def _send(self, data: bytes) -> None:
        if self.feed == "octets":
            for octet in data:
                self.session.receive(bytes([octet]))
                self._listen()
        else:
            self.session.receive(data)

    def _listen(self) -> None:
        self.heard += pump(self.session, self.answer)

    def _expect(self, line: str) -> None:
        self._listen()
        said, end, self.heard = self.heard.partition(b"\r\n")
        assert end, f"{self._where()}: nothing more was said than {said!r}"
        wanted = line.encode()
        if line.endswith("..."):
            assert said.startswith(wanted[:-3]), f"{self._where()}: said {said!r}"
        else:
            assert said == wanted, f"{self._where()}: said {said!r}"

    def _all_heard(self) -> None:
        self._listen()
        assert self.heard == b"", f"{self._where()}: also said {self.heard!r}"

    def _where(self) -> str:
        return f"at {self.step!r} ({self.feed})"


def octets(text: str) -> bytes:
    """A line of the script as it goes on the wire: escapes done, CRLF added."""
    return text.encode("utf-8").decode("unicode_escape").encode("latin-1") + b"\r\n"


def talk(
    session: Session[Any],
    script: str,
    answer: Callable[[Any, Any], None] = ignore,
    feed: Feed = "lines",
    now: float = 0.0,
) -> None:
    """Play a script against a session; AssertionError tells the step that went wrong."""
    Talk(session, answer, feed, now).play(script)


def talk_every_way(
    make: Callable[[], Session[Any]],
    script: str,
    answer: Callable[[Any, Any], None] = ignore,
) -> None:
    """Play a script against a fresh session for each way of feeding it."""
    for feed in FEEDS:
        talk(make(), script, answer, feed)
