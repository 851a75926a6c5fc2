"""A POP3 session's lines, turns and ends [RFC 1939 §3, 2449 §4, 3206]."""

import pytest

from app.mail.pop3.session import Pop3Session
from app.mail.pop3.states import POP3, Pop3State
from tests.kit.maildrop import MemoryMaildrop, Owner
from tests.kit.pop3_talk import FIRST, HELLO, session, two
from tests.kit.talk import octets, pump, talk, talk_every_way


def test_quit_before_login_asks_nothing_of_the_service() -> None:
    talk_every_way(session, "S: +OK ...\nC: QUIT\nS: +OK bye\nclosed")


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("x" * 254, "-ERR line too long, 255 octets are the limit"),
        ("x" * 4_000, "-ERR line too long, 255 octets are the limit"),
        ("NO\\0OP", "-ERR line with a NUL"),
        ("NO\\rOP", "-ERR malformed line"),
        ("NO\\xffOP", "-ERR unknown command"),
        ("x" * 253, "-ERR unknown command"),
    ],
)
def test_unusable_lines_get_one_reply_and_the_next_command_works(line: str, reply: str) -> None:
    script = f"S: +OK ...\nC: {line}\nS: {reply}\nC: QUIT\nS: +OK bye\nclosed"
    talk(session(), script)
    talk(session(), script, feed="at once")


def test_twenty_unusable_commands_in_a_row_end_the_session() -> None:
    bad = "C: HELO\nS: -ERR unknown command\n"
    good = "C: CAPA\nS: +OK ...\n" + "S: ...\n" * 10 + "S: .\n"
    end = "S: -ERR too many unusable commands, bye\nclosed"
    talk_every_way(session, "S: +OK ...\n" + bad * 19 + good + bad * 20 + end)


def test_autologout_after_ten_minutes_says_nothing_and_removes_nothing() -> None:
    owner = two()
    script = "T: 1\nC: DELE 1\nS: +OK ...\nT: 600\nC: NOOP\nS: +OK ...\nT: 600\nopen\nT: 1\nclosed"
    talk(session(), HELLO + script, owner)
    assert owner.commits == []


def test_commands_after_quit_are_ignored() -> None:
    owner = two()
    talk(session(), HELLO + "C: QUIT\\r\\nSTAT\nS: +OK bye...\nclosed", owner)
    assert len(owner.commits) == 1


def test_a_fault_in_the_midst_of_a_message_adds_nothing_to_it() -> None:
    pop3 = session()
    assert b"-ERR [SYS/TEMP]" in pop3.fault()
    owner = Owner(MemoryMaildrop([b"x" * 200_000 + b"\r\n"], chunk=65_536))
    pop3.receive(octets("USER anna\\r\\nPASS a pass word"))
    pump(pop3, owner)
    pop3.receive(b"RETR 1\r\n")
    pop3.to_send()
    assert pop3.fault() == b""


def test_stop_and_take_over_end_without_update() -> None:
    for end in (Pop3Session.stop, Pop3Session.taken_over):
        owner = two()
        pop3 = session()
        talk(pop3, HELLO + "C: DELE 1\nS: +OK ...", owner)
        end(pop3)
        talk(pop3, "S: -ERR [SYS/TEMP] ...\nclosed", owner)
        assert owner.commits == []


def test_stop_lets_a_commit_be_told() -> None:
    pop3 = session()
    talk(pop3, HELLO, two())
    pop3.receive(b"DELE 1\r\nQUIT\r\n")
    pump(pop3, lambda *_: None)
    pop3.stop()
    assert pop3.state is Pop3State.UPDATE
    pop3.committed(1)
    talk(pop3, "S: +OK bye, 1 message removed\nclosed")


def test_answers_that_come_too_late_are_not_taken() -> None:
    pop3 = session()
    pop3.receive(octets("USER anna\\r\\nPASS x"))
    pump(pop3, lambda *_: None)
    pop3.stop()
    assert pop3.logged_in(MemoryMaildrop([FIRST])) is False
    assert pop3.state is Pop3State.CLOSED


def test_every_state_but_closed_leads_to_closed() -> None:
    assert set(POP3.rows) == set(Pop3State)
    assert [state for state, row in POP3.rows.items() if not row.on] == [Pop3State.CLOSED]
    for state in set(Pop3State) - {Pop3State.CLOSED}:
        assert Pop3State.CLOSED in POP3.rows[state].on.values()
