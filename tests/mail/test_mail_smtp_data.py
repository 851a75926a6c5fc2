"""Where a message ends, and what of it is kept: whatever the blocks, whatever the tricks."""

import random
import tracemalloc

import pytest

from app.mail.smtp.data import ChunkReader, DataReader
from tests.kit.smtp_talk import ENVELOPE, LAN, OUTSIDE, Talk, codes, limits

END = b"\r\n.\r\n"


def read(wire: bytes, step: int = 0, lan: bool = False) -> tuple[DataReader, bytes, bytes]:
    """(reader, octets kept, octets after the end)."""
    reader = DataReader(1_000_000, lan)
    kept = tail = b""
    size = step or max(1, len(wire))
    for at in range(0, len(wire), size):
        if reader.ended:
            tail += wire[at : at + size]
            continue
        octets, rest = reader.feed(wire[at : at + size])
        kept += octets
        tail += rest
    return reader, kept, tail


CASES = [
    (b".\r\n", b"", 0),
    (b"\r\n.\r\n", b"\r\n", 0),
    (b"x\r\n.\r\n", b"x\r\n", 0),
    (b"..\r\n.\r\n", b".\r\n", 1),
    (b".x\r\n.\r\n", b"x\r\n", 0),
    (b"...\r\n.\r\n", b"..\r\n", 1),
    (b"a\r\n..\r\n..b\r\n.\r\n", b"a\r\n.\r\n.b\r\n", 2),
    (b"a.\r\nb\r\n\r\n.\r\n", b"a.\r\nb\r\n\r\n", 0),
    (b"a\r\n.b\r\n\r\n..\r\n\r\n.\r\n", b"a\r\nb\r\n\r\n.\r\n\r\n", 1),
    (b"x" * 1998 + b"\r\n.\r\n", b"x" * 1998 + b"\r\n", 0),
    (b"x" * 1999 + b"\r\n.\r\n", b"x" * 1998 + b"\r\n x\r\n", 0),
]


@pytest.mark.parametrize("lan", [False, True])
@pytest.mark.parametrize("step", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize(("wire", "kept", "dotted"), CASES)
def test_end_and_dots(wire: bytes, kept: bytes, dotted: int, step: int, lan: bool) -> None:
    reader, octets, tail = read(wire + b"QUIT\r\n", step, lan)
    assert (octets, tail) == (kept, b"QUIT\r\n")
    assert reader.ended and not reader.found.bad
    assert (reader.found.size, reader.found.dotted) == (len(kept), dotted)


SMUGGLING = [
    b"\n.\n",
    b"\r.\r",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\n.\r\n",
    b"\r.\r\n",
    b"\r\r\n.\r\r\n",
    b"\r\n\0.\r\n",
    b"\r\n.\0\r\n",
]
EVIL = b"MAIL FROM:<ceo@box.test>\r\nRCPT TO:<bob>\r\nDATA\r\nforged\r\n"


@pytest.mark.parametrize("step", [0, 1, 2, 3])
@pytest.mark.parametrize("end", SMUGGLING)
def test_only_the_true_end_ends_and_the_smuggler_is_refused(end: bytes, step: int) -> None:
    talk = Talk(peer=OUTSIDE)
    wire = ENVELOPE + b"hello" + end + EVIL + b"." + b"\r\nNOOP\r\n"
    assert codes(talk.send(wire, step)) == [250, 250, 250, 354, 550, 250]
    assert talk.kept == []
    assert talk.abandoned == 1


LAN_CASES = [
    (b"a\nb\n\r\n.\r\n", b"a\r\nb\r\n\r\n", 0),
    (b"a\n.\nb\r\n.\r\n", b"a\r\n\r\nb\r\n", 0),
    (b"a\n..\nb\r\n.\r\n", b"a\r\n.\r\nb\r\n", 1),
    (b"a\n.\r\nb\r\n.\r\n", b"a\r\n\r\nb\r\n", 0),
    (b"\n\n\nb\r\n.\r\n", b"\r\n\r\n\r\nb\r\n", 0),
    (b"a\r\n.\nb\r\n.\r\n", b"a\r\n\r\nb\r\n", 0),
]


@pytest.mark.parametrize("step", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize(("wire", "kept", "dotted"), LAN_CASES)
def test_bare_lf_of_the_lan_becomes_crlf_and_never_ends(
    wire: bytes, kept: bytes, dotted: int, step: int
) -> None:
    reader, octets, tail = read(wire + b"NOOP", step, lan=True)
    assert (octets, tail, reader.found.dotted) == (kept, b"NOOP", dotted)
    assert not reader.found.bad


@pytest.mark.parametrize("step", [0, 1, 2])
def test_bare_cr_and_nul_are_refused_from_the_lan_too(step: int) -> None:
    for text in (b"a\rb", b"a\r", b"\0"):
        reader, _, _ = read(text + END, step, lan=True)
        assert reader.ended and reader.found.bad, text
        assert reader.found.nul is (text == b"\0")


def test_random_text_against_a_line_by_line_reading() -> None:
    chance = random.Random(5)
    for _ in range(3000):
        wire = b"".join(chance.choice([b".", b"\r\n", b"a", b"\r\n."]) for _ in range(12)) + END
        reader, octets, tail = read(wire, chance.randrange(0, 6))
        lines: list[bytes] = []
        rest = wire
        while True:
            line, _, rest = rest.partition(b"\r\n")
            if line == b".":
                break
            lines.append(line[1:] if line[:1] == b"." else line)
        assert (octets, tail) == (b"".join(line + b"\r\n" for line in lines), rest)
        assert reader.found.dotted == sum(line[:1] == b"." for line in lines)


def test_size_is_enforced_while_it_comes() -> None:
    talk = Talk(limits=limits(size=1000))
    answers = talk.send(ENVELOPE + b"x" * 990 + b"\r\n" + b"y" * 5000, 512)
    assert codes(answers) == [250, 250, 250, 354]
    assert talk.abandoned == 1, "what was kept goes before the end comes"
    assert codes(talk.send(END + b"NOOP\r\n")) == [552, 250]
    assert talk.kept == []


def test_dots_that_stuff_do_not_count_as_size() -> None:
    talk = Talk(limits=limits(size=10))
    assert codes(talk.send(ENVELOPE + b"..345678\r\n..\r\n" + END[2:]))[-1] == 552
    assert codes(talk.send(ENVELOPE + b"..3456789\r\n" + END[2:]))[-1] == 250


def test_a_line_that_no_program_could_take_is_broken_and_loses_nothing() -> None:
    talk = Talk()
    line = b"." + b"z" * 20_000
    talk.send(ENVELOPE + b"." + line + END)
    kept = talk.kept[0]
    assert kept.octets.replace(b"\r\n ", b"") == line + b"\r\n"
    assert max(map(len, kept.octets.split(b"\r\n"))) == 1999
    assert kept.dotted == 1


def test_the_reader_holds_no_more_than_a_block() -> None:
    reader = DataReader(100_000_000, False)
    block = (b"0123456789abcdef" * 4 + b"\r\n") * 900
    reader.feed(block)
    tracemalloc.start()
    for _ in range(400):
        reader.feed(block)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reader.found.size > 23_000_000
    assert peak < 10 * len(block)


def test_lan_peer_in_a_session() -> None:
    talk = Talk(peer=LAN)
    assert codes(talk.send(ENVELOPE + b"Subject: scan\n\nhi\n" + END)) == [250, 250, 250, 354, 250]
    assert talk.kept[0].octets == b"Subject: scan\r\n\r\nhi\r\n\r\n"


# ---- chunks [RFC 3030]


def read_chunks(
    wire: bytes, sizes: list[int], step: int, lan: bool = False
) -> tuple[ChunkReader, bytes]:
    """A reader that has had the octets in chunks of these sizes, `step` octets at a time."""
    reader = ChunkReader(1_000_000, lan)
    kept, at = b"", 0
    for number, size in enumerate(sizes):
        reader.begin(size, number == len(sizes) - 1)
        chunk, at = wire[at : at + size], at + size
        for begin in range(0, max(1, size), step):
            octets, rest = reader.feed(chunk[begin : begin + step])
            assert rest == b""
            kept += octets
    return reader, kept


@pytest.mark.parametrize("step", [1, 2, 3, 1000])
@pytest.mark.parametrize("first", [0, 1, 2, 3, 4, 5])
def test_chunks_are_kept_as_they_are_wherever_they_are_cut(first: int, step: int) -> None:
    wire = b".a\r\n.\r\n..\r\nb\r\n"
    reader, kept = read_chunks(wire, [first, len(wire) - first, 0], step)
    assert reader.ended and not reader.found.bad
    assert (kept, reader.found.size, reader.found.dotted) == (wire, len(wire), 3)


def test_a_last_line_without_an_end_gets_one() -> None:
    reader, kept = read_chunks(b"a\r\nb", [4], 2)
    assert (kept, reader.found.size) == (b"a\r\nb\r\n", 6)


@pytest.mark.parametrize("wire", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\nb\r", b"a\0b\r\n", b"\r\r\n"])
@pytest.mark.parametrize("step", [1, 100])
def test_bare_line_ends_and_nul_make_chunks_bad(wire: bytes, step: int) -> None:
    assert read_chunks(wire, [2, len(wire) - 2], step)[0].found.bad


def test_bare_lf_in_chunks_of_the_lan_is_mended() -> None:
    assert read_chunks(b"a\n.b\r\nc\n", [3, 6], 1, lan=True)[1] == b"a\r\n.b\r\nc\r\n"


def test_what_follows_a_chunk_is_not_the_readers() -> None:
    reader = ChunkReader(100, False)
    reader.begin(3, True)
    assert reader.feed(b"a\r\nQUIT\r\n") == (b"a\r\n", b"QUIT\r\n")
    assert reader.ended
