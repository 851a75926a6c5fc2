"""Change notices between tellers and listeners, dead ones included."""

import select
from pathlib import Path

from app.core.notices import Listener, Notices


def readable(listener: Listener) -> bool:
    return bool(select.select([listener], [], [], 0)[0])


def test_every_listener_is_told_once_and_then_is_quiet(tmp_path: Path) -> None:
    first, second = Listener(tmp_path, "phone"), Listener(tmp_path, "web")
    Notices(tmp_path).tell()
    assert readable(first) and readable(second)
    assert first.clear() and second.clear()
    assert not readable(first) and not first.clear()


def test_telling_never_blocks_a_listener_that_sleeps(tmp_path: Path) -> None:
    sleeper, teller = Listener(tmp_path, "sleeper"), Notices(tmp_path)
    for _ in range(2_000):
        teller.tell()
    assert sleeper.clear()
    teller.tell()
    assert sleeper.clear()


def test_a_dead_listeners_socket_is_removed_and_the_living_are_told(tmp_path: Path) -> None:
    dead, living = Listener(tmp_path, "dead"), Listener(tmp_path, "living")
    dead._socket.close()  # as a crash does: the socket's file stays
    assert len(list(tmp_path.iterdir())) == 2
    Notices(tmp_path).tell()
    assert len(list(tmp_path.iterdir())) == 1
    assert living.clear()


def test_a_listener_that_closes_leaves_nothing_behind(tmp_path: Path) -> None:
    listener = Listener(tmp_path, "phone")
    listener.close()
    listener.close()
    assert list(tmp_path.iterdir()) == []
    Notices(tmp_path).tell()


def test_a_path_longer_than_a_socket_address_works(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    listener = Listener(deep, "phone")
    Notices(deep).tell()
    assert listener.clear()
