"""Every kept input goes through its reader within the limits; the engine is not needed for that."""

import random
import time

import pytest

from tests.fuzz import corpus
from tests.fuzz.limits import OCTETS, SECONDS, Limited, TooSlow
from tests.fuzz.shaping import MARK, cut, grown
from tests.fuzz.targets import TARGETS

MUTANTS = 200


def mutated(octets: bytes, dice: random.Random) -> bytes:
    """The same octets with a few changes, by chance."""
    changed = bytearray(octets)
    for _ in range(dice.randint(1, 4)):
        at = dice.randint(0, len(changed))
        changed[at : at + dice.choice((0, 0, 1, 8))] = dice.randbytes(dice.choice((0, 1, 4)))
    return bytes(changed)


@pytest.mark.parametrize("name", TARGETS)
def test_kept_inputs_and_a_few_changes_of_them_are_within_the_limits(name: str) -> None:
    inputs, dice = corpus.kept(name), random.Random(name)
    assert inputs, "there is no kept corpus"
    function = TARGETS[name].function()
    function(b"")
    limited = Limited(function)
    for octets in inputs:
        limited(octets)
    for _ in range(MUTANTS):
        octets = mutated(dice.choice(inputs), dice)
        try:
            limited(octets)
        except Exception as fault:
            fault.add_note(f"the input: {octets!r}")
            raise


def test_the_corpus_has_no_target_that_is_not_run() -> None:
    assert {path.stem for path in corpus.FOLDER.iterdir()} == set(TARGETS)


def test_an_input_that_takes_too_long_or_too_much_is_noticed() -> None:
    def slow(_: bytes) -> None:
        end = time.process_time() + SECONDS * 1.1
        while time.process_time() < end:
            continue

    with pytest.raises(TooSlow):
        Limited(slow)(b"x")
    aside: list[bytes] = []
    Limited(slow, aside.append)(b"x")
    assert aside == [b"x"]

    def large(data: bytes) -> None:
        assert bytes(2 * OCTETS + len(data))

    with pytest.raises(MemoryError):
        Limited(large)(b"x")


def test_an_input_is_repeated_between_its_marks_up_to_the_length_wanted() -> None:
    assert grown(b"\0abc", 10) == b"abc"
    assert grown(b"\xe2ab", 100) == b"abababab"
    assert grown(b"\xe2a" + MARK + b"b" + MARK + b"c", 100) == b"abbbbc"
    assert len(grown(b"\xff" + b"abc", 1000)) <= 1000
    assert grown(b"", 5) == b""
    assert b"".join(cut(b"some octets in pieces")) == b"some octets in pieces"
