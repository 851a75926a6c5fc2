"""The canonical forms of RFC 6376 §3.4: the standard's own examples, and dkimpy as judge."""

import hashlib
import random

import pytest
from dkim.canonicalization import Relaxed, Simple

from app.message.canonical import BodyHash, canonical_field, chosen
from app.message.headers import fields

EXAMPLE = b" C \r\nD \t E\r\n\r\n\r\n"
"""The body of RFC 6376 §3.4.5."""


def hashed(body: bytes, relaxed: bool, cuts: random.Random | None = None) -> bytes:
    made = BodyHash(relaxed)
    while body:
        here = cuts.randrange(1, 6) if cuts else len(body)
        made.feed(body[:here])
        body = body[here:]
    return made.digest()


@pytest.mark.parametrize(
    ("relaxed", "body", "canonical"),
    [
        (True, EXAMPLE, b" C\r\nD E\r\n"),
        (False, EXAMPLE, b" C \r\nD \t E\r\n"),
        (True, b"", b""),
        (False, b"", b"\r\n"),
        (True, b"\r\n\r\n", b""),
        (False, b"\r\n\r\n", b"\r\n"),
        (True, b" \t\r\n", b""),
    ],
)
def test_examples_of_the_standard(relaxed: bool, body: bytes, canonical: bytes) -> None:
    for cuts in (None, random.Random(1)):
        assert hashed(body, relaxed, cuts) == hashlib.sha256(canonical).digest()


@pytest.mark.parametrize("relaxed", [True, False])
def test_any_body_cut_anywhere_is_what_dkimpy_makes_of_it(relaxed: bool) -> None:
    chance = random.Random(6376)
    judge = Relaxed if relaxed else Simple
    for _ in range(2_000):
        parts = (b" ", b"\t", b"\r\n", b"a", b"b ", b"\r\n\r\n", b".", b"\xff")
        body = b"".join(chance.choices(parts, k=chance.randrange(20))) + b"\r\n"
        wanted = hashlib.sha256(judge.canonicalize_body(body)).digest()
        assert hashed(body, relaxed, chance) == wanted, body


def test_endless_empty_lines_are_counted_and_not_kept() -> None:
    made = BodyHash(relaxed=True)
    for _ in range(200):
        made.feed(b"\r\n" * 50_000)
    made.feed(b"x\r\n")
    assert len(made._held) < 10
    assert made.digest() == hashlib.sha256(b"\r\n" * 10_000_000 + b"x\r\n").digest()


def test_header_fields_of_the_standards_example() -> None:
    first, second = fields(b"A: X\r\nB : Y\t\r\n\tZ  \r\n")
    assert canonical_field(first, True) + canonical_field(second, True) == b"a:X\r\nb:Y Z\r\n"
    assert canonical_field(second, False) == b"B : Y\t\r\n\tZ  \r\n"


def test_a_name_twice_means_the_last_field_and_the_one_before() -> None:
    found = list(fields(b"A: 1\r\nB: 2\r\nA: 3\r\n"))
    picked = chosen(found, ["a", "c", "a", "a", "b"])
    assert [field.value for field in picked] == [b"3", b"1", b"2"]
