"""What a hostile header costs: time linear in its octets, and work with a bound."""

import time
from collections.abc import Callable

import pytest

from app.mail.smtp.trace import ADDRESSES_LIMIT, with_public_senders
from app.message.headers import (
    FIELDS_LIMIT,
    HEAD_LIMIT,
    SHOWN_LIMIT,
    HeadReader,
    fields,
    rewrite,
    scan_head,
)

SHAPES: dict[str, Callable[[int], bytes]] = {
    "beginnings of encoded words": lambda n: b"Subject: " + b"=?utf-8?B?" * (n // 10),
    "question marks": lambda n: b"Subject: " + b"=?" * (n // 2),
    "encoded words": lambda n: b"Subject: " + b"=?utf-8?Q?a?= " * (n // 14),
    "charsets nobody has": lambda n: b"From: " + b"=?xx?Q?a?= " * (n // 11),
    "folds": lambda n: b"Subject:" + b"\r\n " * (n // 3),
    "one long word in From": lambda n: b"From: " + b"a" * n,
    "addresses in From": lambda n: b"From: " + b"a@box.test," * (n // 11),
    "at signs in From": lambda n: b"From: " + b"a@" * (n // 2),
    "open literals in From": lambda n: b"From: " + b"a@[1" * (n // 4),
    "comments in From": lambda n: b"From: " + b"(" * n,
    "many From fields": lambda n: b"From: a@box.test\r\n" * (n // 18),
    "many fields": lambda n: b"a:\r\n" * (n // 4),
    "fields of different names": lambda n: b"".join(b"a%d:\r\n" % i for i in range(n // 8)),
    "a name without an end": lambda n: b"a" * n,
    "a name and blanks": lambda n: b"From" + b" " * n,
}


def cost(header: bytes) -> float:
    """Seconds of CPU that the mail service spends on this header, the least of three times."""

    def once() -> float:
        begun = time.process_time()
        reader = HeadReader()
        for at in range(0, len(header), 1460):
            reader.feed(header[at : at + 1460])
        reader.end()
        with_public_senders(reader.head, lambda address: None)
        facts = scan_head(reader.head)
        assert len(facts.subject) <= SHOWN_LIMIT and len(facts.sender) <= SHOWN_LIMIT
        return time.process_time() - begun

    return min(once() for _ in range(3))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_header_twice_as_long_costs_about_twice_as_much(shape: str) -> None:
    half, whole = (cost(SHAPES[shape](n)) for n in (HEAD_LIMIT // 2 - 64, HEAD_LIMIT - 64))
    assert whole < 4 * half + 0.05, f"{half:.3f} s for half of it, {whole:.3f} s for all"
    assert whole < 1.0, f"{whole:.3f} s of the mail service's loop for one mail"


def test_a_header_is_read_to_its_limit_of_fields() -> None:
    head = b"x:y\r\n" * (FIELDS_LIMIT + 10)
    assert sum(1 for _ in fields(head)) == FIELDS_LIMIT
    changed = rewrite(head, ("x",), lambda field: b"z:y\r\n")
    assert (changed.count(b"z"), changed.count(b"x")) == (FIELDS_LIMIT, 10)


def test_so_many_addresses_of_one_header_are_looked_up_and_no_more() -> None:
    asked: list[str] = []

    def public(address: str) -> str:
        asked.append(address)
        return "p@public.test"

    head = b"From: " + b"a@box.test, " * 1000 + b"\r\nSender: b@box.test\r\n"
    changed = with_public_senders(head, public)
    assert asked == ["a@box.test"] * ADDRESSES_LIMIT
    assert changed.count(b"p@public.test") == ADDRESSES_LIMIT
    assert changed.endswith(b"Sender: b@box.test\r\n")
