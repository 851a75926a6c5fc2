"""Who rings when the phone service is killed is known to the next one."""

from pathlib import Path

import pytest

from app.phone.calls.line import Caller, Line
from app.phone.lines.kept_callers import VALID_S, KeptCallers, NoMemory, kept_callers
from app.phone.pbx import Pbx
from drivers.board import LineBoard
from drivers.countries import country
from tests.phone.test_phone_on_virtual_board import House

CARL = Caller("5551234", "CARL CALLER")
LINES = ("line1", "line2")


class Now:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "callers"


def test_kept_caller_is_taken_once_by_the_next_process(path: Path, now: Now) -> None:
    KeptCallers(path, LINES, now).keep("line2", CARL)
    after = KeptCallers(path, LINES, now)
    assert after.take("line1") is None
    assert after.take("line2") == CARL
    assert after.take("line2") is None


@pytest.mark.parametrize(
    "caller",
    [
        Caller(None, None, "private"),
        Caller("5551234"),
        Caller(None, "ÄÖÜ & Söhne"),
        Caller("+" + "5" * 58, "N" * 60),
    ],
)
def test_kept_caller_comes_back_as_it_was(path: Path, now: Now, caller: Caller) -> None:
    KeptCallers(path, LINES, now).keep("line1", caller)
    assert KeptCallers(path, LINES, now).take("line1") == caller


def test_caller_of_an_earlier_minute_or_an_earlier_start_of_the_machine_is_nobody(
    path: Path, now: Now
) -> None:
    kept = KeptCallers(path, LINES, now)
    for later, found in ((VALID_S, CARL), (VALID_S + 1, None), (-1.0, None)):
        now.at = 1000.0
        kept.keep("line1", CARL)
        now.at += later
        assert kept.take("line1") == found


def test_dropped_caller_and_a_line_that_is_not_there_are_nobody(path: Path, now: Now) -> None:
    kept = KeptCallers(path, LINES, now)
    kept.keep("line1", CARL)
    kept.drop("line1")
    kept.keep("line9", CARL)
    assert kept.take("line1") is None and kept.take("line9") is None


@pytest.mark.parametrize("octets", [b"\xff" * 4096, b"\x05[1,2]", b"\x04nullx", b"", b"\x10"])
def test_file_that_holds_something_else_is_nobody(path: Path, now: Now, octets: bytes) -> None:
    path.write_bytes(octets)
    assert KeptCallers(path, LINES, now).take("line1") is None


def test_link_in_place_of_the_file_is_not_followed(path: Path, now: Now, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("kept")
    path.symlink_to(tmp_path / "other")
    assert isinstance(kept_callers(path, LINES, now), NoMemory)
    assert (tmp_path / "other").read_text() == "kept"


class Restarted(House):
    """A house whose phone service can be killed and started again while the office goes on."""

    def __init__(self, path: Path) -> None:
        self.calls: list[Caller] = []

        async def answer(line: Line, mailbox: str) -> None:
            self.calls.append(line.caller)

        self.answer = answer
        super().__init__(answer=answer)
        self.path = path
        self.restart()

    def seconds_of_the_machine(self) -> float:
        return self.box.now / 8000

    def restart(self) -> None:
        old = self.pbx
        board = LineBoard(self.box.spec, self.box, country("us"))
        kept = KeptCallers(self.path, LINES, self.seconds_of_the_machine)
        context = old.calls
        self.pbx = Pbx(
            board,
            self.box.spec.slots,
            context._clerk,
            context.config,
            self.answer,
            self.answer,
            kept=kept,
        )
        self.pace._pbx = self.pbx
        self.pace.power_up()


@pytest.mark.parametrize("killed_after_s", [5, 6.5, 7.5, 9])
def test_caller_known_before_the_phone_was_killed_is_known_to_voicemail(
    path: Path, killed_after_s: float
) -> None:
    house = Restarted(path)
    house.office["line1"].ring("5551234", "CARL CALLER")
    house.pace.seconds(killed_after_s)
    house.restart()
    house.until(lambda: bool(house.calls), 30, "voicemail answers")
    assert house.calls == [CARL]


def test_caller_who_gave_up_is_not_taken_for_the_next_one(path: Path) -> None:
    house = Restarted(path)
    house.office["line1"].ring("5551234", "CARL CALLER")
    house.pace.seconds(5)
    house.office["line1"].hang_up()
    house.pace.seconds(15)
    house.restart()
    house.office["line1"].ring(caller_id=False)
    house.until(lambda: bool(house.calls), 30, "voicemail answers")
    assert house.calls == [Caller()]


def test_caller_id_that_comes_after_the_restart_goes_before_what_was_kept(path: Path) -> None:
    house = Restarted(path)
    house.office["line1"].ring("5551234", "CARL CALLER")
    house.pace.seconds(5)
    house.office["line1"].hang_up()
    house.restart()
    house.office["line1"].ring("5559999", "EVA")
    house.until(lambda: bool(house.calls), 30, "voicemail answers")
    assert house.calls == [Caller("5559999", "EVA")]
