"""Which slot is started: the state files, torn at every octet, and the content of slots."""

import random
from pathlib import Path

import pytest

from app.device.update.slots import FILE_OCTETS, SlotState, choose, newest, parse, start
from app.device.update.slots_content import PAGE, look
from tests.kit.slots import RELEASE, PlainDisk, Power, PowerCut, a_slot

GOOD_A = SlotState(4, "A")
TRIAL_B = SlotState(5, "A", "B", 3)


def test_a_file_is_one_sector_and_says_what_it_was_given() -> None:
    for state in (GOOD_A, TRIAL_B, SlotState(0xABCDEF, "B", "A", 0)):
        assert len(state.octets()) == FILE_OCTETS
        assert parse(state.octets()) == state


def test_the_form_is_that_of_u_boots_env_export() -> None:
    body = b"slot_good=A\0slot_left=3\0slot_seq=5\0slot_trial=B\0".ljust(508, b"\0")
    assert TRIAL_B.octets() == bytes.fromhex("4c7577f3") + body


@pytest.mark.parametrize(
    "octets",
    [None, b"", bytes(512), b"\xff" * 512, TRIAL_B.octets()[:-1], TRIAL_B.octets() + b"\0"],
)
def test_what_is_not_a_whole_file_is_nothing(octets: bytes | None) -> None:
    assert parse(octets) is None


def test_every_changed_bit_is_noticed() -> None:
    octets = bytearray(TRIAL_B.octets())
    for at in range(len(octets)):
        octets[at] ^= 1 << at % 8
        assert parse(bytes(octets)) is None
        octets[at] ^= 1 << at % 8


def test_neither_file_valid_means_slot_a() -> None:
    assert newest([None, bytes(512)]) == (SlotState(), 0)
    assert start([None, None], lambda slot: True) == ("A", [None, None])


def test_the_higher_sequence_number_counts_and_the_other_file_is_spare() -> None:
    assert newest([GOOD_A.octets(), TRIAL_B.octets()]) == (TRIAL_B, 0)
    assert newest([TRIAL_B.octets(), GOOD_A.octets()]) == (TRIAL_B, 1)
    assert newest([None, GOOD_A.octets()]) == (GOOD_A, 0)


def test_of_two_files_with_one_sequence_number_the_first_counts() -> None:
    """As the boot script's -gt has it: else the two would disagree on which file is the spare."""
    good_b = SlotState(GOOD_A.seq, "B")
    assert newest([GOOD_A.octets(), good_b.octets()]) == (GOOD_A, 1)
    assert newest([good_b.octets(), GOOD_A.octets()]) == (good_b, 1)


def test_sequence_numbers_begin_at_one_and_a_file_with_zero_does_not_count() -> None:
    assert newest([SlotState(0, "B").octets(), None]) == (SlotState(), 0)
    assert newest([None, SlotState(0, "B").octets()]) == (SlotState(), 0)


def test_slot_without_tries_left_is_neither_counted_down_nor_attempted_first() -> None:
    choice = choose(SlotState(7, "A", "B", 0))
    assert choice.write is None and choice.order == ("A", "B")


def test_a_good_slot_is_started_without_any_write() -> None:
    files = [GOOD_A.octets(), SlotState(3, "B").octets()]
    assert start(files, lambda slot: True) == ("A", files)


def test_a_slot_on_trial_has_three_tries_then_the_good_one_comes_back() -> None:
    files: list[bytes | None] = [GOOD_A.octets(), TRIAL_B.octets()]
    ran = []
    for _ in range(6):
        slot, files = start(files, lambda slot: True)
        ran.append(slot)
    assert ran == ["B", "B", "B", "A", "A", "A"]
    assert newest(files)[0] == SlotState(8, "A", "B", 0)


def test_a_slot_that_cannot_be_counted_down_is_not_tried() -> None:
    assert choose(TRIAL_B, can_write=False).order[0] == "A"


def test_what_cannot_be_started_is_passed_over() -> None:
    assert start([GOOD_A.octets(), None], lambda slot: slot == "B")[0] == "B"
    assert start([GOOD_A.octets(), TRIAL_B.octets()], lambda slot: slot == "A")[0] == "A"
    assert start([GOOD_A.octets(), None], lambda slot: False)[0] is None


def test_a_write_torn_at_any_octet_leaves_the_state_before_or_the_state_after() -> None:
    """The spare file holds an older state, or noise, under the torn one."""
    noise = random.Random(1).randbytes(512)
    after = TRIAL_B.octets()
    for old in (SlotState(3, "B").octets(), bytes(512), noise):
        for cut in range(FILE_OCTETS + 1):
            torn = after[:cut] + old[cut:]
            state, _ = newest([GOOD_A.octets(), torn])
            assert state == TRIAL_B if cut == FILE_OCTETS else state in (GOOD_A, TRIAL_B)


def test_counting_down_torn_at_any_octet_never_starts_more_than_what_was_allowed() -> None:
    """Power that fails in the middle of the loader's own write, time and again."""
    for cut in range(FILE_OCTETS):
        files: list[bytes | None] = [GOOD_A.octets(), TRIAL_B.octets()]
        state, spare = newest(files)
        write = choose(state).write
        assert write is not None
        files[spare] = write.octets()[:cut] + (files[spare] or b"")[cut:]
        ran = []
        for _ in range(4):
            slot, files = start(files, lambda slot: True)
            ran.append(slot)
        assert ran[-1] == "A" and ran.count("B") <= 3


def test_the_disk_writes_only_the_spare_file(tmp_path: Path) -> None:
    plain = PlainDisk(tmp_path)
    disk = plain.disk()
    before = plain.files()
    assert disk.state() == SlotState(1, "A")
    assert disk.write(lambda state: state.on_trial("B")) == SlotState(2, "A", "B", 3)
    assert plain.files()[0] == before[0]
    disk.write(lambda state: state.marked_good("B"))
    assert plain.files() == [SlotState(3, "B").octets(), SlotState(2, "A", "B", 3).octets()]


def test_a_power_cut_while_the_disk_writes_leaves_a_state(tmp_path: Path) -> None:
    for cut in range(0, FILE_OCTETS + 1, 7):
        plain = PlainDisk(tmp_path / str(cut), open=Power(cut).file)
        try:
            plain.disk().write(lambda state: state.on_trial("B"))
        except PowerCut:
            assert newest(plain.files())[0] in (SlotState(1, "A"), SlotState(2, "A", "B", 3))


def test_a_missing_state_file_is_made_anew(tmp_path: Path) -> None:
    plain = PlainDisk(tmp_path)
    plain.file("slot1.env").unlink()
    plain.disk().write(lambda state: state.on_trial("B"))
    assert newest(plain.files())[0].trial == "B"


def test_the_good_slot_is_never_on_trial() -> None:
    with pytest.raises(ValueError, match="no trial"):
        GOOD_A.on_trial("A")


def test_a_slot_says_which_release_it_holds(tmp_path: Path) -> None:
    plain = PlainDisk(tmp_path)
    plain.fill("B", a_slot(1))
    content = plain.disk().content("B")
    assert content is not None and content.release == RELEASE
    plain.fill("B", a_slot(1, release=None))
    content = plain.disk().content("B")
    assert content is not None and content.release is None


@pytest.mark.parametrize("at", [0, 3, 0x29, 40_960, 40_960 + PAGE, 40_960 + PAGE + 70_000])
def test_a_slot_with_a_wrong_octet_where_it_matters_is_not_started(tmp_path: Path, at: int) -> None:
    plain = PlainDisk(tmp_path)
    content = bytearray(a_slot(1))
    content[at] ^= 0x20
    plain.fill("A", bytes(content))
    assert look(plain.slot("A")) is None


def test_an_empty_slot_is_not_started(tmp_path: Path) -> None:
    assert PlainDisk(tmp_path).disk().content("B") is None
    (tmp_path / "slotB").write_bytes(b"hsqs")
    assert look(tmp_path / "slotB") is None
