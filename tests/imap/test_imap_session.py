"""A session's login and its commands, as conversations that are cut at every octet."""

from collections.abc import Callable

import pytest

from app.imap.net.api import (
    Gone,
    ImapError,
    LoginRefused,
    OverQuota,
    ProtocolError,
    Refused,
    Unavailable,
    Unsupported,
)
from app.imap.net.commands import Command, Octets, Stream
from app.imap.net.session import (
    Answered,
    Event,
    Failed,
    Idling,
    ImapSession,
    LoggedIn,
    Login,
    StartTls,
    Told,
    Wanted,
)
from tests.kit.imap_talk import Player

ANNA = Login("anna", "pass word", None, "none")
FOR_ANNA = Login("box", "pass word", "anna", "none")
SECURE = Login("anna", "pass word", None, "starttls")
PLAIN = "AGFubmEAcGFzcyB3b3Jk"  # \\0anna\\0pass word
READY = """
    S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello
    C: $ AUTHENTICATE PLAIN *
    S: $ OK [CAPABILITY IMAP4rev1 LITERAL- IDLE] in
"""

Do = Callable[[ImapSession], None]


def talk(script: str, who: Login = ANNA, *then: Do, size: int = 0) -> list[Event]:
    """What happens in a conversation; `then` are done one after another when commands can be."""
    session, player = ImapSession(who), Player(script)
    events: list[Event] = []
    todo = list(then)
    while True:
        octets = player.say()
        for at in range(0, len(octets), size or len(octets) or 1):
            session.receive(octets[at : at + (size or len(octets))])
        said = session.to_send()
        player.hear(said)
        events_now = _taken(session)
        events += events_now
        for event in events_now:
            if isinstance(event, StartTls):
                session.secured()
            elif isinstance(event, LoggedIn | Answered | Wanted | Idling) and todo:
                todo.pop(0)(session)
        if not (said or octets or events_now):
            break
    session.lost()
    events += _taken(session)
    assert not player.steps, f"not played: {player.steps}"
    return events


def _taken(session: ImapSession) -> list[Event]:
    found = []
    while (event := session.next_event()) is not None:
        found.append(event)
    return found


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def failure(script: str, who: Login = ANNA, *then: Do) -> ImapError:
    """The error that a conversation ends with, however it is cut."""
    found = [talk(script, who, *then, size=size)[-1] for size in (0, 1)]
    assert isinstance(found[0], Failed) and isinstance(found[1], Failed)
    assert str(found[0].error) == str(found[1].error)
    assert not {"\r", "\n", "\0"} & set(str(found[0].error))
    return found[0].error


LOGINS = [
    ("at once [RFC 4959]", ANNA, f"""
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello
        C: A1 AUTHENTICATE PLAIN {PLAIN}
        S: A1 OK [CAPABILITY IMAP4rev1] in
    """),
    ("when asked [RFC 3501 §6.2.2]", ANNA, f"""
        S: * OK hello
        C: A1 CAPABILITY
        S: * CAPABILITY IMAP4rev1 AUTH=PLAIN
        S: A1 OK
        C: A2 AUTHENTICATE PLAIN
        S: +
        C: {PLAIN}
        S: A2 OK in
        C: A3 CAPABILITY
        S: * CAPABILITY IMAP4rev1
        S: A3 OK
    """),
    ("for somebody else [RFC 4616 §2]", FOR_ANNA, """
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello
        C: A1 AUTHENTICATE PLAIN YW5uYQBib3gAcGFzcyB3b3Jk
        S: * CAPABILITY IMAP4rev1
        S: A1 OK in
    """),
    ("by LOGIN [RFC 3501 §6.2.3]", ANNA, """
        S: * OK [CAPABILITY IMAP4rev1] hello
        C: A1 LOGIN "anna" "pass word"
        S: A1 OK [CAPABILITY IMAP4rev1] in
    """),
    ("by LOGIN with literals", Login("änna", 'p"w\\', None, "none"), """
        S: * OK [CAPABILITY IMAP4rev1] hello
        C: A1 LOGIN {5}
        S: + go on
        C: \\xc3\\xa4nna "p\\\\"w\\\\\\\\"
        S: A1 OK [CAPABILITY IMAP4rev1] in
    """),
    ("by LOGIN with literals at once [RFC 7888]", Login("änna", "pw", None, "none"), """
        S: * OK [CAPABILITY IMAP4rev1 LITERAL-] hello
        C: A1 LOGIN {5+}
        C: \\xc3\\xa4nna "pw"
        S: A1 OK [CAPABILITY IMAP4rev1] in
    """),
    ("under TLS, with capabilities asked anew [RFC 3501 §6.2.1]", SECURE, f"""
        S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hello
        C: A1 STARTTLS
        S: A1 OK begin
        C: A2 CAPABILITY
        S: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR
        S: A2 OK
        C: A3 AUTHENTICATE PLAIN {PLAIN}
        S: A3 OK [CAPABILITY IMAP4rev1] in
    """),
    ("under TLS, where nothing of before counts", SECURE, """
        S: * OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR] hello
        C: A1 STARTTLS
        S: A1 OK begin
        C: A2 CAPABILITY
        S: A2 OK
        C: A3 LOGIN "anna" "pass word"
        S: A3 OK [CAPABILITY IMAP4rev1] in
    """),
    ("with extensions [RFC 5161, RFC 7162]", ANNA, f"""
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello
        C: A1 AUTHENTICATE PLAIN {PLAIN}
        S: A1 OK [CAPABILITY IMAP4rev1 ENABLE CONDSTORE QRESYNC UTF8=ACCEPT] in
        C: A2 ENABLE CONDSTORE QRESYNC UTF8=ACCEPT
        S: * ENABLED QRESYNC
        S: A2 OK
    """),
    ("with a server that enables nothing after all", ANNA, f"""
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello
        C: A1 AUTHENTICATE PLAIN {PLAIN}
        S: A1 OK [CAPABILITY IMAP4rev1 ENABLE QRESYNC] in
        C: A2 ENABLE QRESYNC
        S: A2 NO not here
    """),
]  # fmt: skip


@pytest.mark.parametrize(("script", "who"), [pytest.param(s, w, id=n) for n, w, s in LOGINS])
def test_login(script: str, who: Login) -> None:
    events = talk(script, who)
    assert [kind for kind in kinds(events) if kind != "StartTls"] == ["LoggedIn", "Failed"]
    assert events == talk(script, who, size=1) or kinds(events) == kinds(talk(script, who, size=1))


REFUSED: list[tuple[type[ImapError], Login, str]] = [
    (LoginRefused, ANNA, """
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello
        C: $ AUTHENTICATE PLAIN *
        S: $ NO [AUTHENTICATIONFAILED] no
    """),
    (LoginRefused, ANNA, """
        S: * OK [CAPABILITY IMAP4rev1] hello
        C: $ LOGIN *
        S: $ NO wrong\\x07password
    """),
    (Unavailable, ANNA, """
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello
        C: $ AUTHENTICATE PLAIN *
        S: $ NO [UNAVAILABLE] the backend is down
    """),
    (ProtocolError, ANNA, """
        S: * OK [CAPABILITY IMAP4rev1] hello
        C: $ LOGIN *
        S: $ BAD what?
    """),
    (Unavailable, ANNA, "S: * BYE [UNAVAILABLE] too many connections"),
    (Gone, ANNA, "S: * BYE"),
    (Gone, ANNA, "S+ * OK hel"),
    (ProtocolError, ANNA, "S: * NO hello"),
    (ProtocolError, ANNA, "S: 220 smtp.test ESMTP"),
    (ProtocolError, ANNA, "S: * CAPABILITY IMAP4rev1"),
    # whoever is logged in by the connection is not whom we mean, and STARTTLS is over then
    (ProtocolError, SECURE, "S: * PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] in"),
    (Unsupported, SECURE, "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello"),
    (Unsupported, SECURE, """
        S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hello
        C: $ STARTTLS
        S: $ NO not today
    """),
    # what stands before TLS in the same packet was put there by somebody in between
    (ProtocolError, SECURE, """
        S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hello
        C: $ STARTTLS
        S: $ OK begin
        S: * CAPABILITY IMAP4rev1 AUTH=PLAIN
    """),
    (Unsupported, ANNA, "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hello"),
    (Unsupported, FOR_ANNA, "S: * OK [CAPABILITY IMAP4rev1] hello"),
    (ProtocolError, ANNA, """
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello
        C: $ AUTHENTICATE PLAIN
        S: $ OK in
    """),
    (ProtocolError, ANNA, """
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello
        C: $ AUTHENTICATE PLAIN *
        S: + more
    """),
    (ProtocolError, ANNA, """
        S: * OK hello
        C: $ CAPABILITY
        S: * OK hello again
        S: A9 OK
    """),
    (ProtocolError, ANNA, """
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello
        C: $ AUTHENTICATE PLAIN *
        S: $ OK [CAPABILITY IMAP4rev1 ENABLE UTF8=ONLY] in
        C: $ ENABLE UTF8=ACCEPT
        S: $ OK nothing
    """),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "who", "script"), REFUSED)
def test_refused_login_says_of_what_kind_it_is(
    kind: type[ImapError], who: Login, script: str
) -> None:
    error = failure(script, who)
    assert type(error) is kind, repr(error)
    assert str(error)


def ask(*parts: bytes | Octets | Stream) -> Do:
    return lambda session: session.ask(Command(*parts))


def give(octets: bytes) -> Do:
    return lambda session: session.give(octets)


COMMANDS: list[tuple[str, tuple[Do, ...], list[str]]] = [
    ("""
        C: A2 NOOP
        S: * 3 EXISTS
        S: A2 OK
    """, (ask(b"NOOP"),), ["Told", "Answered"]),
    # a short literal is sent at once, a stream when the server agrees [RFC 3501 §4.3, RFC 7888 §5]
    ("""
        C: A2 APPEND {3+}
        C: \\xc3\\xa4x {5}
        S: + go on
        C: hello
        S: A2 OK
    """, (ask(b"APPEND ", Octets(b"\xc3\xa4x"), b" ", Stream(5)), give(b"hello")),
     ["Wanted", "Answered"]),
    ("""
        C: A2 X {4097}
        S: + go on
        C+ """ + "x" * 4097 + """
        C: .
        S: A2 OK
    """, (ask(b"X ", Octets(b"x" * 4097), b"."),), ["Answered"]),
    # refused before the octets: they are not sent, and the next command is understood
    ("""
        C: A2 APPEND {5}
        S: A2 NO [OVERQUOTA] full
        C: A3 NOOP
        S: A3 OK
    """, (ask(b"APPEND ", Stream(5)), ask(b"NOOP")), ["Answered", "Answered"]),
    ("""
        C: A2 IDLE
        S: + idling
        S: * 4 EXISTS
        C: DONE
        S: A2 OK
    """, (lambda s: s.idle(), lambda s: s.done()), ["Idling", "Told", "Answered"]),
    ("""
        C: A2 IDLE
        S: A2 NO not now
    """, (lambda s: s.idle(),), ["Answered"]),
    ("""
        S: * OK [ALERT] maintenance tonight
        S: * 5 EXISTS
    """, (), ["Told", "Told"]),
]  # fmt: skip


@pytest.mark.parametrize(("script", "then", "events"), COMMANDS)
def test_command(script: str, then: tuple[Do, ...], events: list[str]) -> None:
    awaited = ["LoggedIn", *events, "Failed"]
    assert kinds(talk(READY + script, ANNA, *then)) == awaited
    assert kinds(talk(READY + script, ANNA, *then, size=1)) == awaited


WRONG: list[tuple[type[ImapError], str, tuple[Do, ...]]] = [
    (ProtocolError, "S: A9 OK", ()),
    (ProtocolError, "S: + go on", ()),
    (ProtocolError, "S: * PREAUTH again", ()),
    (Gone, "S: * BYE going down", ()),
    (Gone, "C: A2 NOOP\nS+ * 3 EX", (ask(b"NOOP"),)),
    (ProtocolError, "C: A2 X {5}\nS: A2 OK taken", (ask(b"X ", Stream(5)),)),
    # half of a literal is sent: what is left of it would be read as commands
    (Gone, "C: A2 X {5}\nS: +\nC+ ab\nS: A2 OK", (ask(b"X ", Stream(5)), give(b"ab"))),
    (OverQuota, "C: A2 X {5}\nS: +\nC+ ab\nS: A2 NO [OVERQUOTA] f",
     (ask(b"X ", Stream(5)), give(b"ab"))),
    (Refused, "C: A2 X {5}\nS: +\nC+ ab\nS: A2 NO f", (ask(b"X ", Stream(5)), give(b"ab"))),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "script", "then"), WRONG)
def test_what_ends_a_session(kind: type[ImapError], script: str, then: tuple[Do, ...]) -> None:
    assert type(failure(READY + script, ANNA, *then)) is kind


def test_one_command_at_a_time() -> None:
    session = ImapSession(ANNA)
    with pytest.raises(ValueError):
        session.ask(Command(b"NOOP"))
    with pytest.raises(ValueError):
        session.done()


def test_octets_beyond_the_stream_are_refused() -> None:
    with pytest.raises(ValueError):
        talk(READY + "C: A2 X {1}\nS: +", ANNA, ask(b"X ", Stream(1)), give(b"ab"))


def test_no_password_is_in_what_is_printed() -> None:
    assert "pass word" not in repr(ANNA)


def test_told_numbers_reach_the_caller() -> None:
    events = talk(READY + "S: * 5 EXISTS")
    assert [event.what.number for event in events if isinstance(event, Told)] == [5]  # type: ignore[union-attr]
