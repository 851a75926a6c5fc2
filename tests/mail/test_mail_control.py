"""The mail service's control socket, and the end of a loop that hangs."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.mail.control import LONGEST_QUESTION, Control, Lateness


def ask(path: Path, *lines: bytes) -> list[Any]:
    """What a control socket answers to these lines."""

    async def test() -> list[Any]:
        control = Control(path, {"status": lambda: {"well": True}})
        await control.open()
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            writer.write(b"".join(lines))
            writer.write_eof()
            return [json.loads(line) for line in (await reader.read()).splitlines()]
        finally:
            writer.close()
            control.close()

    return asyncio.run(test())


def test_each_question_is_answered_with_a_line(tmp_path: Path) -> None:
    path = tmp_path / "mail.sock"
    path.write_text("left over by a dead service")
    assert ask(path, b'{"ask": "status"}\n', b'{"ask": "status"}\n') == [{"well": True}] * 2
    assert not path.exists()


@pytest.mark.parametrize(
    "line", [b"\n", b"[1]\n", b'{"ask": 1}\n', b'{"ask": "who"}\n', b"{\xff\n"]
)
def test_what_is_no_question_is_answered_with_an_error(tmp_path: Path, line: bytes) -> None:
    (answer,) = ask(tmp_path / "mail.sock", line)
    assert list(answer) == ["error"]


def test_a_question_without_an_end_is_not_kept(tmp_path: Path) -> None:
    assert ask(tmp_path / "mail.sock", b"x" * (LONGEST_QUESTION * 3) + b"\n") == []


def test_lateness_is_the_worst_of_the_last_one_or_two_minutes() -> None:
    late = Lateness()
    for now, seen, worst in (
        (0.0, 0.25, 0.25),
        (59.0, 0.5, 0.5),
        (60.0, 0.0, 0.5),
        (119.0, 0.125, 0.5),
        (120.0, 0.0, 0.125),
        (180.0, 0.0, 0.0),
    ):
        late.seen(now, seen)
        assert late.worst == worst, f"at {now} s"


HANGS = """
import asyncio, time
from app.commands.service_mail import end_when_hung

async def main():
    watching = asyncio.create_task(end_when_hung(asyncio.Event(), hangs_s=0.2))
    await asyncio.sleep(0)
    time.sleep(60)

asyncio.run(main())
"""


def test_a_loop_that_hangs_ends_its_process_with_its_stack_in_the_log() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=50
    )
    assert ended.returncode == 1
    assert "Timeout" in ended.stderr and "in main" in ended.stderr


FILES = """
import resource
from app.commands.service_mail import _allow_files
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 200))
for count in (32, 150, 500):
    _allow_files(count)
    print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def test_so_many_files_may_be_open_as_all_connections_need_if_the_system_allows_it() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FILES], capture_output=True, text=True, timeout=50
    )
    assert ended.stdout.split() == ["64", "150", "200"], ended.stderr
