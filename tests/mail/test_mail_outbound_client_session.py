"""The client's side of SMTP as conversations: what servers say, and what is made of it.

S: what the server says, C: what we must have said by then; the message is sent at "text".
"""

import base64
from collections.abc import Callable

import pytest

from app.mail.outbound.client_session import Answer, ClientSession, Login, Terms, Tls
from app.mail.outbound.client_states import PATIENCE, ClientState

PEER = ("x@y.test", "z@y.test")
HELLO = """
    S: 220 sink.test
    C: EHLO box.test
"""
PLAIN = HELLO + "S: 250 sink.test\n"
PIPELINING = HELLO + "S: 250-sink.test\nS: 250 PIPELINING\n"
SENDER = "C: MAIL FROM:<a@b.test>\n"
ENVELOPE = """
    C: MAIL FROM:<a@b.test>
    S: 250 2.1.0 Ok
    C: RCPT TO:<x@y.test>
    S: 250 2.1.5 Ok
    C: RCPT TO:<z@y.test>
    S: 250 2.1.5 Ok
    C: DATA
"""


def talk(
    script: str,
    terms: Terms | None = None,
    recipients: tuple[str, ...] = PEER,
    cut: Callable[[bytes], list[bytes]] = lambda octets: [octets],
) -> ClientSession:
    """Play a script; a mail is offered as soon as the session is ready for one."""
    session = ClientSession(terms or Terms("box.test"))
    offered, said = False, b""
    for step in filter(None, map(str.strip, script.splitlines())):
        said += session.to_send()
        if step.startswith("S:"):
            assert said == b"", "it says more than it was expected to"
            for piece in cut(step[3:].encode() + b"\r\n"):
                session.receive(piece)
            if session.state is ClientState.READY and not offered:
                offered = True
                session.offer("a@b.test", recipients, 100)
        elif step.startswith("C:"):
            line, _, said = said.partition(b"\r\n")
            assert line.decode() == step[3:]
        elif step == "text":
            assert session.state is ClientState.TEXT
            session.end_text()
        elif step == "tls":
            assert session.state is ClientState.TLS
            session.encrypted()
        else:
            session.lost(step)
    assert said + session.to_send() == b"", "it says more than it was expected to"
    return session


def replies(session: ClientSession) -> list[str]:
    return [session.answers[one].reply for one in PEER]


@pytest.mark.parametrize("size", [1, 2, 1000], ids=["octets", "pairs", "whole"])
def test_a_mail_is_taken_when_the_message_has_been_answered(size: int) -> None:
    script = PLAIN + ENVELOPE + "S: 354 go\ntext\nC: .\nS: 250-2.0.0 Ok\nS: 250 2.0.0 as 17"
    session = talk(script, cut=lambda all: [all[at : at + size] for at in range(0, len(all), size)])
    assert session.state is ClientState.READY
    assert replies(session) == ["250 2.0.0 Ok as 17"] * 2
    assert all(answer.taken for answer in session.answers.values())


@pytest.mark.parametrize("reply", ["250 2.0.0 Ok", "252 well", "220 hello", "334 go", "355 nearly"])
def test_nothing_but_354_is_leave_to_send_the_message(reply: str) -> None:
    session = talk(PLAIN + ENVELOPE + f"S: {reply}")
    assert session.closed
    for answer in session.answers.values():
        assert not answer.taken and not answer.final and reply in answer.reply


@pytest.mark.parametrize("reply", ["250 2.0.0 Ok", "354 go", "421 4.3.2 closing"])
def test_no_answer_counts_that_comes_before_the_final_dot(reply: str) -> None:
    session = talk(PLAIN + ENVELOPE + f"S: 354 go\nS: {reply}")
    assert session.closed and session.to_send() == b""
    assert not any(answer.taken or answer.final for answer in session.answers.values())


def test_a_refusal_in_the_middle_of_the_message_is_read() -> None:
    session = talk(PLAIN + ENVELOPE + "S: 354 go\nS: 552 5.3.4 Message too big")
    assert session.closed and replies(session) == ["552 5.3.4 Message too big"] * 2
    assert not any(answer.broken for answer in session.answers.values())


@pytest.mark.parametrize(
    "script",
    [
        "S: 250 ok\n{RCPTS}C: DATA\nS: 250 late",  # two to MAIL, the second one late
        "S: 250 ok\n{RCPTS}C: DATA\nS: 550 5.1.1 no z here\nC: RSET\nS: 354 go",
    ],
)
def test_a_server_that_is_an_answer_behind_neither_takes_nor_refuses_a_mail(script: str) -> None:
    rcpts = "C: RCPT TO:<x@y.test>\nS: 250 ok\nC: RCPT TO:<z@y.test>\nS: 250 ok\n"
    session = talk(PLAIN + SENDER + script.format(RCPTS=rcpts))
    assert session.closed
    assert all(reply.startswith("451 4.5.0") for reply in replies(session))


def test_two_answers_to_one_command_are_seen_before_the_next_command() -> None:
    session = ClientSession(Terms("box.test"))
    session.receive(b"220 sink.test\r\n")
    session.receive(b"250 sink.test\r\n250 sink.test\r\n")
    assert session.closed and "unasked" in session.failure
    session = ClientSession(Terms("box.test"))
    session.receive(b"220 sink.test\r\n220 sink.test\r\n")
    assert session.closed and session.to_send() == b""


def test_a_refusal_counts_for_good_when_rset_is_answered() -> None:
    script = """
        C: MAIL FROM:<a@b.test>
        S: 250 2.1.0 Ok
        C: RCPT TO:<x@y.test>
        S: 550 5.1.1 nobody
        C: RCPT TO:<z@y.test>
        S: 450 4.2.0 later
        C: RSET
        S: 250 2.0.0 Ok
    """
    session = talk(PLAIN + script)
    assert session.state is ClientState.READY
    assert replies(session) == ["550 5.1.1 nobody", "450 4.2.0 later"]


@pytest.mark.parametrize("end", ["S: 421 4.7.0 too many errors", "closed"])
def test_a_refusal_counts_when_the_server_then_leaves(end: str) -> None:
    script = "S: 250 ok\nC: RCPT TO:<x@y.test>\nS: 550 5.1.1 nobody\nC: RSET\n"
    session = talk(PLAIN + SENDER + script + end, recipients=("x@y.test",))
    assert session.answers == {"x@y.test": Answer("550 5.1.1 nobody")}


def test_recipients_are_asked_for_at_once_where_the_server_allows_it() -> None:
    script = """
        C: MAIL FROM:<a@b.test>
        C: RCPT TO:<x@y.test>
        C: RCPT TO:<z@y.test>
        S: 250 2.1.0 Ok
        S: 550 5.1.1 nobody
        S: 250 2.1.5 Ok
        C: DATA
        S: 354 go
        text
        C: .
        S: 250 2.0.0 Ok
    """
    session = talk(PIPELINING + script)
    assert replies(session) == ["550 5.1.1 nobody", "250 2.0.0 Ok"]


def test_a_refused_sender_is_the_answer_for_all_whatever_else_is_said() -> None:
    rcpts = "C: RCPT TO:<x@y.test>\nC: RCPT TO:<z@y.test>\n"
    said = "S: 550 5.7.1 not you\nS: 503 5.5.1 MAIL first\nS: 503 5.5.1 MAIL first\nC: RSET\nS: 250"
    assert replies(talk(PIPELINING + SENDER + rcpts + said)) == ["550 5.7.1 not you"] * 2
    said = "S: 550 5.7.1 not you\nC: RSET\nS: 250 ok"
    assert replies(talk(PLAIN + SENDER + said)) == ["550 5.7.1 not you"] * 2


def test_552_at_a_recipient_is_a_matter_of_time() -> None:
    script = """
        C: MAIL FROM:<a@b.test>
        S: 250 2.1.0 Ok
        C: RCPT TO:<x@y.test>
        S: 250 2.1.5 Ok
        C: RCPT TO:<z@y.test>
        S: 552 Too many recipients
        C: DATA
        S: 354 go
        text
        C: .
        S: 552 5.2.2 Mailbox full
    """
    session = talk(PLAIN + script)  # [RFC 5321 §4.5.3.1.10]
    assert replies(session) == ["552 5.2.2 Mailbox full", "452 4.5.3 552 Too many recipients"]
    assert session.state is ClientState.READY


@pytest.mark.parametrize(
    "script",
    [
        "S: 421 4.3.2 name does not match DNS",
        HELLO + "S: 421 4.3.2 name does not match DNS",
        HELLO + "S: 421-4.3.2 name does not\nS: 421 4.3.2 match DNS",
    ],
)
def test_the_servers_words_are_the_reason_when_it_will_not_talk(script: str) -> None:
    session = talk(script)
    assert (session.failure, session.spoken) == ("421 4.3.2 name does not match DNS", True)


def test_421_in_the_envelope_leaves_the_mail_for_another_server() -> None:
    script = "S: 250 ok\nC: RCPT TO:<x@y.test>\nS: 550 5.1.1 no\nC: RCPT TO:<z@y.test>\nS: 421 busy"
    session = talk(PLAIN + SENDER + script)
    assert session.answers == {
        "x@y.test": Answer("550 5.1.1 no"),
        "z@y.test": Answer("421 busy", broken=True),
    }


@pytest.mark.parametrize(
    ("script", "broken"),
    [(ENVELOPE, True), (ENVELOPE + "S: 354 go\ntext\nC: .\n", False)],
    ids=["before the message", "after the final dot"],
)
def test_a_connection_that_breaks_takes_no_mail(script: str, broken: bool) -> None:
    session = talk(PLAIN + script + "the cable was pulled")
    answers = set(session.answers.values())
    assert {answer.broken for answer in answers} == {broken}
    assert all(a.reply.startswith("451 4.4.2 the cable was pulled (waiting") for a in answers)


def test_helo_where_ehlo_is_not_known() -> None:
    script = HELLO + "S: 502 5.5.1 what\nC: HELO box.test\nS: 250 old.test\n"
    assert talk(script + SENDER).state is ClientState.ENVELOPE


TLS_OFFERED = HELLO + "S: 250-sink.test\nS: 250 STARTTLS\n"


def test_all_is_asked_anew_under_tls() -> None:
    script = TLS_OFFERED + "C: STARTTLS\nS: 220 go\ntls\nC: EHLO box.test\nS: 250-sink.test\n"
    session = talk(
        script + "S: 250 SIZE 9\nC: MAIL FROM:<a@b.test> SIZE=100", Terms("box.test", Tls.TRY)
    )
    assert session.offers == {"SIZE": "9"} and not session.tls_failed


@pytest.mark.parametrize("end", ["S: 454 4.7.0 no certificate", "closed", "S: 220 go\nS: 250 evil"])
def test_tls_that_does_not_come_about_is_told_apart(end: str) -> None:
    session = talk(TLS_OFFERED + "C: STARTTLS\n" + end, Terms("box.test", Tls.TRY))
    assert session.closed and session.tls_failed


def test_what_was_begun_in_plain_text_is_forgotten_under_tls() -> None:
    session = ClientSession(Terms("box.test", Tls.TRY))
    for octets in (b"220 a\r\n", b"250-a\r\n250 STARTTLS\r\n", b"220 go\r\n", b"250-evil"):
        session.receive(octets)
    session.encrypted()
    session.receive(b"250-a\r\n250 SIZE\r\n")
    assert list(session.offers) == ["SIZE"]


def test_tls_that_the_settings_demand_is_not_gone_without() -> None:
    session = talk(PLAIN, Terms("box.test", Tls.STARTTLS))
    assert session.closed and session.failure.startswith("451 4.7.0 The server offers no TLS")
    session = talk(HELLO + "S: 502 what", Terms("box.test", Tls.STARTTLS))
    assert session.closed


LOGIN = Terms("box.test", Tls.IMPLICIT, login=Login("jörg", "s€cret"))


NAMES = "\0jörg\0s€cret"


def base(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_login_by_plain_and_by_login() -> None:
    both = HELLO + "S: 250-sink.test\nS: 250 AUTH LOGIN PLAIN\n"
    plain = both + f"C: AUTH PLAIN {base(NAMES)}\n"
    assert talk(plain + "S: 235 2.7.0 hello\n" + SENDER, LOGIN).state is ClientState.ENVELOPE
    steps = f"S: 334 VXNlcm5hbWU6\nC: {base('jörg')}\nS: 334 UGFzc3dvcmQ6\nC: {base('s€cret')}\n"
    login = HELLO + f"S: 250-sink.test\nS: 250 AUTH=LOGIN\nC: AUTH LOGIN\n{steps}"
    assert talk(login + "S: 235 2.7.0 hello\n" + SENDER, LOGIN).state is ClientState.ENVELOPE
    session = talk(login + "S: 535 5.7.8 wrong password", LOGIN)
    assert (session.failure, session.spoken) == ("535 5.7.8 wrong password", True)


def test_a_server_without_our_ways_of_login_gets_no_mail() -> None:
    session = talk(HELLO + "S: 250-sink.test\nS: 250 AUTH CRAM-MD5", LOGIN)
    assert session.failure.startswith("451 4.7.0 The server offers no login")


@pytest.mark.parametrize(
    "line", ["nonsense", "12 short", "999 odd", "250" + " long" * 1000, "25\0"]
)
def test_what_is_no_reply_ends_the_conversation(line: str) -> None:
    session = talk(PLAIN + SENDER + f"S: {line}")
    assert session.closed and all(reply.startswith("451 4.5.0") for reply in replies(session))


def test_a_reply_without_end_is_not_collected_for_ever() -> None:
    session = ClientSession(Terms("box.test"))
    for _ in range(127):
        session.receive(b"220-hello\r\n")
    assert not session.closed
    session.receive(b"220-hello\r\n")
    assert session.closed and session.to_send() == b""


def test_what_cannot_stand_on_a_command_line_is_refused_and_the_rest_goes() -> None:
    session = talk(PLAIN + SENDER, recipients=("a>\r\nDATA", "x@y.test"))
    assert session.answers["a>\r\nDATA"].reply.startswith("553 5.1.3")
    session = talk(PLAIN, recipients=("a>\r\nDATA",))
    assert session.state is ClientState.READY and session.answers["a>\r\nDATA"].final


def test_each_wait_is_as_long_as_rfc_5321_wants_it() -> None:
    at_least = {  # [RFC 5321 §4.5.3.2]
        ClientState.GREETING: 5 * 60,
        ClientState.ENVELOPE: 5 * 60,
        ClientState.DATA: 2 * 60,
        ClientState.TEXT: 3 * 60,
        ClientState.END: 10 * 60,
    }
    assert {state: PATIENCE[state] for state in at_least} == at_least
    assert set(PATIENCE) == set(ClientState)


LMTP = Terms("box.test", lmtp=True)
LHLO = """
    S: 220 store.test LMTP
    C: LHLO box.test
    S: 250-store.test
    S: 250 PIPELINING
    C: MAIL FROM:<a@b.test>
    C: RCPT TO:<x@y.test>
    C: RCPT TO:<z@y.test>
    S: 250 2.1.0 Ok
"""
BOTH_TAKEN = LHLO + "S: 250 2.1.5 Ok\nS: 250 2.1.5 Ok\nC: DATA\nS: 354 go\ntext\nC: .\n"


@pytest.mark.parametrize("second", ["250 2.0.0 z saved", "552 5.2.2 z full", "452 4.2.2 z full"])
def test_by_lmtp_each_recipient_has_an_answer_to_the_message(second: str) -> None:
    session = talk(BOTH_TAKEN + f"S: 250 2.0.0 x saved\nS: {second}", LMTP)
    assert session.state is ClientState.READY
    assert replies(session) == ["250 2.0.0 x saved", second]


def test_by_lmtp_who_was_refused_before_the_message_has_no_answer_after_it() -> None:
    script = "S: 550 5.1.1 no x\nS: 250 2.1.5 Ok\nC: DATA\nS: 354 go\ntext\nC: .\nS: 250 saved"
    session = talk(LHLO + script, LMTP)
    assert session.state is ClientState.READY
    assert replies(session) == ["550 5.1.1 no x", "250 saved"]


@pytest.mark.parametrize(
    ("end", "second"),
    [
        ("it is gone", "451 4.4.2 it is gone (waiting for the answer to the message)"),
        ("S: 421 4.3.2 closing", "421 4.3.2 closing"),
        ("S: rubbish", "451 4.5.0 The server's answers do not match the commands"),
    ],
)
def test_by_lmtp_nobody_is_reached_without_an_answer(end: str, second: str) -> None:
    session = talk(BOTH_TAKEN + f"S: 250 2.0.0 x saved\n{end}", LMTP)
    assert session.closed
    x, z = session.answers["x@y.test"], session.answers["z@y.test"]
    assert x == Answer("250 2.0.0 x saved")
    assert z.reply.startswith(second) and not z.taken and not z.final
    assert not z.broken, "the store may have the mail: no other server is asked at once"


def test_by_lmtp_answers_of_which_there_are_too_many_are_nobodys() -> None:
    session = ClientSession(LMTP)
    session.receive(b"220 store.test\r\n")
    session.receive(b"250 store.test\r\n")
    session.offer("a@b.test", PEER, 100)
    for reply in (b"250 a", b"250 x", b"250 z", b"354 go"):
        session.receive(reply + b"\r\n")
    session.end_text()
    session.receive(b"250 x\r\n250 x\r\n550 z\r\n550 z\r\n")
    assert session.closed
    assert all(reply.startswith("451 4.5.0") for reply in replies(session))


def test_a_server_that_knows_no_lhlo_is_asked_nothing_else_and_the_owner_told_why() -> None:
    session = talk("S: 220 mx.test ESMTP\nC: LHLO box.test\nS: 502 5.5.2 not recognized", LMTP)
    assert session.closed and session.spoken
    assert "no LMTP, as outbound.smarthost_protocol has it: 502 5.5.2" in session.failure


def test_by_lmtp_all_is_asked_anew_under_tls() -> None:
    script = HELLO.replace("EHLO", "LHLO") + "S: 250-store.test\nS: 250 STARTTLS\nC: STARTTLS\n"
    script += "S: 220 go\ntls\nC: LHLO box.test\nS: 250 store.test\nC: MAIL FROM:<a@b.test>\n"
    session = talk(script, Terms("box.test", Tls.STARTTLS, lmtp=True))
    assert session.state is ClientState.ENVELOPE
