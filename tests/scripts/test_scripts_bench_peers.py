"""The bench beside other servers: what it counts, and what it says of a goal that is missed."""

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import bench_clients
from scripts.bench_peer_servers import SETTINGS, cpu_s, message
from scripts.bench_peers import ROWS, Measured, Result, Row
from tests.kit.dovecot import free_ports

BURNS = "import time\nwhile time.process_time() < 0.1: pass"


def result(per_s: float, peer_per_s: float, cpu_us: float = 5, **row: float) -> Result:
    here = Measured([per_s], [cpu_us], [1.0], {"mail": [cpu_us + 1]})
    peer = Measured([peer_per_s], [9.0], [1.0], {"dovecot": [10.0]})
    return Result(Row("key", "what", "retr", goal=2, logins=("anna",), **row), here, peer)  # type: ignore[arg-type]


def test_bench_beside_others_compares_medians_and_names_what_is_missed() -> None:
    assert result(200, 100).missed == []
    assert result(150, 100).missed == ["25 %"]
    assert result(150, 100, cpu_us=14, most_us=11).missed == ["25 %", "4 µs"]
    found = Measured([10, 1000, 12], [5, 1, 6], [5, 1, 6])
    assert (found.rate, found.cpu_us) == (12, 10)


def test_bench_beside_others_says_where_the_time_goes() -> None:
    told = result(100, 100).where
    assert "10,000 µs from question" in told and "mail 6 µs" in told and "1 in the kernel" in told


def test_every_row_of_the_bench_is_one_of_pop3_or_of_smtp() -> None:
    assert len({row.key for row in ROWS}) == len(ROWS) >= 13
    for row in ROWS:
        assert bool(row.logins) != bool(row.octets), row.key


@pytest.mark.parametrize("reaped", [True, False])
def test_processor_time_is_that_of_children_too_also_of_those_that_have_ended(
    reaped: bool,
) -> None:
    child = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {BURNS!r}])"
    wait = "p.wait()" if reaped else "import os; os.waitid(os.P_PID, p.pid, os.WEXITED|os.WNOWAIT)"
    code = f"{child}; {wait}; print('done', flush=True); sys.stdin.read()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe) as parent:
        assert parent.stdout is not None and parent.stdin is not None
        assert parent.stdout.readline() == b"done\n"
        assert sum(cpu_s(parent.pid)) >= 0.1
        parent.stdin.close()


def test_the_peers_settings_name_their_places_and_no_debugging(tmp_path: Path) -> None:
    (pop3, lmtp) = free_ports(2)
    for name in ("dovecot.conf", "postfix.cf"):
        text = (SETTINGS / name).read_text().format(folder=tmp_path, pop3=pop3, lmtp=lmtp)
        assert str(tmp_path) in text and str(lmtp) in text and "debug" not in text


def test_messages_of_the_bench_have_the_size_that_a_row_names() -> None:
    for octets in (2_000, 320_000):
        assert 0 <= octets - len(message(octets)) < len(bench_clients.LINE)


def test_a_client_stops_at_the_first_refusal(served: Callable[[list[bytes]], int]) -> None:
    port = served([b"220 here\r\n", b"250 here\r\n", b"250 2.1.0 Fine\r\n451 4.3.0 Not now\r\n"])
    sender = bench_clients.Sender(port, 0, b"text\r\n")
    sender.next_mail()
    with pytest.raises(SystemExit, match=r"451 4\.3\.0 Not now"):
        while not sender.answered():
            pass


def test_a_client_counts_a_mail_when_it_is_accepted(served: Callable[[list[bytes]], int]) -> None:
    port = served(
        [b"220 a\r\n", b"250-b\r\n250 c\r\n", b"250 d\r\n250 e\r\n354 f\r\n", b"250 g\r\n", b"250"]
    )
    sender = bench_clients.Sender(port, 0, b"text\r\n")
    sender.next_mail()
    assert [sender.answered(), sender.answered()] == [0, 1]


@pytest.fixture
def served() -> Callable[[list[bytes]], int]:
    """A server that gives these answers, one for each time that it hears something."""

    def serve(answers: list[bytes]) -> int:
        door = socket.create_server(("127.0.0.1", 0))

        def answer() -> None:
            talk, _ = door.accept()
            with door, talk:
                talk.sendall(answers[0])
                for octets in answers[1:]:
                    talk.recv(65536)
                    talk.sendall(octets)
                with contextlib.suppress(ConnectionResetError):
                    talk.recv(65536)

        threading.Thread(target=answer, daemon=True).start()
        return int(door.getsockname()[1])

    return serve
