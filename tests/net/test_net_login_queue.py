"""Whose password is looked at next: sources take turns, and who has gone is passed over."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.inbox.people import Person
from app.net.logins import LoginQueue
from tests.kit.pop3_house import Pop3House, pop3_house


def served(*order: str, wrong: tuple[str, ...] = ()) -> list[str]:
    """In which order these sources' passwords are looked at, if all come while one is."""

    async def test() -> list[str]:
        queue, looked_at = LoginQueue(), list[str]()

        async def login(origin: str) -> None:
            await queue.turn(origin)
            looked_at.append(origin)
            await asyncio.sleep(0)
            queue.done(origin, None)

        for origin in wrong:
            await queue.turn(origin)
            queue.done(origin, True)
        await queue.turn("first")
        logins = [asyncio.create_task(login(origin)) for origin in order]
        await asyncio.sleep(0)
        assert len(queue) == len(order)
        queue.done("first", False)
        await asyncio.gather(*logins)
        assert len(queue) == 0
        await queue.turn("at once")
        return looked_at

    return asyncio.run(test())


def test_sources_take_turns() -> None:
    assert served("a", "a", "a", "b", "c", "b") == ["a", "b", "c", "a", "b", "a"]


def test_sources_whose_last_password_was_wrong_come_last() -> None:
    assert served("a", "a", "b", "c", wrong=("a", "b")) == ["c", "a", "b", "a"]


class Gate:
    """Lets passwords be looked at when told, and notes whose."""

    def __init__(self, house: Pop3House) -> None:
        self.logins: list[str] = []
        self.open = threading.Event()
        self.entered = threading.Event()
        self._check = house.people.check_password
        house.people.check_password = self._wait  # type: ignore[method-assign]

    def _wait(self, login: str, password: str) -> Person | None:
        self.logins.append(login)
        self.entered.set()
        assert self.open.wait(20), "the test lets it go on"
        return self._check(login, password)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Pop3House]:
    with pop3_house(tmp_path) as house:
        house.add("anna", "201")
        yield house


def guess(house: Pop3House, address: str, login: str) -> socket.socket:
    """A connection whose wrong password is on its way."""
    client = socket.create_connection(("127.0.0.1", house.port), 20, source_address=(address, 0))
    client.sendall(f"USER {login}\r\nPASS wrong\r\n".encode())
    return client


def await_waiting(house: Pop3House, count: int) -> None:
    """Wait until so many passwords wait."""
    house._await(lambda: len(house.logins) == count)


def test_wrong_passwords_of_one_host_do_not_delay_another_hosts_login(house: Pop3House) -> None:
    gate = Gate(house)
    guessers = [guess(house, "127.0.0.9", f"guess{n}") for n in range(20)]
    assert gate.entered.wait(20)
    await_waiting(house, 19)
    anna = threading.Thread(target=lambda: house.logged_in().quit())
    anna.start()
    await_waiting(house, 20)
    gate.open.set()
    anna.join(20)
    before = gate.logins.index("anna")
    assert before == 1, f"{before} passwords of the other host were looked at before Anna's"
    for guesser in guessers:
        guesser.close()


def test_a_password_whose_client_has_gone_is_not_looked_at(house: Pop3House) -> None:
    gate = Gate(house)
    first = guess(house, "127.0.0.9", "first")
    assert gate.entered.wait(20)
    gone = [guess(house, "127.0.0.9", "gone") for _ in range(10)]
    await_waiting(house, 10)
    for client in gone:
        client.close()
    gate.open.set()
    house.logged_in().quit()
    assert gate.logins == ["first", "anna"]
    first.close()
