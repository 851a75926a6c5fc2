"""What a POP3 server sends of a message is read alike, wherever it is cut."""

import random
from collections.abc import Iterable

import pytest

from app.mail.fetch.reader import MessageReader

BITS = (b"\r", b"\n", b"\0", b"\0\0", b".", b"a", b"\r\n", b"\r\n.")


def read(pieces: Iterable[bytes]) -> tuple[bytes, int, int]:
    """The message, its size, and its lines with a dot, as the reader counts them."""
    reader, kept = MessageReader(), b""
    for piece in pieces:
        kept += reader.feed(piece)[0]
        if reader.ended:
            break
    assert reader.ended
    return kept, reader.size, reader.dotted


@pytest.mark.parametrize("seed", range(8))
def test_message_is_kept_alike_wherever_it_is_cut(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(500):
        octets = b"".join(dice.choices(BITS, k=dice.randint(0, 14))) + b"\r\n.\r\n"
        whole = read([octets])
        place = dice.randint(0, len(octets))
        assert read([octets[:place], octets[place:]]) == whole, (octets, place)
        assert read(octets[n : n + 1] for n in range(len(octets))) == whole, octets


def test_nul_between_cr_and_lf_is_left_out_and_makes_no_line_of_its_own() -> None:
    assert read([b"a\r\0", b"\0\nb\r\n.\r\n"])[0] == b"a\r\nb\r\n"
