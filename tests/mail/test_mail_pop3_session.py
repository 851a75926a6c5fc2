"""Conversations with a POP3 session, rule by rule [RFC 1939, 2449, 3206]."""

import pytest

from app.mail.pop3.session import COMMANDS, Pop3Session
from app.mail.pop3.states import POP3, Code, Commit, LoginWanted, Pop3State
from tests.kit.maildrop import MemoryMaildrop, Owner
from tests.kit.talk import octets, pump, talk, talk_every_way

FIRST = b"From: x\r\nSubject: one\r\n\r\nline 1\r\nline 2\r\n"
SECOND = b"From: y\r\n\r\n.\r\n..two\r\nend\r\n"
HELLO = """
    S: +OK box POP3 ready
    C: USER anna
    S: +OK and the password?
    C: PASS a pass word
    S: +OK 2 messages (67 octets)
"""


def two(chunk: int = 16) -> Owner:
    return Owner(MemoryMaildrop([FIRST, SECOND], chunk))


def session() -> Pop3Session:
    return Pop3Session("box")


def after_login(script: str, owner: Owner | None = None) -> Owner:
    """Play HELLO and a script in one go, however it is fed; with messages in one chunk first."""
    if owner is None:
        talk_every_way(session, HELLO + script, two(chunk=65_536))
    owner = owner or two()
    talk_every_way(session, HELLO + script, owner)
    return owner


def test_stat_list_uidl() -> None:
    after_login("""
        C: STAT
        S: +OK 2 67
        C: LIST
        S: +OK 2 messages (67 octets)
        S: 1 41
        S: 2 26
        S: .
        C: LIST 2
        S: +OK 2 26
        C: UIDL
        S: +OK 2 messages
        S: 1 u1
        S: 2 u2
        S: .
        C: uidl 1
        S: +OK 1 u1
        C: NOOP
        S: +OK ...
    """)


def test_retr_gives_the_exact_octets_with_dots_stuffed() -> None:
    after_login("""
        C: RETR 1
        S: +OK 41 octets
        S: From: x
        S: Subject: one
        S:
        S: line 1
        S: line 2
        S: .
        C: Retr 2
        S: +OK 26 octets
        S: From: y
        S:
        S: ..
        S: ...two
        S: end
        S: .
    """)


def test_top_counts_lines_of_the_body() -> None:
    after_login("""
        C: TOP 2 2
        S: +OK ...
        S: From: y
        S:
        S: ..
        S: ...two
        S: .
        C: TOP 1 0
        S: +OK ...
        S: From: x
        S: Subject: one
        S:
        S: .
    """)


def test_deleted_messages_are_neither_counted_nor_listed_nor_readable() -> None:
    owner = after_login("""
        C: DELE 1
        S: +OK ...
        C: STAT
        S: +OK 1 26
        C: LIST
        S: +OK 1 message (26 octets)
        S: 2 26
        S: .
        C: UIDL
        S: +OK 1 message
        S: 2 u2
        S: .
        C: LIST 1
        S: -ERR that message is marked as deleted
        C: UIDL 1
        S: -ERR that message is marked as deleted
        C: RETR 1
        S: -ERR that message is marked as deleted
        C: TOP 1 0
        S: -ERR that message is marked as deleted
        C: DELE 1
        S: -ERR that message is marked as deleted
        C: RSET
        S: +OK 2 messages (67 octets)
        C: LIST 1
        S: +OK 1 41
        C: QUIT
        S: +OK bye, 0 messages removed
        closed
    """)
    assert owner.commits == [Commit((), ())] * 3


def test_quit_commits_what_was_deleted_and_names_what_was_retrieved() -> None:
    owner = after_login("""
        C: DELE 2
        S: +OK ...
        C: RETR 1
        S: +OK 41 octets
        S: From: x
        S: Subject: one
        S:
        S: line 1
        S: line 2
        S: .
        C: QUIT
        S: +OK bye, 1 message removed
        closed
    """)
    assert owner.commits == [Commit(removed=(101,), retrieved=(100,))] * 3


def test_a_message_retrieved_and_then_deleted_is_only_removed() -> None:
    owner = after_login("""
        C: RETR 2
        S: +OK 26 octets
        S: From: y
        S:
        S: ..
        S: ...two
        S: end
        S: .
        C: DELE 2
        S: +OK ...
        C: QUIT
        S: +OK bye, 1 message removed
        closed
    """)
    assert owner.commits == [Commit(removed=(101,), retrieved=())] * 3


def test_a_failed_commit_is_told_and_promises_nothing() -> None:
    owner = two()
    owner.broken = True
    after_login(
        """
        C: DELE 2
        S: +OK ...
        C: QUIT
        S: -ERR [SYS/TEMP] nothing was removed; try again later
        closed
        """,
        owner,
    )


@pytest.mark.parametrize(
    "command",
    ["STAT 1", "LIST x", "LIST 1 2", "UIDL -1", "RETR", "RETR +1", "RETR 1_0", "RETR 1 2", "DELE",
     "DELE all", "TOP 1", "TOP", "TOP 1 x", "TOP x 1", "TOP 1 2 3", "NOOP 1", "RSET 1", "QUIT now",
     "CAPA 1", "USER anna", "PASS x", "APOP a b", "AUTH", "XTND", "", "\\x20STAT", "RETR\\t1"],
)  # fmt: skip
def test_malformed_commands_are_refused_and_change_nothing(command: str) -> None:
    after_login(f"C: {command}\nS: -ERR ...\nC: STAT\nS: +OK 2 67")


@pytest.mark.parametrize("command", ["LIST 3", "RETR 0", "DELE 99999999999999999999", "TOP 3 1"])
def test_messages_that_do_not_exist(command: str) -> None:
    after_login(f"C: {command}\nS: -ERR no such message, the numbers go from 1 to 2")


def test_transaction_commands_wait_for_login() -> None:
    for command in set(COMMANDS) - {b"CAPA", b"USER", b"PASS", b"QUIT"}:
        script = f"S: +OK ...\nC: {command.decode()}\nS: -ERR log in first"
        talk_every_way(session, script)


def test_an_empty_maildrop() -> None:
    talk_every_way(
        session,
        """
        S: +OK ...
        C: USER anna
        S: +OK ...
        C: PASS a pass word
        S: +OK 0 messages (0 octets)
        C: LIST
        S: +OK 0 messages (0 octets)
        S: .
        C: RETR 1
        S: -ERR ...
        """,
        Owner(MemoryMaildrop([])),
    )


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


def test_a_network_without_plain_login_is_told_so_before_the_password() -> None:
    talk_every_way(
        lambda: Pop3Session("box", plain_login=False),
        """
        S: +OK ...
        C: CAPA
        S: +OK ...
        S: TOP
        S: UIDL
        S: RESP-CODES
        S: AUTH-RESP-CODE
        S: PIPELINING
        S: IMPLEMENTATION Switchhook
        S: .
        C: USER anna
        S: -ERR [AUTH] a password may not cross this network unencrypted; log in from the LAN
        C: PASS x
        S: -ERR [AUTH] ...
        """,
    )


def test_capa_in_both_states_and_expire_when_it_is_true() -> None:
    capa = """
        C: CAPA
        S: +OK ...
        S: TOP
        S: UIDL
        S: RESP-CODES
        S: AUTH-RESP-CODE
        S: PIPELINING
        S: USER
        S: EXPIRE NEVER
        S: IMPLEMENTATION Switchhook
        S: .
    """
    login = HELLO.replace("S: +OK box POP3 ready", "")
    talk_every_way(
        lambda: Pop3Session("box", expire="NEVER"), f"S: +OK ...\n{capa}{login}{capa}", two()
    )


def test_quit_before_login_asks_nothing_of_the_service() -> None:
    talk_every_way(session, "S: +OK ...\nC: QUIT\nS: +OK bye\nclosed")


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("x" * 254, "-ERR line too long, 255 octets are the limit"),
        ("x" * 10_000_000, "-ERR line too long, 255 octets are the limit"),
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
    good = "C: CAPA\nS: +OK ...\n" + "S: ...\n" * 7 + "S: .\n"
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


def test_a_large_message_is_read_chunk_by_chunk_as_the_output_drains() -> None:
    message = b"From: x\r\n\r\n" + b"y" * 998 * 1024 + b"\r\n"
    owner = Owner(MemoryMaildrop([message], chunk=65_536))
    pop3 = session()
    pop3.receive(octets("USER anna\\r\\nPASS a pass word"))
    pump(pop3, owner)
    pop3.receive(b"RETR 1\r\nQUIT\r\n")
    assert owner.maildrop.reads == []
    got = bytearray()
    for pulled in range(2, 17, 2):  # two chunks of 64 kB reach the high-water mark
        got += pop3.to_send()
        assert len(owner.maildrop.reads) == pulled
    got += pump(pop3, owner)
    assert bytes(got) == b"+OK 1021965 octets\r\n" + message + b".\r\n" + (
        b"+OK bye, 0 messages removed\r\n"
    )
    assert owner.commits == [Commit((), (100,))]


def test_piped_commands_do_not_pile_up_output() -> None:
    owner = Owner(MemoryMaildrop([b"y" * 998 + b"\r\n"], chunk=65_536))
    pop3 = session()
    pop3.receive(octets("USER anna\\r\\nPASS a pass word"))
    pump(pop3, owner)
    pop3.receive(b"RETR 1\r\n" * 10_000)
    assert not pop3.wants_input
    assert len(pop3.to_send()) < 150_000
    assert len(owner.maildrop.reads) < 150
    assert pump(pop3, owner).count(b"\r\n.\r\n") > 9_800
    assert pop3.wants_input


def test_a_lost_message_is_refused_and_the_others_can_be_read() -> None:
    owner = two()
    owner.maildrop.lost.add(0)
    talk(
        session(),
        HELLO + "C: RETR 1\nS: -ERR [SYS/PERM] this message cannot be read\nC: LIST 2\nS: +OK 2 26",
        owner,
    )


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


def test_the_counters_of_a_session_name_messages_and_octets() -> None:
    pop3, owner = session(), two()
    talk(pop3, HELLO + "C: RETR 1\nS: +OK 41 octets\nS: From: x\nS: Subject: one\nS:\nS: line 1\n"
         "S: line 2\nS: .\nC: DELE 2\nS: +OK ...\n", owner)  # fmt: skip
    assert pop3.counters() == "retr=1 dele=0 octets=169", "nothing is removed before QUIT"
    talk(pop3, "C: QUIT\nS: +OK bye, 1 message removed\nclosed", owner)
    assert pop3.counters() == "retr=1 dele=1 octets=197"
