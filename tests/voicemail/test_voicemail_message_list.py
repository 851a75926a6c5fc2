"""The way through a mailbox of any size: in pages, and no step costs more in a larger one."""

from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.voicemail.jobs import LIST_END, LISTED_MOST, ListedMessage, Listing, LocalTime, MessageList
from app.voicemail.message_list import INBOX, UNHEARD, Course

URGENT, NEW, OLD, BIN = MessageList.URGENT, MessageList.NEW, MessageList.OLD, MessageList.BIN
THEN = LocalTime(9, 21, 1, 16, 13, 0)


@dataclass
class Box:
    """Entries by list, in its order; answers as the clerk does and counts the questions."""

    lists: dict[MessageList, list[int]]
    asked: list[tuple[MessageList, int, int]] = field(default_factory=list)

    async def page(self, which: MessageList, after: int, before: int) -> Listing:
        """See VoicemailClerk.listing."""
        self.asked.append((which, after, before))
        whole = self.lists.get(which, [])
        if before:
            end = len(whole) if before == LIST_END else whole.index(before)
            found = whole[max(0, end - LISTED_MOST) : end]
        else:
            downwards = which is BIN
            found = [n for n in whole if not after or (n < after if downwards else n > after)]
        found = found[:LISTED_MOST] if not before else found
        new = which in UNHEARD
        messages = tuple(ListedMessage(n, new, False, None, None, THEN) for n in found)
        unheard = sum(len(self.lists.get(part, [])) for part in UNHEARD)
        return Listing(messages, unheard, len(self.lists.get(OLD, [])), 0)


def done(work: Coroutine[Any, Any, Any]) -> Any:
    """What comes of a coroutine that waits for nothing."""
    with pytest.raises(StopIteration) as end:
        work.send(None)
    return end.value.value


def way(box: Box, course: Course) -> list[int]:
    """All entries, from the first on."""
    done(course.first())
    found = [] if course.empty else [course.here.entry]
    while done(course.next()):
        found.append(course.here.entry)
    return found


@pytest.mark.parametrize("count", [0, 1, LISTED_MOST, LISTED_MOST + 1, 3 * LISTED_MOST + 7])
def test_all_are_met_once_new_ones_first(count: int) -> None:
    box = Box({OLD: list(range(1, 8)), NEW: list(range(100, 100 + count))})
    course = Course(box.page)
    assert way(box, course) == [*range(100, 100 + count), *range(1, 8)]
    assert course.at_last and course.number == count + 7
    back = [course.here.entry]
    while done(course.previous()):
        back.append(course.here.entry)
    assert back == [*range(7, 0, -1), *range(99 + count, 99, -1)]
    assert course.at_first


@pytest.mark.parametrize("urgent", [1, LISTED_MOST, LISTED_MOST + 1, 2 * LISTED_MOST + 3])
@pytest.mark.parametrize("others", [0, 1, LISTED_MOST + 1])
@pytest.mark.parametrize("heard", [0, 1])
def test_urgent_ones_come_first_and_all_are_numbered(urgent: int, others: int, heard: int) -> None:
    lists = {URGENT: list(range(1000, 1000 + urgent)), NEW: list(range(500, 500 + others))}
    box = Box(lists | {OLD: list(range(1, 1 + heard))})
    whole = [*lists[URGENT], *lists[NEW], *range(1, 1 + heard)]
    course = Course(box.page)
    done(course.first())
    for place, entry in enumerate(whole, 1):
        assert (course.here.entry, course.number) == (entry, place)
        assert not course.at_last or place == len(whole)
        if urgent == 1 and others < LISTED_MOST:
            assert course.at_last == (place == len(whole)), "known before one goes on"
        assert done(course.next()) == (place < len(whole))
    done(course.first())
    done(course.last())
    assert (course.here.entry, course.number) == (whole[-1], len(whole))
    back = [course.here.entry]
    while done(course.previous()):
        back.append(course.here.entry)
    assert back == whole[::-1] and course.number == 1


def test_an_urgent_message_that_comes_in_meanwhile_is_found_at_the_end() -> None:
    box = Box({URGENT: [2], NEW: [1]})
    course = Course(box.page)
    done(course.first())
    box.lists[URGENT].append(3)
    assert [course.here.entry, done(course.next()), course.here.entry] == [2, True, 1]
    assert done(course.next()) and course.here.entry == 3


@pytest.mark.parametrize("count", [1, LISTED_MOST, 10_000])
def test_a_step_asks_no_more_questions_than_there_are_lists_in_a_box_of_any_size(
    count: int,
) -> None:
    box = Box({NEW: list(range(1, count + 1)), OLD: [count + 5]})
    course = Course(box.page)
    for step in (course.first, course.next, course.last, course.previous, course.next):
        box.asked.clear()
        done(step())
        assert len(box.asked) <= len(INBOX), step


def test_last_is_the_last_and_what_is_before_it_is_read_from_there() -> None:
    box = Box({NEW: list(range(1, 201)), OLD: list(range(1000, 1120))})
    course = Course(box.page)
    done(course.first())
    done(course.last())
    assert (course.here.entry, course.number, course.at_last) == (1119, 320, True)
    back = 0
    while done(course.previous()):
        back += 1
    assert (back, course.here.entry, course.number) == (319, 1, 1)


def test_bin_is_gone_through_from_its_newest_to_its_oldest() -> None:
    box = Box({BIN: list(range(130, 0, -1))})
    course = Course(box.page, (BIN,))
    assert way(box, course) == list(range(130, 0, -1))
    done(course.first())
    done(course.last())
    assert course.here.entry == 1 and course.at_last


def test_what_was_heard_on_the_way_is_not_met_again_among_the_old_ones() -> None:
    box = Box({NEW: [5, 9], OLD: [1]})
    course = Course(box.page)
    done(course.first())
    box.lists = {NEW: [9], OLD: [1, 5]}
    assert done(course.next()) and course.here.entry == 9
    box.lists = {NEW: [], OLD: [1, 5, 9]}
    assert done(course.next()) and course.here.entry == 1
    assert not done(course.next())


def test_what_comes_in_meanwhile_is_found_at_the_end() -> None:
    box = Box({NEW: [5], OLD: []})
    course = Course(box.page)
    done(course.first())
    assert course.at_last and not done(course.next()) and course.here.entry == 5
    box.lists[NEW].append(6)
    assert done(course.next()) and course.here.entry == 6


def test_what_was_removed_is_left_for_good_but_not_while_there_is_nowhere_to_go() -> None:
    box = Box({NEW: [5, 6]})
    course = Course(box.page)
    done(course.first())
    course.here.deleted = True
    assert done(course.next()) and course.here.entry == 6
    assert not done(course.previous())
    course.here.deleted = True
    assert not done(course.next()) and course.here.entry == 6
