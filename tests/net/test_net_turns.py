"""Turns of connections: one address with many of them gets no more of the loop than another."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from app.mail.smtp.session import SmtpSession
from app.net.listener import Connection
from app.net.turns import Turns
from tests.kit.mail_box import MailBox


def test_addresses_take_turns_whatever_the_number_of_their_connections() -> None:
    turns: Turns[str] = Turns()
    for number in range(100):
        turns.add("198.51.100.7", f"stranger {number}")
    turns.add("10.0.0.2", "anna")
    turns.add("10.0.0.3", "bob")
    assert len(turns) == 102
    assert [turns.next() for _ in range(4)] == ["stranger 0", "anna", "bob", "stranger 1"]
    turns.add("10.0.0.2", "anna again")
    assert [turns.next() for _ in range(3)] == ["stranger 2", "anna again", "stranger 3"]


def test_those_of_one_address_keep_their_order_and_none_is_forgotten() -> None:
    turns: Turns[int] = Turns()
    for number in range(10):
        turns.add("a" if number % 3 else "b", number)
    taken = [turns.next() for _ in range(10)]
    assert sorted(taken) == list(range(10)) and len(turns) == 0
    assert [n for n in taken if n % 3] == [1, 2, 4, 5, 7, 8]
    with pytest.raises(KeyError):
        turns.next()


def test_newcomer_has_its_turn_in_the_first_round_beside_a_hundred_of_one_address(
    tmp_path: Path,
) -> None:
    had: list[str] = []

    @dataclass
    class Waiting:
        origin: str

        def next_turn(self) -> None:
            had.append(self.origin)

    async def ask() -> None:
        server = box.service._smtp
        for origin in ["198.51.100.7"] * 100 + ["10.0.0.2"]:
            server.ask_turn(cast(Connection[SmtpSession], Waiting(origin)))
        await asyncio.sleep(0)

    with MailBox(tmp_path) as box:
        box.in_loop(ask())
    assert "10.0.0.2" in had[:2]
