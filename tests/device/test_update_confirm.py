"""A slot on trial proves itself or not: what becomes of the state, with the checks played."""

from pathlib import Path

import pytest

from app.device.update.checks import faulty, lines_as_before
from app.device.update.confirm import Check, Verdict, confirm, mark_good, needs_proof
from app.device.update.errors import CheckFailed
from app.device.update.slots import SlotState, start
from app.device.update.slots_disk import BlockFile
from tests.kit.slots import PlainDisk

FINE = Check("fine", lambda: "as it should be")


def _fail() -> str:
    raise CheckFailed("no dial tone")


BAD = Check("bad", _fail)


def on_trial(folder: Path, running: str = "B") -> PlainDisk:
    plain = PlainDisk(folder, running=running)
    plain.disk().write(lambda state: state.on_trial("B"))
    return plain


def test_all_checks_well_and_the_slot_is_good(tmp_path: Path) -> None:
    plain, said = on_trial(tmp_path), list[str]()
    assert confirm(plain.disk(), [FINE, FINE], said.append) is Verdict.GOOD
    assert said == ["fine: as it should be"] * 2
    assert plain.disk().state() == SlotState(3, "B")


def test_one_check_fails_and_nothing_is_written(tmp_path: Path) -> None:
    plain, said = on_trial(tmp_path), list[str]()
    before = plain.files()
    assert confirm(plain.disk(), [FINE, BAD, FINE], said.append) is Verdict.FAILED
    assert said == ["fine: as it should be", "bad: FAILED: no dial tone"]
    assert plain.files() == before


def test_three_failures_bring_the_old_slot_back(tmp_path: Path) -> None:
    plain = on_trial(tmp_path)
    ran = []
    for _ in range(5):
        slot, files = start(plain.files(), lambda slot: True)
        assert slot is not None
        for name, octets in zip(("slot0.env", "slot1.env"), files, strict=True):
            plain.file(name).write_bytes(octets or b"")
        plain.running = slot
        ran.append((slot, confirm(plain.disk(), [BAD], print)))
    assert ran == [("B", Verdict.FAILED)] * 3 + [("A", Verdict.NOTHING)] * 2


def test_a_good_slot_needs_no_proof_and_no_write(tmp_path: Path) -> None:
    class Untouchable(BlockFile):
        def write(self, at: int, octets: bytes) -> None:
            raise AssertionError("written")

    plain = PlainDisk(tmp_path, open=Untouchable)
    assert confirm(plain.disk(), [BAD], print) is Verdict.NOTHING
    mark_good(plain.disk())


def test_an_update_that_waits_for_its_start_is_left_alone(tmp_path: Path) -> None:
    plain = on_trial(tmp_path, running="A")
    assert confirm(plain.disk(), [BAD], print) is Verdict.NOTHING
    assert plain.disk().state().trial == "B"


def test_a_slot_that_stands_in_for_a_broken_one_proves_itself_too(tmp_path: Path) -> None:
    plain = PlainDisk(tmp_path, running="B")
    assert needs_proof(plain.disk().state(), "B")
    assert confirm(plain.disk(), [FINE], print) is Verdict.GOOD
    assert plain.disk().state().good == "B"


def test_marking_good_ends_whatever_was_on_trial(tmp_path: Path) -> None:
    plain = on_trial(tmp_path, running="A")
    mark_good(plain.disk())
    assert plain.disk().state() == SlotState(3, "A")


LINES = {"101": {"fault": None}, "102": {"fault": "no answer"}, "line1": {"fault": ""}}


def test_lines_that_were_broken_before_are_not_held_against_the_new_version() -> None:
    settled: list[bool] = []
    assert faulty({"lines": LINES}) == {"102"}
    said = lines_as_before(
        {"lines": LINES}, frozenset(("102", "line9")), lambda: settled.append(True)
    )
    assert said.startswith("3 lines") and settled == [True]


def test_a_line_that_worked_before_must_work() -> None:
    with pytest.raises(CheckFailed, match="102: no answer"):
        lines_as_before({"lines": LINES}, frozenset(), lambda: None)
