"""Message-waiting lamps: which are switched by a push of the clerk, and what change they show."""

from app.voicemail.jobs import WaitingMessages
from app.voicemail.message_waiting import MessageWaitingLamps


class Lamps:
    """Lamps whose switching is kept."""

    def __init__(self, *handsets: str) -> None:
        self.switched: list[tuple[str, bool]] = []
        self.lamps = MessageWaitingLamps(lambda *lamp: self.switched.append(lamp), handsets)

    def push(self, change: int, **waiting: int) -> list[tuple[str, bool]]:
        """What was switched by this push; handsets are named h101, h102 ..."""
        counts = {name.removeprefix("h"): count for name, count in waiting.items()}
        self.lamps.update(WaitingMessages(counts, change))
        switched, self.switched[:] = sorted(self.switched), []
        return switched


def test_push_switches_only_the_lamps_that_change() -> None:
    lamps = Lamps()
    assert lamps.push(1, h101=2, h102=0, h103=1) == [("101", True), ("103", True)]
    assert lamps.push(2, h101=1, h102=0, h103=1) == []
    assert lamps.push(3, h101=0, h102=1, h103=1) == [("101", False), ("102", True)]
    assert lamps.lamps.lit() == ["102", "103"]


def test_first_push_sets_the_lamp_of_every_handset_because_it_may_be_lit() -> None:
    lamps = Lamps("101", "102", "103")
    assert lamps.push(1, h101=2, h102=0) == [("101", True), ("102", False), ("103", False)]
    assert lamps.push(2, h101=2, h102=0) == []


def test_handset_that_a_push_does_not_name_goes_dark() -> None:
    lamps = Lamps()
    lamps.push(1, h101=2)
    assert lamps.push(2) == [("101", False)]


def test_lamps_show_no_change_before_the_first_push() -> None:
    assert not Lamps().lamps.shows(0)


def test_lamps_show_every_change_up_to_that_of_the_push() -> None:
    lamps = Lamps()
    lamps.push(5)
    assert [lamps.lamps.shows(change) for change in (4, 5, 6)] == [True, True, False]


def test_late_push_with_an_older_change_takes_no_change_back() -> None:
    lamps = Lamps()
    lamps.push(5)
    lamps.push(3)
    assert lamps.lamps.shows(5)
