"""Many lines in the same menu at once: the clerk is asked once for what all of them hear."""

import numpy as np

from app.phone.jobs import JobFailed, Prompt
from app.phone.sound.player import PIECE, Sounds
from app.phone.sound.shared_reads import PIECES_MOST, SharedReads
from drivers.buses import PERIOD
from drivers.countries import country
from tests.phone.test_phone_player import Played, Shelf, ramp

US = country("us").tones
LINES = 48


def test_forty_eight_lines_cost_one_read_of_each_piece() -> None:
    long = ramp(3 * PIECE + 100)
    shelf = Shelf(intro=long)
    sounds = Sounds(shelf.clerk, US)
    lines = [Played([sounds.source(Prompt("intro"))]) for _ in range(LINES)]
    for line in lines:
        whole = line.run()
        assert np.array_equal(whole[: len(long)], long)
        assert line.ends == [None]
    starts = [arguments["start"] for _, arguments in shelf.clerk.asked]
    assert starts == [0, PIECE, 2 * PIECE, 3 * PIECE]


def test_a_line_that_comes_later_hears_the_beginning_without_a_question() -> None:
    long = ramp(3 * PIECE + 100)
    shelf = Shelf(intro=long)
    sounds = Sounds(shelf.clerk, US)
    first = Played([sounds.source(Prompt("intro"))])
    first.run(PIECE // PERIOD + 1)
    asked = len(shelf.clerk.asked)
    later = Played([sounds.source(Prompt("intro"))])
    later.run(PIECE // PERIOD - 1)
    assert len(shelf.clerk.asked) == asked
    assert np.array_equal(later.run()[: len(long)], long)


def test_one_line_that_leaves_takes_nothing_from_the_others() -> None:
    shelf = Shelf(intro=ramp(1000))
    shelf.clerk.held = True
    sounds = Sounds(shelf.clerk, US)
    first, other = (Played([sounds.source(Prompt("intro"))]) for _ in range(2))
    first.player.close()
    shelf.clerk.answer_all()
    shelf.clerk.held = False
    assert np.array_equal(other.run()[:1000], ramp(1000))
    assert [arguments["start"] for _, arguments in shelf.clerk.asked] == [0, PIECE]


def test_what_all_have_left_is_asked_for_again() -> None:
    shelf = Shelf(intro=ramp(1000))
    shelf.clerk.held = True
    sounds = Sounds(shelf.clerk, US)
    Played([sounds.source(Prompt("intro"))]).player.close()
    shelf.clerk.held = False
    assert np.array_equal(Played([sounds.source(Prompt("intro"))]).run()[:1000], ramp(1000))
    starts = [arguments["start"] for _, arguments in shelf.clerk.asked]
    assert starts == [0, PIECE, 0], "the second asks once, for it learns at once that that is all"


def test_a_failure_is_told_to_all_who_wait_and_tried_again_by_who_comes_later() -> None:
    shelf = Shelf()
    sounds = Sounds(shelf.clerk, US)
    early = [Played([sounds.source(Prompt("intro"))]) for _ in range(3)]
    for line in early:
        line.run()
        assert isinstance(line.ends[0], JobFailed)
    shelf.sounds["intro"] = ramp(500)
    assert np.array_equal(Played([sounds.source(Prompt("intro"))]).run()[:500], ramp(500))


def test_pieces_that_are_kept_have_a_bound() -> None:
    shelf = Shelf(**{str(n): ramp(10) for n in range(2 * PIECES_MOST)})
    reads = SharedReads(shelf.clerk)
    for n in range(2 * PIECES_MOST):
        reads.sound(Prompt(str(n)), 0, 10)
    reads.sound(Prompt(str(2 * PIECES_MOST - 1)), 0, 10)
    assert len(shelf.clerk.asked) == 2 * PIECES_MOST, "the newest are there"
    reads.sound(Prompt("0"), 0, 10)
    assert len(shelf.clerk.asked) == 2 * PIECES_MOST + 1, "the oldest are not"
