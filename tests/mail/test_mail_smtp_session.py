"""The SMTP conversation, octet for octet."""

import pytest

from app.mail.smtp.commands import COMMANDS
from app.mail.smtp.replies import MAILBOX_FULL, TRY_AGAIN
from app.mail.smtp.states import SMTP, SmtpEvent, SmtpState
from tests.kit.smtp_talk import ENVELOPE, LAN, OUTSIDE, Talk, codes, limits

SCRIPT = b"".join(
    line + b"\r\n"
    for line in (
        b"EHLO client.example",
        b"MAIL FROM:<carl@y.test> SIZE=20 BODY=8BITMIME",
        b"RCPT TO:<anna>",
        b"RCPT TO:<nobody@box.test>",
        b'RCPT TO:<"bob"@BOX.test>',
        b"DATA",
        b"Subject: x",
        b"",
        b"..dot",
        b".",
        b"NOOP",
        b"QUIT",
    )
)
ANSWERS = b"".join(
    line + b"\r\n"
    for line in (
        b"250-box.test",
        b"250-PIPELINING",
        b"250-SIZE 50000000",
        b"250-8BITMIME",
        b"250-SMTPUTF8",
        b"250-CHUNKING",
        b"250-ENHANCEDSTATUSCODES",
        b"250 HELP",
        b"250 2.1.0 Sender ok",
        b"250 2.1.5 Recipient ok",
        b"550 5.1.1 No such person here",
        b"250 2.1.5 Recipient ok",
        b"354 End data with <CR><LF>.<CR><LF>",
        b"250 2.0.0 Accepted as X",
        b"250 2.0.0 Ok",
        b"221 2.0.0 Goodbye",
    )
)


@pytest.mark.parametrize("step", [0, 1, 2, 3, 7, 64])
def test_a_whole_conversation_at_any_cut(step: int) -> None:
    talk = Talk()
    assert talk.greeting == b"220 box.test ESMTP Switchhook\r\n"
    assert talk.send(SCRIPT, step) == ANSWERS
    assert talk.session.closed
    assert [(k.sender, k.recipients, k.octets, k.dotted) for k in talk.kept] == [
        ("carl@y.test", ["anna", "bob@box.test"], b"Subject: x\r\n\r\n.dot\r\n", 1)
    ]


def test_what_follows_quit_is_not_read() -> None:
    talk = Talk()
    talk.send(SCRIPT + b"NOOP\r\n" * 5)
    assert talk.send(b"NOOP\r\n") == b""


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"NOOP", 250),
        (b"NOOP whatever", 250),
        (b"noop", 250),
        (b"RSET", 250),
        (b"RSET now", 501),
        (b"HELP", 214),
        (b"VRFY anna", 252),
        (b"VRFY", 501),
        (b"EXPN list", 502),
        (b"HELO", 501),
        (b"HELO c", 250),
        (b"EHLO " + b"c" * 255, 250),
        (b"EHLO " + b"c" * 2042, 500),
        (b"MAIL FROM:<>", 250),
        (b"MAIL FROM: <x@y>", 250),
        (b"MAIL FROM:x@y.test", 250),
        (b"mail from:<x@[192.0.2.1]>", 250),
        (b"MAIL FROM:<x@[IPv6:2001:DB8::1]> SIZE=1000", 250),
        (b"MAIL FROM:<x@[300.0.2.1]>", 501),
        (b"MAIL FROM:<@a.test,@b.test:x@y.test>", 250),
        (b"MAIL TO:<x@y>", 501),
        (b"MAIL FROM:<x@y", 501),
        (b"MAIL FROM:<x@y> SIZE=abc", 501),
        (b"MAIL FROM:<x@y> SIZE=1 SIZE=2", 501),
        (b"MAIL FROM:<x@y> SIZE=60000000", 552),
        (b"MAIL FROM:<x@y> BODY=BINARYMIME", 501),
        (b"MAIL FROM:<x@y> COLOUR=red", 555),
        (b"MAIL FROM:<x@y>junk", 501),
        ("MAIL FROM:<jörg@y.test>".encode(), 553),
        ("MAIL FROM:<jörg@y.test> SMTPUTF8".encode(), 250),
        (b"MAIL FROM:<\xff@y>", 501),
        (b"RCPT TO:<anna>", 503),
        (b"DATA", 503),
        (b"", 500),
        (b"XYZZY", 500),
        (b"GET / HTTP/1.1", 500),
        (b"NO\0OP", 500),
        (b"NOOP\nNOOP", 500),
        (b"NOOP " + b"x" * 2048, 500),
    ],
)
def test_commands(line: bytes, code: int) -> None:
    talk = Talk()
    talk.send(b"EHLO c\r\n")
    got = codes(talk.send(line + b"\r\n"))
    assert got[0] == code
    assert codes(talk.send(b"NOOP\r\n")) == [250], "the session goes on"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"RCPT TO:<anna>", 250),
        (b"RCPT TO: anna", 250),
        (b"RCPT TO:<postmaster>", 250),
        (b"RCPT TO:<a b@box.test>", 501),
        (b"RCPT TO:<>", 501),
        (b"RCPT TO:<x@elsewhere.test>", 550),
        (b"RCPT TO:<anna> NOTIFY=NEVER", 250),
        (b"RCPT TO:<anna> COLOUR=red", 555),
        (b"MAIL FROM:<z@y>", 503),
        (b"DATA", 503),
    ],
)
def test_recipients(line: bytes, code: int) -> None:
    talk = Talk()
    talk.send(b"EHLO c\r\nMAIL FROM:<x@y>\r\n")
    assert codes(talk.send(line + b"\r\n")) == [code]


def test_every_state_answers_every_step_by_the_table() -> None:
    lines = {
        SmtpEvent.HELLO: b"EHLO c\r\n",
        SmtpEvent.MAIL: b"MAIL FROM:<x@y>\r\n",
        SmtpEvent.RCPT: b"RCPT TO:<anna>\r\n",
        SmtpEvent.DATA: b"DATA\r\n",
        SmtpEvent.RESET: b"RSET\r\n",
        SmtpEvent.LEAVE: b"QUIT\r\n",
    }
    roads = {
        SmtpState.CONNECTED: b"",
        SmtpState.READY: lines[SmtpEvent.HELLO],
        SmtpState.SENDER: lines[SmtpEvent.HELLO] + lines[SmtpEvent.MAIL],
        SmtpState.RECIPIENTS: lines[SmtpEvent.HELLO]
        + lines[SmtpEvent.MAIL]
        + lines[SmtpEvent.RCPT],
    }
    for state, road in roads.items():
        for step, line in lines.items():
            talk = Talk()
            talk.send(road)
            assert talk.session.state is state
            code = codes(talk.send(line))[0]
            target = SMTP.rows[state].on.get(step)
            assert talk.session.state is (target or state)
            assert (code == 503) is not SMTP.accepts(state, step)


def test_no_valid_recipient_means_no_data() -> None:
    talk = Talk()
    answers = talk.send(
        b"EHLO c\r\nMAIL FROM:<x@y>\r\nRCPT TO:<nobody>\r\nDATA\r\nRSET\r\nDATA\r\n"
    )
    assert codes(answers) == [250, 250, 550, 554, 250, 503]


def test_hello_and_reset_forget_the_mail_and_free_its_room() -> None:
    talk = Talk()
    talk.send(b"EHLO c\r\nMAIL FROM:<x@y>\r\nRCPT TO:<anna>\r\n")
    before = talk.ends
    assert codes(talk.send(b"RSET\r\nDATA\r\n")) == [250, 503]
    assert talk.ends == before + 1
    assert codes(talk.send(b"HELO c\r\nMAIL FROM:<x@y>\r\n")) == [250, 250]


def test_a_command_line_of_10_mb_is_answered_once_and_kept_nowhere() -> None:
    talk = Talk()
    answers = talk.send(b"A" * 10_000_000 + b"\r\nNOOP\r\n", 65536)
    assert codes(answers) == [500, 250]
    assert talk.session._reader.buffered == 0


def test_too_many_errors_end_the_session() -> None:
    talk = Talk(limits=limits(errors=5))
    answers = talk.send(b"XYZZY\r\n" * 8)
    assert codes(answers) == [500] * 5 + [421]
    assert talk.session.closed


def test_unknown_recipients_up_to_the_limit_end_the_session() -> None:
    talk = Talk(limits=limits(errors=3, unknown_recipients=6))
    talk.send(b"EHLO c\r\nMAIL FROM:<x@y>\r\n")
    assert codes(talk.send(b"RCPT TO:<zz>\r\n" * 5)) == [550] * 5, "they are no errors of grammar"
    assert codes(talk.send(b"RCPT TO:<zz>\r\n")) == [550, 421]
    assert talk.session.closed


def test_unknown_recipients_are_counted_over_resets_and_hellos() -> None:
    talk = Talk(limits=limits(unknown_recipients=3))
    wrong = b"EHLO c\r\nMAIL FROM:<x@y>\r\nRCPT TO:<zz>\r\nRSET\r\n"
    assert codes(talk.send(wrong * 3)) == [250, 250, 550, 250] * 2 + [250, 250, 550, 421]


def test_an_accepted_mail_forgives_unknown_recipients_and_errors() -> None:
    talk = Talk(limits=limits(errors=3, unknown_recipients=3))
    mail = b"MAIL FROM:<x@y>\r\nRCPT TO:<zz>\r\nRCPT TO:<zz>\r\nRCPT TO:<anna>\r\nDATA\r\n.\r\n"
    once = [500, 500, 250, 550, 550, 250, 354, 250]
    assert codes(talk.send(b"EHLO c\r\n" + (b"X\r\nX\r\n" + mail) * 4)) == [250] + once * 4
    talk = Talk(limits=limits(unknown_recipients=3), verdict=TRY_AGAIN)
    answers = codes(talk.send(b"EHLO c\r\n" + mail * 2))
    assert answers == [250, *once[2:-1], 451, 250, 550, 421], "a refused mail does not"


def test_errors_after_an_accepted_mail_end_the_session_at_the_same_limit() -> None:
    talk = Talk(limits=limits(errors=3, unknown_recipients=3))
    mail = b"MAIL FROM:<x@y>\r\nRCPT TO:<anna>\r\nDATA\r\n.\r\n"
    assert codes(talk.send(b"EHLO c\r\nX\r\n" + mail)) == [250, 500, 250, 250, 354, 250]
    assert codes(talk.send(b"X\r\n" * 4)) == [500] * 3 + [421]
    talk = Talk(limits=limits(errors=3, unknown_recipients=3))
    talk.send(b"EHLO c\r\n" + mail + b"MAIL FROM:<x@y>\r\n")
    assert codes(talk.send(b"RCPT TO:<zz>\r\n" * 4)) == [550] * 3 + [421]


def test_a_session_as_it_is_served_ends_at_the_hundredth_unknown_recipient() -> None:
    talk = Talk(limits=limits())
    talk.send(b"EHLO c\r\nMAIL FROM:<x@y>\r\n")
    assert codes(talk.send(b"RCPT TO:<zz>\r\n" * 200)) == [550] * 100 + [421]


def test_a_hundred_recipients_fit_and_the_limit_is_temporary() -> None:
    talk = Talk(limits=limits(recipients=100))
    answers = codes(talk.send(b"EHLO c\r\nMAIL FROM:<x@y>\r\n" + b"RCPT TO:<anna>\r\n" * 101))
    assert answers[2:] == [250] * 100 + [452]


def test_commands_behind_the_message_wait_for_the_verdict() -> None:
    talk = Talk(answers_at_once=False)
    assert codes(talk.send(ENVELOPE + b"x\r\n.\r\nNOOP\r\nQUIT\r\n")) == [250, 250, 250, 354]
    assert not talk.session.wants_input
    assert codes(talk.answer()) == [250, 250, 221]
    assert talk.session.closed


@pytest.mark.parametrize("reply", [TRY_AGAIN, MAILBOX_FULL])
def test_a_message_that_cannot_be_stored_is_answered_so(reply: object) -> None:
    talk = Talk(verdict=TRY_AGAIN)
    assert talk.send(ENVELOPE + b"x\r\n.\r\n").endswith(TRY_AGAIN.wire)
    assert talk.kept == []
    assert talk.session.state is SmtpState.READY


def test_several_mails_in_one_session_and_in_one_packet() -> None:
    talk = Talk()
    mail = b"MAIL FROM:<>\r\nRCPT TO:<anna>\r\nDATA\r\nbody\r\n.\r\n"
    assert codes(talk.send(b"EHLO c\r\n" + mail * 300)) == [250] + [250, 250, 354, 250] * 300
    assert len(talk.kept) == 300


def test_many_bad_messages_in_one_packet_end_in_421() -> None:
    talk = Talk()
    mail = b"MAIL FROM:<>\r\nRCPT TO:<anna>\r\nDATA\r\nbo\ndy\r\n.\r\n"
    answers = codes(talk.send(b"EHLO c\r\n" + mail * 3000))
    assert answers.count(550) == 20
    assert answers[-1] == 421


def test_refused_message_says_what_is_wrong_with_it() -> None:
    assert b"NUL" in Talk().send(ENVELOPE + b"a\0b\r\n.\r\n")
    answer = Talk().send(ENVELOPE + b"a\rb\r\n.\r\n")
    assert b"NUL" not in answer and b"CR" in answer


def test_reservations_of_a_mail_end_once_however_often_it_is_reset() -> None:
    talk = Talk()
    talk.send(b"EHLO c\r\nMAIL FROM:<x@y.test>\r\nRCPT TO:<anna>\r\nRSET\r\nRSET\r\nQUIT\r\n")
    assert talk.released == 1


def test_a_session_without_a_mail_is_ended_after_five_minutes() -> None:
    talk = Talk()
    talk.session.tick(0.0)
    talk.session.tick(299.0)
    assert codes(talk.send(b"NOOP\r\n")) == [250]
    talk.session.tick(300.0)
    assert codes(talk.turn()) == [421]
    assert talk.session.closed


def test_silence_while_we_decide_is_ours_not_the_clients() -> None:
    talk = Talk(answers_at_once=False)
    talk.send(ENVELOPE + b"x\r\n.\r\n")
    for now in range(0, 3000, 100):
        talk.session.tick(float(now))
    assert codes(talk.answer()) == [250]


def test_silence_in_the_middle_of_a_message_abandons_it() -> None:
    talk = Talk()
    talk.send(ENVELOPE + b"half")
    talk.session.tick(0.0)
    talk.session.tick(301.0)
    assert codes(talk.turn()) == [421]
    assert talk.abandoned == 1


def test_stop_tells_the_client_and_lets_a_verdict_pass() -> None:
    talk = Talk()
    talk.session.stop()
    assert codes(talk.turn()) == [421]
    talk = Talk(answers_at_once=False)
    talk.send(ENVELOPE + b"x\r\n.\r\n")
    talk.session.stop()
    assert talk.turn() == b""
    assert codes(talk.answer()) == [250, 421]


def test_a_lan_client_may_relay_and_others_may_not() -> None:
    line = b"EHLO c\r\nMAIL FROM:<anna>\r\nRCPT TO:<x@elsewhere.test>\r\n"
    assert codes(Talk(peer=LAN).send(line)) == [250, 250, 250]
    assert codes(Talk(peer=OUTSIDE).send(line)) == [250, 250, 550]


def test_help_names_every_command() -> None:
    answer = Talk().send(b"HELP\r\n")
    for verb in COMMANDS:
        assert verb in answer
