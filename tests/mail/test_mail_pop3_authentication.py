"""What a client says before its maildrop is open, rule by rule.

[RFC 1939 §4, 2449, 2595, 5034, 6856]
"""

from base64 import b64encode

import pytest

from app.mail.pop3.capabilities import Offer
from app.mail.pop3.session import COMMANDS, Pop3Session
from app.mail.pop3.states import Code, Commit, LoginWanted, Pop3State, StartTls
from tests.kit.maildrop import MemoryMaildrop
from tests.kit.pop3_talk import FIRST, HELLO, session, two
from tests.kit.talk import octets, pump, talk, talk_every_way


def test_transaction_commands_wait_for_login() -> None:
    for command in set(COMMANDS) - {*b"CAPA STLS LANG UTF8 AUTH USER PASS QUIT".split()}:
        script = f"S: +OK ...\nC: {command.decode()}\nS: -ERR log in first"
        talk_every_way(session, script)


def test_a_wrong_password_says_auth_and_user_must_come_again() -> None:
    talk_every_way(
        session,
        """
        S: +OK ...
        C: PASS x
        S: -ERR USER comes first
        C: USER anna
        S: +OK ...
        C: PASS wrong
        S: -ERR [AUTH] name or password wrong
        C: PASS a pass word
        S: -ERR USER comes first
        C: USER
        S: -ERR a login name is needed
        C: USER anna
        S: +OK ...
        C: PASS a pass word
        S: +OK ...
        """,
        two(),
    )


def test_five_refused_logins_end_the_session() -> None:
    once = "C: USER anna\nS: +OK ...\nC: PASS no\nS: -ERR [AUTH] ...\n"
    talk_every_way(session, "S: +OK ...\n" + once * 5 + "closed", two())


CAPA = """
    C: CAPA
    S: +OK what this server can do
    S: TOP
    S: UIDL
    S: RESP-CODES
    S: AUTH-RESP-CODE
    S: PIPELINING
    S: UTF8
    S: LANG
"""
"""Its beginning is always the same."""

PASSWORDS = """
    S: USER
    S: SASL PLAIN LOGIN
"""
END = """
    S: IMPLEMENTATION Switchhook
    S: .
"""


def test_a_network_without_plain_login_is_told_so_before_the_password() -> None:
    talk_every_way(
        lambda: Pop3Session("box", plain_login=False),
        f"""
        S: +OK ...
        {CAPA + END}
        C: USER anna
        S: -ERR [AUTH] a password may not cross this network unencrypted; use TLS (STLS or port 995)
        C: PASS x
        S: -ERR [AUTH] ...
        C: AUTH PLAIN
        S: -ERR [AUTH] ...
        C: AUTH
        S: -ERR [AUTH] ...
        """,
    )


def test_capa_says_what_the_settings_promise_and_after_login_what_holds_for_this_person() -> None:
    offer = Offer("30 USER", login_delay_s=60)
    delay = "S: LOGIN-DELAY 60"
    before = f"{CAPA + PASSWORDS}\nS: EXPIRE 30 USER\n{delay}{END}"
    after = f"{CAPA + PASSWORDS}\nS: EXPIRE NEVER\n{delay}{END}"
    login = HELLO.replace("S: +OK box POP3 ready", "")

    def answer(pop3: Pop3Session, event: object) -> None:
        assert isinstance(event, LoginWanted)
        pop3.logged_in(two().maildrop, expire="NEVER")

    talk_every_way(
        lambda: Pop3Session("box", offer=offer), f"S: +OK ...\n{before}{login}{after}", answer
    )


def begin_tls(pop3: Pop3Session, event: object) -> None:
    """What the service and its connection do."""
    assert event == StartTls()
    assert not pop3.wants_input
    pop3.secured()


def test_stls_forgets_the_name_and_is_offered_once() -> None:
    talk(
        Pop3Session("box", plain_login=False, offers_tls=True),
        f"""
        S: +OK ...
        {CAPA}
        S: STLS
        {END}
        C: STLS now
        S: -ERR this command takes no argument
        C: STLS
        S: +OK begin TLS now
        {CAPA + PASSWORDS + END}
        C: STLS
        S: -ERR TLS is not to be had here, or is there already
        C: PASS a pass word
        S: -ERR USER comes first
        """,
        begin_tls,
    )


def test_a_name_said_before_stls_is_forgotten() -> None:
    talk(
        Pop3Session("box", offers_tls=True),
        "S: +OK ...\nC: USER anna\nS: +OK ...\nC: STLS\nS: +OK ...\n"
        "C: PASS a pass word\nS: -ERR USER comes first",
        begin_tls,
    )


def test_what_is_piped_behind_stls_is_dropped() -> None:
    pop3 = Pop3Session("box", offers_tls=True)
    pump(pop3)
    pop3.receive(octets("STLS\\r\\nUSER anna\\r\\nPASS a pass word\\r\\nhalf a li"))
    said: list[object] = []
    assert pump(pop3, lambda _, event: said.append(event)) == b"+OK begin TLS now\r\n"
    assert said == [StartTls()]
    assert pop3.state is Pop3State.NEGOTIATING
    pop3.receive(b"NOOP\r\n")
    pop3.secured()
    pop3.receive(b"QUIT\r\n")
    assert pump(pop3) == b"+OK bye\r\n"


def test_stls_is_not_for_whoever_has_logged_in() -> None:
    talk_every_way(
        lambda: Pop3Session("box", offers_tls=True),
        f"{HELLO}C: STLS\nS: -ERR not after login\n{CAPA + PASSWORDS + END}C: STAT\nS: +OK 2 67",
        two(),
    )


def test_stls_without_a_certificate_is_refused_and_not_offered() -> None:
    talk_every_way(
        session, f"S: +OK ...\n{CAPA + PASSWORDS + END}C: STLS\nS: -ERR TLS is not to be had..."
    )


def test_a_handshake_that_never_ends_has_a_strangers_time() -> None:
    pop3 = Pop3Session("box", offers_tls=True)
    talk(pop3, "S: +OK ...\nC: STLS\nS: +OK ...\nT: 59\nopen\nT: 1\nclosed", lambda *_: None)


# ---- SASL: "\0anna\0a pass word" and the like in base64

PLAIN = "AGFubmEAYSBwYXNzIHdvcmQ="
ANNA, PASSWORD = "YW5uYQ==", "YSBwYXNzIHdvcmQ="


@pytest.mark.parametrize(
    "script",
    [
        f"C: AUTH PLAIN {PLAIN}",
        f"C: auth plain {PLAIN}",
        f"C: AUTH PLAIN\nS: + ...\nC: {PLAIN}",
        f"C: AUTH PLAIN =\nS: -ERR PLAIN is an identity...\nC: AUTH PLAIN {PLAIN}",
        f"C: AUTH LOGIN\nS: + VXNlcm5hbWU6\nC: {ANNA}\nS: + UGFzc3dvcmQ6\nC: {PASSWORD}",
        f"C: AUTH LOGIN {ANNA}\nS: + UGFzc3dvcmQ6\nC: {PASSWORD}",
        # her own identity said, too: anna\0anna\0a pass word
        "C: AUTH PLAIN YW5uYQBhbm5hAGEgcGFzcyB3b3Jk",
    ],
)
def test_login_by_sasl(script: str) -> None:
    after = (
        "S: +OK 2 messages (67 octets)\nC: STAT\nS: +OK 2 67\nC: AUTH PLAIN\nS: -ERR not after..."
    )
    talk_every_way(session, f"S: +OK ...\n{script}\n{after}", two())


@pytest.mark.parametrize(
    ("script", "refusal"),
    [
        ("C: AUTH PLAIN\nS: + ...\nC: *", "the client has given up"),
        (f"C: AUTH LOGIN {ANNA}\nS: + UGFzc3dvcmQ6\nC: *", "the client has given up"),
        ("C: AUTH PLAIN *", "the client has given up"),
        ("C: AUTH PLAIN !!!", "the answer is no base64"),
        ("C: AUTH PLAIN\nS: + ...\nC: QUIT", "PLAIN is an identity..."),
        ("C: AUTH PLAIN\nS: + ...\nC:", "PLAIN is an identity..."),
        ("C: AUTH PLAIN\nS: + ...\nC: \\xff\\xfe", "the answer is no base64"),
        ("C: AUTH PLAIN\nS: + ...\nC: AG\\0F", "line with a NUL"),
        # ben\0anna\0a pass word
        ("C: AUTH PLAIN YmVuAGFubmEAYSBwYXNzIHdvcmQ=", "PLAIN is an identity, which must be..."),
        ("C: AUTH CRAM-MD5", "the ways to log in are PLAIN, LOGIN"),
        ("C: AUTH XOAUTH2 dXNlcj0=", "the ways to log in are PLAIN, LOGIN"),
        (f"C: AUTH PLAIN {'A' * 300}", "line too long..."),
        (f"C: AUTH PLAIN\nS: + ...\nC: {'A' * 2_047}", "line too long..."),
        ("C: AUTH PLAIN AGFubmEAd3Jvbmc=", "[AUTH] name or password wrong"),
    ],
)
def test_a_sasl_exchange_that_fails_leaves_the_client_where_it_was(
    script: str, refusal: str
) -> None:
    then = f"S: -ERR {refusal}\nC: AUTH PLAIN {PLAIN}\nS: +OK 2 messages..."
    talk(session(), f"S: +OK ...\n{script}\n{then}", two())
    talk(session(), f"S: +OK ...\n{script}\n{then}", two(), feed="octets")


def test_long_names_and_passwords_fit_into_an_exchange() -> None:
    said = f"{'i' * 255}\0{'i' * 255}\0{'p' * 255}".encode()
    asked: list[LoginWanted] = []

    def answer(pop3: Pop3Session, event: object) -> None:
        assert isinstance(event, LoginWanted)
        asked.append(event)
        pop3.refused(Code.AUTH, "no")

    line = b64encode(said).decode()
    talk_every_way(
        session, f"S: +OK ...\nC: AUTH PLAIN\nS: + ...\nC: {line}\nS: -ERR [AUTH] no", answer
    )
    assert asked == [LoginWanted("i" * 255, "p" * 255)] * 3


def test_auth_alone_lists_the_ways() -> None:
    talk_every_way(session, "S: +OK ...\nC: AUTH\nS: +OK ...\nS: PLAIN\nS: LOGIN\nS: .")


def test_whoever_stops_amid_an_exchange_has_a_strangers_time_and_octets() -> None:
    waiting = "S: +OK ...\nC: AUTH PLAIN\nS: + ...\n"
    talk(session(), waiting + "T: 59\nopen\nT: 1\nclosed")
    cancelled = "C: AUTH PLAIN\nS: + ...\nC: *\nS: -ERR the client has given up\n"
    lines = 4_096 // len("AUTH PLAIN\r\n*\r\n")
    too_much = (
        cancelled * lines + "C: AUTH PLAIN\nS: + ...\nS: -ERR too much without a login, bye\nclosed"
    )
    talk(session(), "S: +OK ...\n" + too_much)


# ---- languages and UTF-8


def test_lang_lists_and_chooses_before_and_after_login() -> None:
    lang = """
        C: LANG
        S: +OK ...
        S: en English
        S: i-default English...
        S: .
        C: LANG en
        S: +OK en ...
        C: LANG *
        S: +OK en ...
        C: lang EN-gb
        S: +OK en ...
        C: LANG i-default
        S: +OK i-default ...
        C: LANG de
        S: -ERR the languages are en, i-default
    """
    talk_every_way(session, HELLO + lang, two())
    talk_every_way(session, f"S: +OK ...\n{lang}", two())


def test_utf8_is_asked_for_before_login() -> None:
    talk_every_way(
        session,
        f"S: +OK ...\nC: UTF8\nS: +OK ...\nC: UTF8 x\nS: -ERR this command takes no argument\n"
        f"C: AUTH PLAIN {PLAIN}\nS: +OK ...\nC: UTF8\nS: -ERR not after login",
        two(),
    )


def test_apop_is_left_out_and_the_greeting_has_no_timestamp() -> None:
    """A greeting with <…@…> would make some clients insist on APOP [RFC 1939 §7]."""
    greeting = Pop3Session("box").to_send()
    assert b"<" not in greeting
    talk(session(), "S: +OK ...\nC: APOP anna c4c9334bac560ecc979e58001b3e22fb\nS: -ERR unknown...")


def test_what_is_piped_behind_a_password_waits_for_its_check() -> None:
    asked: list[LoginWanted] = []
    pop3 = session()
    pop3.receive(octets("USER anna\\r\\nPASS p w \\r\\nSTAT\\r\\nQUIT"))
    pump(pop3, lambda _, event: asked.append(event))
    assert asked == [LoginWanted("anna", "p w ")]
    assert "p w" not in repr(asked)
    assert not pop3.wants_input
    pop3.logged_in(MemoryMaildrop([FIRST]))
    commits: list[Commit] = []
    assert (
        pump(pop3, lambda _, e: commits.append(e)) == b"+OK 1 message (41 octets)\r\n+OK 1 41\r\n"
    )
    assert commits == [Commit((), ())]
    pop3.committed(0)
    assert pump(pop3) == b"+OK bye, 0 messages removed\r\n"
    assert pop3.closed


def test_a_refusal_can_be_held_until_a_tick() -> None:
    held = two()

    def slowly(pop3: Pop3Session, event: object) -> None:
        pop3.refused(Code.AUTH, "no", until=3.0)

    talk(
        session(),
        "S: +OK ...\nC: USER a\nS: +OK ...\nC: PASS b\nT: 2\nT: 1\nS: -ERR [AUTH] no\nopen",
        slowly,
    )
    assert held.commits == []


def test_a_held_refusal_is_sent_once_and_not_for_the_next_login() -> None:
    pop3 = session()

    def slowly(pop3: Pop3Session, event: object) -> None:
        pop3.refused(Code.AUTH, "no", until=3.0)

    def undecided(pop3: Pop3Session, event: object) -> None:
        """The password is still being checked."""

    pump(pop3, slowly)
    pop3.receive(b"USER a\r\nPASS b\r\n")
    assert pump(pop3, slowly).count(b"-ERR") == 0
    pop3.tick(4.0)
    assert pump(pop3) == b"-ERR [AUTH] no\r\n"
    pop3.receive(b"USER a\r\n")
    pump(pop3, undecided)
    pop3.receive(b"PASS c\r\n")
    assert pump(pop3, undecided) == b""
    pop3.tick(5.0)
    assert pump(pop3) == b""
