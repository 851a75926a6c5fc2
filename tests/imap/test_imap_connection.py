"""What a connection does, against servers whose every word is written here."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest

from app.imap.net.api import (
    Appended,
    Changes,
    Connection,
    Facts,
    Flags,
    Gone,
    ImapError,
    MailboxEvent,
    Moved,
    Namespace,
    Namespaces,
    NotThere,
    OverQuota,
    ProtocolError,
    Refused,
    Server,
    Status,
    SyncPoint,
    Timeouts,
    UidRange,
    Unavailable,
    Unsupported,
)
from app.imap.net.connection import connect
from tests.kit.imap_talk import OLD, SELECT, pieces, played

KNOWN = SyncPoint(7, 12, 80, (UidRange(1, 3), UidRange(10, 11)))
Use = Callable[[Connection], Awaitable[Any]]


def after_select(use: Use) -> Use:
    async def both(connection: Connection) -> Any:
        await connection.select("INBOX")
        return await use(connection)

    return both


# ------------------------------------------------------------------ selecting


def test_select_tells_how_the_mailbox_is() -> None:
    found = played(SELECT, lambda c: c.select("INBOX"))
    assert (found.uidvalidity, found.uidnext, found.highestmodseq) == (7, 14, 90)
    assert (found.exists, found.readonly, found.resumed) == (3, False, False)


def test_select_with_qresync_tells_what_has_changed() -> None:
    script = """
        C: $ SELECT "INBOX" (QRESYNC (7 80))
        S: * OK [CLOSED] the one before
        S: * 3 EXISTS
        S: * OK [UIDVALIDITY 7] valid
        S: * OK [UIDNEXT 14] next
        S: * OK [HIGHESTMODSEQ 90] counted
        S: * VANISHED (EARLIER) 2,10:11
        S: * 1 FETCH (UID 1 FLAGS (\\\\Seen $a) MODSEQ (85))
        S: * 3 FETCH (MODSEQ (90) UID 13 FLAGS ())
        S: $ OK [READ-ONLY] selected
    """
    found = played(script, lambda c: c.select("INBOX", KNOWN))
    assert found.resumed and found.readonly
    assert found.vanished == (UidRange(2, 2), UidRange(10, 11))
    assert found.changed == (
        Flags(1, frozenset({"\\Seen", "$a"}), 85),
        Flags(13, frozenset(), 90),
    )


def test_select_of_a_renumbered_mailbox_says_so() -> None:
    script = """
        C: $ SELECT "INBOX" (QRESYNC (7 80))
        S: * 3 EXISTS
        S: * OK [UIDVALIDITY 8] valid
        S: * OK [UIDNEXT 4] next
        S: * OK [HIGHESTMODSEQ 9] counted
        S: * 1 FETCH (UID 1 FLAGS (\\\\Seen) MODSEQ (5))
        S: $ OK [READ-WRITE] selected
    """
    found = played(script, lambda c: c.select("INBOX", KNOWN))
    assert (found.uidvalidity, found.resumed) == (8, False)
    assert not found.changed and not found.vanished


def test_select_with_condstore_finds_out_by_itself() -> None:
    script = """
        C: $ SELECT "INBOX" (CONDSTORE)
        S: * 3 EXISTS
        S: * OK [UIDVALIDITY 7] valid
        S: * OK [UIDNEXT 14] next
        S: * OK [HIGHESTMODSEQ 90] counted
        S: $ OK [READ-WRITE] selected
        C: $ UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE 80)
        S: * 3 FETCH (UID 13 FLAGS () MODSEQ (90))
        S: $ OK
        C: $ UID SEARCH ALL
        S: * SEARCH 1 3 13
        S: $ OK
    """
    found = played(script, lambda c: c.select("INBOX", KNOWN), capabilities=f"{OLD} CONDSTORE")
    assert found.changed == (Flags(13, frozenset(), 90),)
    assert found.vanished == (UidRange(2, 2), UidRange(10, 11))


def test_select_of_an_old_server_takes_all_flags() -> None:
    script = """
        C: $ SELECT "INBOX"
        S: * 2 EXISTS
        S: * OK [UIDVALIDITY 7] valid
        S: * OK [UIDNEXT 14] next
        S: $ OK [READ-WRITE] selected
        C: $ UID FETCH 1:* (UID FLAGS)
        S: * 1 FETCH (UID 1 FLAGS (\\\\Seen))
        S: * 2 FETCH (UID 13 FLAGS ())
        S: $ OK
    """
    found = played(script, lambda c: c.select("INBOX", KNOWN), capabilities=OLD)
    assert found.highestmodseq is None
    assert found.changed == (Flags(1, frozenset({"\\Seen"}), None), Flags(13, frozenset(), None))
    assert found.vanished == (UidRange(2, 3), UidRange(10, 11))


def test_select_that_fails_leaves_none_selected() -> None:
    """As RFC 3501 §6.3.1 has it; Dovecot gives no code for what is not there."""

    async def use(connection: Connection) -> None:
        with pytest.raises(NotThere):
            await connection.select("Nowhere")
        with pytest.raises(ValueError):
            await connection.search("ALL")

    played(f'{SELECT}\nC: $ SELECT "Nowhere"*\nS: $ NO none', after_select(use))


def test_changes_are_what_was_told_meanwhile() -> None:
    script = f"""
        {SELECT}
        C: $ NOOP
        S: * 4 EXISTS
        S: * 2 FETCH (UID 12 FLAGS (\\\\Seen) MODSEQ (91))
        S: * VANISHED 1,13
        S: $ OK
        C: $ NOOP
        S: $ OK
    """

    async def twice(connection: Connection) -> list[Changes]:
        return [await connection.changes(), await connection.changes()]

    first, second = played(script, after_select(twice))
    assert first.flags == (Flags(12, frozenset({"\\Seen"}), 91),)
    assert first.vanished == (UidRange(1, 1), UidRange(13, 13))
    assert first.exists == 2 and not first.unclear
    assert second == Changes((), (), None, False)


def test_changes_of_an_old_server_are_unclear() -> None:
    script = """
        C: $ SELECT "INBOX"
        S: * 3 EXISTS
        S: * OK [UIDVALIDITY 7] valid
        S: * OK [UIDNEXT 14] next
        S: $ OK [READ-WRITE] selected
        C: $ NOOP
        S: * 2 EXPUNGE
        S: * 1 FETCH (FLAGS (\\\\Seen))
        S: $ OK
    """
    found = played(script, after_select(lambda c: c.changes()), capabilities=OLD)
    assert found == Changes((), (), 2, True)


# ------------------------------------------------------------------ finding and fetching


def test_search_takes_ranges_and_numbers() -> None:
    script = f"""
        {SELECT}
        C: $ UID SEARCH RETURN (ALL) UNSEEN
        S: * ESEARCH (TAG "x") UID ALL 9,2:4
        S: $ OK
        C: $ UID SEARCH RETURN (ALL) DELETED
        S: * ESEARCH (TAG "x") UID
        S: $ OK
    """

    async def both(connection: Connection) -> list[list[int]]:
        return [await connection.search("UNSEEN"), await connection.search("DELETED")]

    assert played(script, after_select(both)) == [[2, 3, 4, 9], []]


FACTS = f"""
    {SELECT}
    C: $ UID FETCH 1:2,13 (UID FLAGS RFC822.SIZE INTERNALDATE MODSEQ BODY.PEEK[HEADER.FIELDS (Subject)]<0.32768>)
    S: * 3 FETCH (UID 13 FLAGS () RFC822.SIZE 100 INTERNALDATE "28-Nov-2026 21:41:57 +0100" MODSEQ (90) BODY[HEADER.FIELDS (SUBJECT)]<0> {{15}}
    S: Subject: a
    S+ \\r\\n
    S: )
    S: * 1 FETCH (UID 1 FLAGS (\\\\Seen))
    S: * 1 FETCH (UID 1 RFC822.SIZE 5 INTERNALDATE " 1-Jan-2026 00:00:00 +0000" BODY[HEADER.FIELDS (SUBJECT)]<0> "" FLAGS ($b))
    S: * 2 FETCH (UID 2 FLAGS (\\\\Deleted))
    S: $ OK some are gone
"""  # noqa: E501


def test_facts_of_mails() -> None:
    found = played(
        FACTS.replace("{15}", "{14}"),
        after_select(lambda c: c.fetch_facts([13, 1, 2], ["Subject"])),
    )
    assert found == [
        Facts(1, frozenset({"$b"}), None, 5, datetime(2026, 1, 1, tzinfo=UTC), b""),
        Facts(
            13, frozenset(), 90, 100, datetime(2026, 11, 28, 20, 41, 57, tzinfo=UTC),
            b"Subject: a\r\n\r\n",
        ),
    ]  # fmt: skip


async def fetched(connection: Connection) -> list[bytes]:
    return [piece async for piece in connection.fetch_message(13)]


def piece(at: int, octets: str) -> str:
    return f"""
        C: $ UID FETCH 13 (UID BODY.PEEK[]<{at}.65536>)
        S: * 3 FETCH (UID 13 BODY[]<{at}> {{{len(octets)}}}
        S+ {octets}
        S: )
        S: $ OK
    """


def test_message_comes_in_pieces() -> None:
    script = SELECT + piece(0, "x" * 65_536) + piece(65_536, "end")
    assert played(script, after_select(fetched)) == [b"x" * 65_536, b"end"]


def test_message_of_whole_pieces_ends_with_an_empty_one() -> None:
    script = SELECT + piece(0, "x" * 65_536) + piece(65_536, "")
    assert played(script, after_select(fetched)) == [b"x" * 65_536]


def test_message_that_is_gone_has_no_pieces() -> None:
    script = SELECT + "C: $ UID FETCH*\nS: $ OK"
    assert played(script, after_select(fetched)) == []


def test_piece_that_is_larger_than_asked_for_ends_the_connection() -> None:
    with pytest.raises(ProtocolError):
        played(SELECT + piece(0, "x" * 65_537), after_select(fetched))


def test_other_mailbox_between_two_pieces_is_noticed() -> None:
    async def use(connection: Connection) -> None:
        async for _ in connection.fetch_message(13):
            await connection.select("INBOX")

    with pytest.raises(Refused, match="left"):
        played(SELECT + piece(0, "x" * 65_536) + SELECT, after_select(use))


def test_header_that_is_larger_than_asked_for_ends_the_connection() -> None:
    script = f"""
        {SELECT}
        C: $ UID FETCH*
        S: * 1 FETCH (UID 1 BODY[HEADER.FIELDS (SUBJECT)]<0> {{32769}}
        S+ {"x" * 32_769}
        S: )
    """
    with pytest.raises(ProtocolError):
        played(script, after_select(lambda c: c.fetch_facts([1], ["Subject"])))


# ------------------------------------------------------------------ putting in


def appending(octets: bytes = b"hello", **more: Any) -> Use:
    size = more.pop("size", len(octets))
    return lambda connection: connection.append("Trash", pieces(octets), size, **more)


def test_append_says_where_the_mail_lies() -> None:
    script = """
        C: $ APPEND "Trash" ($a \\\\Seen) "28-Nov-2026 21:41:57 +0000" {5}
        S: + go on
        C: hello
        S: $ OK [APPENDUID 7 15] taken
    """
    date = datetime(2026, 11, 28, 21, 41, 57, tzinfo=UTC)
    found = played(script, appending(flags=["\\Seen", "$a"], date=date))
    assert found == Appended(7, 15)


def test_append_to_a_server_that_does_not_say_where() -> None:
    script = """
        C: $ APPEND "Trash" {5}
        S: + go on
        C: hello
        S: $ OK taken
    """
    assert played(script, appending(), capabilities=OLD) is None


REFUSALS: list[tuple[type[ImapError], str]] = [
    (OverQuota, "NO [OVERQUOTA] full"),
    (NotThere, "NO [TRYCREATE] none"),
    (NotThere, "NO [NONEXISTENT] none"),
    (Unavailable, "NO [UNAVAILABLE] later"),
    (Unavailable, "NO [INUSE] later"),
    (Refused, "NO [NOPERM] not you"),
    (Refused, "NO no"),
    (ProtocolError, "BAD what?"),
]


@pytest.mark.parametrize(("kind", "answer"), REFUSALS)
def test_append_refused_before_its_octets(kind: type[ImapError], answer: str) -> None:
    """The octets are not asked for, and the connection goes on."""

    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("nobody wants them")
        yield b""

    async def use(connection: Connection) -> None:
        with pytest.raises(kind):
            await connection.append("Trash", never(), 5)
        await connection.create("Trash")

    played(f"C: $ APPEND*\nS: $ {answer}\nC: $ CREATE*\nS: $ OK", use)


@pytest.mark.parametrize(("kind", "answer"), REFUSALS)
def test_append_refused_after_its_octets(kind: type[ImapError], answer: str) -> None:
    async def use(connection: Connection) -> None:
        with pytest.raises(kind):
            await appending()(connection)
        await connection.create("Trash")

    script = f"C: $ APPEND*\nS: + go on\nC: hello\nS: $ {answer}\nC: $ CREATE*\nS: $ OK"
    played(script, use)


LARGE = b"0123456789" * 50_000


@pytest.mark.parametrize("heard", [0, 1, 4_000, 100_000])
def test_connection_cut_in_the_middle_of_a_message_is_gone(heard: int) -> None:
    begun = LARGE[:heard].decode()
    script = f"C: $ APPEND*\nS: + go on\n{f'C+ {begun}' if heard else ''}\ncut"

    async def use(connection: Connection) -> None:
        with pytest.raises(Gone):
            await appending(LARGE)(connection)
        with pytest.raises(Gone):  # and stays so
            await connection.create("Trash")

    played(script, use)


@pytest.mark.parametrize("size", [4, 6])
def test_message_of_another_size_than_said_ends_the_connection(size: int) -> None:
    async def use(connection: Connection) -> None:
        with pytest.raises(ValueError):
            await appending(size=size)(connection)
        with pytest.raises(Gone):
            await connection.create("Trash")

    played("C: $ APPEND*\nS: + go on", use)


def test_append_code_without_numbers_is_no_answer() -> None:
    script = "C: $ APPEND*\nS: + go on\nC: hello\nS: $ OK [APPENDUID 0 1] taken"
    with pytest.raises(ProtocolError):
        played(script, appending())


# ------------------------------------------------------------------ marking, moving, removing


def test_store_says_what_was_left_as_it_was() -> None:
    script = f"""
        {SELECT}
        C: $ UID STORE 1,3,5 (UNCHANGEDSINCE 80) +FLAGS.SILENT ($a)
        S: * 1 FETCH (UID 1 MODSEQ (91))
        S: $ OK [MODIFIED 3] but one
        C: $ UID STORE 1,5 -FLAGS.SILENT (\\\\Seen)
        S: $ OK
    """
    use = after_select(lambda c: c.store([5, 3, 1], ["$a"], ["\\Seen"], 80))
    assert played(script, use) == [3]


def test_store_of_all_that_have_changed() -> None:
    script = f"""
        {SELECT}
        C: $ UID STORE 1:2 (UNCHANGEDSINCE 80) +FLAGS.SILENT ($a)
        S: $ NO [MODIFIED 1:2] none
    """
    assert played(script, after_select(lambda c: c.store([1, 2], ["$a"], (), 80))) == [1, 2]


def test_move_says_where_mails_have_gone() -> None:
    script = f"""
        {SELECT}
        C: $ UID MOVE 1:2,9 "Tr&AOU-sh"
        S: * OK [COPYUID 44 1:2,9 5:6,3] moved
        S: * VANISHED 1:2,9
        S: $ OK
    """
    found = played(script, after_select(lambda c: c.move([1, 2, 9], "Tråsh")))
    assert found == Moved(44, {1: 5, 2: 6, 9: 3})


def test_move_without_move_is_copy_and_removal() -> None:
    script = f"""
        {SELECT.replace("*", "", 1)}
        C: $ UID COPY 2 "Trash"
        S: $ OK [COPYUID 44 2 5] copied
        C: $ UID STORE 2 +FLAGS.SILENT (\\\\Deleted)
        S: $ OK
        C: $ UID EXPUNGE 2
        S: $ OK
    """
    use = after_select(lambda c: c.move([2], "Trash"))
    assert played(script, use, capabilities=f"{OLD} UIDPLUS") == Moved(44, {2: 5})


def test_move_to_where_nothing_is() -> None:
    script = f"{SELECT}\nC: $ UID MOVE*\nS: $ NO [TRYCREATE] none"
    with pytest.raises(NotThere):
        played(script, after_select(lambda c: c.move([2], "Trash")))


@pytest.mark.parametrize("code", ["COPYUID 44 1:2 5", "COPYUID 44", "COPYUID 44 1:4000000000 1"])
def test_move_with_a_code_that_does_not_fit(code: str) -> None:
    script = f"{SELECT}\nC: $ UID MOVE*\nS: * OK [{code}] moved\nS: $ OK"
    with pytest.raises(ProtocolError):
        played(script, after_select(lambda c: c.move([1, 2], "Trash")))


def test_expunge_removes_these_only() -> None:
    script = f"""
        {SELECT}
        C: $ UID STORE 1:2 +FLAGS.SILENT (\\\\Deleted)
        S: $ OK
        C: $ UID EXPUNGE 1:2
        S: * VANISHED 1:2
        S: $ OK
    """
    played(script, after_select(lambda c: c.expunge([1, 2])))


UNSUPPORTED: list[Use] = [
    lambda c: c.expunge([1]),
    lambda c: c.move([1], "Trash"),
    lambda c: c.store([1], ["$a"], (), 5),
    lambda c: anext(c.watch(["INBOX", "Trash"])),
]


@pytest.mark.parametrize("use", UNSUPPORTED)
def test_what_a_server_lacks_is_not_tried(use: Use) -> None:
    with pytest.raises(Unsupported):
        played(SELECT.replace("*", "", 1), after_select(use), capabilities=OLD)


NOTHING: list[Use] = [
    lambda c: c.expunge([]),
    lambda c: c.move([], "Trash"),
    lambda c: c.store([], ["$a"]),
    lambda c: c.store([1]),
    lambda c: c.fetch_facts([], ["Subject"]),
]


@pytest.mark.parametrize("use", NOTHING)
def test_for_no_mails_nothing_is_sent(use: Use) -> None:
    assert not played(SELECT, after_select(use))


def test_what_needs_a_mailbox_says_so() -> None:
    with pytest.raises(ValueError):
        played("", lambda c: c.search("ALL"))


# ------------------------------------------------------------------ mailboxes


def test_mailboxes_and_their_numbers_in_one_exchange() -> None:
    script = """
        C: $ LIST "" "*" RETURN (STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ))
        S: * LIST () "/" inbox
        S: * STATUS inbox (MESSAGES 17 UNSEEN 3 UIDNEXT 20 UIDVALIDITY 7 HIGHESTMODSEQ 0)
        S: * LIST (\\\\NoSelect) "/" user
        S: * LIST () "/" "Tr&AOU-sh"
        S: * STATUS "Tr&AOU-sh" (MESSAGES 1 UIDNEXT 2)
        S: * LIST (\\\\HasNoChildren) "/" {5}
        S: other
        S: $ OK
    """
    assert played(script, lambda c: c.list_status("*")) == {
        "INBOX": Status(17, 3, 20, 7, None),
        "Tråsh": Status(messages=1, uidnext=2),
        "other": Status(),
    }


def test_mailboxes_of_an_old_server_are_asked_one_by_one() -> None:
    script = """
        C: $ LIST "" "a*"
        S: * LIST () "." a
        S: * LIST () "." ab
        S: $ OK
        C: $ STATUS "a" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)
        S: * STATUS a (MESSAGES 2)
        S: $ OK
        C: $ STATUS "ab" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)
        S: $ NO not yours
    """
    found = played(script.replace('"a*"', '"a*"'), lambda c: c.list_status("a*"), capabilities=OLD)
    assert found == {"a": Status(messages=2), "ab": Status()}


def test_names_in_utf_8() -> None:
    script = """
        C: $ ENABLE UTF8=ACCEPT
        S: * ENABLED UTF8=ACCEPT
        S: $ OK
        C: $ CREATE {6}
        S: + go on
        C: Tr\\xc3\\xa5sh
        S: $ OK
    """
    played(script, lambda c: c.create("Tråsh"), capabilities=f"{OLD} ENABLE UTF8=ACCEPT")


def test_mailbox_that_is_there_is_made() -> None:
    played("C: $ CREATE*\nS: $ NO [ALREADYEXISTS] it is", lambda c: c.create("Trash"))
    with pytest.raises(Refused):
        played("C: $ CREATE*\nS: $ NO [CANNOT] no", lambda c: c.create("Trash"))


def test_namespaces() -> None:
    script = """
        C: $ NAMESPACE
        S: * NAMESPACE (("" "/")) (("user/" "/") ("~" NIL)) NIL
        S: $ OK
    """
    assert played(script, lambda c: c.namespaces()) == Namespaces(
        (Namespace("", "/"),), (Namespace("user/", "/"), Namespace("~", "")), ()
    )
    found = played("", lambda c: c.namespaces(), capabilities=OLD)
    assert found.personal == (Namespace("", ""),)


# ------------------------------------------------------------------ servers at fault


LIES: list[tuple[str, Use]] = [
    (SELECT.replace("UIDVALIDITY 7", "UIDVALIDITY 0"), lambda c: c.select("INBOX")),
    (SELECT.replace("UIDVALIDITY 7", "ALERT"), lambda c: c.select("INBOX")),
    (SELECT.replace("UIDNEXT 14", "UIDNEXT"), lambda c: c.select("INBOX")),
    (SELECT.replace("HIGHESTMODSEQ 90", "HIGHESTMODSEQ -1"), lambda c: c.select("INBOX")),
    # it has said that it knows QRESYNC, and does not
    ('C: $ SELECT "INBOX" (QRESYNC*\nS: $ BAD what?', lambda c: c.select("INBOX", KNOWN)),
    (SELECT + "C: $ NOOP\nS: * OK [UIDVALIDITY 8] x\nS: $ OK", after_select(lambda c: c.changes())),
    (SELECT + "C: $ NOOP\nS: * EXISTS\nS: $ OK", after_select(lambda c: c.changes())),
    (SELECT + "C: $ NOOP\nS: * 1 FETCH (UID 0 FLAGS ())", after_select(lambda c: c.changes())),
    (SELECT + "C: $ NOOP\nS: * 1 FETCH (UID)", after_select(lambda c: c.changes())),
    (SELECT + "C: $ NOOP\nS: * 1 FETCH (FLAGS ((a)))", after_select(lambda c: c.changes())),
    (SELECT + 'C: $ NOOP\nS: * 1 FETCH (FLAGS ("a b"))', after_select(lambda c: c.changes())),
    (SELECT + "C: $ NOOP\nS: * 1 FETCH 5", after_select(lambda c: c.changes())),
    (SELECT + "C: $ NOOP\nS: * VANISHED (LATER) 1", after_select(lambda c: c.changes())),
    (SELECT + "C: $ NOOP\nS: * VANISHED 1:*", after_select(lambda c: c.changes())),
    (SELECT + "C: $ NOOP\nS: nonsense", after_select(lambda c: c.changes())),
    (SELECT + "C: $ UID*\nS: * ESEARCH UID ALL 1:4294967295",
     after_select(lambda c: c.search("ALL"))),
    (SELECT + "C: $ UID*\nS: * SEARCH a", after_select(lambda c: c.search("ALL"))),
    ("C: $ NAMESPACE\nS: * NAMESPACE NIL NIL", lambda c: c.namespaces()),
    ("C: $ LIST*\nS: * STATUS a (MESSAGES x)", lambda c: c.list_status("*")),
]  # fmt: skip


@pytest.mark.parametrize(("script", "use"), LIES)
def test_server_that_says_what_none_may(script: str, use: Use) -> None:
    async def until_it_fails(connection: Connection) -> None:
        with pytest.raises(ProtocolError):
            await use(connection)

    played(script, until_it_fails)


@pytest.mark.parametrize("begin", ["", "S: * OK hello"])
def test_server_that_is_silent_at_the_login_is_gone(begin: str) -> None:
    script = f"{begin}\n{'C: $ CAPABILITY' if begin else ''}\nwait 31"
    with pytest.raises(Gone, match="no login within 30 s"):
        played(script, lambda c: c.changes(), begin="")


def test_server_that_is_silent_in_an_answer_is_gone() -> None:
    with pytest.raises(Gone, match="silent for 30 s"):
        played("C: $ LIST*\nS+ * LIST\nwait 31", lambda c: c.list_status("*"))


def test_flags_that_are_told_beside_a_piece_of_a_message_are_news() -> None:
    """As Cyrus does."""
    script = f"""
        {SELECT}
        C: $ UID FETCH 3 *
        S: * 3 FETCH (FLAGS (\\\\Seen) UID 3 MODSEQ (91) BODY[]<0> {{3}}
        S+ end
        S: )
        S: $ OK
        C: $ NOOP
        S: $ OK
    """

    async def use(connection: Connection) -> Changes:
        await connection.select("INBOX")
        assert [piece async for piece in connection.fetch_message(3)] == [b"end"]
        return await connection.changes()

    (flags,) = played(script, use).flags
    assert (flags.uid, flags.flags) == (3, frozenset({"\\Seen"}))


def test_nobody_there() -> None:
    server = Server("127.0.0.1", 1, "none", "anna", "x")
    with pytest.raises(Gone):
        asyncio.run(connect(server))


def test_call_that_is_cancelled_closes_the_connection() -> None:
    async def use(connection: Connection) -> None:
        asking = asyncio.ensure_future(connection.list_status("*"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        with pytest.raises(Gone):
            await connection.create("Trash")

    played("C: $ LIST*", use)


def test_close_ends_a_call_that_waits() -> None:
    async def use(connection: Connection) -> None:
        asking = asyncio.ensure_future(connection.list_status("*"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await connection.close()
        with pytest.raises(Gone):
            await asking

    played("C: $ LIST*", use)


def test_calls_wait_for_each_other() -> None:
    async def use(connection: Connection) -> None:
        await asyncio.gather(connection.create("a"), connection.create("b"))

    played('C: $ CREATE "a"\nS: $ OK\nC: $ CREATE "b"\nS: $ OK', use)


def test_close_logs_out() -> None:
    async def use(connection: Connection) -> None:
        await connection.close()
        await connection.close()

    played("C: $ LOGOUT\nS: * BYE bye\nS: $ OK", use)


# ------------------------------------------------------------------ watching


def watched(mailboxes: list[str], count: int, **timeouts: float) -> tuple[Use, Server]:
    """Take so many events, then end the watching."""

    async def use(connection: Connection) -> list[MailboxEvent]:
        found = []
        async with aclosing(connection.watch(mailboxes)) as events:
            async for event in events:
                found.append(event)
                if len(found) == count:
                    break
        await connection.create("free again")
        return found

    return use, Server("", 0, "none", "anna", "pass word", timeouts=Timeouts(**timeouts))


FREE = 'C: $ CREATE "free again"\nS: $ OK'


def test_idle_tells_of_one_mailbox() -> None:
    script = f"""
        {SELECT}
        C: $ IDLE
        S: + idling
        S: * 4 EXISTS
        S: * 1 RECENT
        C: DONE
        S: $ OK
        {FREE}
    """
    use, server = watched(["INBOX"], 2)
    assert played(script, use, server=server) == [MailboxEvent("INBOX", None)] * 2


def test_idle_begins_again_at_every_beat() -> None:
    script = f"""
        {SELECT}
        C: $ IDLE
        S: + idling
        wait 4.1
        C: DONE
        S: * VANISHED 1
        S: $ OK
        C: $ IDLE
        S: + idling
        C: DONE
        S: $ OK
        {FREE}
    """
    use, server = watched(["INBOX"], 2)
    assert len(played(script, use, server=server)) == 2


def test_idle_that_the_server_ends_begins_again() -> None:
    script = f"""
        {SELECT}
        C: $ IDLE
        S: + idling
        S: $ OK enough
        C: $ IDLE
        S: + idling
        S: * 4 EXISTS
        C: DONE
        S: $ OK
        {FREE}
    """
    use, server = watched(["INBOX"], 2)
    assert len(played(script, use, server=server)) == 2


TRICKLE = "wait 29\nS+ *\nwait 29\nS: \\x20OK slow"
"""An answer of which the first octet comes late, and the rest, too."""


def test_server_that_says_an_octet_in_29_s_is_gone_after_30() -> None:
    with pytest.raises(Gone, match="silent for 30 s"):
        played(f"C: $ LIST*\n{TRICKLE}\nS: $ OK", lambda c: c.list_status("*"))
    begin = (
        f"S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\nC: $ AUTH*\n{TRICKLE}\nS: $ OK"
    )
    with pytest.raises(Gone, match="no login within 30 s"):
        played("", lambda c: c.changes(), begin=begin)


def test_server_that_says_an_octet_in_3_s_while_it_is_watched_is_gone() -> None:
    use, server = watched(["INBOX"], 2)
    trickle = "wait 3\nS+ *\n" * 5
    with pytest.raises(Gone, match="silent for 4 s"):
        played(f"{SELECT}\nC: $ IDLE\nS: + idling\n{trickle}\ncut", use, server=server)


def test_server_that_says_much_and_answers_nothing_is_gone_after_two_minutes() -> None:
    still = "wait 29\nS: * OK it searches\n"
    search = after_select(lambda c: c.search("ALL"))
    assert played(f"{SELECT}\nC: $ UID SEARCH*\n{still * 4}\nS: * SEARCH 3\nS: $ OK", search) == [3]
    with pytest.raises(Gone, match="no answer for 120 s"):
        played(f"{SELECT}\nC: $ UID SEARCH*\n{still * 5}", search)


def test_closing_takes_a_second_whatever_the_server_says() -> None:
    took_s: list[float] = []

    async def close(connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await connection.close()
        took_s.append(loop.time() - begun)

    with pytest.raises(AssertionError, match="not played"):  # the rest, for it has left
        played("C: $ LOGOUT\n" + "wait 0.8\nS+ *\n" * 9, close)
    assert took_s[0] < 3


@pytest.mark.parametrize("silent_at", ["wait 4.1\nC: DONE\nwait 4.1", "wait 4.1\nC: DONE\ncut"])
def test_idle_notices_a_server_that_is_gone(silent_at: str) -> None:
    use, server = watched(["INBOX"], 2)
    with pytest.raises(Gone):
        played(f"{SELECT}\nC: $ IDLE\nS: + idling\n{silent_at}", use, server=server)


def test_without_idle_news_are_asked_for() -> None:
    script = f"""
        {SELECT.replace("*", "", 1)}
        wait 4.1
        C: $ NOOP
        S: $ OK
        wait 4.1
        C: $ NOOP
        S: * 4 EXISTS
        S: $ OK
        C: $ NOOP
        S: $ OK
        {FREE}
    """
    use, server = watched(["INBOX"], 2)
    assert len(played(script, use, server=server, capabilities=OLD)) == 2


NAMES = '"user/anna/INBOX" "user/ben/INBOX"'
SET = f"C: $ NOTIFY SET STATUS (MAILBOXES ({NAMES}) (MessageNew MessageExpunge FlagChange))"
LOOK = f'C: $ LIST "" ({NAMES} "user/anna" "user/ben") RETURN (STATUS *'
BOTH = ["user/anna/INBOX", "user/ben/INBOX"]


def numbers(anna: str, messages: int) -> str:
    return f'S: * LIST () "/" {anna}\nS: * STATUS {anna} (MESSAGES {messages} UNSEEN 1)\n'


LOOKED = f"{LOOK}\n{numbers('user/anna', 3)}\nS: $ OK"


def test_notify_tells_of_many_mailboxes() -> None:
    script = f"""
        {SET}
        S: * STATUS user/anna/INBOX (MESSAGES 3 UNSEEN 1)
        S: $ OK
        {LOOKED}
        S: * STATUS user/anna/INBOX (UNSEEN 0)
        C: $ NOTIFY NONE
        S: $ OK
        {FREE}
    """
    use, server = watched(BOTH, 3)
    assert played(script, use, server=server) == [
        MailboxEvent("user/anna/INBOX", Status(messages=3, unseen=1)),
        MailboxEvent("user/ben/INBOX", None),
        MailboxEvent("user/anna/INBOX", Status(messages=3, unseen=0)),
    ]


def test_notify_that_says_nothing_is_not_believed() -> None:
    """Dovecot lists the INBOX of others by the name of their namespace."""
    script = f"""
        {SET}
        S: $ OK
        {LOOKED}
        wait 1.1
        {LOOK}
        {numbers("user/anna", 4)}
        S: $ OK
        C: $ NOTIFY NONE
        S: $ OK
        {FREE}
    """
    use, server = watched(BOTH, 3)
    (*_, last) = played(script, use, server=server)
    assert last == MailboxEvent("user/anna/INBOX", Status(messages=4, unseen=1))


@pytest.mark.parametrize(
    "why", ["wait 181", "S: * OK [NOTIFICATIONOVERFLOW] too much\nS: * STATUS x (MESSAGES 1)"]
)
def test_notify_is_set_again(why: str) -> None:
    script = f"""
        {SET}
        S: $ OK
        {LOOKED}
        {why}
        {SET}
        S: $ OK
        {LOOKED.replace("MESSAGES 3", "MESSAGES 5")}
        C: $ NOTIFY NONE
        S: $ OK
        {FREE}
    """
    use, server = watched(BOTH, 3)
    played(script, use, server=server)


def test_notify_is_set_again_for_a_mailbox_that_has_come() -> None:
    script = f"""
        {SET}
        S: $ OK
        {LOOKED}
        wait 1.1
        {LOOK}
        {numbers("user/anna", 3)}
        {numbers("user/ben", 1)}
        S: $ OK
        {SET}
        S: $ OK
        {LOOK}
        {numbers("user/anna", 4)}
        {numbers("user/ben", 1)}
        S: $ OK
        C: $ NOTIFY NONE
        S: $ OK
        {FREE}
    """
    use, server = watched(BOTH, 4)
    found = played(script, use, server=server)
    assert [event.mailbox for event in found[2:]] == ["user/ben/INBOX", "user/anna/INBOX"]


def test_notify_notices_a_server_that_is_gone() -> None:
    use, server = watched(BOTH, 3)
    with pytest.raises(Gone, match="silent for 4 s"):
        played(f"{SET}\nS: $ OK\n{LOOKED}\nwait 1.1\n{LOOK}\nwait 4.1", use, server=server)


def test_notify_that_is_refused_says_so() -> None:
    use, server = watched(BOTH, 3)
    with pytest.raises(Refused):
        played(f"{SET}\nS: $ NO [BADEVENT (MessageNew)] no", use, server=server)
