"""What a client does with its maildrop, rule by rule [RFC 1939 §5, §6, §7]."""

import pytest

from app.mail.pop3.session import AUTOLOGOUT_S
from app.mail.pop3.states import Commit
from tests.kit.maildrop import MemoryMaildrop, Owner
from tests.kit.pop3_talk import HELLO, after_login, session, two
from tests.kit.talk import octets, pump, talk, talk_every_way


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


def test_retr_of_a_message_without_a_last_line_end_still_ends_on_a_line_of_its_own() -> None:
    message = b"Subject: cut off\r\n\r\nhalf a li"
    for chunk in (16, 65_536):
        script = """
            C: RETR 1
            S: +OK 29 octets
            S: Subject: cut off
            S:
            S: half a li
            S: .
        """
        hello = HELLO.replace("2 messages (67 ", "1 message (29 ")
        talk(session(), hello + script, Owner(MemoryMaildrop([message], chunk)))


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


def test_message_that_takes_longer_than_a_session_may_be_idle_is_sent_whole() -> None:
    message = b"Subject: large\r\n\r\n" + (b"x" * 70 + b"\r\n") * 20_000
    pop3, owner = session(), Owner(MemoryMaildrop([message], 65_536))
    pop3.receive(octets("USER anna\\r\\nPASS a pass word"))
    pump(pop3, owner)
    pop3.receive(b"RETR 1\r\n")
    sent, now = b"", 0.0
    while piece := pop3.to_send():
        sent, now = sent + piece, now + AUTOLOGOUT_S / 2
        pop3.tick(now)
    assert now > 2 * AUTOLOGOUT_S
    assert sent.endswith(message + b".\r\n")


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


def test_the_counters_of_a_session_name_messages_and_octets() -> None:
    pop3, owner = session(), two()
    talk(pop3, HELLO + "C: RETR 1\nS: +OK 41 octets\nS: From: x\nS: Subject: one\nS:\nS: line 1\n"
         "S: line 2\nS: .\nC: DELE 2\nS: +OK ...\n", owner)  # fmt: skip
    assert pop3.counters() == "retr=1 top=0 dele=0 octets=169", "nothing is removed before QUIT"
    talk(pop3, "C: QUIT\nS: +OK bye, 1 message removed\nclosed", owner)
    assert pop3.counters() == "retr=1 top=0 dele=1 octets=197"
