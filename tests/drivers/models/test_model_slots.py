"""Where a chip's start count lies in the PCM frame [Si3215 DS, figures 27 and 28]."""

import pytest

from drivers.models.slots import Coding, Misplaced, SlotPosition, place_at


@pytest.mark.parametrize(
    ("count", "coding", "expected"),
    [
        (1, Coding.LINEAR, SlotPosition(0, Coding.LINEAR)),
        (49, Coding.LINEAR, SlotPosition(3, Coding.LINEAR)),
        (49, Coding.MU_LAW, SlotPosition(3, Coding.MU_LAW, upper=True)),
        (57, Coding.A_LAW, SlotPosition(3, Coding.A_LAW, upper=False)),
    ],
)
def test_model_slot_up_to_the_last_of_the_frame_is_found(
    count: int, coding: Coding, expected: SlotPosition
) -> None:
    assert place_at(count, coding, slots=4) == expected


@pytest.mark.parametrize(
    ("count", "coding"),
    [(65, Coding.LINEAR), (65, Coding.MU_LAW), (0, Coding.LINEAR), (9, Coding.LINEAR)],
)
def test_model_slot_behind_the_frame_or_between_slots_is_refused(
    count: int, coding: Coding
) -> None:
    with pytest.raises(Misplaced):
        place_at(count, coding, slots=4)
