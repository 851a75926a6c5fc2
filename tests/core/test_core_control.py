"""Asking a service: whatever answers, or does not, is said in words."""

import socket
import threading
from pathlib import Path

import pytest

from app.core.control import NotRunning, ask


def answering(path: Path, answer: bytes) -> None:
    """A service that gives this answer once."""
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(path))
    door.listen()

    def serve() -> None:
        link, _ = door.accept()
        with door, link:
            link.recv(4096)
            link.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()


def test_answer_of_a_service_is_an_object(tmp_path: Path) -> None:
    answering(tmp_path / "door", b'{"quiet": true}\n')
    assert ask(tmp_path / "door", {"ask": "quiet"}) == {"quiet": True}


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"", "hung up without an answer"),
        (b'{"periods": Infinity}\n', "Infinity is no number"),
        (b"[1]\n", "no object"),
        (b"half an ans", "no JSON"),
        (b"[" * 20_000 + b"\n", "no JSON"),
    ],
)
def test_answer_that_is_none_is_said_in_words(tmp_path: Path, answer: bytes, text: str) -> None:
    answering(tmp_path / "door", answer)
    with pytest.raises(NotRunning, match=text):
        ask(tmp_path / "door", {"ask": "status"})


def test_service_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match="is the appliance running"):
        ask(tmp_path / "door", {"ask": "status"})
