"""Change notices between senders and listeners, dead ones included."""

import select
from pathlib import Path

from app.core.notices import Listener, Notices


def readable(listener: Listener) -> bool:
    return bool(select.select([listener], [], [], 0)[0])


def test_notice_reaches_every_listener_once(tmp_path: Path) -> None:
    first, second = Listener(tmp_path, "phone"), Listener(tmp_path, "web")
    Notices(tmp_path).send()
    assert readable(first) and readable(second)
    assert first.clear() and second.clear()
    assert not readable(first) and not first.clear()


def test_sending_to_a_listener_that_does_not_read_never_blocks(tmp_path: Path) -> None:
    sleeper, sender = Listener(tmp_path, "sleeper"), Notices(tmp_path)
    for _ in range(2_000):
        sender.send()
    assert sleeper.clear()
    sender.send()
    assert sleeper.clear()


def test_dead_listeners_socket_is_removed_and_the_others_get_the_notice(tmp_path: Path) -> None:
    dead, living = Listener(tmp_path, "dead"), Listener(tmp_path, "living")
    dead._socket.close()  # as a crash does: the socket's file stays
    assert len(list(tmp_path.iterdir())) == 2
    Notices(tmp_path).send()
    assert len(list(tmp_path.iterdir())) == 1
    assert living.clear()


def test_closed_listener_leaves_no_file(tmp_path: Path) -> None:
    listener = Listener(tmp_path, "phone")
    listener.close()
    listener.close()
    assert list(tmp_path.iterdir()) == []
    Notices(tmp_path).send()


def test_listener_in_a_path_longer_than_a_socket_address_gets_notices(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    listener = Listener(deep, "phone")
    Notices(deep).send()
    assert listener.clear()
