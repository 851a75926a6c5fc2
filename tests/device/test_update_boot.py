"""The boot script in Debian's U-Boot, and its twin in Python: the same slot, the same octets."""

import random
from pathlib import Path

import pytest

from app.device.update.confirm import needs_proof
from app.device.update.slots import SlotState, newest, parse, start
from app.device.update.slots_content import look
from tests.kit.slot_machine import SlotMachine, a_kernel, missing
from tests.kit.slots import a_slot

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"missing here: {', '.join(missing())}")

Files = list[bytes | None]
GOOD, EMPTY = "good", "empty"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> SlotMachine:
    return SlotMachine(tmp_path_factory.mktemp("machine"))


CONTENTS = {slot: a_slot(n, a_kernel(f"kernel {slot} ")) for n, slot in enumerate("AB", 1)}


def compare(machine: SlotMachine, folder: Path, files: Files, contents: dict[str, bytes]) -> str:
    """Both start once from the same disk; gives the slot."""
    for slot, content in contents.items():
        machine.put(slot, content)
        (folder / slot).write_bytes(content)
    machine.write_files(files)
    ran, told = machine.running()
    expected, after = start(files, lambda slot: look(folder / slot) is not None)
    assert (ran, machine.files()) == (expected, after)
    assert told == (ran is not None and needs_proof(newest(files)[0], ran))
    return ran or "none"


def states(*given: SlotState | bytes | None) -> Files:
    return [state.octets() if isinstance(state, SlotState) else state for state in given]


def broken(slot: str, at: int) -> bytes:
    """A slot with one wrong octet; `at` from its begin (0 or more) or from its end."""
    content = bytearray(CONTENTS[slot])
    content[at] ^= 0x20
    return bytes(content)


KERNEL = 40_960 + 4096  # where it begins in these slots


@pytest.mark.parametrize(
    ("files", "runs"),
    [
        (states(SlotState(1, "A"), SlotState(0, "A")), "A"),
        (states(SlotState(1, "A"), SlotState(2, "B")), "B"),
        (states(SlotState(0x1F, "B"), SlotState(0xE, "A")), "B"),
        (states(SlotState(9, "A"), SlotState(0xA, "A", "B", 3)), "B"),
        (states(SlotState(0xFF, "B", "A", 1), SlotState(0x9, "B")), "A"),
        (states(SlotState(5, "A", "B", 0), SlotState(4, "A", "B", 1)), "A"),
        (states(SlotState(6, "B"), SlotState(6, "A", "B", 2)), "B"),
        (states(SlotState(0, "B"), None), "A"),
        (states(None, None), "A"),
        (states(bytes(512), b"\xff" * 512), "A"),
        (states(SlotState(1, "B"), b""), "B"),
        (states(SlotState(1, "B"), SlotState(7, "A").octets()[:300]), "B"),
        (states(None, SlotState(3, "A", "B", 2)), "B"),
    ],
)
def test_the_script_chooses_as_its_twin(
    machine: SlotMachine, tmp_path: Path, files: Files, runs: str
) -> None:
    assert compare(machine, tmp_path, files, CONTENTS) == runs


def test_a_trial_counts_down_and_falls_back(machine: SlotMachine, tmp_path: Path) -> None:
    files = states(SlotState(1, "A"), SlotState(2, "A", "B", 3))
    ran = []
    for _ in range(5):
        ran.append(compare(machine, tmp_path, files, CONTENTS))
        files = machine.files()
    assert ran == ["B", "B", "B", "A", "A"]
    assert newest(files)[0] == SlotState(5, "A", "B", 0)


@pytest.mark.parametrize(
    ("a", "b", "runs"),
    [
        (broken("A", 0), CONTENTS["B"], "B"),
        (broken("A", 40_960), CONTENTS["B"], "B"),
        (broken("A", KERNEL + 100), CONTENTS["B"], "B"),
        (CONTENTS["A"], bytes(4096), "A"),
        (bytes(4096), broken("B", KERNEL), "none"),
    ],
)
def test_a_slot_that_cannot_be_started_is_passed_over(
    machine: SlotMachine, tmp_path: Path, a: bytes, b: bytes, runs: str
) -> None:
    for state in (SlotState(1, "A"), SlotState(2, "A", "B", 2)):
        assert compare(machine, tmp_path, states(state, None), {"A": a, "B": b}) == runs


def test_torn_state_files_mean_the_same_to_both(machine: SlotMachine, tmp_path: Path) -> None:
    """The spare file cut off at chosen octets while a trial is put down in it."""
    old, new = SlotState(3, "A").octets(), SlotState(5, "B", "A", 3).octets()
    good = SlotState(4, "B")
    for cut in (0, 1, 4, 14, 30, 44, 60, 200, 511, 512):
        files = states(good, new[:cut] + old[cut:])
        ran = compare(machine, tmp_path, files, CONTENTS)
        assert ran == ("A" if parse(files[1]) == parse(new) else "B")


@pytest.mark.soak
def test_whatever_the_files_hold(machine: SlotMachine, tmp_path: Path) -> None:
    """Two hundred random disks."""
    chance = random.Random(7)
    for _ in range(200):
        files = states(*(_anything(chance) for _ in range(2)))
        contents = {
            slot: chance.choice([CONTENTS[slot]] * 3 + [broken(slot, KERNEL + 50)]) for slot in "AB"
        }
        compare(machine, tmp_path, files, contents)


def _anything(chance: random.Random) -> bytes | None:
    good = chance.choice("AB")
    trial = chance.choice([None, "A" if good == "B" else "B"])
    state = SlotState(chance.choice([1, 9, 0xA, 0x10, chance.getrandbits(31)]), good, trial,
                      chance.randrange(4) if trial else 0)  # fmt: skip
    octets = state.octets()
    cut = chance.choice([512, 512, 512, chance.randrange(512)])
    return chance.choice([None, octets, octets[:cut], octets[:cut] + bytes(512 - cut)])
