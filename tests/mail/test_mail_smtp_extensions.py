"""STARTTLS, AUTH, BDAT and DSN parameters as conversations, each rule with its section."""

from base64 import b64encode
from dataclasses import replace

import pytest

from app.mail.smtp import replies
from app.mail.smtp.envelope import Peer
from app.mail.smtp.states import SmtpState
from app.message.dsn import RecipientRequest
from tests.kit.smtp_talk import LAN, OUTSIDE, TRAVELLER, Talk, codes, limits, person

PLAIN = b64encode(b"\0anna\0pass word").decode()
USER, PASSWORD = b64encode(b"anna").decode(), b64encode(b"pass word").decode()


WORLD = replace(OUTSIDE, can_start_tls=True)
HOUSE = replace(LAN, can_start_tls=True)


def play(talk: Talk, script: str) -> None:
    """C: what the client says; S: what it must hear then, line by line."""
    heard: list[str] = []
    for line in script.strip("\n ").splitlines():
        step, _, text = line.lstrip().partition(": ")
        if step == "S":
            assert heard, f"{text!r} is not said"
            said = heard.pop(0)
            assert said == text
        else:
            assert not heard, f"also said before {line!r}: {heard}"
            octets = text.encode().decode("unicode_escape").encode("latin-1") + b"\r\n"
            heard = talk.send(octets).decode().split("\r\n")[:-1]
    assert not heard, f"also said: {heard}"


def secured(peer: Peer = TRAVELLER, **changes: object) -> Talk:
    """A conversation under TLS from the first octet, after EHLO."""
    talk = Talk(peer, **changes)  # type: ignore[arg-type]
    talk.session.secured()
    talk.send(b"EHLO c\r\n")
    return talk


# ---- STARTTLS [RFC 3207]


def test_after_starttls_the_conversation_begins_anew() -> None:  # §4.2
    talk = Talk(WORLD)
    play(
        talk,
        """
        C: EHLO c
        S: 250-box.test
        S: 250-PIPELINING
        S: 250-SIZE 50000000
        S: 250-8BITMIME
        S: 250-SMTPUTF8
        S: 250-CHUNKING
        S: 250-STARTTLS
        S: 250-ENHANCEDSTATUSCODES
        S: 250 HELP
        C: STARTTLS
        S: 220 2.0.0 Begin TLS now
        C: MAIL FROM:<x@y.test>
        S: 503 5.5.1 Send EHLO or HELO first
        C: EHLO c
        S: 250-box.test
        S: 250-PIPELINING
        S: 250-SIZE 50000000
        S: 250-8BITMIME
        S: 250-SMTPUTF8
        S: 250-CHUNKING
        S: 250-ENHANCEDSTATUSCODES
        S: 250 HELP
        C: STARTTLS
        S: 502 5.5.1 TLS is not to be had here, or is there already
        """,
    )
    assert talk.secured == 1


@pytest.mark.parametrize("step", [0, 4096])
def test_what_was_said_behind_starttls_in_plain_text_is_never_run(step: int) -> None:  # §4.2, §6
    talk = Talk(HOUSE)
    evil = b"MAIL FROM:<evil@y.test>\r\nRCPT TO:<anna>\r\nDATA\r\nx\r\n.\r\n"
    answers = talk.send(b"EHLO c\r\nSTARTTLS\r\nEHLO evil\r\n" + evil, step)
    assert codes(answers) == [250, 220]
    assert talk.send(b"NOOP\r\n") == replies.OK.wire, "nothing of it lies in wait"
    assert talk.session.state is SmtpState.CONNECTED and talk.kept == []


def test_starttls_takes_no_argument_and_no_mail_under_way() -> None:  # §4
    talk = Talk(WORLD)
    said = b"STARTTLS\r\nEHLO c\r\nSTARTTLS now\r\nMAIL FROM:<x@y>\r\nSTARTTLS\r\n"
    assert codes(talk.send(said)) == [503, 250, 501, 250, 503]
    assert talk.secured == 0


def test_without_a_certificate_starttls_is_neither_offered_nor_done() -> None:
    talk = Talk(OUTSIDE)
    assert b"STARTTLS" not in talk.send(b"EHLO c\r\n")
    assert codes(talk.send(b"STARTTLS\r\n")) == [502]


def test_tls_from_the_first_octet_keeps_the_greeting() -> None:  # RFC 8314 §3.3
    talk = Talk(TRAVELLER)
    talk.session.secured()
    assert talk.greeting.startswith(b"220 ")
    answer = talk.send(b"EHLO c\r\n")
    assert b"AUTH PLAIN LOGIN" in answer and b"STARTTLS" not in answer


def test_a_handshake_without_an_end_is_ended() -> None:
    talk = Talk(WORLD)
    talk.session.tick(0.0)
    talk.session.receive(b"EHLO c\r\nSTARTTLS\r\n")
    talk.session.to_send()
    assert talk.session.state is SmtpState.SECURING
    talk.session.receive(b"NOOP\r\n" * 1000)
    assert talk.session.to_send() == b"" and not talk.session.wants_input
    talk.session.tick(300.0)
    assert talk.session.closed


# ---- AUTH [RFC 4954]


@pytest.mark.parametrize(
    "script",
    [
        f"C: AUTH PLAIN {PLAIN}\nS: 235 2.7.0 Logged in",
        f"C: AUTH PLAIN\nS: 334 \nC: {PLAIN}\nS: 235 2.7.0 Logged in",
        f"C: auth login\nS: 334 VXNlcm5hbWU6\nC: {USER}\nS: 334 UGFzc3dvcmQ6\n"
        f"C: {PASSWORD}\nS: 235 2.7.0 Logged in",
        f"C: AUTH LOGIN {USER}\nS: 334 UGFzc3dvcmQ6\nC: {PASSWORD}\nS: 235 2.7.0 Logged in",
    ],
)
def test_a_login_opens_the_way_out(script: str) -> None:
    talk = secured()
    play(talk, script)
    mail = b"MAIL FROM:<anna@box.test> AUTH=<>\r\nRCPT TO:<x@elsewhere.test>\r\nDATA\r\nx\r\n.\r\n"
    assert codes(talk.send(mail)) == [250, 250, 354, 250]
    assert talk.mails[0].person == person("anna") and talk.mails[0].protocol == "ESMTPSA"
    assert codes(talk.send(f"AUTH PLAIN {PLAIN}\r\n".encode())) == [503]  # §4: once a session


def test_no_password_is_asked_for_before_tls_or_on_the_port_for_all_the_world() -> None:
    talk = Talk(TRAVELLER)
    assert b"AUTH" not in talk.send(b"EHLO c\r\n")
    assert codes(talk.send(f"AUTH PLAIN {PLAIN}\r\nAUTH LOGIN\r\n".encode())) == [538, 538]
    world = secured(WORLD)
    assert codes(world.send(f"AUTH PLAIN {PLAIN}\r\n".encode())) == [502]
    assert b"AUTH" in secured(HOUSE).send(b"EHLO c\r\n")


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("AUTH", [501]),
        ("AUTH CRAM-MD5", [504]),
        ("AUTH PLAIN =", [501]),
        ("AUTH PLAIN !!!", [501]),
        ("AUTH PLAIN\r\n*", [334, 501]),
        ("AUTH PLAIN\r\n" + "A" * 2047, [334, 500]),
        ("AUTH LOGIN\r\nYW5u\nYQ==", [334, 500, 500]),
        ("AUTH LOGIN\r\n*", [334, 501]),
        ("AUTH LOGIN\r\nNOOP\r\nNOOP", [334, 334, 535]),  # answers, not commands
        ("AUTH PLAIN " + b64encode(b"\0anna\0wrong").decode(), [535]),
        ("MAIL FROM:<x@y.test>\r\nAUTH PLAIN", [250, 503]),
    ],
)
def test_logins_that_are_none(script: str, code: list[int]) -> None:
    talk = secured()
    assert codes(talk.send(script.encode() + b"\r\n")) == code
    assert talk.session.person is None
    assert codes(talk.send(b"NOOP\r\n")) == [250], "the session goes on"


def test_many_wrong_passwords_end_the_session() -> None:
    talk = secured(limits=limits(errors=3))
    wrong = b"AUTH PLAIN " + b64encode(b"\0anna\0wrong") + b"\r\n"
    assert codes(talk.send(wrong * 5)) == [535] * 3 + [421]


def test_a_refusal_is_held_back_until_its_time() -> None:
    talk = secured()
    talk._log_in = lambda said: talk.session.login_refused(  # type: ignore[method-assign,assignment]
        replies.WRONG_PASSWORD, until=5.0
    )
    assert talk.send(f"AUTH PLAIN {PLAIN}\r\nNOOP\r\n".encode()) == b""
    talk.session.tick(4.9)
    assert talk.turn() == b"" and not talk.session.wants_input
    talk.session.tick(5.0)
    assert codes(talk.turn()) == [535, 250]


def test_a_new_hello_does_not_log_out() -> None:
    talk = secured()
    talk.send(f"AUTH PLAIN {PLAIN}\r\n".encode())
    mail = b"EHLO c\r\nRSET\r\nMAIL FROM:<anna@box.test>\r\nRCPT TO:<x@elsewhere.test>\r\n"
    assert codes(talk.send(mail)) == [250, 250, 250, 250]


# ---- BDAT [RFC 3030]

ENVELOPE = b"EHLO c\r\nMAIL FROM:<x@y.test>\r\nRCPT TO:<anna>\r\n"


@pytest.mark.parametrize("step", [0, 1, 2, 7])
def test_chunks_make_a_mail_however_they_are_cut(step: int) -> None:  # §2, §4.1
    talk = Talk()
    first, second = b"Subject: x\r\n\r", b"\n.\r\n..dot\r\n"
    wire = b"BDAT %d\r\n%bBDAT %d\r\n%bBDAT 0 LAST\r\nNOOP\r\n"
    wire %= (len(first), first, len(second), second)
    assert codes(talk.send(ENVELOPE + wire, step)) == [250, 250, 250, 250, 250, 250, 250]
    assert talk.kept[0].octets == first + second and talk.kept[0].dotted == 2


def test_a_command_behind_a_chunk_is_a_command_and_one_inside_is_text() -> None:
    talk = Talk()
    wire = b"BDAT 8 LAST\r\nRSET\r\n\r\nRSET\r\n"
    assert codes(talk.send(ENVELOPE + wire)) == [250, 250, 250, 250, 250]
    assert talk.kept[0].octets == b"RSET\r\n\r\n"


@pytest.mark.parametrize(
    ("before", "code"),
    [
        (b"", 503),
        (b"EHLO c\r\n", 503),
        (b"EHLO c\r\nMAIL FROM:<x@y.test>\r\n", 503),
        (b"EHLO c\r\nMAIL FROM:<x@y.test>\r\nRCPT TO:<nobody>\r\n", 554),
    ],
)
@pytest.mark.parametrize("step", [0, 1])
def test_the_octets_of_a_refused_chunk_are_thrown_away(
    before: bytes, code: int, step: int
) -> None:  # §2
    talk = Talk()
    talk.send(before)
    wire = b"BDAT 10000 LAST\r\n" + b"QUIT\r\n\r\n\r\n" * 1000 + b"NOOP\r\n"
    assert codes(talk.send(wire, step)) == [code, 250]


def test_data_and_bdat_do_not_mix_and_reset_ends_chunks() -> None:  # §2
    talk = Talk()
    said = b"BDAT 3\r\na\r\nDATA\r\nRCPT TO:<bob>\r\nMAIL FROM:<z@y>\r\nRSET\r\nBDAT 2 LAST\r\n\r\n"
    assert codes(talk.send(ENVELOPE + said))[3:] == [250, 503, 503, 503, 250, 503]
    assert talk.abandoned == 1 and talk.kept == []


@pytest.mark.parametrize("argument", [b"", b" x", b" -1", b" 5 FIRST", b" 5LAST", b" 1 LAST 2"])
def test_a_chunk_of_unknown_length_ends_the_session(argument: bytes) -> None:
    talk = Talk()
    answers = talk.send(ENVELOPE + b"BDAT" + argument + b"\r\nMAIL FROM:<evil@y.test>\r\n")
    assert codes(answers)[3:] == [501] and talk.session.closed


@pytest.mark.parametrize(
    ("octets", "code"), [(b"a\nb\r\n", 550), (b"a\0b\r\n", 550), (b"x" * 98 + b"\r\n", 552)]
)
def test_bad_octets_in_chunks_are_refused_at_the_end(octets: bytes, code: int) -> None:
    talk = Talk(limits=limits(size=50))
    wire = b"BDAT %d\r\n%bBDAT 3 LAST\r\na\r\n" % (len(octets), octets)
    assert codes(talk.send(ENVELOPE + wire))[3:] == [250, code]
    assert talk.kept == [] and talk.abandoned == 1


# ---- delivery status notifications [RFC 3461]


@pytest.mark.parametrize(
    ("parameters", "ret", "envid"),
    [
        (b"RET=HDRS ENVID=x", "HDRS", "x"),
        (b"ret=full", "FULL", ""),
        (b"ENVID=QQ+2B314159", "", "QQ+314159"),
    ],
)
def test_what_a_sender_asks_for_its_mail_is_kept(parameters: bytes, ret: str, envid: str) -> None:
    talk = Talk()
    mail = b"EHLO c\r\nMAIL FROM:<x@y.test> %b\r\nRCPT TO:<anna>\r\nDATA\r\n.\r\n" % parameters
    assert codes(talk.send(mail))[-1] == 250
    assert (talk.mails[0].asked.ret, talk.mails[0].asked.envid) == (ret, envid)


@pytest.mark.parametrize(
    "parameters",
    [
        b"RET=ALL",
        b"RET",
        b"ENVID=a+2b",
        b"ENVID=a+00",
        b"ENVID=" + b"x" * 101,
        b"RET=FULL RET=FULL",
    ],
)
def test_what_a_sender_may_not_ask_for_its_mail(parameters: bytes) -> None:
    talk = Talk()
    assert codes(talk.send(b"EHLO c\r\nMAIL FROM:<x@y.test> " + parameters + b"\r\n")) == [250, 501]


@pytest.mark.parametrize(
    ("parameters", "asked"),
    [
        (b"", RecipientRequest()),
        (b"NOTIFY=NEVER", RecipientRequest(frozenset())),
        (b"notify=success,failure", RecipientRequest(frozenset({"SUCCESS", "FAILURE"}))),
        (b"ORCPT=rfc822;a+2Bb@c.test", RecipientRequest(orcpt="rfc822;a+b@c.test")),
        (b"ORCPT=rfc822;a NOTIFY=DELAY", RecipientRequest(frozenset({"DELAY"}), "rfc822;a")),
    ],
)
def test_what_a_sender_wants_to_hear_of_a_recipient(
    parameters: bytes, asked: RecipientRequest
) -> None:
    talk = Talk()
    mail = b"EHLO c\r\nMAIL FROM:<x@y.test>\r\nRCPT TO:<anna> %b\r\nDATA\r\n.\r\n" % parameters
    assert codes(talk.send(mail))[-1] == 250
    assert talk.mails[0].accepted[0].asked == asked


@pytest.mark.parametrize(
    "parameters",
    [
        b"NOTIFY=",
        b"NOTIFY",
        b"NOTIFY=NEVER,SUCCESS",
        b"NOTIFY=SUCCESS,SUCCESS",
        b"NOTIFY=OFTEN",
        b"ORCPT=anna",
        b"ORCPT=rfc822;a+",
        b"ORCPT=rfc822;" + b"x" * 500,
    ],
)
def test_what_a_sender_may_not_want(parameters: bytes) -> None:
    talk = Talk()
    talk.send(b"EHLO c\r\nMAIL FROM:<x@y.test>\r\n")
    assert codes(talk.send(b"RCPT TO:<anna> " + parameters + b"\r\n")) == [501]
